//! Hands a plan to the engine and checks what came out.

use super::Request;
use super::step_options::StepOptions;
use super::{Planned, missing};
use crate::context;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::gateway::{Failure, Gateway, Ref, SolveRequest};
use crate::lint::Switches;
use crate::lower::{self, Lowered};
use crate::options::CacheImport;
use crate::plan::{self, Executable, Output, Plan, Role};
use crate::spec::Spec;
use crate::stage::Stage;
use crate::verify;
use buildkit_llb::{Marshaller, State};
use buildkit_proto::pb::Definition;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Cargo's messages are one line of JSON for each crate: far more than any project has, in bytes.
const MAX_REPORT: u64 = 256 << 20;

/// The graph of a plan and how to hand it over.
struct Graph<'a> {
    gateway: &'a Gateway,
    lowered: Lowered,
    marshaller: Mutex<Marshaller>,
    /// On each solve and not only on the final one: the first one already compiles.
    cache_imports: &'a [CacheImport],
    anew: Anew,
}

/// The steps that the solve of the result repeats (`--no-cache`), and no later one.
///
/// The engine empties the caches of such steps for each graph that has them (BuildKit's `solver/llbsolver/bridge.go`,
/// `loadResult`), and with them what the first one left there. In graphs that come later they are steps like others: they
/// are in memory, and taken from there.
#[derive(Debug, Default)]
pub(super) struct Anew(BTreeSet<String>);

impl Anew {
    fn of(result: &Definition) -> Self {
        let steps = result.metadata.iter().filter(|(_, meta)| meta.ignore_cache);
        Self(steps.map(|(digest, _)| digest.clone()).collect())
    }

    /// The graph for a solve that comes after those steps are done.
    pub(super) fn done_in(&self, mut graph: Definition) -> Definition {
        for (digest, meta) in &mut graph.metadata {
            meta.ignore_cache &= !self.0.contains(digest);
        }
        graph
    }
}

impl Graph<'_> {
    fn definition(&self, output: Option<&Output>) -> Result<Definition, Failure> {
        let state = self.lowered.state(output);
        let mut marshaller = self
            .marshaller
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(marshaller.marshal(&state)?)
    }

    async fn solve(&self, output: &Output) -> Result<Ref, Failure> {
        let definition = self.anew.done_in(self.definition(Some(output))?);
        self.solve_all(definition, true).await
    }

    /// With `now`, errors of steps are returned here, as the engine words them.
    async fn solve_all(&self, definition: Definition, now: bool) -> Result<Ref, Failure> {
        let request = SolveRequest {
            cache_imports: self.cache_imports.to_vec(),
            evaluate: now,
            ..SolveRequest::from(definition)
        };
        self.gateway.solve(request).await
    }

    /// What two futures give, each of which solves a part of the graph.
    ///
    /// Solves both at once, so that base images load while programs compile. With an imported cache, the second
    /// (which compiles, and has the better error) goes first: the engine has to know the cache before the next solve
    /// looks for steps. If steps are to be repeated, the first, which solves the result, goes first.
    async fn both<A, B>(
        &self,
        first: impl Future<Output = Result<A, Failure>>,
        second: impl Future<Output = Result<B, Failure>>,
    ) -> Result<(A, B), Failure> {
        if !self.anew.0.is_empty() {
            let first = first.await?;
            return Ok((first, second.await?));
        }
        if self.cache_imports.is_empty() {
            let (second, first) = tokio::try_join!(second, first)?;
            return Ok((first, second));
        }
        let second = second.await?;
        Ok((first.await?, second))
    }
}

/// What a plan became.
pub(super) struct Solved {
    /// The result.
    pub reference: Ref,
    /// The graph of the result.
    pub image: State,
    /// The graph of the file system in which things are compiled; none where nothing is.
    pub compiler: Option<State>,
    /// The graph of the build context, as it is compiled; none where nothing of it is.
    pub context: Option<State>,
    /// Steps that later graphs must not repeat.
    pub anew: Anew,
    /// What the result is for, in words.
    pub platform: String,
    /// What `--target` names.
    pub stage: String,
}

/// Solves the graph of a plan: compiles, so that what was compiled can be checked, and leaves the image to
/// the engine.
pub(super) async fn solve(
    request: Request<'_>,
    spec: &Spec,
    planned: &Planned,
) -> Result<Solved, Failure> {
    let Request {
        gateway,
        options,
        context,
        ..
    } = request;
    let plan = &planned.plan;
    let steps = StepOptions::new(request, &planned.bases);
    let mut graph = Graph {
        gateway,
        lowered: steps.with(plan, |options| lower::lower(plan, options)),
        marshaller: Mutex::new(context::marshaller(gateway)),
        cache_imports: &options.cache_imports,
        anew: Anew::default(),
    };
    // What the engine lacks for the last step is said before the first one runs.
    let all = graph.definition(plan.result.as_ref())?;
    gateway.check_caps(&all)?;
    graph.anew = Anew::of(&all);
    let images = Stage::find(spec, options.target.as_deref())?.images;
    let explained = |failure| missing::explained(failure, &context.definition, images);
    // Errors that show up after this function are not explained.
    let now = !plan.reports.is_empty() || missing::may_be(plan) || !graph.anew.0.is_empty();
    let image = graph.solve_all(all, now);
    let checks = compiled(&graph, plan);
    let (reference, (mut found, libraries)) = graph.both(image, checks).await.map_err(explained)?;
    found.extend(missing_libraries(&reference, plan, libraries).await?);
    let (errors, warnings): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|diagnostic| diagnostic.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(errors.into_iter().collect::<Diagnostics>().into());
    }
    let switches = Switches::read(options, &context.definition, Some(spec))?;
    let warnings = switches.kept(&warnings.into_iter().collect());
    super::warn(gateway, context, &warnings).await;
    switches.refuse(&warnings)?;
    Ok(Solved {
        reference,
        image: graph.lowered.state(plan.result.as_ref()),
        compiler: compiler(plan).map(|root| graph.lowered.state(Some(root))),
        context: sources(plan).map(|root| graph.lowered.state(Some(&root))),
        anew: graph.anew,
        platform: plan.platform.to_string(),
        stage: plan.stage.clone(),
    })
}

/// The file system in which the first thing is compiled: the build image with all tools and packages.
fn compiler(plan: &Plan) -> Option<&Output> {
    let compiles = |step: &&plan::Step| matches!(step.role, Role::Dependencies | Role::Compile);
    let mut compiling = plan.steps.iter().filter(compiles);
    let mount = compiling.find_map(|step| match &step.op {
        plan::Op::Exec(exec) => exec.mounts.iter().find(|mount| mount.dest == "/"),
        _ => None,
    })?;
    mount.kind.output()
}

/// The build context, as far as it is compiled.
fn sources(plan: &Plan) -> Option<Output> {
    let is_whole =
        |op: &plan::Op| matches!(op, plan::Op::Context { include, .. } if include.is_empty());
    let step = plan.steps.iter().position(|step| is_whole(&step.op))?;
    Some(Output::root(step))
}

/// What an executable is like.
#[derive(Default)]
struct Inspected {
    /// What is wrong with it for the image that it goes into.
    wrong: Option<Diagnostic>,
    /// Libraries that it needs and the image may not have.
    libraries: Vec<String>,
}

impl From<Option<Diagnostic>> for Inspected {
    fn from(wrong: Option<Diagnostic>) -> Self {
        Self {
            wrong,
            ..Self::default()
        }
    }
}

async fn inspected(
    reference: &Ref,
    executable: &Executable,
    plan: &Plan,
) -> Result<Inspected, Failure> {
    let path = executable.path.as_str();
    let read = |range: Range<u64>| {
        let length = range.end.saturating_sub(range.start);
        reference.read_range(path, range.start, length)
    };
    let head = read(0..verify::HEAD).await?;
    let wrong = verify::executable(&executable.name, &head, &executable.triple, &plan.runtime);
    let has_loader = verify::elf(&head).is_some_and(|elf| elf.interpreter.is_some());
    let dynamic = verify::dynamic(&head).filter(|_| has_loader && wrong.is_none());
    let Some(dynamic) = dynamic else {
        return Ok(wrong.into());
    };
    let Some(tables) = dynamic.tables(&read(dynamic.range.clone()).await?) else {
        return Ok(wrong.into());
    };
    let versions = read(tables.versions.clone()).await?;
    let names = read(tables.names.clone()).await?;
    let needed = tables.glibc(&versions, &names);
    let libraries = tables.libraries(&names).into_iter();
    Ok(Inspected {
        wrong: needed.and_then(|needed| plan.runtime.too_old(&executable.name, needed)),
        libraries: libraries
            .filter(|library| !plan.runtime.has_library(library))
            .collect(),
    })
}

/// Warns of libraries that are not where the dynamic loader of an image looks for them.
async fn missing_libraries(
    image: &Ref,
    plan: &Plan,
    needed: Vec<(String, String)>,
) -> Result<Diagnostics, Failure> {
    let mut found = Diagnostics::default();
    // A variable may say another place.
    let config = plan.config.as_ref();
    if config.is_none_or(|config| config.env("LD_LIBRARY_PATH").is_some()) {
        return Ok(found);
    }
    let dirs = verify::library_dirs(&plan.triple);
    for (executable, library) in needed {
        let mut is_there = false;
        for dir in &dirs {
            is_there |= match image.stat_file(&format!("{dir}/{library}")).await {
                Ok(_) => true,
                Err(failure) if failure.is_absent() => false,
                Err(failure) => return Err(failure),
            };
            if is_there {
                break;
            }
        }
        if !is_there {
            found.push(verify::missing_library(&executable, &library));
        }
    }
    Ok(found)
}

/// Compiles, and says what is wrong with what came out.
async fn compiled(
    graph: &Graph<'_>,
    plan: &Plan,
) -> Result<(Diagnostics, Vec<(String, String)>), Failure> {
    let made = made(graph, plan);
    let ((executables, libraries), mut found) = graph.both(made, reported(graph, plan)).await?;
    found.extend(executables);
    Ok((found, libraries))
}

/// What cargo itself says of it.
async fn reported(graph: &Graph<'_>, plan: &Plan) -> Result<Diagnostics, Failure> {
    let mut found = Diagnostics::default();
    for output in &plan.assemblies {
        let report = graph.solve(output).await?;
        let messages = report.read_file("cargo.jsonl", MAX_REPORT).await?;
        let left = report.read_file("left", MAX_REPORT).await?;
        let messages = String::from_utf8_lossy(&messages);
        let left = String::from_utf8_lossy(&left);
        found.extend(verify::assembly(&messages, &left, &plan.grouped));
    }
    for output in &plan.reports {
        let report = graph.solve(output).await?;
        let messages = report.read_file("cargo.jsonl", MAX_REPORT).await?;
        let made = plan.executables.iter();
        let made = made.filter(|executable| executable.output.step == output.step);
        let bins: Vec<String> = made.map(|executable| executable.name.clone()).collect();
        found.extend(verify::report(&String::from_utf8_lossy(&messages), &bins));
    }
    Ok(found)
}

/// What is wrong with the executables, and the libraries that each needs and the image may not have.
async fn made(
    graph: &Graph<'_>,
    plan: &Plan,
) -> Result<(Diagnostics, Vec<(String, String)>), Failure> {
    let mut found = Diagnostics::default();
    let mut libraries = vec![];
    for executable in &plan.executables {
        let reference = graph.solve(&executable.output).await?;
        let inspected = inspected(&reference, executable, plan).await?;
        inspected
            .wrong
            .into_iter()
            .for_each(|wrong| found.push(wrong));
        let needed = inspected.libraries.into_iter();
        libraries.extend(needed.map(|library| (executable.name.clone(), library)));
    }
    Ok((found, libraries))
}
