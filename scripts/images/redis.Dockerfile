# A stand-in of redis:7-alpine: Debian's package, and the habits of the public image.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /data && chown redis:redis /data \
    && ln -sf redis-server /usr/bin/redis-sentinel
COPY redis-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV SERVER=redis-server SERVER_USER=redis
VOLUME /data
WORKDIR /data
EXPOSE 6379
LABEL baton.stand-in="Redis 7.0 of Debian bookworm"
ENTRYPOINT ["sh", "/usr/local/bin/docker-entrypoint.sh"]
CMD ["redis-server"]
