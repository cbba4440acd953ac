//! A definition for people: as text, as Graphviz dot, as Mermaid.
//!
//! Vertices are numbered in the order of the definition, so equal graphs give equal text, and a
//! change shows as the lines it touches. Anything can be dumped, also what [`crate::verify`]
//! rejects: what makes no sense is shown as it is.

mod describe;

use crate::digest::Digest;
use buildkit_proto::Message as _;
use buildkit_proto::attr;
use buildkit_proto::pb::{self, Definition};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One line for each vertex: number, name, kind, what it does, what it starts from, and where it
/// was written; then the result. `#3>1` is the second output of `#3`; a plain `#3` is its first.
pub fn text(definition: &Definition) -> String {
    let graph = Graph::of(definition);
    let mut out = String::new();
    for (number, node) in (1..).zip(&graph.nodes) {
        let name = if node.name.is_empty() {
            "(no name)"
        } else {
            &node.name
        };
        let _ = write!(out, "#{number} {name}: {}", node.kind);
        for word in &node.words {
            let _ = write!(out, " {word}");
        }
        out.push('\n');
    }
    let _ = writeln!(out, "=> {}", graph.result);
    out
}

/// The graph for Graphviz: an arrow from what is needed to what needs it.
pub fn dot(definition: &Definition) -> String {
    let graph = Graph::of(definition);
    let mut out = String::from("digraph llb {\n  rankdir=LR;\n  node [shape=box];\n");
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    for (number, node) in (1..).zip(&graph.nodes) {
        let label = format!("#{number} {}\\n{}", quoted(&node.name), node.kind);
        let _ = writeln!(out, "  n{number} [label=\"{label}\"];");
    }
    for (from, to, label) in graph.edges() {
        let _ = writeln!(out, "  n{from} -> n{to} [label=\"{}\"];", quoted(&label));
    }
    out.push_str("}\n");
    out
}

/// The graph for Mermaid, which Markdown renderers draw.
pub fn mermaid(definition: &Definition) -> String {
    let graph = Graph::of(definition);
    let mut out = String::from("flowchart LR\n");
    let quoted = |text: &str| text.replace('#', "#35;").replace('"', "#quot;");
    for (number, node) in (1..).zip(&graph.nodes) {
        let label = quoted(&format!("{number} {}", node.name));
        let _ = writeln!(out, "  n{number}[\"{label}<br/>{}\"]", node.kind);
    }
    for (from, to, label) in graph.edges() {
        match label.is_empty() {
            true => _ = writeln!(out, "  n{from} --> n{to}"),
            false => _ = writeln!(out, "  n{from} -->|\"{}\"| n{to}", quoted(&label)),
        }
    }
    out
}

struct Graph {
    nodes: Vec<Node>,
    /// What the last operation names, as in [`text`].
    result: String,
}

struct Node {
    name: String,
    kind: &'static str,
    words: Vec<String>,
    /// Numbers of the vertices it needs, each once, with the output where it is not the first.
    needs: Vec<(usize, i64)>,
}

impl Graph {
    fn of(definition: &Definition) -> Graph {
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        let mut graph = Graph {
            nodes: Vec::new(),
            result: "scratch".to_owned(),
        };
        for (number, bytes) in (1..).zip(&definition.def) {
            let digest = String::from(Digest::of(bytes));
            let op = pb::Op::decode(bytes.as_slice()).unwrap_or_default();
            let inputs = op
                .inputs
                .iter()
                .map(|input| reference(input, &numbers))
                .collect();
            if number == definition.def.len() && op.op.is_none() {
                let inputs: Vec<String> = inputs;
                graph.result = inputs.join(" ");
                break;
            }
            graph
                .nodes
                .push(Node::of(definition, &digest, &op, inputs, &numbers));
            numbers.insert(digest, number);
        }
        graph
    }

    /// From, to, and the output's number where it is not the first.
    fn edges(&self) -> impl Iterator<Item = (usize, usize, String)> {
        (1..).zip(&self.nodes).flat_map(|(to, node)| {
            node.needs.iter().map(move |(from, output)| {
                let label = if *output == 0 {
                    String::new()
                } else {
                    format!("output {output}")
                };
                (*from, to, label)
            })
        })
    }
}

impl Node {
    fn of(
        definition: &Definition,
        digest: &str,
        op: &pb::Op,
        inputs: Vec<String>,
        numbers: &BTreeMap<String, usize>,
    ) -> Node {
        let metadata = definition.metadata.get(digest).cloned().unwrap_or_default();
        let (kind, mut words) = describe::op(op, &inputs);
        if let Some(platform) = &op.platform {
            words.insert(0, format!("({})", describe::platform(platform)));
        }
        words.extend(describe::metadata(&metadata));
        words.extend(places(definition, digest));
        let needs = op.inputs.iter();
        Node {
            name: metadata
                .description
                .get(attr::CUSTOM_NAME)
                .cloned()
                .unwrap_or_default(),
            kind,
            words,
            needs: needs
                .filter_map(|input| Some((*numbers.get(&input.digest)?, input.index)))
                .collect(),
        }
    }
}

fn reference(input: &pb::Input, numbers: &BTreeMap<String, usize>) -> String {
    match (numbers.get(&input.digest), input.index) {
        (None, _) => "#?".to_owned(),
        (Some(number), 0) => format!("#{number}"),
        (Some(number), output) => format!("#{number}>{output}"),
    }
}

/// `@file:first-last` for each range.
fn places(definition: &Definition, digest: &str) -> Vec<String> {
    let mut places = Vec::new();
    let Some(source) = &definition.source else {
        return places;
    };
    for location in source
        .locations
        .get(digest)
        .iter()
        .flat_map(|all| &all.locations)
    {
        let index = usize::try_from(location.source_index).ok();
        let file = index.and_then(|index| source.infos.get(index));
        let file = file.map_or("?", |file| file.filename.as_str());
        for range in &location.ranges {
            let line = |at: Option<pb::Position>| at.map(|at| at.line).unwrap_or_default();
            places.push(match (line(range.start), line(range.end)) {
                (first, last) if first == last => format!("@{file}:{first}"),
                (first, last) => format!("@{file}:{first}-{last}"),
            });
        }
    }
    places
}
