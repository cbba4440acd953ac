//! The YAML parser's errors in a user's words.

use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, Span};
use granit_parser::{ErrorKind, ScanError};

/// What is wrong, and where. `open` is the innermost `[` or `{` that is still open.
pub(super) fn explain(file: &SourceFile, error: &ScanError, open: Option<Span>) -> Diagnostic {
    let text = file.text();
    let offset = error
        .marker()
        .byte_offset()
        .unwrap_or_default()
        .min(text.len());
    // An error at the end of the file belongs to its last text.
    let start = match offset == text.len() {
        true => text.trim_end().len().saturating_sub(1),
        false => offset,
    };
    let start = text.floor_char_boundary(start);
    let end = text[start..]
        .chars()
        .next()
        .map_or(start, |c| start + c.len_utf8());
    let at = |span| file.at(span);
    // In a bracket that was forgotten, the next line's key is where the parser stumbles.
    if let Some(open) = open
        && file.position(open.start).line < file.position(start).line
        && matches!(
            error.kind(),
            ErrorKind::MappingValueNotAllowed
                | ErrorKind::InvalidColonPlacement
                | ErrorKind::ExpectedFlowSequenceSeparator
                | ErrorKind::ExpectedFlowMappingSeparator
                | ErrorKind::InvalidIndentation
                | ErrorKind::InvalidFlowScalarIndent
        )
    {
        let bracket = file.slice(open).chars().next().unwrap_or('[');
        let (message, help) = words(&ErrorKind::UnclosedFlowCollection { open: bracket });
        return Diagnostic::error("yaml-syntax", message)
            .help(help)
            .at(at(open));
    }
    let (message, mut help) = words(error.kind());
    if text[..end].ends_with("${") {
        help = "put a value with `${NAME}` in quotes";
    }
    Diagnostic::error("yaml-syntax", message)
        .help(help)
        .at(at(Span::new(start, end)))
}

fn words(kind: &ErrorKind) -> (String, &'static str) {
    let (message, help) = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar => ("a tab is used for indentation", "indent with spaces"),
        ErrorKind::UnknownAnchor => (
            "this alias has no anchor",
            "mark a value above it with `&name`, or put the text in quotes",
        ),
        ErrorKind::UnclosedQuotedScalar => {
            ("this quote is never closed", "close it on the same line")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            let close = if *open == '[' { ']' } else { '}' };
            return (
                format!("this `{open}` is never closed"),
                match close {
                    ']' => "close it with `]`",
                    _ => "close it with `}`",
                },
            );
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (
                format!("`{close}` closes what `{open}` opened"),
                "write lists in `[]`, mappings in `{}`",
            );
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return (
                format!("a value cannot start with `{character}`"),
                "put the value in quotes",
            );
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "there is no place for a key here",
            "indent keys of one mapping alike; put text that holds `: ` in quotes",
        ),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::SimpleKeyExpected => (
            "this is neither a key nor part of a value",
            "write `key: value`, and indent keys of one mapping alike",
        ),
        ErrorKind::ExpectedBlockSequenceEntry | ErrorKind::BlockSequenceEntryNotAllowed => (
            "a list and other values are mixed here",
            "start each item of a list with `- `, indented alike",
        ),
        ErrorKind::ExpectedFlowSequenceSeparator => {
            ("a comma or `]` is missing here", "write lists as `[a, b]`")
        }
        ErrorKind::ExpectedFlowMappingSeparator => (
            "a comma or `}` is missing here",
            "write mappings as `{a: 1, b: 2}`",
        ),
        ErrorKind::UnknownQuotedScalarEscape => (
            "an unknown escape in double quotes",
            "write `\\\\` for a backslash, or use single quotes",
        ),
        ErrorKind::RecursionLimitExceeded => (
            "the spec is nested too deeply",
            "is this the right file? a spec needs a few levels",
        ),
        ErrorKind::InvalidIndentation | ErrorKind::InvalidFlowScalarIndent => (
            "this line is indented too little or too much",
            "indent values of one mapping alike",
        ),
        _ => (
            "this is not valid YAML",
            "put text with special characters in quotes",
        ),
    };
    (message.into(), help)
}
