# Built and run with podman on another base image: see README, "What was not run".
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY tracker tracker
COPY migrations migrations
COPY config config
RUN python -m venv /opt/tracker \
 && /opt/tracker/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
 && /opt/tracker/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim
RUN useradd --uid 10001 --create-home --home-dir /var/lib/tracker tracker
COPY --from=build /opt/tracker /opt/tracker
USER tracker
WORKDIR /var/lib/tracker
ENV PATH=/opt/tracker/bin:$PATH PYTHONDONTWRITEBYTECODE=1 TRACKER_CONFIG=/config
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["tracker"]
CMD ["run"]
