#!/bin/sh
set -eu
for crate in $(
  find /target/.crates /local/*/.needs -type f -exec awk '
    FNR == 1 { id = FILENAME; sub(/.*\//, "", id) }
    id == ".needs" { needs[FILENAME, $1] = $2; next }
    $1 == "own" { own[id] = $2 }
    END {
      for (key in needs) {
        split(key, pair, SUBSEP)
        if (needs[key] != own[pair[2]]) bad[pair[1]] = 1
      }
      for (file in bad) print file
    }' {} +
); do
  names=$(find "${crate%.needs}" -path '*/.fingerprint/*' -type d | sed 's,.*/,,; s/-[0-9a-f]*$//' | sort -u)
  echo "compiled again, since crates below have other artefacts than it was compiled with:" $names
  rm -rf "${crate%.needs}"*
done
exec "$@"
