//! What an image compiles: its package, binaries, features and profile.

mod settings;

use super::{Package, Project, Selection, features, place};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::source::{Location, Span, Spanned};
use crate::spec::{ImageSpec, Spec};

/// How many candidates an error lists.
const LISTED: usize = 12;

pub(super) fn select(
    project: &Project,
    spec: &Spec,
    image: &ImageSpec,
) -> Result<Selection, Diagnostics> {
    let name = image.name.as_ref().and_then(|name| name.span);
    let chooser = Chooser {
        project,
        spec,
        image,
        block: spec.file.place(image.build.span.or(name)).span,
    };
    let mut found = Diagnostics::default();
    let package = chooser.package(&mut found);
    chooser.profile(&mut found);
    chooser.profile_settings(&mut found);
    chooser.toolchain(&mut found);
    let Some(package) = package else {
        return Err(found);
    };
    let features = chooser.features(package, &mut found);
    let bins = chooser.bins(package, &features, &mut found);
    let qualify = |feature: String| match project.qualifies_features(package) {
        true => format!("{}/{feature}", project.packages[package].name),
        false => feature,
    };
    let selection = Selection {
        package,
        bins,
        features: features.into_iter().map(qualify).collect(),
        default_features: *image.build.default_features,
        profile: image.build.profile.value.clone(),
        closure: project.closure(package, false),
    };
    found.into_result(selection).map(|(selection, _)| selection)
}

pub(super) fn for_tests(project: &Project, selection: &Selection) -> Vec<Selection> {
    project
        .members()
        .map(|package| Selection {
            package,
            bins: names(&project.packages[package]),
            closure: project.closure(package, true),
            features: match package == selection.package {
                true => selection.features.clone(),
                false => Vec::new(),
            },
            ..selection.clone()
        })
        .collect()
}

fn names(package: &Package) -> Vec<String> {
    package.bins().map(|bin| bin.name.clone()).collect()
}

struct Chooser<'a> {
    project: &'a Project,
    spec: &'a Spec,
    image: &'a ImageSpec,
    /// The place of what nobody wrote.
    block: Span,
}

impl Chooser<'_> {
    fn at<T>(&self, value: &Spanned<T>) -> Location {
        self.spec.file.at(place(value, self.block))
    }

    fn package(&self, found: &mut Diagnostics) -> Option<usize> {
        let packages = &self.project.packages;
        if let Some(wanted) = &self.image.build.package {
            let name = |index: &usize| packages[*index].name == wanted.value;
            let package = self.project.members().find(name);
            if package.is_none() {
                let members = self.project.members();
                let known: Vec<&str> = members.map(|index| &*packages[index].name).collect();
                found.push(
                    Diagnostic::error("unknown-package", format!("no package `{}`", wanted.value))
                        .at(self.at(wanted))
                        .help(suggest(&wanted.value, &known, "packages")),
                );
            }
            return package;
        }
        // As `cargo build` without `-p`; if that has no binary, any member.
        let fitting = |index: &usize| self.fits(&packages[*index]);
        let mut fit: Vec<usize> = self
            .project
            .default_members
            .iter()
            .copied()
            .filter(fitting)
            .collect();
        if fit.is_empty() {
            fit = self.project.members().filter(fitting).collect();
        }
        match fit[..] {
            [one] => Some(one),
            [] => self.nothing_fits(found),
            _ => {
                let line = |index: &usize| {
                    let package = &packages[*index];
                    let bins = names(package);
                    match (self.image.build.bin.is_empty(), &bins[..]) {
                        (true, [_, _, ..]) if package.default_run.is_none() => bins
                            .iter()
                            .map(|bin| {
                                format!("`build: {{ package: {}, bin: {bin} }}`", package.name)
                            })
                            .collect::<Vec<_>>(),
                        _ => vec![format!("`build: {{ package: {} }}`", package.name)],
                    }
                };
                let lines: Vec<String> = fit.iter().flat_map(line).collect();
                found.push(
                    Diagnostic::error("several-binaries", "several packages have a binary")
                        .at(self.spec.file.at(self.block))
                        .help(format!("write one of {}", listed(&lines))),
                );
                None
            }
        }
    }

    /// Whether a package has what the spec asks for, or any binary if it asks for none.
    fn fits(&self, package: &Package) -> bool {
        let has = |wanted: &Spanned<String>| package.bins().any(|bin| bin.name == wanted.value);
        package.bins().next().is_some() && self.image.build.bin.iter().all(has)
    }

    fn nothing_fits(&self, found: &mut Diagnostics) -> Option<usize> {
        let packages = &self.project.packages;
        let members = self.project.members();
        let with_bins: Vec<usize> = members
            .filter(|index| packages[*index].bins().next().is_some())
            .collect();
        if with_bins.is_empty() {
            found.push(
                Diagnostic::error("no-binary", "no package of this workspace has a binary")
                    .at(self.spec.file.at(self.block))
                    .help("add `src/main.rs`, or a `[[bin]]` section to `Cargo.toml`; `.dockerignore` may name them"),
            );
        } else if let [one] = with_bins[..] {
            // Errors about names are made where the package is known.
            return Some(one);
        } else {
            let known: Vec<String> = with_bins
                .iter()
                .flat_map(|i| names(&packages[*i]))
                .collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            for bin in &self.image.build.bin {
                let (message, help) = match known.contains(&bin.value.as_str()) {
                    true => (
                        format!("no package has `{}` and the other binaries", bin.value),
                        "the binaries of one image come from one package: make several `images`"
                            .into(),
                    ),
                    false => (
                        format!("no binary `{}`", bin.value),
                        suggest(&bin.value, &known, "binaries"),
                    ),
                };
                found.push(
                    Diagnostic::error("unknown-bin", message)
                        .at(self.at(bin))
                        .help(help),
                );
            }
        }
        None
    }

    fn bins(&self, package: usize, wanted: &[String], found: &mut Diagnostics) -> Vec<String> {
        let package = &self.project.packages[package];
        let on = features::enabled(
            package,
            wanted.iter().map(String::as_str),
            *self.image.build.default_features,
        );
        let missing = |name: &str| -> Vec<String> {
            let bin = package.bins().find(|bin| bin.name == name);
            let required = bin.into_iter().flat_map(|bin| &bin.required_features);
            // Whether a feature of a dependency is on depends on all that ask for one: Cargo tells when it compiles.
            required
                .filter(|feature| !feature.contains('/') && !on.contains(*feature))
                .cloned()
                .collect()
        };
        match self.image.build.bin.is_empty() {
            true => self.default_bins(package, &missing, found),
            false => self.named_bins(package, &missing, found),
        }
    }

    /// What is built of a package where the spec names no binary. `missing`: the features that a binary needs and that
    /// are off.
    fn default_bins(
        &self,
        package: &Package,
        missing: &dyn Fn(&str) -> Vec<String>,
        found: &mut Diagnostics,
    ) -> Vec<String> {
        let all = names(package);
        let known: Vec<&str> = all.iter().map(String::as_str).collect();
        if let Some(default) = &package.default_run {
            if !all.contains(default) {
                let message = format!(
                    "`default-run` of package `{}` is not one of its binaries: `{default}`",
                    package.name
                );
                let error = Diagnostic::error("unknown-bin", message);
                let error = error.at(package.manifest.at(package.name_span));
                found.push(error.help(suggest(default, &known, "binaries")));
                return all;
            }
            self.required(default, &missing(default), self.block, found);
            return vec![default.clone()];
        }
        let is_buildable = |name: &&str| missing(name).is_empty();
        let buildable: Vec<&str> = known.into_iter().filter(is_buildable).collect();
        match (&all[..], &buildable[..]) {
            ([], _) => {
                let place = match &self.image.build.package {
                    Some(name) => self.at(name),
                    None => self.spec.file.at(self.block),
                };
                let message = format!("package `{}` has no binary", package.name);
                found.push(
                    Diagnostic::error("no-binary", message)
                        .at(place)
                        .help("add `src/main.rs`, or name another `build.package`"),
                );
            }
            ([one], _) => self.required(one, &missing(one), self.block, found),
            (_, [one]) => return vec![(*one).to_owned()],
            _ => {
                let lines = all.iter().map(|bin| format!("`build: {{ bin: {bin} }}`"));
                let lines: Vec<String> = lines.collect();
                let message = format!("package `{}` has several binaries", package.name);
                found.push(
                    Diagnostic::error("several-binaries", message)
                        .at(self.spec.file.at(self.block))
                        .help(format!(
                            "write one of {}, or set `default-run` in `{}`",
                            listed(&lines),
                            package.manifest.name()
                        )),
                );
            }
        }
        all
    }

    /// The binaries of a package that the spec names; `missing` as for [`Self::default_bins`].
    fn named_bins(
        &self,
        package: &Package,
        missing: &dyn Fn(&str) -> Vec<String>,
        found: &mut Diagnostics,
    ) -> Vec<String> {
        let all = names(package);
        let known: Vec<&str> = all.iter().map(String::as_str).collect();
        let mut bins: Vec<String> = Vec::new();
        for bin in &self.image.build.bin {
            if !all.contains(&bin.value) {
                found.push(
                    Diagnostic::error(
                        "unknown-bin",
                        format!("package `{}` has no binary `{}`", package.name, bin.value),
                    )
                    .at(self.at(bin))
                    .help(suggest(&bin.value, &known, "binaries")),
                );
            } else if !bins.contains(&bin.value) {
                self.required(
                    &bin.value,
                    &missing(&bin.value),
                    place(bin, self.block),
                    found,
                );
                bins.push(bin.value.clone());
            }
        }
        bins
    }

    fn required(&self, bin: &str, missing: &[String], span: Span, found: &mut Diagnostics) {
        if missing.is_empty() {
            return;
        }
        let features = missing.join(", ");
        found.push(
            Diagnostic::error(
                "required-features",
                format!("binary `{bin}` needs features that are off: {features}"),
            )
            .at(self.spec.file.at(span))
            .help(format!("write `build: {{ features: [{features}] }}`")),
        );
    }

    /// The features, checked, sorted, without doubles and without the package's own name before them.
    fn features(&self, package: usize, found: &mut Diagnostics) -> Vec<String> {
        let package = &self.project.packages[package];
        let known = package.feature_names();
        let mut list = Vec::new();
        for feature in &self.image.build.features {
            let own = format!("{}/", package.name);
            let name = feature.value.strip_prefix(&own).unwrap_or(&feature.value);
            let (head, is_dependency) = match name.split_once('/') {
                Some((dependency, _)) => (dependency.trim_end_matches('?'), true),
                None => (name, false),
            };
            let exists = match is_dependency {
                true => package
                    .dependencies
                    .iter()
                    .any(|dependency| dependency.name == head),
                false => known.contains(head) || head == "default",
            };
            if !exists {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                found.push(
                    Diagnostic::error(
                        "unknown-feature",
                        format!(
                            "package `{}` has no feature `{}`",
                            package.name, feature.value
                        ),
                    )
                    .at(self.at(feature))
                    .help(suggest(head, &known, "features")),
                );
            }
            list.push(name.to_owned());
        }
        list.sort();
        list.dedup();
        list
    }
}

/// The nearest known name, or all of them.
fn suggest(name: &str, known: &[&str], what: &str) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("there are no {what}"),
        None => {
            let quoted: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            format!("{what}: {}", listed(&quoted))
        }
    }
}

fn listed(lines: &[String]) -> String {
    let more = lines.len().saturating_sub(LISTED);
    let mut text = lines[..lines.len() - more].join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
