# The image of any service: docker build --build-arg SERVICE=user-service -t user-service .
# Nothing in here names a service, and nothing needs a newer BuildKit than the one of Docker 20.10.

# A smaller young generation and a bounded old one, so that a pod of 256 MiB has room for what lies outside of the heap: npm run bench -- --only memory
ARG NODE_FLAGS="--max-semi-space-size=8 --max-old-space-size=96"

# What npm ci needs and nothing else, so that an edited source does not install everything again
FROM node:24-bookworm-slim AS manifests
WORKDIR /build
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete && find . -mindepth 1 -type d -empty -delete

# The packages, the same for every service. No install script runs: none is needed to bundle.
FROM node:24-bookworm-slim AS packages
WORKDIR /build
COPY --from=manifests /build .
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

# One service, bundled and laid out where it will run, with a compile cache that the user of the image warmed
FROM packages AS build
ARG SERVICE
ARG NODE_FLAGS
COPY . .
RUN node scripts/build.mjs "$SERVICE" && NODE_OPTIONS=$NODE_FLAGS node scripts/stage-image.mjs "$SERVICE" /home/appuser \
 && mkdir -p /image/home && mv /home/appuser /image/home/ && touch -d 1980-01-01T00:00:00Z /image/home

FROM node:24-bookworm-slim
ARG SERVICE
ARG NODE_FLAGS
ARG VERSION=dev
ARG REVISION=unknown
ARG SOURCE=
COPY --from=build /image /
WORKDIR /home/appuser/app
USER 10001:10001
VOLUME /home/appuser/app/data
# Two arenas: glibc makes up to eight for each core and gives little of one back, while Node.js allocates on five threads
ENV MALLOC_ARENA_MAX=2
ENV HOME=/home/appuser NODE_ENV=production NODE_OPTIONS=$NODE_FLAGS NODE_COMPILE_CACHE=/home/appuser/.compile-cache \
    BERTH_VERSION=$VERSION BERTH_REVISION=$REVISION
LABEL org.opencontainers.image.title=$SERVICE \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION \
      org.opencontainers.image.source=$SOURCE \
      org.opencontainers.image.licenses=Apache-2.0
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["node", "-e", "\
  const port = process.env.PORT || require('/home/appuser/app/dist/service.json').port; \
  require('node:http').get({ host: process.env.HOST || '127.0.0.1', port, path: '/health/ready' }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)) \
    .on('error', () => process.exit(1))"]
CMD ["node", "dist/main.js"]
