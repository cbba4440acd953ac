//! The compiler and its settings.

use super::{Found, Input, Rule};
use crate::source::{Location, join, parent};
use crate::spec::ImageSpec;

pub(super) const RULES: [Rule; 5] = [
    Rule::new(
        "toolchain-shadowed",
        "Two places name a toolchain, and only one of them applies",
        shadowed,
    ),
    Rule::new(
        "floating-nightly",
        "A nightly without a date is a different compiler every day",
        nightly,
    ),
    Rule::new(
        "toolchain-too-old",
        "Cargo refuses packages that need a newer compiler than there is",
        too_old,
    ),
    Rule::new(
        "dev-profile",
        "Cargo's dev profile is for developers: the program is slow and large",
        dev,
    ),
    Rule::new(
        "debug-symbols",
        "Debug information makes a program several times larger",
        symbols,
    ),
];

/// The toolchain of an image and where it is named.
fn channel(input: &Input<'_>, image: &ImageSpec) -> Option<(String, Location)> {
    if let Some(named) = &image.build.toolchain {
        let place = named.span.map(|span| input.spec.file.at(span));
        return Some((named.value.clone(), place?));
    }
    let file = input.project?.toolchain.as_ref()?;
    let channel = file.channel.as_ref()?;
    Some((channel.value.clone(), file.file.at(channel.span?)))
}

fn shadowed(input: &Input<'_>, found: &mut Found<'_>) {
    let Some(file) = input.project.and_then(|project| project.toolchain.as_ref()) else {
        return;
    };
    let name = file.file.name();
    let channel = file.channel.as_ref().map(|channel| channel.value.as_str());
    for image in &input.spec.images {
        if let (Some(named), Some(channel)) = (&image.build.toolchain, channel)
            && named.value != channel
        {
            found.spec(
                named.span,
                format!("this toolchain applies, not `{channel}` from `{name}`"),
                format!("remove it here, or write it into `{name}`"),
            );
        }
    }
    let newer = join(parent(name), "rust-toolchain.toml").unwrap_or_default();
    if newer != name && input.tree.read(&newer).is_some() {
        found.at(
            file.file.whole(),
            format!("`{name}` applies, not `{newer}` beside it"),
            "delete one of them",
        );
    }
}

fn nightly(input: &Input<'_>, found: &mut Found<'_>) {
    for image in &input.spec.images {
        if let Some((channel, place)) = channel(input, image)
            && channel
                .strip_prefix("nightly")
                .is_some_and(|rest| !rest.starts_with("-2"))
        {
            found.at(
                place,
                "`nightly` without a date is the nightly that the cache happens to hold",
                "write a date, like `nightly-2026-01-31`",
            );
        }
    }
}

/// The first two numbers of a version.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(['.', '-']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn too_old(input: &Input<'_>, found: &mut Found<'_>) {
    for image in &input.spec.images {
        let base = &image.build.base;
        let tag = || {
            let (name, tag) = base.value.rsplit_once(':')?;
            let place = base.span.map(|span| input.spec.file.at(span));
            (name == "rust").then_some((tag.to_owned(), place?))
        };
        let Some((named, place)) = channel(input, image).or_else(tag) else {
            continue;
        };
        let Some(there) = version(&named) else {
            continue;
        };
        let package = input.package(image);
        let written = package.and_then(|package| package.metadata.rust_version.as_deref());
        let edition = package.and_then(|package| match package.edition.as_str() {
            "2021" => Some("1.56"),
            "2024" => Some("1.85"),
            _ => None,
        });
        let lock = input.project.and_then(|project| project.lock.version);
        let needs = [
            (written, "the package's `rust-version` is"),
            (edition, "the package's edition needs"),
            (
                lock.filter(|lock| *lock >= 4).map(|_| "1.78"),
                "this version of `Cargo.lock` needs",
            ),
        ];
        let needs = needs.into_iter().filter_map(|(wanted, why)| {
            let wanted = wanted?;
            Some((version(wanted)?, wanted, why))
        });
        // The first of those that need most.
        let most = needs.rev().max_by_key(|(needed, ..)| *needed);
        if let Some((needed, wanted, why)) = most
            && there < needed
        {
            found.at(
                place,
                format!("this is Rust {}.{}, and {why} {wanted}", there.0, there.1),
                format!("write {wanted} or newer"),
            );
        }
    }
}

fn dev(input: &Input<'_>, found: &mut Found<'_>) {
    for image in &input.spec.images {
        let profile = &image.build.profile;
        if matches!(profile.value.as_str(), "dev" | "test" | "debug") {
            found.spec(
                profile.span,
                format!("profile `{}` does not optimize", profile.value),
                "remove `profile`: the default is `release`",
            );
        }
    }
}

fn symbols(input: &Input<'_>, found: &mut Found<'_>) {
    let Some(project) = input.project else { return };
    // Where symbols are kept apart, the image has none.
    let together = |image: &&ImageSpec| !image.build.debug_symbols.value;
    for image in input.spec.images.iter().filter(together) {
        let profile = &image.build.profile.value;
        let Some(toml::Value::Table(settings)) = project.profiles.get(profile) else {
            continue;
        };
        let full = match settings.get("debug") {
            Some(toml::Value::Boolean(on)) => *on,
            Some(toml::Value::Integer(level)) => *level > 0,
            Some(toml::Value::String(level)) => level != "none" && level != "line-tables-only",
            _ => false,
        };
        let kept = match settings.get("strip") {
            Some(toml::Value::Boolean(strip)) => !strip,
            Some(toml::Value::String(strip)) => strip == "none",
            _ => true,
        };
        let apart = settings
            .get("split-debuginfo")
            .is_some_and(|split| split.as_str() != Some("off"));
        if full && kept && !apart {
            let file = &project.manifest;
            let section = format!("[profile.{profile}]");
            let lines = (1..).map_while(|number| file.line_span(number));
            let at = { lines }.find(|span| file.slice(*span).trim() == section);
            found.at(
                file.place(at),
                format!("profile `{profile}` leaves debug information in the image"),
                "write `strip = \"debuginfo\"`, or `debug = \"line-tables-only\"` for backtraces",
            );
        }
    }
}
