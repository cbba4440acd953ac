//! An image's own block laid over the common one.

use super::formats::{ENV_PAIR, LABEL_PAIR};
use super::table::{Map, Scalar, Shape};
use super::yaml::{self, Data, Key, Node};
use crate::source::Span;

/// The common block with an image's own laid over it, by the block's shape.
///
/// Blocks and the user's own mappings (`env`, `labels`, `files`) are merged by key, everything else is
/// replaced; a null replaces, too, and so goes back to the default.
pub(super) fn lay_over(common: Option<&Node>, own: Option<&Node>, shape: &Shape) -> Option<Node> {
    let (common, own) = match (common, own) {
        (common, None) => return common.cloned(),
        (None, Some(own)) => return Some(own.clone()),
        (Some(common), Some(own)) => (common, own),
    };
    let (Some(map), Some(below), Some(above)) =
        (&shape.map, entries(common, shape), entries(own, shape))
    else {
        return Some(own.clone());
    };
    if matches!(map, Map::Block(_)) && shape.scalar.is_some() {
        // A block that is the long form of a scalar (`healthcheck`) is one value.
        return Some(own.clone());
    }
    let mut merged = below;
    for (key, value) in above {
        let inner = match map {
            Map::Block(block) => block.key(&key.name).map(|key| key.shape),
            Map::Open { .. } => None,
        };
        match merged.iter_mut().find(|(known, _)| known.name == key.name) {
            Some((known, old)) => {
                let laid = match inner {
                    Some(inner) if !value.is_null() && !old.is_null() => {
                        lay_over(Some(old), Some(&value), inner)
                    }
                    _ => Some(value),
                };
                if let Some(laid) = laid {
                    (*known, *old) = (key, laid);
                }
            }
            None => merged.push((key, value)),
        }
    }
    Some(Node {
        span: own.span,
        data: Data::Map(merged),
    })
}

/// The entries of a mapping, also of one written as a list of `NAME=value`.
pub(super) fn entries(node: &Node, shape: &Shape) -> Option<Vec<(Key, Node)>> {
    match &node.data {
        Data::Map(entries) => Some(entries.clone()),
        Data::List(items) if takes_pairs(shape) => Some(items.iter().filter_map(pair).collect()),
        _ => None,
    }
}

fn takes_pairs(shape: &Shape) -> bool {
    let Some(Scalar::Text(format)) = shape.list.and_then(|item| item.scalar.as_ref()) else {
        return false;
    };
    matches!(shape.map, Some(Map::Open { .. }))
        && (std::ptr::eq(*format, &ENV_PAIR) || std::ptr::eq(*format, &LABEL_PAIR))
}

/// `NAME=value` as an entry; both point at their part of it where it stands there as it is.
fn pair(item: &Node) -> Option<(Key, Node)> {
    let Data::Scalar(scalar) = &item.data else {
        return None;
    };
    let (name, value) = scalar.text.split_once('=')?;
    let verbatim = item.span.end - item.span.start == scalar.text.len();
    let middle = item.span.start + name.len();
    let (key_span, span) = match verbatim {
        true => (
            Span::new(item.span.start, middle),
            Span::new(middle + 1, item.span.end),
        ),
        false => (item.span, item.span),
    };
    let data = Data::Scalar(yaml::Scalar {
        text: value.into(),
        plain: false,
        filled: false,
        unknown: false,
    });
    Some((
        Key {
            name: name.into(),
            span: key_span,
        },
        Node { span, data },
    ))
}
