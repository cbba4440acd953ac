//! Where the definition file and the build context come from (minimal: a local directory).

use crate::gateway::{Failure, Gateway, Ref};
use crate::ignorefile;
use crate::options::Options;
use crate::source::SourceFile;
use buildkit_llb::{self as llb, Meta, State};

/// Largest definition file that is read, in bytes.
const MAX_DEFINITION: u64 = 1 << 20;

/// The build context and the definition file.
pub struct Context {
    /// The definition file.
    pub definition: SourceFile,
    /// Patterns of the ignore file.
    pub ignored: Vec<String>,
    /// Digest of the vertex that loaded the definition: warnings are shown at it.
    pub vertex: String,
    session: String,
}

impl Context {
    /// Reads the definition and the ignore file.
    pub async fn load(gateway: &Gateway, options: &Options) -> Result<Self, Failure> {
        let session = gateway.session_id().to_owned();
        let name = &options.filename;
        let ignore = format!("{name}.dockerignore");
        let state = llb::local("dockerfile")
            .follow([name.clone(), ignore.clone()])
            .shared_key("dockerfile")
            .session(&session)
            .differ(llb::Differ::None)
            .state(Meta::named(format!(
                "[internal] load build definition from {name}"
            )));
        let files = solve(gateway, &state).await?;
        let data = files
            .read_file(name, MAX_DEFINITION)
            .await
            .map_err(|failure| failure.context("failed to read the spec"))?;
        let definition = SourceFile::new(name.clone(), String::from_utf8_lossy(&data));
        let mut ignored = files.try_read_file(&ignore, MAX_DEFINITION).await?;
        if ignored.is_none() {
            let state = llb::local("context")
                .follow([".dockerignore"])
                .shared_key("context-.dockerignore")
                .session(&session)
                .differ(llb::Differ::None)
                .state(Meta::named("[internal] load .dockerignore"));
            ignored = solve(gateway, &state)
                .await?
                .try_read_file(".dockerignore", MAX_DEFINITION)
                .await?;
        }
        let ignored = ignorefile::parse(&String::from_utf8_lossy(&ignored.unwrap_or_default()));
        Ok(Self {
            definition,
            ignored,
            vertex: String::new(),
            session,
        })
    }

    /// Files of the context.
    pub fn state(&self, include: &[String], exclude: &[String]) -> State {
        llb::local("context")
            .include(include.iter().cloned())
            .exclude(exclude.iter().cloned())
            .shared_key("context")
            .session(&self.session)
            .state(Meta::named("[internal] load build context"))
    }

    /// Names of the context's files, with the content of manifests alone.
    pub fn tree_state(&self) -> State {
        const MANIFESTS: [&str; 9] = [
            "**/Cargo.toml",
            "**/Cargo.lock",
            "**/.cargo/config",
            "**/.cargo/config.toml",
            "**/rust-toolchain",
            "**/rust-toolchain.toml",
            "Cargo.toml",
            "Cargo.lock",
            "rust-toolchain.toml",
        ];
        llb::local("context")
            .include(MANIFESTS.iter().copied().chain(["**/*.rs"]))
            .exclude(self.ignored.iter().cloned())
            .metadata_only(MANIFESTS)
            .shared_key("context-manifests")
            .session(&self.session)
            .differ(llb::Differ::None)
            .state(Meta::named("[internal] load manifests"))
    }
}

/// Solves a state that is only read.
pub async fn solve(gateway: &Gateway, state: &State) -> Result<Ref, Failure> {
    let platform = gateway.build_opts().environment.build_platform();
    let options = llb::MarshalOptions {
        platform: Some(crate::lower::wire_platform(&platform)),
        caps: Some(gateway.llb_caps().clone()),
        ..Default::default()
    };
    let definition =
        llb::marshal(state, &options).map_err(|error| Failure::Internal(error.to_string()))?;
    gateway.solve(definition).await
}
