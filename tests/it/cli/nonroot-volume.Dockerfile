# Builds `nonroot-volume` for linux/amd64 as Rust.yaml does: same steps, same cache, same image. It
# needs BuildKit 0.25 (Docker 28.5) and nothing else.
#
#   docker buildx build -t IMAGE .
#
# Where it differs:
# - The stage `skeleton` has the manifests, the lock and stubs for sources as they were, reduced to
#   what dependencies can notice, as text. After a change of dependencies write this file anew from
#   Rust.yaml, or change the text there; until then cargo stops for lack of a crate.
# - Files in the image carry the time of their build, not one fixed time. With SOURCE_DATE_EPOCH and
#   `--output type=image,rewrite-timestamp=true` they are fixed again.
# - Paths that no build reads are left out by `COPY --exclude`; older BuildKit: put them into
#   .dockerignore.
# - It is for linux/amd64 alone, and build arguments have the values that they had. What was
#   compiled is not checked afterwards.
# - Base images are not pinned, because their digests were not known; their settings were assumed to
#   be those of the official images.
# - The ignore file applies as before if it is called .dockerignore; Rust.yaml.dockerignore must be
#   renamed.

FROM --platform=$BUILDPLATFORM rust:1 AS build-image

FROM build-image AS toolchain
# toolchain x86_64-unknown-linux-musl
RUN rustup target add x86_64-unknown-linux-musl

FROM scratch AS sources
# sources
COPY --exclude=.git --exclude=Dockerfile --exclude=Rust.yaml --exclude=target . /

FROM toolchain AS compile
# compile nonroot-volume 0.1.0
ENV CARGO_TARGET_DIR=/target \
    CARGO_INCREMENTAL=0
WORKDIR /work
RUN --network=none \
    --mount=type=bind,from=sources,target=/work,rw \
    mkdir -p /target /out \
 && find /work -exec touch -h -d @1153704088 {} + \
 && cargo build --offline --target x86_64-unknown-linux-musl --profile release --package nonroot-volume \
       --bin nonroot-volume \
 && cp /target/x86_64-unknown-linux-musl/release/nonroot-volume /out/

FROM scratch AS empty

FROM scratch AS nonroot-volume
# CA certificates, user, volume
COPY --from=build-image /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY <<'passwd' <<'group' /etc/
root:x:0:0:root:/:/sbin/nologin
nonroot:x:10001:10001::/:/sbin/nologin
passwd
root:x:0:
nonroot:x:10001:
group
COPY --chmod=755 --chown=10001:10001 --from=empty / /data/
# copy nonroot-volume to /usr/local/bin
COPY --link --chmod=755 --from=compile /out/nonroot-volume /usr/local/bin/nonroot-volume
# settings
LABEL org.opencontainers.image.description="Counts its own runs in a volume" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.title=nonroot-volume \
      org.opencontainers.image.version=0.1.0
VOLUME ["/data"]
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/nonroot-volume"]
