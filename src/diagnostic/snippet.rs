//! A diagnostic with the lines that it is about, drawn as buildx draws them.
//!
//! buildx gets spans and draws the lines itself; the command line prints this text, and tests show by it
//! what users of either see.

use super::{Diagnostic, Severity};
use crate::source::Location;
use std::fmt::Write;

const RULE: &str = "--------------------";

/// The lines around a place: four of context for one line, two for several, before and behind alike.
pub fn snippet(location: &Location) -> String {
    let file = &location.file;
    let lines: Vec<&str> = file.text().split('\n').collect();
    let first = location.start().line;
    // A span that ends with a line end does not reach into the next line.
    let last = match location.end() {
        end if end.character == 0 && end.line > first => end.line - 1,
        end => end.line,
    };
    let context = if first == last { 4 } else { 2 };
    let (mut from, mut to, mut drawn) = (first, last.min(lines.len()), 0);
    // At the end of a file, the other side gets the rest of the context.
    while drawn < context {
        if from > 1 {
            from -= 1;
            drawn += 1;
        }
        if to < lines.len() {
            to += 1;
            drawn += 1;
        }
        drawn += 1;
    }
    let mut text = format!("{}:{first}\n{RULE}\n", file.name());
    for (number, line) in (from..=to).zip(&lines[from - 1..to]) {
        let mark = if (first..=last).contains(&number) {
            ">>>"
        } else {
            "   "
        };
        let _ = writeln!(
            text,
            " {number:>3} | {mark} {}",
            line.trim_end_matches('\r')
        );
    }
    text + RULE + "\n"
}

/// A diagnostic for people: snippet, message, help.
pub fn render(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic
        .location
        .as_ref()
        .map(snippet)
        .unwrap_or_default();
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let _ = writeln!(
        text,
        "{severity}[{}]: {}",
        diagnostic.code, diagnostic.message
    );
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(text, "help: {help}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceFile, Span};

    #[test]
    fn the_lines_are_drawn_as_buildx_draws_them() {
        let file = SourceFile::new("Rust.yaml", "a\nbb\nccc\nd\ne\nf\ng\n");
        let draw = |start, end| snippet(&file.at(Span::new(start, end)));
        assert_eq!(
            draw(0, 1),
            "Rust.yaml:1\n--------------------\n   1 | >>> a\n   2 |     bb\n   3 |     ccc\n--------------------\n"
        );
        assert_eq!(
            draw(5, 6),
            "Rust.yaml:3\n--------------------\n   1 |     a\n   2 |     bb\n   3 | >>> ccc\n   4 |     d\n   5 |     e\n--------------------\n"
        );
        assert_eq!(
            draw(2, 8),
            "Rust.yaml:2\n--------------------\n   1 |     a\n   2 | >>> bb\n   3 | >>> ccc\n   4 |     d\n--------------------\n"
        );
    }
}
