FROM rust:1 AS build
WORKDIR /src
COPY . .
RUN cargo build --release && cp target/release/rusty-docker /tmp/server

FROM registry.example.com/base/python:3
ENV PATH=/app/bin:$PATH
COPY docker-entrypoint.sh /usr/local/bin/
COPY --from=build /tmp/server /app/bin/server
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["server", "--config", "${CONFIG}"]
