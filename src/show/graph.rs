//! The graph as text that others draw: Graphviz and Mermaid.

use super::{LOOKS, class, label, picture};
use crate::plan::Plan;

/// The graph for Graphviz.
pub fn dot(plan: &Plan) -> String {
    let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut text = format!("digraph \"{}\" {{\n", quote(&plan.stage));
    text.push_str(
        "  rankdir=TB\n  node [shape=box style=\"rounded,filled\" fontname=\"sans-serif\"]\n",
    );
    let picture = picture(plan);
    for index in picture.steps {
        let class = class(plan, index);
        let (_, fill, stroke) = LOOKS
            .into_iter()
            .find(|look| look.0 == class)
            .unwrap_or(LOOKS[0]);
        let label = quote(&label(plan, index));
        text.push_str(&format!(
            "  s{index} [label=\"{label}\" fillcolor=\"{fill}\" color=\"{stroke}\"]\n"
        ));
    }
    for (from, to) in picture.edges {
        text.push_str(&format!("  s{from} -> s{to}\n"));
    }
    text + "}\n"
}

/// The graph for Mermaid, which code hosts draw.
pub fn mermaid(plan: &Plan) -> String {
    let mut text = String::from("flowchart TD\n");
    let picture = picture(plan);
    for index in picture.steps {
        let label = escape(&label(plan, index));
        text.push_str(&format!(
            "  s{index}[\"{label}\"]:::{}\n",
            class(plan, index)
        ));
    }
    for (from, to) in picture.edges {
        text.push_str(&format!("  s{from} --> s{to}\n"));
    }
    for (class, fill, stroke) in LOOKS {
        text.push_str(&format!(
            "  classDef {class} fill:{fill},stroke:{stroke},color:#222222\n"
        ));
    }
    text
}

/// Mermaid's own entities for all but plain text: within quotes it still reads HTML, formulas, line breaks and
/// directives.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric() || " -_./:,()@+=…".contains(c) => escaped.push(c),
            c => escaped.push_str(&format!("#{};", u32::from(c))),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_hold_nothing_that_mermaid_reads() {
        assert_eq!(
            escape(r#"end "b" & <c> `d` \n $$ #e"#),
            "end #34;b#34; #38; #60;c#62; #96;d#96; #92;n #36;#36; #35;e"
        );
        let plain = "build image rust:1-alpine (90 crates, release, x86_64-unknown-linux-musl)";
        assert_eq!(escape(plain), plain);
    }
}
