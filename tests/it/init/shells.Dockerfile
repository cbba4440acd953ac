# Conditions, variables before commands, and tools that call cargo.
FROM rust:1.90-slim-bookworm AS build
ARG PROTOC_VERSION=31.1
ARG PROFILE=release
ARG EXTRA
ENV DEBIAN_FRONTEND=noninteractive
RUN set -eux; apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends build-essential=12.* unzip mold; \
    sudo apt-get install -y $(if [ "$(uname -m)" = x86_64 ]; then echo nasm; fi) ./local.deb > /dev/null
RUN cargo --version && rustc -V && chown -R nobody: /opt
RUN ARCH=$(uname -m) && if [ "$ARCH" = x86_64 ]; then ZIP=a; else ZIP=b; fi && \
    curl -LO https://example.com/protoc-${PROTOC_VERSION}.zip && \
    unzip -o protoc.zip -d /usr/local && chmod +x /usr/local/bin/protoc
RUN RUSTFLAGS=-Ctarget-feature=-crt-static cargo install wasm-pack cargo-chef@0.1 --locked
RUN cargo install --locked --version 0.1.71 cargo-chef
WORKDIR /src
COPY . .
RUN wget https://example.com/data.bin
RUN set -eu; \
    if [ "$(uname -m)" = aarch64 ]; then export JEMALLOC_SYS_WITH_LG_PAGE=16; fi && \
    RUSTFLAGS="-C link-arg=-s" mold -run cargo +1.90 auditable build --profile "${PROFILE}" --features "$EXTRA" --locked $FLAGS -j $(nproc) --bin rusty-docker
RUN if [ -n "$PROFILE" ]; then cargo build --features fast; fi; cargo clean

FROM debian:bookworm-slim
RUN export DEBIAN_FRONTEND=noninteractive; apt-get update && apt-get install -y curl=7.* libpq5
RUN if [ -f /etc/debian_version ]; then apt-get install -y tzdata; fi && ldconfig
RUN curl -fsSL https://example.com/key.gpg > /etc/apt/trusted.gpg.d/key.gpg \
    && apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y extra-tool
RUN useradd app && mkdir -p /data /home/app/cache && chown -R app: /home/app && chown -R app /data
RUN cat <<EOT > /etc/motd
hello
EOT
COPY start.sh health.sh /
COPY --from=build /src/target/release/rusty-docker /srv/
COPY --from=build /src/generated/out.bin /src/src/web/pkg /src/src/main.rs /srv/
COPY --from=busybox:1 /bin/busybox /bin/
VOLUME /data
WORKDIR /home/app
RUN mkdir -p tmp && chmod 1777 tmp
USER app
CMD ["/start.sh"]
