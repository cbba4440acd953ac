FROM node:22 AS assets
RUN npm ci && npm run build

FROM rust:1 AS tools
RUN cargo install wasm-bindgen-cli

FROM rust:1 AS build
WORKDIR /src
COPY . .
COPY --from=tools /usr/local/cargo/bin/wasm-bindgen /usr/local/bin/
COPY --from=assets /dist ./static
COPY --from=bufbuild/buf:1 /usr/local/bin/buf /usr/local/bin/
ADD https://example.com/schema.json ./schema.json
COPY <<EOT /src/version.txt
1.0
EOT
RUN echo "[net]" > /usr/local/cargo/config.toml
RUN mkdir -p src && echo 'fn main() { a() -> b }' > src/main.rs && rm -f x 2>/dev/null || true
RUN find . -name '*.rs' | xargs touch && printf '1.0' | tee VERSION
RUN --mount=type=secret,id=token export TOKEN=$(cat /run/secrets/token) MODE=fast && \
    REVISION=`git rev-parse HEAD` cargo build --release

FROM debian:bookworm-slim
ENV PATH="/app/bin:${PATH}"
COPY --from=build /src/target/release/rusty-docker /app/bin/
CMD ["rusty-docker"]
