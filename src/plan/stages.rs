//! What each kind of stage is made of.

use super::toolchain::Toolchain;
use super::{
    Copy, Executable, FileAction, Input, Op, Output, Plan, Role, Until, base_configs, check,
    compiled, crates, names, runtime, secrets, symbols, toolchain,
};
use crate::diagnostic::Diagnostics;
use crate::spec::Image;
use crate::stage::Kind;
use crate::verify::Runtime;
use std::collections::{BTreeMap, BTreeSet};

/// What [`compiled`] made beside the executables.
pub(super) struct Compiled {
    /// The build environment.
    pub(super) toolchain: Toolchain,
    /// The compiled dependencies, if there are any.
    pub(super) dependencies: Option<Output>,
}

/// The plan of one stage on one platform: one input for each image that it is about, at least one.
///
/// # Errors
/// What only shows when spec and project are put together, e.g. a platform that rustc has no target for.
///
/// # Panics
/// Without any input.
pub fn make_all(kind: Kind, inputs: &[Input<'_>]) -> Result<Plan, Diagnostics> {
    let first = &inputs[0];
    let mut plan = empty(kind, first);
    match kind {
        Kind::Image | Kind::Debug => image_of(&mut plan, first, kind == Kind::Debug)?,
        Kind::Symbols => symbols_of(&mut plan, first)?,
        Kind::Binary => binary(&mut plan, inputs)?,
        Kind::Deps => deps(&mut plan, inputs)?,
        Kind::Test | Kind::Clippy | Kind::Fmt | Kind::Doc => check::add(&mut plan, kind, inputs)?,
    }
    if plan.config.is_none() {
        tie(&mut plan);
    }
    secrets::check(&plan, first)?;
    let label = plan.stage.clone();
    names::number(&mut plan, &label);
    Ok(plan)
}

/// The steps that find out what Cargo is going to compile ([`Input::units`]), where that shapes the plan of a stage.
///
/// # Errors
/// As [`make_all`].
pub fn resolution(kind: Kind, input: &Input<'_>) -> Result<Option<Plan>, Diagnostics> {
    let compiles = !matches!(kind, Kind::Test | Kind::Clippy | Kind::Fmt | Kind::Doc);
    if !compiles || !crates::may_be_grouped(input) {
        return Ok(None);
    }
    let mut plan = empty(kind, input);
    plan.triple = toolchain::triple(input)?;
    compiled(&mut plan, input, Until::Units)?;
    secrets::check(&plan, input)?;
    let label = plan.stage.clone();
    names::label(&mut plan, &label);
    Ok(Some(plan).filter(|plan| plan.result.is_some()))
}

fn empty(kind: Kind, first: &Input<'_>) -> Plan {
    let package = &first.project.packages[first.selection.package].name;
    let image = first.image.name.as_ref();
    let image = image.map_or(package, |name| &name.value);
    Plan {
        stage: kind.name().unwrap_or(image).to_owned(),
        platform: first.platform.clone(),
        build_platform: first.build_platform.clone(),
        triple: String::new(),
        steps: vec![],
        base_configs: base_configs(first),
        result: None,
        reports: vec![],
        assemblies: vec![],
        grouped: BTreeSet::new(),
        symbols: None,
        executables: vec![],
        runtime: runtime_of(&first.image.image),
        config: None,
        annotations: vec![],
        notes: vec![],
        warnings: Diagnostics::default(),
    }
}

/// What executables find in an image: unknown where something may bring a C library to the base.
fn runtime_of(image: &Image) -> Runtime {
    const LIBRARIES: [&str; 4] = ["gcompat", "libc6", "libc6-compat", "musl"];
    let mut packages = image.packages.iter();
    let is_library = |name: &str| LIBRARIES.contains(&name.split('=').next().unwrap_or_default());
    let mut files = image.files.iter();
    match packages.any(|package| is_library(&package.value))
        || files.any(|file| file.to.value.starts_with("/lib"))
    {
        true => Runtime::unknown(),
        false => Runtime::of(&image.base.value),
    }
}

fn image_of(plan: &mut Plan, input: &Input<'_>, debug: bool) -> Result<(), Diagnostics> {
    plan.triple = toolchain::image_triple(input)?;
    let compiled = compiled(plan, input, Until::Executables)?;
    let (result, config) = runtime::image(plan, input, &compiled.toolchain, debug);
    plan.result = result;
    plan.config = Some(config);
    plan.annotations = runtime::annotations(input);
    Ok(())
}

fn symbols_of(plan: &mut Plan, input: &Input<'_>) -> Result<(), Diagnostics> {
    plan.triple = toolchain::triple(input)?;
    compiled(plan, input, Until::Executables)?;
    let symbols = plan.symbols.clone();
    plan.result = Some(symbols.ok_or_else(|| symbols::missing(input, &plan.stage))?);
    Ok(())
}

/// The executables of all images, side by side.
fn binary(plan: &mut Plan, inputs: &[Input<'_>]) -> Result<(), Diagnostics> {
    // Which image each executable is of: two images may have one of the same name, with other features.
    let mut images = vec![];
    for input in inputs {
        plan.triple = toolchain::triple(input)?;
        compiled(plan, input, Until::Executables)?;
        let name = input.image.name.as_ref().map(|name| name.value.clone());
        images.resize(plan.executables.len(), name.unwrap_or_default());
    }
    if inputs.len() > 1 {
        // Bases differ; what each executable needs is checked with its image.
        plan.runtime = Runtime::unknown();
    }
    plan.result = match plan.reports.len() {
        0 | 1 => plan.executables.first().map(|first| first.output.clone()),
        _ => Some(side_by_side(plan, &images)),
    };
    Ok(())
}

/// Adds the step that puts executables into one directory, those with one name into one for each image.
fn side_by_side(plan: &mut Plan, images: &[String]) -> Output {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for executable in &plan.executables {
        *count.entry(&executable.name).or_default() += 1;
    }
    let clashes = |executable: &Executable| count[executable.name.as_str()] > 1;
    let pairs = || plan.executables.iter().zip(images);
    let clashing = pairs().filter(|(executable, _)| clashes(executable));
    let dirs: BTreeSet<&String> = clashing.map(|(_, image)| image).collect();
    let make = dirs.into_iter().map(|image| FileAction::MakeDir {
        path: format!("/{image}"),
        mode: 0o755,
        owner: None,
    });
    let copy = pairs().map(|(executable, image)| {
        let dest = match clashes(executable) {
            true => format!("/{image}/{}", executable.name),
            false => format!("/{}", executable.name),
        };
        let (from, path) = (executable.output.clone(), executable.path.as_str());
        FileAction::Copy(Box::new(Copy::new(from, path, dest)))
    });
    let actions = make.chain(copy).collect();
    plan.files(Role::Image, "executables", None, actions)
}

/// Nothing, once the dependencies of all images are compiled.
fn deps(plan: &mut Plan, inputs: &[Input<'_>]) -> Result<(), Diagnostics> {
    let mut built: Vec<Output> = vec![];
    for input in inputs {
        plan.triple = toolchain::triple(input)?;
        let output = compiled(plan, input, Until::Dependencies)?.dependencies;
        built.extend(output.filter(|output| !built.contains(output)));
    }
    if built.is_empty() {
        return Ok(());
    }
    // The engine does only what a result needs: this one needs them and takes nothing.
    let needed = built.into_iter().map(FileAction::Need).collect();
    plan.result = Some(plan.files(Role::Image, "nothing but warm caches", None, needed));
    Ok(())
}

/// Adds the step that makes the result need what is read beside it. An exported cache has what its result is made from
/// and nothing else, so whoever imported it would compile again for cargo's messages.
fn tie(plan: &mut Plan) {
    let Some(result) = plan.result.clone() else {
        return;
    };
    let executables = plan.executables.iter().map(|executable| &executable.output);
    let beside = plan.reports.iter().chain(&plan.assemblies);
    let of_result = plan.steps[result.step].op.inputs();
    let mut read: Vec<Output> = vec![];
    for output in beside.chain(executables) {
        let is_needed = *output == result || of_result.contains(&output);
        if !is_needed && !read.contains(output) {
            read.push(output.clone());
        }
    }
    if read.is_empty() {
        return;
    }
    let needed = read.into_iter().map(FileAction::Need);
    if let Op::Files { actions, .. } = &mut plan.steps[result.step].op {
        return actions.extend(needed);
    }
    plan.result = Some(plan.files(Role::Image, "result", Some(result), needed.collect()));
}
