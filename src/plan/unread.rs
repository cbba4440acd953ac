//! Files that no build reads: what they are called is known, and that no source names them is looked up.
//!
//! A README or the configuration of a CI is no input of a compiler, unless a source says
//! `include_str!("../README.md")`. So one small step has all Rust sources and takes the files away that are not
//! named in them. Copies count by the content of what they take: where nothing else changed, the steps that
//! compile stay cached although this step was done again.

use super::{Copy, Exec, FileAction, Input, Mount, MountKind, Op, Output, Plan, Role};
use std::collections::BTreeSet;

/// Takes away what no source names. The bytes are part of cache keys.
///
/// Arguments: the files, the Rust sources, then the directories of packages. Sources that read files by what the
/// manifest says of them, or whole directories of packages, keep all.
const UNREAD: &str = r#"#!/bin/sh
set -eu
files=$1 rust=$2
shift 2
named() { grep -rqF -e "$1" "$rust"; }
if grep -rqE 'CARGO_PKG_(README|LICENSE_FILE)|folder *= *"[./]*"|"\$CARGO_MANIFEST_DIR/?"' "$rust"; then
  exit 0
fi
cd "$files"
for dir in "$@"; do
  [ -d "$dir" ] || continue
  find "$dir" -maxdepth 1 -type f \( -name '*.md' -o -name 'README*' -o -name 'CHANGELOG*' \
    -o -name 'LICENSE*' -o -name 'LICENCE*' -o -name 'COPYING*' -o -name 'NOTICE*' -o -name 'AUTHORS*' \
    -o -name .gitignore -o -name .gitattributes -o -name .gitmodules -o -name .editorconfig \
    -o -name .dockerignore -o -name 'Dockerfile*' -o -name '*.Dockerfile' -o -name 'docker-compose*.y*ml' \
    -o -name 'compose*.y*ml' -o -name .gitlab-ci.yml -o -name .travis.yml -o -name justfile \
    -o -name .pre-commit-config.yaml \)
  find "$dir" -maxdepth 1 -type d \( -name .github -o -name .gitlab -o -name .circleci -o -name .vscode \
    -o -name .idea -o -name .devcontainer -o -name docs \)
done >/tmp/candidates
while IFS= read -r path; do
  if [ -e "$path" ] && ! named "${path##*/}"; then
    rm -rf "$path"
  fi
done </tmp/candidates
"#;

/// Adds the steps that take such files away; `patterns` of the spec bring theirs back.
pub(super) fn without(
    plan: &mut Plan,
    input: &Input<'_>,
    context: &Output,
    files: Output,
    rust: Output,
) -> Output {
    const FILES: &str = "/files";
    const RUST: &str = "/sources";
    let is_image = |step: &super::Step| matches!(step.op, Op::Image { .. });
    let Some(image) = plan.steps.iter().position(is_image) else {
        return files;
    };
    let project = input.project;
    let dirs: BTreeSet<&str> = project
        .packages
        .iter()
        .map(|package| package.dir.as_str())
        .chain([project.root.as_str(), ""])
        .collect();
    let (script, path) = plan.script("unread", UNREAD);
    let mut args = vec![path, FILES.into(), RUST.into()];
    args.extend(dirs.into_iter().map(|dir| match dir {
        "" => ".".into(),
        dir => format!("./{dir}"),
    }));
    let mount = |dest: &str, kind| Mount {
        dest: dest.into(),
        kind,
    };
    let image = Output {
        step: image,
        mount: "/".into(),
    };
    let exec = Exec {
        args,
        env: vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into())],
        cwd: "/".into(),
        mounts: vec![
            mount("/", MountKind::Output(Some(image))),
            mount(FILES, MountKind::Output(Some(files))),
            mount(RUST, MountKind::ReadOnly(rust)),
            script,
        ],
        ..Exec::default()
    };
    let step = plan.push_once(Role::Sources, "files that sources may read", Op::Exec(exec));
    let copy = |from, include| {
        FileAction::Copy(Box::new(Copy {
            from,
            src: "/".into(),
            dest: "/".into(),
            include,
            exclude: vec![],
            mode: None,
            owner: None,
            time: Some(super::SOURCE_TIME),
        }))
    };
    let read = Output {
        step,
        mount: FILES.into(),
    };
    let mut actions = vec![copy(read, vec![])];
    let inputs = &input.image.build.inputs;
    if !inputs.is_empty() {
        let patterns = inputs.iter().map(|pattern| pattern.value.clone());
        actions.push(copy(context.clone(), patterns.collect()));
    }
    let op = Op::Files {
        base: None,
        actions,
    };
    Output {
        step: plan.push_once(Role::Sources, "inputs of the build", op),
        mount: "/".into(),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "runs the script on real files")]
mod tests {
    use super::UNREAD;
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    fn write(dir: &Path, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// What is left of some files, given the only source.
    fn left(source: &str) -> Vec<String> {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("rust-frontend-unread-{}-{count}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        let paths = [
            "README.md",
            "LICENSE-MIT",
            ".github/ci.yml",
            "docs/a/b.md",
            "a b/README.md",
            "a b/src/help.md",
            "x.sql",
            "other/README.md",
        ];
        write(&dir.join("files"), &paths.map(|path| (path, "")));
        write(&dir.join("rust"), &[("src/main.rs", source)]);
        // The name of a temporary file is the script's own; each run here has another.
        let candidates = dir.join("candidates");
        let script = UNREAD.replace("/tmp/candidates", candidates.to_str().unwrap());
        let status = Command::new("sh")
            .args(["-c", &script, "sh"])
            .args([dir.join("files"), dir.join("rust")])
            .args([".", "./a b", "./gone"])
            .status()
            .unwrap();
        assert!(status.success());
        let files = dir.join("files");
        let left = paths.into_iter().filter(|path| files.join(path).exists());
        let left = left.map(str::to_owned).collect();
        fs::remove_dir_all(dir).unwrap();
        left
    }

    #[test]
    fn what_no_source_names_goes() {
        assert_eq!(left(""), ["a b/src/help.md", "x.sql", "other/README.md"]);
    }

    #[test]
    fn what_a_source_names_stays() {
        let names = left("#![doc = include_str!(\"../README.md\")]");
        let expected = [
            "README.md",
            "a b/README.md",
            "a b/src/help.md",
            "x.sql",
            "other/README.md",
        ];
        assert_eq!(names, expected);
        assert!(left("include_dir!(\"docs\")").contains(&"docs/a/b.md".to_owned()));
        for all in [
            "env!(\"CARGO_PKG_README\")",
            "#[folder = \"./\"]",
            "include_dir!(\"$CARGO_MANIFEST_DIR\")",
        ] {
            assert_eq!(left(all).len(), 8, "{all}");
        }
    }
}
