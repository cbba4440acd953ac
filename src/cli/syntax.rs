//! The line that tells Docker which frontend reads a file, as BuildKit finds it
//! (`frontend/dockerfile/parser/directives.go`).

use crate::diagnostic::Diagnostic;
use crate::source::SourceFile;

/// Warns if Docker would not give this file to this program: nothing else checks that before a build.
pub(super) fn check(file: &SourceFile) -> Option<Diagnostic> {
    if file.text().is_empty() {
        return None;
    }
    let message = match image(file.text()) {
        None => "Docker finds no syntax line here, and takes the file for a Dockerfile".to_owned(),
        Some(name) if name.starts_with("docker/dockerfile") => {
            format!("Docker reads this file with `{name}`")
        }
        Some(_) => return None,
    };
    let warning = Diagnostic::warning("syntax-line", message)
        .help("write `# syntax=`, and the name of this frontend's image, on the first line, before everything else");
    Some(warning.at(file.whole()))
}

/// The image that a file names.
fn image(text: &str) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().peekable();
    lines.next_if(|line| line.starts_with("#!"));
    for mark in ["#", "//"] {
        let directives = lines.clone().map_while(|line| {
            let (key, value) = line.strip_prefix(mark)?.split_once('=')?;
            let key = key.trim().to_ascii_lowercase();
            let is_known = ["syntax", "check", "escape"].contains(&key.as_str());
            is_known.then(|| (key, value.trim()))
        });
        let mut syntax = directives.filter(|(key, _)| key == "syntax");
        if let Some((_, value)) = syntax.next() {
            return value.split_whitespace().next().map(str::to_owned);
        }
    }
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    json.get("syntax")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::image;

    #[test]
    fn the_line_is_where_docker_looks_for_it() {
        let name = |text| image(text).unwrap_or_default();
        assert_eq!(name("# syntax=a/b:1\nbuild: {}\n"), "a/b:1");
        assert_eq!(name("\u{feff}#syntax = a/b:1 x\n"), "a/b:1");
        assert_eq!(name("#!/bin/x\n# check=skip=all\n# syntax=a\n"), "a");
        assert_eq!(name("{ \"syntax\": \"a\" }"), "a");
        for text in [
            "# A comment\n# syntax=a\n",
            "\n# syntax=a\n",
            "---\n# syntax=a\n",
            "syntax: a\n",
            "{ \"syntax\": \"a\", }",
        ] {
            assert_eq!(name(text), "", "{text}");
        }
    }
}
