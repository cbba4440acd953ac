//! Addresses of git repositories, as `frontend/dockerfile/dfgitutil` reads them.

use super::value::go_bool;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// A repository, and what of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitRef {
    /// The address as the client wrote it.
    pub written: String,
    /// The address without fragment and query.
    pub remote: String,
    /// Branch, tag or commit; empty is the default branch.
    pub reference: String,
    /// Directory in it; empty is all.
    pub subdir: String,
    /// The commit that it must be; empty is any.
    pub checksum: String,
    /// Keep `.git`.
    pub keep_git_dir: Option<bool>,
    /// Fetch submodules, which is the default.
    pub submodules: Option<bool>,
    /// Times of files: `checkout`, `commit` or empty.
    pub mtime: String,
    /// Fetch by the commit alone.
    pub fetch_by_commit: bool,
}

impl GitRef {
    /// `None` if it is not the address of a git repository; an error if it is one with a mistake.
    pub fn parse(text: &str) -> Option<Result<Self, String>> {
        let (base, query, fragment) = split(text);
        let lower = base.to_ascii_lowercase();
        let scheme = lower.split_once("://").map(|(scheme, _)| scheme);
        let remote = match scheme {
            _ if base.starts_with("./") || base.starts_with("../") => return None,
            // Looks like a path; deprecated by docker, still taken for a repository.
            _ if base.starts_with("github.com/") => base,
            Some("http" | "https") if base.ends_with(".git") => base,
            Some("git" | "ssh") => base,
            None if is_scp(base) => base,
            _ => return None,
        };
        let fragment = decode(fragment);
        let (reference, subdir) = fragment.split_once(':').unwrap_or((&fragment, ""));
        let mut git = Self {
            written: text.to_owned(),
            remote: remote.to_owned(),
            reference: reference.to_owned(),
            subdir: clean(subdir),
            ..Self::default()
        };
        Some(git.read_query(query).map(|()| git))
    }

    fn read_query(&mut self, query: &str) -> Result<(), String> {
        let (mut tag, mut branch) = (String::new(), String::new());
        for (key, values) in pairs(query) {
            let [value] = values.as_slice() else {
                return Err(format!("query {key:?} has multiple values"));
            };
            let switch = matches!(
                key.as_str(),
                "submodules" | "keep-git-dir" | "fetch-by-commit"
            );
            if value.is_empty() && !switch {
                return Err(format!("query {key:?} has no value"));
            }
            let on = || match value.as_str() {
                "" => Ok(true),
                text => go_bool(text).ok_or_else(|| format!("invalid {key} value: {text:?}")),
            };
            match key.as_str() {
                "ref" => agree(&mut self.reference, value, "ref")?,
                "tag" => tag.clone_from(value),
                "branch" => branch.clone_from(value),
                "subdir" => agree(&mut self.subdir, value, "subdir")?,
                "checksum" | "commit" => self.checksum.clone_from(value),
                "keep-git-dir" => self.keep_git_dir = Some(on()?),
                "submodules" => self.submodules = Some(on()?),
                "fetch-by-commit" => self.fetch_by_commit = on()?,
                "mtime" if value == "checkout" || value == "commit" => {
                    self.mtime.clone_from(value);
                }
                "mtime" => {
                    return Err(format!(
                        "invalid mtime value: {value:?} (must be \"checkout\" or \"commit\")"
                    ));
                }
                _ => return Err(format!("unexpected query {key:?}")),
            }
        }
        if !tag.is_empty() {
            agree(&mut self.reference, &under("refs/tags/", &tag), "ref")?;
        }
        if !branch.is_empty() {
            if !tag.is_empty() {
                return Err("branch conflicts with tag".into());
            }
            agree(&mut self.reference, &under("refs/heads/", &branch), "ref")?;
        }
        Ok(())
    }
}

fn agree(field: &mut String, value: &str, what: &str) -> Result<(), String> {
    if !field.is_empty() && field != value {
        return Err(format!("{what} conflicts: {field:?} vs {value:?}"));
    }
    value.clone_into(field);
    Ok(())
}

fn under(prefix: &str, name: &str) -> String {
    match name.starts_with(prefix) {
        true => name.to_owned(),
        false => format!("{prefix}{name}"),
    }
}

/// Address, query and fragment; the fragment starts first.
fn split(text: &str) -> (&str, &str, &str) {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (base, query) = text.split_once('?').unwrap_or((text, ""));
    (base, query, fragment)
}

/// `user@host:path`.
fn is_scp(text: &str) -> bool {
    let word = |text: &str, extra: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || extra.contains(c);
        !text.is_empty() && text.chars().all(known)
    };
    text.split_once('@').is_some_and(|(user, rest)| {
        let host = rest.split_once(':').map(|(host, _)| host);
        word(user, "_") && host.is_some_and(|host| word(host, "."))
    })
}

/// The query by key, each value decoded.
fn pairs(query: &str) -> BTreeMap<String, Vec<String>> {
    let mut pairs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = |text: &str| decode(&text.replace('+', " "));
        pairs.entry(decoded(key)).or_default().push(decoded(value));
    }
    pairs
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The shortest form of a path inside the repository.
fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
