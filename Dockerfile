# The relay as an image: Node runs the sources as they are, so there is no build stage.
FROM node:24-bookworm-slim

WORKDIR /opt/postern
COPY package.json package-lock.json ./
# The image brings its own Node: docs/decisions/0001-runtime-from-npm.md
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund && npm cache clean --force
COPY src ./src
COPY config ./config
# Compiled code is kept in the image: a start takes half the time, and memory is not spent on stripping types.
RUN node src/postern.mjs --version

# New volumes take over the owner of these directories (docker-compose.yml has one for certificates). Everything else may be
# mounted read-only.
RUN install -d -o node -g node -m 0750 /data /certs
VOLUME /data
USER node
ENV NODE_ENV=production

EXPOSE 2525 2587 2465 8025
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8025/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/postern.mjs", "start", "--config", "config/docker.yaml"]
