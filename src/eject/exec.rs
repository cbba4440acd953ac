//! A process as `RUN`.

use super::dockerfile::{Fact, Place, Writer};
use super::stage::{Stage, mark};
use super::words::shell;
use crate::plan::{Exec, MountKind, Output, Plan, Role, SOURCE_TIME, Told, told};

impl Writer<'_> {
    /// The stage that an exec runs in: one that goes on from its root, or from a stage on that root that has
    /// what the exec wants to go on writing.
    pub(super) fn exec_stage(&mut self, exec: &Exec, role: Role) -> usize {
        let kept = |from: &Option<Output>| from.clone();
        let outputs = exec.mounts.iter().filter_map(|mount| match &mount.kind {
            MountKind::Output(from) => Some((mount.dest.clone(), kept(from)?)),
            _ => None,
        });
        let outputs: Vec<(String, Output)> = outputs.collect();
        let Some((_, root)) = outputs.iter().find(|(dest, _)| dest == "/") else {
            let root = exec.mounts.iter().find(|mount| mount.dest == "/");
            return match root.map(|mount| &mount.kind) {
                Some(MountKind::ReadOnly(from) | MountKind::Scratchpad(from)) => {
                    self.go_on(from, role).0
                }
                _ => self.empty(),
            };
        };
        let continued = outputs.iter().find(|(dest, from)| {
            let origin = self.origin(from);
            *dest != "/" && origin.mount == *dest && self.root_of(origin.step) == Some(root)
        });
        let continued = continued.map(|(_, from)| from.clone());
        self.go_on(continued.as_ref().unwrap_or(root), role).0
    }

    /// Writes an exec.
    pub(super) fn exec(&mut self, at: usize, stage: &mut Stage, exec: &Exec) {
        let exec = &inlined(self.plan, exec);
        stage.set_env(&exec.env);
        let missing = |(name, _): &&(String, String)| {
            !exec.env.iter().any(|(wanted, _)| wanted == name) && name != "RUSTFLAGS"
        };
        if stage.env.iter().find(missing).is_some() {
            self.facts.insert(Fact::Unset);
        }
        if exec.env.iter().any(|(_, value)| value.contains('\n')) {
            self.facts.insert(Fact::Value);
        }
        stage.set_user("");
        stage.set_workdir(&exec.cwd);
        let mut flags = vec![];
        if !exec.network {
            flags.push("--network=none".to_owned());
        }
        let mut before = vec![];
        let mut made = vec![];
        for mount in &exec.mounts {
            let dest = &mount.dest;
            match &mount.kind {
                MountKind::ReadOnly(from) if dest != "/" => flags.push(self.bind(from, dest, "")),
                MountKind::Part { of, path } => {
                    let mount = format!("{}{path}", of.mount.trim_end_matches('/'));
                    let from = Output {
                        mount,
                        ..of.clone()
                    };
                    flags.push(self.bind(&from, dest, ""));
                }
                MountKind::Scratchpad(from) if dest != "/" => {
                    flags.push(self.bind(from, dest, ",rw"));
                    if self.is_aged(from) {
                        before.push(format!(
                            "find {} -exec touch -h -d @{SOURCE_TIME} {{}} +",
                            shell(dest)
                        ));
                    }
                }
                MountKind::Output(None) => made.push(shell(dest)),
                MountKind::Output(Some(from)) if dest != "/" => {
                    self.bring(at, stage, from, dest);
                }
                MountKind::ReadOnly(_) | MountKind::Scratchpad(_) | MountKind::Output(_) => {}
                MountKind::Cache { id, locked } => {
                    let sharing = if *locked { ",sharing=locked" } else { "" };
                    flags.push(format!("--mount=type=cache,id={id},target={dest}{sharing}"));
                }
                MountKind::Secret { id, required } => {
                    let required = if *required { ",required" } else { "" };
                    self.facts.insert(Fact::Secrets);
                    flags.push(format!(
                        "--mount=type=secret,id={id},target={dest}{required}"
                    ));
                }
                MountKind::Ssh { id } => {
                    self.facts.insert(Fact::Secrets);
                    flags.push(format!("--mount=type=ssh,id={id},target={dest}"));
                }
            }
        }
        for (id, name, required) in &exec.secret_env {
            self.facts.insert(Fact::Secrets);
            let required = if *required { ",required" } else { "" };
            flags.push(format!("--mount=type=secret,id={id},env={name}{required}"));
        }
        if !made.is_empty() {
            before.insert(0, format!("mkdir -p {}", made.join(" ")));
        }
        let text = plain_compile(exec, &flags, &before);
        let text = text.unwrap_or_else(|| run(&flags, &before, &exec.args));
        stage.instruction(&text);
    }

    pub(super) fn bind(&mut self, from: &Output, dest: &str, rw: &str) -> String {
        let place = self.place(from);
        let (stage, path) = match &place {
            Place::Context(exclude) if exclude.is_empty() => {
                return format!("--mount=type=bind,target={dest}{rw}");
            }
            Place::Stage(at, path) => (mark(*at), path.clone()),
            place => {
                let (from, path) = self.source(place);
                (from.trim_start_matches(" --from=").to_owned(), path)
            }
        };
        let source = match path.as_str() {
            "/" => String::new(),
            path => format!(",source={path}"),
        };
        format!("--mount=type=bind,from={stage}{source},target={dest}{rw}")
    }

    /// Copies what an exec goes on writing, unless its stage has it.
    fn bring(&mut self, own: usize, stage: &mut Stage, from: &Output, dest: &str) {
        let place = self.place(from);
        let continued = match &place {
            Place::Stage(at, path) => {
                path == dest && (*at == own || stage.from == super::Base::Stage(*at))
            }
            _ => false,
        };
        if continued {
            return;
        }
        let (from, src) = self.source(&place);
        stage.instruction(&format!("COPY{from} {src} {dest}"));
    }
}

/// The exec with its script as an argument of the shell.
fn inlined(plan: &Plan, exec: &Exec) -> Exec {
    let mut inlined = exec.clone();
    if let Some(script) = plan.script_of(exec) {
        let shell = ["sh", "-c", script.text, script.name];
        let rest = exec.args.iter().skip(1).cloned();
        inlined.args = shell.into_iter().map(str::to_owned).chain(rest).collect();
        inlined.mounts.retain(|mount| mount.dest != script.mount);
    }
    inlined
}

/// The compile step as a person would write it: its script also keeps cargo's messages, which nobody reads here.
fn plain_compile(exec: &Exec, flags: &[String], before: &[String]) -> Option<String> {
    let [_, _, script, _, args @ ..] = exec.args.as_slice() else {
        return None;
    };
    let Told {
        bins,
        built,
        cargo,
        split,
    } = told(script, args).filter(|told| !told.bins.contains('\''))?;
    let mut commands: Vec<String> = before
        .iter()
        .map(|line| line.replace(" /report", ""))
        .collect();
    let mut words = vec!["cargo".to_owned()];
    words.extend(cargo.iter().map(|word| shell(word)));
    commands.push(wrapped(&words));
    if let Some(split) = split {
        commands.insert(0, "set -eu".into());
        commands.push(format!("bins={} built={}", shell(bins), shell(built)));
        commands.extend(split.lines().map(str::to_owned));
        return Some(heredoc(&head(flags), &commands));
    }
    let built: Vec<String> = bins
        .split(' ')
        .map(|bin| shell(&format!("{built}/{bin}")))
        .collect();
    commands.push(format!("cp {} /out/", built.join(" ")));
    Some(format!("{} {}", head(flags), commands.join(" \\\n && ")))
}

fn head(flags: &[String]) -> String {
    let mut head = String::from("RUN");
    for flag in flags {
        head.push_str(&format!(" {flag} \\\n   "));
    }
    head
}

/// The instruction: in the shell's words on a few lines, or as a script.
fn run(flags: &[String], before: &[String], args: &[String]) -> String {
    let head = head(flags);
    let script = match args {
        [sh, c, script, rest @ ..] if sh == "sh" && c == "-c" => {
            Some((script, rest.get(1..).unwrap_or_default()))
        }
        _ => None,
    };
    let fits = |text: &str| !text.contains(['\n', '\\']) && !text.contains("<<");
    match script {
        Some((script, [])) if before.is_empty() && fits(script) => format!("{head} {script}"),
        Some((script, rest)) => {
            let mut lines: Vec<String> = vec![];
            let own = script
                .lines()
                .next()
                .filter(|line| line.starts_with("set -e"));
            match own {
                Some(own) => lines.push(own.to_owned()),
                None if before.is_empty() => {}
                None => lines.push("set -e".to_owned()),
            }
            lines.extend(before.iter().cloned());
            if own.is_none() && !before.is_empty() {
                lines.push("set +e".to_owned());
            }
            if !rest.is_empty() {
                let rest: Vec<String> = rest.iter().map(|word| shell(word)).collect();
                lines.push(format!("set -- {}", rest.join(" ")));
            }
            let skip = usize::from(own.is_some());
            lines.extend(script.lines().skip(skip).map(str::to_owned));
            heredoc(&head, &lines)
        }
        None => {
            let words: Vec<String> = args.iter().map(|word| shell(word)).collect();
            let mut commands = before.to_vec();
            commands.push(wrapped(&words));
            if words.iter().all(|word| fits(word)) {
                return format!("{head} {}", commands.join(" \\\n && "));
            }
            let mut lines = vec!["set -e".to_owned()];
            lines.extend_from_slice(before);
            lines.extend(words.join(" ").lines().map(str::to_owned));
            heredoc(&head, &lines)
        }
    }
}

/// Words on lines of at most about a hundred characters.
fn wrapped(words: &[String]) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in words {
        if width > 0 && width + word.len() > 100 {
            text.push_str(" \\\n       ");
            width = 0;
        } else if width > 0 {
            text.push(' ');
        }
        text.push_str(word);
        width += word.len() + 1;
    }
    text
}

fn heredoc(head: &str, lines: &[String]) -> String {
    let end = delimiter("EOF", |end| lines.iter().any(|line| line == end));
    format!("{head} <<'{end}'\n{}\n{end}", lines.join("\n"))
}

/// The word, lengthened until it is free.
pub(super) fn delimiter(word: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut end = word.to_owned();
    while taken(&end) {
        end.push('_');
    }
    end
}
