//! `--check`: what the lint rules find, and what stops a build.
//!
//! As `frontend/subrequests/lint`. The mistakes of a spec that cannot be built are part of the answer, so that the
//! findings beside them are shown, too.

use super::Answer;
use super::planner::Planner;
use super::wire::Sources;
use crate::context::Context;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, snippet};
use crate::frontend::{Inspected, Request, inspect};
use crate::gateway::Failure;
use crate::inspect::unbuildable;
use crate::lint;
use serde_json::{Value, json};

/// Checks the stage that is asked for, or all images.
pub(super) async fn answer(request: Request<'_>) -> Result<Answer, Failure> {
    let Request {
        options, context, ..
    } = request;
    let platforms = request.platforms();
    let platform = &platforms[0];
    let inspected = match inspect(request, platform).await {
        // A file that is not text, a broken `# check=` line.
        Err(Failure::User(errors)) => Inspected {
            errors,
            ..Inspected::default()
        },
        inspected => inspected?,
    };
    let mut errors = inspected.errors;
    if let (Some(spec), Some(project)) = (&inspected.spec, &inspected.project) {
        let planner = Planner {
            spec,
            project,
            request,
            platform,
        };
        let target = options.target.as_deref();
        errors.extend(unbuildable(spec, target, |kind, image| {
            planner.plan(kind, image)
        }));
    }
    Ok(rendered(context, inspected.warnings, errors))
}

fn rendered(context: &Context, warnings: Diagnostics, errors: Diagnostics) -> Answer {
    let mut sources = Sources::new(&context.definition);
    let mut text = String::new();
    let mut list = vec![];
    for warning in warnings.sorted() {
        list.push(entry(&warning, &mut sources, context.definition.name()));
        text.push_str(&printed(&warning));
    }
    let mut errors: Vec<Diagnostic> = errors.sorted();
    errors.retain(|error| error.severity == Severity::Error);
    let wrong = !errors.is_empty() || !list.is_empty();
    let mut json = json!({ "warnings": list });
    if !errors.is_empty() {
        let all: Diagnostics = errors.iter().cloned().collect();
        let message = Failure::from(all).to_string();
        let place = errors.iter().find_map(|error| error.location.as_ref());
        // Clients look up the file of the error without checking that there is one.
        let location = match place {
            Some(place) => sources.location(Some(place)),
            None => sources.span(None),
        };
        text.push_str(&format!("\nError: {message}\n"));
        text.push_str(&place.map(snippet::snippet).unwrap_or_default());
        json["buildError"] = json!({ "message": message, "location": location });
    }
    json["sources"] = sources.infos();
    Answer {
        json,
        text,
        status: Some(u8::from(wrong)),
    }
}

fn entry(warning: &Diagnostic, sources: &mut Sources, definition: &str) -> Value {
    let rule = lint::rule(warning.code);
    // Clients show every file by the name of the definition.
    let detail = match &warning.location {
        Some(place) if place.file.name() != definition => format!("{place}: {}", detail(warning)),
        _ => detail(warning),
    };
    json!({
        "ruleName": warning.code,
        "description": rule.map(|rule| rule.description).unwrap_or_default(),
        "url": lint::url(warning.code),
        "detail": detail,
        "location": sources.location(warning.location.as_ref()),
    })
}

fn detail(warning: &Diagnostic) -> String {
    match &warning.help {
        Some(help) => format!("{}: {help}", warning.message),
        None => warning.message.clone(),
    }
}

/// As `subrequests/lint` prints it.
fn printed(warning: &Diagnostic) -> String {
    let mut text = format!("\nWARNING: {}", warning.code);
    let url = lint::url(warning.code);
    if !url.is_empty() {
        text.push_str(&format!(" - {url}"));
    }
    text.push_str(&format!("\n{}\n", detail(warning)));
    text.push_str(
        &warning
            .location
            .as_ref()
            .map(snippet::snippet)
            .unwrap_or_default(),
    );
    text
}
