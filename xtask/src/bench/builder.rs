//! The engine that benchmarks have for themselves, and builds on it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::counters::{self, Cpu, Peak};
use crate::engine::{Engine, EngineName, State};
use crate::progress::{self, Step};
use crate::{image, sh};

/// The name of the image that is built.
pub(crate) const OUTPUT: &str = "rust-frontend-bench/output";

/// An engine of our own.
#[derive(Debug)]
pub(crate) struct Builder {
    pub(crate) engine: Engine,
    name: EngineName,
    state: State,
}

/// What one build took.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) values: BTreeMap<String, f64>,
    pub(crate) load: f64,
    pub(crate) others: f64,
    pub(crate) steps: Vec<Step>,
}

impl Builder {
    /// Finds or starts it.
    pub(crate) fn up(name: EngineName) -> Result<Self> {
        let state = State::locate()?;
        let engine = Engine::own(&state, name)?;
        Ok(Self {
            engine,
            name,
            state,
        })
    }

    /// Builds a folder by a file in it and counts what that takes.
    pub(crate) fn build(&self, dir: &Path, file: &str, options: &[String]) -> Result<Run> {
        let load = counters::load();
        let memory = Peak::start(self.name);
        let cpu = Cpu::of(&self.state, self.name);
        let machine = counters::machine();
        let start = Instant::now();
        let out = self
            .command(file, options)
            .arg(".")
            .current_dir(dir)
            .stdin(Stdio::null())
            .output()?;
        let seconds = start.elapsed().as_secs_f64();
        let cpu = Cpu::of(&self.state, self.name).since(cpu);
        let machine = counters::machine() - machine;
        let said = String::from_utf8_lossy(&out.stderr);
        if !out.status.success() {
            let steps = progress::parse(&said).unwrap_or_default();
            let log: String = steps.iter().map(|step| step.log.as_str()).collect();
            let words: Vec<_> = said.lines().filter(|line| !line.starts_with('{')).collect();
            bail!("{}\n{}", sh::tail(&log), sh::tail(&words.join("\n")));
        }
        let steps = progress::parse(&said)?;
        let mut values = BTreeMap::new();
        let mut value = |name: &str, number: f64| values.insert(name.to_owned(), number);
        value("seconds", seconds);
        value("cpu of steps", cpu.steps);
        value("cpu of engine", cpu.engine);
        value(
            "transferred, bytes",
            steps.iter().map(|step| step.transferred).sum::<u64>() as f64,
        );
        if let Some(bytes) = memory.and_then(Peak::bytes) {
            value("memory of steps, bytes", bytes);
        }
        Ok(Run {
            values,
            load,
            others: ((machine - cpu.steps - cpu.engine) / seconds).max(0.0),
            steps,
        })
    }

    /// Forgets everything that was built, mounts that are caches included; images stay.
    pub(crate) fn empty(&self) -> Result<()> {
        sh::quiet(&mut self.engine.docker(["buildx", "prune", "--all", "--force"]))
    }

    /// Forgets what is in mounts that are caches.
    pub(crate) fn empty_mounts(&self) -> Result<()> {
        let filter = "type=exec.cachemount";
        sh::quiet(
            &mut self
                .engine
                .docker(["buildx", "prune", "--all", "--force", "--filter", filter]),
        )
    }

    /// The bytes of the files of the image that was built.
    pub(crate) fn image_bytes(&self) -> Result<f64> {
        Ok(image::size(&self.engine, OUTPUT)? as f64)
    }

    /// The bytes of the layers that certain steps left, by what the builder says of its cache; nothing if there is no
    /// such step.
    pub(crate) fn layer_bytes(&self, wanted: impl Fn(&str) -> bool) -> Result<Option<f64>> {
        let mut list = self.engine.docker(["buildx", "du", "--format", "json"]);
        let text = sh::output(&mut list)?;
        let mut bytes = None;
        for line in text.lines() {
            let layer: Layer =
                serde_json::from_str(line).with_context(|| format!("not a layer: {line}"))?;
            if wanted(&layer.description) {
                *bytes.get_or_insert(0.0) += layer.bytes()?;
            }
        }
        Ok(bytes)
    }

    fn command(&self, file: &str, options: &[String]) -> Command {
        // A build that goes on when nobody waits for it would be in the way of the next one.
        let mut command = sh::tied(&self.engine.wrapper().to_string_lossy());
        command.args(["buildx", "build", "--progress=rawjson"]);
        // Statements on how an image was made are not what is compared, and a classic engine has none.
        command.args(["--provenance=false", "--file", file]);
        command.args(["--tag", OUTPUT]).args(options);
        command
    }
}

/// A record of the builder's cache.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Layer {
    #[serde(default)]
    description: String,
    size: String,
}

impl Layer {
    /// Its size, which is written with a unit.
    fn bytes(&self) -> Result<f64> {
        let at = self.size.find(|c: char| c.is_ascii_alphabetic());
        let (number, unit) = self.size.split_at(at.unwrap_or(self.size.len()));
        let factor = match unit {
            "B" | "" => 1.0,
            "kB" => 1e3,
            "MB" => 1e6,
            "GB" => 1e9,
            _ => bail!("no size: {}", self.size),
        };
        Ok(number.parse::<f64>()? * factor)
    }
}
