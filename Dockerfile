# adit in a container: built as `make package` builds it, then installed from its own .deb.
#
#   docker build -t adit .
#   docker run -d -p 8080:8080 -v adit:/var/lib/adit adit
#
# `tools/clean-room --container` walks through the stages without a container engine.
# Nothing secret is in any layer: the administrator's key is made at the first start, in the volume.

FROM debian:12-slim AS build
WORKDIR /src
# Packages first: they change more rarely than the sources, and their layer is kept.
COPY tools/setup tools/
COPY third_party third_party
RUN tools/setup build && tools/setup package
COPY . .
RUN tools/package && mkdir /out && cp build/package/*.deb /out/adit.deb

FROM debian:12-slim
COPY --from=build /out/adit.deb /tmp/adit.deb
# The user adit and its folder are made by the package; 10001 is for volumes and security contexts to name.
RUN groupadd --system --gid 10001 adit \
    && useradd --system --uid 10001 --gid adit --home-dir /var/lib/adit --shell /usr/sbin/nologin adit \
    && apt-get update -q \
    && apt-get install -q -y --no-install-recommends /tmp/adit.deb \
    && rm -rf /var/lib/apt/lists/* /tmp/adit.deb
USER adit
WORKDIR /var/lib/adit
ENV ADIT_DATA=/var/lib/adit ADIT_LISTEN=0.0.0.0:8080 ADIT_TLS_LISTEN=0.0.0.0:8443
VOLUME /var/lib/adit
EXPOSE 8080 8443
STOPSIGNAL SIGTERM
# Bash's own sockets, since nothing is installed that could ask. A first start is ready within seconds; one after a
# crash may take longer.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${ADIT_LISTEN##*:} && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [[ $status == 200 ]]"]
ENTRYPOINT ["/usr/bin/adit"]
CMD ["serve"]
