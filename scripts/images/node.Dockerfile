# What node:22-bookworm-slim has beside Node.js and npm; node.sh adds those.
FROM debian:bookworm-slim
RUN mkdir -p /etc/ssl/certs /usr/local/lib/node_modules \
    && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
