FROM rust:1-alpine AS build
WORKDIR /src
COPY . .
RUN apk add --no-cache musl-dev && cargo build --release && cp target/release/rusty-docker /server

FROM alpine:3.22
RUN apk add --no-cache tini curl
RUN addgroup -S appgroup && adduser -S appuser -G appgroup
WORKDIR /app
COPY --from=build --chmod=+x /server /app/server
COPY --from=build /server /usr/local/bin/serve
COPY --chown=appuser:appgroup --chmod=a+x Cargo.toml /app/
COPY --chmod=u=rw Cargo.lock /app/
RUN chmod +x /app/server && chown appuser:appgroup ./server
RUN setcap cap_net_bind_service=+ep /app/server
USER appuser
EXPOSE 8000-8002 9000-9001/udp 8001
HEALTHCHECK --interval=10s CMD curl -f http://localhost:${PORT:-8000}/ || /app/server health
ENTRYPOINT ["/sbin/tini", "-e", "143", "--"]
CMD ["sh", "-c", "cd /app && exec ./server --port ${PORT:-8000} --name ${NAME}"]
