//! What the list of crates and Cargo's configuration say before anything is compiled: which programs or libraries
//! the build image lacks, and the line that gives them.

mod configuration;
mod downloads;
mod libraries;

use crate::image_ref;
use crate::project::Lockfile;
use crate::spec::ImageSpec;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use configuration::tools;
pub(crate) use downloads::downloads;
pub(crate) use libraries::libraries;

/// Crates by name, each with the names of those that depend on it.
pub(crate) type Needed<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The official build images, by what they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Official {
    /// Debian's, with compilers and the headers of common libraries.
    Full,
    /// Debian's, with the C compiler alone.
    Slim,
    /// Alpine's, with the C compiler alone.
    Alpine,
}

/// What an official build image lacks.
enum Lack {
    Nothing,
    /// These packages have it.
    Packages(&'static [&'static str]),
    /// No package helps: why, and what to write.
    Never(&'static str),
}

use Lack::{Never, Nothing, Packages};

/// A program that crates call when they are compiled, or a library that their build scripts load.
struct Program {
    /// The crates that call it.
    crates: &'static [&'static str],
    /// Crates that bring it, or make it unnecessary.
    unless: &'static [&'static str],
    /// Crates that depend on one of `crates` and do not use it.
    unused_by: &'static [&'static str],
    /// What it is.
    what: &'static str,
    /// What images lack: the full one, the slim one, Alpine's.
    lack: [Lack; 3],
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

    fn lack(&self, official: Official) -> &Lack {
        let [full, slim, alpine] = &self.lack;
        match official {
            Official::Full => full,
            Official::Slim => slim,
            Official::Alpine => alpine,
        }
    }
}

const PROGRAMS: &[Program] = &[
    Program {
        crates: &["prost-build", "tonic-build", "tonic-prost-build"],
        unless: &["protox", "protobuf-src", "protoc-bin-vendored"],
        unused_by: &[],
        what: "`protoc`",
        lack: [
            Packages(&["protobuf-compiler"]),
            Packages(&["protobuf-compiler"]),
            Packages(&["protobuf-dev"]),
        ],
        env: &["PROTOC"],
    },
    Program {
        crates: &["bindgen", "clang"],
        unless: &[],
        // On the usual platforms it has bindings that are made already, and the other is for macOS.
        unused_by: &["aws-lc-sys", "coreaudio-sys"],
        what: "libclang (to read C headers)",
        lack: [
            Packages(&["libclang-dev"]),
            Packages(&["libclang-dev"]),
            // rust-lang/rust-bindgen#2360: they are linked statically.
            Never("build scripts on Alpine cannot load: write `base: rust:1` under `build:`"),
        ],
        env: &["LIBCLANG_PATH"],
    },
    Program {
        crates: &["cmake"],
        unless: &[],
        // It compiles with `cc` on the usual platforms (aws-lc-rs book, "Requirements").
        unused_by: &["aws-lc-sys"],
        what: "`cmake`",
        lack: [
            Packages(&["cmake"]),
            Packages(&["cmake", "make"]),
            Packages(&["cmake", "make"]),
        ],
        env: &["CMAKE"],
    },
    Program {
        crates: &["aws-lc-fips-sys"],
        unless: &[],
        unused_by: &[],
        what: "Go",
        lack: [
            Packages(&["golang-go"]),
            Packages(&["golang-go"]),
            Packages(&["go"]),
        ],
        env: &[],
    },
    Program {
        crates: &["nasm-rs"],
        unless: &[],
        unused_by: &[],
        what: "`nasm`",
        lack: [
            Packages(&["nasm"]),
            Packages(&["nasm"]),
            Packages(&["nasm"]),
        ],
        env: &[],
    },
    Program {
        crates: &["openssl-src"],
        unless: &[],
        unused_by: &[],
        what: "`perl` and `make`",
        lack: [
            Nothing,
            Packages(&["make", "perl"]),
            Packages(&["make", "perl"]),
        ],
        env: &[],
    },
    Program {
        crates: &["tikv-jemalloc-sys"],
        unless: &[],
        unused_by: &[],
        what: "`make`",
        lack: [Nothing, Packages(&["make"]), Packages(&["make"])],
        env: &[],
    },
];

/// Crates by name, each with the names of those that depend on it: those of some packages of a lock, given by their
/// indices.
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

/// Whether a lock has a crate that there may be something to say about: mostly it has none.
pub(crate) fn knows(lock: &Lockfile) -> bool {
    let programs = PROGRAMS.iter().flat_map(|program| program.crates);
    let mut names = programs.copied().chain(libraries::names());
    names.any(|name| !lock.named(name).is_empty())
}

/// The programs that the crates of an image call and its build image does not have, in sentences that say what to
/// write. Only of the official build images it is known what they have, so there is nothing to say of others.
pub(crate) fn programs(image: &ImageSpec, needed: &Needed<'_>) -> Vec<String> {
    let Some(official) = official(&image.build.base.value) else {
        return vec![];
    };
    let missing = PROGRAMS.iter().filter_map(|program| {
        let name = program.used_by(needed)?;
        if program.is_brought(needed) || sets(image, program.env) {
            return None;
        }
        let what = program.what;
        match program.lack(official) {
            Nothing => None,
            Packages(packages) => {
                let list = missing(image, packages)?;
                Some(format!(
                    "`{name}` needs {what}, which the build image does not have: write `packages: [{list}]` under `build:`"
                ))
            }
            Never(why) => Some(format!("`{name}` needs {what}, which {why}")),
        }
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
        let Packages([package, ..]) = program.lack(Official::Full) else {
            return None;
        };
        Some((*package, format!("`{name}` needs {}", program.what)))
    });
    packages.collect()
}

/// Those of some packages that an image's build does not install, as a list to write; nothing if it installs all.
fn missing(image: &ImageSpec, packages: &[&str]) -> Option<String> {
    let lacking = packages.iter().filter(|package| !is_given(image, package));
    let list: Vec<&str> = lacking.copied().collect();
    (!list.is_empty()).then(|| list.join(", "))
}

/// Whether an image's build installs a package.
fn is_given(image: &ImageSpec, package: &str) -> bool {
    let build = &image.build;
    let installed = build.packages.iter().any(|one| {
        let name = one.value.split(['=', '@', ':', '~', '<', '>']).next();
        // A versioned package such as libclang-19-dev is as good.
        name.is_some_and(|name| name == package || versioned(name, package))
    });
    // A script may install anything.
    let mut scripts = build.run.iter().map(|run| &run.text.value);
    installed || scripts.any(|text| text.contains(package))
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

/// Which official build image it is, if it is one.
fn official(reference: &str) -> Option<Official> {
    let (name, tag) = image_ref::official(reference)?;
    let kind = match tag {
        _ if tag.contains("alpine") => Official::Alpine,
        _ if tag.contains("slim") => Official::Slim,
        _ => Official::Full,
    };
    (name == "rust").then_some(kind)
}

/// Whether a build image is Alpine's official one; `None` if it is not one of the official images.
pub(crate) fn is_alpine(reference: &str) -> Option<bool> {
    official(reference).map(|official| official == Official::Alpine)
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
        ("openssl-src", "openssl-sys"),
        ("prost-build", "app"),
        ("serde", "app"),
    ];

    const PROTOC: &str =
        "`prost-build` needs `protoc`, which the build image does not have: write `packages: ";

    pub(super) fn image(yaml: &str) -> ImageSpec {
        let file = SourceFile::new("Rust.yaml", yaml);
        let (spec, _) = spec::parse(&file, &BTreeMap::new()).unwrap();
        spec.images[0].clone()
    }

    pub(super) fn all<'a>(crates: &[(&'a str, &'a str)]) -> Needed<'a> {
        let mut all = Needed::new();
        for (name, by) in crates {
            all.entry(name).or_default().insert(by);
        }
        all
    }

    fn lines(yaml: &str) -> Vec<String> {
        programs(&image(yaml), &all(&CRATES))
    }

    #[test]
    fn each_hint_has_the_line_to_add() {
        assert_eq!(
            lines("{}"),
            [
                format!("{PROTOC}[protobuf-compiler]` under `build:`"),
                "`bindgen` needs libclang (to read C headers), which the build image does not have: write `packages: [libclang-dev]` under `build:`".into(),
            ]
        );
    }

    #[test]
    fn images_lack_different_things() {
        let slim = "build: { base: \"rust:1-slim\", packages: [perl, libclang-dev] }\n";
        assert_eq!(
            lines(slim),
            [
                format!("{PROTOC}[protobuf-compiler]` under `build:`"),
                "`openssl-src` needs `perl` and `make`, which the build image does not have: write `packages: [make]` under `build:`".into(),
            ]
        );
        let alpine = "build: { base: \"rust:1-alpine\", packages: [clang-dev, make, perl] }\n";
        assert_eq!(
            lines(alpine),
            [
                format!("{PROTOC}[protobuf-dev]` under `build:`"),
                "`bindgen` needs libclang (to read C headers), which build scripts on Alpine cannot load: write `base: rust:1` under `build:`".into(),
            ]
        );
    }

    #[test]
    fn what_is_given_is_no_hint() {
        let yaml = "build: { packages: [libclang-19-dev], env: { PROTOC: /opt/protoc } }\n";
        assert_eq!(lines(yaml), [""; 0]);
        let by_script = "build: { run: [apt-get install -y libclang-dev protobuf-compiler] }\n";
        assert_eq!(lines(by_script), [""; 0]);
        let own = "build: { base: example.com/build }\n";
        assert_eq!(lines(own), [""; 0]);
    }
}
