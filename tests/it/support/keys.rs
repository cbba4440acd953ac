//! A model of the engine's cache: the key of a step is what it does and the keys of what it works on; a copy from
//! the build context has the content of the files that it takes in its key.

use super::fixture::{self, Files};
use super::patterns::selected;
use super::sources;
use rust_frontend::diagnostic::Diagnostics;
use rust_frontend::plan::{
    self, Abilities, FileAction, ImageInfo, MountKind, Op, Output, Plan, Role,
};
use rust_frontend::platform::Platform;
use rust_frontend::spec::ImageBase;
use rust_frontend::stage::Stage;
use rust_frontend::units::Units;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A build environment as it is on Docker Hub.
const RUST: &str = r#"{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/usr/local/cargo/bin:/usr/bin","CARGO_HOME=/usr/local/cargo"]}}"#;

/// What plans of tests differ in, beside files and spec.
#[derive(Clone, Copy)]
pub(crate) struct PlanOptions<'a> {
    /// The directory of the context that the project is in.
    pub(crate) dir: &'a str,
    /// The stage; none is the only image.
    pub(crate) target: Option<&'a str>,
    /// What images run on.
    pub(crate) platform: &'a str,
    /// Whether dependency steps may start from a seed.
    pub(crate) seed: bool,
    /// What Cargo compiles; where it is known, crates may be in groups.
    pub(crate) units: Option<&'a Units>,
}

impl Default for PlanOptions<'_> {
    fn default() -> Self {
        Self {
            dir: "",
            target: None,
            platform: "linux/amd64",
            seed: true,
            units: None,
        }
    }
}

/// Makes the plan of a project as the frontend does, with an engine that knows every image.
pub(crate) fn plan(files: &Files, spec: &str, target: Option<&str>) -> Plan {
    let options = PlanOptions {
        target,
        ..PlanOptions::default()
    };
    plan_with(files, spec, options)
}

/// [`plan`] with all that may differ.
pub(crate) fn plan_with(files: &Files, spec: &str, options: PlanOptions<'_>) -> Plan {
    sound(try_plan(files, spec, options))
}

/// What is said of a spec that no plan can be made of.
pub(crate) fn refused(files: &Files, spec: &str) -> Vec<String> {
    let result = try_plan(files, spec, PlanOptions::default());
    fixture::lines(result.map(drop).unwrap_err())
}

fn try_plan(files: &Files, spec: &str, options: PlanOptions<'_>) -> Result<Plan, Diagnostics> {
    let spec = fixture::spec(spec);
    let project = fixture::load(files, options.dir);
    let stage = Stage::find(&spec, options.target).unwrap();
    let select = |image| sound(project.select(&spec, image));
    let selections: Vec<_> = stage.images.iter().map(select).collect();
    let platform: Platform = options.platform.parse().unwrap();
    let build_platform = Platform::linux("amd64");
    let info = |reference: &str| {
        let digest: String = hash(reference).chars().take(64).collect();
        ImageInfo {
            reference: format!("{reference}@sha256:{digest}"),
            config: RUST.into(),
        }
    };
    let mut images = BTreeMap::new();
    for image in stage.images {
        let build = &image.build.base.value;
        images.insert((build.clone(), build_platform.clone()), info(build));
        if let ImageBase::Reference(base) = &image.image.base.value {
            images.insert((base.clone(), platform.clone()), info(base));
        }
    }
    let labels = BTreeMap::new();
    let inputs: Vec<_> = stage
        .images
        .iter()
        .zip(&selections)
        .map(|(image, selection)| plan::Input {
            spec: &spec,
            image,
            project: &project,
            selection,
            platform: &platform,
            build_platform: &build_platform,
            images: &images,
            ignored: &[],
            labels: &labels,
            epoch: None,
            units: options.units,
            abilities: Abilities {
                merge: true,
                local_steps: true,
                seed: options.seed,
                crates: options.units.is_some(),
                ..Abilities::default()
            },
        })
        .collect();
    plan::make_all(stage.kind, &inputs)
}

/// What was made without a mistake.
fn sound<T>(result: Result<T, Diagnostics>) -> T {
    result.unwrap_or_else(|found| panic!("{}", fixture::lines(found).join("\n")))
}

/// The keys of the steps that do work, by their short names.
pub(crate) fn keys(plan: &Plan, files: &Files) -> BTreeMap<String, String> {
    let mut all: Vec<String> = vec![];
    let mut named = BTreeMap::new();
    for step in &plan.steps {
        let key = match &step.op {
            // Copies of what it leaves are keyed by content, so that is its key here.
            Op::Exec(exec) if exec.args[0].ends_with("/unread") => {
                let output = Output::root(all.len());
                hash(&format!("{:?}", sources::seen(plan, &output, files)))
            }
            op => hash(&text(op, plan, files, &all)),
        };
        if let Some(name) = short(step.role, &step.name) {
            let mut free = name.clone();
            while named.contains_key(&free) {
                free.push('+');
            }
            named.insert(free, key.clone());
        }
        all.push(key);
    }
    named
}

/// A name that stays when counts in it change; none for plumbing.
fn short(role: Role, name: &str) -> Option<String> {
    Some(match role {
        Role::Base | Role::Sources | Role::Skeleton | Role::StubRemoval | Role::Check => {
            return None;
        }
        Role::Toolchain => "toolchain".into(),
        Role::Fetch => "fetch".into(),
        Role::Crates => name.into(),
        Role::Dependencies => "deps".into(),
        Role::Local => name
            .trim_start_matches("local crate")
            .trim_start_matches("s ")
            .trim()
            .into(),
        Role::Compile => "compile".into(),
        Role::Image => "image".into(),
    })
}

/// What a step does, with keys in the place of other steps.
fn text(op: &Op, plan: &Plan, files: &Files, keys: &[String]) -> String {
    let key = |output: &Output| format!("{} {}", keys[output.step], output.mount);
    match op {
        Op::Image { .. } | Op::Context { .. } => format!("{op:?}"),
        Op::Merge(parts) => parts.iter().map(key).collect(),
        Op::Exec(exec) => {
            let mut text = format!(
                "{:?} {:?} {} {}",
                exec.args, exec.env, exec.cwd, exec.network
            );
            text.push_str(&format!("{:?}", exec.secret_env));
            for mount in &exec.mounts {
                let kind = match &mount.kind {
                    MountKind::ReadOnly(from) => format!("ro {}", key(from)),
                    MountKind::Part { of, path } => format!("part {} {path}", key(of)),
                    MountKind::Scratchpad(from) => format!("rw {}", key(from)),
                    MountKind::Output(from) => format!("out {:?}", from.as_ref().map(key)),
                    // Engines leave their ids out (solver/llbsolver/ops/exec.go, `checkShouldClearCacheOpts`).
                    MountKind::Cache { .. } => "cache".into(),
                    other => format!("{other:?}"),
                };
                text.push_str(&format!("\n{} {kind}", mount.dest));
            }
            text
        }
        Op::Files { base, actions } => {
            let mut text = format!("{:?}", base.as_ref().map(key));
            for action in actions {
                match action {
                    FileAction::Copy(copy) => {
                        let mut without = copy.clone();
                        without.from.step = 0;
                        text.push_str(&format!("\n{without:?} "));
                        match &plan.steps[copy.from.step].op {
                            Op::Context { exclude, .. } => {
                                let taken = files.iter().filter(|(path, _)| {
                                    selected(path, &copy.include, &copy.exclude)
                                        && selected(path, &[], exclude)
                                });
                                taken.for_each(|file| text.push_str(&format!("{file:?}")));
                            }
                            Op::Exec(exec) if exec.args[0].ends_with("/unread") => {
                                let from = sources::seen(plan, &copy.from, files);
                                let taken = from.iter().filter(|(path, _)| {
                                    selected(path, &copy.include, &copy.exclude)
                                });
                                taken.for_each(|file| text.push_str(&format!("{file:?}")));
                            }
                            _ => text.push_str(&key(&copy.from)),
                        }
                    }
                    action => text.push_str(&format!("\n{action:?}")),
                }
            }
            text
        }
    }
}

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
