#!/bin/sh
set -eu
lock=$1
shift
# Removes what is not what the lock says: cargo asks only whether a file is there.
damaged() {
  name= version=
  while read -r key second rest; do
    value=${rest##* }
    value=${value#\"}
    value=${value%\"}
    case $key in
    name) name=$value && continue ;;
    version) version=$value && continue ;;
    checksum) ;;
    # Format 1: name, version and source are the key.
    \"checksum) name=$second version=${rest%% *} ;;
    *) continue ;;
    esac
    for crate in /crates/*/"$name-$version.crate"; do
      [ ! -f "$crate" ] || echo "$value  $crate"
    done
  done <"$lock" >/tmp/sums
  sha256sum -c /tmp/sums 2>/dev/null >/tmp/checked || :
  # Two registries may have a crate of one name and version.
  awk '
    { file = $0; sub(/: [A-Z].*$/, "", file) }
    / OK$/ { whole[file] }
    / FAILED/ { bad[file] }
    END { for (file in bad) if (!(file in whole)) print file }
  ' /tmp/checked >/tmp/damaged
  [ -s /tmp/damaged ] || return 1
  xargs rm -f </tmp/damaged
}
registry=${CARGO_HOME:-$HOME/.cargo}/registry
mkdir -p "$registry"
ln -s /crates "$registry/cache"
damaged || :
if ! cargo fetch "$@"; then
  # Another build may have been writing one, and have ended meanwhile.
  damaged || :
  cargo fetch "$@"
fi
rm "$registry/cache"
# Addresses are written there as they are asked for: a `.gitconfig` may have put a token into them.
[ ! -d "$registry/index" ] || find "$registry/index" -type d -path '*/.git/logs' -prune -exec rm -rf {} +
cd "$registry"
for crate in src/*/*/; do
  [ -d "$crate" ] || continue
  crate=${crate%/}
  mkdir -p "cache/$(basename "$(dirname "$crate")")"
  printf . >"cache/${crate#src/}.crate"
done
