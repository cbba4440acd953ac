//! Steps as stages: which step begins one, which goes on in another's.

use super::DockerfileOptions;
use super::stage::{Base, Stage, mark};
use crate::image_ref::ImageRef;
use crate::plan::{FileAction, Op, Output, Plan, Role, Step};
use std::collections::{BTreeMap, BTreeSet};

/// What the header has to explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact {
    /// Heredocs hold files as they are today.
    Skeleton,
    /// Files of the image carry the time of the build.
    ImageTimes,
    /// Manifests that some step compiles with are those of today.
    Manifests,
    /// A value that no instruction can hold.
    Value,
    /// Variables of one step that later stages do not get rid of.
    Unset,
    /// Secrets are mounted.
    Secrets,
    /// The image has annotations.
    Annotations,
}

/// Where an output is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// In a stage, at a path.
    Stage(usize, String),
    /// In the build context, without what matches these patterns.
    Context(Vec<String>),
    /// In the step that uses it.
    Inline,
}

/// Writes the stages of one plan.
pub(super) struct Writer<'a> {
    pub plan: &'a Plan,
    pub options: &'a DockerfileOptions<'a>,
    pub stages: Vec<Stage>,
    /// The stage that the plan is about.
    pub last: usize,
    pub facts: BTreeSet<Fact>,
    places: Vec<Place>,
    uses: Vec<usize>,
    /// Stages that hold a context, by its patterns.
    contexts: BTreeMap<Vec<String>, usize>,
    empty: Option<usize>,
}

/// Whether a change is one.
fn changes(action: &FileAction) -> bool {
    !matches!(action, FileAction::Need(_))
}

impl<'a> Writer<'a> {
    pub(super) fn new(plan: &'a Plan, options: &'a DockerfileOptions<'a>) -> Self {
        Self {
            plan,
            options,
            stages: vec![],
            last: 0,
            facts: BTreeSet::new(),
            places: vec![],
            uses: plan.uses(),
            contexts: BTreeMap::new(),
            empty: None,
        }
    }

    /// Writes all steps and the image's settings.
    pub(super) fn steps(&mut self) {
        for (index, step) in self.plan.steps.iter().enumerate() {
            let place = self.step(index, step);
            self.places.push(place);
        }
        self.last = match &self.plan.result {
            None if self.plan.config.is_none() => self.stages.len().saturating_sub(1),
            None => self.push(Stage::scratch(Role::Image)),
            Some(output) => self.result(output),
        };
        if !self.plan.annotations.is_empty() {
            self.facts.insert(Fact::Annotations);
        }
        if let Some(config) = &self.plan.config {
            let base = config.base_json().unwrap_or_default();
            let mut stage = self.stages[self.last].clone();
            self.config(&mut stage, &config.to_json(), &base);
            self.stages[self.last] = stage;
        }
    }

    /// A stage whose file system is the output, and that nothing else goes on from.
    fn result(&mut self, output: &Output) -> usize {
        match self.place(output) {
            Place::Stage(stage, path) if path == "/" => {
                let named = |from: &Stage| from.from == Base::Stage(stage);
                let steps = || (0..self.plan.steps.len()).filter(|at| self.is_in(*at, stage));
                let shared = steps().map(|at| self.uses[at]).sum::<usize>() > steps().count();
                match shared || self.stages.iter().any(named) {
                    true => {
                        let next = self.stages[stage].on(stage, Role::Image);
                        self.push(next)
                    }
                    false => stage,
                }
            }
            place => {
                let mut stage = Stage::scratch(Role::Image);
                let (from, src) = self.source(&place);
                stage.instruction(&format!("COPY --link{from} {src} /"));
                self.push(stage)
            }
        }
    }

    fn is_in(&self, step: usize, stage: usize) -> bool {
        matches!(&self.places[step], Place::Stage(at, _) if *at == stage)
    }

    fn step(&mut self, index: usize, step: &Step) -> Place {
        let name = step.name.as_str();
        match &step.op {
            Op::Image {
                reference,
                platform,
            } => {
                let mut stage = Stage::scratch(step.role);
                let builds = self.plan.steps.iter().any(|user| {
                    let exec = matches!(user.op, Op::Exec(_)) && user.role != Role::Image;
                    exec && user.op.inputs().iter().any(|input| input.step == index)
                });
                let platform = match platform {
                    _ if builds => Some("$BUILDPLATFORM".to_owned()),
                    platform if *platform == self.plan.platform => None,
                    platform if *platform == self.plan.build_platform => {
                        Some("$BUILDPLATFORM".to_owned())
                    }
                    platform => Some(platform.to_string()),
                };
                let name = reference.parse().map(|name: ImageRef| name.familiar());
                stage.from = Base::Image(name.unwrap_or_else(|_| reference.clone()), platform);
                let config = self.plan.base_configs.get(reference);
                let platform = &self.plan.platform;
                let config = config.map(Vec::as_slice).unwrap_or_default();
                let base = crate::image::ImageConfig::new(config, platform);
                stage.env = base.environment();
                stage.user = base.user().to_owned();
                stage.workdir = base.workdir().to_owned();
                Place::Stage(self.push(stage), "/".into())
            }
            Op::Context { exclude, .. } => {
                let theirs = |pattern: &&String| !self.options.ignored.contains(pattern);
                let mut exclude: Vec<String> = exclude.iter().filter(theirs).cloned().collect();
                exclude.sort();
                Place::Context(exclude)
            }
            Op::Files {
                base: Some(base),
                actions,
            } if !actions.iter().any(changes) => self.place(base),
            Op::Files {
                base: None,
                actions,
            } if actions.is_empty() => Place::Stage(self.empty(), "/".into()),
            Op::Files {
                base: None,
                actions,
            } if !actions.iter().any(changes) => self.needing(step.role, actions),
            Op::Files {
                base: None,
                actions,
            } => {
                if self.is_layer(index) || texts(step).is_some() {
                    return Place::Inline;
                }
                let mut stage = Stage::scratch(step.role);
                stage.comment(name);
                self.actions(&mut stage, actions, "/", false);
                Place::Stage(self.push(stage), "/".into())
            }
            Op::Files {
                base: Some(base),
                actions,
            } => {
                let (at, path) = self.go_on(base, step.role);
                let mut stage = self.stages[at].clone();
                stage.comment(name);
                let mut actions = self.with_texts(actions);
                if step.role == Role::Sources {
                    actions = self.unreduced(&actions).unwrap_or(actions);
                }
                self.actions(&mut stage, &actions, &path, step.role == Role::Image);
                self.stages[at] = stage;
                Place::Stage(at, path)
            }
            Op::Merge(parts) => {
                let Some((base, layers)) = parts.split_first() else {
                    return Place::Stage(self.empty(), "/".into());
                };
                let (at, path) = self.go_on(base, Role::Image);
                let mut stage = self.stages[at].clone();
                for layer in layers {
                    self.layer(&mut stage, layer, &path);
                }
                self.stages[at] = stage;
                Place::Stage(at, path)
            }
            Op::Exec(exec) => {
                let at = self.exec_stage(exec, step.role);
                let mut stage = self.stages[at].clone();
                stage.comment(name);
                self.exec(at, &mut stage, exec);
                self.stages[at] = stage;
                Place::Stage(at, "/".into())
            }
        }
    }

    /// A stage that needs others and takes nothing of them: the first of them, with the rest mounted.
    fn needing(&mut self, role: Role, actions: &[FileAction]) -> Place {
        let mut others = actions.iter().filter_map(|action| match action {
            FileAction::Need(output) => Some(output.clone()),
            _ => None,
        });
        let Some(first) = others.next() else {
            return Place::Stage(self.empty(), "/".into());
        };
        let (at, _) = self.go_on(&first, role);
        for other in others {
            let mount = self.bind(&other, "/mnt", "");
            self.stages[at].instruction(&format!("RUN {mount} true"));
        }
        Place::Stage(at, "/".into())
    }

    /// Changes in which files are written out instead of copied from a step that only writes them.
    fn with_texts(&self, actions: &[FileAction]) -> Vec<FileAction> {
        let written = |action: &FileAction| match action {
            FileAction::Copy(copy) => texts(&self.plan.steps[copy.from.step]),
            _ => None,
        };
        let all = actions.iter();
        all.flat_map(|action| written(action).unwrap_or(std::slice::from_ref(action)))
            .cloned()
            .collect()
    }

    /// Changes that copy the project's own manifests instead of writing reduced ones, where these have nothing less:
    /// a Dockerfile that stands alone must not overwrite a new version or profile.
    fn unreduced(&mut self, actions: &[FileAction]) -> Option<Vec<FileAction>> {
        let [FileAction::Copy(sources), written @ ..] = actions else {
            return None;
        };
        let is_manifest = |path: &String| path.ends_with("Cargo.toml");
        let left_out = self.plan.steps.iter().find_map(|step| match &step.op {
            Op::Files {
                base: None,
                actions,
            } => match actions.as_slice() {
                [FileAction::Copy(copy)] if copy.exclude.iter().any(is_manifest) => Some(copy),
                _ => None,
            },
            _ => None,
        })?;
        let mut real = sources.clone();
        // Cargo asks for what the lock names, needed or not.
        let (mut all, mut reduced) = ((0, self.options.locked), (0, 0));
        let mut stubs = 0;
        for path in &left_out.exclude {
            if !path.contains('*') && !sources.exclude.contains(path) {
                all.0 += usize::from(is_manifest(path));
                real.include.push(path.clone());
            }
        }
        for action in written {
            match action {
                FileAction::Write { path, .. } if path.ends_with(".rs") => stubs += 1,
                FileAction::Write { path, .. } if is_manifest(path) => reduced.0 += 1,
                FileAction::Write { path, data, .. } if path.ends_with("Cargo.lock") => {
                    reduced.1 = String::from_utf8_lossy(data).matches("[[package]]").count();
                }
                _ => {}
            }
        }
        if stubs == 0 && all == reduced {
            return Some(vec![FileAction::Copy(real)]);
        }
        self.facts.insert(Fact::Manifests);
        None
    }

    /// One layer of a merge.
    fn layer(&mut self, stage: &mut Stage, layer: &Output, path: &str) {
        let step = &self.plan.steps[layer.step];
        match (&self.places[layer.step], &step.op) {
            (Place::Inline, Op::Files { actions, .. }) => {
                stage.comment(&step.name);
                self.actions(stage, actions, path, true);
            }
            _ => {
                let place = self.place(layer);
                let (from, src) = self.source(&place);
                stage.instruction(&format!("COPY --link{from} {src} {path}"));
            }
        }
    }

    /// Whether a step is but a layer of one merge, not its base.
    fn is_layer(&self, index: usize) -> bool {
        let merged = self.plan.steps.iter().any(|step| match &step.op {
            Op::Merge(parts) => parts.iter().skip(1).any(|part| part.step == index),
            _ => false,
        });
        merged && self.uses[index] == 1
    }

    /// The stage to go on with what `base` is: its own if nothing else uses it.
    pub(super) fn go_on(&mut self, base: &Output, role: Role) -> (usize, String) {
        let place = self.place(base);
        let Place::Stage(at, path) = place else {
            let mut stage = Stage::scratch(role);
            let (from, src) = self.source(&place);
            stage.instruction(&format!("COPY{from} {src} /"));
            return (self.push(stage), "/".into());
        };
        let old = self.stages[at].role;
        let same = match role {
            Role::Image => true,
            Role::StubRemoval => old != Role::Base,
            role => role == old,
        };
        if self.uses[base.step] == 1 && same {
            if role == Role::Image {
                self.stages[at].role = role;
            }
            return (at, path);
        }
        let next = self.stages[at].on(at, role);
        (self.push(next), path)
    }

    /// Where an output is.
    pub(super) fn place(&self, output: &Output) -> Place {
        let is_exec = matches!(self.plan.steps[output.step].op, Op::Exec(_));
        match &self.places[output.step] {
            Place::Stage(at, _) if is_exec => Place::Stage(*at, output.mount.clone()),
            place => place.clone(),
        }
    }

    /// ` --from=…` and the path.
    pub(super) fn source(&mut self, place: &Place) -> (String, String) {
        match place {
            Place::Stage(at, path) => (format!(" --from={}", mark(*at)), path.clone()),
            Place::Context(exclude) if exclude.is_empty() => (String::new(), ".".into()),
            Place::Context(exclude) => {
                let at = self.context(exclude);
                (format!(" --from={}", mark(at)), "/".into())
            }
            Place::Inline => (String::new(), ".".into()),
        }
    }

    /// The stage that holds the context without what matches `exclude`.
    fn context(&mut self, exclude: &[String]) -> usize {
        if let Some(at) = self.contexts.get(exclude) {
            return *at;
        }
        let mut stage = Stage::scratch(Role::Sources);
        let exclude: Vec<String> = exclude.to_vec();
        stage.comment("build context");
        let flags = self.exclude(&exclude, false);
        stage.instruction(&format!("COPY{flags} . /"));
        let at = self.push(stage);
        self.contexts.insert(exclude, at);
        at
    }

    /// The flags that leave out what no step reads; where the spec is left out, the Dockerfile is, too. `in_order`: a
    /// later pattern takes back an earlier one.
    pub(super) fn exclude(&self, patterns: &[String], in_order: bool) -> String {
        let mut patterns = patterns.to_vec();
        if !in_order {
            if patterns.iter().any(|pattern| pattern == self.options.spec) {
                patterns.push("Dockerfile".into());
            }
            patterns.sort();
            patterns.dedup();
        }
        let flag = |pattern: &String| match pattern.contains(' ') {
            true => format!(" --exclude=\"{pattern}\""),
            false => format!(" --exclude={pattern}"),
        };
        patterns.iter().map(flag).collect()
    }

    /// The empty stage.
    pub(super) fn empty(&mut self) -> usize {
        match self.empty {
            Some(at) => at,
            None => {
                let at = self.push(Stage::scratch(Role::Base));
                self.empty = Some(at);
                at
            }
        }
    }

    fn push(&mut self, stage: Stage) -> usize {
        self.stages.push(stage);
        self.stages.len() - 1
    }

    /// Whether files in an output must look old: cargo compares their times with those of artefacts.
    pub(super) fn is_aged(&self, output: &Output) -> bool {
        let Op::Files { base, actions } = &self.plan.steps[output.step].op else {
            return false;
        };
        let copied = actions
            .iter()
            .any(|action| matches!(action, FileAction::Copy(copy) if copy.time.is_some()));
        copied || base.as_ref().is_some_and(|base| self.is_aged(base))
    }

    /// The output that the files of an output come from, past steps that only change files.
    pub(super) fn origin<'o>(&'o self, output: &'o Output) -> &'o Output {
        match &self.plan.steps[output.step].op {
            Op::Files {
                base: Some(base), ..
            } => self.origin(base),
            _ => output,
        }
    }

    /// The file system that an exec runs in.
    pub(super) fn root_of(&self, step: usize) -> Option<&Output> {
        let Op::Exec(exec) = &self.plan.steps[step].op else {
            return None;
        };
        let root = exec.mounts.iter().find(|mount| mount.dest == "/")?;
        root.kind.output()
    }
}

/// The files of a step of sources that only writes.
fn texts(step: &Step) -> Option<&[FileAction]> {
    match &step.op {
        Op::Files {
            base: None,
            actions,
        } if step.role == Role::Sources => {
            let is_text = |action: &FileAction| {
                matches!(
                    action,
                    FileAction::Write { .. } | FileAction::MakeDir { .. }
                )
            };
            actions.iter().all(is_text).then_some(actions)
        }
        _ => None,
    }
}
