//! What `$NAME` stands for in a Dockerfile.

use crate::options::PLATFORM_ARGS;
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
    /// Those without which there is no base: a build has to be given them.
    required: BTreeSet<String>,
    /// How often the lines of the Dockerfile name a variable.
    named: BTreeMap<String, usize>,
    /// What was taken over without a build argument that it depends on.
    settled: BTreeSet<String>,
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
        self.named.contains_key(name)
    }

    /// Whether something was taken over with it.
    pub(super) fn is_used(&self, name: &str) -> bool {
        self.used.contains(name)
    }

    /// Notes the names in a text.
    pub(super) fn note(&mut self, text: &str) {
        for name in named(text) {
            *self.named.entry(name).or_default() += 1;
        }
    }

    pub(super) fn take(&mut self, name: &str) -> String {
        self.used.insert(name.to_owned());
        format!("${{{name}}}")
    }

    /// Notes that the name of a base needs the arguments in it.
    pub(super) fn require(&mut self, base: &str) {
        let mut names = vec![];
        replace(base, |name, _| {
            names.push(name.to_owned());
            None
        });
        self.required.extend(names);
    }

    /// Those that the spec has to declare, with their defaults; without one where a build has to be given it.
    pub(super) fn used(&self) -> Vec<(String, Option<String>)> {
        let declared = self.declared.iter();
        let used = declared.filter(|(name, _)| self.used.contains(name));
        used.filter(|(name, _)| !is_predefined(name))
            .map(|(name, default)| {
                let is_open = default.is_empty() && self.required.contains(name);
                (name.clone(), (!is_open).then(|| default.clone()))
            })
            .collect()
    }

    /// The value of an argument that is not given; those of platforms are as for linux/amd64.
    pub(super) fn default_of(&self, name: &str) -> &str {
        let mut declared = self.declared.iter();
        let found = declared.find(|(known, default)| known == name && !default.is_empty());
        found.map_or_else(|| of_platform(name), |(_, default)| default.as_str())
    }

    /// Takes the remarks about values that depend on a build argument.
    pub(super) fn settled(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.settled)
    }

    /// Notes that a whole value is taken where the Dockerfile has a part of it.
    fn settle_part(&mut self, name: &str, form: Form<'_>) {
        if form == Form::Other {
            let said = format!("a part of ${name}: all of it is taken");
            self.settled.insert(said);
        }
    }
}

/// What an argument of platforms is for linux/amd64.
fn of_platform(name: &str) -> &'static str {
    let ends = ["TARGET", "BUILD"].map(|start| name.strip_prefix(start));
    match ends.into_iter().flatten().next() {
        Some("PLATFORM") => "linux/amd64",
        Some("OS") => "linux",
        Some("ARCH") => "amd64",
        _ => "",
    }
}

/// What every build knows without a declaration.
pub(super) fn is_predefined(name: &str) -> bool {
    PLATFORM_ARGS.contains(&name) || name.to_ascii_lowercase().ends_with("_proxy")
}

impl Scope {
    /// The variables that the name of a base may have in it.
    pub(super) fn of_bases<'a>(globals: impl Iterator<Item = &'a str>) -> Self {
        let mut scope = Self::default();
        globals
            .chain(PLATFORM_ARGS)
            .for_each(|name| scope.arg(name));
        scope
    }

    pub(super) fn env(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), Value::Text(value));
    }

    pub(super) fn arg(&mut self, name: &str) {
        self.0.insert(name.to_owned(), Value::Arg);
    }

    /// A value of the Dockerfile as one of the spec: build arguments stay arguments.
    pub(super) fn expand(&self, text: &str, args: &mut Args) -> String {
        replace(text, |name, form| {
            Some(match self.0.get(name) {
                Some(Value::Arg) => self.argument(name, form, args),
                Some(Value::Text(value)) => match form.instead(value) {
                    Some(other) => self.expand(other, args),
                    None => {
                        args.settle_part(name, form);
                        value.clone()
                    }
                },
                None => self.expand(form.instead("").unwrap_or_default(), args),
            })
        })
    }

    /// A build argument in a value of the spec, which has no `${NAME:-…}`.
    fn argument(&self, name: &str, form: Form<'_>, args: &mut Args) -> String {
        let Some(other) = form.instead(args.default_of(name)) else {
            args.settle_part(name, form);
            return args.take(name);
        };
        let other = self.plain(other, args);
        let is_alone = args.named.get(name).is_none_or(|times| *times == 1);
        // Where nothing else names it, the text can be its default.
        if matches!(form, Form::Or(_)) && is_alone {
            args.declare(name, Some(other));
            return args.take(name);
        }
        let said = format!("${name}: as it is without `--build-arg {name}`");
        args.settled.insert(said);
        other
    }

    /// A line for a shell, which knows the variables of the image by itself.
    pub(super) fn shell(&self, text: &str, args: &mut Args) -> String {
        replace(text, |name, form| match self.0.get(name) {
            Some(Value::Arg) => Some(self.argument(name, form, args)),
            _ => None,
        })
    }

    /// A line for a shell that knows none of these variables.
    pub(super) fn other_shell(&self, text: &str, args: &mut Args) -> String {
        replace(text, |name, form| match self.0.get(name) {
            Some(Value::Arg) => Some(self.argument(name, form, args)),
            Some(Value::Text(value)) => Some(form.instead(value).unwrap_or(value).to_owned()),
            None => None,
        })
    }

    /// The build arguments in a text.
    pub(super) fn args_in(&self, text: &str) -> Vec<String> {
        let mut names = named(text);
        names.retain(|name| matches!(self.0.get(name), Some(Value::Arg)));
        names
    }

    /// Whether a text has a build argument in it.
    pub(super) fn has_arg(&self, text: &str) -> bool {
        !self.args_in(text).is_empty()
    }

    /// Whether the value of a variable is nothing but the build argument of its name.
    pub(super) fn hands_on(&self, name: &str, value: &str) -> bool {
        value.starts_with('$') && value.trim_matches(['$', '{', '}']) == name && self.has_arg(value)
    }

    /// Whether a text has something in it that only the shell knows.
    pub(super) fn is_open(&self, text: &str) -> bool {
        let mut is_open = text.contains("$(") || text.contains('`');
        replace(text, |name, _| {
            is_open |= !self.0.contains_key(name);
            None
        });
        is_open
    }

    /// What a text is if no build argument is given.
    pub(super) fn plain(&self, text: &str, args: &Args) -> String {
        replace(text, |name, form| {
            let value = match self.0.get(name) {
                Some(Value::Text(value)) => value.as_str(),
                Some(Value::Arg) => args.default_of(name),
                None => "",
            };
            Some(match form.instead(value) {
                Some(other) => self.plain(other, args),
                None => value.to_owned(),
            })
        })
    }
}

/// What `${NAME…}` makes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form<'a> {
    /// Nothing.
    Plain,
    /// Another text where it is empty: `:-`.
    Or(&'a str),
    /// Another text where it is not: `:+`.
    And(&'a str),
    /// A part of it, or a failure.
    Other,
}

impl<'a> Form<'a> {
    /// Reads what is behind the name.
    fn read(operator: &'a str) -> Self {
        let rest = operator.strip_prefix(':').unwrap_or(operator);
        if let Some(other) = rest.strip_prefix('-') {
            return Form::Or(other);
        }
        match rest.strip_prefix('+') {
            Some(other) => Form::And(other),
            None if operator.is_empty() => Form::Plain,
            None => Form::Other,
        }
    }

    /// The text that stands in place of a value, if one does.
    fn instead(self, value: &str) -> Option<&'a str> {
        match self {
            Form::Or(other) if value.is_empty() => Some(other),
            Form::And(other) => Some(if value.is_empty() { "" } else { other }),
            _ => None,
        }
    }
}

/// The names of all variables in a text.
pub(super) fn named(text: &str) -> Vec<String> {
    let mut names = vec![];
    replace(text, |name, form| {
        names.push(name.to_owned());
        if let Form::Or(other) | Form::And(other) = form {
            names.extend(named(other));
        }
        None
    });
    names
}

/// Replaces each `$NAME` and `${NAME…}` by what `of` says; what it leaves alone the spec must not take for a build
/// argument.
fn replace(text: &str, mut of: impl FnMut(&str, Form<'_>) -> Option<String>) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    while let Some((before, after)) = rest.split_once('$') {
        replaced.push_str(before);
        let (inner, next) = match after.strip_prefix('{') {
            Some(inner) => split_closed(inner),
            None => after.split_at(after.find(|c| !is_name(c)).unwrap_or(after.len())),
        };
        let (name, operator) = inner.split_at(inner.find(|c| !is_name(c)).unwrap_or(inner.len()));
        let written = &after[..after.len() - next.len()];
        let escaped = replaced.ends_with('\\');
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        match begins.then(|| of(name, Form::read(operator))).flatten() {
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
        let line = "$HOME/${SHA} ${HOME:+x} ${C}";
        assert_eq!(scope.other_shell(line, &mut args), "/root/${SHA} x $${C}");
        assert_eq!(args.used(), [("SHA".to_owned(), Some("none".to_owned()))]);
    }

    #[test]
    fn operators_are_those_behind_the_name() {
        let mut args = Args::default();
        args.declare("SHA", Some("none".into()));
        args.declare("FAST", None);
        args.note("${FAST} ${FAST}");
        let mut scope = Scope::default();
        scope.arg("SHA");
        scope.arg("FAST");
        scope.env("HOME", "/root".into());
        for (text, plain, expanded) in [
            ("${FAST:+-C a-b}", "", ""),
            ("${FAST+a}${FAST:-b-c}", "b-c", "b-c"),
            ("${SHA:+a-b}", "a-b", "a-b"),
            ("${SHA:-a}", "none", "${SHA}"),
            ("${HOME:+a}${HOME-b}", "a/root", "a/root"),
            ("${X:-${HOME}/${SHA}}", "/root/none", "/root/${SHA}"),
            ("${SHA##*-}", "none", "${SHA}"),
            ("${HOME%/*}", "/root", "/root"),
        ] {
            assert_eq!(scope.plain(text, &args), plain, "{text}");
            assert_eq!(scope.expand(text, &mut args), expanded, "{text}");
        }
        let said: Vec<String> = args.settled().into_iter().collect();
        let expected = [
            "$FAST: as it is without `--build-arg FAST`",
            "$SHA: as it is without `--build-arg SHA`",
            "a part of $HOME: all of it is taken",
            "a part of $SHA: all of it is taken",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn an_argument_that_one_value_names_has_its_text_for_a_default() {
        let mut args = Args::default();
        args.declare("PORT", None);
        args.note("${PORT:-80}");
        let mut scope = Scope::default();
        scope.arg("PORT");
        assert_eq!(scope.expand("${PORT:-80}", &mut args), "${PORT}");
        assert_eq!(args.used(), [("PORT".to_owned(), Some("80".to_owned()))]);
        assert!(args.settled().is_empty());
    }

    #[test]
    fn platforms_have_a_default_and_bases_may_need_an_argument() {
        let mut args = Args::default();
        args.declare("BASE", None);
        let scope = Scope::of_bases(["BASE"].into_iter());
        let name = "${BASE}_${TARGETARCH}${TARGETVARIANT}";
        assert_eq!(scope.plain(name, &args), "_amd64");
        assert_eq!(scope.expand(name, &mut args), name);
        args.require(name);
        assert_eq!(args.used(), [("BASE".to_owned(), None)]);
    }
}
