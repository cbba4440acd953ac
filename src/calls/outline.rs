//! `--call=outline`: what a build can be given. As `frontend/subrequests/outline`.
//!
//! Secrets, ssh agents and cache mounts are those of the steps that the build would have, so the plan is
//! made.

use super::planner::Planner;
use super::targets::description;
use super::wire::Sources;
use super::{Answer, table};
use crate::frontend::{Request, inspect};
use crate::gateway::Failure;
use crate::plan::{MountKind, Op, Plan};
use crate::spec::{Arg, ImageSpec};
use crate::stage::Stage;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the asked-for stage takes.
pub(super) async fn answer(request: Request<'_>) -> Result<Answer, Failure> {
    let Request {
        options, context, ..
    } = request;
    let platforms = request.platforms();
    let platform = &platforms[0];
    let inspected = inspect(request, platform).await?;
    let (Some(spec), Some(project)) = (&inspected.spec, &inspected.project) else {
        return Err(inspected.errors.into());
    };
    let stage = Stage::find(spec, options.target.as_deref())?;
    let mut sources = Sources::new(&context.definition);
    let mut outline = Outline::default();
    let planner = Planner {
        spec,
        project,
        request,
        platform,
    };
    for image in stage.images {
        let plan = planner.plan(stage.kind, image)?;
        outline.steps(&plan);
        outline.places(image);
    }
    let image = &stage.images[0];
    let name = match &options.target {
        Some(target) => Some(target.clone()),
        None => image.name.as_ref().map(|name| name.value.clone()),
    };
    let about = description(&inspected, spec, image);
    Ok(outline.answer(name, &about, &spec.args, &mut sources))
}

/// What the steps of a build ask for.
#[derive(Debug, Default)]
struct Outline {
    /// Whether it is required, by id.
    secrets: BTreeMap<String, bool>,
    ssh: BTreeSet<String>,
    cache: BTreeSet<String>,
    /// Where ids are written.
    spans: BTreeMap<String, Option<crate::source::Span>>,
}

impl Outline {
    fn steps(&mut self, plan: &Plan) {
        for step in &plan.steps {
            let Op::Exec(exec) = &step.op else { continue };
            for (id, _, required) in &exec.secret_env {
                *self.secrets.entry(id.clone()).or_default() |= required;
            }
            for mount in &exec.mounts {
                match &mount.kind {
                    MountKind::Secret { id, required } => {
                        *self.secrets.entry(id.clone()).or_default() |= required;
                    }
                    MountKind::Ssh { id } => {
                        self.ssh.insert(id.clone());
                    }
                    MountKind::Cache { id, .. } => {
                        self.cache.insert(id.clone());
                    }
                    _ => {}
                }
            }
        }
    }

    fn places(&mut self, image: &ImageSpec) {
        let secrets = image.build.secrets.iter().map(|secret| &secret.id);
        for id in secrets.chain(&image.build.ssh) {
            self.spans.entry(id.value.clone()).or_insert(id.span);
        }
    }

    fn answer(
        self,
        name: Option<String>,
        about: &str,
        args: &[Arg],
        sources: &mut Sources,
    ) -> Answer {
        let mut json = json!({});
        let mut text = String::new();
        if let Some(name) = &name {
            json["name"] = name.as_str().into();
            text.push_str(&format!("TARGET:       {name}\n"));
        }
        json["description"] = about.into();
        text.push_str(&format!("DESCRIPTION:  {about}\n"));

        let mut rows = vec![cells(["BUILD ARG", "VALUE", "DESCRIPTION"])];
        let mut list = vec![];
        for arg in args {
            let value = arg.value.as_deref().unwrap_or_default();
            let about = match (&arg.default, &arg.value) {
                (None, None) => "required",
                _ => "",
            };
            let mut one = json!({
                "name": arg.name.value,
                "value": value,
                "location": sources.span(arg.name.span),
            });
            if !about.is_empty() {
                one["description"] = about.into();
            }
            list.push(one);
            rows.push(cells([&arg.name.value, value, about]));
        }
        section(&mut json, &mut text, "args", list, &rows);

        // A step that needs an agent has it, or fails.
        let ssh = self.ssh.into_iter().map(|id| (id, true)).collect();
        for (key, title, ids) in [("secrets", "SECRET", &self.secrets), ("ssh", "SSH", &ssh)] {
            let mut rows = vec![cells([title, "REQUIRED"])];
            let mut list = vec![];
            for (id, required) in ids {
                let mut one = json!({ "name": id });
                if let Some(span) = self.spans.get(id) {
                    one["location"] = sources.span(*span);
                }
                if *required {
                    one["required"] = true.into();
                }
                list.push(one);
                rows.push(cells([id, if *required { "true" } else { "" }]));
            }
            section(&mut json, &mut text, key, list, &rows);
        }

        let mut rows = vec![cells(["CACHE MOUNT"])];
        rows.extend(self.cache.iter().map(|id| cells([id])));
        let list = self.cache.iter().map(|id| json!({ "ID": id })).collect();
        section(&mut json, &mut text, "cache", list, &rows);

        json["sources"] = sources.contents();
        Answer {
            json,
            text,
            status: None,
        }
    }
}

fn cells<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

/// A list that is left out when it is empty.
fn section(json: &mut Value, text: &mut String, key: &str, list: Vec<Value>, rows: &[Vec<String>]) {
    if !list.is_empty() {
        json[key] = Value::Array(list);
        text.push('\n');
        text.push_str(&table(rows));
    }
}
