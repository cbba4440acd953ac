//! How the image runs.

use super::{Found, Input, Rule, is_gnu};
use crate::image_ref;
use crate::plan::cargo_labels;
use crate::spec::{Allocator, ImageBase, ImageSpec};
use std::collections::BTreeMap;

pub(super) const RULES: [Rule; 5] = [
    Rule::new(
        "root-user",
        "A program that does not run as root cannot change the image that it runs in",
        root,
    ),
    Rule::new(
        "privileged-port",
        "A user without privileges may not listen below port 1024 on every platform",
        port,
    ),
    Rule::new(
        "duplicate-label",
        "A label that says what Cargo.toml says must be changed in two places",
        label,
    ),
    Rule::new(
        "healthcheck-program",
        "A health check runs inside the image, with the programs that it has",
        healthcheck,
    ),
    Rule::new("unused-key", "A key that has no effect here", unused),
];

fn is_root(image: &ImageSpec) -> bool {
    let user = image.image.user.value.split(':').next();
    matches!(user, Some("0" | "root"))
}

fn root(input: &Input<'_>, found: &mut Found<'_>) {
    for image in input.spec.images.iter().filter(|image| is_root(image)) {
        found.spec(
            image.image.user.span,
            "the program runs as root",
            "remove `user`: the default is 65532, without privileges",
        );
    }
}

fn port(input: &Input<'_>, found: &mut Found<'_>) {
    for image in input.spec.images.iter().filter(|image| !is_root(image)) {
        for port in &image.image.expose {
            let number = port.value.split(['/', '-']).next().unwrap_or_default();
            if number.parse().is_ok_and(|number: u32| number < 1024) {
                found.spec(
                    port.span,
                    format!(
                        "user {} may not listen on port {number} everywhere",
                        image.image.user.value
                    ),
                    "listen on a port above 1023, and publish it as the port that you want",
                );
            }
        }
    }
}

fn label(input: &Input<'_>, found: &mut Found<'_>) {
    for image in &input.spec.images {
        let known = input.package(image).map(cargo_labels).unwrap_or_default();
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for label in &image.image.labels {
            let name = &label.name.value;
            if known.get(name) == Some(&label.value.value) {
                found.spec(
                    label.name.span,
                    format!("`{name}` is set from `Cargo.toml`, to the same value"),
                    "remove it here",
                );
            }
            if let Some(other) = seen.insert(name.to_lowercase(), name) {
                found.spec(
                    label.name.span,
                    format!("`{name}` and `{other}` differ only in case"),
                    "keep one of them",
                );
            }
        }
    }
}

/// What a base has to ask a server with: `None` if that is not known.
fn clients(base: &ImageBase) -> Option<&'static [&'static str]> {
    let ImageBase::Reference(name) = base else {
        return Some(&[]);
    };
    match image_ref::official(name).map(|(name, _)| name) {
        Some("alpine" | "busybox") => Some(&["wget", "nc", "sh"]),
        Some("debian" | "ubuntu") => Some(&["sh", "bash"]),
        _ if name.starts_with("gcr.io/distroless/") && !name.contains("debug") => Some(&[]),
        _ => None,
    }
}

fn healthcheck(input: &Input<'_>, found: &mut Found<'_>) {
    const CLIENTS: [&str; 6] = ["curl", "wget", "nc", "sh", "bash", "grpc_health_probe"];
    for image in &input.spec.images {
        let runtime = &image.image;
        let (Some(check), Some(there)) = (&runtime.healthcheck, clients(&runtime.base.value))
        else {
            continue;
        };
        let words = check.cmd.iter().flat_map(|word| word.split_whitespace());
        let mut words = words.filter(|word| *word != "-c");
        let bins = input
            .selected(image)
            .map(|(_, selection)| selection.bins)
            .unwrap_or_default();
        // A shell's program is the next word.
        let first = words.next();
        let second = words.next().filter(|_| first == Some("sh"));
        for program in first.into_iter().chain(second) {
            let installed = runtime
                .packages
                .iter()
                .any(|package| package.value.contains(program));
            let copied = runtime
                .files
                .iter()
                .any(|file| file.to.value.contains(program));
            let own = bins.iter().any(|bin| bin == program);
            if CLIENTS.contains(&program)
                && !there.contains(&program)
                && !installed
                && !copied
                && !own
            {
                let help = match program {
                    "curl" if there.contains(&"wget") => {
                        "use `wget --spider`, or write `packages: [curl]` under `image:`".to_owned()
                    }
                    "bash" | "curl" | "wget" if !there.is_empty() => {
                        format!("write `packages: [{program}]` under `image:`")
                    }
                    _ => {
                        let bin = bins.first().map_or("PROGRAM", String::as_str);
                        format!(
                            "let the program check itself: `healthcheck: {{ cmd: [{bin}, health] }}`"
                        )
                    }
                };
                let message = format!("the image has no `{program}` for its health check");
                found.spec(check.span, message, help);
            }
        }
    }
}

fn unused(input: &Input<'_>, found: &mut Found<'_>) {
    const SET: [&str; 4] = [
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_INCREMENTAL",
        "CARGO_TARGET_DIR",
    ];
    for variable in input.spec.images.iter().flat_map(|image| &image.build.env) {
        let name = variable.name.value.as_str();
        if SET.contains(&name) {
            let help = match name {
                "CARGO_BUILD_TARGET" => "remove it; what to compile for is `target`",
                _ => "remove it",
            };
            let message = format!("`{name}` has no effect: every step sets it itself");
            found.spec(variable.name.span, message, help);
        }
    }
    for image in input.spec.images.iter().filter(|image| is_gnu(image)) {
        let allocator = &image.build.allocator;
        if allocator.value == Allocator::Mimalloc {
            found.spec(
                allocator.span,
                "`allocator` has no effect: the program is linked with glibc",
                "remove it, or write `target: musl`",
            );
        }
    }
}
