FROM rust:1.90 AS build
RUN apt-get update && apt-get install -y --no-install-recommends protobuf-compiler && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
# Dependencies only.
RUN mkdir src && echo 'fn main() {}' > src/main.rs && cargo build --release && rm -rf src
COPY . .
RUN touch src/main.rs && \
    cargo build --release --features postgres,metrics
RUN ./frobnicate --now

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y ca-certificates tini && rm -rf /var/lib/apt/lists/*
ENV RUST_LOG=info APP_MODE="a b"
COPY --from=build /src/target/release/tests-and-clippy /usr/local/bin/tests-and-clippy
COPY static/ /app/static/
WORKDIR /app
EXPOSE 8080
USER 1000:1000
HEALTHCHECK --interval=30s CMD ["tests-and-clippy", "health"]
ENTRYPOINT ["/usr/local/bin/tests-and-clippy"]
CMD ["--serve"]
