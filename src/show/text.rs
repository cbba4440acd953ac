//! `--call=plan`: each step's name, what it runs, what its cache key is made of, and why it is there.

use super::{crates, is_one_of_many, is_used, label, shortened};
use crate::eject::words::shell;
use crate::plan::{Exec, FileAction, MountKind, Op, Output, Plan, Role, Script, Step};
use crate::platform::Platform;
use crate::source::{SourceFile, Span};
use serde_json::{Value, json};

/// The longest command that is shown whole.
const LONGEST: usize = 160;

/// What is said of a step.
#[derive(Default)]
struct Said {
    runs: String,
    key: String,
    reach: String,
    why: String,
}

/// The plan as text. `spec`: the file that steps' lines are in.
pub fn plan(plan: &Plan, spec: &SourceFile) -> String {
    let mut text = format!(
        "{} for {}, compiled for {} on {}\n",
        plan.stage, plan.platform, plan.triple, plan.build_platform
    );
    let used = is_used(plan);
    for (index, step) in plan.steps.iter().enumerate().filter(|(at, _)| used[*at]) {
        if is_one_of_many(plan, index) {
            continue;
        }
        let mut said = said(plan, index, step, spec);
        let mut name = step.to_string();
        if step.role == Role::Crates
            && let Some((_, groups)) = crates(plan)
        {
            name = format!("[crates] {}", label(plan, index));
            said.runs = format!(
                "cargo build over a package that needs the group's crates: {}",
                groups.join(", ")
            );
            said.key = "the crates of the group and what they need, toolchain, profile, flags, variables; nothing of the project".into();
            said.reach = "no network, no secrets".into();
        }
        text.push_str(&format!("\n{name}\n"));
        for (word, line) in [
            ("runs", &said.runs),
            ("key", &said.key),
            ("reach", &said.reach),
            ("why", &said.why),
        ] {
            if !line.is_empty() {
                text.push_str(&format!("  {word:5}  {line}\n"));
            }
        }
    }
    if !plan.notes.is_empty() {
        text.push('\n');
        for note in &plan.notes {
            text.push_str(&format!("note: {note}\n"));
        }
    }
    text
}

/// The plan for programs.
pub fn json(plan: &Plan, spec: &SourceFile) -> Value {
    let used = is_used(plan);
    let steps = plan.steps.iter().enumerate().filter(|(at, _)| used[*at]);
    let steps: Vec<Value> = steps
        .map(|(index, step)| {
            let said = said(plan, index, step, spec);
            let inputs: Vec<usize> = step.op.inputs().iter().map(|input| input.step).collect();
            json!({
                "id": index,
                "name": step.to_string(),
                "role": step.role.word(),
                "runs": said.runs,
                "key": said.key,
                "reach": said.reach,
                "why": said.why,
                "inputs": inputs,
            })
        })
        .collect();
    json!({
        "stage": plan.stage,
        "platform": plan.platform.to_string(),
        "buildPlatform": plan.build_platform.to_string(),
        "triple": plan.triple,
        "steps": steps,
        "notes": plan.notes,
    })
}

fn said(plan: &Plan, index: usize, step: &Step, spec: &SourceFile) -> Said {
    let said = match &step.op {
        Op::Image {
            reference,
            platform,
        } => image(reference, platform),
        Op::Context { include, exclude } => context(include, exclude),
        Op::Files { base, actions } => changes(plan, step, base.as_ref(), actions),
        Op::Merge(parts) => merge(plan, parts),
        Op::Exec(exec) => process(plan, step, exec),
    };
    let mut why = reason(step.role, plan, index).to_owned();
    if let Some(span) = step.span {
        why.push_str(&format!(" ({}, {})", spec.name(), lines(spec, span)));
    }
    Said { why, ..said }
}

impl Said {
    /// Of what is not a process, as yet without the reason for it.
    fn of(runs: String, key: impl Into<String>) -> Self {
        Self {
            runs,
            key: key.into(),
            ..Self::default()
        }
    }
}

fn image(reference: &str, platform: &Platform) -> Said {
    let key = match reference.contains('@') {
        true => "its digest",
        false => "the digest that its tag has at that time",
    };
    Said::of(format!("image {reference} for {platform}"), key)
}

fn context(include: &[String], exclude: &[String]) -> Said {
    let of = match include.is_empty() {
        true => "all files".to_owned(),
        false => format!("files that match {}", include.join(", ")),
    };
    let left_out = unique(exclude.iter().cloned());
    let but = match left_out.is_empty() {
        true => String::new(),
        false => format!(" but {}", left_out.join(", ")),
    };
    let key = "content, names and modes of the files; not their times";
    Said::of(format!("{of} of the build context{but}"), key)
}

fn changes(plan: &Plan, step: &Step, base: Option<&Output>, actions: &[FileAction]) -> Said {
    let inputs = step.op.inputs().into_iter();
    let mut key = unique(inputs.map(|input| name(plan, input)));
    let is_text = |action: &FileAction| matches!(action, FileAction::Write { .. });
    if actions.iter().any(is_text) {
        key.push("the text of the files that it writes".into());
    }
    key.push("the list of changes".into());
    let runs = files(base.map(|base| name(plan, base)), actions);
    Said::of(runs, key.join(", "))
}

fn merge(plan: &Plan, parts: &[Output]) -> Said {
    let names: Vec<String> = parts.iter().map(|part| name(plan, part)).collect();
    let runs = format!("{} on each other, nothing is copied", parts.len());
    Said::of(runs, names.join(", "))
}

fn process(plan: &Plan, step: &Step, exec: &Exec) -> Said {
    let script = plan.script_of(exec);
    let is_script = |step: usize| script.as_ref().is_some_and(|own| own.step == step);
    let mut key = vec!["the command".to_owned()];
    if script.is_some() {
        key.push("the script".into());
    }
    let variables: Vec<&str> = exec.env.iter().map(|(name, _)| name.as_str()).collect();
    key.push(format!(
        "{} variable{} ({})",
        variables.len(),
        if variables.len() == 1 { "" } else { "s" },
        variables.join(" ")
    ));
    let inputs = step.op.inputs().into_iter();
    let inputs = inputs.filter(|input| !is_script(input.step));
    key.extend(unique(inputs.map(|input| name(plan, input))));
    Said {
        runs: command(exec, script.as_ref()),
        key: key.join(", "),
        reach: reach(exec),
        ..Said::default()
    }
}

/// An output, by the step that it is of.
fn name(plan: &Plan, output: &Output) -> String {
    let of = &plan.steps[output.step];
    let name = &of.name;
    match (&of.op, output.mount.as_str()) {
        (Op::Exec(_), mount) if mount != "/" => format!("{mount} of `{name}`"),
        _ => format!("`{name}`"),
    }
}

fn lines(spec: &SourceFile, span: Span) -> String {
    let first = spec.position(span.start).line;
    let last = spec.position(span.end.saturating_sub(1)).line;
    match first == last {
        true => format!("line {first}"),
        false => format!("lines {first}-{last}"),
    }
}

fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut list = vec![];
    for name in names {
        if !list.contains(&name) {
            list.push(name);
        }
    }
    list
}

fn command(exec: &Exec, script: Option<&Script<'_>>) -> String {
    if let Some(script) = script {
        let words: Vec<String> = exec.args.iter().skip(1).map(|word| shell(word)).collect();
        return in_one_line(&format!("script `{}` {}", script.name, words.join(" ")));
    }
    let words = match exec.args.as_slice() {
        [sh, c, script] if sh == "sh" && c == "-c" => return in_one_line(script),
        words => words,
    };
    let words: Vec<String> = words.iter().map(|word| shell(word)).collect();
    in_one_line(&words.join(" "))
}

fn in_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    shortened(&words.join(" "), LONGEST)
}

/// What a process can use that is not part of its key.
fn reach(exec: &Exec) -> String {
    let mut list = vec![];
    if exec.network {
        list.push("network".to_owned());
    }
    for mount in &exec.mounts {
        match &mount.kind {
            MountKind::Cache { id, .. } => list.push(format!("cache {id}, which may be empty")),
            MountKind::Secret { id, .. } => list.push(format!("secret {id}")),
            MountKind::Ssh { id } => list.push(format!("ssh agent {id}")),
            _ => {}
        }
    }
    list.extend(
        exec.secret_env
            .iter()
            .map(|(id, ..)| format!("secret {id}")),
    );
    match list.is_empty() {
        true => "no network, no secrets".into(),
        false => format!("{}; not part of the key", list.join(", ")),
    }
}

fn files(base: Option<String>, actions: &[FileAction]) -> String {
    let is_file = |action: &&FileAction| matches!(action, FileAction::Write { .. });
    let mut list: Vec<String> = match actions.iter().filter(is_file).count() {
        0 => vec![],
        1 => vec!["write 1 file".into()],
        n => vec![format!("write {n} files")],
    };
    for action in actions {
        match action {
            FileAction::Copy(copy) => list.push(format!("copy {} to {}", copy.src, copy.dest)),
            FileAction::MakeDir {
                path,
                owner: Some(_),
                ..
            } => list.push(format!("make {path}")),
            _ => {}
        }
    }
    if list.is_empty() {
        list.push("nothing".into());
    }
    match base {
        Some(base) => format!("{} in {base}", list.join(", ")),
        None => list.join(", "),
    }
}

fn reason(role: Role, plan: &Plan, index: usize) -> &'static str {
    match role {
        Role::Base => match &plan.steps[index].op {
            Op::Image { .. } => "what later steps start from",
            _ => "puts layers together",
        },
        Role::Toolchain => "what compiling needs; changes only with the toolchain",
        Role::Skeleton => {
            "the least that dependencies depend on: your comments, versions and sources are not in it"
        }
        Role::Fetch => "the only step that downloads crates and sees their registries' secrets",
        Role::Crates => {
            "compiles some of what others wrote, for every project that has the same crates"
        }
        Role::Dependencies => "compiles what others wrote, so that your edits do not",
        Role::StubRemoval => "without it cargo would take the stubs' artefacts for yours",
        Role::Sources => "your files with one fixed old time: their content decides, not their age",
        Role::Local => "compiles your libraries that change less often",
        Role::Compile => {
            "compiles your crates with the same command and variables as the dependencies"
        }
        Role::Image => "a layer of the image",
        Role::Check => "a check that you asked for",
    }
}
