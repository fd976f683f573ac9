# What rust:1-slim-bookworm has beside the toolchain; rust.sh adds that.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
ENV CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:/usr/local/rustup/bin:$PATH \
    CARGO_HTTP_CAINFO=/etc/ssl/certs/ca-certificates.crt
