//! The `build:` block that the compiling stages of a Dockerfile ask for.

use super::build::{Compile, deduplicated};
use super::cargo::Cargo;
use super::draft::{Block, list, mapping, scalar};
use super::image::Image;
use super::migrate::Reader;
use crate::project::Package;
use crate::spec::is_reserved;

const APART: &str = "an image has those of one package; make it an image of its own under `images`";

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
            Some("dev") => build.set("profile", "dev".into(), "as before: not optimized"),
            Some(profile) => build.set("profile", scalar(profile), ""),
        }
        match cargo.target.as_deref() {
            Some(triple) if triple.ends_with("-linux-musl") => {}
            Some(triple) if triple.ends_with("-linux-gnu") => build.set("target", "gnu".into(), ""),
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

    /// The package of an image and those of its binaries that are the package's.
    pub(super) fn selection(&mut self, image: &Image, compile: &Compile, build: &mut Block) {
        let cargo = &compile.cargo;
        let bins = match image.bins.is_empty() {
            true => &cargo.bins,
            false => &image.bins,
        };
        let project = self.project;
        let members = || project.packages.iter().filter(|package| package.is_member);
        let Some(package) = chosen(members(), bins.first(), cargo) else {
            return;
        };
        if members().count() > 1 {
            build.set("package", scalar(&package.name), "");
        }
        let (own, others): (Vec<&String>, Vec<&String>) =
            bins.iter().partition(|bin| has(package, bin));
        if package.bins().count() > 1 {
            build.set_list("bin", &own);
        }
        for bin in others {
            let line = image.copied_at.get(bin).unwrap_or(&image.line);
            let of = members().find(|package| has(package, bin));
            let of = of.map_or("none", |package| package.name.as_str());
            let what = format!("{bin} is a program of package {of}: {APART}");
            self.said.left(*line, what);
        }
        let built = members().filter(|one| cargo.packages.contains(&one.name));
        let lost = built.filter(|one| one.name != package.name && one.bins().next().is_some());
        if bins.is_empty() {
            for one in lost {
                let what = format!("package {} has programs, too: {APART}", one.name);
                self.said.left(image.line, what);
            }
        }
    }
}

/// The package that a program is of, or the last that cargo's flags name.
fn chosen<'a>(
    members: impl Iterator<Item = &'a Package> + Clone,
    bin: Option<&String>,
    cargo: &Cargo,
) -> Option<&'a Package> {
    let named = |package: &&Package| cargo.packages.contains(&package.name);
    let mut fitting = members
        .clone()
        .filter(|package| bin.is_some_and(|bin| has(package, bin)));
    let of_bin = fitting.clone().find(named).or_else(|| fitting.next());
    let of_flag = || {
        let last = cargo.packages.last()?;
        members.clone().find(|package| package.name == *last)
    };
    of_bin.or_else(of_flag)
}

fn has(package: &Package, bin: &str) -> bool {
    package.bins().any(|known| known.name == bin)
}

/// The name of an image among several: its stage's, or its program's.
pub(super) fn image_name(stage: &str, bins: &[String]) -> String {
    let name = match stage {
        "" => bins.first().map_or("image", String::as_str),
        stage => stage,
    };
    let name = name.to_lowercase();
    match is_reserved(&name) {
        true => format!("{name}-image"),
        false => name,
    }
}
