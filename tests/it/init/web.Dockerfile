FROM node:22 AS web
WORKDIR /web
COPY web/ .
RUN npm ci && npm run build
FROM rust:1 AS build-env
WORKDIR /app
COPY . /app
COPY --from=web /web/dist ./static
ENV SQLX_OFFLINE=true
ENV RUSTFLAGS="-C target-cpu=x86-64-v2"
RUN cargo install wasm-bindgen-cli
RUN cargo build --release --no-default-features
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build-env /app/target/release/debian-gnu /
COPY --from=web /web/dist /static
ENTRYPOINT ["/debian-gnu", "serve"]
HEALTHCHECK NONE
VOLUME ["/data"]
