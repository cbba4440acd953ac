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

/// Mermaid's own entities: it knows no backslashes, and reads Markdown in backticks.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("#quot;"),
            '#' => escaped.push_str("#35;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '`' => escaped.push_str("#96;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
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
            escape("a \"b\" <c> `d` #e\nf"),
            "a #quot;b#quot; #lt;c#gt; #96;d#96; #35;e f"
        );
    }
}
