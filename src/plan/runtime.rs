//! The image: what is laid on the base, layer by layer, and its config.
//!
//! What changes most often comes last. Each layer is one step, so that the config's history has one line
//! for each, as the image spec wants.

use super::toolchain::{self, Run, Toolchain};
use super::{Copy, FileAction, Input, Op, Output, Plan, Role};
use crate::image::{self, ImageConfig};
use crate::project::Package;
use crate::spec::ImageBase;
use std::collections::BTreeMap;

/// Debian's and Alpine's place of the CA roots, the one that rustls' and OpenSSL's probing finds first.
const CA_BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The layers of an image under construction.
struct Layers {
    /// Layers made without looking at the base, to be merged onto it.
    loose: Vec<Output>,
    /// What they lie on.
    base: Option<Output>,
    merge: bool,
}

impl Layers {
    /// Adds a layer of files.
    fn files(
        &mut self,
        plan: &mut Plan,
        name: String,
        actions: Vec<FileAction>,
        span: Option<crate::source::Span>,
    ) {
        let loose = self.merge && self.base.is_some();
        let base = if loose { None } else { self.base.take() };
        let step = plan.push(Role::Image, name, Op::Files { base, actions }, span);
        let output = Output {
            step,
            mount: "/".into(),
        };
        if loose {
            self.loose.push(output)
        } else {
            self.base = Some(output)
        }
    }

    /// Takes the file system that a process left.
    fn ran(&mut self, plan: &mut Plan, out: Output, config: &mut ImageConfig, input: &Input<'_>) {
        let step = &mut plan.steps[out.step];
        step.role = Role::Image;
        config.history(&step.name, false, input.epoch);
        self.base = Some(out);
    }

    /// All layers so far as one file system.
    fn flatten(&mut self, plan: &mut Plan) -> Option<Output> {
        if !self.loose.is_empty() {
            let parts = self
                .base
                .take()
                .into_iter()
                .chain(self.loose.drain(..))
                .collect();
            let step = plan.push(Role::Base, "layers".into(), Op::Merge(parts), None);
            self.base = Some(Output {
                step,
                mount: "/".into(),
            });
        }
        self.base.clone()
    }
}

/// Adds the steps that make the image and returns it with its config.
pub(super) fn image(
    plan: &mut Plan,
    input: &Input<'_>,
    toolchain: &Toolchain,
) -> (Option<Output>, ImageConfig) {
    let spec = &input.image.image;
    let (base, info) = match &spec.base.value {
        ImageBase::Scratch => (None, None),
        ImageBase::Reference(reference) => {
            let info = input.images.get(reference).cloned().unwrap_or_default();
            let op = Op::Image {
                reference: info.reference.clone(),
                platform: plan.platform.clone(),
            };
            let step = plan.push(
                Role::Base,
                format!("base image {reference}"),
                op,
                spec.base.span,
            );
            (
                Some(Output {
                    step,
                    mount: "/".into(),
                }),
                Some(info),
            )
        }
    };
    let base_config = info.map(|info| info.config).unwrap_or_default();
    let mut config = ImageConfig::new(&base_config, &plan.platform);
    let mut layers = Layers {
        loose: vec![],
        base,
        merge: input.abilities.merge,
    };

    if let (Some(root), Some(first)) = (layers.base.clone(), spec.packages.first()) {
        let packages: Vec<String> = spec
            .packages
            .iter()
            .map(|name| name.value.clone())
            .collect();
        let env = config.environment();
        let out = toolchain::install(plan, &packages, &env, root, first.span);
        layers.ran(plan, out, &mut config, input);
    }
    let (support, what) = support(plan, input, toolchain);
    if !support.is_empty() {
        layers.files(plan, what.clone(), support, spec.span);
        config.history(&what, false, input.epoch);
    }
    if !spec.files.is_empty() {
        files(plan, input, &mut layers, &mut config);
    }
    executables(plan, input, &mut layers, &mut config);
    for run in &spec.run {
        let Some(root) = layers.flatten(plan) else {
            break;
        };
        let env = config.environment();
        let out = toolchain::change(plan, Run::step(run, &env), root, vec![]);
        layers.ran(plan, out, &mut config, input);
    }
    settings(input, &mut config);
    (layers.flatten(plan), config)
}

/// What programs expect of a file system and an empty image lacks.
fn support(plan: &Plan, input: &Input<'_>, toolchain: &Toolchain) -> (Vec<FileAction>, String) {
    let spec = &input.image.image;
    let scratch = spec.base.value == ImageBase::Scratch;
    let copy = |path: &str| {
        FileAction::Copy(Box::new(Copy {
            from: toolchain.base.clone(),
            src: path.into(),
            dest: path.into(),
            include: vec![],
            exclude: vec![],
            mode: None,
            owner: None,
            time: Some(super::SOURCE_TIME),
        }))
    };
    let mut actions = vec![];
    let mut what: Vec<&str> = vec![];
    let dir = |actions: &mut Vec<FileAction>, path: &str| {
        actions.push(FileAction::MakeDir {
            path: path.into(),
            mode: 0o755,
            owner: None,
        });
    };
    if spec.ca_certificates.value
        && (scratch || lacks_ca(&spec.base.value) || spec.ca_certificates.span.is_some())
    {
        dir(&mut actions, "/etc/ssl/certs");
        actions.push(copy(CA_BUNDLE));
        what.push("CA certificates");
    }
    if spec.timezones.value {
        dir(&mut actions, "/usr/share");
        actions.push(copy("/usr/share/zoneinfo"));
        what.push("time zones");
    }
    let ids = spec
        .user
        .value
        .split_once(':')
        .unwrap_or((&spec.user.value, &spec.user.value));
    if let (true, Ok(uid), Ok(gid)) = (scratch, ids.0.parse::<u32>(), ids.1.parse::<u32>())
        && uid != 0
    {
        dir(&mut actions, "/etc");
        actions.push(FileAction::Write {
            path: "/etc/passwd".into(),
            data: format!(
                "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:{uid}:{gid}::/:/sbin/nologin\n"
            )
            .into(),
            mode: 0o644,
        });
        actions.push(FileAction::Write {
            path: "/etc/group".into(),
            data: format!("root:x:0:\nnonroot:x:{gid}:\n").into(),
            mode: 0o644,
        });
        what.push("user");
    }
    let owner = ids.0.parse().ok().zip(ids.1.parse().ok());
    if let Some(workdir) = spec.workdir.as_ref().filter(|dir| dir.value != "/") {
        actions.push(FileAction::MakeDir {
            path: workdir.value.clone(),
            mode: 0o755,
            owner,
        });
        what.push("working directory");
    }
    for volume in &spec.volumes {
        actions.push(FileAction::MakeDir {
            path: volume.value.clone(),
            mode: 0o755,
            owner,
        });
        what.push("volume");
    }
    let _ = plan;
    (actions, what.join(", "))
}

/// The name of a base that surely has no dynamic loader.
pub(super) fn static_base(base: &ImageBase) -> Option<String> {
    match base {
        ImageBase::Scratch => Some("scratch".to_owned()),
        ImageBase::Reference(reference) => {
            let is_static = reference.contains("distroless/static");
            is_static.then(|| reference.clone())
        }
    }
}

/// Official images without CA roots.
fn lacks_ca(base: &ImageBase) -> bool {
    let ImageBase::Reference(reference) = base else {
        return true;
    };
    let name = reference.split(['@', ':']).next().unwrap_or_default();
    let name = name
        .trim_start_matches("docker.io/")
        .trim_start_matches("library/");
    ["debian", "ubuntu", "busybox"].contains(&name)
}

/// The spec's `files:`.
fn files(plan: &mut Plan, input: &Input<'_>, layers: &mut Layers, config: &mut ImageConfig) {
    let spec = &input.image.image;
    let op = Op::Context {
        include: vec![],
        exclude: input.ignored.to_vec(),
    };
    let step = plan.push(Role::Sources, "load build context".into(), op, None);
    let context = Output {
        step,
        mount: "/".into(),
    };
    let actions: Vec<FileAction> = spec
        .files
        .iter()
        .map(|file| {
            FileAction::Copy(Box::new(Copy {
                from: context.clone(),
                src: format!(
                    "/{}",
                    file.from.value.trim_start_matches("./").trim_matches('/')
                ),
                dest: file.to.value.clone(),
                include: vec![],
                exclude: vec![],
                mode: file.mode,
                owner: file.owner.as_ref().map(|owner| owner.value.clone()),
                time: Some(super::SOURCE_TIME),
            }))
        })
        .collect();
    let names: Vec<&str> = spec
        .files
        .iter()
        .map(|file| file.from.value.as_str())
        .collect();
    let name = format!("files {}", names.join(" "));
    layers.files(plan, name.clone(), actions, spec.files[0].from.span);
    config.history(&name, false, input.epoch);
}

/// The executables.
fn executables(plan: &mut Plan, input: &Input<'_>, layers: &mut Layers, config: &mut ImageConfig) {
    let mut actions = vec![FileAction::MakeDir {
        path: "/usr/local/bin".into(),
        mode: 0o755,
        owner: None,
    }];
    for executable in &plan.executables {
        actions.push(FileAction::Copy(Box::new(Copy {
            from: executable.output.clone(),
            src: executable.path.clone(),
            dest: executable.installed.clone(),
            include: vec![],
            exclude: vec![],
            mode: Some(0o755),
            owner: None,
            time: Some(super::SOURCE_TIME),
        })));
    }
    let names: Vec<&str> = plan.executables.iter().map(|e| e.name.as_str()).collect();
    let name = format!("copy {} to /usr/local/bin", names.join(" "));
    layers.files(plan, name.clone(), actions, input.image.image.span);
    config.history(&name, false, input.epoch);
}

/// The config's settings, which make no layer.
fn settings(input: &Input<'_>, config: &mut ImageConfig) {
    let spec = &input.image.image;
    image::apply_env(config, &spec.env);
    // A base image that already runs as somebody keeps its user, unless the spec says another.
    if spec.user.span.is_some() || config.user().is_empty() {
        config.set_user(&spec.user.value);
    }
    if let Some(dir) = &spec.workdir {
        config.set_workdir(&dir.value);
    } else if config.workdir() == "/" {
        config.set_workdir("/");
    }
    match &spec.entrypoint {
        Some(entrypoint) => config.set_entrypoint(&entrypoint.value),
        None => {
            let first = input.selection.bins.first();
            let path = first.map(|bin| format!("/usr/local/bin/{bin}"));
            config.set_entrypoint(&path.into_iter().collect::<Vec<_>>());
        }
    }
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
    image::apply_labels(config, &cargo_labels(package));
    for label in &spec.labels {
        config.label(&label.name, &label.value);
    }
    image::apply_labels(config, input.labels);
    config.history("settings of Rust.yaml", true, input.epoch);
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
