//! Why a graph could not be marshalled.

use std::fmt;

/// A graph that no engine could load. Each is a mistake of the caller, not of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A state refers to an output that its vertex does not have.
    NoSuchOutput {
        /// Name of the vertex.
        vertex: String,
    },
    /// An exec without arguments.
    NoArgs {
        /// Name of the vertex.
        vertex: String,
    },
    /// An exec without a bind mount on `/` that is an output or read-only.
    NoRoot {
        /// Name of the vertex.
        vertex: String,
    },
    /// Two mounts of an exec at one place.
    SameMount {
        /// Name of the vertex.
        vertex: String,
        /// The place.
        dest: String,
    },
    /// A file operation without actions.
    NoActions {
        /// Name of the vertex.
        vertex: String,
    },
    /// An owner by name on top of scratch, where no `/etc/passwd` can be read.
    NameOnScratch {
        /// Name of the vertex.
        vertex: String,
        /// Name of the user or group.
        user: String,
    },
    /// A merge of fewer than two inputs, or with scratch among them; [`crate::merge`] avoids both.
    BadMerge {
        /// Name of the vertex.
        vertex: String,
    },
    /// A source without a name.
    NoIdentifier {
        /// Name of the vertex.
        vertex: String,
    },
    /// A definition of the engine that cannot be spliced in.
    BadInput {
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoSuchOutput { vertex } => {
                write!(f, "an output of `{vertex}` is used that it does not have")
            }
            Error::NoArgs { vertex } => write!(f, "`{vertex}` runs a command without arguments"),
            Error::NoRoot { vertex } => {
                write!(
                    f,
                    "`{vertex}` needs a mount on `/` that is an output or read-only"
                )
            }
            Error::SameMount { vertex, dest } => {
                write!(f, "`{vertex}` has two mounts on `{dest}`")
            }
            Error::NoActions { vertex } => write!(f, "`{vertex}` is a file operation of nothing"),
            Error::NameOnScratch { vertex, user } => {
                write!(
                    f,
                    "`{vertex}` gives files to `{user}` by name, but starts from scratch"
                )
            }
            Error::BadMerge { vertex } => {
                write!(
                    f,
                    "`{vertex}` merges fewer than two filesystems, or scratch"
                )
            }
            Error::NoIdentifier { vertex } => write!(f, "`{vertex}` is a source without a name"),
            Error::BadInput { reason } => write!(f, "the definition cannot be used: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
