//! What each command prints.

use super::args::{Args, Command};
use super::host::{self, Inspected, Loaded, Which};
use super::{Trouble, complete, disk, syntax};
use crate::diagnostic::Diagnostics;
use crate::plan::{Abilities, Plan};
use crate::source::SourceTree;
use crate::spec::ImageSpec;
use crate::stage::Stage;
use crate::{eject, explain, init, inspect, project, show, spec};

/// A command that did what it should.
pub(super) struct Done {
    pub text: String,
    pub warnings: Diagnostics,
    pub code: i32,
}

impl Done {
    fn text(text: String) -> Self {
        Self {
            text,
            warnings: Diagnostics::default(),
            code: 0,
        }
    }
}

/// Runs a command.
pub(super) fn run(args: &Args) -> Result<Done, Trouble> {
    match args.command {
        Command::Schema => return Ok(Done::text(spec::schema_text())),
        Command::Completions => {
            let shell = args.dir.to_string_lossy();
            let script = complete::script(&shell);
            let usage = "completions are for `bash`, `zsh` or `fish`";
            return script
                .map(Done::text)
                .ok_or_else(|| Trouble::Usage(usage.into()));
        }
        Command::Init => return start(args),
        Command::Check => return check(args),
        _ => {}
    }
    let platforms = host::platforms(args);
    let platform = &platforms[0];
    let loaded = host::load(args, platform)?;
    let text = match args.command {
        Command::Bake => {
            let package = inspect::default_name(&loaded.spec, &loaded.project);
            format!(
                "{:#}\n",
                eject::bake(&loaded.spec, &package, &args.platforms)
            )
        }
        Command::Dockerfile => {
            if let [_, other, ..] = platforms.as_slice() {
                let message = format!("a Dockerfile is for one platform: leave out `{other}`");
                return Err(Trouble::Usage(message));
            }
            let abilities = Abilities {
                merge: true,
                ..Abilities::default()
            };
            let plans = host::plans(args, &loaded, platform, Which::Every, abilities)?;
            let options = eject::DockerfileOptions {
                spec: loaded.spec.file.name(),
                ignored: &loaded.ignored,
                locked: loaded.project.lock.packages.len(),
            };
            eject::dockerfile(&plans, &options)
        }
        Command::Explain => {
            let plan = &host::plans(args, &loaded, platform, Which::Target, host::ENGINE)?[0];
            let text = match &args.against {
                Some(path) => {
                    let missing = || Trouble::Io(format!("{}: no such file", path.display()));
                    let old = disk::read(path)?.ok_or_else(missing)?;
                    explain::against(plan, &old).map_err(Trouble::Io)?
                }
                None => explain::alone(plan),
            };
            return Ok(Done {
                warnings: loaded.warnings,
                ..Done::text(text)
            });
        }
        _ => {
            let mut texts = vec![];
            for platform in &platforms {
                for plan in host::plans(args, &loaded, platform, Which::Every, host::ENGINE)? {
                    texts.push(shown(args, &plan, &loaded)?);
                }
            }
            texts.join("\n")
        }
    };
    Ok(Done {
        warnings: loaded.warnings,
        ..Done::text(text)
    })
}

/// One plan in the format that was asked for.
fn shown(args: &Args, plan: &Plan, loaded: &Loaded) -> Result<String, Trouble> {
    let graph = args.command == Command::Graph;
    let format = args.format.as_deref();
    let format = format.unwrap_or(if graph { "mermaid" } else { "text" });
    Ok(match (graph, format) {
        (false, "text") => show::plan(plan, &loaded.spec.file),
        (false, "json") => format!("{:#}\n", explain::saved(plan, &loaded.spec.file)),
        (true, "mermaid") => show::mermaid(plan),
        (true, "dot") => show::dot(plan),
        (true, "svg") => show::svg(plan),
        (graph, format) => {
            let known = if graph {
                "`mermaid`, `dot`, `svg`"
            } else {
                "`text`, `json`"
            };
            return Err(Trouble::Usage(format!(
                "`{format}` is not a format: use {known}"
            )));
        }
    })
}

/// Plans the stage that was asked for, or every image, on every platform.
fn check(args: &Args) -> Result<Done, Trouble> {
    let platforms = host::platforms(args);
    let Inspected {
        spec,
        project,
        warnings: mut found,
        ignored,
    } = host::inspect(args, &platforms[0])?;
    match project {
        Err(mistakes) => found.extend(mistakes),
        Ok(project) => {
            for platform in &platforms {
                let plan = |kind, image: &ImageSpec| {
                    let images = std::slice::from_ref(image);
                    let stage = Stage { kind, images };
                    host::plan_of(stage, &spec, &project, &ignored, platform, host::ENGINE)
                };
                found.extend(inspect::unbuildable(&spec, args.target.as_deref(), plan));
            }
        }
    }
    found.extend(syntax::check(&spec.file).into_iter().collect());
    let fine = found.is_empty();
    let is_there = !spec.file.text().is_empty();
    Ok(Done {
        text: match (fine, is_there) {
            (true, true) => "no mistakes found\n".into(),
            (true, false) => {
                "no mistakes found; there is no `Rust.yaml`, so the defaults were checked\n".into()
            }
            (false, _) => String::new(),
        },
        warnings: found,
        code: i32::from(!fine),
    })
}

/// `init`.
fn start(args: &Args) -> Result<Done, Trouble> {
    let dockerfile = disk::dockerfile(&args.dir, args.from.as_deref())?;
    let syntax = args.syntax.as_deref().unwrap_or(init::SYNTAX);
    let begin = |tree: &SourceTree| {
        let (project, notes) = project::load(tree, "")?;
        let begun = init::init(&project, dockerfile.as_ref(), tree, syntax);
        Ok::<_, Diagnostics>((begun, notes))
    };
    let (begun, notes) = disk::read_tree(&args.dir, &[], begin)?.0?;
    if args.write {
        let path = args
            .file
            .clone()
            .unwrap_or_else(|| args.dir.join("Rust.yaml"));
        disk::create(&path, &begun)?;
        let text = format!("wrote {}\n", path.display());
        return Ok(Done {
            warnings: notes,
            ..Done::text(text)
        });
    }
    Ok(Done {
        warnings: notes,
        ..Done::text(begun)
    })
}
