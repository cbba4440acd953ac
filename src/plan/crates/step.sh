#!/bin/sh
set -eu
id=$1 dirs=$2 members=$3 needed=$4
shift 4
priority=rust-frontend:999999999
case ${ftp_proxy-} in rust-frontend:*) priority=$ftp_proxy && unset ftp_proxy FTP_PROXY ;; esac
hex=[0-9a-f][0-9a-f][0-9a-f][0-9a-f]
hex=$hex$hex$hex$hex
mkdir -p /target/.crates
# Times of change say nothing: the engine links files of one layer into others.
made() {
  { find /target -newer /tmp/start && find /target | sort | comm -13 /tmp/before -; } | sort -u >/tmp/made
}
left() {
  echo "left to the dependency step: $1"
  made
  while read -r file; do [ -d "$file" ] || rm -f "$file"; done </tmp/made
  echo "left $1" >"/target/.crates/$id"
  made
  finish
}
finish() {
  : >/tmp/dirs
  while read -r file; do
    if [ -d "$file" ] && [ ! -h "$file" ]; then
      echo "/delta${file#/target}" >>/tmp/dirs
    else
      echo "${file#/target/}"
    fi
  done </tmp/made | tar -cf - -C /target -T - | tar -xpf - -C /delta
  tr '\n' '\0' </tmp/dirs | xargs -0 -r mkdir -p
  find /delta -print0 | xargs -0 touch -h -d @1793491200
  exit 0
}
# Who waits has a FIFO, on which it holds a lock for as long as it lives; the first by name is next.
first() {
  for first in /turn/waiting/*; do
    [ "$first" != "$own" ] || return 0
    [ -p "$first" ] || continue
    exec 5<>"$first"
    flock -n 5 || return 0
    rm -f "$first"
  done
  first=
}
free() {
  places=$(nproc)
  room=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo)
  [ "$room" -ge "$places" ] || places=$room
  place=0
  while [ "$place" -eq 0 ] || [ "$place" -lt "$places" ]; do
    exec 9>"/turn/$place"
    ! flock -n 9 || return 0
    place=$((place + 1))
  done
  return 1
}
wake() {
  first
  [ -z "$first" ] || [ "$first" = "$own" ] || echo >&5
}
next() {
  exec 8>/turn/head
  flock 8
  first
  if ! free; then
    exec 8>&-
    return 1
  fi
  if [ "$first" = "$own" ]; then
    rm -f "$own"
    own=
  else
    exec 9>&-
  fi
  wake
  exec 8>&-
  [ -z "$own" ]
}
turn() {
  command -v flock >/dev/null || return 0
  exec 8>/turn/head
  flock 8
  mkdir -p /turn/waiting
  own=$(mktemp -u "/turn/waiting/$priority.XXXXXX")
  mkfifo "$own" || return 0
  exec 7<>"$own"
  flock 7
  exec 8>&-
  until next || [ ! -p "$own" ]; do
    timeout 10 dd bs=4096 count=1 <&7 >/dev/null 2>&1 || [ $? -ge 124 ] || sleep 0.1
  done
  exec 5>&- 7>&-
}
over() {
  [ -n "${places-}" ] || return 0
  exec 9>&- 8>/turn/head
  flock 8
  own=
  wake
  exec 5>&- 8>&-
}
touch /tmp/start
find /target | sort >/tmp/before
sed -n 's,^=== rust-frontend \(.*\)/[^/]*$,\1,p' /manifests/crates | sort -u >/tmp/packages
tr '\n' '\0' </tmp/packages | xargs -0 mkdir -p
while read -r dir; do
  [ ! -d "/crates/${dir##*/}" ] || cp -a "/crates/${dir##*/}/." "$dir/"
done </tmp/packages
awk '/^=== rust-frontend / { if (file) close(file); file = substr($0, 19); printf "" >file; next } { print >file }' /manifests/crates
wrong=$(find /target/.crates -type f -exec awk '
  FNR == 1 { id = FILENAME; sub(/.*\//, "", id) }
  $1 == "left" { bad[id] = 1 }
  $1 == "own" { own[id] = $2 }
  $1 == "needs" { needs[id, $2] = $3 }
  END {
    for (key in needs) {
      split(key, pair, SUBSEP)
      if (needs[key] != own[pair[2]]) bad[pair[1]] = 1
    }
    for (id in bad) { print id; exit }
  }' {} +)
[ -z "$wrong" ] || left "what it needs was left, too, or was compiled with other artefacts than those that are there"
# BusyBox has no such flag.
unbuffered=-u
echo | sed -u p >/dev/null 2>&1 || unbuffered=
turn
touch /tmp/start
{ cargo "$@" --verbose 2>&1 9>&- || echo $? >/tmp/failed; } | tee /tmp/log |
  sed $unbuffered -e '/^ *\(Dirty\|Fresh\|Running\|Compiling zz-crates\|Finished\) /d' -e '/^Caused by:$/{N;/(exit status: [0-9]*)$/d;}'
over
for dir in $dirs; do
  [ ! -d "/target/$dir" ] || (
    cd "/target/$dir"
    rm -rf build/zz-crates .fingerprint/zz-crates-$hex build/zz-crates-$hex deps/*zz_crates-$hex* libzz_crates.* .cargo-*lock
  )
done
if [ -e /tmp/failed ]; then
  status=$(cat /tmp/failed)
  # A machine that ran out of something says nothing of the next run.
  [ "$status" -lt 128 ] || exit "$status"
  ! grep -q '(signal: [0-9]\|with signal [0-9]\|Killed signal \|(os error \(5\|12\|28\))' /tmp/log || exit 1
  left "it did not compile apart from the project"
fi
: >"/target/.crates/$id"
made
# Cargo says no more of what it has compiled than where it is: in one place, and before 1.100 in three.
units=$(sed -n -e 's,^/target/\(.*/\.fingerprint/[^/]*\).*,\1,p' -e "s,^/target/\(.*/build/[^/]*/$hex\)/fingerprint.*,\1,p" /tmp/made | sort -u)
for unit in $units; do
  case $unit in
    */.fingerprint/*) name=${unit##*/} && name=${name%-*} ;;
    *) name=${unit%/*} && name=${name##*/} ;;
  esac
  case " $members " in
    *" $name "*) ;;
    *) left "cargo compiled $name again: $(sed -n "s/^ *Dirty $name [^:]*: //p" /tmp/log | head -n 1)" ;;
  esac
done
{
  printf 'own '
  grep -E "/(deps|$hex/out)/[^/]*\.(rlib|rmeta|so)\$" /tmp/made | tr '\n' '\0' | xargs -0 -r sha256sum | sha256sum | cut -c 1-32
  for other in $needed; do
    printf 'needs %s %s\n' "$other" "$(sed -n 's/^own //p' "/target/.crates/$other")"
  done
  for unit in $units; do echo "unit $unit"; done
} >"/target/.crates/$id"
finish
