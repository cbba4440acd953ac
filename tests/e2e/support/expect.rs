//! `expect.toml` of an example: what must be seen when it is built and run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// The images that it builds.
    #[serde(default)]
    pub(crate) image: Vec<ImageExpect>,
    /// Those of them that stay running, seen from outside.
    #[serde(default)]
    pub(crate) serve: Vec<Serve>,
    /// Stages that make no image.
    #[serde(default)]
    pub(crate) stage: Vec<Stage>,
}

/// An image; what is not written is not looked at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImageExpect {
    /// Value of `--target`.
    pub(crate) target: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) workdir: Option<String>,
    pub(crate) stop_signal: Option<String>,
    /// Variables that are there, among others.
    #[serde(default)]
    pub(crate) env: Vec<String>,
    /// Labels that are there, among others.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    /// All exposed ports.
    #[serde(default)]
    pub(crate) expose: Vec<String>,
    /// All volumes.
    #[serde(default)]
    pub(crate) volumes: Vec<String>,
    /// All regular files, without the leading `/`.
    pub(crate) files: Option<Vec<PathBuf>>,
    /// Upper limit of the size that the engine states.
    pub(crate) size_max: Option<Size>,
    /// Runs to its end.
    #[serde(default)]
    pub(crate) run: Vec<Run>,
}

/// A container that ends by itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    /// For clients: which image.
    pub(crate) target: Option<String>,
    /// Another program of the image instead of its entrypoint.
    pub(crate) program: Option<String>,
    #[serde(default)]
    pub(crate) args: Vec<String>,
    /// `NAME=value`
    #[serde(default)]
    pub(crate) env: Vec<String>,
    /// Where a volume is mounted that this run shares with the other runs of the image.
    pub(crate) volume: Option<String>,
    #[serde(default)]
    pub(crate) exit: i32,
    /// The whole standard output.
    pub(crate) stdout: Option<String>,
    pub(crate) stdout_contains: Option<String>,
    pub(crate) stderr_contains: Option<String>,
}

/// A container that stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Serve {
    pub(crate) target: Option<String>,
    pub(crate) port: u16,
    /// Part of the line by which it says that it is ready.
    pub(crate) ready: String,
    /// Whether the engine must come to see it as healthy.
    #[serde(default)]
    pub(crate) healthy: bool,
    /// Requests to it.
    #[serde(default)]
    pub(crate) get: Vec<Get>,
    /// Runs of other images in its network.
    #[serde(default)]
    pub(crate) client: Vec<Run>,
}

/// A request that is answered with status 200.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Get {
    pub(crate) path: String,
    pub(crate) body: Option<String>,
    pub(crate) body_contains: Option<String>,
}

/// A stage, built for what happens in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stage {
    pub(crate) target: String,
    /// What some step of it prints.
    #[serde(default)]
    pub(crate) log_contains: Vec<String>,
    /// All files of its result.
    pub(crate) files: Option<Vec<PathBuf>>,
}

/// A number of bytes, written as `20 MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Size(pub(crate) u64);

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.strip_suffix(" MiB")
            .and_then(|number| number.parse::<u64>().ok())
            .map(|mebibytes| Self(mebibytes << 20))
            .ok_or_else(|| format!("`{text}` is not a size like `20 MiB`"))
    }
}

impl Expect {
    /// Reads the expectations of a folder.
    pub(crate) fn of(example: &Path) -> Self {
        let path = example.join("expect.toml");
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Whether anything of it runs: a program, a server or the steps of a stage.
    pub(crate) fn runs_something(&self) -> bool {
        let programs = self.image.iter().any(|image| !image.run.is_empty());
        programs || !self.serve.is_empty() || !self.stage.is_empty()
    }
}
