//! Programs that Cargo's configuration names: what helps on a developer's machine is not in the build image.

use super::{is_given, official, sets};
use crate::platform::{Libc, Platform, applies};
use crate::project::{CargoConfig, rustflags};
use crate::source::file_name;
use crate::spec::ImageSpec;
use std::collections::BTreeSet;
use toml::Value;

/// Programs, and the packages that have them, in Debian and in Alpine.
const TOOLS: [(&str, &str); 8] = [
    ("clang", "clang"),
    ("clang++", "clang"),
    ("ld.lld", "lld"),
    ("lld", "lld"),
    ("ld.mold", "mold"),
    ("mold", "mold"),
    ("ccache", "ccache"),
    ("sccache", "sccache"),
];

/// Variables that take the place of wrappers in a configuration.
const WRAPPERS: [&str; 4] = [
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
];

/// The programs that an image is compiled with and its build image does not have, in sentences as those of
/// [`super::programs`].
///
/// With `--target` the linker of the machine's own triple is still that of build scripts and macros (cargo,
/// src/compiler/build_context/target_info.rs).
pub(crate) fn tools(image: &ImageSpec, configs: &[CargoConfig]) -> Vec<String> {
    if official(&image.build.base.value).is_none() {
        return vec![];
    }
    let mut missing = vec![];
    for config in configs {
        let named = named(&config.table);
        let tools = TOOLS.iter().filter(|(program, _)| named.contains(program));
        for (program, package) in tools
            .filter(|(_, package)| !is_given(image, package) && !sets(image, instead_of(package)))
        {
            let file = config.file.name();
            missing.push(format!(
                "`{file}` names `{program}`, which the build image does not have: write `packages: [{package}]` under `build:`"
            ));
        }
    }
    missing
}

/// Variables that override a configuration which names this package's program.
fn instead_of(package: &str) -> &'static [&'static str] {
    match package {
        "ccache" | "sccache" => &WRAPPERS,
        _ => &[],
    }
}

/// The names of the programs that a configuration links with or starts rustc by.
fn named(config: &toml::Table) -> BTreeSet<&str> {
    let build = config.get("build");
    let wrappers = ["rustc-wrapper", "rustc-workspace-wrapper"];
    let wrappers = wrappers.iter().filter_map(|key| build?.get(key)?.as_str());
    let mut named: BTreeSet<&str> = wrappers.collect();
    named.extend(build.into_iter().flat_map(of_flags));
    let targets = config.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flatten();
    for (_, table) in targets.filter(|(target, _)| is_of_linux(target)) {
        named.extend(table.get("linker").and_then(Value::as_str));
        named.extend(of_flags(table));
    }
    // A path is one of the project, unless it is from the root.
    let programs = named
        .into_iter()
        .filter(|path| !path.contains('/') || path.starts_with('/'));
    programs.map(file_name).collect()
}

/// The linkers that flags of a table name.
fn of_flags(table: &Value) -> Vec<&str> {
    let named = rustflags(table).into_iter().filter_map(|flag| {
        let (_, name) = flag.split_once("-fuse-ld=").or_else(|| {
            flag.strip_prefix("-C")
                .unwrap_or(flag)
                .split_once("linker=")
        })?;
        Some(name)
    });
    named.collect()
}

/// Whether a table `[target.X]` may be about what is compiled, on whatever platform.
fn is_of_linux(target: &str) -> bool {
    if !target.starts_with("cfg(") {
        let others = ["windows", "apple", "darwin", "wasm", "android"];
        return !others.iter().any(|other| target.contains(other));
    }
    const PROCESSORS: [&str; 8] = [
        "386", "amd64", "arm", "arm64", "loong64", "ppc64le", "riscv64", "s390x",
    ];
    let platforms = PROCESSORS.iter().map(|name| Platform::linux(name));
    let mut triples =
        platforms.flat_map(|platform| [Libc::Musl, Libc::Gnu].map(|libc| platform.triple(libc)));
    triples.any(|triple| triple.is_some_and(|triple| applies(target, triple) != Some(false)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;
    use crate::spec;
    use std::collections::BTreeMap;

    /// What is said of a spec whose project links with clang and mold.
    fn said(yaml: &str) -> Vec<String> {
        let text = "[target.x86_64-unknown-linux-gnu]\nlinker = \"clang\"\nrustflags = [\"-Clink-arg=-fuse-ld=mold\"]\n";
        let config = CargoConfig {
            file: SourceFile::new(".cargo/config.toml", text),
            path: ".cargo/config.toml".into(),
            dir: String::new(),
            table: text.parse().unwrap(),
            paths: vec![],
            network_paths: vec![],
            patched_dirs: vec![],
        };
        let file = SourceFile::new("Rust.yaml", yaml);
        let (spec, _) = spec::parse(&file, &BTreeMap::new()).unwrap();
        tools(&spec.images[0], &[config])
    }

    #[test]
    fn what_no_package_brings_is_said() {
        assert_eq!(
            said("{}"),
            [
                "`.cargo/config.toml` names `clang`, which the build image does not have: write `packages: [clang]` under `build:`",
                "`.cargo/config.toml` names `mold`, which the build image does not have: write `packages: [mold]` under `build:`",
            ]
        );
        assert_eq!(
            said("build: { packages: [clang-19, clang], run: [install mold] }"),
            [""; 0]
        );
        assert_eq!(said("build: { base: example.com/rust }"), [""; 0]);
    }

    fn names(text: &str) -> Vec<String> {
        let table: toml::Table = text.parse().unwrap();
        named(&table).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn linkers_and_wrappers_are_found_wherever_they_are_named() {
        let text = r#"
            [build]
            rustc-wrapper = "/usr/bin/sccache"
            rustflags = "-Clinker=clang -C target-cpu=native"
            [target.x86_64-unknown-linux-gnu]
            linker = "clang++"
            rustflags = ["-C", "link-arg=-fuse-ld=mold"]
            [target.'cfg(target_os = "linux")']
            rustflags = ["-Clink-arg=-fuse-ld=/opt/ld.lld"]
            [target.'cfg(windows)']
            linker = "lld"
            [target.'cfg(all(unix, not(target_os = "macos")))']
            linker = "ld.mold"
        "#;
        assert_eq!(
            names(text),
            ["clang", "clang++", "ld.lld", "ld.mold", "mold", "sccache"]
        );
        assert_eq!(names("[target.x]\nrustflags = [1]\n"), [""; 0]);
    }
}
