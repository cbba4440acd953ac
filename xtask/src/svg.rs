//! What all SVG pictures need.

/// Writes a text so that SVG shows it as it is.
pub(crate) fn text(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
