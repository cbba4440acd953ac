//! A workspace of 20 libraries: which crates an edit compiles, counted in the progress. The cache mounts that these
//! builds have are emptied before: what stays comes from the engine's layers alone.

use crate::support::docker::Docker;
use crate::support::project::Project;
use crate::support::{lock, nonce};

/// The names of crates, each after the numbers of those that it needs: a root, two that need it, twelve that
/// need one of the two, four that need three of the twelve each, and one that nothing but the program needs.
const NEEDS: [&[usize]; 20] = [
    &[],
    &[0],
    &[0],
    &[1],
    &[2],
    &[1],
    &[2],
    &[1],
    &[2],
    &[1],
    &[2],
    &[1],
    &[2],
    &[1],
    &[2],
    &[3, 4, 5],
    &[6, 7, 8],
    &[9, 10, 11],
    &[12, 13, 14],
    &[],
];

fn name(package: usize) -> String {
    format!("part{package:02}")
}

/// The crate and all that need it, the program last.
fn dependants(package: usize) -> Vec<String> {
    let mut found = vec![package];
    for (other, needs) in NEEDS.iter().enumerate() {
        if needs.iter().any(|one| found.contains(one)) {
            found.push(other);
        }
    }
    found
        .into_iter()
        .map(name)
        .chain(["whole".into()])
        .collect()
}

/// The entry of the lock for a package that needs some of the crates.
fn entry(package: &str, needs: impl Iterator<Item = usize>) -> String {
    let needs: Vec<String> = needs.map(name).collect();
    let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
    lock::entry(package, "1.0.0", &needs)
}

fn workspace() -> Project {
    let unseen = nonce();
    let project = Project::empty();
    let mut locked = String::from("version = 4\n");
    let mut all = String::new();
    for (package, needs) in NEEDS.iter().enumerate() {
        let name = name(package);
        let paths = needs.iter().map(|one| {
            let name = self::name(*one);
            format!("{name} = {{ path = \"../{name}\" }}\n")
        });
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{}",
            paths.collect::<String>()
        );
        let calls: String = needs
            .iter()
            .map(|one| format!(" + {}::sum()", self::name(*one)))
            .collect();
        let source = format!("// {unseen}\npub fn sum() -> usize {{\n    {package}{calls}\n}}\n");
        let dir = format!("crates/{name}");
        project.write(&format!("{dir}/Cargo.toml"), manifest);
        project.write(&format!("{dir}/src/lib.rs"), source);
        all.push_str(&format!("{name} = {{ path = \"crates/{name}\" }}\n"));
        locked.push_str(&entry(&name, needs.iter().copied()));
    }
    locked.push_str(&entry("whole", 0..NEEDS.len()));
    let calls: Vec<String> = (0..NEEDS.len())
        .map(|one| format!("{}::sum()", name(one)))
        .collect();
    let main = format!(
        "fn main() {{\n    println!(\"{{}} {{:?}}\", {}, option_env!(\"GIT_SHA\"));\n}}\n",
        calls.join(" + ")
    );
    project.write("src/main.rs", main);
    project.write("Cargo.lock", locked);
    project.write(
        "Cargo.toml",
        format!("[package]\nname = \"whole\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{all}"),
    );
    project.write("README.md", "Twenty.\n");
    project.write(
        "Rust.yaml",
        "# syntax=org/rust-frontend:1\nargs: { GIT_SHA: none }\nbuild: { stamp: { GIT_SHA: \"${GIT_SHA}\" } }\n",
    );
    project
}

/// Empties the only cache mounts that a build without external crates has: those that let few steps of local
/// crates run at a time.
fn empty_cache_mounts(docker: &Docker) {
    let used = docker.output([
        "buildx",
        "du",
        "--verbose",
        "--filter",
        "type=exec.cachemount",
    ]);
    let records = used
        .split("\n\n")
        .filter(|record| record.contains("with id \"rust-frontend/turn-"));
    let ids = records.filter_map(|record| record.lines().find_map(|line| line.strip_prefix("ID:")));
    let ids: Vec<&str> = ids.map(str::trim).collect();
    assert!(!ids.is_empty(), "{used}");
    for id in ids {
        docker.output([
            "buildx",
            "prune",
            "--force",
            "--filter",
            &format!("id={id}"),
        ]);
    }
}

/// Libraries with features and kinds of use for which Cargo can be told their names, and for which it cannot: in the
/// first build each is compiled once for each way in which it is used.
#[test]
fn what_a_step_leaves_is_what_the_program_needs() {
    let docker = Docker::take();
    let unseen = nonce();
    let project = Project::empty();
    let manifest = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n{rest}")
    };
    let features = "[features]\ndefault = [\"loud\"]\nloud = []\nextra = []\n";
    let says = "pub fn say() -> String {\n    let mut on = vec![];\n    \
                for (name, is) in [(\"loud\", cfg!(feature = \"loud\")), (\"extra\", cfg!(feature = \"extra\"))] {\n        \
                if is { on.push(name) }\n    }\n    on.join(\"+\")\n}\n";
    let libraries = [
        ("quiet", features.to_owned(), says.to_owned()),
        ("loud", features.to_owned(), says.to_owned()),
        ("plain", "[dependencies]\nloud = { path = \"../loud\" }\n".to_owned(), "pub fn say() -> String {\n    loud::say()\n}\n".to_owned()),
        ("both", String::new(), "pub fn say() -> String {\n    \"both\".into()\n}\n".to_owned()),
        ("made", "[lib]\nproc-macro = true\n".to_owned(),
            "#[proc_macro]\npub fn say(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n    \"\\\"made\\\"\".parse().unwrap()\n}\n".to_owned()),
    ];
    let mut locked = String::from("version = 4\n");
    for (name, rest, source) in &libraries {
        project.write(&format!("{name}/Cargo.toml"), manifest(name, rest));
        project.write(
            &format!("{name}/src/lib.rs"),
            format!("// {unseen}\n{source}"),
        );
        let needs: &[&str] = if *name == "plain" { &["loud"] } else { &[] };
        locked.push_str(&lock::entry(name, "1.0.0", needs));
    }
    let needs = ["both", "loud", "made", "plain", "quiet"];
    locked.push_str(&lock::entry("whole", "1.0.0", &needs));
    project
        .write("Cargo.lock", locked)
        .write(
            "Cargo.toml",
            manifest(
                "whole",
                "[workspace]\n[features]\nextra = []\n[dependencies]\nquiet = { path = \"quiet\", default-features = false }\n\
                 loud = { path = \"loud\" }\nplain = { path = \"plain\" }\nboth = { path = \"both\" }\nmade = { path = \"made\" }\n\
                 [build-dependencies]\nboth = { path = \"both\" }\n",
            ),
        )
        .write("build.rs", "fn main() {\n    println!(\"cargo:rustc-env=BUILT={}\", both::say());\n}\n")
        .write("src/lib.rs", "pub fn built() -> &'static str {\n    env!(\"BUILT\")\n}\n")
        .write(
            "src/main.rs",
            "fn main() {\n    println!(\"{} {} {} {} {} {}\", quiet::say(), loud::say(), plain::say(), both::say(), made::say!(), whole::built());\n}\n",
        )
        .write("Rust.yaml", "# syntax=org/rust-frontend:1\nbuild: { features: [extra] }\nimage: { base: scratch }\n");
    let (image, report) = docker.build(&project).image("named");
    assert_eq!(image.prints(&[]), " loud loud both made both\n");
    // The program and its library are one line.
    let all = ["both", "loud", "made", "plain", "quiet", "whole"];
    assert_eq!(report.compiled_as("v1.0.0"), all, "{report}");
    // To compile a library that is named takes no stub of what needs it.
    let step = report.step("] local crate plain");
    assert_eq!(step.compiled(), ["plain"], "{}", step.log);
    let step = report.step("] local crate quiet");
    assert!(step.compiled().contains(&"whole"), "{}", step.log);
}

#[test]
fn an_edit_or_a_stamp_compiles_what_needs_it() {
    let docker = Docker::take();
    let project = workspace();
    docker.build(&project).succeed();
    empty_cache_mounts(&docker);

    // The last needs nothing and nothing but the program needs it; the first is needed by all others.
    for (package, count) in [(19, 2), (15, 2), (3, 3), (1, 12), (0, 20)] {
        let dir = format!("crates/{}/src", name(package));
        // A new directory is an edit of its package and of no other.
        project
            .write(&format!("{dir}/more/mod.rs"), format!("// {}\n", nonce()))
            .append(&format!("{dir}/lib.rs"), "\nmod more;\n");
        let report = docker.build(&project).succeed();
        let mut expected = dependants(package);
        expected.sort();
        assert_eq!(report.compiled_as("v1.0.0"), expected, "{report}");
        assert_eq!(expected.len(), count);
    }

    project.append("README.md", &nonce());
    assert_eq!(docker.build(&project).succeed().compiled(), [""; 0]);

    // A stamp is the program's alone.
    let sha = nonce();
    let stamped = docker.build(&project).arg("GIT_SHA", &sha);
    let (image, report) = stamped.image("stamped");
    assert_eq!(report.compiled_as("v1.0.0"), ["whole"], "{report}");
    assert!(image.prints(&[]).ends_with(&format!(" Some(\"{sha}\")\n")));

    // What git keeps of the same commit is not an input.
    project.write(".git/HEAD", &sha);
    let again = docker.build(&project).arg("GIT_SHA", &sha);
    assert_eq!(again.succeed().compiled(), [""; 0]);
}

/// Two libraries share a source, all packages a build script, and one reads the program's manifest; build scripts ask Cargo
/// and look into other packages: none of them sees a stub, or a manifest that was made for a step.
#[test]
fn what_packages_share_is_real() {
    let docker = Docker::take();
    let project = Project::empty();
    let script = "fn main() {\n    println!(\"cargo::rustc-check-cfg=cfg(shared)\");\n    \
                  println!(\"cargo::rustc-cfg=shared\");\n}\n";
    let library = |more: &str, name: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}")
    };
    let names = ["about", "finds", "left", "right"];
    let paths = names.map(|name| format!("{name} = {{ path = \"{name}\" }}\n"));
    let root = "[workspace]\n[package]\nname = \"app\"\nversion = \"1.4.2\"\nedition = \"2024\"\nbuild = \"shared.rs\"\n";
    let mut locked = String::from("version = 4\n");
    locked.push_str(&lock::entry("app", "1.4.2", &names));
    names
        .iter()
        .for_each(|name| locked.push_str(&lock::entry(name, "0.1.0", &[])));
    let unseen = nonce();
    project
        .write(
            "Rust.yaml",
            "# syntax=org/rust-frontend:1\nimage: { base: scratch }\n",
        )
        .write(
            "Cargo.toml",
            format!("{root}[dependencies]\n{}", paths.concat()),
        )
        .write("Cargo.lock", locked)
        .write("shared.rs", script)
        .write(
            "src/main.rs",
            "fn main() {\n    let version = about::MANIFEST.contains(\"1.4.2\");\n    \
             println!(\"{} {} {} {version}\", cfg!(shared), left::SHARED, right::SHARED);\n    \
             println!(\"{} {}\", about::SAID, finds::FOUND);\n}\n",
        )
        // A script that asks Cargo, and one that takes what it finds of a package that it does not need.
        .write("about/Cargo.toml", library("", "about"))
        .write(
            "about/build.rs",
            "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    let cargo = std::env::var(\"CARGO\").unwrap();\n    \
             let args = [\"metadata\", \"--no-deps\", \"--format-version=1\"];\n    \
             let said = std::process::Command::new(cargo).args(args).output().unwrap().stdout;\n    \
             let said = String::from_utf8(said).unwrap().contains(\"1.4.2\");\n    \
             println!(\"cargo::rustc-env=SAID={said}\");\n}\n",
        )
        .write(
            "finds/build.rs",
            "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
             let found = std::fs::read_dir(\"../right/src\").map_or(0, Iterator::count);\n    \
             println!(\"cargo::rustc-env=FOUND={found}\");\n}\n",
        )
        .write("finds/Cargo.toml", library("", "finds"))
        .write(
            "finds/src/lib.rs",
            format!("// {unseen}\npub const FOUND: &str = env!(\"FOUND\");\n"),
        )
        .write("right/src/other.rs", "")
        .write(
            "about/src/lib.rs",
            format!(
                "// {unseen}\npub const MANIFEST: &str = include_str!(\"../../Cargo.toml\");\n\
                 pub const SAID: &str = env!(\"SAID\");\n"
            ),
        )
        .write(
            "left/Cargo.toml",
            library("build = \"../shared.rs\"\n", "left"),
        )
        .write(
            "left/src/lib.rs",
            format!("// {unseen}\npub const SHARED: bool = cfg!(shared);\n"),
        )
        .write(
            "right/Cargo.toml",
            library(
                "build = \"../shared.rs\"\n[lib]\npath = \"../left/src/lib.rs\"\n",
                "right",
            ),
        );
    let (image, _) = docker.build(&project).image("shared");
    assert_eq!(image.prints(&[]), "true true true true\ntrue 1\n");
}
