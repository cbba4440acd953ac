FROM rust:1.90 AS builder
RUN rustup target add x86_64-unknown-linux-musl && apt update && apt install -y musl-tools musl-dev && update-ca-certificates
ENV USER=hello UID=10001
RUN adduser --disabled-password --gecos "" --home "/nonexistent" --shell "/sbin/nologin" --no-create-home --uid "${UID}" "${USER}"
WORKDIR /hello
COPY ./ .
RUN --mount=type=ssh --mount=type=secret,id=cargo_token,env=CARGO_REGISTRIES_COMPANY_TOKEN cargo build --target x86_64-unknown-linux-musl --release
RUN strip -s /hello/target/x86_64-unknown-linux-musl/release/rusty-docker
FROM scratch
COPY --from=builder /etc/passwd /etc/passwd
COPY --from=builder /etc/group /etc/group
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=builder /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=builder /hello/target/x86_64-unknown-linux-musl/release/rusty-docker ./
COPY Cargo.toml Cargo.lock /etc/hello/
USER hello:hello
CMD ["./rusty-docker", "--config", "/etc/hello/Cargo.toml"]
