FROM lukemathwalker/cargo-chef:latest-rust-1 AS chef
WORKDIR /app

FROM chef AS planner
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS builder
COPY --from=planner /app/recipe.json recipe.json
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo chef cook --release --recipe-path recipe.json
COPY . .
ARG GIT_SHA=unknown
ARG BUILD_ID
ENV GIT_SHA=$GIT_SHA
RUN --mount=type=cache,target=/app/target BUILD_ID=${BUILD_ID} cargo build --release --bin static-files && cp target/release/static-files /bin/server

FROM debian:bookworm-slim AS runtime
WORKDIR /app
ARG VERSION
LABEL org.opencontainers.image.version=$VERSION maintainer="me@example.com"
RUN apt-get update -y \
  && apt-get install -y --no-install-recommends openssl ca-certificates \
  && apt-get autoremove -y && apt-get clean -y && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --create-home appuser
COPY --from=builder /bin/server /usr/local/bin/static-files
COPY --chown=appuser:appuser static ./static
COPY --chmod=0644 templates/ /app/templates/
USER appuser
EXPOSE 8080/tcp 9090
ENTRYPOINT ["/usr/local/bin/static-files"]
