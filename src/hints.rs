//! What the list of crates says before anything is compiled: which need programs or libraries that the
//! build image does not have, and the line that gives them.
//!
//! A pure function, so that a build can warn with it and a lint can find with it.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::{ImageSpec, Spec};
use std::collections::{BTreeMap, BTreeSet};

/// The code of hints about programs of the build image.
pub const MISSING_PROGRAM: &str = "missing-program";
/// The code of hints about libraries that a musl program cannot be linked with.
pub const MISSING_LIBRARY: &str = "missing-library";

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
    fn used_by(&self, needed: &BTreeMap<&str, BTreeSet<&str>>) -> Option<&'static str> {
        let mut crates = self.crates.iter().copied();
        crates.find(|name| {
            let by = needed.get(name);
            by.is_some_and(|by| by.is_empty() || by.iter().any(|by| !self.unused_by.contains(by)))
        })
    }

    /// Whether crates of a lock bring it.
    fn is_brought(&self, needed: &BTreeMap<&str, BTreeSet<&str>>) -> bool {
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
        crates: &["clang-sys"],
        unless: &[],
        unused_by: &[],
        what: "libclang, with which bindgen reads C headers",
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

const LIBRARIES: &[Library] = &[
    Library {
        crate_name: "pq-sys",
        unless: &["pq-src"],
        what: "libpq",
        why: NONE,
        help: "write `pq-sys = { version = \"0.7\", features = [\"bundled\"] }` into `Cargo.toml`, or write `target: gnu`",
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
        help: "write `target: gnu`, or `base: rust:1-alpine` under `build:`",
        env: &[],
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

/// What to know before `image` is compiled for `triple`.
///
/// `lock` is what a recipe keeps of `Cargo.lock`: the packages that this image is made of. Only of the
/// official build images it is known what they have, so there is no hint for others.
pub fn hints(spec: &Spec, image: &ImageSpec, triple: &str, lock: &str) -> Diagnostics {
    let mut found = Diagnostics::default();
    let Some(alpine) = official(&image.build.base.value) else {
        return found;
    };
    let needed = needed(lock);
    // Engines show the message alone under a failing step, so what to write is in it.
    let mut add = |code, message: String, help: &str| {
        let diagnostic = Diagnostic::warning(code, format!("{message}: {help}"));
        found.push(match image.build.span {
            Some(span) => diagnostic.at(spec.file.at(span)),
            None => diagnostic,
        });
    };
    for program in PROGRAMS {
        let package = program.packages[usize::from(alpine)];
        let given = image.build.packages.iter().any(|one| {
            let name = one.value.split(['=', '@', ':', '~', '<', '>']).next();
            // A versioned package such as libclang-19-dev is as good; a script may install anything.
            name.is_some_and(|name| name == package || versioned(name, package))
        }) || image
            .build
            .run
            .iter()
            .any(|run| run.text.value.contains(package))
            || image
                .build
                .env
                .iter()
                .any(|var| program.env.contains(&var.name.value.as_str()));
        let brought = program.is_brought(&needed);
        if let (Some(name), false, false) = (program.used_by(&needed), given, brought) {
            let what = program.what;
            add(
                MISSING_PROGRAM,
                format!("`{name}` needs {what}, which the build image does not have"),
                &format!("write `packages: [{package}]` under `build:`"),
            );
        }
    }
    // Alpine's own libraries are for musl.
    if triple.contains("musl") && !alpine {
        for library in LIBRARIES {
            let name = library.crate_name;
            let bundled = library.unless.iter().any(|name| needed.contains_key(name));
            let mut env = image.build.env.iter();
            let settled = env.any(|var| library.env.contains(&var.name.value.as_str()));
            if needed.contains_key(name) && !bundled && !settled {
                let (what, why) = (library.what, library.why);
                let message = format!("`{name}` links {what}, and {why}");
                add(MISSING_LIBRARY, message, library.help);
            }
        }
    }
    found
}

/// The packages of the official Debian build image that the crates of a lock need, each with what it is for.
pub(crate) fn packages(lock: &str) -> Vec<(&'static str, String)> {
    let needed = needed(lock);
    let used = PROGRAMS
        .iter()
        .filter(|program| !program.is_brought(&needed));
    let packages = used.filter_map(|program| {
        let name = program.used_by(&needed)?;
        Some((
            program.packages[0],
            format!("`{name}` needs {}", program.what),
        ))
    });
    packages.collect()
}

/// Whether `name` is `package` with a version between its dashes.
fn versioned(name: &str, package: &str) -> bool {
    let (Some((first, rest)), Some((start, end))) = (name.split_once('-'), package.split_once('-'))
    else {
        return false;
    };
    first == start && rest.ends_with(end) && rest.starts_with(|c: char| c.is_ascii_digit())
}

/// For each crate of a lock, those that depend on it.
fn needed(lock: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for block in lock.split("[[package]]").skip(1) {
        let quoted = |line: &'_ str| -> Option<(usize, usize)> {
            let start = line.find('"')? + 1;
            Some((start, start + line[start..].find('"')?))
        };
        let mut lines = block.lines();
        let name = lines
            .find_map(|line| line.strip_prefix("name = \"")?.split('"').next())
            .unwrap_or_default();
        all.entry(name).or_default();
        for line in lines.filter(|line| line.starts_with(" \"")) {
            if let Some((start, end)) = quoted(line) {
                let dependency = line[start..end].split(' ').next().unwrap_or_default();
                all.entry(dependency).or_default().insert(name);
            }
        }
    }
    all
}

/// For an official build image, whether it is the Alpine one.
fn official(reference: &str) -> Option<bool> {
    let name = reference.split('@').next().unwrap_or_default();
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    let name = name.strip_prefix("library/").unwrap_or(name);
    let (name, tag) = name.split_once(':').unwrap_or((name, ""));
    (name == "rust").then(|| tag.contains("alpine"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;
    use crate::spec;

    const LOCK: &str = r#"version = 4
[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "aws-lc-sys",
 "clang-sys",
 "pq-sys",
 "prost-build",
]

[[package]]
name = "aws-lc-sys"
version = "0.30.0"
dependencies = [
 "cmake",
]

[[package]]
name = "clang-sys"
version = "1.0.0"

[[package]]
name = "cmake"
version = "0.1.0"

[[package]]
name = "pq-sys"
version = "0.7.0"

[[package]]
name = "prost-build"
version = "0.14.0"
"#;

    fn lines(yaml: &str, lock: &str, triple: &str) -> Vec<String> {
        let file = SourceFile::new("Rust.yaml", yaml);
        let (spec, _) = spec::parse(&file, &BTreeMap::new()).unwrap();
        let found = hints(&spec, &spec.images[0], triple, lock).sorted();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_hint_has_the_line_to_add() {
        assert_eq!(
            lines("{}", LOCK, "x86_64-unknown-linux-musl"),
            [
                "`prost-build` needs `protoc`, which the build image does not have: write `packages: [protobuf-compiler]` under `build:`",
                "`clang-sys` needs libclang, with which bindgen reads C headers, which the build image does not have: write `packages: [libclang-dev]` under `build:`",
                "`pq-sys` links libpq, and the build image has none for musl: write `pq-sys = { version = \"0.7\", features = [\"bundled\"] }` into `Cargo.toml`, or write `target: gnu`",
            ]
        );
    }

    #[test]
    fn a_library_that_compiles_itself_for_glibc_is_told_the_compiler() {
        let lock = "[[package]]\nname = \"rdkafka-sys\"\n";
        let musl = "x86_64-unknown-linux-musl";
        assert_eq!(
            lines("{}", lock, musl),
            [
                "`rdkafka-sys` links librdkafka, and its build script compiles that with `gcc`, for glibc: write `packages: [musl-tools]` and `env: { CC: musl-gcc }` under `build:`, or write `target: gnu`"
            ]
        );
        let given = "build: { packages: [musl-tools], env: { CC: musl-gcc } }\n";
        assert!(lines(given, lock, musl).is_empty());
        assert!(lines("{}", lock, "x86_64-unknown-linux-gnu").is_empty());
    }

    #[test]
    fn what_is_given_is_no_hint() {
        let yaml = "build: { packages: [libclang-19-dev], env: { PROTOC: /opt/protoc } }\n";
        assert!(lines(yaml, LOCK, "x86_64-unknown-linux-gnu").is_empty());
        let own = "build: { base: example.com/build }\n";
        assert!(lines(own, LOCK, "x86_64-unknown-linux-musl").is_empty());
        let alpine = "build: { base: \"rust:1-alpine\", packages: [clang-dev, protobuf-dev] }\n";
        assert!(lines(alpine, LOCK, "x86_64-unknown-linux-musl").is_empty());
    }
}
