# syntax=docker/dockerfile:1
# Sightline, every command of it. Build arguments:
#   TORCH=cpu      PyTorch for the CPU, from PyTorch's own index (any other name of its variants as well: cu130, rocm7.1)
#   TORCH=default  PyTorch as pip's own index has it (on Linux the build for NVIDIA GPUs), every file checked by its hash
#   TORCH_INDEX    where PyTorch's variants are, for a mirror of it
#   PYAV=wheel     PyAV's wheel, which carries x264 and x265 (GPL): see docs/licences.md before you pass the image on
#   PYAV=source    PyAV and FFmpeg built from source without them: put FFmpeg's source into deploy/ffmpeg first
FROM python:3.11-slim AS build
ARG TORCH=cpu
ARG TORCH_INDEX=https://download.pytorch.org/whl
ARG PYAV=wheel
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/sightline
ENV PATH=/opt/sightline/bin:$PATH
WORKDIR /source
COPY deploy/install-packages deploy/build-pyav deploy/
COPY deploy/ffmpeg deploy/ffmpeg
COPY constraints.txt ./
COPY locks locks
RUN deploy/install-packages "$TORCH" "$TORCH_INDEX" "$PYAV"
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY api api
COPY detectors detectors
COPY domain domain
COPY evaluation evaluation
COPY ingest ingest
COPY notification notification
COPY reports reports
COPY sightline sightline
COPY simulation simulation
COPY storage storage
COPY transport transport
COPY weights weights
COPY workers workers
# What builds the wheel is locked too, and nothing is fetched here.
RUN pip install --no-deps --no-index --no-build-isolation . && pip check

FROM python:3.11-slim
RUN useradd --system --uid 10001 --user-group --create-home --home-dir /var/lib/sightline sightline \
    && install --directory --owner 10001 --group 10001 /var/lib/sightline-weights
COPY --from=build /opt/sightline /opt/sightline
COPY LICENSE NOTICE docs/licences.md /usr/share/doc/sightline/
ENV PATH=/opt/sightline/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HEALTH_URL=http://127.0.0.1:8642/healthz
# glibc returns and faults in again the memory of every large tensor otherwise; 32 MiB is the most it accepts.
ENV MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=268435456
LABEL org.opencontainers.image.title="Sightline" org.opencontainers.image.licenses="Apache-2.0"
USER 10001:10001
WORKDIR /var/lib/sightline
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(os.environ['HEALTH_URL'], timeout=3)"]
ENTRYPOINT ["sightline"]
CMD ["run"]
