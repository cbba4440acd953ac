//! Debug symbols as a stage.

use super::Input;
use crate::diagnostic::Diagnostic;

/// Symbols come from the same compilation as the image, so asking for them there is too late.
pub(super) fn missing(input: &Input<'_>, image: &str) -> Diagnostic {
    let message = format!("`{image}` is built without debug symbols of its own");
    let help = "write `build: { debug-symbols: true }`";
    let place = input.image.build.span.map(|span| input.spec.file.at(span));
    Diagnostic::error("no-debug-symbols", message)
        .help(help)
        .at(place)
}
