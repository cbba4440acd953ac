//! Another allocator in the C library that musl programs are linked with.

use super::toolchain::{self, Run};
use super::{Output, Plan};
use crate::source::Span;

/// Downloads mimalloc: a crate that is pinned by its checksum. The argument is the triple. The bytes are part of cache
/// keys.
const FETCH: &str = "\
#!/bin/sh
set -eu
triple=$1
libs=$(rustc --print sysroot)/lib/rustlib/$triple/lib/self-contained
if [ ! -f \"$libs/libc.a\" ]; then
  echo \"the toolchain has no C library of its own for $triple: 'allocator: mimalloc' cannot replace its allocator\" >&2
  exit 1
fi
host=$(rustc --version --verbose | sed -n 's/^host: //p')
if [ \"${host%%-*}\" != \"${triple%%-*}\" ]; then
  echo \"'allocator: mimalloc' cannot be compiled for $triple on $host: depend on the crate 'mimalloc' instead\" >&2
  exit 1
fi
mkdir -p /mimalloc/src
cd /mimalloc
: >src/lib.rs
cat >Cargo.toml <<'END'
[package]
name = \"allocator\"
version = \"0.0.0\"
edition = \"2021\"

[dependencies]
libmimalloc-sys = { version = \"0.1.49\", features = [\"override\"] }
END
cat >Cargo.lock <<'END'
version = 4

[[package]]
name = \"allocator\"
version = \"0.0.0\"
dependencies = [
 \"libmimalloc-sys\",
]

[[package]]
name = \"cc\"
version = \"1.11.3\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"
checksum = \"02f0e023adb368345ce0ca6cdfc0f24a06554468d0e8503e14a0841de79bfa69\"
dependencies = [
 \"find-msvc-tools\",
 \"shlex\",
]

[[package]]
name = \"find-msvc-tools\"
version = \"0.1.15\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"
checksum = \"1c66915cc5391097de7a2b0b972e8505aa33c0df401fd3a6811dbdb32881ba48\"

[[package]]
name = \"libmimalloc-sys\"
version = \"0.1.49\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"
checksum = \"6a45a52f43e1c16f667ccfe4dd8c85b7f7c204fd5e3bf46c5b0db9a5c3c0b8e9\"
dependencies = [
 \"cc\",
]

[[package]]
name = \"shlex\"
version = \"2.0.1\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"
checksum = \"f8fadd59c855ef2080decdef8ff161eb6661b86933c9d82e5ba29dc602a55aba\"
END
cargo fetch --locked --target \"$triple\"
";

/// Puts mimalloc in front of musl's allocator in the toolchain's static libc.
///
/// A linker takes the first definition of a symbol in an archive, and musl keeps `malloc` and its family
/// apart so that programs can bring their own; so everything that is linked allocates with mimalloc, Rust
/// and C, and no source, flag or variable of the project is touched. The argument is the triple. The bytes are part of
/// cache keys.
const MIMALLOC: &str = "\
#!/bin/sh
set -eu
triple=$1
libs=$(rustc --print sysroot)/lib/rustlib/$triple/lib/self-contained
export CARGO_TARGET_DIR=/mimalloc/target
# The allocator's own messages hold the date of its build, and a C compiler takes it from here.
export SOURCE_DATE_EPOCH=1153704088
mkdir /mimalloc/object
cd /mimalloc
cargo build --offline --locked --release --target \"$triple\"
cd object
ar x \"$(find ../target/\"$triple\" -name 'libmimalloc.a')\"
# What the compiler's own library is needed for goes in, under names that nobody else sees.
ld -r -o joined.o ./*.o \"$(cc -print-libgcc-file-name)\"
objcopy --wildcard --localize-symbol='__*di2' joined.o mimalloc.o
first=$(ar t \"$libs/libc.a\" | head -n 1)
ar rb \"$first\" \"$libs/libc.a\" mimalloc.o
rm -rf /mimalloc \"${CARGO_HOME:-$HOME/.cargo}/registry\"
";

/// Adds the steps that change the toolchain in `root`: the one that compiles has no network.
pub(super) fn mimalloc(
    plan: &mut Plan,
    env: &[(String, String)],
    root: Output,
    span: Option<Span>,
) -> Output {
    let steps = [
        ("mimalloc", FETCH, "sources of mimalloc", true),
        (
            "allocator",
            MIMALLOC,
            "mimalloc in place of musl's allocator",
            false,
        ),
    ];
    steps
        .into_iter()
        .fold(root, |root, (file, text, name, network)| {
            let (script, path) = plan.script(file, text);
            let run = Run {
                name: name.into(),
                args: vec![path, plan.triple.clone()],
                env,
                network,
                span,
            };
            toolchain::change(plan, run, root, vec![script])
        })
}
