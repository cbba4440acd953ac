//! The compiler: build image, system packages, rustup toolchain and target.

use super::{Exec, Input, Mount, MountKind, Op, Output, Plan, Role, allocator};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::image::ImageConfig;
use crate::platform::{self, Libc};
use crate::recipe::Recipe;
use crate::source::{Location, Span};
use crate::spec::{Allocator, BuildTarget, RunStep};

/// The build environment that all later steps of a plan run in.
#[derive(Clone, Debug)]
pub(super) struct Toolchain {
    /// The build image as it came.
    pub base: Output,
    /// Its file system.
    pub root: Output,
    /// A file system with the same Cargo, made by fewer steps where that is possible: fetching needs no target.
    pub fetcher: Output,
    /// The environment of the build image as it came.
    pub image_env: Vec<(String, String)>,
    /// Its environment: the build image's, the toolchain's name, the spec's.
    pub env: Vec<(String, String)>,
    /// cargo's home in it.
    pub cargo_home: String,
}

/// Installs what is missing of the packages that are its arguments, by whichever package manager the image
/// has. The bytes are part of cache keys.
pub(super) const INSTALL_PACKAGES: &str = "\
#!/bin/sh
set -eu
if command -v apt-get >/dev/null; then
  # What was removed without its configuration is known, too: as `rc`.
  if status=$(dpkg-query --show --showformat='${db:Status-Abbrev}' \"$@\" 2>/dev/null); then
    case $status in
    *[!i\\ ]*) ;;
    *) exit 0 ;;
    esac
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq -o Dpkg::Use-Pty=0 install --yes --no-install-recommends \"$@\"
  rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/log/apt /var/log/dpkg.log
elif command -v apk >/dev/null; then
  # What Debian's musl-tools brings is Alpine's own compiler.
  for package; do
    shift
    case $package in
    musl-tools) set -- \"$@\" gcc musl-dev ;;
    *) set -- \"$@\" \"$package\" ;;
    esac
  done
  apk add --no-cache \"$@\"
else
  echo \"no apt-get and no apk in this image: it cannot install $*\" >&2
  exit 1
fi
";

/// Adds the steps that make the build environment.
///
/// `linker` is a variable for cargo, if the usual linker does not do.
pub(super) fn add(
    plan: &mut Plan,
    input: &Input<'_>,
    recipe: &Recipe,
    linker: Option<(String, String)>,
) -> Toolchain {
    let build = &input.image.build;
    let info = input.info(&build.base.value, &plan.build_platform);
    let config = ImageConfig::new(&info.config, &plan.build_platform);
    let image_env = config.environment();
    let mut env = image_env.clone();

    let base = plan.push(
        Role::Base,
        format!("build image {}", build.base.value),
        Op::Image {
            reference: info.reference,
            platform: plan.build_platform.clone(),
        },
        build.base.span,
    );
    let mut root = Output::root(base);
    let packages = packages(input, recipe, &plan.triple);
    if !packages.is_empty() {
        let span = build
            .packages
            .first()
            .and_then(|package| package.span)
            .or(build.span);
        root = install(plan, &packages, &env, root, span);
    }
    let packaged = root.clone();
    let (runs, channel) = rustup(plan, input, &env);
    for run in runs {
        root = change(plan, run, root, vec![]);
    }
    // A step of the spec may configure whatever fetches.
    let same_cargo = channel.is_none() && build.run.is_empty();
    if let Some(channel) = channel {
        // From here on rustup looks neither for toolchain files nor for updates.
        env.push(("RUSTUP_TOOLCHAIN".into(), channel));
    }
    env.extend(linker);
    if replaces_allocator(input, &plan.triple) {
        root = allocator::mimalloc(plan, &env, root, build.allocator.span);
    }
    for variable in &build.env {
        env.retain(|(name, _)| *name != variable.name.value);
        env.push((variable.name.value.clone(), variable.value.value.clone()));
    }
    for run in &build.run {
        root = change(plan, Run::step(run, &env), root, vec![]);
    }
    let cargo_home = cargo_home(&env);
    Toolchain {
        base: Output::root(base),
        fetcher: match same_cargo {
            true => packaged,
            false => root.clone(),
        },
        root,
        image_env,
        env,
        cargo_home,
    }
}

/// Where cargo keeps what it downloads; steps run as root.
fn cargo_home(env: &[(String, String)]) -> String {
    let value = |name: &str| {
        let mut all = env.iter();
        all.find_map(|(known, value)| (known == name && !value.is_empty()).then_some(value))
    };
    let home = || value("HOME").map_or("/root", |home| home.trim_end_matches('/'));
    value("CARGO_HOME").map_or_else(|| format!("{}/.cargo", home()), Clone::clone)
}

/// Whether a target of the project's toolchain file is one to install in the build: the file is for the machines of
/// developers, too.
fn is_wanted(target: &str) -> bool {
    !["-apple-", "-windows-"]
        .iter()
        .any(|other| target.contains(other))
}

/// What rustup has to do, and the toolchain's name if the spec or a toolchain file of the project gives one.
fn rustup<'a>(
    plan: &Plan,
    input: &Input<'_>,
    env: &'a [(String, String)],
) -> (Vec<Run<'a>>, Option<String>) {
    let build = &input.image.build;
    let file = match &build.toolchain {
        Some(_) => None,
        None => input.project.toolchain.as_ref(),
    };
    let wanted = build
        .toolchain
        .as_ref()
        .or_else(|| file?.channel.as_ref())
        .map(|channel| channel.value.as_str());
    let triple = plan.triple.as_str();
    let named = file.iter().flat_map(|file| &file.targets);
    let named = named.map(String::as_str).filter(|name| is_wanted(name));
    let mut targets = vec![triple];
    targets.extend(named.filter(|name| *name != triple));
    let named = file.iter().flat_map(|file| &file.components);
    let mut components: Vec<&str> = named.map(String::as_str).collect();
    let run = |name: String, args: Vec<&str>, span| Run {
        name,
        args: args.into_iter().map(str::to_owned).collect(),
        env,
        network: true,
        span,
    };
    let runs = match wanted {
        Some(channel) => {
            let mut args = vec!["rustup", "toolchain", "install", channel];
            args.extend(["--profile", "minimal", "--no-self-update"]);
            for target in &targets {
                args.extend(["--target", target]);
            }
            if input.project.builds_std() && !components.contains(&"rust-src") {
                components.push("rust-src");
            }
            for component in components {
                args.extend(["--component", component]);
            }
            let span = build.toolchain.as_ref().and_then(|channel| channel.span);
            let name = format!("toolchain {channel}, {}", targets.join(", "));
            vec![run(name, args, span)]
        }
        None => {
            let args = [&["rustup", "target", "add"], targets.as_slice()].concat();
            let name = format!("toolchain {}", targets.join(", "));
            let mut runs = vec![run(name, args, build.target.span)];
            if !components.is_empty() {
                let args = [&["rustup", "component", "add"], components.as_slice()].concat();
                let name = format!("components {}", components.join(", "));
                runs.push(run(name, args, None));
            }
            runs
        }
    };
    (runs, wanted.map(str::to_owned))
}

/// Installs packages into a file system.
pub(super) fn install(
    plan: &mut Plan,
    packages: &[String],
    env: &[(String, String)],
    root: Output,
    span: Option<Span>,
) -> Output {
    let (script, path) = plan.script("install-packages", INSTALL_PACKAGES);
    let args = std::iter::once(path)
        .chain(packages.iter().cloned())
        .collect();
    let name = format!("packages {}", packages.join(" "));
    let run = Run {
        name,
        args,
        env,
        network: true,
        span,
    };
    change(plan, run, root, vec![script])
}

/// What the spec asks for, and musl's compiler wrapper where a crate compiles C for musl.
fn packages(input: &Input<'_>, recipe: &Recipe, triple: &str) -> Vec<String> {
    let mut packages: Vec<String> = input
        .image
        .build
        .packages
        .iter()
        .map(|package| package.value.clone())
        .collect();
    let compiles_c = recipe.compiles_c || replaces_allocator(input, triple);
    let is_musl = platform::libc(triple) == Some(Libc::Musl);
    if compiles_c && is_musl && !packages.iter().any(|name| name == "musl-tools") {
        packages.push("musl-tools".into());
    }
    packages.sort();
    packages.dedup();
    packages
}

/// Whether the toolchain's libc gets another allocator. That of glibc is as good.
pub(super) fn replaces_allocator(input: &Input<'_>, triple: &str) -> bool {
    input.image.build.allocator.value == Allocator::Mimalloc
        && platform::libc(triple) == Some(Libc::Musl)
}

/// A process that changes the file system it runs in.
pub(super) struct Run<'a> {
    pub name: String,
    pub args: Vec<String>,
    pub env: &'a [(String, String)],
    pub network: bool,
    pub span: Option<Span>,
}

impl<'a> Run<'a> {
    /// A step of the spec's escape hatch.
    pub(super) fn step(step: &RunStep, env: &'a [(String, String)]) -> Self {
        Self {
            name: format!("run {}", step.text.value),
            args: step.args.clone(),
            env,
            network: step.network,
            span: step.text.span,
        }
    }
}

/// Adds the step of such a process.
pub(super) fn change(plan: &mut Plan, run: Run<'_>, root: Output, mounts: Vec<Mount>) -> Output {
    let mut all = vec![Mount::new("/", MountKind::Output(Some(root)))];
    all.extend(mounts);
    let exec = Exec {
        args: run.args,
        env: run.env.to_vec(),
        cwd: "/".into(),
        mounts: all,
        network: run.network,
        ..Exec::default()
    };
    let step = plan.push(Role::Toolchain, run.name, Op::Exec(exec), run.span);
    Output::root(step)
}

/// The triple of an image that its platform runs.
pub(super) fn image_triple(input: &Input<'_>) -> Result<String, Diagnostics> {
    let triple = triple(input)?;
    if platform::runs(input.platform, &triple) {
        return Ok(triple);
    }
    let message = format!(
        "the image is for {}, but this target is not",
        input.platform
    );
    let target = &input.image.build.target;
    let libc = match platform::libc(&triple) {
        Some(Libc::Musl) => "musl",
        _ => "gnu",
    };
    let help =
        format!("write `target: {libc}`, which fits every platform, or build with `--platform`");
    let error = Diagnostic::error("platform-mismatch", message).help(help);
    Err(error.at(input.spec.file.place(target.span)).into())
}

/// The triple to compile for.
pub(super) fn triple(input: &Input<'_>) -> Result<String, Diagnostics> {
    let target = &input.image.build.target;
    let libc = match &target.value {
        BuildTarget::Triple(triple) => return Ok(triple.clone()),
        BuildTarget::Musl => Libc::Musl,
        BuildTarget::Gnu => Libc::Gnu,
    };
    input
        .platform
        .triple(libc)
        .map(str::to_owned)
        .ok_or_else(|| {
            let message = format!("rustc has no target for the platform `{}`", input.platform);
            Diagnostic::error("no-triple", message)
                .help("write the triple: `target: <triple>` under `build:`")
                .at(target_place(input))
                .into()
        })
}

/// Where the spec says what to compile for, if it does.
pub(super) fn target_place(input: &Input<'_>) -> Option<Location> {
    let span = input.image.build.target.span;
    span.map(|span| input.spec.file.at(span))
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "runs the script with programs of its own"
)]
mod tests {
    use super::INSTALL_PACKAGES;
    use std::fs;
    use std::process::Command;

    /// What a package manager that is alone in `PATH` is called with.
    fn calls(manager: &str, packages: &[&str]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let program = dir.path().join(manager);
        // Another process writes it: a child of another test may hold what this one has open, and what is open for
        // writing cannot be run.
        let script = "printf '#!/bin/sh\\necho \"$*\" >>%s\\n' \"$1\" >\"$2\" && chmod 755 \"$2\"";
        let made = Command::new("/bin/sh")
            .args(["-c", script, "sh"])
            .args([&log, &program])
            .status();
        assert!(made.unwrap().success());
        let status = Command::new("/bin/sh")
            .args(["-c", INSTALL_PACKAGES, "sh"])
            .args(packages)
            .env("PATH", dir.path())
            .status();
        assert!(status.unwrap().success());
        let text = fs::read_to_string(log).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn alpine_has_other_names() {
        let wanted = ["add --no-cache cmake gcc musl-dev protoc"];
        assert_eq!(calls("apk", &["cmake", "musl-tools", "protoc"]), wanted);
        assert_eq!(calls("apk", &["a b"]), ["add --no-cache a b"]);
    }
}
