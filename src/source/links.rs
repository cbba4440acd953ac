//! Symbolic links of a build context.

use super::{join, parent};
use std::collections::BTreeMap;

/// Links that stay in the context, as far as they are known: where each is, and where it leads to.
#[derive(Clone, Debug, Default)]
pub(super) struct Links(BTreeMap<String, String>);

impl Links {
    /// The longest chain of links that systems follow.
    const MOST: usize = 40;

    /// Adds what the link at `path` says. One that leads out of the context is none: nothing is there.
    pub(super) fn add(&mut self, path: &str, says: &str) {
        if let Some(target) = join(parent(path), says) {
            self.0.insert(path.to_owned(), target);
        }
    }

    /// Where they are.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// The path without links in it.
    pub(super) fn real(&self, path: &str) -> String {
        let mut path = path.to_owned();
        for _ in 0..Self::MOST {
            let ends = path.match_indices('/').map(|(at, _)| at);
            let mut ends = ends.chain([path.len()]);
            let Some((at, target)) = ends.find_map(|at| Some((at, self.0.get(&path[..at])?)))
            else {
                break;
            };
            let rest = path[at..].trim_start_matches('/');
            match join(target, rest) {
                Some(next) => path = next,
                None => break,
            }
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::Links;

    #[test]
    fn links_are_followed_inside_the_context() {
        let mut links = Links::default();
        for (path, says) in [
            ("a/link", "../real"),
            ("real/next", "./deep"),
            ("out", "../outside"),
            ("loop", "loop"),
        ] {
            links.add(path, says);
        }
        for (path, real) in [
            ("a/link/x.rs", "real/x.rs"),
            ("a/link/next/x.rs", "real/deep/x.rs"),
            ("a/linked/x.rs", "a/linked/x.rs"),
            ("out/x", "out/x"),
            ("loop/x", "loop/x"),
            ("", ""),
        ] {
            assert_eq!(links.real(path), real);
        }
    }
}
