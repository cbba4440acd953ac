//! Places in the files that a graph was made from.
//!
//! Upstream: `client/llb/sourcemap.go`. The engine copies the file into every error of a vertex
//! that points into it, and clients draw the lines.

use buildkit_proto::pb;
use std::sync::Arc;

/// A file whose lines vertices point at. Clones are the same file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceMap(Arc<File>);

#[derive(Debug, PartialEq, Eq)]
struct File {
    filename: String,
    language: String,
    data: Vec<u8>,
}

/// Ranges in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLocation {
    /// The file.
    pub map: SourceMap,
    /// The ranges, most telling first.
    pub ranges: Vec<Range>,
}

/// From the first to the last position, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First position.
    pub start: Position,
    /// Last position.
    pub end: Position,
}

/// A position in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 0; what clients draw are whole lines.
    pub character: u32,
}

impl SourceMap {
    /// A file: its name as users know it, linguist's name of its language, and its content.
    pub fn new(filename: &str, language: &str, data: impl Into<Vec<u8>>) -> SourceMap {
        let (filename, language) = (filename.to_owned(), language.to_owned());
        SourceMap(Arc::new(File {
            filename,
            language,
            data: data.into(),
        }))
    }

    /// Name of the file.
    pub fn filename(&self) -> &str {
        &self.0.filename
    }

    /// Content of the file.
    pub fn data(&self) -> &[u8] {
        &self.0.data
    }

    /// A place in this file.
    pub fn location(&self, ranges: impl IntoIterator<Item = Range>) -> SourceLocation {
        SourceLocation {
            map: self.clone(),
            ranges: ranges.into_iter().collect(),
        }
    }

    /// The lines from `first` to `last`, counted from 1.
    pub fn lines(&self, first: u32, last: u32) -> SourceLocation {
        self.location([Range::lines(first, last)])
    }

    /// The file on the wire, as definitions and warnings carry it.
    pub fn to_pb(&self) -> pb::SourceInfo {
        pb::SourceInfo {
            filename: self.0.filename.clone(),
            data: self.0.data.clone(),
            definition: None,
            language: self.0.language.clone(),
        }
    }
}

impl Range {
    /// The lines from `first` to `last`, counted from 1.
    pub fn lines(first: u32, last: u32) -> Range {
        let at = |line| Position { line, character: 0 };
        Range {
            start: at(first),
            end: at(last),
        }
    }

    /// The range on the wire, with both ends: clients fail on one that lacks an end.
    pub fn to_pb(self) -> pb::Range {
        let at = |position: Position| {
            Some(pb::Position {
                line: i32::try_from(position.line).unwrap_or(i32::MAX),
                character: i32::try_from(position.character).unwrap_or(i32::MAX),
            })
        };
        pb::Range {
            start: at(self.start),
            end: at(self.end),
        }
    }
}
