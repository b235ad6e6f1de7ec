# docker build -t yaksok . && docker run -p 3000:3000 -v yaksok:/data yaksok

FROM rust:1-trixie AS build
WORKDIR /build
# The tools first: they change less often than the code.
COPY Cargo.lock ./
COPY scripts ./scripts
RUN scripts/setup.sh build
COPY . .
RUN scripts/build.sh

FROM debian:trixie-slim
# The database's programs, for the embedded database; no cluster of the system's own. tzdata is upgraded where the base image
# has it already; docs/operations.md says how a container that runs for months gets newer rules.
RUN mkdir -p /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/yaksok.conf \
    && apt-get update \
    && apt-get install -y --no-install-recommends postgresql tzdata ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --user-group --home-dir /data --create-home yaksok
COPY --from=build /build/dist /usr/lib/yaksok
USER yaksok
WORKDIR /data
ENV DATA_DIR=/data LEPTOS_SITE_ADDR=0.0.0.0:3000 BASE_URL=http://localhost:3000
VOLUME /data
EXPOSE 3000
# The server stops its database before it goes.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD curl --fail --silent --output /dev/null http://127.0.0.1:3000/healthz || exit 1
ENTRYPOINT ["/usr/lib/yaksok/yaksok"]
CMD ["serve"]
