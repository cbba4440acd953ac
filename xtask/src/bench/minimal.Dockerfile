# The minimal frontend that `cargo xtask bench` compares with, built as `Dockerfile.frontend` builds the real one.
FROM rust:1 AS build
RUN rustup target add "$(uname -m)-unknown-linux-musl"
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    triple="$(uname -m)-unknown-linux-musl" \
    && find . -path ./target -prune -o -type f -exec touch {} + \
    && cargo build --release --locked --package rust-frontend --example minimal-frontend --target "$triple" \
    && install -D "target/$triple/release/examples/minimal-frontend" /out/minimal-frontend

FROM scratch
COPY --from=build /out/minimal-frontend /usr/local/bin/minimal-frontend
LABEL moby.buildkit.frontend.network.none="true"
ENTRYPOINT ["/usr/local/bin/minimal-frontend"]
