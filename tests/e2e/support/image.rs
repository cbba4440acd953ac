//! An image in the engine's store.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::docker::{Docker, Outcome};
use super::expect::Run;
use super::nonce;
use super::tree::Tree;

/// An image that the engine forgets when the test has ended.
pub(crate) struct Image<'d> {
    pub(crate) docker: &'d Docker,
    tag: String,
}

impl<'d> Image<'d> {
    /// The image that a build will give this name; one without a tag is completed, so that no other test has it.
    pub(crate) fn named(docker: &'d Docker, name: &str) -> Self {
        let tag = if name.contains(':') {
            name.to_owned()
        } else {
            format!("rust-frontend-e2e/{name}:{}", nonce())
        };
        Self { docker, tag }
    }

    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }

    /// What the engine knows about it.
    pub(crate) fn inspect(&self) -> Inspect {
        let json = self
            .docker
            .output(["image", "inspect", "--format", "{{json .}}", &self.tag]);
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"))
    }

    /// Its whole config.
    pub(crate) fn config(&self) -> serde_json::Value {
        let json = self.docker.output([
            "image",
            "inspect",
            "--format",
            "{{json .Config}}",
            &self.tag,
        ]);
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"))
    }

    /// Whether the bytes are in it: in a path, a link or a file of its file system, in its config or in its history. What
    /// `docker save` writes would not tell, since its layers are compressed.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let tree = Tree::empty();
        let tar = tree.path().join("files.tar");
        let container = self.docker.output(["create", &self.tag]);
        let to = format!("--output={}", tar.display());
        self.docker.output(["export", &to, container.trim()]);
        self.docker.output(["rm", container.trim()]);
        let files = std::fs::read(&tar).expect("can read");
        let inspected = self.docker.output(["image", "inspect", &self.tag]);
        let history = ["history", "--no-trunc", "--format", "{{json .}}"];
        let history = self
            .docker
            .output(history.iter().chain([&self.tag.as_str()]));
        let found = |text: &[u8]| text.windows(bytes.len()).any(|at| at == bytes);
        found(&files) || found(inspected.as_bytes()) || found(history.as_bytes())
    }

    /// The content of a file of it.
    pub(crate) fn file(&self, path: &str) -> Vec<u8> {
        let tree = Tree::empty();
        let to = tree.path().join("file");
        let container = self.docker.output(["create", &self.tag]);
        let from = format!("{}:{path}", container.trim());
        let to_text = to.to_string_lossy().into_owned();
        self.docker.output(["cp", "--follow-link", &from, &to_text]);
        self.docker.output(["rm", container.trim()]);
        std::fs::read(&to).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// What it prints when it is run, which must succeed.
    pub(crate) fn prints(&self, args: &[&str]) -> String {
        let mut command = vec!["run", "--rm", &self.tag];
        command.extend(args);
        self.docker.output(command)
    }

    /// Runs it as an example's expectations say, `options` being docker's.
    pub(crate) fn run(&self, options: &[&str], run: &Run) -> Outcome {
        let mut command = self.docker.command(["run", "--rm"]);
        command.args(options);
        for variable in &run.env {
            command.args(["--env", variable]);
        }
        if let Some(program) = &run.program {
            command.args(["--entrypoint", program]);
        }
        Outcome::of(command.arg(&self.tag).args(&run.args))
    }
}

impl Drop for Image<'_> {
    fn drop(&mut self) {
        self.docker.run(["image", "rm", "--force", &self.tag]);
    }
}

/// The part of `docker image inspect` that the tests look at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Inspect {
    pub(crate) size: u64,
    pub(crate) config: Config,
}

/// How containers of an image are started.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
pub(crate) struct Config {
    pub(crate) user: String,
    pub(crate) env: Option<Vec<String>>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) exposed_ports: Option<BTreeMap<String, serde_json::Value>>,
    pub(crate) volumes: Option<BTreeMap<String, serde_json::Value>>,
    pub(crate) labels: Option<BTreeMap<String, String>>,
    pub(crate) working_dir: String,
    pub(crate) stop_signal: String,
}
