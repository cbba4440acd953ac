//! What a hand-written Dockerfile asks for, as a spec: stub or cargo-chef recipes and what goes into images.
//!
//! A stage that calls cargo, or stands on one that does, compiles. What no other stage is made from is an image.
//! Whatever is neither is said and left.

use super::accounts::Accounts;
use super::build::Compile;
use super::dockerfile::{Dockerfile, Stage, parse};
use super::draft::Draft;
use super::said::Said;
use super::settings::image_name;
use super::variables::{Args, Scope};
use crate::project::Project;
use crate::source::{SourceFile, SourceTree};
use std::collections::{BTreeMap, BTreeSet};

/// A Dockerfile being read.
pub(super) struct Reader<'a> {
    pub project: &'a Project,
    pub tree: &'a SourceTree,
    pub file: Dockerfile,
    pub said: Said,
    pub args: Args,
    /// Executables by the stage and path that they were copied to: the name of the binary.
    pub programs: BTreeMap<(usize, String), String>,
    pub accounts: Accounts,
    /// The working directory at the end of a stage that compiles.
    pub workdirs: BTreeMap<usize, String>,
}

/// Reads a Dockerfile into a draft; returns what is to be said of it.
pub(super) fn migrate(
    project: &Project,
    tree: &SourceTree,
    file: &SourceFile,
    draft: &mut Draft,
) -> Said {
    let mut reader = Reader {
        project,
        tree,
        file: parse(file.text()),
        said: Said::default(),
        args: Args::default(),
        programs: BTreeMap::new(),
        accounts: Accounts::default(),
        workdirs: BTreeMap::new(),
    };
    reader.read(draft);
    draft.args = reader.args.used();
    reader.said
}

impl Reader<'_> {
    fn read(&mut self, draft: &mut Draft) {
        let stages = self.file.stages.clone();
        if stages.is_empty() {
            return self.said.left(1, "there is no FROM in it");
        }
        self.names(&stages);
        let compiles: Vec<bool> = (0..stages.len()).map(|at| self.compiles(at)).collect();
        let outputs = self.outputs(&stages);
        let in_images: BTreeSet<usize> = outputs.iter().flat_map(|at| self.chain(*at)).collect();

        let mut compile = Compile::default();
        let mut scopes = vec![Scope::default(); stages.len()];
        for (at, stage) in stages.iter().enumerate() {
            let parent = self.stage(&stage.from);
            let mut scope = parent.map_or_else(Scope::default, |parent| scopes[parent].clone());
            if let Some(dir) = parent.and_then(|parent| self.workdirs.get(&parent)) {
                self.workdirs.insert(at, dir.clone());
            }
            if compiles[at] {
                self.compile(at, &compiles, &mut scope, &mut compile);
            } else if !in_images.contains(&at) {
                let name = if stage.name.is_empty() {
                    "a stage"
                } else {
                    &stage.name
                };
                let what = format!(
                    "{name} on {}: not Cargo's; run it before, or apart",
                    stage.from
                );
                self.said.left(stage.line, what);
            }
            scopes[at] = scope;
        }

        let mut images = vec![];
        for output in &outputs {
            let image = self.image(*output, &compiles, &compile);
            let name = image_name(&stages[*output].name, &image.bins);
            images.push((name, image));
        }
        let glibc = images.iter().any(|(_, image)| image.glibc);
        self.finish(&compile, glibc, &mut draft.build);
        match images.as_mut_slice() {
            [(_, image)] => {
                self.selection(&image.bins, &compile, &mut draft.build);
                draft.image = std::mem::take(&mut image.block);
            }
            several => {
                for (name, image) in several {
                    let mut build = super::draft::Block::default();
                    self.selection(&image.bins, &compile, &mut build);
                    let image = std::mem::take(&mut image.block);
                    draft.images.push((name.clone(), build, image));
                }
                draft.hoist();
            }
        }
    }

    /// Declares build arguments and notes which are named anywhere.
    fn names(&mut self, stages: &[Stage]) {
        for (name, default) in self.file.args.clone() {
            self.args.declare(&name, default);
        }
        for stage in stages {
            self.args.note(&stage.from);
            for one in &stage.instructions {
                self.args.note(&one.rest);
                self.args.note(one.heredoc.as_deref().unwrap_or_default());
                one.flags
                    .iter()
                    .for_each(|(_, value)| self.args.note(value));
            }
        }
    }

    /// The stage that a `FROM` or `--from` names.
    pub(super) fn stage(&self, name: &str) -> Option<usize> {
        let stages = self.file.stages.iter();
        let mut named = stages.map(|stage| stage.name.as_str());
        let found = named.position(|known| !name.is_empty() && known.eq_ignore_ascii_case(name));
        found.or_else(|| name.parse().ok().filter(|at| *at < self.file.stages.len()))
    }

    /// The stages that one stands on, the lowest first, itself last.
    pub(super) fn chain(&self, at: usize) -> Vec<usize> {
        let mut chain = vec![at];
        while let Some(below) = self.stage(&self.file.stages[chain[0]].from) {
            if below >= chain[0] {
                break;
            }
            chain.insert(0, below);
        }
        chain
    }

    fn compiles(&self, at: usize) -> bool {
        let cargo = |at: usize| {
            let runs = self.file.stages[at].instructions.iter();
            let mut runs = runs.filter(|one| one.word == "RUN");
            runs.any(|one| {
                let text = one.heredoc.as_deref().unwrap_or(&one.rest);
                text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
                    .any(|word| word == "cargo" || word == "rustup")
            })
        };
        let last = self.file.stages.len();
        (0..last).any(|above| cargo(above) && self.chain(above).contains(&at))
            || self.chain(at).into_iter().any(cargo)
    }

    /// The stages that are images: the last, and those that no other is made from, unless they run cargo.
    fn outputs(&self, stages: &[Stage]) -> Vec<usize> {
        let mut used = BTreeSet::new();
        for stage in stages {
            used.extend(self.stage(&stage.from));
            for one in &stage.instructions {
                used.extend(one.flag("from").and_then(|name| self.stage(name)));
                for mount in one.mounts() {
                    let from = mount.iter().find(|(key, _)| *key == "from");
                    used.extend(from.and_then(|(_, name)| self.stage(name)));
                }
            }
        }
        let last = stages.len() - 1;
        let free = (0..last).filter(|at| !used.contains(at) && !self.compiles(*at));
        free.chain([last]).collect()
    }

    /// Whether a name is that of a binary of the project.
    pub(super) fn is_bin(&self, name: &str) -> bool {
        let packages = self.project.packages.iter();
        let mut bins = packages.flat_map(|package| package.bins());
        bins.any(|bin| bin.name == name)
    }
}

pub(super) fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.is_some_and(|name| !name.is_empty() && name.chars().all(letter))
}

/// What `apt-get install` or `apk add` installs.
pub(super) fn packages(words: &[String]) -> Vec<String> {
    let mut rest = words
        .iter()
        .skip_while(|word| !["install", "add"].contains(&word.as_str()));
    rest.next();
    let named = |word: &&String| !word.starts_with(['-', '.', '>', '<', '|']);
    let mut packages: Vec<String> = vec![];
    let mut virtual_name = false;
    for word in rest {
        let named = named(&word);
        if named && !virtual_name {
            packages.push(word.clone());
        }
        virtual_name = word == "-t" || word == "--virtual";
    }
    packages
}

/// `A=b C="d e"`, or the old form `A b`.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let list = super::dockerfile::words(text);
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
