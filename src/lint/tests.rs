//! The rules by their pages: what a page calls wrong is found by its rule alone, what it calls right by
//! none.

use super::{Input, Switches, rules, run, url};
use crate::diagnostic::Diagnostics;
use crate::fresh::check;
use crate::ignorefile;
use crate::options::Options;
use crate::project;
use crate::source::{SourceFile, SourceTree};
use crate::spec;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

fn docs() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "docs", "lint"]
        .iter()
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test compares files of this repository"
)]
fn read(name: &str) -> String {
    std::fs::read_to_string(docs().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What every project of the pages has, unless they say otherwise.
const COMMON: [(&str, &str); 3] = [
    (
        "Cargo.toml",
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\n",
    ),
    ("src/main.rs", "fn main() {}\n"),
];

/// A project of a page: files by name, and build-args.
#[derive(Debug, Default)]
struct Example {
    files: BTreeMap<String, String>,
    args: BTreeMap<String, String>,
}

impl Example {
    /// The files of a section: a line with a name, then a block. A block of `sh` is a build.
    fn section(page: &str, title: &str) -> Option<Self> {
        let (_, section) = page.split_once(&format!("\n## {title}\n"))?;
        let section = section.split("\n## ").next()?;
        let mut example = Self::default();
        let mut name = String::new();
        let mut parts = section.split("```");
        while let Some(prose) = parts.next() {
            if let Some(line) = prose.lines().rfind(|line| line.starts_with('`')) {
                name = line.trim_matches('`').to_owned();
            }
            let Some(block) = parts.next() else { break };
            let (language, text) = block.split_once('\n')?;
            if language == "sh" {
                let args = text.split("--build-arg ").skip(1);
                let args = args.filter_map(|arg| arg.split_whitespace().next()?.split_once('='));
                example.args = args.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
            } else {
                example.files.insert(name.clone(), text.to_owned());
            }
        }
        Some(example)
    }

    /// The findings, as lines.
    fn findings(&self) -> Vec<String> {
        let mut files: BTreeMap<&str, &str> = COMMON.into_iter().collect();
        if self.files.keys().any(|name| name.starts_with("src/bin/")) {
            files.remove("src/main.rs");
        }
        files.extend(self.files.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        let mut tree = SourceTree::complete(files.iter().map(|(path, text)| (*path, *text)));
        let ignore = files.get(".dockerignore").copied().unwrap_or_default();
        let ignored = ignorefile::parse(ignore);
        // The engine leaves out what is ignored; here, whole directories do.
        if ignored.iter().any(|pattern| pattern == "target") {
            let rest = files
                .iter()
                .filter(|(path, _)| !path.starts_with("target/"));
            tree = SourceTree::complete(rest.map(|(path, text)| (*path, *text)));
        }
        let file = SourceFile::new("Rust.yaml", files["Rust.yaml"]);
        let options = Options::default();
        let (spec, mut others) = spec::parse(&file, &self.args).expect("a valid spec");
        let switches = Switches::read(&options, &file, Some(&spec)).expect("valid switches");
        let project = project::load(&tree, "");
        tree.close();
        let (project, notes) = match project {
            Ok(project) => project,
            Err(wrong) => panic!("{wrong:?}"),
        };
        others.extend(notes);
        let input = Input {
            spec: &spec,
            project: Some(&project),
            tree: &tree,
            names: true,
            local: true,
            ignored: &ignored,
        };
        let found: Diagnostics = run(&input, &switches, &others);
        let lines = found.sorted().into_iter();
        lines.map(|one| format!("{}: {one}", one.code)).collect()
    }
}

#[test]
fn every_page_shows_its_rule() {
    for rule in rules() {
        let page = read(&format!("{}.md", rule.code));
        let head = format!("# {}\n\n{}.\n\n", rule.code, rule.description);
        assert!(page.starts_with(&head), "{}: not\n{head}", rule.code);
        let (wrong, right) = (
            Example::section(&page, "Wrong"),
            Example::section(&page, "Right"),
        );
        let (Some(wrong), Some(right)) = (wrong, right) else {
            // Nothing is deprecated; nothing is recompiled without an engine.
            assert!(matches!(
                rule.code,
                "deprecated-key"
                    | "recompiled-dependency"
                    | "crates-in-one-step"
                    | "base-platform"
                    | "missing-shared-library"
            ));
            continue;
        };
        let found = wrong.findings();
        assert!(!found.is_empty(), "{} finds nothing", rule.code);
        for line in &found {
            assert!(
                line.starts_with(&format!("{}: ", rule.code)),
                "{}: {line}",
                rule.code
            );
        }
        assert_eq!(right.findings(), [""; 0], "{}", rule.code);
    }
}

/// What the findings of the pages read like.
#[test]
fn findings_are_sentences_with_help() {
    let mut text = String::new();
    for rule in rules() {
        let page = read(&format!("{}.md", rule.code));
        for line in Example::section(&page, "Wrong")
            .iter()
            .flat_map(Example::findings)
        {
            let _ = writeln!(text, "{line}");
        }
    }
    check("src/lint/findings.txt", &text);
}

#[test]
fn the_index_lists_every_rule() {
    let mut text = String::from(INDEX);
    for rule in rules() {
        let note = if rule.experimental {
            " (experimental)"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "| [{0}]({0}.md){note} | {1} |",
            rule.code, rule.description
        );
    }
    check("docs/lint/README.md", &text);
    let codes: Vec<&str> = rules().map(|rule| rule.code).collect();
    let mut unique = codes.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), codes.len());
    assert!(url("root-user").ends_with("/docs/lint/root-user.md"));
    assert_eq!(url("no-such-rule"), "");
}

const INDEX: &str = "<!-- Generated from the table of rules: `UPDATE=1 cargo test --lib lint` rewrites it. -->
# Lint rules

The rules find what would not build, or what builds but is probably not what you want. A build shows findings as warnings;
`docker buildx build --check -f Rust.yaml .` checks without building, and exits with 1 if there are any findings. Four
rules (`base-platform`, `recompiled-dependency`, `crates-in-one-step`, `missing-shared-library`) find something only during a
build.

There are three ways to switch off rules or turn findings into errors. `# check=` and `lint:` add up; the build-arg replaces both:

```yaml
# syntax=org/rust-frontend:1
# check=skip=root-user,unpinned-base;error=true
lint:
  skip: [privileged-port]
  error: true
```

```sh
docker buildx build -f Rust.yaml --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all .
```

In `# check=` and the build-arg, `RootUser` is the same as `root-user`, and `all` are all. Experimental rules run only if they are asked for:
`# check=experimental=base-without-digest`, or `experimental=all`.

| Rule | What it finds |
|---|---|
";
