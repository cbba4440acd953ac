#!/bin/sh
set -eu
left() {
  echo "left to the compile step: $1"
  rm -rf /own/*
  : >/own/.left
  exit 0
}
! grep -qs '^left ' /target/.crates/* || left "crates that it needs are compiled with the project"
sed -n 's,^=== rust-frontend \(.*\)/[^/]*$,\1,p' /manifests/crates | sort -u | xargs mkdir -p
awk '/^=== rust-frontend / { if (file) close(file); file = $3; printf "" >file; next } { print >file }' /manifests/crates
if ! "$@"; then
  ! grep -q 'could not compile `\|(signal: [0-9]\|(os error \(5\|12\|28\))' /tmp/log || exit 1
  left "it cannot be compiled apart from the project"
fi
# There is another one in the project.
! find /own -path '*fingerprint/*' -name 'dep-*' -exec grep -q 'Cargo\.\(toml\|lock\)' {} \; -print | grep -q . ||
  left "it reads Cargo.toml or Cargo.lock"
