# One image for every service and job. The first stage installs; the second has neither build tools nor pip's caches.
FROM python:3.13.7-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/downrange
COPY requirements.lock /src/
RUN /opt/downrange/bin/pip install --require-hashes --no-deps --only-binary :all: --requirement /src/requirements.lock
RUN pip install hatchling==1.27.0
COPY . /src/
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels /src \
 && /opt/downrange/bin/pip install --no-deps --no-index /wheels/*.whl

FROM python:3.13.7-slim-trixie
RUN groupadd --gid 10001 downrange \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/downrange --shell /usr/sbin/nologin downrange \
 && install --directory --owner=downrange --group=downrange /var/lib/downrange /var/lib/downrange/archive
COPY --from=build /opt/downrange /opt/downrange
ENV PATH=/opt/downrange/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    DOWNRANGE_HEALTH_HOST=0.0.0.0 \
    DOWNRANGE_HEALTH_PORT=9100 \
    DOWNRANGE_LOG_FORMAT=json \
    DOWNRANGE_ARCHIVE_DIR=/var/lib/downrange/archive
USER 10001:10001
WORKDIR /var/lib/downrange
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['DOWNRANGE_HEALTH_PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["downrange"]
