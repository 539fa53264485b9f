# syntax=docker/dockerfile:1
# Sightline, every command of it. For an NVIDIA GPU: --build-arg TORCH=cu132 (or another of PyTorch's variants).
FROM python:3.11-slim AS build
ARG TORCH=cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/sightline
ENV PATH=/opt/sightline/bin:$PATH
WORKDIR /source
COPY constraints.txt pyproject.toml README.md ./
# PyTorch's own index has the variants; the version is the pinned one.
RUN pip install --constraint constraints.txt --index-url https://download.pytorch.org/whl/${TORCH} torch
COPY alerts alerts
COPY api api
COPY bench bench
COPY detectors detectors
COPY domain domain
COPY ingest ingest
COPY sightline sightline
COPY simulation simulation
COPY storage storage
COPY training training
COPY transport transport
COPY weights weights
COPY workers workers
RUN pip install --constraint constraints.txt '.[cluster]'

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/sightline sightline
COPY --from=build /opt/sightline /opt/sightline
ENV PATH=/opt/sightline/bin:$PATH PYTHONUNBUFFERED=1 HEALTH_URL=http://127.0.0.1:8642/healthz
# glibc returns and faults in again the memory of every large tensor otherwise; 32 MiB is the most it accepts.
ENV MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=268435456
USER 10001:10001
WORKDIR /var/lib/sightline
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(os.environ['HEALTH_URL'], timeout=3)"]
ENTRYPOINT ["sightline"]
CMD ["run"]
