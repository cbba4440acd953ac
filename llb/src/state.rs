//! The graph itself: vertices, their outputs, and states.

use crate::file::File;
use crate::meta::Meta;
use crate::op::Op;
use std::fmt;
use std::sync::Arc;

/// One filesystem: an output of a vertex, or scratch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    output: Option<Output>,
}

/// One of the filesystems that a vertex gives.
#[derive(Clone, PartialEq, Eq)]
pub struct Output {
    vertex: Vertex,
    index: u32,
}

/// An operation with its metadata. Clones are the same vertex.
///
/// Equality compares content, down to the sources; clones are found equal without looking. It is
/// for tests: on deep graphs it needs the stack that [`crate::marshal`] does not.
#[derive(Clone, PartialEq, Eq)]
pub struct Vertex(Arc<Node>);

#[derive(PartialEq, Eq)]
struct Node {
    op: Op,
    meta: Meta,
}

/// The empty filesystem, which is not a vertex at all.
pub fn scratch() -> State {
    State::default()
}

impl State {
    /// The output behind it; `None` for scratch.
    pub fn as_output(&self) -> Option<&Output> {
        self.output.as_ref()
    }

    /// Whether it is the empty filesystem.
    pub fn is_scratch(&self) -> bool {
        self.output.is_none()
    }

    /// A file operation on top of this one, to be given actions.
    pub fn file(&self) -> File {
        File {
            base: self.clone(),
            actions: Vec::new(),
        }
    }
}

impl Vertex {
    /// A vertex of an operation. The operations have a `vertex` method that reads better.
    pub fn new(op: impl Into<Op>, meta: Meta) -> Vertex {
        Vertex(Arc::new(Node {
            op: op.into(),
            meta,
        }))
    }

    /// What it does.
    pub fn op(&self) -> &Op {
        &self.0.op
    }

    /// What is known of it.
    pub fn meta(&self) -> &Meta {
        &self.0.meta
    }

    /// Its first output: all that a source, a file operation, a merge or a diff has, and the root
    /// filesystem of an exec whose root is kept.
    pub fn state(&self) -> State {
        let index = match self.op() {
            Op::Input(input) => input.index(),
            _ => 0,
        };
        Output {
            vertex: self.clone(),
            index,
        }
        .into()
    }

    /// What an exec leaves at a mount that was declared an output. `dest` is spelt as in the
    /// mount. A wrong one is reported by [`crate::marshal`], as
    /// [`NoSuchOutput`](crate::Error::NoSuchOutput).
    pub fn output(&self, dest: &str) -> State {
        let index = match self.op() {
            Op::Exec(exec) => exec.output_index(dest),
            _ => None,
        };
        Output {
            vertex: self.clone(),
            index: index.unwrap_or(u32::MAX),
        }
        .into()
    }

    /// Identity of the vertex while it lives, for memos.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl Output {
    /// The vertex it belongs to.
    pub fn vertex(&self) -> &Vertex {
        &self.vertex
    }

    /// Which of the vertex's outputs it is, from 0.
    pub fn index(&self) -> u32 {
        self.index
    }
}

impl From<Output> for State {
    fn from(output: Output) -> State {
        State {
            output: Some(output),
        }
    }
}

impl From<&State> for State {
    fn from(state: &State) -> State {
        state.clone()
    }
}

impl From<Vertex> for State {
    fn from(vertex: Vertex) -> State {
        vertex.state()
    }
}

impl From<&Vertex> for State {
    fn from(vertex: &Vertex) -> State {
        vertex.state()
    }
}

/// Shows the vertex alone: a shared graph printed as a tree grows exponentially.
impl fmt::Debug for Vertex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.op().kind(), self.meta().name)
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}[{}]", self.vertex, self.index)
    }
}

/// Takes a graph apart in a loop: the drop that Rust would write calls itself once for each
/// vertex of a chain and overflows the stack on a deep one.
impl Drop for Node {
    fn drop(&mut self) {
        let mut pending: Vec<State> = self.op.states_mut().map(std::mem::take).collect();
        while let Some(state) = pending.pop() {
            if let Some(mut node) = state
                .output
                .and_then(|output| Arc::into_inner(output.vertex.0))
            {
                pending.extend(node.op.states_mut().map(std::mem::take));
            }
        }
    }
}
