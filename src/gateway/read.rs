//! Files of a solved graph.

use super::{Failure, Ref};
use crate::source::EntryKind;
use buildkit_proto::caps;
use buildkit_proto::fsutil::Stat;
use buildkit_proto::gateway as msg;

/// Size of one read. A reply with more than 16 MiB is refused, so larger files come in pieces;
/// smaller ones in one.
const PAGE: u64 = 8 << 20;

/// Largest text file that planning reads: a lock file of ten thousand packages has 3 MiB.
pub const MAX_TEXT: u64 = 16 << 20;

/// Bits of Go's `FileMode`.
const GO_DIR: u32 = 1 << 31;
const GO_SYMLINK: u32 = 1 << 27;
/// Devices, pipes, sockets and what has no name.
const GO_SPECIAL: u32 = (1 << 26) | (1 << 25) | (1 << 24) | (1 << 21) | (1 << 19);

/// What is known of a path without reading it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirEntry {
    /// Last component of the path.
    pub name: String,
    /// Mode as Go has it: permissions below, kind above.
    pub mode: u32,
    /// In bytes.
    pub size: u64,
    /// What a symbolic link says.
    pub linkname: String,
    /// Modification time in nanoseconds since 1970.
    pub modified: i64,
}

impl DirEntry {
    /// File, directory or link; `None` for a device, a socket and the like.
    pub fn kind(&self) -> Option<EntryKind> {
        match self.mode {
            mode if mode & GO_DIR != 0 => Some(EntryKind::Dir),
            mode if mode & GO_SYMLINK != 0 => Some(EntryKind::Symlink),
            mode if mode & GO_SPECIAL != 0 => None,
            _ => Some(EntryKind::File),
        }
    }
}

impl From<Stat> for DirEntry {
    fn from(stat: Stat) -> Self {
        let name = stat.path.trim_end_matches('/').rsplit('/').next();
        Self {
            name: name.unwrap_or_default().to_owned(),
            mode: stat.mode,
            size: u64::try_from(stat.size).unwrap_or(0),
            linkname: stat.linkname,
            modified: stat.mod_time,
        }
    }
}

impl Ref {
    /// A regular file of at most `max` bytes, whole. Links are followed inside the filesystem.
    ///
    /// # Errors
    /// The engine's answer ([`Failure::is_absent`] tells a missing file), or that the file is
    /// larger.
    pub async fn read_file(&self, path: &str, max: u64) -> Result<Vec<u8>, Failure> {
        let mut data = Vec::new();
        loop {
            // One byte more than allowed tells a larger file from one of just that size.
            let wanted = PAGE.min((max + 1).saturating_sub(data.len() as u64));
            let mut page = self
                .read_range(path, data.len() as u64, wanted)
                .await
                .map_err(|failure| failure.context(format_args!("failed to read {path}")))?;
            let last = (page.len() as u64) < wanted;
            match data.is_empty() {
                true => data = page,
                false => data.append(&mut page),
            }
            if data.len() as u64 > max {
                return Err(crate::diagnostic::Diagnostic::error(
                    "file-too-large",
                    format!("`{path}` has more than {max} bytes"),
                )
                .help("check that it is the right file")
                .into());
            }
            if last {
                return Ok(data);
            }
        }
    }

    /// At most `length` bytes of a file from `offset` on; fewer only at its end.
    ///
    /// # Errors
    /// The engine's answer.
    pub async fn read_range(
        &self,
        path: &str,
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>, Failure> {
        self.exists(path)?;
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let request = msg::ReadFileRequest {
            r#ref: self.id.clone(),
            file_path: path.to_owned(),
            range: Some(msg::FileRange {
                offset: signed(offset),
                length: signed(length),
            }),
            ..Default::default()
        };
        Ok(self.gateway.bridge().read_file(request).await?.data)
    }

    /// As [`Ref::read_file`], with `None` for a file that does not exist.
    ///
    /// # Errors
    /// As there: a file that cannot be read is not the same as one that does not exist.
    pub async fn try_read_file(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, Failure> {
        match self.read_file(path, max).await {
            Ok(data) => Ok(Some(data)),
            Err(failure) if failure.is_absent() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The names in a directory (one level), of those that match `pattern` if it is not empty.
    ///
    /// # Errors
    /// The engine's answer, or that it cannot list directories.
    pub async fn read_dir(&self, path: &str, pattern: &str) -> Result<Vec<DirEntry>, Failure> {
        self.gateway.require(caps::gateway::READ_DIR)?;
        self.exists(path)?;
        let request = msg::ReadDirRequest {
            r#ref: self.id.clone(),
            dir_path: path.to_owned(),
            include_pattern: pattern.to_owned(),
            ..Default::default()
        };
        let reply = self.gateway.bridge().read_dir(request).await?;
        Ok(reply.entries.into_iter().map(DirEntry::from).collect())
    }

    /// What is known of one path; a link at its end is followed.
    ///
    /// # Errors
    /// The engine's answer, or that it cannot tell.
    pub async fn stat_file(&self, path: &str) -> Result<DirEntry, Failure> {
        self.gateway.require(caps::gateway::STAT_FILE)?;
        self.exists(path)?;
        let request = msg::StatFileRequest {
            r#ref: self.id.clone(),
            path: path.to_owned(),
            ..Default::default()
        };
        let reply = self.gateway.bridge().stat_file(request).await?;
        Ok(reply.stat.unwrap_or_default().into())
    }

    /// An empty filesystem has no id to ask the engine about, and no files.
    fn exists(&self, path: &str) -> Result<(), Failure> {
        if !self.id.is_empty() {
            return Ok(());
        }
        Err(Failure::Engine(buildkit_proto::errdefs::status(
            tonic::Code::NotFound as i32,
            format!("{path}: no such file or directory"),
            &[],
        )))
    }
}
