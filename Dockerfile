# One image for every role of the hub: `docker build -t yici:0.1.0 .`, then `docker run yici:0.1.0 start --roles resolution`.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# The lock alone decides what is installed. Scripts stay off: what the hub needs at run time is prebuilt.
RUN npm ci --ignore-scripts --no-progress
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-progress

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production YICI_HOST=0.0.0.0 YICI_PORT=8080 YICI_DATA_DIR=/var/lib/yici
WORKDIR /opt/yici
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/schemas ./schemas
COPY --from=build /build/connectors ./connectors
# Migrations and match models lie beside the code that reads them.
COPY --from=build /build/libs ./libs
COPY --from=build /build/apps/console/dist ./apps/console/dist
# The key file is made here at the first start: the volume belongs to the user who runs.
RUN install -d -o node -g node -m 0700 /var/lib/yici
VOLUME /var/lib/yici
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.YICI_PORT + '/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/apps/cli/main.js"]
CMD ["start"]
