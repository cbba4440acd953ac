//! A model of the engine's cache: the key of a step is what it does and the keys of what it works on; a copy from
//! the build context has the content of the files that it takes in its key.

use super::fixture::{self, Files};
use super::patterns::selected;
use super::sources;
use rust_frontend::plan::{
    self, Abilities, FileAction, ImageInfo, MountKind, Op, Output, Plan, Role,
};
use rust_frontend::platform::Platform;
use rust_frontend::source::SourceFile;
use rust_frontend::spec::{self, ImageBase};
use rust_frontend::stage::Stage;
use rust_frontend::units::Units;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A build environment as it is on Docker Hub.
const RUST: &str = r#"{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/usr/local/cargo/bin:/usr/bin","CARGO_HOME=/usr/local/cargo"]}}"#;

/// Makes the plan of a project as the frontend does, with an engine that knows every image.
pub(crate) fn plan(files: &Files, spec_text: &str, target: Option<&str>) -> Plan {
    plan_at(files, "", spec_text, target)
}

/// [`plan`] of a project in a directory of the context.
pub(crate) fn plan_at(files: &Files, dir: &str, spec_text: &str, target: Option<&str>) -> Plan {
    plan_over(files, dir, spec_text, target, None)
}

/// [`plan_at`] with crates in groups, where it is known what Cargo compiles.
pub(crate) fn plan_over(
    files: &Files,
    dir: &str,
    spec_text: &str,
    target: Option<&str>,
    units: Option<&Units>,
) -> Plan {
    let file = SourceFile::new("Rust.yaml", spec_text);
    let spec = match spec::parse(&file, &BTreeMap::new()) {
        Ok((spec, _)) => spec,
        Err(found) => panic!("{}", fixture::lines(found).join("\n")),
    };
    let project = fixture::load(files, dir);
    let stage = Stage::find(&spec, target).unwrap();
    let image = &stage.images[0];
    let selection = match project.select(&spec, image) {
        Ok(selection) => selection,
        Err(found) => panic!("{}", fixture::lines(found).join("\n")),
    };
    let info = |reference: &str| {
        let digest: String = hash(reference).chars().take(64).collect();
        ImageInfo {
            reference: format!("{reference}@sha256:{digest}"),
            config: RUST.into(),
        }
    };
    let platform = Platform::linux("amd64");
    let on = |reference: &String| (reference.clone(), platform.clone());
    let build = &image.build.base.value;
    let mut images = BTreeMap::from([(on(build), info(build))]);
    if let ImageBase::Reference(base) = &image.image.base.value {
        images.insert(on(base), info(base));
    }
    let input = plan::Input {
        spec: &spec,
        image,
        project: &project,
        selection: &selection,
        platform: &platform,
        build_platform: &platform,
        images: &images,
        ignored: &[],
        labels: &BTreeMap::new(),
        epoch: None,
        units,
        abilities: Abilities {
            merge: true,
            local_steps: true,
            seed: true,
            crates: units.is_some(),
            ..Abilities::default()
        },
    };
    plan::make(stage.kind, &input)
        .unwrap_or_else(|found| panic!("{}", fixture::lines(found).join("\n")))
}

/// The keys of the steps that do work, by their short names.
pub(crate) fn keys(plan: &Plan, files: &Files) -> BTreeMap<String, String> {
    let mut all: Vec<String> = vec![];
    let mut named = BTreeMap::new();
    for step in &plan.steps {
        let key = match &step.op {
            // Copies of what it leaves are keyed by content, so that is its key here.
            Op::Exec(exec) if exec.args[0].ends_with("/unread") => {
                let output = Output {
                    step: all.len(),
                    mount: "/".into(),
                };
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
    let name = name.split_once("] ").map_or(name, |(_, rest)| rest);
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
