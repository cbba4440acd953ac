//! Paths inside a filesystem, always with `/`.

/// The absolute form of a path without `.`, `..` and doubled slashes, as Go's `path.Clean` does.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Like [`clean`], but a final `/` or `/.` stays: it tells a copy to go into a directory.
pub(crate) fn clean_dest(path: &str) -> String {
    let mut cleaned = clean(path);
    if path.ends_with('/') && !cleaned.ends_with('/') {
        cleaned.push('/');
    } else if path.ends_with("/.") {
        if !cleaned.ends_with('/') {
            cleaned.push('/');
        }
        cleaned.push('.');
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_absolute_and_short() {
        for (path, cleaned, dest) in [
            ("", "/", "/"),
            ("/", "/", "/"),
            ("a", "/a", "/a"),
            ("./a//b/../c/", "/a/c", "/a/c/"),
            ("/../a/.", "/a", "/a/."),
            ("/.", "/", "/."),
        ] {
            assert_eq!(
                (clean(path).as_str(), clean_dest(path).as_str()),
                (cleaned, dest),
                "{path}"
            );
        }
    }
}
