# A production node: the product without the demo and its simulators, as a user without rights, in an image without a
# shell. Build: docker build -t zorgsluis .
# Run:   docker run -v ./node.toml:/etc/zorgsluis/node.toml:ro -v ./tls:/etc/zorgsluis/tls:ro \
#            -v zorgsluis:/var/lib/zorgsluis -p 8443:8443 zorgsluis

# The slim image has the gcc and the C headers that aws-lc-sys needs. Same Debian release as the final stage, so that
# the binary finds the C library it was linked against.
FROM rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
# Symbols stay, so that a backtrace names functions; line tables go, they are most of the size.
ENV CARGO_PROFILE_RELEASE_STRIP=debuginfo
RUN cargo build --release --locked --package zorgsluis --no-default-features
# The final image has no shell to make a folder with.
RUN mkdir /state

# distroless rather than debian-slim: the C library, libgcc and public roots, and nothing that an intruder could run or
# that a scanner would have us patch. `nonroot` is user 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/zorgsluis /usr/bin/zorgsluis
COPY profiles/ /etc/zorgsluis/profiles/
# A new volume takes over the owner of the folder below it: the node writes its log and state there.
COPY --from=build --chown=65532:65532 /state /var/lib/zorgsluis
VOLUME /var/lib/zorgsluis
USER 65532:65532
# Outer listener (peers, mutual TLS) and inner listener (own systems and users).
EXPOSE 8443 8080
# No HEALTHCHECK: without a shell nothing here could ask. The orchestrator asks the inner listener's readiness address.
ENTRYPOINT ["/usr/bin/zorgsluis"]
CMD ["serve", "--config", "/etc/zorgsluis/node.toml"]
