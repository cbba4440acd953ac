//! What `$NAME` stands for in a Dockerfile.

use std::collections::{BTreeMap, BTreeSet};

/// The variables at a place of a stage.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope(BTreeMap<String, Value>);

#[derive(Clone, Debug)]
enum Value {
    /// Of an `ENV`: the text.
    Text(String),
    /// Of an `ARG`.
    Arg,
}

/// The build arguments of a Dockerfile.
#[derive(Clone, Debug, Default)]
pub(super) struct Args {
    /// Those that are declared, in order, with what they are by default.
    declared: Vec<(String, String)>,
    /// Those that something was taken over with.
    used: BTreeSet<String>,
    /// Those that some line of the Dockerfile names.
    named: BTreeSet<String>,
}

impl Args {
    pub(super) fn declare(&mut self, name: &str, default: Option<String>) {
        let known = self.declared.iter_mut().find(|(known, _)| known == name);
        match (known, default) {
            (Some(known), Some(default)) if known.1.is_empty() => known.1 = default,
            (Some(_), _) => {}
            (None, default) => {
                let default = default.unwrap_or_default();
                self.declared.push((name.to_owned(), default));
            }
        }
    }

    /// Whether some line names it: else it is for the programs that run.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.named.contains(name)
    }

    /// Notes the names in a text.
    pub(super) fn note(&mut self, text: &str) {
        let mut names = BTreeSet::new();
        replace(text, |name, _| {
            names.insert(name.to_owned());
            None
        });
        self.named.extend(names);
    }

    pub(super) fn take(&mut self, name: &str) -> String {
        self.used.insert(name.to_owned());
        format!("${{{name}}}")
    }

    /// Those that the spec has to declare, with their defaults.
    pub(super) fn used(&self) -> Vec<(String, String)> {
        let declared = self.declared.iter();
        let used = declared.filter(|(name, _)| self.used.contains(name));
        used.filter(|(name, _)| !is_predefined(name))
            .cloned()
            .collect()
    }

    fn default_of(&self, name: &str) -> Option<&str> {
        let found = self.declared.iter().find(|(known, _)| known == name);
        found.map(|(_, default)| default.as_str())
    }
}

/// What every build knows without a declaration.
pub(super) fn is_predefined(name: &str) -> bool {
    let of_platform = ["TARGET", "BUILD"].iter().any(|start| {
        let rest = name.strip_prefix(start);
        rest.is_some_and(|rest| ["PLATFORM", "OS", "ARCH", "VARIANT"].contains(&rest))
    });
    of_platform || name.to_ascii_lowercase().ends_with("_proxy")
}

impl Scope {
    pub(super) fn env(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), Value::Text(value));
    }

    pub(super) fn arg(&mut self, name: &str) {
        self.0.insert(name.to_owned(), Value::Arg);
    }

    /// A value of the Dockerfile as one of the spec: build arguments stay arguments.
    pub(super) fn expand(&self, text: &str, args: &mut Args) -> String {
        replace(text, |name, otherwise| {
            Some(match self.0.get(name) {
                Some(Value::Text(text)) => text.clone(),
                Some(Value::Arg) => args.take(name),
                None => otherwise.unwrap_or_default().to_owned(),
            })
        })
    }

    /// A line for a shell, which knows the variables of the image by itself.
    pub(super) fn shell(&self, text: &str, args: &mut Args) -> String {
        replace(text, |name, _| match self.0.get(name) {
            Some(Value::Arg) => Some(args.take(name)),
            _ => None,
        })
    }

    /// Whether a text has a build argument in it.
    pub(super) fn has_arg(&self, text: &str) -> bool {
        let mut found = false;
        replace(text, |name, _| {
            found |= matches!(self.0.get(name), Some(Value::Arg));
            None
        });
        found
    }

    /// What a text is if no build argument is given.
    pub(super) fn plain(&self, text: &str, args: &Args) -> String {
        replace(text, |name, otherwise| {
            let otherwise = otherwise.unwrap_or_default();
            Some(match self.0.get(name) {
                Some(Value::Text(text)) => text.clone(),
                Some(Value::Arg) => args.default_of(name).unwrap_or(otherwise).to_owned(),
                None => otherwise.to_owned(),
            })
        })
    }
}

/// Replaces each `$NAME`, `${NAME}` and `${NAME:-else}` by what `of` says; what it leaves alone the spec must not
/// take for a build argument.
fn replace(text: &str, mut of: impl FnMut(&str, Option<&str>) -> Option<String>) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        replaced.push_str(before);
        let (name, otherwise, next) = match after.strip_prefix('{').map(split_closed) {
            Some((inner, next)) => {
                let (name, otherwise) = match inner.split_once(":-").or(inner.split_once('-')) {
                    Some((name, otherwise)) => (name, Some(otherwise)),
                    None => (inner, None),
                };
                (name, otherwise, next)
            }
            None => {
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
                (&after[..end], None, &after[end..])
            }
        };
        let written = &after[..after.len() - next.len()];
        let escaped = replaced.ends_with('\\');
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        match is_name.then(|| of(name, otherwise)).flatten() {
            Some(value) if !escaped => replaced.push_str(&value),
            _ if written.starts_with('{') => {
                replaced.push_str(&format!("$${}", written.replace("${", "$${")));
            }
            _ => replaced.push_str(&format!("${written}")),
        }
        rest = next;
    }
    replaced + rest
}

/// What is inside of a bracket, and what is behind it; all, where it is never closed.
fn split_closed(text: &str) -> (&str, &str) {
    let mut depth = 1;
    let end = text.find(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth == 0
    });
    end.map_or((text, ""), |end| (&text[..end], &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_by_what_they_stand_for() {
        let mut args = Args::default();
        args.declare("SHA", Some("none".into()));
        let mut scope = Scope::default();
        scope.arg("SHA");
        scope.env("HOME", "/root".into());
        let text = "$SHA ${SHA}-${HOME}$ $1 ${X:-y}$Z";
        assert_eq!(scope.expand(text, &mut args), "${SHA} ${SHA}-/root$ $1 y");
        assert_eq!(
            scope.shell(text, &mut args),
            "${SHA} ${SHA}-$${HOME}$ $1 $${X:-y}$Z"
        );
        assert_eq!(scope.plain(text, &args), "none none-/root$ $1 y");
        let nested = "${A:-${B}}/${SHA} ${C";
        assert_eq!(scope.shell(nested, &mut args), "$${A:-$${B}}/${SHA} $${C");
        assert_eq!(args.used(), [("SHA".to_owned(), "none".to_owned())]);
    }
}
