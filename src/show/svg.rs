//! The graph as a picture: layers from top to bottom, boxes in rows, straight lines.
//!
//! A row is the longest way from a source; within a row boxes stand below the middle of what they are made of.

use super::{LOOKS, class, edges, is_used, label};
use crate::plan::Plan;

const BOX_HEIGHT: i32 = 36;
const ROW: i32 = 84;
const GAP: i32 = 28;
const MARGIN: i32 = 16;
/// Width of a letter; the font is fixed, so that boxes fit.
const LETTER: i32 = 8;
const LONGEST: usize = 44;

struct Node {
    step: usize,
    text: String,
    row: usize,
    width: i32,
    x: i32,
}

/// The picture of a plan.
pub fn svg(plan: &Plan) -> String {
    let used = is_used(plan);
    let edges: Vec<(usize, usize)> = edges(plan)
        .into_iter()
        .filter(|(from, to)| used[*from] && used[*to])
        .collect();
    let mut rows = vec![0; plan.steps.len()];
    for step in 0..plan.steps.len() {
        let above = edges.iter().filter(|(_, to)| *to == step);
        rows[step] = above.map(|(from, _)| rows[*from] + 1).max().unwrap_or(0);
    }
    // A source stands right above the first step that needs it.
    for step in (0..plan.steps.len()).rev() {
        if !edges.iter().any(|(_, to)| *to == step) {
            let below = edges.iter().filter(|(from, _)| *from == step);
            rows[step] = below.map(|(_, to)| rows[*to]).min().unwrap_or(1).max(1) - 1;
        }
    }
    let mut nodes: Vec<Node> = (0..plan.steps.len())
        .filter(|step| used[*step])
        .map(|step| {
            let text = shorten(&label(plan, step));
            let letters = i32::try_from(text.chars().count()).unwrap_or(0);
            Node {
                step,
                text,
                row: rows[step],
                width: letters * LETTER + 24,
                x: 0,
            }
        })
        .collect();
    place(&mut nodes, &edges);
    draw(plan, &nodes, &edges)
}

fn shorten(text: &str) -> String {
    match text.chars().count() > LONGEST {
        true => text.chars().take(LONGEST - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// Gives every box its place: row by row below what it is made of, then once more from below.
fn place(nodes: &mut [Node], edges: &[(usize, usize)]) {
    let last = nodes.iter().map(|node| node.row).max().unwrap_or(0);
    let down = (0..=last).map(|row| (row, true));
    let up = (0..=last).rev().map(|row| (row, false));
    let order: Vec<(usize, bool)> = down.clone().chain(up).chain(down).collect();
    for (row, above) in order {
        let mut wanted: Vec<(i32, usize)> = vec![];
        for (at, node) in nodes.iter().enumerate().filter(|(_, node)| node.row == row) {
            let near: Vec<i32> = edges
                .iter()
                .filter_map(|(from, to)| match above {
                    true if *to == node.step => Some(*from),
                    false if *from == node.step => Some(*to),
                    _ => None,
                })
                .filter_map(|step| nodes.iter().find(|node| node.step == step))
                .map(|node| node.x + node.width / 2)
                .collect();
            let count = i32::try_from(near.len()).unwrap_or(0);
            let middle = match count {
                0 => node.x + node.width / 2,
                count => near.iter().sum::<i32>() / count,
            };
            wanted.push((middle, at));
        }
        wanted.sort();
        let mut free = i32::MIN / 2;
        for (middle, at) in wanted {
            let x = (middle - nodes[at].width / 2).max(free);
            nodes[at].x = x;
            free = x + nodes[at].width + GAP;
        }
    }
    let left = nodes.iter().map(|node| node.x).min().unwrap_or(0);
    nodes.iter_mut().for_each(|node| node.x += MARGIN - left);
}

fn draw(plan: &Plan, nodes: &[Node], edges: &[(usize, usize)]) -> String {
    let top = |node: &Node| MARGIN + i32::try_from(node.row).unwrap_or(0) * ROW;
    let width = nodes
        .iter()
        .map(|node| node.x + node.width)
        .max()
        .unwrap_or(0)
        + MARGIN;
    let height = nodes
        .iter()
        .map(|node| top(node) + BOX_HEIGHT)
        .max()
        .unwrap_or(0)
        + MARGIN;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"monospace\" font-size=\"13\">\n"
    );
    text.push_str(
        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#777777\"/></marker></defs>\n",
    );
    let find = |step: usize| nodes.iter().find(|node| node.step == step);
    for (from, to) in edges {
        let (Some(from), Some(to)) = (find(*from), find(*to)) else {
            continue;
        };
        let (x1, y1) = (from.x + from.width / 2, top(from) + BOX_HEIGHT);
        let (x2, y2) = (to.x + to.width / 2, top(to));
        let bend = (y2 - y1) / 2;
        text.push_str(&format!(
            "<path d=\"M{x1} {y1}C{x1} {} {x2} {} {x2} {y2}\" fill=\"none\" stroke=\"#777777\" marker-end=\"url(#tip)\"/>\n",
            y1 + bend,
            y2 - bend
        ));
    }
    for node in nodes {
        let class = class(plan, node.step);
        let (_, fill, stroke) = LOOKS
            .into_iter()
            .find(|look| look.0 == class)
            .unwrap_or(LOOKS[0]);
        let (x, y) = (node.x, top(node));
        text.push_str(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{BOX_HEIGHT}\" rx=\"6\" fill=\"{fill}\" stroke=\"{stroke}\"/>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#222222\">{}</text>\n",
            node.width,
            x + node.width / 2,
            y + 23,
            escape(&node.text)
        ));
    }
    text + "</svg>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
