//! The graphs that contexts are, without any I/O.

use crate::gateway::Failure;
use crate::options::{GitRef, Options};
use buildkit_llb::{self as llb, CapSet, Local, Meta, State};
use buildkit_proto::caps;
use buildkit_proto::pb::Definition;

/// A handful of files of a local directory: sent whole each time, which is cheaper than comparing.
pub(super) fn few_files(local: &str, paths: &[&str], session: &str) -> Local {
    llb::local(local)
        .follow(paths.iter().copied())
        .session(session)
        .differ(llb::Differ::None)
}

/// Uploads with one key replace each other, so each choice of files has its own: the paths, and what is left out
/// beside what the ignore file says.
pub(super) fn shared_key(name: &str, paths: &[String], left_out: &[String]) -> String {
    if paths.is_empty() && left_out.is_empty() {
        return name.to_owned();
    }
    let choice = [paths.join("\n"), left_out.join("\n")].join("\n\n");
    let digest = llb::Digest::of(choice.as_bytes());
    let hex = digest.as_str().rsplit(':').next().unwrap_or_default();
    format!("{name}-{}", hex.get(..12).unwrap_or(hex))
}

/// A repository.
pub(super) fn git(git: &GitRef, options: &Options, caps: &CapSet) -> State {
    // Files get the commit's time where the image gets a fixed one.
    let fixed = options.epoch.is_some() && caps.has(caps::SOURCE_GIT_MTIME);
    let mtime = match git.mtime.as_str() {
        "" if fixed => "commit",
        mtime => mtime,
    };
    let keep = options.context.keep_git_dir.unwrap_or(false);
    llb::Git {
        subdir: git.subdir.clone(),
        keep_git_dir: git.keep_git_dir.unwrap_or(false) || keep,
        checksum: git.checksum.clone(),
        skip_submodules: git.submodules == Some(false),
        mtime: mtime.to_owned(),
        fetch_by_commit: git.fetch_by_commit,
        ..llb::git(&git.remote, &git.reference)
    }
    .state(Meta::named(format!(
        "[internal] load git source {}",
        git.written
    )))
}

/// What another build made.
pub(super) fn input(graph: &Definition, name: &str) -> Result<State, Failure> {
    let state = llb::input(graph, format!("[internal] input {name}"));
    state.map_err(|error| Failure::Internal(format!("input {name}: {error}")))
}

/// The content of an archive.
pub(super) fn unpacked(file: &State, name: &str) -> State {
    let mut copy = llb::copy(file, format!("/{name}"), "/");
    copy.attempt_unpack = true;
    let name = Meta::named("[internal] unpack remote build context");
    llb::scratch().file().then(copy).state(name)
}

/// A subdirectory as the whole context.
pub(super) fn subdir(context: &State, dir: &str) -> State {
    let path = format!("/{}", dir.trim_start_matches('/'));
    let name = Meta::named(format!("[internal] load {dir} of the build context"));
    let copy = llb::copy(context, path, "/").contents();
    llb::scratch().file().then(copy).state(name)
}

/// A context's files without some; the same context if it is all of them.
pub(super) fn without(context: &State, exclude: &[String]) -> State {
    if exclude.is_empty() {
        return context.clone();
    }
    let copy = llb::copy(context, "/", "/")
        .contents()
        .exclude(exclude.iter().cloned());
    let name = Meta::named("[internal] load build context");
    llb::scratch().file().then(copy).state(name)
}

/// Whether a file begins like an archive: compressed, or with a valid header of tar.
pub(super) fn is_archive(head: &[u8]) -> bool {
    const MAGIC: [&[u8]; 3] = [
        b"BZh",
        &[0x1f, 0x8b, 0x08],
        &[0xfd, b'7', b'z', b'X', b'Z', 0],
    ];
    MAGIC.iter().any(|magic| head.starts_with(magic)) || is_tar(head)
}

/// By the header's own checksum, an octal number that is computed with blanks in its place.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else {
        return false;
    };
    let written = String::from_utf8_lossy(&header[148..156]);
    let written = written.trim_matches(|c| c == ' ' || c == '\0');
    let sum: u32 = header
        .iter()
        .enumerate()
        .map(|(at, byte)| match (148..156).contains(&at) {
            true => u32::from(b' '),
            false => u32::from(*byte),
        })
        .sum();
    u32::from_str_radix(written, 8) == Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_known_by_their_first_bytes() {
        let mut tar = vec![0; 1024];
        tar[..4].copy_from_slice(b"file");
        tar[257..262].copy_from_slice(b"ustar");
        let sum: u32 = tar.iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
        tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert!(is_archive(&tar));
        tar[0] = b'F';
        assert!(!is_archive(&tar));
        assert!(is_archive(b"BZh9") && is_archive(&[0x1f, 0x8b, 0x08, 0]));
        assert!(!is_archive(b"") && !is_archive(&[0; 1024]) && !is_archive(b"image:\n"));
    }

    #[test]
    fn each_choice_of_files_has_its_key() {
        let key = |paths: &[&str], left_out: &[&str]| {
            let list = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
            let (paths, left_out): (Vec<String>, Vec<String>) = (list(paths), list(left_out));
            shared_key("context", &paths, &left_out)
        };
        assert_eq!(key(&[], &[]), "context");
        assert_ne!(key(&["a"], &[]), key(&["b"], &[]));
        assert_ne!(key(&["a"], &[]), key(&[], &["a"]));
        assert_ne!(key(&["a"], &["b"]), key(&["a"], &["c"]));
        assert_ne!(key(&["a", "b"], &[]), key(&["a"], &["b"]));
        assert_eq!(key(&["a"], &["b"]), key(&["a"], &["b"]));
    }
}
