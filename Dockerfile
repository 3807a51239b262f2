# The portal, its workers and its gate as one image: docker build -t codex-father-portal . (bin/image also does it where no
# registry can be reached). Made for the classic builder as well as BuildKit, Docker and Podman, amd64 and arm64.
#
# BASE_IMAGE is any Debian or Ubuntu whose Python is 3.11 or newer. What runs is copied out of it into an empty image.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE} AS tools
# For networks with indexes and certificates of their own. They stay in the build, except the certificates.
ARG CA_CERTIFICATES=""
ARG PIP_INDEX_URL=""
ARG NPM_CONFIG_REGISTRY=""
ARG APT_OPTIONS=""
ENV DEBIAN_FRONTEND=noninteractive \
    LC_ALL=C.UTF-8 \
    PATH=/opt/tools/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
RUN apt-get ${APT_OPTIONS} update -qq \
    && apt-get install -y -qq --no-install-recommends python3 python3-venv ca-certificates binutils busybox-static >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && if [ -n "${CA_CERTIFICATES}" ]; then printf '%s\n' "${CA_CERTIFICATES}" >/usr/local/share/ca-certificates/own.crt; fi \
    && update-ca-certificates 2>/dev/null
COPY requirements.lock requirements-build.lock /src/
# An empty index is no index for pip, so it is unset. One cache for both environments, gone with the layer.
RUN set -e; [ -n "${PIP_INDEX_URL}" ] || unset PIP_INDEX_URL; [ -n "${NPM_CONFIG_REGISTRY}" ] || unset NPM_CONFIG_REGISTRY; \
    options="-q --require-hashes --no-deps --only-binary :all: --cache-dir /tmp/pip"; \
    /usr/bin/python3 -m venv /opt/tools; \
    pip install ${options} -r /src/requirements-build.lock; \
    /usr/bin/python3 -m venv --without-pip /opt/portal; \
    pip --python /opt/portal/bin/python install ${options} -r /src/requirements.lock; \
    rm -rf /tmp/pip; \
    find /opt/portal -name '*.so*' -type f -exec strip --strip-unneeded {} + 2>/dev/null || true

FROM tools AS pages
COPY rxconfig.py /src/
COPY reflex.lock /src/reflex.lock
COPY assets /src/assets
COPY portal /src/portal
WORKDIR /src
RUN [ -n "${NPM_CONFIG_REGISTRY}" ] || unset NPM_CONFIG_REGISTRY; \
    PYTHONPATH=/src PYTHONDONTWRITEBYTECODE=1 python -c 'from portal.web.build import *; ensure_front_end(print)' \
    && mkdir -p /out/.web/build && cp -a .web/backend /out/.web/ \
    && cp -a .web/build/client .web/build/sources.sha256 /out/.web/build/

FROM pages AS root
COPY bin/image-root /src/bin/image-root
COPY alembic /out/alembic
COPY docs /src/docs
COPY scripts /out/scripts
RUN PYTHONPATH=/src PYTHONDONTWRITEBYTECODE=1 python -m portal.web.build \
    && cp -a .web/build/docs /out/.web/build/ && cp -a docs /out/ \
    && cp -a rxconfig.py reflex.lock assets portal /out/ \
    && PYTHONPATH=/src python -m portal.api.v1.application >/out/portal/api/v1/description.json \
    && /usr/bin/python3 /src/bin/image-root /opt/portal /out /root-of-image \
    && /usr/bin/python3 -m compileall -q -j 0 -o 2 -s /root-of-image --invalidation-mode unchecked-hash \
       /root-of-image/usr/lib/python3* /root-of-image/opt/portal/lib /root-of-image/app/portal

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=""
ARG CREATED=""
LABEL maintainer="codex-father-team" \
      version="${VERSION}" \
      org.opencontainers.image.title="Codex Father Portal" \
      org.opencontainers.image.description="Containers, releases and statistically sound canaries on plain Docker or Podman hosts" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.licenses="MIT"
COPY --from=root /root-of-image /
# Everything is compiled for level 2 alone, without docstrings and asserts: another level would compile at each start.
ENV PATH=/opt/portal/bin:/usr/bin \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONOPTIMIZE=2 \
    PYTHONUNBUFFERED=1 \
    LC_ALL=C.UTF-8 \
    HOME=/app/data \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    MALLOC_ARENA_MAX=2 \
    PYTHONNODEBUGRANGES=1 \
    REFLEX_DIR=/tmp/reflex \
    REFLEX_STATES_WORKDIR=/tmp/states \
    REFLEX_UPLOADED_FILES_DIR=/tmp/uploads \
    CODEX_HOME=/app/.codex \
    CODEX_LOG_LEVEL=info \
    CODEX_MAX_CONCURRENT=10 \
    PORTAL_HOST=0.0.0.0 \
    PORTAL_DATA=/app/data \
    PORTAL_AUDIT_ANCHORS=/app/logs/audit-anchors.jsonl
WORKDIR /app
USER 10001:10001
VOLUME ["/app/data", "/app/logs"]
EXPOSE 3000/tcp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 CMD /app/scripts/health-check.sh
ENTRYPOINT ["/app/scripts/entrypoint.sh"]
CMD ["start"]
