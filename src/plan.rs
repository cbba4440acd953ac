//! What will be done, as a value: the steps of a build in domain words.
//!
//! A [`Plan`] knows no LLB and no YAML, holds no handles, and can be printed, compared and drawn. `lower`
//! turns it into LLB, `eject` into a Dockerfile; both are mechanical, all decisions are made here.

mod allocator;
mod check;
mod compile;
mod crates;
mod cross;
mod dependencies;
mod exec;
mod extras;
mod inputs;
mod local;
mod names;
mod runtime;
mod script;
mod secrets;
mod seed;
mod share;
mod sources;
mod stages;
mod stubs;
mod symbols;
mod toolchain;
mod unread;

pub(crate) use compile::{Told, told};
pub use crates::{Node, groups, weight};
pub use exec::{Copy, Exec, FileAction, Mount, MountKind};
pub use inputs::Script;
pub(crate) use runtime::cargo_labels;

use crate::diagnostic::Diagnostics;
use crate::image::ImageConfig;
use crate::platform::Platform;
use crate::project::{Project, Selection};
use crate::recipe::{self, RecipeFor, Recipes};
use crate::source::Span;
use crate::spec::{ImageSpec, Spec};
use crate::stage::Kind;
use crate::units::Units;
use crate::verify::Runtime;
use dependencies::Stubbed;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use stages::{make_all, resolution};

/// Where the build context is mounted in every step that runs cargo. The same path everywhere: cargo's
/// fingerprints of path packages hold it.
pub const WORK_DIR: &str = "/work";
/// Cargo's target directory in every step.
pub const TARGET_DIR: &str = "/target";
/// Where `compile` leaves the executables.
pub const OUT_DIR: &str = "/out";
/// Where `compile` leaves debug symbols.
pub const SYMBOLS_DIR: &str = "/symbols";
/// Where `compile` leaves cargo's machine-readable messages.
pub const REPORT_DIR: &str = "/report";
/// The modification time of every source file, in seconds since 1970: older than any artefact, so that
/// cargo never finds a source changed that the engine found unchanged. The date is the one that cargo
/// itself gives to files of packages (cargo, src/cargo/ops/cargo_package).
pub const SOURCE_TIME: i64 = 1_153_704_088;

/// The Rust sources below a directory, as a pattern of the engine's.
pub const RUST_SOURCES: &str = "**/*.rs";

/// The steps of one build on one platform.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What `--target` names: an image's name, or `binary`, `deps`, `test` …
    pub stage: String,
    /// What the image runs on.
    pub platform: Platform,
    /// What the compiler runs on.
    pub build_platform: Platform,
    /// What the compiler compiles for.
    pub triple: String,
    /// In order: a step refers only to earlier ones.
    pub steps: Vec<Step>,
    /// The configs (JSON) of the images that steps start from, by reference.
    pub base_configs: BTreeMap<String, Vec<u8>>,
    /// What the build returns; `None` is the empty image.
    pub result: Option<Output>,
    /// Where each step that compiles what is local leaves cargo's messages.
    pub reports: Vec<Output>,
    /// Where each dependency step that starts from groups of crates says what it did with them.
    pub assemblies: Vec<Output>,
    /// Name and version of the crates that are compiled in groups.
    pub grouped: BTreeSet<String>,
    /// Where the compile step leaves the executables' debug symbols, if the spec wants them.
    pub symbols: Option<Output>,
    /// The executables and where they are, for checks of what was built.
    pub executables: Vec<Executable>,
    /// The runtime base, as far as it says what an executable may need of it.
    pub runtime: Runtime,
    /// The image's config; `None` for stages that are not images.
    pub config: Option<ImageConfig>,
    /// Annotations of the image's manifest, in order.
    pub annotations: Vec<(String, String)>,
    /// Decisions and their reasons, in words.
    pub notes: Vec<String>,
    /// Where the spec's word does not count.
    pub warnings: Diagnostics,
}

/// One vertex.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it is for.
    pub role: Role,
    /// What is in the brackets before its name: its number, or whose it is.
    pub place: String,
    /// What it does, for the user.
    pub name: String,
    /// What it does.
    pub op: Op,
    /// The lines of the spec that it exists because of.
    pub span: Option<Span>,
}

/// `[shop 3/7] fetch 20 crates`, as users read it in the progress.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.place, self.name)
    }
}

/// What a step is for. The order is that of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A base image, or the empty one.
    Base,
    /// Compiler, target and system packages.
    Toolchain,
    /// The dependency-only project.
    Skeleton,
    /// Downloading crates.
    Fetch,
    /// Compiling some of what others wrote, apart from the project.
    Crates,
    /// Compiling what others wrote.
    Dependencies,
    /// Taking the stubs' artefacts out again.
    StubRemoval,
    /// The real sources.
    Sources,
    /// Compiling local libraries.
    Local,
    /// Compiling the wanted binaries.
    Compile,
    /// Laying out the image.
    Image,
    /// A test or lint stage.
    Check,
}

/// The output of an earlier step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Output {
    /// Index into [`Plan::steps`].
    pub step: usize,
    /// For an exec, which mount's content; `/` is its root.
    pub mount: String,
}

impl Output {
    /// All of what a step leaves: the root of an exec, or the only output of another step.
    pub fn root(step: usize) -> Self {
        Self::at(step, "/")
    }

    /// What an exec leaves in a mount.
    pub fn at(step: usize, mount: &str) -> Self {
        let mount = mount.into();
        Self { step, mount }
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// An image.
    Image {
        /// Its reference, pinned by digest where the digest is known.
        reference: String,
        /// Which of a multi-platform image.
        platform: Platform,
    },
    /// Files of the build context.
    Context {
        /// Paths of what may be sent, which may hold wildcards; empty: everything.
        include: Vec<String>,
        /// Patterns of what is not sent, in the syntax of .dockerignore.
        exclude: Vec<String>,
    },
    /// A process.
    Exec(Exec),
    /// Changes of files without a process.
    Files {
        /// What is changed; `None` starts from nothing.
        base: Option<Output>,
        /// The changes, in order.
        actions: Vec<FileAction>,
    },
    /// One laid over the other.
    Merge(Vec<Output>),
}

/// An executable that a stage builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executable {
    /// Cargo's name of the binary.
    pub name: String,
    /// What it is compiled for.
    pub triple: String,
    /// The output that holds it.
    pub output: Output,
    /// Absolute path in that output.
    pub path: String,
    /// Where it is in the image.
    pub installed: String,
}

/// What the registries say of an image that a plan needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageInfo {
    /// The reference to build from: with digest where one is known.
    pub reference: String,
    /// The image's config as JSON; empty for an image without one.
    pub config: Vec<u8>,
}

/// What is known of base images, by the reference that the spec gives and the platform.
pub type Images = BTreeMap<(String, Platform), ImageInfo>;

/// What the engine can do, as far as it shapes plans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// MergeOp: layers can be put on a base without a copy of it.
    pub merge: bool,
    /// Whether local libraries have steps of their own. Without them a change of one compiles all local packages
    /// again, and the plan is shorter: a Dockerfile would repeat the project's manifests for each.
    pub local_steps: bool,
    /// MergeOp, mounts without content, and proxies that are not part of a key: crates can be compiled in groups.
    pub crates: bool,
    /// Whether the caller imports caches, as one does whose builder keeps none.
    pub imports_cache: bool,
    /// Whether dependency steps start from what the last one left in a cache. A Dockerfile does without: it is the
    /// same step, and a long script less.
    pub seed: bool,
}

/// Everything a plan is made of.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// What the user wants.
    pub spec: &'a Spec,
    /// Which of its images.
    pub image: &'a ImageSpec,
    /// What Cargo says.
    pub project: &'a Project,
    /// Package, binaries and features of the image.
    pub selection: &'a Selection,
    /// What the image runs on.
    pub platform: &'a Platform,
    /// What the compiler runs on.
    pub build_platform: &'a Platform,
    /// The base images.
    pub images: &'a Images,
    /// Patterns of the ignore file.
    pub ignored: &'a [String],
    /// `--label`.
    pub labels: &'a BTreeMap<String, String>,
    /// SOURCE_DATE_EPOCH in seconds.
    pub epoch: Option<i64>,
    /// What Cargo says it is going to compile, where that was asked ([`resolution`]).
    pub units: Option<&'a Units>,
    /// What the engine can do.
    pub abilities: Abilities,
}

impl Input<'_> {
    /// What is known of a base image.
    fn info(&self, reference: &str, platform: &Platform) -> ImageInfo {
        let key = (reference.to_owned(), platform.clone());
        self.images.get(&key).cloned().unwrap_or_default()
    }
}

impl Plan {
    /// Adds a step and returns its index; one that is there already is not added again.
    fn push(&mut self, role: Role, name: String, op: Op, span: Option<Span>) -> usize {
        if let Some(same) = self.steps.iter().position(|step| step.op == op) {
            return same;
        }
        self.steps.push(Step {
            role,
            place: String::new(),
            name,
            op,
            span,
        });
        self.steps.len() - 1
    }

    /// Adds changes of files that no line of the spec asks for.
    fn files(
        &mut self,
        role: Role,
        name: &str,
        base: Option<Output>,
        actions: Vec<FileAction>,
    ) -> Output {
        let op = Op::Files { base, actions };
        Output::root(self.push(role, name.into(), op, None))
    }

    /// The platform that a step's process runs on: that of the image at the bottom of its files; without one, the
    /// image's platform for the steps of an image, and the build platform for all others.
    pub fn runs_on<'a>(&'a self, step: &'a Step) -> &'a Platform {
        let own = match step.role {
            Role::Image => &self.platform,
            _ => &self.build_platform,
        };
        self.platform_of(&step.op).unwrap_or(own)
    }

    /// The platform of the image at the bottom of a step's files.
    fn platform_of<'a>(&'a self, op: &'a Op) -> Option<&'a Platform> {
        let below = |output: &Output| self.platform_of(&self.steps[output.step].op);
        match op {
            Op::Image { platform, .. } => Some(platform),
            Op::Exec(exec) => {
                let mut mounts = exec.mounts.iter();
                let root = mounts.find(|mount| mount.dest == "/")?;
                root.kind.output().and_then(below)
            }
            Op::Files { base, .. } => base.as_ref().and_then(below),
            Op::Merge(parts) => parts.iter().find_map(below),
            Op::Context { .. } => None,
        }
    }

    fn note(&mut self, note: Option<String>) {
        self.notes
            .extend(note.filter(|note| !self.notes.contains(note)));
    }
}

fn base_configs(input: &Input<'_>) -> BTreeMap<String, Vec<u8>> {
    let infos = input.images.values();
    infos
        .map(|info| (info.reference.clone(), info.config.clone()))
        .collect()
}

/// The plan of one stage of one image on one platform.
///
/// # Errors
/// What only shows when spec and project are put together, e.g. a platform that rustc has no target for.
pub fn make(kind: Kind, input: &Input<'_>) -> Result<Plan, Diagnostics> {
    make_all(kind, std::slice::from_ref(input))
}

/// How far [`compiled`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// Cargo has said what it is going to compile, if that matters.
    Units,
    /// The dependencies are compiled.
    Dependencies,
    /// All of it.
    Executables,
}

/// Adds the steps that compile an image's executables, or the first of them.
fn compiled(
    plan: &mut Plan,
    input: &Input<'_>,
    until: Until,
) -> Result<stages::Compiled, Diagnostics> {
    let (project, selections) = (input.project, [input.selection]);
    let all: BTreeSet<usize> = input.selection.closure.iter().copied().collect();
    let shared = share::with(input);
    let recipes = Recipes::new(project, &selections, RecipeFor::Build);
    // Mostly there is one image, and all of these are of what it selects.
    let of = |selected: &[&Selection]| match selected {
        [only] if *only == input.selection => recipes.over(&BTreeSet::new()),
        _ => recipe::recipe(project, selected, RecipeFor::Build),
    };
    let (skeleton, alike) = (shared.skeleton(), shared.alike());
    let stubs = of(&skeleton)?;
    let real = recipes.over(&all)?;
    let any = match alike == skeleton {
        true => Cow::Borrowed(&stubs),
        false => Cow::Owned(of(&alike)?),
    };

    // One build environment for all images: what one of them needs, the others have, too.
    let linker = cross::linker(input, &any, &plan.triple)?;
    let toolchain = toolchain::add(plan, input, &any, linker);
    let vendored = sources::real_dirs(plan, input, &stubs);
    let skeleton = dependencies::skeleton(plan, &stubs, vendored, "dependency-only project");
    let crates = dependencies::fetch(plan, input, &toolchain, &stubs, &skeleton);
    let flags = shared.flags(plan, input);
    let stubbed = Stubbed {
        toolchain: &toolchain,
        crates: &crates,
        recipe: &stubs,
        skeleton: &skeleton,
    };
    let resolution = crates::resolution(plan, input, &stubbed, flags.clone());
    if until == Until::Units {
        plan.result = resolution;
        return Ok(stages::Compiled {
            toolchain,
            dependencies: None,
        });
    }
    let groups = crates::add(plan, input, &stubbed, resolution);
    let built = dependencies::dependencies(plan, input, &stubbed, flags, groups.as_ref());
    plan.note(shared.note(input));
    if until == Until::Executables {
        let beneath = local::Beneath {
            stubbed: &stubbed,
            dependencies: built.as_ref(),
            groups: groups.as_ref(),
        };
        let local = local::add(plan, input, &recipes, &beneath)?;
        let target = built.clone();
        let target = target.map(|built| stubs::removal(plan, input, &toolchain, &stubs, built));
        let sources = compile::sources(plan, input, &real);
        compile::compile(plan, input, &toolchain, &crates, &sources, target, &local);
    }
    Ok(stages::Compiled {
        toolchain,
        dependencies: built,
    })
}
