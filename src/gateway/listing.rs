//! The names of a context that came without its contents.

use super::read::DirEntry;
use super::{Failure, Ref};
use crate::source::{Entry, EntryKind, SourceTree};
use buildkit_proto::Message;
use buildkit_proto::fsutil::Stat;

/// The file that a metadata-only transfer leaves in place of what it did not transfer
/// (tonistiigi/fsutil, receive.go): for every path its `Stat`, each behind its length in four
/// bytes, little-endian.
const METADATA: &str = ".fsutil-metadata";

/// Far more names than planning could look at, in bytes.
const MAX: u64 = 1 << 30;

/// The names of everything in a local source that was asked for with metadata only. In any other source such a file
/// would be the user's own. Without a list nothing is known, and files are asked for one by one.
///
/// # Errors
/// The engine's answer, or that its list is not as expected.
pub async fn listed(reference: &Ref) -> Result<SourceTree, Failure> {
    let unexpected = || Failure::Internal(format!("the engine's {METADATA} is not as expected"));
    let data = reference.read_file(METADATA, MAX).await;
    let (paths, links) = match data {
        Ok(data) => parse(&data).ok_or_else(unexpected)?,
        Err(failure) if failure.is_absent() => return Ok(SourceTree::default()),
        Err(failure) => return Err(failure),
    };
    let mut tree = SourceTree::listed(paths);
    for (path, says) in links {
        tree.add_link(&path, &says);
    }
    Ok(tree)
}

/// Names with the directories that they are in, and links with what they say.
type Paths = (Vec<(String, Entry)>, Vec<(String, String)>);

fn parse(mut data: &[u8]) -> Option<Paths> {
    let mut paths = Vec::new();
    let mut links = Vec::new();
    while !data.is_empty() {
        let (length, rest) = data.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (frame, rest) = rest.split_at_checked(length)?;
        data = rest;
        // A name that is not text: no manifest and no spec can mean it.
        let Ok(stat) = Stat::decode(frame) else {
            continue;
        };
        let path = stat.path.trim_matches('/').to_owned();
        let entry = DirEntry::from(stat);
        if let Some(kind) = entry.kind() {
            if kind == EntryKind::Symlink {
                links.push((path.clone(), entry.linkname));
            }
            let dir = crate::source::parent(&path).to_owned();
            paths.push((
                dir,
                Entry {
                    name: entry.name,
                    kind,
                },
            ));
        }
    }
    Some((paths, links))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_apart() {
        let frame = |path: &str, mode: u32| {
            let stat = Stat {
                path: path.into(),
                mode,
                linkname: if mode == 1 << 27 { "../x" } else { "" }.into(),
                ..Stat::default()
            }
            .encode_to_vec();
            let length = u32::try_from(stat.len()).unwrap();
            [length.to_le_bytes().to_vec(), stat].concat()
        };
        let data = [
            frame("src", 1 << 31),
            frame("src/link", 1 << 27),
            frame("src/main.rs", 0o644),
        ];
        let data = data.concat();
        let entry = |name: &str, kind| Entry {
            name: name.into(),
            kind,
        };
        assert_eq!(
            parse(&data),
            Some((
                vec![
                    (String::new(), entry("src", EntryKind::Dir)),
                    ("src".to_owned(), entry("link", EntryKind::Symlink)),
                    ("src".to_owned(), entry("main.rs", EntryKind::File)),
                ],
                vec![("src/link".to_owned(), "../x".to_owned())],
            ))
        );
        assert_eq!(parse(&data[..data.len() - 1]), None);
        assert_eq!(parse(&[1]), None);
    }
}
