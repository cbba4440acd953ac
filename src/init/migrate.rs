//! What a hand-written Dockerfile asks for, as a spec: stub or cargo-chef recipes and what goes into the image.

use super::dockerfile::{Instruction, parse, words};
use super::{Draft, list, map};
use crate::project::Project;
use crate::source::SourceFile;

/// What became of the lines of a Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Migrated {
    pub understood: Vec<String>,
    pub dropped: Vec<String>,
    pub left: Vec<String>,
}

/// A Dockerfile being read.
pub(super) struct Reader<'a> {
    pub(super) project: &'a Project,
    pub(super) draft: &'a mut Draft,
    pub(super) said: Migrated,
    pub(super) packages: Vec<String>,
    pub(super) image_packages: Vec<String>,
    pub(super) build_env: Vec<(String, String)>,
    pub(super) env: Vec<(String, String)>,
    pub(super) labels: Vec<(String, String)>,
    pub(super) files: Vec<(String, String)>,
    pub(super) expose: Vec<String>,
    pub(super) volumes: Vec<String>,
    pub(super) run: Vec<String>,
    pub(super) workdir: String,
}

/// Reads a Dockerfile into a draft.
pub(super) fn migrate(project: &Project, file: &SourceFile, draft: &mut Draft) -> Migrated {
    let stages = parse(file.text());
    let mut reader = Reader {
        project,
        draft,
        said: Migrated::default(),
        packages: vec![],
        image_packages: vec![],
        build_env: vec![],
        env: vec![],
        labels: vec![],
        files: vec![],
        expose: vec![],
        volumes: vec![],
        run: vec![],
        workdir: String::new(),
    };
    let Some((last, builders)) = stages.split_last() else {
        reader.said.left.push("there is no FROM in it".into());
        return reader.said;
    };
    let by_name = |name: &str| {
        stages
            .iter()
            .find(|stage| stage.name.eq_ignore_ascii_case(name))
    };
    for stage in builders {
        if by_name(&stage.from).is_none() {
            reader.build_base(stage);
        }
        for instruction in &stage.instructions {
            reader.build(instruction);
        }
    }
    if builders.is_empty() {
        reader.said.left.push(
            "one stage: what compiles is in the image; the new image has the program alone".into(),
        );
        last.instructions.iter().for_each(|one| reader.build(one));
    } else {
        reader.image_base(last);
    }
    last.instructions
        .iter()
        .for_each(|one| reader.image(one, builders.is_empty()));
    reader.finish()
}

impl Reader<'_> {
    pub(super) fn understood(&mut self, instruction: &Instruction, what: &str) {
        self.said
            .understood
            .push(format!("line {}: {what}", instruction.line));
    }

    pub(super) fn dropped(&mut self, instruction: &Instruction, what: &str) {
        self.said
            .dropped
            .push(format!("line {}: {what}", instruction.line));
    }

    pub(super) fn left(&mut self, instruction: &Instruction) {
        let text = format!("{} {}", instruction.word, instruction.rest);
        let text: String = text.chars().take(90).collect();
        self.said
            .left
            .push(format!("line {}: {text}", instruction.line));
    }

    fn finish(mut self) -> Migrated {
        for packages in [&mut self.packages, &mut self.image_packages] {
            packages.sort();
            packages.dedup();
        }
        let (build, image) = (&mut self.draft.build, &mut self.draft.image);
        if !self.packages.is_empty() {
            build.set("packages", list(&self.packages), "");
        }
        if !self.build_env.is_empty() {
            build.set("env", map(&self.build_env), "");
        }
        if !self.image_packages.is_empty() {
            image.set("packages", list(&self.image_packages), "");
        }
        for (key, pairs) in [
            ("env", &self.env),
            ("labels", &self.labels),
            ("files", &self.files),
        ] {
            if !pairs.is_empty() {
                image.set(key, map(pairs), "");
            }
        }
        for (key, items) in [
            ("expose", &self.expose),
            ("volumes", &self.volumes),
            ("run", &self.run),
        ] {
            if !items.is_empty() {
                image.set(key, list(items), "");
            }
        }
        self.said.dropped.dedup();
        self.said
    }
}

pub(super) fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    })
}

/// What `apt-get install` or `apk add` installs.
pub(super) fn packages(words: &[String]) -> Vec<String> {
    let mut rest = words
        .iter()
        .skip_while(|word| !["install", "add"].contains(&word.as_str()));
    rest.next();
    rest.filter(|word| !word.starts_with('-'))
        .cloned()
        .collect()
}

/// `A=b C="d e"`, or the old form `A b`.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let list = words(text);
    match list.first() {
        Some(first) if !first.contains('=') => {
            let (name, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            vec![(name.to_owned(), value.trim().to_owned())]
        }
        _ => list
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}
