# syntax=docker/dockerfile:1
# One image for all thirteen services: the `baedal` binary, which embeds the pages.
# Its command says which of them a container runs; see docker-compose.yml.

FROM node:22.23.3-bookworm-slim AS pages
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-fund --no-audit
COPY data /src/data
COPY web ./
RUN npm run build

FROM rust:1.95.0-slim-bookworm AS binary
# jemalloc is built from C sources, with make; third parties show certificates of these authorities.
RUN apt-get update && apt-get install -y --no-install-recommends make ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
COPY --from=pages /src/web/dist web/dist
# The queries were checked when .sqlx was written; no database is needed here.
ENV SQLX_OFFLINE=true
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --release -p server --bin baedal \
    && install -D target/release/baedal /out/baedal \
    && strip --strip-debug /out/baedal

FROM debian:12.12-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin baedal \
    && install -d -o baedal /var/lib/baedal
COPY --from=binary /out/baedal /usr/local/bin/baedal
COPY --from=binary /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --chmod=755 docker/ready /usr/local/bin/ready
USER 10001
EXPOSE 9101-9113
# The server drains on SIGTERM: sockets are told to go elsewhere, writers finish.
STOPSIGNAL SIGTERM
ENTRYPOINT ["baedal"]
CMD ["serve"]
