//! The `build:` block that the compiling stages of a Dockerfile ask for.

use super::build::{Compile, deduplicated};
use super::draft::{Block, list, mapping, scalar};
use super::migrate::Reader;
use crate::spec::RESERVED_STAGES;

impl Reader<'_> {
    /// The settings that all images have in common.
    pub(super) fn finish(&mut self, compile: &Compile, glibc: bool, build: &mut Block) {
        let cargo = &compile.cargo;
        if let Some(base) = &compile.base {
            build.set("base", scalar(base), "");
        }
        if let Some(toolchain) = &cargo.toolchain {
            build.set("toolchain", scalar(toolchain), "");
        }
        build.set_list("features", &cargo.features);
        if cargo.no_default_features {
            build.set("default-features", "false".into(), "");
        }
        let profile = cargo.profile.as_deref().filter(|name| *name != "release");
        match profile {
            profile if cargo.strip => {
                let name = profile.map(|name| ("name", scalar(name)));
                let strip = [("strip", "symbols".to_owned())];
                let pairs: Vec<_> = name.into_iter().chain(strip).collect();
                build.set("profile", mapping(&pairs), "");
            }
            None => {}
            Some("dev") => build.set("profile", "dev".into(), "as before: not optimised"),
            Some(profile) => build.set("profile", scalar(profile), ""),
        }
        match cargo.target.as_deref() {
            Some(triple) if triple.ends_with("musl") => {}
            Some(triple) if triple.ends_with("linux-gnu") => build.set("target", "gnu".into(), ""),
            Some(triple) => build.set("target", scalar(triple), ""),
            None if glibc => build.set(
                "target",
                "gnu".into(),
                "as before; without this line the program is static",
            ),
            None => {}
        }
        let mut packages = compile.packages.clone();
        packages.sort();
        packages.dedup();
        build.set_list("packages", &packages);
        build.set_map("env", &deduplicated(&compile.env));
        build.set_map("stamp", &deduplicated(&compile.stamp));
        build.set_list("rustflags", &compile.rustflags);
        if !compile.secrets.is_empty() {
            build.set("secrets", format!("[{}]", compile.secrets.join(", ")), "");
        }
        if compile.ssh {
            build.set("ssh", list(&["default"]), "");
        }
        if !compile.run.is_empty() {
            build.set("run", format!("[{}]", compile.run.join(", ")), "");
        }
    }

    /// The package and the binaries of an image that has `bins`, if it says so; else of cargo's flags.
    pub(super) fn selection(&self, bins: &[String], compile: &Compile, build: &mut Block) {
        let cargo = &compile.cargo;
        let bins = if bins.is_empty() { &cargo.bins } else { bins };
        let of_bin = |bin: &String| {
            let mut packages = self
                .project
                .packages
                .iter()
                .filter(|package| package.is_member);
            packages.find(|package| package.bins().any(|known| known.name == *bin))
        };
        let of_flag = |name: &String| {
            let mut packages = self.project.packages.iter();
            packages.find(|package| package.is_member && package.name == *name)
        };
        let package = bins.first().and_then(of_bin);
        let Some(package) = package.or_else(|| cargo.packages.last().and_then(of_flag)) else {
            return;
        };
        let members = self
            .project
            .packages
            .iter()
            .filter(|package| package.is_member);
        if members.count() > 1 {
            build.set("package", scalar(&package.name), "");
        }
        let all: Vec<&str> = package.bins().map(|bin| bin.name.as_str()).collect();
        if all.len() > 1 {
            build.set_list("bin", bins);
        }
    }
}

/// The name of an image among several: its stage's, or its program's.
pub(super) fn image_name(stage: &str, bins: &[String]) -> String {
    let name = match stage {
        "" => bins.first().map_or("image", String::as_str),
        stage => stage,
    };
    let name = name.to_lowercase();
    let of_each = ["-debug", "-symbols"].iter().any(|end| name.ends_with(end));
    match of_each || RESERVED_STAGES.contains(&name.as_str()) {
        true => format!("{name}-image"),
        false => name,
    }
}
