//! The spec under construction, and its text.

use crate::spec;

/// A spec: values are YAML text already.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Draft {
    /// Build arguments and their defaults; without one where a build has to be given it.
    pub args: Vec<(String, Option<String>)>,
    pub build: Block,
    pub image: Block,
    /// Images by name.
    pub images: Vec<(String, Block, Block)>,
}

/// Keys and their values, with a reason behind some.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Block(Vec<Entry>);

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    key: &'static str,
    yaml: String,
    why: String,
}

impl Block {
    /// Sets a key to YAML text.
    pub(super) fn set(&mut self, key: &'static str, yaml: String, why: &str) {
        self.0.retain(|entry| entry.key != key);
        let why = why.to_owned();
        self.0.push(Entry { key, yaml, why });
    }

    /// Sets a key to a list, unless it is empty.
    pub(super) fn set_list<T: AsRef<str>>(&mut self, key: &'static str, items: &[T]) {
        if !items.is_empty() {
            self.set(key, list(items), "");
        }
    }

    /// Sets a key to a mapping of texts, unless it is empty.
    pub(super) fn set_map(&mut self, key: &'static str, pairs: &[(String, String)]) {
        if !pairs.is_empty() {
            self.set(key, map(pairs), "");
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|entry| entry.key == key)
    }

    /// The entries in the order of the reference page.
    fn sorted(&self, block: &str) -> Vec<&Entry> {
        let mut sorted = vec![];
        for key in spec::keys_of(block) {
            sorted.extend(self.0.iter().filter(|entry| entry.key == key));
        }
        debug_assert_eq!(sorted.len(), self.0.len(), "keys of {block}");
        sorted
    }

    fn text(&self, name: &str, indent: &str) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let mut text = format!("{indent}{name}:\n");
        for Entry { key, yaml, why } in self.sorted(name) {
            let why = match why.as_str() {
                "" => String::new(),
                why => format!(" # {why}"),
            };
            text.push_str(&format!("{indent}  {key}: {yaml}{why}\n"));
        }
        text
    }
}

impl Draft {
    /// Takes what all images say to the common block.
    pub(super) fn hoist(&mut self) {
        if self.images.is_empty() {
            return;
        }
        let of_build = |(_, build, _): &(String, Block, Block)| build.clone();
        let of_image = |(_, _, image): &(String, Block, Block)| image.clone();
        let common = |blocks: Vec<Block>| {
            let mut common = blocks[0].clone();
            common
                .0
                .retain(|entry| blocks.iter().all(|block| block.0.contains(entry)));
            common
        };
        let build = common(self.images.iter().map(of_build).collect());
        let image = common(self.images.iter().map(of_image).collect());
        for (_, own_build, own_image) in &mut self.images {
            own_build.0.retain(|entry| !build.0.contains(entry));
            own_image.0.retain(|entry| !image.0.contains(entry));
        }
        self.build.0.extend(build.0);
        self.image.0.extend(image.0);
    }

    /// The text of all blocks.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        if !self.args.is_empty() {
            let scalars = self.args.iter().map(|(name, default)| {
                let default = default.as_deref().map(scalar);
                (scalar(name), default.unwrap_or_default())
            });
            let args = mapping(&scalars.collect::<Vec<_>>());
            text.push_str(&format!("args: {args}\n"));
        }
        text.push_str(&self.build.text("build", ""));
        text.push_str(&self.image.text("image", ""));
        if !self.images.is_empty() {
            text.push_str("images:\n");
        }
        for (name, build, image) in &self.images {
            let blocks = build.text("build", "    ") + &image.text("image", "    ");
            match blocks.is_empty() {
                true => text.push_str(&format!("  {}: {{}}\n", scalar(name))),
                false => text.push_str(&format!("  {}:\n{blocks}", scalar(name))),
            }
        }
        text
    }
}

/// A text as a YAML scalar.
pub(super) fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '.');
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    match begins && text.chars().all(plain) && !word.contains(&text.to_lowercase().as_str()) {
        true => text.to_owned(),
        false => serde_json::Value::from(text).to_string(),
    }
}

/// A YAML list.
pub(super) fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| scalar(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// A YAML mapping of texts on one line.
fn map(pairs: &[(String, String)]) -> String {
    let scalars = pairs
        .iter()
        .map(|(key, value)| (scalar(key), scalar(value)));
    mapping(&scalars.collect::<Vec<_>>())
}

/// A YAML mapping on one line, of keys and values that are YAML already.
pub(super) fn mapping<K: AsRef<str>>(pairs: &[(K, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{}: {value}", key.as_ref()))
        .collect();
    format!("{{ {} }}", pairs.join(", ").trim_end())
}
