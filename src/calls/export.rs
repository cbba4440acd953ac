//! The questions of our own: what a build does, in words, as a picture or as files for other tools.

use super::Answer;
use crate::context;
use crate::diagnostic::Diagnostic;
use crate::frontend::{self, Loaded, Request};
use crate::gateway::{Failure, MAX_TEXT};
use crate::options::Options;
use crate::plan::Plan;
use crate::source::{SourceFile, SourceTree};
use crate::{eject, explain, init, inspect, project, show, spec, stage};
use serde_json::{Value, json};

/// Spec, project, and the plans of all that is asked about.
struct Asked {
    loaded: Loaded,
    plans: Vec<Plan>,
}

impl Asked {
    /// Plans the target, or every image, on the first platform or on all.
    async fn plan(request: Request<'_>, all_platforms: bool) -> Result<Self, Failure> {
        let options = request.options;
        let mut platforms = request.platforms();
        if !all_platforms {
            platforms.truncate(1);
        }
        let mut plans = vec![];
        let mut first = None;
        for platform in &platforms {
            let loaded = frontend::load(request, platform).await?;
            let names = stage::names(&loaded.spec).into_iter().map(str::to_owned);
            let targets: Vec<Option<String>> = match &options.target {
                Some(target) => vec![Some(target.clone())],
                None if loaded.spec.images.len() > 1 => names.map(Some).collect(),
                None => vec![None],
            };
            for target in targets {
                let options = Options {
                    target,
                    ..options.clone()
                };
                let request = Request {
                    options: &options,
                    ..request
                };
                plans.push(frontend::plan(request, &loaded, platform).await?);
            }
            first.get_or_insert(loaded);
        }
        let loaded = first.ok_or_else(|| Failure::Internal("no platform".into()))?;
        Ok(Self { loaded, plans })
    }
}

/// `--call=plan`
pub(super) async fn plan(request: Request<'_>) -> Result<Answer, Failure> {
    let asked = Asked::plan(request, true).await?;
    let file = &asked.loaded.spec.file;
    let texts: Vec<String> = asked
        .plans
        .iter()
        .map(|plan| show::plan(plan, file))
        .collect();
    let values = asked.plans.iter().map(|plan| explain::saved(plan, file));
    Ok(Answer {
        json: values.collect(),
        text: texts.join("\n"),
        status: None,
    })
}

/// `--call=graph`
pub(super) async fn graph(request: Request<'_>) -> Result<Answer, Failure> {
    let asked = Asked::plan(request, true).await?;
    let texts: Vec<String> = asked.plans.iter().map(show::mermaid).collect();
    let value = |plan: &Plan| {
        json!({
            "stage": plan.stage,
            "platform": plan.platform.to_string(),
            "mermaid": show::mermaid(plan),
            "dot": show::dot(plan),
            "svg": show::svg(plan),
        })
    };
    Ok(Answer {
        json: asked.plans.iter().map(value).collect(),
        text: texts.join("\n"),
        status: None,
    })
}

/// The context that `--call=explain` compares with, and the file in it.
const PREVIOUS: (&str, &str) = ("previous", "plan.json");

/// The saved plan of an earlier build, if the client gives one: in a directory, an image or whatever else a named
/// context may be.
async fn previous(request: Request<'_>) -> Result<Option<String>, Failure> {
    let Request {
        gateway,
        options,
        context,
        build_platform: platform,
    } = request;
    let (name, file) = PREVIOUS;
    let Some(named) = options.named_contexts.find(name, platform)? else {
        return Ok(None);
    };
    let files = context
        .named(gateway, options, &named, platform, &[])
        .await?;
    let files = context::solve(gateway, &files.state).await?;
    let text = files.try_read_file(file, MAX_TEXT).await?;
    let text = text.and_then(|data| String::from_utf8(data).ok());
    Ok(Some(text.ok_or_else(|| {
        let message = format!("the context `{name}` has no `{file}`");
        Diagnostic::error("no-previous-plan", message).help(format!(
            "write one with `--call=plan,format=json > {file}` when you build"
        ))
    })?))
}

/// `--call=explain`
pub(super) async fn explained(request: Request<'_>) -> Result<Answer, Failure> {
    let asked = Asked::plan(request, false).await?;
    let texts: Vec<String> = match previous(request).await? {
        None => asked.plans.iter().map(explain::alone).collect(),
        Some(old) => {
            let wrong = |why| Diagnostic::error("no-previous-plan", why);
            let plans = asked.plans.iter();
            let texts = plans.map(|plan| explain::against(plan, &old).map_err(wrong));
            texts.collect::<Result<_, _>>()?
        }
    };
    let file = &asked.loaded.spec.file;
    let values = asked.plans.iter().map(|plan| explain::saved(plan, file));
    Ok(Answer {
        json: values.collect(),
        text: texts.join("\n"),
        status: None,
    })
}

/// `--call=dockerfile`
pub(super) async fn dockerfile(request: Request<'_>) -> Result<Answer, Failure> {
    let asked = Asked::plan(request, false).await?;
    let options = eject::DockerfileOptions {
        spec: asked.loaded.spec.file.name(),
        ignored: &request.context.ignored,
        locked: asked.loaded.project.lock.packages.len(),
    };
    let text = eject::dockerfile(&asked.plans, &options);
    Ok(Answer {
        json: json!({ "dockerfile": text }),
        text,
        status: None,
    })
}

/// `--call=bake`
pub(super) async fn bake(request: Request<'_>) -> Result<Answer, Failure> {
    let loaded = frontend::load(request, request.build_platform).await?;
    let Loaded { spec, project, .. } = &loaded;
    let package = inspect::default_name(spec, project);
    Ok(both(eject::bake(
        spec,
        &package,
        &request.options.platforms,
    )))
}

/// `--call=schema`
pub(super) fn schema() -> Answer {
    both(spec::schema())
}

/// `--call=init`: the definition file, if it is a Dockerfile, is what the spec replaces.
pub(super) async fn begin(request: Request<'_>) -> Result<Answer, Failure> {
    let Request {
        gateway,
        options,
        context,
        ..
    } = request;
    let read = |tree: &SourceTree| {
        let _ = tree.list("");
        project::load(tree, "")
    };
    let (project, tree) = context.read_tree(gateway, read).await?;
    let (project, _) = project?;
    let old = Some(&context.definition).filter(|file| is_dockerfile(file));
    let syntax = options.source.as_deref().unwrap_or(init::SYNTAX);
    let text = init::init(&project, old, &tree, syntax);
    Ok(Answer {
        json: json!({ "spec": text }),
        text,
        status: None,
    })
}

fn is_dockerfile(file: &SourceFile) -> bool {
    let mut lines = file.text().lines().map(str::trim_start);
    lines.any(|line| {
        line.get(..5)
            .is_some_and(|word| word.eq_ignore_ascii_case("from "))
    })
}

/// JSON for both.
fn both(value: Value) -> Answer {
    Answer {
        text: format!("{value:#}\n"),
        json: value,
        status: None,
    }
}
