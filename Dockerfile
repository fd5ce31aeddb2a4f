# Carnet in a container. The image serves nothing on plain HTTP by itself: give it a certificate, CARNET_TLS=self-signed,
# or, if its port is published on loopback only, CARNET_INSECURE=1. docs/install.md shows each.

FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements/run.txt requirements/
RUN python -m venv /opt/carnet \
    && /opt/carnet/bin/pip install --no-cache-dir --require-hashes --requirement requirements/run.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src src
RUN /opt/carnet/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/carnet/bin/pip install --no-cache-dir --no-deps dist/*.whl \
    && /opt/carnet/bin/pip uninstall --yes setuptools pip

FROM python:3.13-slim
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin carnet \
    && install --directory --owner carnet --group carnet --mode 0700 /var/lib/carnet
COPY --from=build /opt/carnet /opt/carnet
ENV PATH=/opt/carnet/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CARNET_DATA_DIR=/var/lib/carnet \
    CARNET_HOST=0.0.0.0
# A number, so that Kubernetes sees that it is not root.
USER 10001:10001
VOLUME /var/lib/carnet
EXPOSE 4747
# docker stop: the requests under way are finished, then the process ends by itself.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --start-interval=1s CMD ["carnet", "status"]
ENTRYPOINT ["carnet"]
CMD ["serve"]
