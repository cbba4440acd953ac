//! `docker buildx build`.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::docker::{Docker, Outcome};
use super::image::Image;
use super::progress::BuildReport;
use super::tree::Tree;
use super::{SYNTAX, frontend};

/// The variable that names an image in the place of `rust:1`, such as one whose Cargo is of another kind.
const RUST: &str = "RUST_FRONTEND_RUST";

/// A build that is being described.
#[derive(Clone)]
pub(crate) struct Build<'d> {
    docker: &'d Docker,
    context: PathBuf,
    file: &'static str,
    options: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    /// What is built instead of the folder: a URL, or `-` for what comes on standard input.
    remote: Option<OsString>,
    stdin: Option<PathBuf>,
}

impl<'d> Build<'d> {
    pub(crate) fn new(docker: &'d Docker, context: &Path) -> Self {
        Self {
            docker,
            context: context.to_owned(),
            file: "Rust.yaml",
            options: Vec::new(),
            env: Vec::new(),
            remote: None,
            stdin: None,
        }
    }

    /// Builds what is at a URL, by the file that the builder names in it.
    pub(crate) fn remote(mut self, url: impl Into<OsString>) -> Self {
        self.remote = Some(url.into());
        self
    }

    /// Builds what is in an archive, which comes on standard input.
    pub(crate) fn archive(mut self, path: &Path) -> Self {
        self.remote = Some("-".into());
        self.stdin = Some(path.to_owned());
        self
    }

    /// Builds by a spec that comes on standard input.
    pub(crate) fn spec(mut self, path: &Path) -> Self {
        self.stdin = Some(path.to_owned());
        self
    }

    /// Sets a variable of the client's environment.
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Builds by another file of the context than `Rust.yaml`.
    pub(crate) fn file(mut self, file: &'static str) -> Self {
        self.file = file;
        self
    }

    /// Builds this stage.
    pub(crate) fn target(self, stage: Option<&str>) -> Self {
        match stage {
            Some(stage) => self.option("--target", stage),
            None => self,
        }
    }

    /// Builds with another frontend than the syntax line names.
    pub(crate) fn frontend(self, image: &str) -> Self {
        self.option("--build-arg", format!("BUILDKIT_SYNTAX={image}"))
    }

    /// Runs it and keeps nothing but the engine's cache.
    pub(crate) fn succeed(self) -> BuildReport {
        self.option("--output", "type=cacheonly").report()
    }

    fn report(&self) -> BuildReport {
        let outcome = self.outcome("rawjson");
        let report = BuildReport::parse(&outcome.stderr);
        if outcome.exit != Some(0) {
            let words = outcome.stderr.lines().filter(|line| !line.starts_with('{'));
            let words: Vec<_> = words.collect();
            panic!(
                "build failed:\n{report}{}{}",
                report.log(),
                words.join("\n")
            );
        }
        report
    }

    /// Runs it and keeps the image.
    pub(crate) fn image(self, name: &str) -> (Image<'d>, BuildReport) {
        let image = Image::named(self.docker, name);
        let report = self.option("--tag", image.tag()).report();
        (image, report)
    }

    /// Runs it and exports the files of the result.
    pub(crate) fn files(self) -> Tree {
        let tree = Tree::empty();
        let mut output = OsString::from("type=local,dest=");
        output.push(tree.path());
        self.option("--output", output)
            .option("--provenance", "false")
            .report();
        tree
    }

    /// Runs it as its user would, expecting that it fails: what the user then reads.
    pub(crate) fn fail(self) -> String {
        let outcome = self.outcome("plain");
        assert_ne!(outcome.exit, Some(0), "build succeeded:\n{outcome}");
        outcome.stderr
    }

    /// Asks instead of building, as its user would: `--call`.
    pub(crate) fn call(self, question: &str) -> Outcome {
        self.option("--call", question).outcome("quiet")
    }

    /// Adds a build-arg.
    pub(crate) fn arg(self, name: &str, value: &str) -> Self {
        self.option("--build-arg", format!("{name}={value}"))
    }

    /// Asks a question instead of building: what its user reads.
    pub(crate) fn answer(self, name: &str) -> String {
        let outcome = self.option("--call", name).outcome("quiet");
        assert_eq!(outcome.exit, Some(0), "--call={name} failed:\n{outcome}");
        // buildx puts an empty line between its progress and the answer.
        outcome.stdout.trim_start_matches('\n').to_owned()
    }

    /// Runs it and kills the client as soon as a step whose name holds `words` begins, or one prints them.
    pub(crate) fn kill_at(self, words: &str) {
        // `plain` holds lines back for seconds while it shows another step (BuildKit, util/progress/progressui).
        let mut command = self.option("--output", "type=cacheonly").command("rawjson");
        let mut child = command.stderr(Stdio::piped()).spawn().expect("docker runs");
        let lines = BufReader::new(child.stderr.take().expect("is piped")).lines();
        let mut said = String::new();
        let found = lines.map_while(Result::ok).any(|line| {
            said.push_str(&line);
            said.push('\n');
            let begins = line.contains("\"started\"") && line.contains(words);
            begins || BuildReport::parse(&said).log().contains(words)
        });
        child.kill().expect("can be killed");
        child.wait().expect("was started");
        assert!(found, "`{words}` was not said");
    }

    fn outcome(&self, progress: &str) -> Outcome {
        Outcome::of(&mut self.command(progress))
    }

    fn command(&self, progress: &str) -> Command {
        let mut command = self.docker.command(["buildx", "build"]);
        let frontend = frontend();
        if frontend != SYNTAX && self.file == "Rust.yaml" {
            command.args(["--build-arg", &format!("BUILDKIT_SYNTAX={frontend}")]);
        }
        if let (Some(image), "Rust.yaml") = (std::env::var_os(RUST), self.file) {
            let mut argument = OsString::from("rust:1=docker-image://");
            argument.push(image);
            command.arg("--build-context").arg(argument);
        }
        command.arg(format!("--progress={progress}")).arg("--file");
        match (&self.remote, &self.stdin) {
            (Some(_), _) => command.arg(self.file),
            (None, Some(_)) => command.arg("-"),
            (None, None) => command.arg(self.context.join(self.file)),
        };
        command
            .args(&self.options)
            .arg(self.remote.as_deref().unwrap_or(self.context.as_os_str()))
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(path) = &self.stdin {
            command.stdin(std::fs::File::open(path).expect("can be read"));
        }
        command
    }

    /// Runs it and gives the result to an exporter.
    pub(crate) fn output(self, output: impl Into<OsString>) -> BuildReport {
        self.option("--output", output).report()
    }

    /// Adds an option without a value.
    pub(crate) fn flag(mut self, name: &str) -> Self {
        self.options.push(name.into());
        self
    }

    /// Adds an option.
    pub(crate) fn option(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.options.extend([name.into(), value.into()]);
        self
    }
}
