//! Files that no build reads: which may be unread is known by name; that no source names them is looked up in a step.
//!
//! A README or the configuration of a CI is not an input of a compiler, unless a source says
//! `include_str!("../README.md")`. So one small step has all Rust sources and takes the files away that are not named
//! in them. `#[path = "../../other/src/part.rs"]`, on the other hand, reads a package that is not a dependency: its
//! sources are brought back. The engine keys a copy by the content of what it takes: where nothing else changed, the
//! steps that compile stay cached although this step was done again.

use super::{Copy, Exec, FileAction, Input, Mount, MountKind, Op, Output, Plan, Role};
use std::collections::BTreeMap;

/// Takes away what no source names, and adds the Rust sources of packages that others read without depending on
/// them. The bytes are part of cache keys.
///
/// Arguments: the files, the Rust sources, then the directories of packages, with a `+` before those that are built.
/// Sources that read files that a manifest names, or whole directories of packages, keep all; so do links that they
/// name of what these point to, and directories with packages in them. The target of a link,
/// and a path with `../` and `.rs` in a source, is looked up from its own directory and from its package's, where
/// build scripts run. Empty directories are removed: which there are depends on sources that are left out.
const UNREAD: &str = r#"#!/bin/sh
set -eu
files=$1 rust=$2
shift 2
line='
'
named() { grep -rqF -e "$1" "$rust"; }
linked() {
  grep -F -e "/$1\"" -e ":\"$1\"" /tmp/references | while IFS= read -r link; do
    link=${link%%:\"*}
    ! named "${link##*/}" || echo "$link"
  done | grep -q .
}
cd "$rust"
printf '%s\n' "$@" >/tmp/packages
packages=$line$(sed 's/^+//' /tmp/packages)$line
find . -name '*.rs' -type f >/tmp/sources
grep -roE '"[^"]*\.\./[^"]*\.rs"' . >/tmp/references || :
for dir in "$rust" "$files"; do
  (cd "$dir" && find . -type l -exec sh -c 'for link; do printf "%s:\"%s\"\n" "$link" "$(readlink "$link")"; done' sh {} +)
done >>/tmp/references
awk '
function normal(path, part, kept, n, i, k) {
  n = split(path, part, "/")
  k = 0
  for (i = 1; i <= n; i++) {
    if (part[i] == "..") { if (k == 0) return ""; k-- }
    else if (part[i] != "" && part[i] != ".") kept[++k] = part[i]
  }
  path = "."
  for (i = 1; i <= k; i++) path = path "/" kept[i]
  return path
}
function parent(path) { if (!sub(/\/[^\/]*$/, "", path)) path = "."; return path }
function owner(path) { while (path != "." && !(path in package)) path = parent(path); return path }
FILENAME == ARGV[1] { built = sub(/^\+/, ""); package[$0] = built; next }
FILENAME == ARGV[2] {
  at = index($0, ":")
  file = substr($0, 1, at - 1)
  own = owner(file)
  if (!package[own] || substr(file, length(own) + 1) ~ /^\/(tests|benches|examples)\//) next
  text = substr($0, at + 2, length($0) - at - 2)
  named[1] = normal(parent(file) "/" text)
  named[2] = normal(own "/" text)
  for (i in named) if (named[i] != "" && owner(named[i]) != own) shared[owner(named[i])]
  next
}
owner($0) in shared
' /tmp/packages /tmp/references /tmp/sources | while IFS= read -r path; do
  [ -f "$path" ] || continue
  mkdir -p "$files/${path%/*}"
  cp "$path" "$files/$path"
done
cd "$files"
: >/tmp/candidates
grep -rqE 'CARGO_PKG_(README|LICENSE_FILE)|folder *= *"[./]*"|"\$CARGO_MANIFEST_DIR/?"' "$rust" ||
for dir in "$@"; do
  dir=${dir#+}
  [ -d "$dir" ] || continue
  find "$dir" -maxdepth 1 -type f ! -name "*$line*" \( -name '*.md' -o -name 'README*' -o -name 'CHANGELOG*' \
    -o -name 'LICENSE*' -o -name 'LICENCE*' -o -name 'COPYING*' -o -name 'NOTICE*' -o -name 'AUTHORS*' \
    -o -name .gitignore -o -name .gitattributes -o -name .gitmodules -o -name .editorconfig \
    -o -name .dockerignore -o -name 'Dockerfile*' -o -name '*.Dockerfile' -o -name 'docker-compose*.y*ml' \
    -o -name 'compose*.y*ml' -o -name .gitlab-ci.yml -o -name .travis.yml -o -name justfile \
    -o -name 'docker-bake*' \
    -o -name .pre-commit-config.yaml \)
  find "$dir" -maxdepth 1 -type d ! -name "*$line*" \( -name .github -o -name .gitlab -o -name .circleci -o -name .vscode \
    -o -name .idea -o -name .devcontainer -o -name docs \)
done >/tmp/candidates
while IFS= read -r path; do
  case $packages in *"$line$path$line"* | *"$line$path/"*) continue ;; esac
  if [ -e "$path" ] && ! named "${path##*/}" && ! linked "${path##*/}"; then
    rm -rf "$path"
  fi
done </tmp/candidates
find . -depth -type d -exec rmdir {} + 2>/dev/null || :
"#;

/// Marks a pattern of `build.inputs` whose files are not inputs.
pub(super) const LEFT_OUT: char = '!';

/// Adds the steps that take such files away. `inputs` of the spec bring files back or, with a leading `!`, take them
/// away.
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
    let packages = project.packages.iter().enumerate();
    let mut dirs: BTreeMap<&str, bool> = [project.root.as_str(), ""]
        .into_iter()
        .map(|dir| (dir, false))
        .collect();
    dirs.extend(packages.map(|(index, package)| {
        let is_built = input.selection.closure.contains(&index);
        (package.dir.as_str(), is_built)
    }));
    let (script, path) = plan.script("unread", UNREAD);
    let mut args = vec![path, FILES.into(), RUST.into()];
    args.extend(dirs.into_iter().map(|(dir, is_built)| {
        let mark = if is_built { "+" } else { "" };
        match dir {
            "" => format!("{mark}."),
            dir => format!("{mark}./{dir}"),
        }
    }));
    let image = Output::root(image);
    let exec = Exec {
        args,
        env: vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into())],
        cwd: "/".into(),
        mounts: vec![
            Mount::new("/", MountKind::Output(Some(image))),
            Mount::new(FILES, MountKind::Output(Some(files))),
            Mount::new(RUST, MountKind::ReadOnly(rust)),
            script,
        ],
        ..Exec::default()
    };
    let step = plan.push(
        Role::Sources,
        "files that sources may read".into(),
        Op::Exec(exec),
        None,
    );
    let inputs = input.image.build.inputs.iter();
    let inputs = inputs.map(|pattern| pattern.value.as_str());
    let (left_out, brought): (Vec<&str>, Vec<&str>) =
        inputs.partition(|pattern| pattern.starts_with(LEFT_OUT));
    let left_out = left_out
        .into_iter()
        .map(|pattern| pattern[LEFT_OUT.len_utf8()..].to_owned());
    let exclude: Vec<String> = left_out.collect();
    let copy = |from, include| {
        FileAction::Copy(Box::new(Copy {
            include,
            exclude: exclude.clone(),
            ..Copy::new(from, "/", "/")
        }))
    };
    let mut actions = vec![copy(Output::at(step, FILES), vec![])];
    if !brought.is_empty() {
        let patterns = brought.into_iter().map(str::to_owned);
        actions.push(copy(context.clone(), patterns.collect()));
    }
    plan.files(Role::Sources, "inputs of the build", None, actions)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "runs the script on real files")]
mod tests {
    use super::UNREAD;
    use std::fs;
    use std::path::Path;
    use std::process::Command;
    use tempfile::TempDir;

    fn write(dir: &Path, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// A directory with `files` and `sources`.
    fn write_parts(files: &[(&str, &str)], sources: &[(&str, &str)]) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("files")).unwrap();
        write(&dir.path().join("files"), files);
        write(&dir.path().join("sources"), sources);
        dir
    }

    fn run(dir: &Path, packages: &[&str]) {
        // The directory of temporary files is the step's own; each run here has another.
        let script = UNREAD.replace("/tmp/", &format!("{}/tmp-", dir.display()));
        let status = Command::new("sh")
            .args(["-c", &script, "sh"])
            .args([dir.join("files"), dir.join("sources")])
            .args(packages)
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// What is left of some files, given the only source.
    fn left(source: &str) -> Vec<String> {
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
        let dir = write_parts(&paths.map(|path| (path, "")), &[("src/main.rs", source)]);
        run(dir.path(), &["+.", "./a b", "./gone"]);
        let files = dir.path().join("files");
        let left = paths.into_iter().filter(|path| files.join(path).exists());
        left.map(str::to_owned).collect()
    }

    #[test]
    fn what_no_source_names_goes() {
        assert_eq!(left(""), ["a b/src/help.md", "x.sql", "other/README.md"]);
    }

    #[test]
    fn what_lies_elsewhere_is_brought() {
        let brought = |sources: &[(&str, &str)]| {
            let dir = write_parts(&[], sources);
            run(dir.path(), &["+.", "./other", "./other/below", "./unread"]);
            let mut list: Vec<String> = vec![];
            for (path, _) in sources {
                if dir.path().join("files").join(path).exists() {
                    list.push((*path).to_owned());
                }
            }
            let dirs = fs::read_dir(dir.path().join("files")).unwrap().count();
            assert_eq!(dirs == 0, list.is_empty(), "no directory without files");
            list
        };
        let others = [
            ("other/src/lib.rs", ""),
            ("other/src/part.rs", ""),
            ("other/below/src/lib.rs", ""),
            (
                "unread/src/lib.rs",
                "#[path = \"../../other/src/lib.rs\"] mod x;",
            ),
        ];
        let with = |path, text| brought(&[&others[..], &[(path, text)]].concat());
        let all = ["other/src/lib.rs", "other/src/part.rs"];
        assert_eq!(
            with(
                "src/main.rs",
                "#[path = \"../other/src/part.rs\"] mod part;"
            ),
            all
        );
        assert_eq!(
            with("src/a/b.rs", "include!(\"../../other/src/part.rs\");"),
            all
        );
        assert_eq!(
            with("build.rs", "let path = \"src/../other/src/part.rs\";"),
            all
        );
        for nothing in [
            "#[path = \"../src/part.rs\"] mod part;",
            "#[path = \"../../../../other/src/part.rs\"] mod part;",
            "include_str!(\"../other/README.md\");",
        ] {
            assert_eq!(with("src/main.rs", nothing), [""; 0], "{nothing}");
        }
        let of_test = with(
            "tests/it.rs",
            "#[path = \"../other/src/part.rs\"] mod part;",
        );
        assert_eq!(of_test, [""; 0]);
    }

    #[test]
    fn packages_may_have_such_names() {
        let files = [("docs/public/a.html", ""), ("a/docs/server/page.html", "")];
        let all = [files[0], files[1], ("b/docs/notes.txt", "")];
        let dir = write_parts(&all, &[("docs/src/main.rs", "")]);
        run(
            dir.path(),
            &["+.", "+./docs", "./a", "./a/docs/server", "./b"],
        );
        let left = |path: &str| dir.path().join("files").join(path).exists();
        assert_eq!(all.map(|(path, _)| left(path)), [true, true, false]);
    }

    #[test]
    fn what_a_named_link_points_to_stays() {
        for (source, stays) in [("include_str!(\"help.md\")", true), ("", false)] {
            let dir = write_parts(
                &[("README.md", ""), ("a/src/x.sql", "")],
                &[("a/src/lib.rs", source)],
            );
            let link = dir.path().join("files/a/src/help.md");
            std::os::unix::fs::symlink("../../README.md", link).unwrap();
            run(dir.path(), &["+.", "+./a"]);
            assert_eq!(dir.path().join("files/README.md").exists(), stays);
        }
    }

    #[test]
    fn names_of_files_may_hold_anything() {
        let odd = [("migrations\nx.md", ""), ("migrations/a.sql", "")];
        let dir = write_parts(
            &odd,
            &[("src/x\ny.rs", "\"../../x.rs\""), ("src/main.rs", "")],
        );
        let link = dir.path().join("sources/link");
        std::os::unix::fs::symlink("docs\\notes\nand:more", link).unwrap();
        run(dir.path(), &["+."]);
        for (path, _) in odd {
            assert!(dir.path().join("files").join(path).exists(), "{path:?}");
        }
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
