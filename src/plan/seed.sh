#!/bin/sh
set -eu
slot=$1 dirs=$2 lock=$3 command=$4
shift 4
build() {
  cargo "$command" --message-format json-render-diagnostics "$@" >/tmp/messages
}
for tool in awk find grep mktemp sed sha256sum stat tar touch; do
  command -v "$tool" >/dev/null || exec cargo "$command" "$@"
done
hex=[0-9a-f][0-9a-f][0-9a-f][0-9a-f]
hex=$hex$hex$hex$hex
state() {
  find / -xdev -type f ! -path '/tmp/*' ! -path '/run/*' ! -path '/etc/host*' ! -path /etc/resolv.conf \
    -exec stat -c '%s %Y %n' {} + >/tmp/files &&
    sort /tmp/files | sha256sum | cut -c 1-16
}
units() (
  cd /target
  for dir in $dirs; do
    for kind in .fingerprint build deps; do
      [ ! -d "$dir/$kind" ] || find "$dir/$kind" -mindepth 1 -maxdepth 1 -name "*-$hex*"
    done
    # Before Cargo 1.100 a unit was in three places.
    [ ! -d "$dir/build" ] || find "$dir/build" -mindepth 2 -maxdepth 2 -name "$hex"
  done
)
hashes() {
  sed -n -e 's/.*"filenames":\[//p' -e 's/.*"out_dir"://p' | grep -o -e "-$hex[/.\"]" -e "/$hex/" | cut -c 1-17 | sort -u
}
checksums() {
  awk '/^\[\[package\]\]/ { id = "" } /^(name|version|source) = / { id = id $3 } /^checksum = / { print id, $3 }' "$@"
}
fits() {
  [ "$(sha256sum <"$1" | cut -c 1-64)" = "$2" ] && tar -xf "$1" -C /target && mv /target/Cargo.lock /tmp/seed.lock &&
    [ -z "$(checksums /tmp/seed.lock /tmp/Cargo.lock | sort -u | cut -d ' ' -f 1 | uniq -d)" ] &&
    find /target -exec touch -h -d "@$start" {} +
}
load() {
  for seed in $(ls -dt "/seed/$slot-$state".*.tar 2>/dev/null) $(ls -dt /seed/*-"$state".*.tar 2>/dev/null); do
    sum=${seed%.tar}
    if fits "$seed" "${sum##*.}" 2>/dev/null; then
      from=$seed
      units >/tmp/seeded
      echo "starts from $(grep -c -e '\.fingerprint/' -e "/$hex\$" /tmp/seeded) units of an earlier build" >&2
      return
    fi
    rm -rf "$seed" /target/*
  done
}
save() {
  grep -v '"package_id":"[^"]*path+file:' /tmp/messages | hashes >/tmp/external
  units | grep -F -f /tmp/external >/tmp/units || return 0
  (cd /target && cp /tmp/Cargo.lock . && ls Cargo.lock */CACHEDIR.TAG 2>/dev/null) >>/tmp/units || :
  tar -cf "$new" -C /target -T /tmp/units &&
    name=/seed/$slot-$state.$(sha256sum <"$new" | cut -c 1-64).tar && mv "$new" "$name" || return 1
  for old in "$from" $(ls -dt /seed/*.tar | tail -n +4); do
    case $old in
      "$name") ;;
      "$from") [ "${old#"/seed/$slot-"}" = "$old" ] || rm -f "$old" ;;
      *) rm -rf "$old" ;;
    esac
  done
}
from=
start=$(($(date +%s) - 1))
cp "$lock" /tmp/Cargo.lock
: >/tmp/seeded
state=$(state) || state=
[ -z "$state" ] || load
touch /tmp/start
build "$@"
again=$(cd /target && find . \( -path "*/.fingerprint/*-$hex/run-build-script-*" -o \
  -path "*/build/*/$hex/fingerprint/run-build-script-*" \) -newer /tmp/start | cut -d / -f 2- | sed -e 's,/[^/]*$,,' -e 's,/fingerprint$,,' |
  grep -F -x -f /tmp/seeded | sort -u) || again=
if [ -n "$again" ]; then
  for unit in $again; do
    rm -rf "/target/$unit" "/target/${unit%/.fingerprint/*}/build/${unit##*/}"
  done
  build "$@"
fi
hashes </tmp/messages >/tmp/live
grep -v -F -f /tmp/live /tmp/seeded | while read -r unit; do
  rm -rf "/target/$unit"
done
find /seed -name 'tmp.*' -mmin +60 -exec rm -rf {} + || :
if [ -n "$state" ] && new=$(mktemp /seed/tmp.XXXXXX); then
  save || echo "the next build starts from nothing: this one could not be kept" >&2
  rm -f "$new" /target/Cargo.lock
fi
