//! `--call=targets`: what `--target` takes. As `frontend/subrequests/targets`.

use super::wire::Sources;
use super::{Answer, table};
use crate::diagnostic::Severity;
use crate::frontend::{Inspected, Request, inspect};
use crate::gateway::Failure;
use crate::spec::{ImageBase, ImageSpec, Spec};
use crate::stage::{COMMON, Kind, Stage, Variant, variants};
use serde_json::{Value, json};

/// Lists the images and the stages that every spec has.
pub(super) async fn answer(request: Request<'_>) -> Result<Answer, Failure> {
    let inspected = inspect(request, request.build_platform).await?;
    // A broken project has targets nevertheless; a broken spec has none.
    let Some(spec) = &inspected.spec else {
        return Err(inspected.errors.into());
    };
    let mut sources = Sources::new(&request.context.definition);
    let default = Stage::find(spec, None).ok();
    let mut targets = vec![];
    let mut rows = vec![row("TARGET", "DESCRIPTION")];
    for image in &spec.images {
        let is_default = default.is_some_and(|stage| stage.images.first() == Some(image));
        let description = description(&inspected, spec, image);
        let mut target = json!({
            "description": description,
            "base": base(image),
            "location": sources.span(image.name.as_ref().and_then(|name| name.span)),
        });
        let name = image.name.as_ref().map(|name| name.value.as_str());
        if let Some(name) = name {
            target["name"] = name.into();
        }
        if is_default {
            target["default"] = true.into();
        }
        targets.push(target);
        let shown = match (name, is_default) {
            (Some(name), true) => format!("{name} (default)"),
            (Some(name), false) => name.to_owned(),
            (None, _) => "(default)".to_owned(),
        };
        rows.push(row(&shown, &description));
    }
    // There are symbols only of an image that is built with them.
    let made = |variant: &Variant<'_>| {
        variant.kind != Kind::Symbols || variant.image.build.debug_symbols.value
    };
    for variant in variants(spec).filter(made) {
        targets.push(json!({
            "name": variant.name,
            "description": variant.description,
            "location": sources.span(variant.image.name.as_ref().and_then(|name| name.span)),
        }));
        rows.push(row(&variant.name, variant.description));
    }
    for (name, _, description) in COMMON {
        targets.push(json!({
            "name": name,
            "description": description,
            "location": sources.span(None),
        }));
        rows.push(row(name, description));
    }
    Ok(Answer {
        json: json!({ "targets": Value::Array(targets), "sources": sources.contents() }),
        text: table(&rows),
        status: None,
    })
}

fn row(name: &str, description: &str) -> Vec<String> {
    vec![name.to_owned(), description.to_owned()]
}

/// The base image as the spec says it.
fn base(image: &ImageSpec) -> &str {
    match &image.image.base.value {
        ImageBase::Scratch => "scratch",
        ImageBase::Reference(reference) => reference,
    }
}

/// What an image is, as far as the project can be read.
pub(super) fn description(inspected: &Inspected, spec: &Spec, image: &ImageSpec) -> String {
    let on = base(image);
    let Some(project) = &inspected.project else {
        return format!("an image on {on}");
    };
    match project.select(spec, image) {
        Ok(selection) => {
            let package = &project.packages[selection.package];
            let bins = selection.bins.join(", ");
            match &package.metadata.description {
                Some(about) => format!("{bins} on {on}: {about}"),
                None => format!("{bins} on {on}"),
            }
        }
        Err(wrong) => {
            let mut wrong = wrong.sorted();
            wrong.retain(|one| one.severity == Severity::Error);
            let why = wrong.first().map(|one| one.message.clone());
            format!("cannot be built: {}", why.unwrap_or_default())
        }
    }
}
