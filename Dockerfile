# docker build -t yaksok .
# docker run -p 3000:3000 -v yaksok:/data -e BASE_URL=http://localhost:3000 yaksok

FROM rust:1-trixie AS build
WORKDIR /build
# The tools first: they change less often than the code.
COPY Cargo.lock ./
COPY scripts ./scripts
COPY tools ./tools
RUN scripts/setup.sh build
COPY . .
RUN scripts/build.sh

FROM debian:trixie-slim
# The database's programs, for the embedded database; no cluster of the system's own. tzdata is upgraded where the base image
# has it already; docs/operations.md says how a container that runs for months gets newer rules. libnss-wrapper gives a user
# without a name one, which the database asks for when it is made.
# The directory belongs to the group of root, so that any user of it can write there (OpenShift).
RUN mkdir -p /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/yaksok.conf \
    && apt-get update \
    && apt-get install -y --no-install-recommends postgresql libnss-wrapper tzdata ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --gid 0 --home-dir /data --no-create-home yaksok \
    && install -d -m 0770 -o 10001 -g 0 /data
COPY --from=build /build/dist /usr/lib/yaksok
USER 10001:0
WORKDIR /data
# BASE_URL has no default here: links in mail need the address that people use.
ENV DATA_DIR=/data LEPTOS_SITE_ADDR=0.0.0.0:3000 BASE_URL_REQUIRED=true
VOLUME /data
EXPOSE 3000
# The server stops its database before it goes.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD curl --fail --silent --output /dev/null http://127.0.0.1:3000/healthz || exit 1
ENTRYPOINT ["/usr/lib/yaksok/yaksok"]
CMD ["serve"]
