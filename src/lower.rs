//! A plan as LLB: mechanical, one function for each kind of step. Decisions belong to `plan`.

mod patterns;

use crate::plan::{self, Copy, FileAction, MountKind, Op, Plan, Role, Step};
use crate::platform::Platform;
use crate::source::SourceFile;
use buildkit_llb::{self as llb, Meta, State};

/// What ends up in vertices and is not decided by the plan: the client's options, the context, replaced base images.
pub struct LowerOptions<'a> {
    /// The spec file: failing steps show the lines that they exist because of.
    pub spec: &'a SourceFile,
    /// The build context as a source: paths of what to include, patterns of what to exclude.
    pub context: &'a dyn Fn(&[String], &[String]) -> State,
    /// An exec with the caller's options in it: hosts, limits, and the network and proxies of those steps
    /// that have a network.
    pub exec: llb::Exec,
    /// Size of `/dev/shm` in bytes, if it is not the engine's own.
    pub shm_size: Option<i64>,
    /// `--pull` and the like, for base images.
    pub resolve_mode: llb::ResolveMode,
    /// A base image that the caller replaces by a named context.
    pub replaced: &'a dyn Fn(&str, &Platform) -> Option<State>,
    /// `--no-cache`: which steps are repeated.
    ///
    /// The engine empties the caches of those steps: what dependencies are compiled from is not taken from earlier
    /// builds either.
    pub no_cache: &'a dyn Fn(Role) -> bool,
    /// Prefix of cache mounts' ids (BUILDKIT_CACHE_MOUNT_NS); empty for none.
    pub cache_namespace: &'a str,
}

/// The states of all steps of a plan.
pub struct Lowered {
    /// For each step, its vertex, or scratch.
    steps: Vec<State>,
}

impl Lowered {
    /// The file system of an output; scratch for none.
    pub fn state(&self, output: Option<&plan::Output>) -> State {
        let Some(output) = output else {
            return llb::scratch();
        };
        let step = &self.steps[output.step];
        match step.as_output().map(llb::Output::vertex) {
            Some(vertex) if matches!(vertex.op(), llb::Op::Exec(_)) => vertex.output(&output.mount),
            _ => step.clone(),
        }
    }
}

/// Turns every step into a vertex.
pub fn lower(plan: &Plan, options: &LowerOptions<'_>) -> Lowered {
    let map = llb::SourceMap::new(options.spec.name(), "YAML", options.spec.text());
    let mut lowered = Lowered {
        steps: Vec::with_capacity(plan.steps.len()),
    };
    for step in &plan.steps {
        let state = vertex(
            plan,
            step,
            options,
            &lowered,
            meta(step, options.spec, &map),
        );
        lowered.steps.push(state);
    }
    lowered
}

fn meta(step: &Step, spec: &SourceFile, map: &llb::SourceMap) -> Meta {
    let mut meta = Meta::named(step.to_string());
    if let Some(name) = group(step) {
        let line = format!("[{}] {name}", step.place);
        meta = meta.group(line.clone(), line, false);
    }
    let lines = match step.span {
        Some(span) => (
            spec.position(span.start).line,
            spec.position(span.end.saturating_sub(1)).line,
        ),
        None => (1, 1),
    };
    let line = |line: usize| u32::try_from(line).unwrap_or(u32::MAX);
    meta.location(map.lines(line(lines.0), line(lines.1.max(lines.0))))
}

/// What the line of the progress says that small steps share.
fn group(step: &Step) -> Option<&'static str> {
    match step.role {
        // Scripts.
        Role::Base if matches!(step.op, Op::Files { .. }) => {
            Some("dependency-only project and scripts")
        }
        Role::Skeleton => Some("dependency-only project and scripts"),
        Role::Sources => Some("sources"),
        Role::Crates if !matches!(step.op, Op::Exec(_)) => Some("layers of crates"),
        _ => None,
    }
}

fn vertex(
    plan: &Plan,
    step: &Step,
    options: &LowerOptions<'_>,
    done: &Lowered,
    meta: Meta,
) -> State {
    match &step.op {
        Op::Image {
            reference,
            platform,
        } => (options.replaced)(reference, platform).unwrap_or_else(|| {
            llb::image(reference)
                .resolve_mode(options.resolve_mode)
                .state(meta.platform(platform.into()))
        }),
        Op::Context { include, exclude } => (options.context)(include, exclude),
        Op::Exec(exec) => {
            let meta = meta
                .platform(plan.runs_on(step).into())
                .ignore_cache((options.no_cache)(step.role));
            lower_exec(plan, exec, step.role, options, done)
                .vertex(meta)
                .into()
        }
        Op::Files { base, actions } if actions.is_empty() => done.state(base.as_ref()),
        Op::Files { base, actions } => {
            let mut file = done.state(base.as_ref()).file();
            for action in actions {
                file = lower_action(file, action, done);
            }
            file.state(meta.ignore_cache((options.no_cache)(step.role)))
        }
        Op::Merge(parts) => llb::merge(parts.iter().map(|part| done.state(Some(part))), meta),
    }
}

/// The time of what steps write, in nanoseconds since 1970.
const TIME: i64 = plan::SOURCE_TIME * 1_000_000_000;

/// A pattern that matches no file.
const NOTHING: &str = "/.nothing-*";

fn lower_exec(
    plan: &Plan,
    exec: &plan::Exec,
    role: Role,
    options: &LowerOptions<'_>,
    done: &Lowered,
) -> llb::Exec {
    let mut lowered = options.exec.clone();
    lowered.args.clone_from(&exec.args);
    lowered.env.clone_from(&exec.env);
    lowered.cwd.clone_from(&exec.cwd);
    if !exec.network {
        lowered.network = llb::NetMode::None;
        // A proxy variable is the only thing that reaches the process and is not part of the cache key (BuildKit's
        // solver/llbsolver/ops/exec.go, `CacheMap`). A step without a network needs no proxy.
        lowered.proxy_env = exec.priority.as_ref().map(|priority| llb::ProxyEnv {
            ftp_proxy: priority.clone(),
            ..llb::ProxyEnv::default()
        });
    }
    lowered.secret_env = exec
        .secret_env
        .iter()
        .map(|(id, name, required)| llb::SecretEnv {
            id: id.clone(),
            name: name.clone(),
            optional: !required,
        })
        .collect();
    lowered.mounts.extend(
        exec.mounts
            .iter()
            .map(|mount| lower_mount(plan, mount, role, options, done)),
    );
    if let Some(size) = options.shm_size {
        lowered.mounts.push(llb::Mount::tmpfs("/dev/shm", size));
    }
    lowered
}

fn lower_mount(
    plan: &Plan,
    mount: &plan::Mount,
    role: Role,
    options: &LowerOptions<'_>,
    done: &Lowered,
) -> llb::Mount {
    let dest = &mount.dest;
    match &mount.kind {
        MountKind::ReadOnly(from) => llb::Mount::bind(dest, done.state(Some(from))).readonly(),
        MountKind::Part { of, path } => llb::Mount::bind(dest, done.state(Some(of)))
            .selector(path)
            .readonly(),
        MountKind::Scratchpad(from) => {
            let mut pad = llb::Mount::bind(dest, done.state(Some(from)));
            // Hundreds of megabytes, fully described by the keys of the steps that made them.
            if dest == plan::TARGET_DIR && plan.steps[from.step].role == Role::Crates {
                pad.content_cache = llb::MountContentCache::Off;
            }
            pad
        }
        MountKind::Output(from) => {
            let mut output = llb::Mount::bind(dest, done.state(from.as_ref())).output();
            let whole = [Role::Crates, Role::Dependencies, Role::StubRemoval].contains(&role);
            if from.is_some() && dest != "/" && whole {
                output.content_cache = llb::MountContentCache::Off;
            }
            output
        }
        MountKind::Cache { id, locked } => {
            let id = match options.cache_namespace {
                "" => id.clone(),
                namespace => format!("{namespace}/{id}"),
            };
            let sharing = if *locked {
                llb::CacheSharingOpt::Locked
            } else {
                llb::CacheSharingOpt::Shared
            };
            llb::Mount::cache(dest, id).sharing(sharing)
        }
        MountKind::Secret { id, required } => llb::Mount::secret(dest, id).optional(!required),
        MountKind::Ssh { id } => {
            let mut agent = llb::Mount::ssh(id);
            agent.dest.clone_from(dest);
            agent
        }
    }
}

fn lower_action(file: llb::File, action: &FileAction, done: &Lowered) -> llb::File {
    match action {
        FileAction::Write { path, data, mode } => {
            file.then(llb::mkfile(path, data.clone()).mode(*mode).timestamp(TIME))
        }
        FileAction::MakeDir { path, mode, owner } => {
            let dir = llb::mkdir(path).mode(*mode).parents().timestamp(TIME);
            file.then(match owner {
                Some(owner) => dir.owner(llb::Owner::parse(owner)),
                None => dir,
            })
        }
        FileAction::Copy(copy) => patterns::fast(&copy.include, &copy.exclude)
            .into_iter()
            .fold(file, |file, part| file.then(lower_copy(copy, part, done))),
        FileAction::Need(output) => {
            file.then(llb::copy(done.state(Some(output)), NOTHING, "/").dockerfile())
        }
    }
}

/// The part of a copy that takes what these patterns say.
fn lower_copy(copy: &Copy, patterns: patterns::Patterns, done: &Lowered) -> llb::FileAction {
    let mut lowered = llb::copy(done.state(Some(&copy.from)), &copy.src, &copy.dest)
        .dockerfile()
        .include(patterns.include)
        .exclude(patterns.exclude);
    if let Some(mode) = copy.mode {
        lowered = lowered.mode(mode);
    }
    if let Some(owner) = &copy.owner {
        lowered = lowered.owner(llb::Owner::parse(owner));
    }
    // With patterns the engine would follow every link below, and fail at one that leads nowhere.
    lowered.follow_symlink = copy.include.is_empty() && copy.exclude.is_empty();
    // A pattern that nothing matches is a mistake, like a file that is missing.
    lowered.allow_empty_wildcard = false;
    if let Some(time) = copy.time {
        lowered = lowered.timestamp(time * 1_000_000_000);
    }
    lowered.into()
}
