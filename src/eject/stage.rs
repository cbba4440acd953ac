//! A stage of a Dockerfile in the making.

use super::words;
use crate::image::DEFAULT_PATH;
use crate::plan::Role;

/// Stands for the name of the stage with this index in texts whose names are not settled yet.
pub(super) fn mark(stage: usize) -> String {
    format!("\u{1}{stage}\u{1}")
}

/// What a stage starts from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Base {
    Scratch,
    /// A reference and the value of `--platform`.
    Image(String, Option<String>),
    Stage(usize),
}

/// A stage.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub role: Role,
    pub from: Base,
    /// Instructions and comments, each with its line end.
    pub body: String,
    /// The environment of this stage's instructions, and of the image.
    pub env: Vec<(String, String)>,
    pub workdir: String,
    pub user: String,
}

impl Stage {
    /// The stages that it mentions.
    pub(super) fn mentions(&self) -> Vec<usize> {
        let marked = self.body.split('\u{1}').skip(1).step_by(2);
        let mut list: Vec<usize> = marked.filter_map(|at| at.parse().ok()).collect();
        if let Base::Stage(at) = self.from {
            list.push(at);
        }
        list
    }

    /// An empty one. BuildKit gives it a path and a working directory.
    pub(super) fn scratch(role: Role) -> Self {
        Self {
            role,
            from: Base::Scratch,
            body: String::new(),
            env: vec![("PATH".into(), DEFAULT_PATH.into())],
            workdir: "/".into(),
            user: String::new(),
        }
    }

    /// One that goes on from another.
    pub(super) fn on(&self, index: usize, role: Role) -> Self {
        Self {
            role,
            from: Base::Stage(index),
            body: String::new(),
            ..self.clone()
        }
    }

    /// Adds a line of explanation.
    pub(super) fn comment(&mut self, text: &str) {
        let text: Vec<&str> = text.split_whitespace().collect();
        self.body.push_str(&format!("# {}\n", text.join(" ")));
    }

    /// Adds an instruction.
    pub(super) fn instruction(&mut self, text: &str) {
        self.body.push_str(text);
        self.body.push('\n');
    }

    /// Sets what is not set yet of an environment.
    pub(super) fn set_env(&mut self, env: &[(String, String)]) {
        let mut pairs = vec![];
        for (name, value) in env {
            let (name, value) = readable(name, value);
            let old = self.env.iter_mut().find(|(old, _)| *old == name);
            match old {
                Some((_, old)) if *old == value => continue,
                Some((_, old)) => old.clone_from(&value),
                None => self.env.push((name.clone(), value.clone())),
            }
            pairs.push(format!("{name}={}", words::value(&value)));
        }
        if !pairs.is_empty() {
            self.instruction(&format!("ENV {}", pairs.join(" \\\n    ")));
        }
    }

    /// Changes the working directory.
    pub(super) fn set_workdir(&mut self, dir: &str) {
        let now = match self.workdir.as_str() {
            "" => "/",
            dir => dir,
        };
        if now != dir {
            self.instruction(&format!("WORKDIR {}", words::path(dir)));
            self.workdir = dir.to_owned();
        }
    }

    /// Changes the user; steps run as root.
    pub(super) fn set_user(&mut self, user: &str) {
        let now = match self.user.as_str() {
            "root" | "0" | "0:0" => "",
            user => user,
        };
        if now != user {
            let written = if user.is_empty() { "0" } else { user };
            self.instruction(&format!("USER {written}"));
            self.user = user.to_owned();
        }
    }
}

/// Flags in cargo's encoded form hold a control character; without spaces in them the plain form is the same.
fn readable(name: &str, value: &str) -> (String, String) {
    match name == "CARGO_ENCODED_RUSTFLAGS" && !value.contains([' ', '\t']) {
        true => ("RUSTFLAGS".into(), value.replace('\u{1f}', " ")),
        false => (name.into(), value.into()),
    }
}
