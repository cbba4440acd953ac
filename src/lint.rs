//! What builds, but probably not what its user wants.
//!
//! Pure: a spec, a project and the names of the context in, warnings out. A rule is a row of a table: a
//! stable code, a sentence, and a function. Its page, `docs/lint/CODE.md`, has an example that it finds and
//! one that it does not; a test runs them.

mod base;
mod context;
mod crates;
mod elsewhere;
mod entrypoint;
mod repository;
mod runtime;
mod secrets;
mod switches;
#[cfg(test)]
mod tests;
mod toolchain;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::platform::Libc;
use crate::project::{Compiled, Package, Project, Reach, Selection};
use crate::source::{Location, SourceTree, Span};
use crate::spec::{ImageSpec, Spec};
use std::collections::BTreeSet;

pub use switches::Switches;

/// Where the pages of the rules are.
const PAGES: &str = "https://github.com/org/rust-frontend/blob/main/docs/lint";

/// What rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The spec.
    pub spec: &'a Spec,
    /// The project, if it can be read.
    pub project: Option<&'a Project>,
    /// The context.
    pub tree: &'a SourceTree,
    /// Whether `tree` has the names of all files, not only of manifests.
    pub names: bool,
    /// Whether the context is a directory of the client, which ignore files are for.
    pub local: bool,
    /// The patterns of the ignore file.
    pub ignored: &'a [String],
}

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name, in kebab-case; also that of its page.
    pub code: &'static str,
    /// What it finds, in a sentence without a period.
    pub description: &'static str,
    /// Whether it only runs for those who ask for it: what it finds is a matter of policy.
    pub experimental: bool,
    /// Finds; nothing for rules that other parts of the program check.
    check: fn(&Input<'_>, &mut Found<'_>),
}

impl Rule {
    /// A rule for everyone.
    const fn new(
        code: &'static str,
        description: &'static str,
        check: fn(&Input<'_>, &mut Found<'_>),
    ) -> Self {
        Self {
            code,
            description,
            experimental: false,
            check,
        }
    }

    /// Makes the rule experimental: it is off unless asked for.
    const fn experimental(self) -> Self {
        Self {
            experimental: true,
            ..self
        }
    }
}

/// Address of the page about a code; empty if there is none.
pub fn url(code: &str) -> String {
    match rule(code) {
        Some(rule) => format!("{PAGES}/{}.md", rule.code),
        None => String::new(),
    }
}

/// All rules, by theme.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let themes: [&'static [Rule]; 9] = [
        &base::RULES,
        &secrets::RULES,
        &runtime::RULES,
        &entrypoint::RULES,
        &context::RULES,
        &crates::RULES,
        &repository::RULES,
        &toolchain::RULES,
        &elsewhere::RULES,
    ];
    themes.into_iter().flatten()
}

/// The rule with this code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.code == code)
}

/// Everything that the rules find, each thing once. What `others` found before comes first, if its rule is
/// on.
pub fn run(input: &Input<'_>, switches: &Switches, others: &Diagnostics) -> Diagnostics {
    let mut list: Vec<Diagnostic> = others.clone().into_iter().collect();
    for rule in rules() {
        let mut found = Found {
            rule,
            spec: input.spec,
            list: &mut list,
        };
        (rule.check)(input, &mut found);
    }
    let found: Diagnostics = list.into_iter().collect();
    let mut all: Vec<Diagnostic> = switches.kept(&found).into_iter().collect();
    if let Some(more) = all.len().checked_sub(MOST).filter(|more| *more > 0) {
        all.truncate(MOST);
        let message = format!("{more} more findings are not shown");
        all.push(Diagnostic::warning("more-mistakes", message).help("correct those above first"));
    }
    all.into_iter().collect()
}

/// The most findings: nobody reads more, and each is sent to the engine with the whole spec.
const MOST: usize = 100;

/// Where a rule puts what it finds.
struct Found<'a> {
    rule: &'static Rule,
    spec: &'a Spec,
    list: &'a mut Vec<Diagnostic>,
}

impl Found<'_> {
    /// Adds a finding in the spec; one about a default is at its first line.
    fn spec(&mut self, span: Option<Span>, message: impl Into<String>, help: impl Into<String>) {
        self.at(self.spec.file.place(span), message, help);
    }

    /// Adds a finding whose advice is part of its message.
    fn sentence(&mut self, span: Option<Span>, message: String) {
        let found = Diagnostic::warning(self.rule.code, message);
        self.list.push(found.at(self.spec.file.place(span)));
    }

    /// Adds a finding at a place.
    fn at(&mut self, place: Location, message: impl Into<String>, help: impl Into<String>) {
        let found = Diagnostic::warning(self.rule.code, message);
        self.list.push(found.help(help).at(place));
    }
}

impl<'a> Input<'a> {
    /// What an image compiles.
    fn selected(&self, image: &ImageSpec) -> Option<(&'a Project, Selection)> {
        let project = self.project?;
        Some((project, project.select(self.spec, image).ok()?))
    }

    /// The package of an image.
    fn package(&self, image: &ImageSpec) -> Option<&'a Package> {
        let (project, selection) = self.selected(image)?;
        project.packages.get(selection.package)
    }

    /// Indices into the lock of all that is fetched for an image.
    fn locked(&self, image: &ImageSpec) -> BTreeSet<usize> {
        let Some((project, selection)) = self.selected(image) else {
            return BTreeSet::new();
        };
        let roots = project.roots([selection.package].into(), false);
        Reach::of(project, &roots.all, &roots.dev).locked
    }

    /// What an image is made of, build scripts included and tests not.
    fn compiled(&self, image: &ImageSpec) -> Compiled {
        let Some((project, selection)) = self.selected(image) else {
            return Compiled::default();
        };
        let roots = project.roots([selection.package].into(), false);
        Compiled::of(project, &roots, &[&selection])
    }
}

/// Whether an image's program is linked with musl, statically.
fn is_musl(image: &ImageSpec) -> bool {
    image.build.target.value.libc() == Some(Libc::Musl)
}

/// Whether an image's program is linked with glibc, dynamically.
fn is_gnu(image: &ImageSpec) -> bool {
    let linked = image.build.target.value.libc() == Some(Libc::Gnu);
    let flags = &image.build.rustflags;
    linked && !flags.iter().any(|flag| flag.contains("+crt-static"))
}
