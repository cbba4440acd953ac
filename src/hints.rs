//! What the list of crates and Cargo's configuration say before anything is compiled: which programs or libraries
//! the build image lacks, and the line that gives them.

mod configuration;

use crate::image_ref;
use crate::project::Lockfile;
use crate::spec::ImageSpec;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use configuration::tools;

/// Crates by name, each with the names of those that depend on it.
pub(crate) type Needed<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// A program that crates call when they are compiled.
struct Program {
    /// The crates that call it.
    crates: &'static [&'static str],
    /// Crates that bring it, or make it unnecessary.
    unless: &'static [&'static str],
    /// Crates that depend on one of `crates` and do not use it.
    unused_by: &'static [&'static str],
    /// What it is.
    what: &'static str,
    /// Debian's package, and Alpine's.
    packages: [&'static str; 2],
    /// Variables that say where it is.
    env: &'static [&'static str],
}

impl Program {
    /// The crate of a lock that calls it, if one does.
    fn used_by(&self, needed: &Needed<'_>) -> Option<&'static str> {
        let mut crates = self.crates.iter().copied();
        crates.find(|name| {
            let by = needed.get(name);
            by.is_some_and(|by| by.is_empty() || by.iter().any(|by| !self.unused_by.contains(by)))
        })
    }

    /// Whether crates of a lock bring it.
    fn is_brought(&self, needed: &Needed<'_>) -> bool {
        self.unless.iter().any(|name| needed.contains_key(name))
    }
}

const PROGRAMS: &[Program] = &[
    Program {
        crates: &["prost-build", "tonic-build", "tonic-prost-build"],
        unless: &["protox", "protobuf-src", "protoc-bin-vendored"],
        unused_by: &[],
        what: "`protoc`",
        packages: ["protobuf-compiler", "protobuf-dev"],
        env: &["PROTOC"],
    },
    Program {
        crates: &["bindgen", "clang"],
        unless: &[],
        // On the usual platforms it has bindings that are made already, and the other is for macOS.
        unused_by: &["aws-lc-sys", "coreaudio-sys"],
        what: "libclang, which reads C headers",
        packages: ["libclang-dev", "clang-dev"],
        env: &["LIBCLANG_PATH"],
    },
    Program {
        crates: &["cmake"],
        unless: &[],
        // It compiles with `cc` on the usual platforms (aws-lc-rs book, "Requirements").
        unused_by: &["aws-lc-sys"],
        what: "`cmake`",
        packages: ["cmake", "cmake"],
        env: &["CMAKE"],
    },
    Program {
        crates: &["aws-lc-fips-sys"],
        unless: &[],
        unused_by: &[],
        what: "Go",
        packages: ["golang-go", "go"],
        env: &[],
    },
    Program {
        crates: &["nasm-rs"],
        unless: &[],
        unused_by: &[],
        what: "`nasm`",
        packages: ["nasm", "nasm"],
        env: &[],
    },
];

/// A C or C++ library that is there for glibc only.
struct Library {
    crate_name: &'static str,
    /// Crates that compile it from source, for musl, too.
    unless: &'static [&'static str],
    /// Its name.
    what: &'static str,
    /// Why it cannot be linked.
    why: &'static str,
    /// What to write.
    help: &'static str,
    /// Variables that settle it.
    env: &'static [&'static str],
}

/// Of most libraries.
const NONE: &str = "the build image has none for musl";

const NO_CPLUSPLUS: &str = "the build image compiles no C++ for musl";

const CPLUSPLUS: &str =
    "write `target: gnu`, or `base: rust:1-alpine` and `packages: [g++]` under `build:`";

const LIBRARIES: &[Library] = &[
    Library {
        crate_name: "pq-sys",
        unless: &["pq-src"],
        what: "libpq",
        why: NONE,
        help: "write `pq-sys = { version = \"0.7\", features = [\"bundled\"] }` into `Cargo.toml`, or write `target: gnu` under `build:` and `base: debian`, `packages: [libpq5]` under `image:`",
        env: &[],
    },
    Library {
        crate_name: "mysqlclient-sys",
        unless: &["mysqlclient-src"],
        what: "libmysqlclient",
        why: NONE,
        help: "write `mysqlclient-sys = { version = \"0.4\", features = [\"bundled\"] }` into `Cargo.toml`, or write `target: gnu`",
        env: &[],
    },
    Library {
        crate_name: "link-cplusplus",
        unless: &[],
        what: "a C++ library",
        why: NONE,
        help: CPLUSPLUS,
        env: &[],
    },
    Library {
        crate_name: "librocksdb-sys",
        unless: &[],
        what: "RocksDB",
        why: NO_CPLUSPLUS,
        help: CPLUSPLUS,
        env: &["ROCKSDB_LIB_DIR", "CXX"],
    },
    Library {
        crate_name: "libduckdb-sys",
        unless: &[],
        what: "DuckDB",
        why: NO_CPLUSPLUS,
        help: CPLUSPLUS,
        env: &["DUCKDB_LIB_DIR", "CXX"],
    },
    Library {
        crate_name: "alsa-sys",
        unless: &[],
        what: "ALSA",
        why: NONE,
        help: "write `target: gnu` and `packages: [libasound2-dev]` under `build:`",
        env: &[],
    },
    Library {
        crate_name: "libudev-sys",
        unless: &[],
        what: "libudev",
        why: NONE,
        help: "write `target: gnu` and `packages: [libudev-dev]` under `build:`",
        env: &[],
    },
    Library {
        crate_name: "rdkafka-sys",
        // By `cmake-build` it is compiled for whatever Cargo compiles for.
        unless: &["cmake"],
        what: "librdkafka",
        why: "its build script compiles that with `gcc`, for glibc",
        help: "write `packages: [musl-tools]` and `env: { CC: musl-gcc }` under `build:`, or write `target: gnu`",
        env: &["CC"],
    },
];

/// Whether a lock has a crate that there may be something to say about: mostly it has none.
pub(crate) fn knows(lock: &Lockfile) -> bool {
    let programs = PROGRAMS.iter().flat_map(|program| program.crates);
    let libraries = LIBRARIES.iter().map(|library| &library.crate_name);
    let mut names = programs.chain(libraries);
    names.any(|name| !lock.named(name).is_empty())
}

/// Those of some packages of a lock, given by their indices.
pub(crate) fn needed<'a>(lock: &'a Lockfile, of: &BTreeSet<usize>) -> Needed<'a> {
    let mut all = Needed::new();
    for index in of {
        let package = &lock.packages[*index];
        all.entry(&package.name).or_default();
        for other in package.dependencies.iter().filter(|one| of.contains(one)) {
            let by = all.entry(&lock.packages[*other].name).or_default();
            by.insert(&package.name);
        }
    }
    all
}

/// The programs that the crates of an image call and its build image does not have, in sentences that say what to
/// write. Only of the official build images it is known what they have, so there is nothing to say of others.
pub(crate) fn programs(image: &ImageSpec, needed: &Needed<'_>) -> Vec<String> {
    let Some(alpine) = official(&image.build.base.value) else {
        return vec![];
    };
    let missing = PROGRAMS.iter().filter_map(|program| {
        let name = program.used_by(needed)?;
        let package = program.packages[usize::from(alpine)];
        let given = is_given(image, package, program.env);
        (!given && !program.is_brought(needed)).then(|| {
            format!(
                "`{name}` needs {}, which the build image does not have: write `packages: [{package}]` under `build:`",
                program.what
            )
        })
    });
    missing.collect()
}

/// The libraries that the crates of an image link and its build image has for glibc alone, for a program with musl;
/// otherwise as [`programs`].
pub(crate) fn libraries(image: &ImageSpec, needed: &Needed<'_>) -> Vec<String> {
    // Alpine's own libraries are for musl.
    if official(&image.build.base.value) != Some(false) {
        return vec![];
    }
    let missing = LIBRARIES.iter().filter_map(|library| {
        let name = library.crate_name;
        let bundled = library.unless.iter().any(|name| needed.contains_key(name));
        (needed.contains_key(name) && !bundled && !sets(image, library.env)).then(|| {
            let (what, why, help) = (library.what, library.why, library.help);
            format!("`{name}` links {what}, and {why}: {help}")
        })
    });
    missing.collect()
}

/// The packages of the official Debian build image that crates need, each with what it is for.
pub(crate) fn packages(needed: &Needed<'_>) -> Vec<(&'static str, String)> {
    let used = PROGRAMS
        .iter()
        .filter(|program| !program.is_brought(needed));
    let packages = used.filter_map(|program| {
        let name = program.used_by(needed)?;
        Some((
            program.packages[0],
            format!("`{name}` needs {}", program.what),
        ))
    });
    packages.collect()
}

/// Whether an image's build installs a package, or says by a variable where what it brings is.
fn is_given(image: &ImageSpec, package: &str, env: &[&str]) -> bool {
    let build = &image.build;
    let installed = build.packages.iter().any(|one| {
        let name = one.value.split(['=', '@', ':', '~', '<', '>']).next();
        // A versioned package such as libclang-19-dev is as good.
        name.is_some_and(|name| name == package || versioned(name, package))
    });
    // A script may install anything.
    let mut scripts = build.run.iter().map(|run| &run.text.value);
    installed || scripts.any(|text| text.contains(package)) || sets(image, env)
}

/// Whether one of these variables is set while an image's crates are compiled.
fn sets(image: &ImageSpec, names: &[&str]) -> bool {
    let mut set = image.build.env.iter();
    set.any(|variable| names.contains(&variable.name.value.as_str()))
}

/// Whether `name` is `package` with a version between its dashes.
fn versioned(name: &str, package: &str) -> bool {
    let (Some((first, rest)), Some((start, end))) = (name.split_once('-'), package.split_once('-'))
    else {
        return false;
    };
    first == start && rest.ends_with(end) && rest.starts_with(|c: char| c.is_ascii_digit())
}

/// For an official build image, whether it is the Alpine one.
fn official(reference: &str) -> Option<bool> {
    let (name, tag) = image_ref::official(reference)?;
    (name == "rust").then(|| tag.contains("alpine"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;
    use crate::spec;

    /// Crates, each with one that depends on it.
    const CRATES: [(&str, &str); 6] = [
        ("aws-lc-sys", "app"),
        ("bindgen", "app"),
        ("cmake", "aws-lc-sys"),
        ("pq-sys", "app"),
        ("prost-build", "app"),
        ("serde", "app"),
    ];

    /// The sentences about programs, then those about libraries.
    fn lines(yaml: &str, crates: &[(&'static str, &'static str)]) -> [Vec<String>; 2] {
        let file = SourceFile::new("Rust.yaml", yaml);
        let (spec, _) = spec::parse(&file, &BTreeMap::new()).unwrap();
        let needed = crates
            .iter()
            .map(|(name, by)| (*name, BTreeSet::from([*by])));
        let (image, needed) = (&spec.images[0], needed.collect());
        [programs(image, &needed), libraries(image, &needed)]
    }

    #[test]
    fn each_hint_has_the_line_to_add() {
        assert_eq!(
            lines("{}", &CRATES).concat(),
            [
                "`prost-build` needs `protoc`, which the build image does not have: write `packages: [protobuf-compiler]` under `build:`",
                "`bindgen` needs libclang, which reads C headers, which the build image does not have: write `packages: [libclang-dev]` under `build:`",
                "`pq-sys` links libpq, and the build image has none for musl: write `pq-sys = { version = \"0.7\", features = [\"bundled\"] }` into `Cargo.toml`, or write `target: gnu` under `build:` and `base: debian`, `packages: [libpq5]` under `image:`",
            ]
        );
    }

    #[test]
    fn a_library_that_compiles_itself_for_glibc_is_told_the_compiler() {
        let crates = [("rdkafka-sys", "app")];
        assert_eq!(
            lines("{}", &crates).concat(),
            [
                "`rdkafka-sys` links librdkafka, and its build script compiles that with `gcc`, for glibc: write `packages: [musl-tools]` and `env: { CC: musl-gcc }` under `build:`, or write `target: gnu`"
            ]
        );
        let given = "build: { packages: [musl-tools], env: { CC: musl-gcc } }\n";
        assert_eq!(lines(given, &crates).concat(), [""; 0]);
        let by_cmake = [crates[0], ("cmake", "rdkafka-sys")];
        let [programs, libraries] = lines("{}", &by_cmake);
        assert_eq!((programs.len(), libraries.len()), (1, 0));
    }

    #[test]
    fn what_is_given_is_no_hint() {
        let yaml = "build: { packages: [libclang-19-dev], env: { PROTOC: /opt/protoc } }\n";
        assert_eq!(lines(yaml, &CRATES)[0], [""; 0]);
        let by_script = "build: { run: [apt-get install -y libclang-dev protobuf-compiler] }\n";
        assert_eq!(lines(by_script, &CRATES)[0], [""; 0]);
        let own = "build: { base: example.com/build }\n";
        assert_eq!(lines(own, &CRATES).concat(), [""; 0]);
        let alpine = "build: { base: \"rust:1-alpine\", packages: [clang-dev, protobuf-dev] }\n";
        assert_eq!(lines(alpine, &CRATES).concat(), [""; 0]);
    }
}
