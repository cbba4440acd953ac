//! The changes one by one.
//!
//! Absent modes and times are -1 on the wire, where protobuf's own default of 0 would mean
//! chmod 000 and the year 1970; here they are `Option`s.

use super::owner::Owner;
use crate::encode::Encoder;
use crate::error::Error;
use crate::paths::{clean, clean_dest};
use crate::state::State;
use buildkit_proto::caps;
use buildkit_proto::pb::{self, file_action};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileAction {
    /// Brings files from another filesystem.
    Copy(Box<Copy>),
    /// Makes a directory.
    Mkdir(Mkdir),
    /// Writes a file.
    Mkfile(Mkfile),
    /// Removes.
    Rm(Rm),
    /// Makes a symlink.
    Symlink(Symlink),
}

/// Brings files from another filesystem. Its cache key holds only the paths that are copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copy {
    /// Where from.
    pub source: State,
    /// Path there.
    pub src: String,
    /// Path here. A final `/` or `/.` means: into this directory.
    pub dest: String,
    /// Owner; `None` keeps the source's.
    pub owner: Option<Owner>,
    /// Permission bits; `None` keeps the source's.
    pub mode: Option<u32>,
    /// Permissions by symbols, such as `u+x`; empty for none; wins over `mode`. BuildKit 0.17.
    pub mode_str: String,
    /// Modification time of everything copied, in nanoseconds since 1970; `None` keeps.
    pub timestamp: Option<i64>,
    /// Copy what a symlink at `src` points to.
    pub follow_symlink: bool,
    /// Copy the content of a directory and not the directory.
    pub dir_copy_contents: bool,
    /// Unpack archives, as `ADD` does.
    pub attempt_unpack: bool,
    /// Make the directories above `dest`.
    pub create_dest_path: bool,
    /// `src` is a pattern.
    pub allow_wildcard: bool,
    /// A pattern that matches nothing is not an error.
    pub allow_empty_wildcard: bool,
    /// Copy only what matches. BuildKit 0.9.
    pub include_patterns: Vec<String>,
    /// Do not copy what matches. BuildKit 0.9.
    pub exclude_patterns: Vec<String>,
    /// Replace what is at the destination even if of another type. BuildKit 0.14.
    pub always_replace_existing: bool,
    /// Patterns that must match something. BuildKit 0.26.
    pub required_paths: Vec<String>,
}

/// Makes a directory; one that exists is not an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mkdir {
    /// Path.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Make the directories above it.
    pub make_parents: bool,
    /// Owner; `None` for root.
    pub owner: Option<Owner>,
    /// Modification time in nanoseconds since 1970; `None` for the time of the build.
    pub timestamp: Option<i64>,
}

/// Writes a file. Its content is in the digest; the directory must be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mkfile {
    /// Path.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Content.
    pub data: Vec<u8>,
    /// Owner; `None` for root.
    pub owner: Option<Owner>,
    /// Modification time in nanoseconds since 1970; `None` for the time of the build.
    pub timestamp: Option<i64>,
}

/// Removes a path and all below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rm {
    /// Path.
    pub path: String,
    /// Not an error if nothing is there.
    pub allow_not_found: bool,
    /// The path is a pattern.
    pub allow_wildcard: bool,
}

/// Makes a symlink. BuildKit 0.19.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symlink {
    /// What it points to, written as it is.
    pub oldpath: String,
    /// Where it is, absolute.
    pub newpath: String,
    /// Owner; `None` for root.
    pub owner: Option<Owner>,
    /// Modification time in nanoseconds since 1970; `None` for the time of the build.
    pub timestamp: Option<i64>,
}

/// A copy that keeps owner, mode and times and takes `src` and `dest` at their word.
pub fn copy(source: impl Into<State>, src: impl Into<String>, dest: impl Into<String>) -> Copy {
    Copy {
        source: source.into(),
        src: src.into(),
        dest: dest.into(),
        ..Copy::default()
    }
}

/// A directory, mode 0755, whose parent must be there.
pub fn mkdir(path: impl Into<String>) -> Mkdir {
    Mkdir {
        path: path.into(),
        mode: 0o755,
        ..Mkdir::default()
    }
}

/// A file, mode 0644.
pub fn mkfile(path: impl Into<String>, data: impl Into<Vec<u8>>) -> Mkfile {
    Mkfile {
        path: path.into(),
        mode: 0o644,
        data: data.into(),
        ..Mkfile::default()
    }
}

/// Removes a path, which must be there.
pub fn rm(path: impl Into<String>) -> Rm {
    Rm {
        path: path.into(),
        ..Rm::default()
    }
}

/// A symlink at `newpath` to `oldpath`.
pub fn symlink(oldpath: impl Into<String>, newpath: impl Into<String>) -> Symlink {
    Symlink {
        oldpath: oldpath.into(),
        newpath: newpath.into(),
        ..Symlink::default()
    }
}

macro_rules! settings {
    ($($action:ident: $($setting:ident)*;)*) => {$(
        impl $action {
            $(settings!(@ $setting);)*
        }
    )*};
    (@ mode) => {
        /// With these permission bits.
        pub fn mode(mut self, mode: u32) -> Self {
            self.mode = mode;
            self
        }
    };
    (@ optional_mode) => {
        /// With these permission bits.
        pub fn mode(mut self, mode: u32) -> Self {
            self.mode = Some(mode);
            self
        }
    };
    (@ owner) => {
        /// Of this owner.
        pub fn owner(mut self, owner: Owner) -> Self {
            self.owner = Some(owner);
            self
        }
    };
    (@ timestamp) => {
        /// With this modification time, in nanoseconds since 1970.
        pub fn timestamp(mut self, nanoseconds: i64) -> Self {
            self.timestamp = Some(nanoseconds);
            self
        }
    };
}

settings! {
    Copy: optional_mode owner timestamp;
    Mkdir: mode owner timestamp;
    Mkfile: mode owner timestamp;
    Symlink: owner timestamp;
}

impl Copy {
    /// With the meaning that `COPY` has in a Dockerfile: wildcards, symlinks followed, the
    /// content of directories, missing directories made.
    pub fn dockerfile(mut self) -> Copy {
        self.follow_symlink = true;
        self.dir_copy_contents = true;
        self.create_dest_path = true;
        self.allow_wildcard = true;
        self.allow_empty_wildcard = true;
        self
    }

    /// The content of a directory into a directory, both of which may be missing above.
    pub fn contents(mut self) -> Copy {
        self.dir_copy_contents = true;
        self.create_dest_path = true;
        self
    }

    /// With the directories above the destination made.
    pub fn create_dest_path(mut self) -> Copy {
        self.create_dest_path = true;
        self
    }

    /// With more include patterns.
    pub fn include<T: Into<String>>(mut self, patterns: impl IntoIterator<Item = T>) -> Copy {
        self.include_patterns
            .extend(patterns.into_iter().map(T::into));
        self
    }

    /// With more exclude patterns.
    pub fn exclude<T: Into<String>>(mut self, patterns: impl IntoIterator<Item = T>) -> Copy {
        self.exclude_patterns
            .extend(patterns.into_iter().map(T::into));
        self
    }
}

impl Mkdir {
    /// With the directories above it.
    pub fn parents(mut self) -> Mkdir {
        self.make_parents = true;
        self
    }
}

impl Rm {
    /// Not an error if nothing is there.
    pub fn allow_not_found(mut self) -> Rm {
        self.allow_not_found = true;
        self
    }

    /// Where the path is a pattern.
    pub fn wildcard(mut self) -> Rm {
        self.allow_wildcard = true;
        self
    }
}

impl From<Copy> for FileAction {
    fn from(copy: Copy) -> FileAction {
        FileAction::Copy(Box::new(copy))
    }
}

macro_rules! into_action {
    ($($action:ident),*) => {$(
        impl From<$action> for FileAction {
            fn from(action: $action) -> FileAction {
                FileAction::$action(action)
            }
        }
    )*};
}

into_action!(Mkdir, Mkfile, Rm, Symlink);

impl FileAction {
    /// Writes the action; `base` is where names of owners are looked up.
    pub(super) fn encode(
        &self,
        to: &mut Encoder<'_>,
        base: i64,
    ) -> Result<file_action::Action, Error> {
        let owner = |owner: &Option<Owner>, to: &Encoder<'_>| {
            owner
                .as_ref()
                .map(|owner| owner.encode(to, base))
                .transpose()
        };
        // Only permission bits, as upstream: the engine takes the others without keeping them.
        let bits = |mode: u32| (mode & 0o777) as i32;
        Ok(match self {
            FileAction::Copy(copy) => {
                let owner = owner(&copy.owner, to)?;
                file_action::Action::Copy(copy.encode(to, owner))
            }
            FileAction::Mkdir(dir) => file_action::Action::Mkdir(pb::FileActionMkDir {
                path: clean(&dir.path),
                mode: bits(dir.mode),
                make_parents: dir.make_parents,
                owner: owner(&dir.owner, to)?,
                timestamp: dir.timestamp.unwrap_or(-1),
            }),
            FileAction::Mkfile(file) => file_action::Action::Mkfile(pb::FileActionMkFile {
                path: clean(&file.path),
                mode: bits(file.mode),
                data: file.data.clone(),
                owner: owner(&file.owner, to)?,
                timestamp: file.timestamp.unwrap_or(-1),
            }),
            FileAction::Rm(rm) => {
                if rm.allow_wildcard {
                    to.need(caps::FILE_RM_WILDCARD);
                }
                file_action::Action::Rm(pb::FileActionRm {
                    path: clean(&rm.path),
                    allow_not_found: rm.allow_not_found,
                    allow_wildcard: rm.allow_wildcard,
                })
            }
            FileAction::Symlink(link) => {
                to.need(caps::FILE_SYMLINK_CREATE);
                file_action::Action::Symlink(pb::FileActionSymlink {
                    oldpath: link.oldpath.clone(),
                    newpath: link.newpath.clone(),
                    owner: owner(&link.owner, to)?,
                    timestamp: link.timestamp.unwrap_or(-1),
                })
            }
        })
    }
}

impl Copy {
    /// Go's own client misses to require these four at its newest; an engine without them would
    /// copy something else without a word.
    fn encode(&self, to: &mut Encoder<'_>, owner: Option<pb::ChownOpt>) -> pb::FileActionCopy {
        if !self.include_patterns.is_empty() || !self.exclude_patterns.is_empty() {
            to.need(caps::FILE_COPY_INCLUDEEXCLUDEPATTERNS);
        }
        if !self.required_paths.is_empty() {
            to.need(caps::FILE_COPY_REQUIREDPATHS);
        }
        if self.always_replace_existing {
            to.need(caps::FILE_COPY_ALWAYSREPLACEEXISTINGDESTPATHS);
        }
        if !self.mode_str.is_empty() {
            to.need(caps::FILE_COPY_MODESTRING);
        }
        pb::FileActionCopy {
            src: clean(&self.src),
            dest: clean_dest(&self.dest),
            owner,
            mode: self.mode.map_or(-1, |mode| mode as i32),
            follow_symlink: self.follow_symlink,
            dir_copy_contents: self.dir_copy_contents,
            attempt_unpack_docker_compatibility: self.attempt_unpack,
            create_dest_path: self.create_dest_path,
            allow_wildcard: self.allow_wildcard,
            allow_empty_wildcard: self.allow_empty_wildcard,
            timestamp: self.timestamp.unwrap_or(-1),
            include_patterns: self.include_patterns.clone(),
            exclude_patterns: self.exclude_patterns.clone(),
            always_replace_existing_dest_paths: self.always_replace_existing,
            mode_str: self.mode_str.clone(),
            required_paths: self.required_paths.clone(),
        }
    }
}
