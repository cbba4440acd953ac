#!/bin/sh
set -eu
registry=${CARGO_HOME:-$HOME/.cargo}/registry
: >/units/graph.json
: >/units/crates
# The format is no stable one of cargo's; it is read by who knows it, and does without where it is another.
if ! RUSTC_BOOTSTRAP=1 cargo "$@" --unit-graph -Z unstable-options >/tmp/graph.json 2>/tmp/log; then
  tail -n 20 /tmp/log >&2
  exit 0
fi
find "$registry/src" -mindepth 3 -type f \( -name '*.rs' -o -name '*.c' -o -name '*.cc' -o -name '*.cpp' -o -name '*.S' -o -name '*.asm' \) \
  -exec stat -c '%s %n' {} + | awk -v "at=$(printf %s "$registry/src/" | tr -cd / | wc -c)" '{
    size = $1
    sub(/^[0-9]+ /, "")
    split($0, parts, "/")
    dir = parts[1]
    for (n = 2; n <= at + 2; n++) dir = dir "/" parts[n]
    sizes[dir] += size
  } END { for (dir in sizes) print sizes[dir], dir }' | sort -k 2 >/tmp/sizes
while read -r size dir; do
  printf '%s %s %s\n' "$size" "$(wc -c <"$dir/Cargo.toml")" "$dir"
  cat "$dir/Cargo.toml"
done </tmp/sizes >/units/crates
cp /tmp/graph.json /units/graph.json
