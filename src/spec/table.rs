//! What a spec's tables are made of: blocks of keys, each with its shape, default and documentation.
//!
//! The tables themselves are in `keys.rs`. From them come the check of every document, the JSON
//! schema and the reference page: a key exists when it is there, and nowhere else.

/// A mapping with a closed set of keys.
#[derive(Debug)]
pub(super) struct Block {
    /// In messages: what cannot hold a key, e.g. `build:`.
    pub(super) name: &'static str,
    /// One paragraph for schema and reference.
    pub(super) doc: &'static str,
    pub(super) keys: &'static [Key],
}

/// One key of a block.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: &'static Shape,
    /// What it does: sentences.
    pub(super) doc: &'static str,
    /// What holds when it is not written, and why.
    pub(super) default: &'static str,
    /// A value in YAML, for the reference; must be valid.
    pub(super) example: &'static str,
    /// What to write instead, for a key that is still understood.
    pub(super) deprecated: Option<&'static str>,
    pub(super) required: bool,
}

/// What a value may be: what a scalar, a list and a mapping mean, where they may stand at all.
#[derive(Debug)]
pub(super) struct Shape {
    /// In messages: `expected {what}`.
    pub(super) what: &'static str,
    pub(super) scalar: Option<Scalar>,
    /// The shape of the items.
    pub(super) list: Option<&'static Shape>,
    pub(super) map: Option<Map>,
}

#[derive(Debug)]
pub(super) enum Scalar {
    Bool,
    /// Closed words, each with its documentation.
    Words(&'static [(&'static str, &'static str)]),
    Text(&'static Format),
}

#[derive(Debug)]
pub(super) enum Map {
    Block(&'static Block),
    /// Names of the user's own.
    Open {
        key: &'static Format,
        value: &'static Shape,
    },
}

/// Most blocks of the user's own names, i.e. images: each holds a copy of all that is common.
pub(super) const MOST_BLOCKS: usize = 100;

/// What text may be. `pattern` (ECMA 262) says the same to editors as `check` says here: a property test
/// compares the two.
#[derive(Debug)]
pub(super) struct Format {
    /// In messages: `` `x` is not {what} ``.
    pub(super) what: &'static str,
    pub(super) pattern: &'static str,
    pub(super) check: fn(&str) -> bool,
    /// What to write instead, for this wrong text.
    pub(super) help: fn(&str) -> String,
    pub(super) numbers: Numbers,
}

/// Whether a scalar without quotes that YAML takes for a number (or boolean) is meant as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// It is a mistake: write quotes.
    No,
    /// Whole numbers in a range: ports, user ids.
    Whole(u64, u64),
    /// Version-like: not negative.
    Versions,
    /// Anything goes, booleans, too: values of variables and labels.
    Any,
}

impl Shape {
    const EMPTY: Shape = Shape {
        what: "",
        scalar: None,
        list: None,
        map: None,
    };

    pub(super) const fn text(format: &'static Format) -> Shape {
        Shape {
            what: format.what,
            scalar: Some(Scalar::Text(format)),
            ..Self::EMPTY
        }
    }

    pub(super) const fn words(
        what: &'static str,
        words: &'static [(&'static str, &'static str)],
    ) -> Shape {
        Shape {
            what,
            scalar: Some(Scalar::Words(words)),
            ..Self::EMPTY
        }
    }

    pub(super) const fn bool() -> Shape {
        Shape {
            what: "`true` or `false`",
            scalar: Some(Scalar::Bool),
            ..Self::EMPTY
        }
    }

    /// One, or a list of them.
    pub(super) const fn many(
        what: &'static str,
        one: &'static Format,
        item: &'static Shape,
    ) -> Shape {
        Shape {
            what,
            scalar: Some(Scalar::Text(one)),
            list: Some(item),
            map: None,
        }
    }

    pub(super) const fn block(what: &'static str, block: &'static Block) -> Shape {
        Shape {
            what,
            map: Some(Map::Block(block)),
            ..Self::EMPTY
        }
    }

    pub(super) const fn open(
        what: &'static str,
        key: &'static Format,
        value: &'static Shape,
    ) -> Shape {
        Shape {
            what,
            map: Some(Map::Open { key, value }),
            ..Self::EMPTY
        }
    }

    pub(super) const fn or_list(self, item: &'static Shape) -> Shape {
        Shape {
            list: Some(item),
            ..self
        }
    }

    pub(super) const fn or_block(self, block: &'static Block) -> Shape {
        Shape {
            map: Some(Map::Block(block)),
            ..self
        }
    }

    pub(super) const fn called(self, what: &'static str) -> Shape {
        Shape { what, ..self }
    }
}

impl Key {
    pub(super) const fn new(
        name: &'static str,
        shape: &'static Shape,
        doc: &'static str,
        default: &'static str,
        example: &'static str,
    ) -> Key {
        Key {
            name,
            shape,
            doc,
            default,
            example,
            deprecated: None,
            required: false,
        }
    }

    /// The default and its reason as two sentences; the first has no subject.
    pub(super) fn default_and_reason(&self) -> String {
        let Some((default, reason)) = self.default.split_once(": ") else {
            return format!("{}.", self.default);
        };
        let mut reason = reason.to_owned();
        if let Some(first) = reason.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        format!("{default}. {reason}.")
    }

    pub(super) const fn required(self) -> Key {
        Key {
            required: true,
            ..self
        }
    }
}

impl Block {
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}
