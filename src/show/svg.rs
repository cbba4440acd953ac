//! The graph as a picture: boxes in rows from top to bottom, arrows around them.
//!
//! A box is as low as the boxes that need it allow; within its row, it is as near as the others let it to the middle
//! of the boxes that it is connected with. An arrow over several rows has its own place in each.

use super::{LOOKS, class, label, picture};
use crate::plan::Plan;

const BOX_HEIGHT: i32 = 36;
const ROW: i32 = 84;
const GAP: i32 = 28;
const MARGIN: i32 = 16;
/// Width of a letter; the font is fixed, so that boxes fit.
const LETTER: i32 = 8;

struct Node {
    /// `None` where an arrow passes a row.
    step: Option<usize>,
    text: String,
    row: usize,
    width: i32,
    x: i32,
}

/// The picture of a plan.
pub fn svg(plan: &Plan) -> String {
    let picture = picture(plan);
    let mut rows = vec![0; plan.steps.len()];
    for step in &picture.steps {
        let above = picture.edges.iter().filter(|(_, to)| to == step);
        rows[*step] = above.map(|(from, _)| rows[*from] + 1).max().unwrap_or(0);
    }
    // Each stands right above the first that needs it.
    for step in picture.steps.iter().rev() {
        let below = picture.edges.iter().filter(|(from, _)| from == step);
        if let Some(first) = below.map(|(_, to)| rows[*to]).min() {
            rows[*step] = first - 1;
        }
    }
    let mut nodes: Vec<Node> = vec![];
    for step in &picture.steps {
        let text = label(plan, *step);
        let letters = i32::try_from(text.chars().count()).unwrap_or(0);
        nodes.push(Node {
            step: Some(*step),
            text,
            row: rows[*step],
            width: letters * LETTER + 24,
            x: 0,
        });
    }
    let mut arrows: Vec<Vec<usize>> = vec![];
    for edge in &picture.edges {
        let at = |step| picture.steps.binary_search(step).unwrap_or(0);
        let (from, to) = (at(&edge.0), at(&edge.1));
        let mut arrow = vec![from];
        for row in nodes[from].row + 1..nodes[to].row {
            arrow.push(nodes.len());
            nodes.push(Node {
                step: None,
                text: String::new(),
                row,
                width: 0,
                x: 0,
            });
        }
        arrow.push(to);
        arrows.push(arrow);
    }
    place(&mut nodes, &arrows);
    draw(plan, &nodes, &arrows)
}

/// How often places are settled: each time they come nearer to the middle of what they are joined with.
const ROUNDS: usize = 12;

/// Gives every box its place: as near as its row allows to the middle of what it is joined with.
fn place(nodes: &mut [Node], arrows: &[Vec<usize>]) {
    let pairs = arrows.iter().flat_map(|arrow| arrow.windows(2));
    let pairs: Vec<(usize, usize)> = pairs.map(|pair| (pair[0], pair[1])).collect();
    let last = nodes.iter().map(|node| node.row).max().unwrap_or(0);
    let down = (0..=last).map(|row| (row, true, false));
    let up = (0..=last).rev().map(|row| (row, false, true));
    let both = (0..=last).map(|row| (row, true, true));
    let rounds = (0..ROUNDS).flat_map(|_| down.clone().chain(up.clone()));
    let order: Vec<_> = rounds.chain(both).collect();
    for (row, above, below) in order {
        let mut wanted: Vec<(i32, usize)> = vec![];
        for at in (0..nodes.len()).filter(|at| nodes[*at].row == row) {
            let near: Vec<i32> = pairs
                .iter()
                .filter_map(|(from, to)| match (at == *to, at == *from) {
                    (true, _) if above => Some(*from),
                    (_, true) if below => Some(*to),
                    _ => None,
                })
                .map(|at| middle(&nodes[at]))
                .collect();
            let count = i32::try_from(near.len()).unwrap_or(0);
            let wish = match count {
                0 => middle(&nodes[at]),
                count => near.iter().sum::<i32>() / count,
            };
            wanted.push((wish, at));
        }
        wanted.sort();
        settle(nodes, &wanted);
    }
    let left = nodes.iter().map(|node| node.x).min().unwrap_or(0);
    nodes.iter_mut().for_each(|node| node.x += MARGIN - left);
}

fn middle(node: &Node) -> i32 {
    node.x + node.width / 2
}

/// Sets the boxes of a row beside each other, each block of those that touch around the mean of its wishes.
fn settle(nodes: &mut [Node], wanted: &[(i32, usize)]) {
    struct Block {
        boxes: Vec<usize>,
        /// For each box, where the block's left end would be by its wish.
        wishes: Vec<i32>,
        width: i32,
    }
    impl Block {
        fn left(&self) -> i32 {
            self.wishes.iter().sum::<i32>() / i32::try_from(self.wishes.len()).unwrap_or(1)
        }
    }
    let mut blocks: Vec<Block> = vec![];
    for (wish, at) in wanted {
        let width = nodes[*at].width;
        let mut block = Block {
            boxes: vec![*at],
            wishes: vec![wish - width / 2],
            width,
        };
        while let Some(before) = blocks.pop() {
            if before.left() + before.width + GAP <= block.left() {
                blocks.push(before);
                break;
            }
            let shift = before.width + GAP;
            let wishes = block.wishes.iter().map(|wish| wish - shift);
            block = Block {
                wishes: before.wishes.into_iter().chain(wishes).collect(),
                boxes: before.boxes.into_iter().chain(block.boxes).collect(),
                width: shift + block.width,
            };
        }
        blocks.push(block);
    }
    for block in blocks {
        let mut x = block.left();
        for at in &block.boxes {
            nodes[*at].x = x;
            x += nodes[*at].width + GAP;
        }
    }
}

fn draw(plan: &Plan, nodes: &[Node], arrows: &[Vec<usize>]) -> String {
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
    for arrow in arrows {
        let start = &nodes[arrow[0]];
        let (mut x, mut y) = (middle(start), top(start) + BOX_HEIGHT);
        let mut path = format!("M{x} {y}");
        for node in arrow.iter().skip(1).map(|at| &nodes[*at]) {
            let (to, end) = (middle(node), top(node));
            let bend = (end - y) / 2;
            path.push_str(&format!("C{x} {} {to} {} {to} {end}", y + bend, end - bend));
            (x, y) = (to, end);
            if node.step.is_none() {
                y += BOX_HEIGHT;
                path.push_str(&format!("V{y}"));
            }
        }
        text.push_str(&format!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"#777777\" marker-end=\"url(#tip)\"/>\n"
        ));
    }
    for (node, step) in nodes.iter().filter_map(|node| Some((node, node.step?))) {
        let class = class(plan, step);
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
