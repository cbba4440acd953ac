//! What a hand-written Dockerfile asks for, as a spec: stub or cargo-chef recipes and what goes into images.
//!
//! A stage that calls cargo, or is based on one that does, compiles. What no other stage is made from is an image.
//! Whatever is neither is named, and left to the user.

use super::accounts::Accounts;
use super::build::Compile;
use super::dockerfile::{Dockerfile, Stage, parse};
use super::draft::Draft;
use super::said::Said;
use super::settings::image_name;
use super::variables::{Args, Scope};
use crate::project::Project;
use crate::source::{SourceFile, SourceTree, file_name};
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
    /// The stages that compile and have files of the context by now.
    pub with_files: BTreeSet<usize>,
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
        with_files: BTreeSet::new(),
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
        let reached = self.reached(&outputs);
        let in_images: BTreeSet<usize> = outputs.iter().flat_map(|at| self.chain(*at)).collect();

        let mut compile = Compile::default();
        let mut scopes = vec![Scope::default(); stages.len()];
        for (at, stage) in stages.iter().enumerate() {
            let name = match stage.name.as_str() {
                "" => "a stage",
                name => name,
            };
            if !reached.contains(&at) {
                let what = format!("{name}: no image is made from it");
                self.said.left(stage.line, what);
                continue;
            }
            let parent = self.below(at);
            if let (Some(parent), true) = (parent, stage.from.contains('$')) {
                let what = format!("FROM {}: read as {}", stage.from, stages[parent].name);
                self.said.left(stage.line, what);
            }
            let mut scope = parent.map_or_else(Scope::default, |parent| scopes[parent].clone());
            if let Some(dir) = parent.and_then(|parent| self.workdirs.get(&parent)) {
                self.workdirs.insert(at, dir.clone());
            }
            if compiles[at] {
                self.compile(at, &compiles, &mut scope, &mut compile);
            } else if !in_images.contains(&at) {
                let what = format!(
                    "{name} on {}: Cargo does not build it; run it before the build, or separately",
                    stage.from
                );
                self.said.left(stage.line, what);
            }
            scopes[at] = scope;
        }

        let mut images = vec![];
        for output in &outputs {
            let image = self.image(*output, &compile);
            let name = image_name(&stages[*output].name, &image.bins);
            images.push((name, image));
        }
        self.written_out();
        let glibc = !self.names_musl(&compile) && images.iter().any(|(_, image)| image.glibc);
        self.finish(&compile, glibc, &mut draft.build);
        match images.as_mut_slice() {
            [(_, image)] => {
                self.selection(image, &compile, &mut draft.build);
                draft.image = std::mem::take(&mut image.block);
            }
            several => {
                for (name, image) in several {
                    let mut build = super::draft::Block::default();
                    self.selection(image, &compile, &mut build);
                    let image = std::mem::take(&mut image.block);
                    draft.images.push((name.clone(), build, image));
                }
                draft.hoist();
            }
        }
    }

    /// Declares build arguments and notes which are named anywhere.
    fn names(&mut self, stages: &[Stage]) {
        for (_, name, default) in self.file.args.clone() {
            let default = default.unwrap_or_default();
            self.args.note(&default);
            let default = self.globals().plain(&default, &self.args);
            self.args.declare(&name, Some(default));
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

    /// Says which global arguments have others in their defaults, which those of a spec cannot have.
    fn written_out(&mut self) {
        for (line, name, default) in &self.file.args {
            let names_others = default.as_ref().is_some_and(|text| text.contains('$'));
            if names_others && self.args.is_used(name) {
                let what = format!("ARG {name}: the arguments in its default are written out");
                self.said.left(*line, what);
            }
        }
    }

    /// Says which values of a line do not follow their build arguments any more.
    pub(super) fn settled(&mut self, line: usize) {
        for what in self.args.settled() {
            self.said.left(line, what);
        }
    }

    /// The variables that the name of a base may have in it.
    pub(super) fn globals(&self) -> Scope {
        let args = self.file.args.iter();
        Scope::of_bases(args.map(|(_, name, _)| name.as_str()))
    }

    /// The stage that a `FROM` or `--from` names.
    pub(super) fn stage(&self, name: &str) -> Option<usize> {
        let name = self.globals().plain(name, &self.args);
        let stages = self.file.stages.iter();
        let mut named = stages.map(|stage| stage.name.as_str());
        let found = named.position(|known| !name.is_empty() && known.eq_ignore_ascii_case(&name));
        found.or_else(|| name.parse().ok().filter(|at| *at < self.file.stages.len()))
    }

    /// The stage that one is based on.
    pub(super) fn below(&self, at: usize) -> Option<usize> {
        let below = self.stage(&self.file.stages[at].from);
        below.filter(|below| *below < at)
    }

    /// The stages that one is based on, the lowest first, itself last.
    pub(super) fn chain(&self, at: usize) -> Vec<usize> {
        let mut chain = vec![at];
        while let Some(below) = self.below(chain[0]) {
            chain.insert(0, below);
        }
        chain
    }

    /// Whether a stage compiles, or one that is based on it does.
    fn compiles(&self, at: usize) -> bool {
        let mut above = (0..self.file.stages.len()).filter(|above| self.runs_cargo(*above));
        above.any(|above| self.chain(above).contains(&at)) || self.has_compiler(at)
    }

    /// Whether a stage calls cargo, or is based on one that does.
    pub(super) fn has_compiler(&self, at: usize) -> bool {
        self.chain(at).into_iter().any(|at| self.runs_cargo(at))
    }

    fn runs_cargo(&self, at: usize) -> bool {
        self.runs(at, &["cargo", "rustup", "xx-cargo"])
            || self.runs(at, &["just", "make"]) && self.has_rust(at) && self.gives_program(at)
    }

    /// Whether the commands of a stage name a program.
    fn runs(&self, at: usize, programs: &[&str]) -> bool {
        let runs = self.file.stages[at].instructions.iter();
        let mut runs = runs.filter(|one| one.word == "RUN");
        runs.any(|one| {
            let text = one.heredoc.as_deref().unwrap_or(&one.rest);
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
                .any(|word| programs.contains(&word))
        })
    }

    /// Whether the image that a stage begins with is one of Rust.
    fn has_rust(&self, at: usize) -> bool {
        let from = &self.file.stages[self.chain(at)[0]].from;
        self.globals().plain(from, &self.args).contains("rust")
    }

    /// Whether another stage copies a program of the project from it.
    fn gives_program(&self, at: usize) -> bool {
        let mut copies = self.file.instructions().filter(|one| {
            let from = one.flag("from").and_then(|name| self.stage(name));
            from.is_some_and(|from| self.chain(from).contains(&at))
        });
        copies.any(|one| {
            let paths = one.words();
            paths.iter().any(|path| self.is_bin(file_name(path)))
        })
    }

    /// Whether programs are compiled for musl: on such an image, or for such a target.
    fn names_musl(&self, compile: &Compile) -> bool {
        let instructions = self.file.instructions();
        let mut texts = instructions
            .flat_map(|one| [Some(&one.rest), one.heredoc.as_ref()])
            .flatten();
        compile.on_musl || texts.any(|text| is_about_cargo(text) && names_musl_target(text))
    }

    /// The stages that one takes something from.
    fn sources(&self, stage: &Stage) -> Vec<usize> {
        let mut names = vec![stage.from.as_str()];
        for one in &stage.instructions {
            names.extend(one.flag("from"));
            for mount in one.mounts() {
                let from = mount.iter().find(|(key, _)| *key == "from");
                names.extend(from.map(|(_, name)| *name));
            }
        }
        let stages = names.into_iter().filter_map(|name| self.stage(name));
        stages.collect()
    }

    /// The stages that a name with variables in it may be on any platform.
    fn alternatives(&self, name: &str) -> Vec<usize> {
        let (start, _) = name.split_once('$').unwrap_or_default();
        let start = start.to_lowercase();
        let stages = (0..).zip(&self.file.stages);
        let alike = stages.filter(|(_, stage)| stage.name.to_lowercase().starts_with(&start));
        match start.as_str() {
            "" => vec![],
            _ => alike.map(|(at, _)| at).collect(),
        }
    }

    /// The stages that are images: the last, and those that no other is made from, unless they run cargo.
    fn outputs(&self, stages: &[Stage]) -> Vec<usize> {
        let mut used = BTreeSet::new();
        for stage in stages {
            used.extend(self.sources(stage));
            used.extend(self.alternatives(&stage.from));
        }
        let last = stages.len() - 1;
        let free = (0..last).filter(|at| !used.contains(at) && !self.compiles(*at));
        free.chain([last]).collect()
    }

    /// The stages that images are made from, those of the images as well.
    fn reached(&self, outputs: &[usize]) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut open = outputs.to_vec();
        while let Some(at) = open.pop() {
            if reached.insert(at) {
                open.extend(self.sources(&self.file.stages[at]));
            }
        }
        reached
    }

    /// Whether a name is that of a binary of the project.
    pub(super) fn is_bin(&self, name: &str) -> bool {
        let packages = self.project.packages.iter();
        let mut bins = packages.flat_map(|package| package.bins());
        bins.any(|bin| bin.name == name)
    }
}

/// Whether a target in a text may be cargo's; other tools are downloaded for one, too.
fn is_about_cargo(text: &str) -> bool {
    ["cargo", "rustup", "TARGET"]
        .iter()
        .any(|word| text.contains(word))
}

/// Whether a text names a target of Rust with musl; names of archives end like one.
fn names_musl_target(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_target = |word: &str| {
        let parts: Vec<&str> = word.split('-').collect();
        matches!(parts.as_slice(), [_, _, "linux", end] if end.starts_with("musl"))
    };
    text.split(|c| !is_word(c)).any(is_target)
}

pub(super) fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.is_some_and(|name| !name.is_empty() && name.chars().all(letter))
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
