# Programs of two packages in one image.
FROM rust:1 AS build
WORKDIR /src
COPY . .
RUN cd ./crates/worker && cargo fetch
RUN cargo build --release -p shop-worker -p shop-server

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/shop-worker /src/target/release/shop-server /app/
ENTRYPOINT ["/app/shop-server"]
