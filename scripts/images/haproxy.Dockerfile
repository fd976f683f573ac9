# A stand-in of haproxy:3.2: Debian's package, and the habits of the public image.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends haproxy && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /usr/local/etc/haproxy && ln -s /usr/sbin/haproxy /usr/local/sbin/haproxy
COPY haproxy-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
# Soft stop: what is open may end by itself.
STOPSIGNAL SIGUSR1
USER haproxy
WORKDIR /var/lib/haproxy
LABEL baton.stand-in="HAProxy 2.6 of Debian bookworm"
ENTRYPOINT ["sh", "/usr/local/bin/docker-entrypoint.sh"]
CMD ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
