FROM lukemathwalker/cargo-chef:latest-rust-1 AS chef
WORKDIR /app

FROM chef AS planner
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS builder
COPY --from=planner /app/recipe.json recipe.json
RUN cargo chef cook --release --target x86_64-unknown-linux-musl --recipe-path recipe.json
COPY . .
RUN cargo build --release --target x86_64-unknown-linux-musl --bin hello

FROM alpine AS runtime
RUN addgroup -S app && adduser -S app -G app
COPY --from=builder /app/target/x86_64-unknown-linux-musl/release/hello /usr/local/bin/
USER app
CMD ["/usr/local/bin/hello"]
