//! Workspaces that nobody wrote: generated from random choices, of which 0 is always the plainest.

use super::fixture::Files;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

/// Crates of the registry, their versions, features and optional dependencies.
const REGISTRY: [(&str, &str, &[&str]); 9] = [
    ("one", "1", &["extra", "more"]),
    ("fancy", "1", &["rich", "std"]),
    ("fancy", "1.4", &["two", "default"]),
    ("two", "2", &[]),
    ("helper", "0.3", &["x"]),
    ("maker", "1", &[]),
    ("uses-twin", "1", &[]),
    ("tester", "0.5", &["more"]),
    ("one", "0.9", &[]),
];

/// Names of local packages: with dashes, like crates of the registry, like the beginning of one.
const NAMES: [&str; 8] = [
    "app",
    "my-lib",
    "core_x",
    "helper",
    "two",
    "my-macros",
    "app-util",
    "zed",
];

const EDITIONS: [&str; 4] = ["2021", "2024", "2018", "2015"];

/// A generated project and what to build of it.
pub(crate) struct Generated {
    pub(crate) files: Files,
    /// The spec's text.
    pub(crate) spec: String,
    /// Packages with a binary of their name.
    pub(crate) programs: Vec<&'static str>,
}

impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, text) in &self.files {
            writeln!(f, "//- /{path}\n{text}")?;
        }
        f.write_str(&self.spec)
    }
}

/// Decisions that were made beforehand.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    /// One of `n` possibilities.
    fn of(&mut self, n: usize) -> usize {
        usize::from(*self.0.next().unwrap_or(&0)) % n
    }

    /// Whether something happens that does so one time in `n`.
    fn rarely(&mut self, n: usize) -> bool {
        self.of(n) == n - 1
    }

    fn some<'t>(&mut self, all: &[&'t str]) -> Vec<&'t str> {
        let kept = all.iter().filter(|_| self.rarely(3));
        kept.copied().collect()
    }
}

/// A local package.
struct Package {
    name: &'static str,
    dir: String,
    /// Features that another package may ask for.
    features: Vec<String>,
    manifest: String,
}

/// What is generated.
struct Generator<'a> {
    choices: Choices<'a>,
    /// `[workspace.dependencies]`, by key.
    shared: BTreeMap<String, String>,
    /// Packages that are written, the last ones of [`NAMES`] first.
    packages: Vec<Package>,
    files: Files,
    has_root_package: bool,
    /// Whether libraries have nothing that keeps them from a step of their own, and programs need all of them.
    plain: bool,
    programs: Vec<&'static str>,
}

/// Makes a workspace with so many programs at least from random bytes.
pub(crate) fn workspace(choices: &[u8], programs: usize) -> Generated {
    generated(choices, programs, false)
}

/// Makes a workspace of a program and libraries that may be compiled apart from it.
pub(crate) fn libraries(choices: &[u8]) -> Generated {
    generated(choices, 1, true)
}

fn generated(choices: &[u8], programs: usize, plain: bool) -> Generated {
    let mut choices = Choices(choices.iter());
    let count = programs + usize::from(plain) + choices.of(5);
    let has_root_package = count == 1 || choices.rarely(3);
    let mut generator = Generator {
        choices,
        shared: BTreeMap::new(),
        packages: vec![],
        files: Files::new(),
        has_root_package,
        plain,
        programs: vec![],
    };
    for index in (0..count).rev() {
        generator.package(index, index < programs);
    }
    generator.root();
    let programs = generator.programs.clone();
    let at = generator.choices.of(programs.len());
    let name = programs[programs.len() - 1 - at];
    let mut build = format!("package: {name}, bin: {name}");
    let package = generator.packages.iter().find(|one| one.name == name);
    let features = package.map_or(vec![], |package| package.features.clone());
    let features: Vec<&str> = features.iter().map(String::as_str).collect();
    let features = generator.choices.some(&features);
    if !features.is_empty() {
        let _ = write!(build, ", features: [{}]", features.join(", "));
    }
    if generator.choices.rarely(4) {
        build.push_str(", default-features: false");
    }
    if generator.choices.rarely(2) {
        build.push_str(", profile: dev");
    }
    Generated {
        files: generator.files,
        programs: generator.programs,
        spec: format!("build: {{ {build} }}\n"),
    }
}

/// The key of a dependency in `dir` that says where a package is.
fn path_to(package: &Package, dir: &str) -> String {
    let up = match dir {
        "" => String::new(),
        dir => "../".repeat(dir.split('/').count()),
    };
    format!("path = \"{up}{}\"", package.dir)
}

impl Generator<'_> {
    fn package(&mut self, index: usize, is_program: bool) {
        let name = NAMES[index];
        let dir = match index {
            0 if self.has_root_package => String::new(),
            _ if self.choices.rarely(4) => format!("deep/er/{name}"),
            _ => format!("crates/{name}"),
        };
        let mut manifest = format!("[package]\nname = {name:?}\n");
        let version = ["0.1.0", "0.0.0", "1.2.3-rc.1+build"][self.choices.of(3)];
        let edition = EDITIONS[self.choices.of(4)];
        let _ = writeln!(manifest, "version = {version:?}\nedition = {edition:?}");
        let in_dir = |path: &str| match dir.as_str() {
            "" => path.to_owned(),
            dir => format!("{dir}/{path}"),
        };
        let has_lib = !is_program || self.choices.of(2) == 0;
        let mut types = String::new();
        if has_lib {
            self.files.insert(in_dir("src/lib.rs"), String::new());
            types = match self.choices.of(8) {
                6 => "[lib]\nproc-macro = true\n".into(),
                7 if !self.plain => "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n".into(),
                _ => String::new(),
            };
        }
        if is_program || self.choices.rarely(3) {
            self.programs.push(name);
            self.files
                .insert(in_dir("src/main.rs"), "fn main() {}\n".into());
        }
        if self.choices.rarely(3) {
            self.files.insert(in_dir("tests/test.rs"), String::new());
        }
        let has_script = self.choices.rarely(3) && !self.plain;
        if has_script {
            self.files
                .insert(in_dir("build.rs"), "fn main() {}\n".into());
            if self.choices.rarely(3) {
                let _ = writeln!(manifest, "links = \"{name}-links\"");
            }
        }
        manifest.push_str(&types);
        let (tables, optional) = self.dependencies(&dir, self.plain && is_program);
        manifest.push_str(&tables);
        let features = self.features(&optional, &mut manifest);
        self.packages.push(Package {
            name,
            dir,
            features,
            manifest,
        });
    }

    /// The dependency tables of a package; also the keys of what is optional, each with its features.
    fn dependencies(&mut self, dir: &str, all: bool) -> (String, BTreeMap<String, Vec<String>>) {
        let mut tables: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut optional = BTreeMap::new();
        let mut plain = BTreeSet::new();
        for _ in 0..self.choices.of(5) {
            let kind = ["dependencies", "build-dependencies", "dev-dependencies"]
                [[0, 0, 0, 1, 2][self.choices.of(5)]];
            let table = match self.choices.of(8) {
                4 => format!("target.'cfg(unix)'.{kind}"),
                5 => format!("target.'cfg(windows)'.{kind}"),
                6 => format!("target.x86_64-unknown-linux-gnu.{kind}"),
                7 => format!("target.'cfg(not(target_env = \"none\"))'.{kind}"),
                _ => kind.to_owned(),
            };
            let (mut key, mut text, features) = self.dependency(dir);
            if self.choices.rarely(6) {
                // Another key than the package's name.
                if text.starts_with("workspace") {
                    continue;
                }
                let _ = write!(text, ", package = {key:?}");
                key = format!("other-{key}");
            }
            let some: Vec<&str> = features.iter().map(String::as_str).collect();
            let some = self.choices.some(&some);
            if !some.is_empty() {
                let _ = write!(text, ", features = {some:?}");
            }
            if !text.starts_with("workspace") && self.choices.rarely(4) {
                text.push_str(", default-features = false");
            }
            if kind != "dev-dependencies" && !plain.contains(&key) && self.choices.rarely(3) {
                text.push_str(", optional = true");
                optional.insert(key.clone(), features);
            } else if optional.contains_key(&key) {
                continue;
            }
            plain.insert(key.clone());
            tables.entry(table).or_default().insert(key, text);
        }
        let others = self.packages.iter().filter(|_| all);
        for package in others.filter(|one| !plain.contains(one.name)) {
            let table = tables.entry("dependencies".into()).or_default();
            table.insert(package.name.into(), path_to(package, dir));
        }
        let mut text = String::new();
        for (table, entries) in tables {
            let _ = writeln!(text, "[{table}]");
            for (key, value) in entries {
                let _ = writeln!(text, "{key} = {{ {value} }}");
            }
        }
        (text, optional)
    }

    /// A dependency on one package: its key, the beginning of its table, the features that it has.
    fn dependency(&mut self, dir: &str) -> (String, String, Vec<String>) {
        let local = self.packages.len();
        let at = self.choices.of(REGISTRY.len() + 2 * local);
        let (name, found, features) = if at < REGISTRY.len() {
            let (name, version, features) = REGISTRY[at];
            let features = features.iter().map(|&one| one.to_owned()).collect();
            (name, format!("version = {version:?}"), features)
        } else {
            let package = &self.packages[(at - REGISTRY.len()) % local];
            (
                package.name,
                path_to(package, dir),
                package.features.clone(),
            )
        };
        let name = name.to_owned();
        if self.choices.rarely(4) {
            let from_root = found.replace("../", "");
            let shared = match self.choices.of(3) {
                2 => format!("{from_root}, default-features = false"),
                _ => from_root.clone(),
            };
            let shared = self.shared.entry(name.clone()).or_insert(shared);
            if shared.starts_with(&from_root) {
                return (name, "workspace = true".into(), features);
            }
        }
        (name, found, features)
    }

    /// The features of a package, which switch on others, optional dependencies and features of these.
    fn features(
        &mut self,
        optional: &BTreeMap<String, Vec<String>>,
        manifest: &mut String,
    ) -> Vec<String> {
        let mut features: Vec<String> = vec![];
        let mut text = String::new();
        for name in ["a", "b", "default"] {
            if self.choices.of(2) == 0 {
                continue;
            }
            let mut values: Vec<String> = vec![];
            values.extend(features.iter().filter(|_| self.choices.rarely(2)).cloned());
            for (key, inner) in optional {
                match self.choices.of(5) {
                    1 => values.push(format!("dep:{key}")),
                    2 => values.extend(inner.first().map(|one| format!("{key}?/{one}"))),
                    3 => values.extend(inner.last().map(|one| format!("{key}/{one}"))),
                    _ => {}
                }
            }
            let _ = writeln!(text, "{name} = {values:?}");
            features.push(name.to_owned());
        }
        if !text.is_empty() {
            let _ = write!(manifest, "[features]\n{text}");
        }
        features.retain(|name| name != "default");
        features
    }

    /// Writes the manifests, the root's with all that only it has.
    fn root(&mut self) {
        let mut root = String::new();
        let members: Vec<&str> = self.packages.iter().map(|package| &*package.dir).collect();
        let members: Vec<&str> = members.into_iter().filter(|dir| !dir.is_empty()).collect();
        let _ = writeln!(root, "[workspace]\nmembers = {members:?}");
        if let Some(resolver) = ["2", "1", "3"].get(self.choices.of(4)) {
            let _ = writeln!(root, "resolver = {resolver:?}");
        }
        if !self.shared.is_empty() {
            root.push_str("[workspace.dependencies]\n");
            for (key, value) in &self.shared {
                let _ = writeln!(root, "{key} = {{ {value} }}");
            }
        }
        if self.choices.rarely(3) {
            root.push_str("[profile.release]\npanic = \"abort\"\n");
        }
        for (part, line) in [
            ("dev.build-override", "opt-level = 1"),
            ("dev.package.\"*\"", "opt-level = 2"),
            ("release.package.two", "debug = true"),
            ("release.package.my-lib", "opt-level = 1"),
        ] {
            if self.choices.rarely(5) {
                let _ = writeln!(root, "[profile.{part}]\n{line}");
            }
        }
        if self.choices.rarely(4) {
            root.push_str("[patch.crates-io]\ntwin = { path = \"patched/twin\" }\n");
            let local = self.packages.first().filter(|_| self.choices.rarely(2));
            let mut twin = String::from("[package]\nname = \"twin\"\nversion = \"1.7.0\"\n");
            if let Some(package) = local.filter(|package| !package.dir.is_empty()) {
                let (name, dir) = (package.name, &package.dir);
                let _ = writeln!(
                    twin,
                    "[dependencies]\n{name} = {{ path = \"../../{dir}\" }}"
                );
            }
            self.files.insert("patched/twin/Cargo.toml".into(), twin);
            self.files
                .insert("patched/twin/src/lib.rs".into(), String::new());
        }
        for package in &self.packages {
            let text = match package.dir.as_str() {
                "" => format!("{}{root}", package.manifest),
                _ => package.manifest.clone(),
            };
            let path = format!("{}/Cargo.toml", package.dir);
            self.files
                .insert(path.trim_start_matches('/').to_owned(), text);
        }
        if !self.has_root_package {
            self.files.insert("Cargo.toml".into(), root);
        }
    }
}
