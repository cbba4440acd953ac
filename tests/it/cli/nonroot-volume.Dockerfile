# Builds `nonroot-volume` for linux/amd64 as Rust.yaml does: the same image, and dependencies in a
# layer of their own. It needs BuildKit 0.25 (Docker 28.5) and nothing else.
#
#   docker buildx build -t IMAGE .
#
# Where it differs:
# - The stage `skeleton` has the manifests, the lock and stubs for sources as they were, reduced to
#   what dependencies can notice, as text. After a change of dependencies, generate this file again
#   from Rust.yaml, or change the text there; until then cargo stops because a crate is missing.
# - Files in the image carry the time of their build, not one fixed time. With SOURCE_DATE_EPOCH and
#   `--output type=image,rewrite-timestamp=true` they are fixed again.
# - Some steps see variables of steps before them.
# - It is for linux/amd64 only, and build arguments have the values that they had. What was compiled
#   is not checked afterwards.
# - Base images are not pinned, because their digests were not known; their settings were assumed to
#   be those of the official images.
# - The ignore file applies as before if it is called .dockerignore; Rust.yaml.dockerignore must be
#   renamed.

FROM --platform=$BUILDPLATFORM rust:1 AS build-image

FROM build-image AS toolchain
# toolchain x86_64-unknown-linux-musl
RUN rustup target add x86_64-unknown-linux-musl

FROM scratch AS sources
# files that are not Rust sources
COPY --exclude=**/*.rs --exclude=.git --exclude=Cargo.lock --exclude=Cargo.toml --exclude=Dockerfile --exclude=Rust.yaml --exclude=target . /

FROM scratch AS sources-nonroot-volume
# Rust sources
COPY --exclude=** --exclude=!**/*.rs --exclude=.git/** --exclude=target/** . /

FROM build-image AS sources-2
# files that sources may read
ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin
COPY --from=sources / /files
RUN --network=none \
    --mount=type=bind,from=sources-nonroot-volume,target=/sources \
    <<'EOF'
set -eu
set -- /files /sources +.
files=$1 rust=$2
shift 2
line='
'
named() { grep -rqF -e "$1" "$rust"; }
linked() {
  grep -F -e "/$1\"" -e ":\"$1\"" /tmp/references | while IFS= read -r link; do
    link=${link%%:\"*}
    ! named "${link##*/}" || echo "$link"
  done | grep -q .
}
cd "$rust"
printf '%s\n' "$@" >/tmp/packages
packages=$line$(sed 's/^+//' /tmp/packages)$line
find . -name '*.rs' -type f >/tmp/sources
grep -roE '"[^"]*\.\./[^"]*\.rs"' . >/tmp/references || :
for dir in "$rust" "$files"; do
  (cd "$dir" && find . -type l -exec sh -c 'for link; do printf "%s:\"%s\"\n" "$link" "$(readlink "$link")"; done' sh {} +)
done >>/tmp/references
awk '
function normal(path, part, kept, n, i, k) {
  n = split(path, part, "/")
  k = 0
  for (i = 1; i <= n; i++) {
    if (part[i] == "..") { if (k == 0) return ""; k-- }
    else if (part[i] != "" && part[i] != ".") kept[++k] = part[i]
  }
  path = "."
  for (i = 1; i <= k; i++) path = path "/" kept[i]
  return path
}
function parent(path) { if (!sub(/\/[^\/]*$/, "", path)) path = "."; return path }
function owner(path) { while (path != "." && !(path in package)) path = parent(path); return path }
FILENAME == ARGV[1] { built = sub(/^\+/, ""); package[$0] = built; next }
FILENAME == ARGV[2] {
  at = index($0, ":")
  file = substr($0, 1, at - 1)
  own = owner(file)
  if (!package[own] || substr(file, length(own) + 1) ~ /^\/(tests|benches|examples)\//) next
  text = substr($0, at + 2, length($0) - at - 2)
  named[1] = normal(parent(file) "/" text)
  named[2] = normal(own "/" text)
  for (i in named) if (named[i] != "" && owner(named[i]) != own) shared[owner(named[i])]
  next
}
owner($0) in shared
' /tmp/packages /tmp/references /tmp/sources | while IFS= read -r path; do
  [ -f "$path" ] || continue
  mkdir -p "$files/${path%/*}"
  cp "$path" "$files/$path"
done
cd "$files"
: >/tmp/candidates
grep -rqE 'CARGO_PKG_(README|LICENSE_FILE)|folder *= *"[./]*"|"\$CARGO_MANIFEST_DIR/?"' "$rust" ||
for dir in "$@"; do
  dir=${dir#+}
  [ -d "$dir" ] || continue
  find "$dir" -maxdepth 1 -type f ! -name "*$line*" \( -name '*.md' -o -name 'README*' -o -name 'CHANGELOG*' \
    -o -name 'LICENSE*' -o -name 'LICENCE*' -o -name 'COPYING*' -o -name 'NOTICE*' -o -name 'AUTHORS*' \
    -o -name .gitignore -o -name .gitattributes -o -name .gitmodules -o -name .editorconfig \
    -o -name .dockerignore -o -name 'Dockerfile*' -o -name '*.Dockerfile' -o -name 'docker-compose*.y*ml' \
    -o -name 'compose*.y*ml' -o -name .gitlab-ci.yml -o -name .travis.yml -o -name justfile \
    -o -name 'docker-bake*' \
    -o -name .pre-commit-config.yaml \)
  find "$dir" -maxdepth 1 -type d ! -name "*$line*" \( -name .github -o -name .gitlab -o -name .circleci -o -name .vscode \
    -o -name .idea -o -name .devcontainer -o -name docs \)
done >/tmp/candidates
while IFS= read -r path; do
  case $packages in *"$line$path$line"* | *"$line$path/"*) continue ;; esac
  if [ -e "$path" ] && ! named "${path##*/}" && ! linked "${path##*/}"; then
    rm -rf "$path"
  fi
done </tmp/candidates
find . -depth -type d -exec rmdir {} + 2>/dev/null || :
EOF

FROM scratch AS sources-3
# inputs of the build
COPY --from=sources-2 /files/ /
# sources
COPY --exclude=** --exclude=!**/*.rs --exclude=!Cargo.lock --exclude=!Cargo.toml --exclude=.git/** --exclude=target/** . /

FROM toolchain AS compile
# compile nonroot-volume 0.1.0
ENV CARGO_TARGET_DIR=/target \
    CARGO_INCREMENTAL=0
WORKDIR /work
RUN --network=none \
    --mount=type=bind,from=sources-3,target=/work,rw \
    mkdir -p /target /out \
 && find /work -exec touch -h -d @1153704088 {} + \
 && cargo build --offline --target x86_64-unknown-linux-musl --profile release --package nonroot-volume \
       --bin nonroot-volume \
 && cp /target/x86_64-unknown-linux-musl/release/nonroot-volume /out/

FROM scratch AS empty

FROM scratch AS nonroot-volume
# CA certificates, /tmp, user
COPY --from=build-image /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chmod=755 --chown=10001:10001 --from=empty / /tmp/
COPY <<'passwd' <<'group' /etc/
root:x:0:0:root:/:/sbin/nologin
nonroot:x:10001:10001::/:/sbin/nologin
passwd
root:x:0:
nonroot:x:10001:
group
# directories /data
COPY --link --chmod=755 --chown=10001:10001 --from=empty / /data/
# copy nonroot-volume to /usr/local/bin
COPY --link --chmod=755 --from=compile /out/nonroot-volume /usr/local/bin/nonroot-volume
# settings
LABEL org.opencontainers.image.description="Counts its own runs in a volume" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.title=nonroot-volume \
      org.opencontainers.image.version=0.1.0
VOLUME ["/data"]
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/nonroot-volume"]
