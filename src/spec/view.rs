//! Reading a checked tree by the names of its tables.

use super::EnvVar;
use super::merge::entries;
use super::table::{Block, Map, Shape};
use super::yaml::{Data, Key, Node, ScalarType};
use crate::source::Spanned;

/// A value together with its shape.
#[derive(Clone)]
pub(super) struct View<'a> {
    node: Option<&'a Node>,
    shape: &'static Shape,
    /// Blocks to be used instead of the mapping's own.
    laid: Option<[(&'static str, Option<Node>); 2]>,
}

impl<'a> View<'a> {
    pub(super) fn new(node: Option<&'a Node>, shape: &'static Shape) -> Self {
        Self {
            node,
            shape,
            laid: None,
        }
    }

    /// Replaces two blocks of the mapping.
    pub(super) fn with(self, laid: [(&'static str, Option<Node>); 2]) -> Self {
        Self {
            laid: Some(laid),
            ..self
        }
    }

    fn block(&self) -> &'static Block {
        match &self.shape.map {
            Some(Map::Block(block)) => block,
            _ => unreachable!("only mappings with known keys are asked for keys"),
        }
    }

    pub(super) fn shape(&self, name: &str) -> &'static Shape {
        let key = self.block().key(name);
        key.expect("decode asks for keys of the table alone").shape
    }

    /// The shape of the values of an open mapping.
    pub(super) fn shape_of_entries(&self, name: &str) -> &'static Shape {
        match &self.shape(name).map {
            Some(Map::Open { value, .. }) => value,
            _ => unreachable!("only open mappings are asked for their entries"),
        }
    }

    /// The node itself unless it is null.
    pub(super) fn written(&self) -> Option<&Node> {
        self.node.filter(|node| !node.is_null())
    }

    pub(super) fn node(&self, name: &str) -> Option<&Node> {
        let _ = self.shape(name);
        if let Some(laid) = &self.laid {
            return laid
                .iter()
                .find(|(key, _)| *key == name)
                .and_then(|(_, node)| node.as_ref());
        }
        let Some(Data::Map(entries)) = self.node.map(|node| &node.data) else {
            return None;
        };
        let entry = entries.iter().find(|(key, _)| key.name == name);
        entry.map(|(_, node)| node).filter(|node| !node.is_null())
    }

    pub(super) fn view(&self, name: &str) -> View<'_> {
        View::new(self.node(name), self.shape(name))
    }

    /// The entries of a mapping (or a list of pairs) that have a value.
    pub(super) fn entries(&self) -> Vec<(Key, Node)> {
        let entries = self
            .node
            .and_then(|node| entries(node, self.shape))
            .unwrap_or_default();
        let image =
            self.shape.map.as_ref().is_some_and(
                |map| matches!(map, Map::Open { value, .. } if value.scalar.is_none()),
            );
        // An image without a block of its own is an image; a variable without a value is left out.
        entries
            .into_iter()
            .filter(|(_, node)| image || !node.is_null())
            .collect()
    }

    pub(super) fn scalar(&self) -> Option<Spanned<String>> {
        match self.written() {
            Some(Node {
                span,
                data: Data::Scalar(scalar),
            }) => Some(Spanned::new(scalar.text.clone(), *span)),
            _ => None,
        }
    }

    /// A scalar, or the scalars of a list.
    pub(super) fn scalars(&self) -> Vec<Spanned<String>> {
        match self.written().map(|node| &node.data) {
            Some(Data::Scalar(_)) => self.scalar().into_iter().collect(),
            Some(Data::List(items)) => items
                .iter()
                .filter_map(|item| View::new(Some(item), self.shape).scalar())
                .collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn words(&self) -> Vec<String> {
        self.scalars().into_iter().map(|word| word.value).collect()
    }

    pub(super) fn text(&self, name: &str) -> Option<Spanned<String>> {
        match self.shape.map {
            Some(Map::Block(_)) => self.view(name).scalar(),
            _ => None,
        }
    }

    pub(super) fn text_or(&self, name: &str, default: &str) -> Spanned<String> {
        self.text(name)
            .unwrap_or_else(|| Spanned::unwritten(default.into()))
    }

    pub(super) fn texts(&self, name: &str) -> Vec<Spanned<String>> {
        self.view(name).scalars()
    }

    pub(super) fn bool(&self, name: &str, default: bool) -> Spanned<bool> {
        match self.node(name) {
            Some(Node {
                span,
                data: Data::Scalar(scalar),
            }) => match scalar.kind() {
                ScalarType::Bool(value) => Spanned::new(value, *span),
                _ => Spanned::unwritten(default),
            },
            _ => Spanned::unwritten(default),
        }
    }

    pub(super) fn choice<T>(&self, name: &str, default: T, of: impl Fn(&str) -> T) -> Spanned<T> {
        match self.text(name) {
            Some(Spanned { value, span }) => Spanned {
                value: of(&value),
                span,
            },
            None => Spanned::unwritten(default),
        }
    }

    pub(super) fn pairs(&self, name: &str) -> Vec<EnvVar> {
        let view = self.view(name);
        let shape = view.shape;
        let variable = |(key, node): &(Key, Node)| {
            Some(EnvVar {
                name: Spanned::new(key.name.clone(), key.span),
                value: View::new(Some(node), shape).scalar()?,
            })
        };
        view.entries().iter().filter_map(variable).collect()
    }

    pub(super) fn command(&self, name: &str) -> Option<Spanned<Vec<String>>> {
        let view = self.view(name);
        let span = view.written()?.span;
        Some(Spanned::new(view.words(), span))
    }

    /// The items of a list, or the one that stands for a list of one.
    pub(super) fn each(&self, name: &str) -> Vec<View<'_>> {
        let shape = self.shape(name);
        let item = shape.list.expect("`each` is for lists");
        match self.node(name) {
            Some(Node {
                data: Data::List(items),
                ..
            }) => items
                .iter()
                .map(|node| View::new(Some(node), item))
                .collect(),
            Some(node) => vec![View::new(Some(node), item)],
            None => Vec::new(),
        }
    }
}
