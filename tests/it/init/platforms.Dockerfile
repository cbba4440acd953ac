# Arguments of bases and compilers, and stages for other platforms.
ARG DISTRO=bookworm
ARG RUNTIME=debian:${DISTRO}-slim
FROM ubuntu:24.04 AS build
RUN apt-get update && apt-get install -y curl clang
RUN curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y --default-toolchain 1.90
RUN . "$HOME/.cargo/env" && rustup component add clippy
ARG RUSTFLAGS="-C target-cpu=x86-64-v2"
ARG CARGO_NET_RETRY=5
ARG CARGO_HTTP_PROXY_CAINFO
ARG RUSTC_WRAPPER=sccache
ARG VERSION
ARG SPEED
ENV RUSTFLAGS="$RUSTFLAGS" VERSION=${VERSION:-dev}
ENV FAST=${SPEED:+yes} LEVEL=${SPEED:-slow} NAME=${VERSION##*-}
ENV CARGO_PROFILE_RELEASE_LTO=thin
WORKDIR /src
COPY . .
ARG TARGETARCH
RUN cargo build --release && cp target/release/rusty-docker /rusty-docker-${TARGETARCH}

FROM build AS dev
ENV RUST_BACKTRACE=1
RUN apt-get install -y gdb && rustup default nightly
CMD ["cargo", "run"]

FROM ${RUNTIME} AS run-amd64
RUN apt-get update && apt-get install -y libatomic1
FROM alpine:3.22 AS run-arm64
RUN apk add --no-cache libatomic

FROM run-${TARGETARCH}
ARG TARGETARCH
COPY --from=build /rusty-docker-${TARGETARCH} /usr/local/bin/rusty-docker
