//! Where the definition file and the build context come from.
//!
//! As BuildKit's `frontend/dockerui` (config.go, context.go): a directory of the client, a git
//! repository, a file or an archive behind a URL, or an input that another build made; and whatever
//! a named context puts in the place of an image. Names of progress lines, shared keys and the
//! order of precedence are the official frontend's.

mod named;
mod sources;
mod time;

pub use named::Named;
pub(crate) use named::{pinned, resolve_mode};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::gateway::{Failure, Gateway, Ref, SolveRequest, listed, read_tree, text};
use crate::ignorefile;
use crate::options::{MainContext, Options};
use crate::source::{SourceFile, SourceTree};
use crate::spec;
use buildkit_llb::{self as llb, Meta, State};
use buildkit_proto::caps;
use buildkit_proto::pb::Definition;
use std::collections::BTreeMap;

/// Largest ignore file that is read, in bytes.
const MAX_IGNORE: u64 = 1 << 20;

/// Name under which a file behind a URL is kept; it then is the definition file, too.
const DOWNLOAD: &str = "context";

/// Files whose text planning reads; of all others it sees names only.
const MANIFESTS: [&str; 6] = [
    "**/Cargo.toml",
    "**/Cargo.lock",
    "**/.cargo/config",
    "**/.cargo/config.toml",
    "**/rust-toolchain",
    "**/rust-toolchain.toml",
];

/// The directory of named contexts that take no other directory's place.
const NAMED: &str = ".build-contexts";

/// Directories that a source directory may contain and that are not sources.
pub(crate) const BUILT: [&str; 2] = ["target", ".git"];

/// Directories with many files that no rule asks for; their direct entries are enough to recognise them.
const UNSEEN: [&str; 3] = ["target/*/**", ".git/*/**", "node_modules/*/**"];

/// The build context and the definition file.
#[derive(Clone, Debug)]
pub struct Context {
    /// The definition file.
    pub definition: SourceFile,
    /// Patterns of the ignore file; none for a context that is not local.
    pub ignored: Vec<String>,
    /// Digest of the vertex that loaded the definition: warnings are shown at it.
    pub vertex: String,
    /// The context, if it is not the client's directory.
    remote: Option<State>,
    /// The session of the client's directory.
    session: String,
    /// Whether the engine can send names without content.
    names_only: bool,
    /// What other builds made.
    inputs: BTreeMap<String, Definition>,
    /// The directories of named contexts that take no other directory's place, by name.
    named: BTreeMap<String, String>,
    /// The named contexts that are in it.
    placed: Option<Placed>,
}

/// Named contexts in the build context.
#[derive(Clone, Debug)]
struct Placed {
    /// Each with its path.
    files: Vec<(String, State)>,
    /// Patterns of the context's own files that are left out: the ignore file's, which is not about named contexts,
    /// and the directories that these replace.
    hidden: Vec<String>,
}

/// Where the files of a named context are in the build context.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Directory {
    /// The named context.
    pub name: String,
    /// The directory whose place it takes; none for files that the context has no place for.
    pub inside: Option<String>,
}

impl Directory {
    /// Its path in the build context.
    fn path(&self) -> String {
        match &self.inside {
            Some(path) => path.clone(),
            None => format!("{NAMED}/{}", self.name),
        }
    }
}

/// What options and inputs say about the context.
struct Origin {
    /// The context, if it is not the client's directory.
    context: Option<State>,
    /// What holds the definition file, if that is not a directory of the client.
    definition: Option<State>,
    filename: String,
    inputs: BTreeMap<String, Definition>,
}

impl Context {
    /// Finds the context, reads the definition and the ignore file.
    ///
    /// # Errors
    /// Mistakes in options, a missing definition file, or the engine's answer.
    pub async fn load(gateway: &Gateway, options: &Options) -> Result<Self, Failure> {
        let origin = Origin::find(gateway, options).await?;
        let filename = &origin.filename;
        let ignore = format!("{filename}.dockerignore");
        let local = options.context.dockerfile_name();
        let remote = origin
            .definition
            .filter(|_| options.context.forced_dockerfile.is_none());
        let state = remote.unwrap_or_else(|| {
            let session = options.context.session(local, gateway.session_id());
            sources::few_files(local, &[filename, &ignore], session)
                .shared_key(local)
                .state(Meta::named(format!(
                    "[internal] load build definition from {filename}"
                )))
        });
        let graph = definition_of(gateway, &state)?;
        let vertex = llb::head(&graph).map(|digest| digest.as_str().to_owned());
        let session = options.context.session("context", gateway.session_id());
        let definition = async {
            let files = gateway.solve(graph).await?;
            let definition = read_definition(&files, filename);
            let own = async {
                match origin.context {
                    Some(_) => Ok(None),
                    None => files.try_read_file(&ignore, MAX_IGNORE).await,
                }
            };
            tokio::try_join!(definition, own)
        };
        // Asked for before it is known whether the definition has an ignore file of its own; with one, what is
        // wrong with the general one does not matter.
        let general = async {
            Ok(match origin.context {
                // Ignore files say what not to send; nothing is sent.
                Some(_) => Ok(Vec::new()),
                None => ignore_file(gateway, session).await,
            })
        };
        let ((definition, own), general) = tokio::try_join!(definition, general)?;
        let ignored = match own {
            Some(data) if !data.is_empty() => ignore_patterns(&ignore, &data)?,
            _ => general?,
        };
        Ok(Self {
            definition,
            ignored,
            vertex: vertex.unwrap_or_default(),
            remote: origin.context,
            session: session.to_owned(),
            names_only: gateway.llb_caps().has(caps::SOURCE_LOCAL_METADATATRANSFER),
            inputs: origin.inputs,
            named: BTreeMap::new(),
            placed: None,
        })
    }

    /// The context with named contexts in it, each in its directory. One without `inside` gets a directory that the
    /// context itself does not have.
    pub fn with_directories<'a>(
        &self,
        directories: impl IntoIterator<Item = (&'a Directory, &'a State)>,
    ) -> Self {
        let (mut hidden, mut placed, mut named) = (self.ignored.clone(), vec![], BTreeMap::new());
        for (directory, files) in directories {
            let path = directory.path();
            placed.push((path.clone(), files.clone()));
            hidden.push(path.clone());
            if directory.inside.is_none() {
                named.insert(directory.name.clone(), path);
            }
        }
        Self {
            ignored: vec![],
            named,
            placed: Some(Placed {
                files: placed,
                hidden,
            }),
            ..self.clone()
        }
    }

    /// Files of the context without those that match `exclude`. Of a directory of the client, only `paths` are
    /// sent, if there are any, and what they lead to by links.
    pub fn state(&self, paths: &[String], exclude: &[String]) -> State {
        match &self.placed {
            Some(placed) => sources::without(&self.with(placed, paths, exclude), exclude),
            None => self.own(paths, exclude),
        }
    }

    /// The context's own files, without named contexts.
    fn own(&self, paths: &[String], exclude: &[String]) -> State {
        const NAME: &str = "[internal] load build context";
        if let Some(remote) = &self.remote {
            return sources::without(remote, exclude);
        }
        // A change of the ignore file must send only the files that it is about, not everything.
        let left_out = exclude.strip_prefix(self.ignored.as_slice());
        let left_out = left_out.unwrap_or(exclude);
        llb::local("context")
            .follow(paths.iter().cloned())
            .exclude(exclude.iter().cloned())
            .shared_key(sources::shared_key("context", paths, left_out))
            .session(&self.session)
            .state(Meta::named(NAME))
    }

    /// Named contexts, in the context's own files without those that match `exclude`.
    fn with(&self, placed: &Placed, paths: &[String], exclude: &[String]) -> State {
        let exclude = [placed.hidden.as_slice(), exclude].concat();
        // Everything is copied because the engine keys a copied filesystem by content, and a base by the step that
        // made it.
        let own = llb::copy(self.own(paths, &exclude), "/", "/").contents();
        let files = llb::scratch().file().then(own);
        let copies = placed.files.iter().map(|(path, files)| {
            llb::copy(files, "/", format!("/{path}"))
                .contents()
                .exclude(BUILT)
        });
        let name = Meta::named("[internal] load build context with named contexts");
        copies.fold(files, llb::File::then).state(name)
    }

    /// Whether the context is a directory of the client.
    pub fn is_local(&self) -> bool {
        self.remote.is_none()
    }

    /// Whether [`tree_state`](Self::tree_state) has the names of all files that are not ignored, but for
    /// those deep in [`UNSEEN`].
    pub fn has_names(&self) -> bool {
        self.remote.is_some() || self.placed.is_some() || self.names_only
    }

    /// Reads names and manifests, and calls `plan` with them until it asks for no more files.
    ///
    /// # Errors
    /// The engine's answer, or files that are not text.
    pub async fn read_tree<T>(
        &self,
        gateway: &Gateway,
        mut plan: impl FnMut(&SourceTree) -> T,
    ) -> Result<(T, SourceTree), Failure> {
        let mut files = solve(gateway, &self.tree_state()).await?;
        let names = match self.is_local() && self.names_only && self.placed.is_none() {
            true => listed(&files).await.map_err(sendable)?,
            false => SourceTree::default(),
        };
        let mut sent = manifests_behind_links(&names);
        if !sent.is_empty() {
            files = solve(gateway, &self.tree_with(&sent)).await?;
        }
        let mut tree = names.with_named(self.named.clone());
        loop {
            let (made, read) = read_tree(&files, tree, &mut plan).await?;
            tree = read;
            let absent = tree.absent().filter(|path| self.leaves_out(path));
            let unsent = absent.filter(|path| !sent.iter().any(|known| known == path));
            let unsent: Vec<String> = unsent.map(str::to_owned).collect();
            if unsent.is_empty() {
                return Ok((made, tree));
            }
            unsent.iter().for_each(|path| tree.forget(path));
            sent.extend(unsent);
            files = solve(gateway, &self.tree_with(&sent)).await?;
        }
    }

    /// Whether [`tree_state`](Self::tree_state) is without the content of a file: one that another configuration file
    /// includes, wherever it is.
    fn leaves_out(&self, path: &str) -> bool {
        self.is_local() && self.placed.is_none() && !is_manifest(path)
    }

    /// Names of the context's files, with the content of manifests. An engine that cannot send
    /// names alone (before BuildKit 0.21) sends those of Rust sources alone, and the sources with them.
    pub fn tree_state(&self) -> State {
        self.tree_with(&[])
    }

    /// [`Self::tree_state`] with the content of some more files.
    fn tree_with(&self, manifests: &[String]) -> State {
        if let Some(placed) = &self.placed {
            return self.with(placed, &[], &UNSEEN.map(str::to_owned));
        }
        if let Some(remote) = &self.remote {
            return remote.clone();
        }
        let files = llb::local("context")
            .shared_key("context-manifests")
            .session(&self.session)
            .differ(llb::Differ::None);
        let ignored = self.ignored.iter().map(String::as_str);
        let files = match self.names_only {
            true => files
                .exclude(ignored.chain(UNSEEN))
                .metadata_only(MANIFESTS)
                .metadata_only(manifests.iter().map(String::as_str)),
            false => files
                .include(MANIFESTS.iter().copied().chain(["**/*.rs"]))
                .include(manifests.iter().map(String::as_str))
                .exclude(ignored),
        };
        files.state(Meta::named("[internal] load manifests"))
    }
}

/// Whether a file is one of [`MANIFESTS`].
fn is_manifest(path: &str) -> bool {
    let path = format!("/{path}");
    let mut patterns = MANIFESTS.iter();
    patterns.any(|pattern| path.ends_with(pattern.trim_start_matches("**")))
}

/// The files of other names that links with the names of manifests lead to.
fn manifests_behind_links(names: &SourceTree) -> Vec<String> {
    let links = names.links().filter(|path| is_manifest(path));
    let mut behind: Vec<String> = links.map(|path| names.real(path)).collect();
    behind.retain(|path| !is_manifest(path));
    behind
}

impl Origin {
    async fn find(gateway: &Gateway, options: &Options) -> Result<Self, Failure> {
        let mut origin = Self {
            context: None,
            definition: None,
            filename: options.filename.clone(),
            inputs: BTreeMap::new(),
        };
        match &options.context.main {
            MainContext::Git(git) => {
                let git = sources::git(git, options, gateway.llb_caps());
                origin.context = Some(git.clone());
                origin.definition = Some(git);
            }
            MainContext::Http(url) => {
                let name = Meta::named("[internal] load remote build context");
                let file = llb::http(url, DOWNLOAD).state(name);
                let downloaded = solve(gateway, &file).await?;
                let head = downloaded.read_range(DOWNLOAD, 0, 1024).await;
                let head =
                    head.map_err(|failure| failure.context("failed to read downloaded context"))?;
                let context = match sources::is_archive(&head) {
                    true => sources::unpacked(&file, DOWNLOAD),
                    false => {
                        DOWNLOAD.clone_into(&mut origin.filename);
                        file
                    }
                };
                origin.context = Some(context.clone());
                origin.definition = Some(context);
            }
            MainContext::Local => {
                origin.inputs = gateway.inputs().await?;
                let input = |name: &str| match origin.inputs.get(name) {
                    Some(graph) => sources::input(graph, name).map(Some),
                    None => Ok(None),
                };
                origin.definition = input("dockerfile")?;
                origin.context = input("context")?;
            }
        }
        if let Some(dir) = &options.context.subdir {
            let narrow = |context| sources::subdir(&context, dir);
            origin.context = origin.context.map(narrow);
        }
        Ok(origin)
    }
}

/// Adds advice to a failure that comes from a file name that is not UTF-8.
fn sendable(failure: Failure) -> Failure {
    match &failure {
        Failure::Engine(status) if status.message.contains("invalid UTF-8") => {
            let message = "a file in the build context has a name that is not UTF-8";
            Diagnostic::error("unsendable-name", message)
                .help("rename it, or exclude it by a pattern in `.dockerignore`")
                .into()
        }
        _ => failure,
    }
}

/// The patterns of the context's own ignore file.
async fn ignore_file(gateway: &Gateway, session: &str) -> Result<Vec<String>, Failure> {
    const NAME: &str = ".dockerignore";
    let state = sources::few_files("context", &[NAME], session)
        .shared_key(format!("context-{NAME}"))
        .state(Meta::named("[internal] load .dockerignore"));
    let files = solve(gateway, &state).await?;
    patterns(&files, NAME).await
}

/// The patterns of an ignore file, which may have comments in whatever encoding.
fn ignore_patterns(name: &str, data: &[u8]) -> Result<Vec<String>, Diagnostics> {
    ignorefile::read(&SourceFile::new(name, String::from_utf8_lossy(data)))
}

async fn patterns(files: &Ref, name: &str) -> Result<Vec<String>, Failure> {
    let data = files.try_read_file(name, MAX_IGNORE).await?;
    Ok(match data {
        Some(data) => ignore_patterns(name, &data)?,
        None => Vec::new(),
    })
}

/// Reads no more of the definition file than a spec may have.
async fn read_definition(files: &Ref, filename: &str) -> Result<SourceFile, Failure> {
    let most = spec::MAX_BYTES as u64 + 1;
    let data = match files.read_range(filename, 0, most).await {
        Err(failure) if failure.is_absent() => return Err(missing(filename)),
        data => data?,
    };
    if data.len() > spec::MAX_BYTES {
        let head = SourceFile::new(filename, String::from_utf8_lossy(&data));
        return Err(spec::too_large(&head).into());
    }
    Ok(text(filename, data)?)
}

fn missing(filename: &str) -> Failure {
    let message = format!("there is no `{filename}` in the build context");
    Diagnostic::error("no-definition", message)
        .help("name the definition file with `-f`")
        .into()
}

/// What makes graphs for the engine at hand.
pub(crate) fn marshaller(gateway: &Gateway) -> llb::Marshaller {
    let platform = gateway.build_opts().environment.build_platform();
    llb::Marshaller::new(llb::MarshalOptions {
        platform: Some((&platform).into()),
        caps: Some(gateway.llb_caps().clone()),
        ..Default::default()
    })
}

/// The graph of a state.
pub(crate) fn definition_of(gateway: &Gateway, state: &State) -> Result<Definition, Failure> {
    Ok(marshaller(gateway).marshal(state)?)
}

/// Solves a state that is only read.
///
/// # Errors
/// The engine's answer.
pub async fn solve(gateway: &Gateway, state: &State) -> Result<Ref, Failure> {
    let definition = definition_of(gateway, state)?;
    gateway.solve(SolveRequest::from(definition)).await
}
