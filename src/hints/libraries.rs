//! Libraries of the system that crates link.

use super::{Needed, Official, missing, official, sets};
use crate::spec::ImageSpec;

/// A C or C++ library that a crate links.
struct Library {
    crate_name: &'static str,
    /// It is linked where the crate depends on one of these, if there are any here.
    with: &'static [&'static str],
    /// It is compiled from source, for musl, too, where the crate depends on one of these.
    unless: &'static [&'static str],
    /// Its name.
    what: &'static str,
    /// Why a program cannot be linked with musl on Debian, and what to write beside `target: gnu`; empty if nothing else
    /// helps.
    musl: [&'static str; 2],
    /// Debian's package, where a program for glibc needs one, and whether the full build image has it.
    package: Option<(&'static str, bool)>,
    /// What the program for glibc loads and `base: debian` does not have, as Debian 13 calls its package.
    loads: Option<&'static str>,
    /// Variables that settle it.
    env: &'static [&'static str],
}

/// Why most cannot be linked.
const NONE: &str = "the build image has none for musl";

const NO_CPLUSPLUS: &str = "the build image compiles no C++ for musl";

const CPLUSPLUS: &str = "write `base: rust:1-alpine` and `packages: [g++]` under `build:`";

const CMAKE_CPLUSPLUS: &str =
    "write `base: rust:1-alpine` and `packages: [cmake, g++, make]` under `build:`";

/// A C++ library that its crate compiles.
const COMPILED: Library = Library {
    crate_name: "",
    with: &[],
    unless: &[],
    what: "",
    musl: [NO_CPLUSPLUS, CPLUSPLUS],
    package: None,
    loads: None,
    env: &["CXX"],
};

/// A library of the system.
const SYSTEM: Library = Library {
    crate_name: "",
    with: &[],
    unless: &[],
    what: "",
    musl: [NONE, ""],
    package: None,
    loads: None,
    env: &[],
};

const LIBRARIES: &[Library] = &[
    Library {
        crate_name: "pq-sys",
        unless: &["pq-src"],
        what: "libpq",
        musl: [
            NONE,
            "turn the feature `bundled` of `pq-sys` on in `Cargo.toml`, and `vendored` of `openssl-sys`",
        ],
        package: Some(("libpq-dev", true)),
        loads: Some("libpq5"),
        ..SYSTEM
    },
    Library {
        crate_name: "mysqlclient-sys",
        unless: &["mysqlclient-src"],
        what: "libmysqlclient",
        package: Some(("default-libmysqlclient-dev", true)),
        loads: Some("libmariadb3"),
        ..SYSTEM
    },
    Library {
        crate_name: "libsqlite3-sys",
        unless: &["cc"],
        what: "SQLite",
        musl: [
            NONE,
            "turn the feature `bundled` of `rusqlite` or `libsqlite3-sys` on in `Cargo.toml`",
        ],
        package: Some(("libsqlite3-dev", true)),
        env: &["SQLITE3_LIB_DIR"],
        ..SYSTEM
    },
    Library {
        crate_name: "openssl-sys",
        unless: &["openssl-src"],
        what: "OpenSSL",
        // A rule of its own says it.
        musl: ["", ""],
        package: Some(("libssl-dev", true)),
        env: &["OPENSSL_DIR", "OPENSSL_LIB_DIR"],
        ..SYSTEM
    },
    Library {
        crate_name: "alsa-sys",
        what: "ALSA",
        package: Some(("libasound2-dev", false)),
        loads: Some("libasound2t64"),
        ..SYSTEM
    },
    Library {
        crate_name: "libudev-sys",
        what: "libudev",
        package: Some(("libudev-dev", false)),
        ..SYSTEM
    },
    Library {
        crate_name: "hidapi",
        unless: &["basic-udev"],
        what: "libudev",
        musl: [
            NONE,
            "write `hidapi = { default-features = false, features = [\"linux-native-basic-udev\"] }` into `Cargo.toml`",
        ],
        package: Some(("libudev-dev", false)),
        ..SYSTEM
    },
    Library {
        crate_name: "libdbus-sys",
        unless: &["cc"],
        what: "libdbus",
        musl: [
            NONE,
            "turn the feature `vendored` of `dbus` on in `Cargo.toml`",
        ],
        package: Some(("libdbus-1-dev", false)),
        loads: Some("libdbus-1-3"),
        ..SYSTEM
    },
    Library {
        crate_name: "rdkafka-sys",
        unless: &["cmake"],
        what: "librdkafka",
        musl: [
            "its build script compiles that with `gcc`, for glibc",
            "write `packages: [musl-tools]` and `env: { CC: musl-gcc }` under `build:`",
        ],
        env: &["CC"],
        ..SYSTEM
    },
    Library {
        crate_name: "rdkafka-sys",
        with: &["cmake"],
        what: "librdkafka",
        musl: [
            "the build image has no C++ compiler for musl, which cmake looks for",
            "turn the feature `cmake-build` off in `Cargo.toml`",
        ],
        ..COMPILED
    },
    Library {
        crate_name: "link-cplusplus",
        what: "a C++ library",
        musl: [NONE, CPLUSPLUS],
        env: &[],
        ..COMPILED
    },
    Library {
        crate_name: "librocksdb-sys",
        what: "RocksDB",
        // On Alpine its build script cannot load libclang.
        musl: [NO_CPLUSPLUS, ""],
        env: &["ROCKSDB_LIB_DIR", "CXX"],
        ..COMPILED
    },
    Library {
        crate_name: "libduckdb-sys",
        what: "DuckDB",
        env: &["DUCKDB_LIB_DIR", "CXX"],
        ..COMPILED
    },
    Library {
        crate_name: "boring-sys",
        what: "BoringSSL",
        musl: [NO_CPLUSPLUS, CMAKE_CPLUSPLUS],
        ..COMPILED
    },
    Library {
        crate_name: "grpcio-sys",
        what: "gRPC",
        musl: [NO_CPLUSPLUS, CMAKE_CPLUSPLUS],
        ..COMPILED
    },
    Library {
        crate_name: "esaxx-rs",
        with: &["cc"],
        what: "a suffix array in C++",
        musl: [
            NO_CPLUSPLUS,
            "write `tokenizers = { default-features = false, features = [\"onig\"] }` into `Cargo.toml`",
        ],
        ..COMPILED
    },
];

impl Library {
    fn is_linked(&self, needed: &Needed<'_>) -> bool {
        let depends_on = |name: &&str| {
            let by = needed.get(*name);
            by.is_some_and(|by| by.contains(self.crate_name))
        };
        needed.contains_key(self.crate_name)
            && (self.with.is_empty() || self.with.iter().any(depends_on))
            && !self.unless.iter().any(depends_on)
    }
}

/// The crates that link them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    LIBRARIES.iter().map(|library| library.crate_name)
}

/// The libraries that the crates of an image's program link and its build image does not have for the image's libc, in
/// sentences that say what to write. Of Alpine's build image and of those that are not official nothing is said.
pub(crate) fn libraries(image: &ImageSpec, needed: &Needed<'_>, is_musl: bool) -> Vec<String> {
    let full = match official(&image.build.base.value) {
        Some(Official::Full) => true,
        Some(Official::Slim) => false,
        Some(Official::Alpine) | None => return vec![],
    };
    let linked = LIBRARIES
        .iter()
        .filter(|library| library.is_linked(needed) && !sets(image, library.env));
    let missing = linked.filter_map(|library| {
        let (name, what) = (library.crate_name, library.what);
        let packages = library.package.and_then(|(package, is_there)| match full {
            true if is_there => None,
            true => missing(image, &[package]),
            false => missing(image, &[package, "pkg-config"]),
        });
        if !is_musl {
            let packages = packages?;
            return Some(format!(
                "`{name}` links {what}, which the build image does not have: write `packages: [{packages}]` under `build:`"
            ));
        }
        let [why, instead] = library.musl;
        if why.is_empty() {
            return None;
        }
        let or = if instead.is_empty() { "" } else { ", or " };
        let and = |packages: Option<String>| match packages {
            Some(packages) => format!(" and `packages: [{packages}]`"),
            None => String::new(),
        };
        let (build, run) = (and(packages), and(library.loads.map(str::to_owned)));
        Some(format!(
            "`{name}` links {what}, and {why}: {instead}{or}write `target: gnu`{build} under `build:`, and `base: debian`{run} under `image:`"
        ))
    });
    missing.collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{all, image};
    use super::*;

    fn lines(yaml: &str, crates: &[(&str, &str)], is_musl: bool) -> Vec<String> {
        libraries(&image(yaml), &all(crates), is_musl)
    }

    #[test]
    fn a_library_for_glibc_alone_has_the_line_to_write() {
        let crates = [("alsa-sys", "app")];
        let musl = "`alsa-sys` links ALSA, and the build image has none for musl: write `target: gnu` and `packages: [libasound2-dev]` under `build:`, and `base: debian` and `packages: [libasound2t64]` under `image:`";
        assert_eq!(lines("{}", &crates, true), [musl]);
        let gnu = "`alsa-sys` links ALSA, which the build image does not have: write `packages: [libasound2-dev]` under `build:`";
        assert_eq!(lines("build: { target: gnu }", &crates, false), [gnu]);
        let given = "build: { target: gnu, packages: [libasound2-dev] }";
        assert_eq!(lines(given, &crates, false), [""; 0]);
        let alpine = "build: { base: \"rust:1-alpine\" }";
        assert_eq!(lines(alpine, &crates, true), [""; 0]);
    }

    #[test]
    fn the_slim_image_has_no_headers() {
        let crates = [("openssl-sys", "native-tls")];
        assert_eq!(lines("{}", &crates, false), [""; 0]);
        let slim = "build: { base: \"rust:1-slim-trixie\" }";
        let line = "`openssl-sys` links OpenSSL, which the build image does not have: write `packages: [libssl-dev, pkg-config]` under `build:`";
        assert_eq!(lines(slim, &crates, false), [line]);
    }

    #[test]
    fn a_library_that_compiles_itself_for_glibc_is_told_the_compiler() {
        let crates = [("rdkafka-sys", "app"), ("cmake", "aws-lc-sys")];
        assert_eq!(
            lines("{}", &crates, true),
            [
                "`rdkafka-sys` links librdkafka, and its build script compiles that with `gcc`, for glibc: write `packages: [musl-tools]` and `env: { CC: musl-gcc }` under `build:`, or write `target: gnu` under `build:`, and `base: debian` under `image:`"
            ]
        );
        let given = "build: { packages: [musl-tools], env: { CC: musl-gcc } }\n";
        assert_eq!(lines(given, &crates, true), [""; 0]);
        let by_cmake = [crates[0], ("cmake", "rdkafka-sys")];
        let [line] = &lines("{}", &by_cmake, true)[..] else {
            panic!("one line");
        };
        assert!(line.contains("which cmake looks for"), "{line}");
    }

    #[test]
    fn what_is_compiled_from_source_is_linked() {
        for (library, source) in [("pq-sys", "pq-src"), ("libsqlite3-sys", "cc")] {
            let alone = [(library, "app"), (source, "other")];
            assert_eq!(lines("{}", &alone, true).len(), 1, "{library}");
            let bundled = [(library, "app"), (source, library)];
            assert_eq!(lines("{}", &bundled, true), [""; 0]);
        }
    }
}
