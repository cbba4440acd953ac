//! What the steps of a plan see of a project, worked out as the engine does it.
#![expect(clippy::disallowed_methods, reason = "runs a script on real files")]

use super::fixture::Files;
use super::patterns::selected;
use rust_frontend::plan::{Exec, FileAction, MountKind, Op, Output, Plan, Role, WORK_DIR};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The project as the step sees it that compiles the wanted binaries.
pub(crate) fn compiled(plan: &Plan, files: &Files) -> Files {
    let exec = process(plan, Role::Compile).expect("a step that compiles");
    seen(plan, mounted(exec, WORK_DIR), files)
}

/// The project as the step sees it that compiles dependencies, and the words of its cargo command.
pub(crate) fn dependencies(plan: &Plan, files: &Files) -> Option<(Files, Vec<String>)> {
    let exec = process(plan, Role::Dependencies)?;
    let words = exec.args.iter().skip_while(|word| *word != "build");
    let words = words.cloned().collect();
    Some((seen(plan, mounted(exec, WORK_DIR), files), words))
}

/// The variables that change profiles in the step of a role, if there is one.
pub(crate) fn profile_variables(plan: &Plan, role: Role) -> Vec<(String, String)> {
    let env = process(plan, role).map(|exec| exec.env.iter());
    let env = env.into_iter().flatten().cloned();
    env.filter(|(name, _)| name.starts_with("CARGO_PROFILE_"))
        .collect()
}

/// What a step has that compiles local libraries over groups of crates.
pub(crate) struct Apart {
    /// The files, by absolute path.
    pub(crate) files: Files,
    /// The packages that it compiles.
    pub(crate) own: Vec<String>,
    /// The words of its cargo command.
    pub(crate) words: Vec<String>,
}

/// The steps of a plan that compile local libraries over groups of crates.
pub(crate) fn apart(plan: &Plan, files: &Files) -> Vec<Apart> {
    let execs = plan.steps.iter().filter_map(|step| match &step.op {
        Op::Exec(exec) if exec.args[0].ends_with("/apart") => Some(exec),
        _ => None,
    });
    execs
        .map(|exec| {
            let seen = seen(plan, mounted(exec, WORK_DIR), files).into_iter();
            let mut files: Files = seen
                .map(|(path, text)| (format!("{WORK_DIR}/{path}"), text))
                .collect();
            files.extend(made(plan, exec));
            let [_, _, _, own, ..] = &exec.args[..] else {
                panic!("{:?}", exec.args);
            };
            let words = exec.args.iter().skip_while(|word| *word != "build");
            Apart {
                files,
                own: own.split(' ').map(str::to_owned).collect(),
                words: words.cloned().collect(),
            }
        })
        .collect()
}

/// The files that a step's script makes.
fn made(plan: &Plan, exec: &Exec) -> Files {
    let mount = exec.mounts.iter().find(|mount| mount.dest == "/manifests");
    let MountKind::Part { of, path } = &mount.expect("manifests").kind else {
        panic!("{mount:?}");
    };
    let all = seen(plan, of, &Files::new());
    let text = &all[format!("{path}/crates").trim_start_matches('/')];
    let mut files = Files::new();
    let mut last = String::new();
    for line in text.lines() {
        match line.strip_prefix("=== rust-frontend ") {
            Some(path) => {
                last = path.to_owned();
                files.insert(last.clone(), String::new());
            }
            None => files.get_mut(&last).unwrap().push_str(&format!("{line}\n")),
        }
    }
    files
}

fn process(plan: &Plan, role: Role) -> Option<&Exec> {
    let step = plan.steps.iter().find(|step| step.role == role)?;
    match &step.op {
        Op::Exec(exec) => Some(exec),
        op => panic!("{op:?}"),
    }
}

/// The files of a step's output. Of processes, only the one is known that takes files away that no source names.
pub(crate) fn seen(plan: &Plan, output: &Output, files: &Files) -> Files {
    match &plan.steps[output.step].op {
        Op::Context { include, exclude } => taken(files, include, exclude),
        Op::Files { base, actions } => {
            let mut all = match base {
                Some(base) => seen(plan, base, files),
                None => Files::new(),
            };
            for action in actions {
                match action {
                    FileAction::Need(_) => {}
                    FileAction::Copy(copy) => {
                        assert_eq!((copy.src.as_str(), copy.dest.as_str()), ("/", "/"));
                        let from = seen(plan, &copy.from, files);
                        all.extend(taken(&from, &copy.include, &copy.exclude));
                    }
                    FileAction::Write { path, data, .. } => {
                        let text = String::from_utf8(data.clone()).unwrap();
                        all.insert(path.trim_start_matches('/').into(), text);
                    }
                    FileAction::MakeDir { .. } => {}
                }
            }
            all
        }
        Op::Exec(exec) if exec.args[0].ends_with("/unread") => unread(plan, exec, files),
        op => panic!("{op:?}"),
    }
}

fn taken(files: &Files, include: &[String], exclude: &[String]) -> Files {
    let taken = files
        .iter()
        .filter(|(path, _)| selected(path, include, exclude));
    taken
        .map(|(path, text)| (path.clone(), text.clone()))
        .collect()
}

fn mounted<'a>(exec: &'a Exec, dest: &str) -> &'a Output {
    let mount = exec.mounts.iter().find(|mount| mount.dest == dest);
    match &mount.expect("a mount").kind {
        MountKind::ReadOnly(from) | MountKind::Scratchpad(from) | MountKind::Output(Some(from)) => {
            from
        }
        kind => panic!("{kind:?}"),
    }
}

/// Runs the script on real files.
fn unread(plan: &Plan, exec: &Exec, files: &Files) -> Files {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let [script, of_files, of_sources, rest @ ..] = &exec.args[..] else {
        panic!("{:?}", exec.args);
    };
    let (script_dir, name) = script.rsplit_once('/').unwrap();
    let scripts = seen(plan, mounted(exec, script_dir), files);
    let before = seen(plan, mounted(exec, of_files), files);
    let sources = seen(plan, mounted(exec, of_sources), files);
    // The directory of temporary files is the step's own; each run here has another.
    let script = scripts[name].replace("/tmp/", &format!("{}/tmp-", dir.display()));
    for (part, files) in [(of_files, &before), (of_sources, &sources)] {
        let part = dir.join(part.trim_start_matches('/'));
        fs::create_dir_all(&part).unwrap();
        for (path, text) in files {
            let path = part.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let status = Command::new("sh")
        .args(["-c", &script, "sh"])
        .args([of_files, of_sources].map(|part| dir.join(part.trim_start_matches('/'))))
        .args(rest)
        .status();
    assert!(status.unwrap().success());
    let mut left = BTreeSet::new();
    let root = dir.join(of_files.trim_start_matches('/'));
    list(&root, &root, &mut left);
    let left = left.into_iter().map(|path| {
        let text = fs::read_to_string(root.join(&path)).unwrap();
        (path, text)
    });
    left.collect()
}

/// The files below a directory, as paths in `root`.
fn list(root: &Path, dir: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => list(root, &path, found),
            false => {
                let path = path.strip_prefix(root).unwrap();
                found.insert(path.to_str().unwrap().to_owned());
            }
        }
    }
}
