//! The closed set of operations.

use crate::encode::Encoder;
use crate::error::Error;
use crate::exec::Exec;
use crate::file::{File, FileAction};
use crate::input::Input;
use crate::merge::{Diff, Merge};
use crate::meta::Meta;
use crate::source::{Git, Http, Image, Local, OciLayout};
use crate::state::{State, Vertex};
use buildkit_proto::pb;

/// What a vertex does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// An image of a registry.
    Image(Image),
    /// A directory of the client.
    Local(Local),
    /// A git repository.
    Git(Git),
    /// A file over HTTP.
    Http(Http),
    /// An image in an OCI layout of the client.
    OciLayout(OciLayout),
    /// A command.
    Exec(Box<Exec>),
    /// Changes of files.
    File(File),
    /// Filesystems stacked.
    Merge(Merge),
    /// What one filesystem has over another.
    Diff(Diff),
    /// A definition that the engine handed over.
    Input(Input),
}

impl Op {
    /// One word for dumps and messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Op::Image(_) => "image",
            Op::Local(_) => "local",
            Op::Git(_) => "git",
            Op::Http(_) => "http",
            Op::OciLayout(_) => "oci-layout",
            Op::Exec(_) => "exec",
            Op::File(_) => "file",
            Op::Merge(_) => "merge",
            Op::Diff(_) => "diff",
            Op::Input(_) => "input",
        }
    }

    /// The states it starts from, in the order in which they are written, scratch included.
    pub fn states(&self) -> Vec<&State> {
        match self {
            Op::Exec(exec) => exec
                .mounts_in_order()
                .into_iter()
                .map(|mount| &mount.source)
                .collect(),
            Op::File(file) => {
                let copies = file.actions.iter().filter_map(|action| match action {
                    FileAction::Copy(copy) => Some(&copy.source),
                    _ => None,
                });
                std::iter::once(&file.base).chain(copies).collect()
            }
            Op::Merge(merge) => merge.inputs.iter().collect(),
            Op::Diff(diff) => vec![&diff.lower, &diff.upper],
            Op::Image(_) | Op::Local(_) | Op::Git(_) | Op::Http(_) | Op::OciLayout(_) => vec![],
            Op::Input(_) => vec![],
        }
    }

    pub(crate) fn states_mut(&mut self) -> Box<dyn Iterator<Item = &mut State> + '_> {
        match self {
            Op::Exec(exec) => Box::new(exec.mounts.iter_mut().map(|mount| &mut mount.source)),
            Op::File(file) => {
                let copies = file.actions.iter_mut().filter_map(|action| match action {
                    FileAction::Copy(copy) => Some(&mut copy.source),
                    _ => None,
                });
                Box::new(std::iter::once(&mut file.base).chain(copies))
            }
            Op::Merge(merge) => Box::new(merge.inputs.iter_mut()),
            Op::Diff(diff) => Box::new([&mut diff.lower, &mut diff.upper].into_iter()),
            Op::Image(_) | Op::Local(_) | Op::Git(_) | Op::Http(_) | Op::OciLayout(_) => {
                Box::new(std::iter::empty())
            }
            Op::Input(_) => Box::new(std::iter::empty()),
        }
    }

    /// How many outputs it has; [`Output`](crate::Output) indices are below.
    pub fn outputs(&self) -> u32 {
        match self {
            Op::Exec(exec) => exec.outputs(),
            Op::Input(input) => input.index().saturating_add(1),
            _ => 1,
        }
    }

    /// Whether the platform is part of the operation. The engine's own client leaves it out of
    /// everything else, so that two platforms share those vertices.
    pub(crate) fn has_platform(&self) -> bool {
        matches!(self, Op::Exec(_) | Op::Image(_) | Op::OciLayout(_))
    }

    /// Writes the operation; inputs and capabilities go to the encoder. An input has no encoding
    /// of its own and gives `None`.
    pub(crate) fn encode(&self, to: &mut Encoder<'_>) -> Result<Option<pb::op::Op>, Error> {
        let op = match self {
            Op::Image(image) => pb::op::Op::Source(image.encode(to)?),
            Op::Local(local) => pb::op::Op::Source(local.encode(to)?),
            Op::Git(git) => pb::op::Op::Source(git.encode(to)?),
            Op::Http(http) => pb::op::Op::Source(http.encode(to)?),
            Op::OciLayout(layout) => pb::op::Op::Source(layout.encode(to)?),
            Op::Exec(exec) => pb::op::Op::Exec(exec.encode(to)?),
            Op::File(file) => pb::op::Op::File(file.encode(to)?),
            Op::Merge(merge) => pb::op::Op::Merge(merge.encode(to)?),
            Op::Diff(diff) => pb::op::Op::Diff(diff.encode(to)?),
            Op::Input(_) => return Ok(None),
        };
        Ok(Some(op))
    }
}

macro_rules! operations {
    ($($op:ident),*) => {$(
        impl From<$op> for Op {
            fn from(op: $op) -> Op {
                Op::$op(op)
            }
        }

        impl $op {
            /// The vertex that does this.
            pub fn vertex(self, meta: Meta) -> Vertex {
                Vertex::new(self, meta)
            }

            /// The one filesystem that it gives.
            pub fn state(self, meta: Meta) -> State {
                self.vertex(meta).state()
            }
        }
    )*};
}

operations!(Image, Local, Git, Http, OciLayout, File, Merge, Diff);

impl From<Input> for Op {
    fn from(input: Input) -> Op {
        Op::Input(input)
    }
}

impl From<Exec> for Op {
    fn from(exec: Exec) -> Op {
        Op::Exec(Box::new(exec))
    }
}

impl Exec {
    /// The vertex that runs this.
    pub fn vertex(self, meta: Meta) -> Vertex {
        Vertex::new(self, meta)
    }

    /// What the command leaves at `/`.
    pub fn state(self, meta: Meta) -> State {
        self.vertex(meta).output("/")
    }
}
