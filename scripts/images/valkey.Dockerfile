# A stand-in of valkey/valkey:8: the package of Debian's backports, and the habits of the public image.
FROM debian:bookworm-slim
# From the mirror that the rest comes from.
RUN apt-get update && mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1) \
    && echo "deb $mirror bookworm-backports main" >/etc/apt/sources.list.d/backports.list \
    && apt-get update && apt-get install -y --no-install-recommends -t bookworm-backports valkey-server \
    && rm -rf /var/lib/apt/lists/* && mkdir -p /data && chown valkey:valkey /data \
    && ln -sf valkey-server /usr/bin/valkey-sentinel
COPY redis-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV SERVER=valkey-server SERVER_USER=valkey
VOLUME /data
WORKDIR /data
EXPOSE 6379
LABEL baton.stand-in="Valkey 8.0 of Debian's bookworm-backports"
ENTRYPOINT ["sh", "/usr/local/bin/docker-entrypoint.sh"]
CMD ["valkey-server"]
