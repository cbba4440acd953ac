//! Which images of a spec compile their dependencies in one step.
//!
//! Cargo unifies the features of all packages that one command selects. Two images may share a dependency step
//! only if that changes nothing for either: otherwise features of one would be in the other's executable, or
//! everything would be compiled twice.

use super::{Input, Plan, dependencies};
use crate::project::{Dependency, DependencyKind, DependencySource, Package, Project, Selection};
use crate::source::Spanned;
use crate::spec::{Build, ImageSpec};
use std::collections::{BTreeMap, BTreeSet};

/// The images that share a dependency step with one of them, that one included.
#[derive(Debug)]
pub(super) struct Shared {
    /// Names and selections, in the order of the spec.
    members: Vec<(String, Selection)>,
    /// The images that do not, and why.
    apart: Vec<(String, String)>,
    /// What all images with the same compiler settings select.
    alike: Vec<Selection>,
}

/// Finds the images that share a dependency step with the input's. The same for each of them.
pub(super) fn with(input: &Input<'_>) -> Shared {
    let mut groups: Vec<Vec<(String, Selection)>> = vec![];
    let mut reasons: BTreeMap<String, String> = BTreeMap::new();
    let own = name(input.image);
    let mut alike = vec![];
    for image in &input.spec.images {
        let (name, is_own) = (name(image), name(image) == own);
        if !is_own && !same_settings(&image.build, &input.image.build) {
            reasons.insert(name, "the settings of `build:` differ".into());
            continue;
        }
        let selection = match is_own {
            true => Ok(input.selection.clone()),
            false => input.project.select(input.spec, image),
        };
        let Ok(selection) = selection else {
            continue;
        };
        alike.push(selection.clone());
        let mut home = None;
        for (at, group) in groups.iter().enumerate() {
            let mut members = group.iter();
            let differs = members
                .find_map(|(other, one)| Some((other, differs(input.project, one, &selection)?)));
            let Some((other, reason)) = differs else {
                home = Some(at);
                break;
            };
            if *other == own {
                reasons.insert(name.clone(), reason);
            } else if is_own {
                reasons.insert(other.clone(), reason);
            }
        }
        match home {
            Some(at) => groups[at].push((name, selection)),
            None => groups.push(vec![(name, selection)]),
        }
    }
    let holds_own = |group: &Vec<(String, Selection)>| group.iter().any(|(name, _)| *name == own);
    let members = groups.into_iter().find(holds_own);
    let members = members.unwrap_or_else(|| vec![(own.clone(), input.selection.clone())]);
    reasons.retain(|name, _| members.iter().all(|(member, _)| member != name));
    Shared {
        members,
        apart: reasons.into_iter().collect(),
        alike,
    }
}

impl Shared {
    /// What the images select.
    fn selections(&self) -> Vec<&Selection> {
        self.members
            .iter()
            .map(|(_, selection)| selection)
            .collect()
    }

    /// What all images select that belong into one skeleton: those of the same packages, which differ in features
    /// and binaries alone. Features are on the command line.
    pub(super) fn skeleton(&self) -> Vec<&Selection> {
        let packages: BTreeSet<usize> = self.members.iter().map(|(_, one)| one.package).collect();
        let same = |one: &&Selection| packages.contains(&one.package);
        self.alike.iter().filter(same).collect()
    }

    /// What all images select whose compiler has the same settings, this one or not.
    pub(super) fn alike(&self) -> Vec<&Selection> {
        self.alike.iter().collect()
    }

    /// The flags of the dependency step.
    pub(super) fn flags(&self, plan: &Plan, input: &Input<'_>) -> Vec<String> {
        dependencies::flags_of(plan, input, &self.selections())
    }

    /// What was decided, in words, if there was something to decide.
    pub(super) fn note(&self, input: &Input<'_>) -> Option<String> {
        let own = name(input.image);
        let others: Vec<&str> = self
            .members
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| *name != own)
            .collect();
        let mut sentences = vec![];
        if !others.is_empty() {
            sentences.push(format!(
                "`{own}` shares the dependency step of `{}`",
                others.join("`, `")
            ));
        }
        for (other, reason) in &self.apart {
            sentences.push(format!(
                "`{own}` and `{other}` compile their dependencies apart: {reason}"
            ));
        }
        (!sentences.is_empty()).then(|| sentences.join("; "))
    }
}

fn name(image: &ImageSpec) -> String {
    let name = image.name.as_ref();
    name.map(|name| name.value.clone()).unwrap_or_default()
}

/// Whether two images are compiled by the same compiler in the same surroundings.
fn same_settings(a: &Build, b: &Build) -> bool {
    let bare = |build: &Build| Build {
        span: None,
        package: None,
        bin: vec![],
        features: vec![],
        default_features: Spanned::unwritten(true),
        stamp: vec![],
        inputs: vec![],
        ..build.clone()
    };
    bare(a) == bare(b)
}

/// Why two images cannot share their dependencies; `None` if they can.
fn differs(project: &Project, a: &Selection, b: &Selection) -> Option<String> {
    if a.package == b.package {
        let same = a.features == b.features && a.default_features == b.default_features;
        return (!same).then(|| "they ask for different features of one package".into());
    }
    if project.resolver == "1" {
        return Some("the resolver 1 unifies the features of whatever is compiled together".into());
    }
    if [a, b]
        .iter()
        .any(|one| !one.features.is_empty() || !one.default_features)
    {
        return Some("`features` of one package would reach the other's dependencies".into());
    }
    let in_b: BTreeSet<usize> = b.closure.iter().copied().collect();
    let common: BTreeSet<usize> = a.closure.iter().copied().collect();
    let common: BTreeSet<usize> = common.intersection(&in_b).copied().collect();
    let (of_a, of_b) = (requests(project, a, &common), requests(project, b, &common));
    let differs = of_a
        .iter()
        .find(|(package, asked)| of_b.get(package).is_some_and(|other| other != *asked));
    differs.map(|(package, _)| {
        let package = &project.lock.packages[*package];
        format!(
            "`{} {}` may have different features in each of them",
            package.name, package.version
        )
    })
}

/// For each entry of the lock, what may decide on its features: the dependencies of the packages that are not
/// `common` through which it is reached. Where these are the same for two selections, so are the features.
fn requests(
    project: &Project,
    selection: &Selection,
    common: &BTreeSet<usize>,
) -> BTreeMap<usize, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    if common.contains(&selection.package)
        && let Some(locked) = project.locked(selection.package)
    {
        let package = &project.packages[selection.package];
        let asked = match is_plain(package) {
            true => present(DependencyKind::Normal, None, locked),
            false => format!("command line {}", package.name),
        };
        spread(project, locked, &asked, &mut found);
    }
    for index in selection.closure.iter().filter(|one| !common.contains(one)) {
        let package = &project.packages[*index];
        for dependency in &package.dependencies {
            if dependency.kind == DependencyKind::Dev {
                continue;
            }
            if let Some(locked) = project.resolve(*index, dependency) {
                let asked = request(project, package, dependency, locked);
                spread(project, locked, &asked, &mut found);
            }
        }
    }
    found
}

/// What a dependency asks for. Two alike have the same effect.
fn request(project: &Project, package: &Package, dependency: &Dependency, locked: usize) -> String {
    let name = &dependency.name;
    let steered = package.features.values().flatten().any(|value| {
        let value = value.strip_prefix("dep:").unwrap_or(value);
        let head = value.split('/').next().unwrap_or(value);
        head.trim_end_matches('?') == name
    });
    if dependency.optional || steered {
        return format!("{} of {}", name, package.name);
    }
    let target = dependency.target.as_deref();
    if let DependencySource::Path { dir } = &dependency.source
        && let Some(local) = project.package_at(dir)
        && is_plain(&project.packages[local])
    {
        return present(dependency.kind, target, locked);
    }
    let features: BTreeSet<&String> = dependency.features.iter().collect();
    let default = dependency.default_features;
    format!(
        "{} {features:?} {default}",
        present(dependency.kind, target, locked)
    )
}

fn present(kind: DependencyKind, target: Option<&str>, locked: usize) -> String {
    format!("{kind:?} {target:?} {locked}")
}

/// Whether a package is the same whatever features are asked for.
fn is_plain(package: &Package) -> bool {
    package.features.is_empty() && package.dependencies.iter().all(|one| !one.optional)
}

/// Notes what is asked for at everything that is reached from an entry of the lock.
fn spread(
    project: &Project,
    start: usize,
    asked: &str,
    found: &mut BTreeMap<usize, BTreeSet<String>>,
) {
    let mut queue = vec![start];
    while let Some(index) = queue.pop() {
        if !found.entry(index).or_default().insert(asked.to_owned()) {
            continue;
        }
        let locked = &project.lock.packages[index];
        queue.extend(locked.dependencies.iter().chain(&locked.replace));
    }
}
