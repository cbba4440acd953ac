# syntax=docker/dockerfile:1
ARG RUST_VERSION=1.88
FROM rust:${RUST_VERSION}-slim-bookworm AS builder
WORKDIR /usr/src/shop
RUN apt-get update && apt-get install -y --no-install-recommends pkg-config libssl-dev musl-tools \
    && rm -rf /var/lib/apt/lists/*
RUN rustup target add x86_64-unknown-linux-musl
COPY Cargo.toml Cargo.lock ./
COPY crates/api/Cargo.toml crates/api/
COPY crates/server/Cargo.toml crates/server/
RUN mkdir -p crates/api/src crates/server/src && echo "fn main() {}" > crates/server/src/main.rs && touch crates/api/src/lib.rs
RUN cargo build --release --locked --target x86_64-unknown-linux-musl -p shop-server
COPY crates crates
RUN touch crates/*/src/*.rs
RUN cargo build --release --locked --target x86_64-unknown-linux-musl -p shop-server -p shop-worker

FROM alpine:3.20 AS runtime
RUN apk add --no-cache ca-certificates tzdata curl && addgroup -S app && adduser -S app -G app
WORKDIR /app
ENV RUST_LOG=info \
    PORT=8080
USER app

FROM runtime AS server
COPY --from=builder --chown=app:app /usr/src/shop/target/x86_64-unknown-linux-musl/release/shop-server /usr/local/bin/
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s CMD curl -fsS http://localhost:8080/health || exit 1
ENTRYPOINT ["shop-server"]

FROM runtime AS worker
COPY --from=builder /usr/src/shop/target/x86_64-unknown-linux-musl/release/shop-worker /usr/local/bin/
STOPSIGNAL SIGINT
CMD ["shop-worker", "--once"]
