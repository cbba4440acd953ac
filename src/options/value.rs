//! Values as Go's `strconv` reads them.

/// `strconv.ParseBool`.
pub(super) fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// `strconv.ParseInt(text, 10, 64)`, with the words of its errors.
pub(super) fn go_int(text: &str) -> Result<i64, String> {
    text.parse()
        .map_err(|error| go_error("ParseInt", text, &error))
}

/// `strconv.ParseUint(text, 10, 64)`; Go takes no sign here, Rust a plus.
pub(super) fn go_uint(text: &str) -> Result<u64, String> {
    if text.starts_with('+') {
        return Err(format!(
            "strconv.ParseUint: parsing {text:?}: invalid syntax"
        ));
    }
    text.parse()
        .map_err(|error| go_error("ParseUint", text, &error))
}

fn go_error(function: &str, text: &str, error: &std::num::ParseIntError) -> String {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    let why = match error.kind() {
        PosOverflow | NegOverflow => "value out of range",
        _ => "invalid syntax",
    };
    format!("strconv.{function}: parsing {text:?}: {why}")
}
