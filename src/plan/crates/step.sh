#!/bin/sh
set -eu
id=$1 dirs=$2 members=$3 needed=$4 order=$5
shift 5
hex=[0-9a-f][0-9a-f][0-9a-f][0-9a-f]
hex=$hex$hex$hex$hex
mkdir -p /target/.crates
# Times of change say nothing: the engine links files of one layer into others.
made() {
  { find /target -newer /tmp/start && find /target | sort | comm -13 /tmp/before -; } | sort -u
}
left() {
  echo "left to the dependency step: $1"
  made | while read -r file; do [ -d "$file" ] || rm -f "$file"; done
  echo "left $1" >"/target/.crates/$id"
  finish
}
finish() {
  for dir in $dirs; do
    [ ! -d "/target/$dir" ] || (
      cd "/target/$dir"
      rm -rf .fingerprint/zz-crates-$hex build/zz-crates-$hex deps/*zz_crates-$hex* libzz_crates.* .cargo-lock
    )
  done
  made | tr '\n' '\0' | xargs -0 touch -h -d @1793491200
  exit 0
}
turn() {
  command -v flock >/dev/null || return 0
  places=$(nproc)
  room=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo)
  [ "$room" -ge "$places" ] || places=$room
  if [ "$order" = later ]; then
    exec 8>/turn/next
    flock 8
  fi
  while :; do
    place=0
    while [ "$place" -lt "$places" ] || [ "$place" -eq 0 ]; do
      exec 9>"/turn/$place"
      ! flock -n 9 || break 2
      place=$((place + 1))
    done
    sleep 0.05
  done
  [ "$order" = first ] || exec 8>&-
}
touch /tmp/start
find /target | sort >/tmp/before
for crate in /crates/*/; do
  name=$(basename "$crate")
  dir=$(sed -n "s,^=== rust-frontend \(/.*/$name\)/Cargo.toml\$,\1,p" /work/crates)
  mkdir -p "$dir"
  cp -a "$crate." "$dir/"
done
sed -n 's,^=== rust-frontend \(.*\)/[^/]*$,\1,p' /work/crates | sort -u | xargs mkdir -p
awk '/^=== rust-frontend / { if (file) close(file); file = $3; printf "" >file; next } { print >file }' /work/crates
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
[ -z "$wrong" ] || left "what it needs was compiled with other artefacts than those that are there"
turn
touch /tmp/start
{ cargo "$@" --verbose 2>&1 8>&- 9>&- || : >/tmp/failed; } | tee /tmp/log |
  sed -u -e '/^ *\(Dirty\|Fresh\|Running\|Compiling zz-crates\|Finished\) /d' -e '/^Caused by:$/{N;/(exit status: [0-9]*)$/d;}'
if [ -e /tmp/failed ]; then
  ! grep -q 'could not compile\|failed to run custom build command' /tmp/log || exit 1
  left "cargo did not take it apart from the project"
fi
units=$(made | sed -n 's,^/target/\(.*/.fingerprint/[^/]*\).*,\1,p' | sort -u)
for unit in $units; do
  name=${unit##*/}
  case " $members zz-crates " in
    *" ${name%-*} "*) ;;
    *) left "cargo compiled ${name%-*} again: $(sed -n "s/^ *Dirty ${name%-*} [^:]*: //p" /tmp/log | head -n 1)" ;;
  esac
done
{
  printf 'own '
  made | grep -E '/deps/[^/]*\.(rlib|rmeta|so)$' | grep -v zz_crates- | tr '\n' '\0' | xargs -0 -r sha256sum |
    sha256sum | cut -c 1-32
  for other in $needed; do
    printf 'needs %s %s\n' "$other" "$(sed -n 's/^own //p' "/target/.crates/$other")"
  done
  for unit in $units; do
    case $unit in */zz-crates-*) ;; *) echo "unit $unit" ;; esac
  done
} >/tmp/own
cp /tmp/own "/target/.crates/$id"
finish
