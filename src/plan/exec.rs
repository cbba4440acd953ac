//! Processes and what they see, and changes of files without a process.

use super::{Output, SOURCE_TIME};

/// A process in a container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exec {
    /// Program and arguments.
    pub args: Vec<String>,
    /// Environment, in order.
    pub env: Vec<(String, String)>,
    /// Working directory.
    pub cwd: String,
    /// What it sees.
    pub mounts: Vec<Mount>,
    /// Whether it may use the network.
    pub network: bool,
    /// Secrets given as variables: id, variable, required.
    pub secret_env: Vec<(String, String, bool)>,
    /// Tells the process whether others should go first; not part of the cache key.
    pub priority: Option<String>,
}

impl Exec {
    /// The same without the secrets that are variables.
    pub fn without_secret_variables(self) -> Self {
        Self {
            secret_env: vec![],
            ..self
        }
    }
}

/// A place in an exec's file system.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// Absolute path.
    pub dest: String,
    /// What is there.
    pub kind: MountKind,
}

impl Mount {
    /// Something at an absolute path.
    pub fn new(dest: &str, kind: MountKind) -> Self {
        let dest = dest.into();
        Self { dest, kind }
    }
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq)]
pub enum MountKind {
    /// A step's output, to read.
    ReadOnly(Output),
    /// A directory of a step's output, to read. What else is in the output is not part of the key.
    Part {
        /// The output.
        of: Output,
        /// Absolute path in it.
        path: String,
    },
    /// A step's output, to write; what is written is thrown away.
    Scratchpad(Output),
    /// A step's output (or nothing) to write; what is there in the end is an output of this step.
    Output(Option<Output>),
    /// A cache that may be empty at any time and is not part of any key.
    Cache {
        /// Same id, same cache.
        id: String,
        /// Whether one build at a time may use it.
        locked: bool,
    },
    /// A secret as a file.
    Secret {
        /// BuildKit's id of it.
        id: String,
        /// Whether the build fails without it.
        required: bool,
    },
    /// The socket of an ssh agent.
    Ssh {
        /// BuildKit's id of it.
        id: String,
    },
}

impl MountKind {
    /// A directory to write, over what a step left there, if one did.
    pub fn over(left: Option<Output>) -> Self {
        left.map_or(Self::Output(None), Self::Scratchpad)
    }
}

/// A change of files without a process.
#[derive(Clone, Debug, PartialEq)]
pub enum FileAction {
    /// Writes a file; its directory must exist.
    Write {
        /// Absolute path.
        path: String,
        /// Content.
        data: Vec<u8>,
        /// Permission bits.
        mode: u32,
    },
    /// Makes a directory and those above it.
    MakeDir {
        /// Absolute path.
        path: String,
        /// Permission bits.
        mode: u32,
        /// `user[:group]` of the directories that are made, by name or number; root when `None`.
        owner: Option<String>,
    },
    /// Copies from an output.
    Copy(Box<Copy>),
    /// Takes nothing from an output, but makes the result depend on it: an exported cache has only what its result is
    /// made from.
    Need(Output),
}

/// A copy from an output.
#[derive(Clone, Debug, PartialEq)]
pub struct Copy {
    /// Where from.
    pub from: Output,
    /// Absolute path in it; may hold wildcards.
    pub src: String,
    /// Absolute path; a trailing `/` means "into".
    pub dest: String,
    /// Only what matches, if not empty.
    pub include: Vec<String>,
    /// Not what matches.
    pub exclude: Vec<String>,
    /// Permission bits; kept when `None`.
    pub mode: Option<u32>,
    /// `user[:group]`, by name or number; root when `None`.
    pub owner: Option<String>,
    /// Modification time in seconds since 1970; kept when `None`.
    pub time: Option<i64>,
}

impl Copy {
    /// All of `src`, whose owner becomes root, and its time the one old time.
    pub fn new(from: Output, src: impl Into<String>, dest: impl Into<String>) -> Self {
        Self {
            from,
            src: src.into(),
            dest: dest.into(),
            include: vec![],
            exclude: vec![],
            mode: None,
            owner: None,
            time: Some(SOURCE_TIME),
        }
    }
}
