//! Everything that others wrote: the dependency-only project, its crates, and their compilation.

use super::crates::{self, Groups};
use super::toolchain::Toolchain;
use super::{
    Exec, FileAction, Input, Mount, MountKind, Op, Output, Plan, Role, TARGET_DIR, WORK_DIR, cross,
    local, names, secrets, seed,
};
use crate::platform::applies;
use crate::project::{self, Selection};
use crate::recipe::Recipe;
use crate::source;
use crate::spec::SecretStep;
use std::collections::BTreeSet;

/// Downloads the crates of the locked project in the working directory.
///
/// The downloads go to a cache, so that a changed lock file fetches only what is new; the layer keeps each crate
/// once, unpacked. Cargo asks only whether a package file is there (cargo, src/cargo/sources/registry/download.rs),
/// so one byte stands for it. For the same reason what is in the cache is compared with the lock first: a file that
/// was cut off when an engine stopped, or that differs because a registry published the version twice, would be taken
/// for the crate. The bytes are part of cache keys.
///
/// Arguments: the lock file, then cargo's.
const FETCH: &str = include_str!("fetch.sh");

/// The sources of all external crates of a plan, as mounts of the steps that compile.
#[derive(Clone, Debug, Default)]
pub(super) struct Crates {
    pub mounts: Vec<Mount>,
}

/// The files of a recipe, with the directories that they are in.
pub(super) fn files(recipe: &Recipe) -> impl Iterator<Item = FileAction> {
    let mut dirs = BTreeSet::new();
    for file in &recipe.files {
        let dir = source::parent(&file.path);
        if !dir.is_empty() {
            dirs.insert(dir);
        }
    }
    // A directory comes with those that it is in.
    let is_above = |dir: &&str| {
        let inside = format!("{dir}/");
        let mut after = dirs.range(inside.as_str()..);
        after.next().is_some_and(|next| next.starts_with(&inside))
    };
    let dirs: Vec<&str> = dirs.iter().copied().filter(|dir| !is_above(dir)).collect();
    let make = dirs.into_iter().map(|dir| FileAction::MakeDir {
        path: format!("/{dir}"),
        mode: 0o755,
        owner: None,
    });
    let write = recipe.files.iter().map(|file| FileAction::Write {
        path: format!("/{}", file.path),
        data: file.data.clone(),
        mode: 0o644,
    });
    make.chain(write)
}

/// Adds the dependency-only project as one step.
pub(super) fn skeleton(
    plan: &mut Plan,
    recipe: &Recipe,
    base: Option<Output>,
    name: &str,
) -> Output {
    plan.files(Role::Skeleton, name, base, files(recipe).collect())
}

/// Adds the step that downloads crates; the only one with network and with the secrets of registries.
pub(super) fn fetch(
    plan: &mut Plan,
    input: &Input<'_>,
    toolchain: &Toolchain,
    recipe: &Recipe,
    skeleton: &Output,
) -> Crates {
    if recipe.external_packages == 0 {
        return Crates::default();
    }
    let (script, path) = plan.script("fetch", FETCH);
    let lock_path = source::join(&input.project.root, "Cargo.lock").unwrap_or_default();
    let mut args = vec![path, in_work_dir(&lock_path)];
    // Without triples cargo downloads the crates of every platform that any dependency knows.
    for triple in fetch_triples(plan) {
        args.extend(["--target".to_owned(), triple]);
    }
    let lock = &input.project.lock;
    let sources = lock.packages.iter().filter_map(|one| one.source.as_deref());
    // Cargo also loads patches that nothing uses (cargo, `PackageRegistry::patch`).
    let unused = lock.unused_patches.iter();
    let unused = unused.filter_map(|(_, patch)| patch.get("source")?.as_str());
    let git_used = sources.chain(unused).any(|one| one.starts_with("git+"));
    let registry = format!("{}/registry", toolchain.cargo_home);
    let git = format!("{}/git", toolchain.cargo_home);
    let downloads = MountKind::Cache {
        id: "rust-frontend/crates".into(),
        locked: false,
    };
    let mut mounts = vec![
        script,
        Mount::new("/", MountKind::Output(Some(toolchain.fetcher.clone()))),
        Mount::new(WORK_DIR, MountKind::Scratchpad(skeleton.clone())),
        Mount::new(&registry, MountKind::Output(None)),
        Mount::new("/crates", downloads),
    ];
    if git_used {
        mounts.push(Mount::new(&git, MountKind::Output(None)));
    }
    let mut env = toolchain.env.clone();
    env.extend(rustflags(input, &env).filter(|(_, flags)| {
        // What `cfg(…)` of a dependency's table says depends on them.
        let words = ["--cfg", "target-cpu", "target-feature"];
        words.iter().any(|word| flags.contains(word))
    }));
    let mut exec = Exec {
        args,
        env,
        cwd: work_dir(input),
        network: true,
        ..Exec::default()
    };
    without_programs(&mut exec, input);
    secrets::add(&mut exec, &mut mounts, input, SecretStep::Fetch);
    agents(&mut exec, &mut mounts, input);
    exec.mounts = mounts;
    let name = format!("fetch {}", names::count(recipe.external_packages, "crate"));
    let step = plan.push(Role::Fetch, name, Op::Exec(exec), input.image.build.span);
    // A build script may write beside the sources of its package; what it writes is thrown away.
    let downloaded =
        |dest: String| Mount::new(&dest, MountKind::Scratchpad(Output::at(step, &dest)));
    let dirs = [Some(registry), git_used.then_some(git)];
    Crates {
        mounts: dirs.into_iter().flatten().map(downloaded).collect(),
    }
}

/// Programs of the project have no business where secrets and the network are.
fn without_programs(exec: &mut Exec, input: &Input<'_>) {
    let mut configs = input.project.configs.iter();
    if configs.all(|config| config.paths.is_empty()) {
        return;
    }
    for (name, value) in [
        ("RUSTC", "rustc"),
        ("RUSTC_WRAPPER", ""),
        ("RUSTC_WORKSPACE_WRAPPER", ""),
    ] {
        exec.env.retain(|(known, _)| known != name);
        exec.env.push((name.into(), value.into()));
    }
}

/// Adds the ssh agents, of which git asks the first.
fn agents(exec: &mut Exec, mounts: &mut Vec<Mount>, input: &Input<'_>) {
    let ids = input.image.build.ssh.iter().map(|id| &id.value);
    let socket = |id: &String| format!("/run/ssh/{id}");
    let agent = |id: &String| Mount::new(&socket(id), MountKind::Ssh { id: id.clone() });
    mounts.extend(ids.clone().map(agent));
    let is_set = exec.env.iter().any(|(name, _)| name == "SSH_AUTH_SOCK");
    if let Some(first) = ids.into_iter().next().filter(|_| !is_set) {
        exec.env.push(("SSH_AUTH_SOCK".into(), socket(first)));
        // Only the git program knows of agents' host keys and ssh configuration.
        exec.env
            .push(("CARGO_NET_GIT_FETCH_WITH_CLI".into(), "true".into()));
    }
}

fn fetch_triples(plan: &Plan) -> BTreeSet<String> {
    use crate::platform::Libc::{Gnu, Musl};
    let host = [
        plan.build_platform.triple(Gnu),
        plan.build_platform.triple(Musl),
    ];
    host.into_iter()
        .flatten()
        .map(str::to_owned)
        .chain([plan.triple.clone()])
        .collect()
}

/// The directory that cargo runs in: the one of the spec.
pub(super) fn work_dir(input: &Input<'_>) -> String {
    in_work_dir(&input.project.dir)
}

/// Where a directory of the context is in steps that run cargo.
pub(super) fn in_work_dir(dir: &str) -> String {
    match dir {
        "" => WORK_DIR.into(),
        dir => format!("{WORK_DIR}/{dir}"),
    }
}

/// A cargo command over `project`, if there is one, with the target directory that earlier steps left.
///
/// All of them run with the same flags and environment: cargo compares both.
pub(super) fn cargo(
    input: &Input<'_>,
    toolchain: &Toolchain,
    crates: &Crates,
    project: Option<&Output>,
    target: MountKind,
    args: Vec<String>,
) -> Exec {
    let root = MountKind::Output(Some(toolchain.root.clone()));
    let mut mounts = vec![Mount::new("/", root)];
    let project = project.cloned().map(MountKind::Scratchpad);
    mounts.extend(project.map(|kind| Mount::new(WORK_DIR, kind)));
    mounts.push(Mount::new(TARGET_DIR, target));
    mounts.extend(crates.mounts.iter().cloned());
    let mut env = toolchain.env.clone();
    env.push(("CARGO_TARGET_DIR".into(), TARGET_DIR.into()));
    env.push(("CARGO_INCREMENTAL".into(), "0".into()));
    for (name, value) in profile_settings(input) {
        // A variable of the spec wins.
        if !env.iter().any(|(other, _)| *other == name) {
            env.push((name, value));
        }
    }
    env.extend(rustflags(input, &env));
    let mut exec = Exec {
        args,
        env,
        cwd: work_dir(input),
        ..Exec::default()
    };
    secrets::add(&mut exec, &mut mounts, input, SecretStep::Compile);
    exec.mounts = mounts;
    exec
}

/// The variables that change the spec's profile, where that is the one in use: tests have one of their own.
fn profile_settings(input: &Input<'_>) -> Vec<(String, String)> {
    let build = &input.image.build;
    let profile = &build.profile.value;
    if *profile != input.selection.profile {
        return vec![];
    }
    // Symbols that the compiler puts into other files would stay behind.
    let symbols: &[(&str, &str)] = match build.debug_symbols.value {
        true => &[
            ("debug", "full"),
            ("strip", "none"),
            ("split-debuginfo", "off"),
        ],
        false => &[],
    };
    let settings = build.profile_settings.iter();
    let settings = settings.map(|(key, value)| (key.as_str(), value.value.as_str()));
    let all = symbols.iter().copied().chain(settings);
    let variable = |(key, value): (&str, &str)| {
        let name = format!("CARGO_PROFILE_{profile}_{key}");
        (name.to_uppercase().replace('-', "_"), value.to_owned())
    };
    all.map(variable).collect()
}

/// The variable with the spec's compiler flags.
///
/// Cargo takes compiler flags from one key only, and joins what different files and variables set for that key
/// (cargo, src/compiler/build_context/target_info.rs, `extra_args`). So the variable is for the key that the
/// project's configuration uses, or for the one of highest precedence if another variable would hide the flags, or a
/// list would be split at its blanks; then the configuration's are in it, too.
fn rustflags(input: &Input<'_>, env: &[(String, String)]) -> Option<(String, String)> {
    let flags = input.image.build.rustflags.iter();
    let flags: Vec<&str> = flags.map(|flag| flag.value.as_str()).collect();
    if flags.is_empty() {
        return None;
    }
    let set = env.iter().find(|(name, _)| name == "RUSTFLAGS");
    let is_hidden = set.is_some();
    let is_split = flags.iter().any(|flag| flag.contains(char::is_whitespace));
    let tables = || input.project.configs.iter().map(|config| &config.table);
    let of_build: Vec<&str> = tables()
        .filter_map(|table| table.get("build"))
        .flat_map(project::rustflags)
        .collect();
    let triple = super::toolchain::triple(input).unwrap_or_default();
    let targets = tables().filter_map(|table| table.get("target")?.as_table());
    let targets = targets.flatten();
    let of_target: Vec<&str> = targets
        .filter(|(key, _)| applies(key, &triple) != Some(false))
        .flat_map(|(_, value)| project::rustflags(value))
        .collect();
    let name = match (of_target.is_empty(), of_build.is_empty()) {
        _ if is_hidden || is_split => None,
        (false, _) => Some(cross::variable(&triple, "RUSTFLAGS")),
        (true, false) => Some("CARGO_BUILD_RUSTFLAGS".to_owned()),
        (true, true) => None,
    };
    if let Some(name) = name {
        return Some((name, flags.join(" ")));
    }
    let first = match (set, of_target.is_empty()) {
        (Some((_, value)), _) => value.split_whitespace().collect(),
        (None, false) => of_target,
        (None, true) => of_build,
    };
    let all: Vec<&str> = first.into_iter().chain(flags).collect();
    Some(("CARGO_ENCODED_RUSTFLAGS".into(), all.join("\u{1f}")))
}

/// The flags of every `cargo build`: what it compiles for, and how.
pub(super) fn common_flags(plan: &Plan, input: &Input<'_>) -> Vec<String> {
    let mut flags = vec!["--offline".to_owned()];
    flags.extend(["--target".into(), plan.triple.clone()]);
    flags.extend(["--profile".into(), input.selection.profile.clone()]);
    flags
}

/// The flags of `cargo build` that say what is built, the same in every step.
pub(super) fn build_flags(plan: &Plan, input: &Input<'_>) -> Vec<String> {
    flags_of(plan, input, &[input.selection])
}

/// [`build_flags`] of several selections that differ in packages and binaries alone.
pub(super) fn flags_of(plan: &Plan, input: &Input<'_>, selections: &[&Selection]) -> Vec<String> {
    let packages = selections.iter().map(|one| one.package).collect();
    let mut bins: Vec<&String> = vec![];
    for bin in selections.iter().flat_map(|one| &one.bins) {
        if !bins.contains(&bin) {
            bins.push(bin);
        }
    }
    let bins = bins.into_iter().flat_map(|bin| ["--bin", bin]);
    flags_with(plan, input, &packages, bins)
}

/// The flags of `cargo build` for the libraries of some packages, with the features that [`build_flags`] give them.
pub(super) fn library_flags(
    plan: &Plan,
    input: &Input<'_>,
    packages: &BTreeSet<usize>,
) -> Vec<String> {
    let mut packages = packages.clone();
    packages.insert(input.selection.package);
    flags_with(plan, input, &packages, ["--lib"])
}

fn flags_with<'a>(
    plan: &Plan,
    input: &Input<'_>,
    packages: &BTreeSet<usize>,
    targets: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let selection = input.selection;
    let mut flags = common_flags(plan, input);
    for package in packages {
        flags.extend([
            "--package".into(),
            input.project.package_spec(*package, WORK_DIR),
        ]);
    }
    flags.extend(targets.into_iter().map(str::to_owned));
    if !selection.features.is_empty() {
        flags.extend(["--features".into(), selection.features.join(",")]);
    }
    if !selection.default_features {
        flags.push("--no-default-features".into());
    }
    flags
}

/// The dependency-only project where Cargo can compile it.
pub(super) struct Stubbed<'a> {
    pub(super) toolchain: &'a Toolchain,
    pub(super) crates: &'a Crates,
    pub(super) recipe: &'a Recipe,
    /// The files of the recipe.
    pub(super) skeleton: &'a Output,
}

impl Stubbed<'_> {
    /// Cargo in it, with an empty target directory.
    pub(super) fn cargo(&self, input: &Input<'_>, args: Vec<String>) -> Exec {
        let target = MountKind::Output(None);
        let exec = cargo(
            input,
            self.toolchain,
            self.crates,
            Some(self.skeleton),
            target,
            args,
        );
        exec.without_secret_variables()
    }
}

/// Adds the step that compiles the external crates over stubs.
pub(super) fn dependencies(
    plan: &mut Plan,
    input: &Input<'_>,
    project: &Stubbed<'_>,
    flags: Vec<String>,
    groups: Option<&Groups<'_>>,
) -> Option<Output> {
    let recipe = project.recipe;
    if recipe.external_packages == 0 && !local::many(input, recipe) {
        return None;
    }
    let mut args = vec!["cargo".to_owned(), "build".to_owned()];
    args.extend(flags);
    let exec = project.cargo(input, args);
    let in_groups = groups.is_some();
    let exec = match groups {
        Some(groups) => crates::assembled(plan, groups, exec),
        None => seed::sown(plan, input, recipe, exec),
    };
    let (profile, triple) = (&input.selection.profile, &plan.triple);
    let name = match recipe.external_packages {
        // What the steps of local libraries start from, so that each compiles few stubs.
        0 => format!("stubs ({profile}, {triple})"),
        n => format!(
            "dependencies ({}, {profile}, {triple})",
            names::count(n, "crate")
        ),
    };
    let step = plan.push(
        Role::Dependencies,
        name,
        Op::Exec(exec),
        input.image.build.span,
    );
    if in_groups {
        plan.assemblies.push(crates::report(step));
    }
    Some(Output::at(step, TARGET_DIR))
}

/// The directory of a profile's artefacts (cargo, src/cargo/core/profiles.rs).
pub(super) fn profile_dir(profile: &str) -> &str {
    match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        profile => profile,
    }
}
