//! The image: what is laid on the base, layer by layer, and its config.
//!
//! What changes most often comes last. Each layer is one step, so that the config's history has one line
//! for each, as the image spec wants.

mod history;
mod layers;
mod support;

use self::layers::{Layer, Layers};
use super::toolchain::{self, Run, Toolchain};
use super::{Copy, FileAction, Input, Op, Output, Plan, Role};
use crate::image::{self, ImageConfig};
use crate::project::Package;
use crate::source::{Spanned, is_in};
use crate::spec::{FileCopy, Image, ImageBase};
use std::collections::BTreeMap;

/// Adds the steps that make the image and returns it with its config; the `debug` variant has tools on top.
pub(super) fn image(
    plan: &mut Plan,
    input: &Input<'_>,
    toolchain: &Toolchain,
    debug: bool,
) -> (Option<Output>, ImageConfig) {
    let spec = &input.image.image;
    let (base, base_config) = base(plan, input);
    let mut config = ImageConfig::new(&base_config, &plan.platform);
    let mut layers = Layers::new(base, input.abilities.merge);

    if let (Some(root), Some(first)) = (layers.base(), spec.packages.first()) {
        let packages: Vec<String> = spec
            .packages
            .iter()
            .map(|name| name.value.clone())
            .collect();
        let env = config.environment();
        let out = toolchain::install(plan, &packages, &env, root, first.span);
        layers.ran(plan, out, &mut config, input);
    }
    let support = support::support(plan, input, toolchain);
    layers.add(plan, &mut config, input, support);
    let user = user(spec, &config);
    let directories = support::directories(spec, &user);
    // A user by name may be one that `run` makes.
    let (before, after) = match support::is_named(&user) {
        false => (Some(directories), None),
        true => (None, Some(directories)),
    };
    let files = spec.files.iter().zip(support::files(plan, input));
    let (made, files): (Vec<_>, Vec<_>) = files.partition(|(file, _)| is_late(spec, &user, file));
    for layer in before
        .into_iter()
        .chain(files.into_iter().map(|(_, layer)| layer))
        .chain([executables(plan, input)])
    {
        layers.add(plan, &mut config, input, layer);
    }
    for run in &spec.run {
        let Some(root) = layers.flatten(plan) else {
            break;
        };
        let env = config.environment();
        let out = toolchain::change(plan, Run::step(run, &env), root, vec![]);
        layers.ran(plan, out, &mut config, input);
    }
    let made = made.into_iter().map(|(_, layer)| layer);
    for layer in after.into_iter().chain(made) {
        layers.add(plan, &mut config, input, layer);
    }
    if debug {
        let layer = support::debug(plan, input, toolchain);
        layers.add(plan, &mut config, input, layer);
    }
    settings(input, &mut config, &user);
    if debug {
        let path = config.env("PATH").unwrap_or(image::DEFAULT_PATH);
        let path = format!("{path}:{}", support::BUSYBOX);
        config.set_env("PATH", &path);
    }
    (layers.flatten(plan), config)
}

/// What the image is laid on, and its config; nothing of an empty one.
fn base(plan: &mut Plan, input: &Input<'_>) -> (Option<Output>, Vec<u8>) {
    let base = &input.image.image.base;
    let ImageBase::Reference(reference) = &base.value else {
        return (None, vec![]);
    };
    let info = input.info(reference, &plan.platform);
    let op = Op::Image {
        reference: info.reference,
        platform: plan.platform.clone(),
    };
    let name = format!("base image {reference}");
    let step = plan.push(Role::Base, name, op, base.span);
    (Some(Output::root(step)), info.config)
}

/// Whether a file is laid after `run`, which may make its owner: the engine replaces a name that it does not know by
/// root. So is one in a directory of a user by name, because a directory that is there keeps its owner.
fn is_late(spec: &Image, user: &str, file: &FileCopy) -> bool {
    let is_said = |path: &str| spec.run.iter().any(|run| run.text.value.contains(path));
    let is_inside =
        |dir: &Spanned<String>| is_in(&file.to.value, &dir.value) && !is_said(&dir.value);
    let mut owned = spec.workdir.iter().chain(&spec.volumes);
    let owner = file.owner.as_ref().map(|owner| owner.value.as_str());
    let owner = owner.filter(|owner| support::is_named(owner));
    let mut names = owner.into_iter().flat_map(|owner| owner.split(':'));
    support::is_named(user) && owned.any(is_inside) || names.any(is_said)
}

/// The executables.
fn executables(plan: &Plan, input: &Input<'_>) -> Layer {
    let mut actions = vec![FileAction::MakeDir {
        path: "/usr/local/bin".into(),
        mode: 0o755,
        owner: None,
    }];
    for executable in &plan.executables {
        let (from, path) = (executable.output.clone(), executable.path.as_str());
        actions.push(FileAction::Copy(Box::new(Copy {
            mode: Some(0o755),
            ..Copy::new(from, path, executable.installed.as_str())
        })));
    }
    // Cargo's messages are read in each build: whoever imports a cache without them compiles again.
    let beside = plan.reports.last().into_iter().chain(&plan.assemblies);
    actions.extend(beside.cloned().map(FileAction::Need));
    let names: Vec<&str> = plan.executables.iter().map(|e| e.name.as_str()).collect();
    Layer {
        name: format!("copy {} to /usr/local/bin", names.join(" ")),
        actions,
        span: input.image.image.span,
        loose: true,
    }
}

/// Whom the program runs as. A base image that already runs as somebody without root's privileges keeps its user, unless
/// the spec says another.
fn user(spec: &Image, base: &ImageConfig) -> String {
    let own = base.user();
    let is_root = ["", "0", "root"].contains(&own.split(':').next().unwrap_or_default());
    match spec.user.span.is_some() || is_root {
        true => spec.user.value.clone(),
        false => own.to_owned(),
    }
}

/// The config's settings, which make no layer.
fn settings(input: &Input<'_>, config: &mut ImageConfig, user: &str) {
    let spec = &input.image.image;
    image::apply_env(config, &spec.env);
    let changes_user = spec.user.span.is_some() || user != config.user();
    config.set_user(user);
    let user = changes_user.then_some(user);
    if let Some(dir) = &spec.workdir {
        config.set_workdir(&dir.value);
    } else if config.workdir() == "/" {
        config.set_workdir("/");
    }
    let mut entrypoint = match &spec.entrypoint {
        Some(entrypoint) => entrypoint.value.clone(),
        None => {
            let first = input.selection.bins.first();
            let path = first.map(|bin| format!("/usr/local/bin/{bin}"));
            path.into_iter().collect()
        }
    };
    if spec.init.value {
        entrypoint.splice(0..0, [support::INIT.to_owned(), "--".to_owned()]);
    }
    config.set_entrypoint(&entrypoint);
    if let Some(cmd) = &spec.cmd {
        config.set_cmd(&cmd.value);
    }
    spec.expose
        .iter()
        .for_each(|port| config.expose(&port.value));
    spec.volumes
        .iter()
        .for_each(|path| config.volume(&path.value));
    if let Some(signal) = &spec.stop_signal {
        config.set_stop_signal(&signal.value);
    }
    if let Some(check) = &spec.healthcheck {
        config.set_healthcheck(&check.value);
    }
    let package = &input.project.packages[input.selection.package];
    let mut labels = cargo_labels(package);
    let own = spec.labels.iter();
    labels.extend(own.map(|label| (label.name.value.clone(), label.value.value.clone())));
    image::apply_labels(config, &labels);
    image::apply_labels(config, input.labels);
    for line in history::lines(spec, &labels, user, &entrypoint) {
        config.history(&line, true, input.epoch);
    }
}

/// The annotations of the image's manifest.
pub(super) fn annotations(input: &Input<'_>) -> Vec<(String, String)> {
    let pairs = input.image.image.annotations.iter();
    pairs
        .map(|one| (one.name.value.clone(), one.value.value.clone()))
        .collect()
}

/// Labels of the OCI image spec that Cargo.toml has the values of.
pub(crate) fn cargo_labels(package: &Package) -> BTreeMap<String, String> {
    let about = &package.metadata;
    let pairs = [
        ("title", Some(package.name.clone())),
        ("version", Some(package.version.clone())),
        ("description", about.description.clone()),
        ("licenses", about.license.clone()),
        ("source", about.repository.clone()),
        ("url", about.homepage.clone()),
        ("documentation", about.documentation.clone()),
        (
            "authors",
            (!about.authors.is_empty()).then(|| about.authors.join(", ")),
        ),
    ];
    pairs
        .into_iter()
        .filter_map(|(key, value)| Some((format!("org.opencontainers.image.{key}"), value?)))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}
