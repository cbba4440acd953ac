FROM rust:1 AS builder
WORKDIR /src
COPY . .
RUN cargo build --release

FROM gcr.io/distroless/cc-debian12:nonroot AS Test
COPY --from=builder /src/target/release/shop-server /
CMD ["/shop-server"]

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=builder /src/target/release/shop-worker /
CMD ["/shop-worker"]
