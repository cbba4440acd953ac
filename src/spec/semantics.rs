//! What values, each right alone, make wrong together.

use super::yaml::twice;
use super::{EnvVar, Image, ImageBase, RunStep, Secret, SecretStep, Spec};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceFile, Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};

/// Checks a spec whose form is right.
pub(super) fn check(spec: &Spec) -> Diagnostics {
    let mut check = Check {
        file: &spec.file,
        found: Diagnostics::default(),
    };
    for image in &spec.images {
        let build = &image.build;
        check.bins(&build.bin);
        check.secrets(&build.secrets);
        let config = &image.image;
        for pairs in [
            &build.env,
            &build.stamp,
            &config.env,
            &config.labels,
            &config.annotations,
        ] {
            check.pairs(pairs);
        }
        check.stamps(&build.env, &build.stamp);
        check.inputs(&build.inputs);
        check.toolchain(&build.env);
        check.packages(&image.image);
        check.healthcheck(&image.image);
        check.volumes(&image.image);
        check.bare(&image.image);
    }
    check.found
}

struct Check<'a> {
    file: &'a SourceFile,
    found: Diagnostics,
}

impl Check<'_> {
    fn error(&mut self, code: &'static str, span: Option<Span>, message: String, help: String) {
        let at = self.file.place(span);
        self.found
            .push(Diagnostic::error(code, message).help(help).at(at));
    }

    /// Harmless, and what build-args fill in may be the same by chance.
    fn bins(&mut self, bins: &[Spanned<String>]) {
        for (index, bin) in bins.iter().enumerate() {
            if let (true, Some(span)) = (bins[..index].contains(bin), bin.span) {
                let message = format!("`{}` is in `bin` twice", bin.value);
                self.found.push(
                    Diagnostic::warning("duplicate-item", message)
                        .help("remove one")
                        .at(self.file.at(span)),
                );
            }
        }
    }

    /// For a list of `NAME=value`: in a mapping, the YAML reader finds keys that appear twice.
    fn pairs(&mut self, pairs: &[EnvVar]) {
        let mut seen = BTreeMap::new();
        for EnvVar { name, .. } in pairs {
            let span = self.file.place(name.span).span;
            match seen.get(&name.value) {
                Some(first) => self.found.push(twice(self.file, &name.value, span, *first)),
                None => drop(seen.insert(&name.value, span)),
            }
        }
    }

    /// One file cannot be mounted twice, and no variable have two values.
    fn secrets(&mut self, secrets: &[Secret]) {
        let mut places = BTreeSet::new();
        for secret in secrets {
            let fetches = secret.step == SecretStep::Fetch;
            let file = secret.target.as_ref().map(|path| ("target", path));
            let variable = secret.env.as_ref().map(|name| ("env", name));
            for (key, place) in file.into_iter().chain(variable) {
                if !places.insert((key, place, fetches)) {
                    let message = match key {
                        "env" => format!("two secrets are in the variable `{place}`"),
                        _ => format!("two secrets are mounted as `{place}`"),
                    };
                    let help = format!("remove one, or give it another `{key}`");
                    self.error("duplicate-target", secret.id.span, message, help);
                }
            }
        }
    }

    /// A stamp in `env` would change every compile step with every build, and everything would be recompiled.
    fn stamps(&mut self, env: &[EnvVar], stamp: &[EnvVar]) {
        for var in stamp {
            let name = &var.name.value;
            if env.iter().any(|other| other.name.value == *name) {
                let message = format!("`{name}` is in `env` and in `stamp`");
                let help =
                    "keep it in `stamp` if only your own packages read it, otherwise in `env`";
                self.error("stamp-in-env", var.name.span, message, help.into());
            }
        }
    }

    /// What never reaches a compile step, whatever names it (plan/sources.rs).
    fn inputs(&mut self, inputs: &[Spanned<String>]) {
        for input in inputs {
            // One that begins with `!` is left out anyway.
            let path = input.value.trim_start_matches("./").trim_start_matches('/');
            let first = path.split('/').next().unwrap_or_default();
            let help = match first {
                ".git" => {
                    "pass in what a build reads of it: `args: { VCS_REVISION: unknown }`, and `stamp: { REVISION: '${VCS_REVISION}' }` under `build:`"
                }
                "target" => "put what a build reads into another directory",
                _ => continue,
            };
            let message = format!("`{first}` of the build context is not an input of a build");
            self.error("input-left-out", input.span, message, help.into());
        }
    }

    /// No step installs what a variable asks for, and those that compile have no network.
    fn toolchain(&mut self, env: &[EnvVar]) {
        let named = |var: &&EnvVar| var.name.value == "RUSTUP_TOOLCHAIN";
        for var in env.iter().filter(named) {
            let message = "no step installs the toolchain that `RUSTUP_TOOLCHAIN` names".to_owned();
            let help = format!("write `toolchain: {}` under `build:`", var.value.value);
            self.error("toolchain-in-env", var.name.span, message, help);
        }
    }

    /// The first words that Docker's own forms have.
    fn healthcheck(&mut self, image: &Image) {
        let Some(check) = &image.healthcheck else {
            return;
        };
        let Some((form, rest)) = check.value.cmd.split_first() else {
            return;
        };
        let help = match form.as_str() {
            "CMD" => format!("leave it out: `[{}]`", rest.join(", ")),
            "CMD-SHELL" => format!("write `[sh, -c, \"{}\"]`", rest.join(" ")),
            "NONE" => "write `healthcheck: none`".to_owned(),
            _ => return,
        };
        let message = format!("`{form}` is not a program: the command is a list of words");
        self.error("docker-form", check.span, message, help);
    }

    /// What `docker run --volume` and Compose mount there.
    fn volumes(&mut self, image: &Image) {
        for volume in &image.volumes {
            let Some((source, target)) = volume.value.split_once(':') else {
                continue;
            };
            let path = target.split(':').next().unwrap_or_default();
            let message = format!("an image cannot mount `{source}`");
            let help = format!(
                "write `{path}`, and mount it with `docker run --volume {volume}`",
                volume = volume.value
            );
            self.error("docker-form", volume.span, message, help);
        }
    }

    fn packages(&mut self, image: &Image) {
        if let (Some(what), Some(package)) = (without_shell(&image.base), image.packages.first()) {
            let message = format!(
                "{what} has no package manager to install `{}` with",
                package.value
            );
            let help = "write `base: alpine` or `base: debian`, or remove `packages`";
            self.error("no-package-manager", package.span, message, help.into());
        }
    }

    /// What needs files that an empty base has not.
    fn bare(&mut self, image: &Image) {
        let Some(what) = without_shell(&image.base) else {
            return;
        };
        for RunStep { args, text, .. } in &image.run {
            if args.first().is_some_and(|program| program == "sh") {
                let message = format!("{what} has no shell to run this with");
                let help = "write `base: alpine` or `base: debian`; list files under `files`, and write `user` as a number";
                self.error("no-shell", text.span, message, help.into());
            }
        }
        if image.base.value == ImageBase::Scratch {
            let owners = image.files.iter().filter_map(|file| file.owner.as_ref());
            for user in [&image.user].into_iter().chain(owners) {
                let mut parts = user.value.split(':');
                let name = parts.find(|part| !part.bytes().all(|b| b.is_ascii_digit()));
                if let Some(name) = name {
                    let message = format!("`scratch` has no user or group `{name}`");
                    let help = "write its number, like `65532`";
                    self.error("unknown-user", user.span, message, help.into());
                }
            }
        }
    }
}

/// The name of a base that has neither shell nor package manager.
fn without_shell(base: &ImageBase) -> Option<&'static str> {
    match base {
        ImageBase::Scratch => Some("`scratch`"),
        ImageBase::Reference(name)
            if name.starts_with("gcr.io/distroless/") && !name.contains("debug") =>
        {
            Some("a distroless image")
        }
        ImageBase::Reference(_) => None,
    }
}
