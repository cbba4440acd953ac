#!/bin/sh
set -eu
wrong=$(find /target/.crates -type f -exec awk '
  FNR == 1 { id = FILENAME; sub(/.*\//, "", id) }
  $1 == "own" { own[id] = $2 }
  $1 == "needs" { needs[id, $2] = $3 }
  $1 == "unit" { units[id] = units[id] " " $2 }
  END {
    for (key in needs) {
      split(key, pair, SUBSEP)
      if (needs[key] != own[pair[2]]) bad[pair[1]] = 1
    }
    for (id in bad) print units[id]
  }' {} +)
for unit in $wrong; do
  rm -rf "/target/$unit"
done
{
  [ -z "$wrong" ] || echo "another builder compiled them with other artefacts than those that are there"
  sed -n 's/^left //p' /target/.crates/*
} >/report/left
cargo "$@" --message-format json-render-diagnostics >/report/cargo.jsonl
