//! A workspace of 20 libraries: which crates an edit compiles, counted in the progress. The cache mounts that these
//! builds have are emptied before: what stays comes from the engine's layers alone.

use crate::support::docker::Docker;
use crate::support::nonce;
use crate::support::progress::BuildReport;
use crate::support::project::Project;
use crate::support::tree::Tree;

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

/// The crates that were compiled from their sources, each once; stubs have another version.
fn compiled(report: &BuildReport) -> Vec<String> {
    let log = report.log();
    let lines = log.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("Compiling ")?;
        let (name, rest) = rest.split_once(' ')?;
        rest.starts_with("v1.0.0 ").then(|| name.to_owned())
    });
    let mut crates: Vec<String> = lines.collect();
    crates.sort();
    crates
}

fn workspace() -> Project {
    let unseen = nonce();
    let tree = Tree::empty();
    let project = Project::copy(tree.path());
    let mut lock = String::from("version = 4\n");
    let mut all = String::new();
    let mut locked = vec![];
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
        std::fs::create_dir_all(project.as_ref().join(&dir).join("src")).expect("can make folders");
        project.write(&format!("{dir}/Cargo.toml"), manifest);
        project.write(&format!("{dir}/src/lib.rs"), source);
        all.push_str(&format!("{name} = {{ path = \"crates/{name}\" }}\n"));
        let needs: Vec<String> = needs
            .iter()
            .map(|one| format!("\"{}\"", self::name(*one)))
            .collect();
        lock.push_str(&format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\ndependencies = [{}]\n",
            needs.join(", ")
        ));
        locked.push(format!("\"{name}\""));
    }
    lock.push_str(&format!(
        "\n[[package]]\nname = \"whole\"\nversion = \"1.0.0\"\ndependencies = [{}]\n",
        locked.join(", ")
    ));
    let calls: Vec<String> = (0..NEEDS.len())
        .map(|one| format!("{}::sum()", name(one)))
        .collect();
    let main = format!(
        "fn main() {{\n    println!(\"{{}} {{:?}}\", {}, option_env!(\"GIT_SHA\"));\n}}\n",
        calls.join(" + ")
    );
    std::fs::create_dir_all(project.as_ref().join("src")).expect("can make folders");
    project.write("src/main.rs", main);
    project.write("Cargo.lock", lock);
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

/// Empties the only cache mounts that a build without crates from outside has: those that let few steps of local
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
        std::fs::create_dir(project.join(&dir).join("more")).expect("can make folders");
        project
            .write(&format!("{dir}/more/mod.rs"), format!("// {}\n", nonce()))
            .append(&format!("{dir}/lib.rs"), "\nmod more;\n");
        let report = docker.build(&project).succeed();
        let mut expected = dependants(package);
        expected.sort();
        assert_eq!(compiled(&report), expected, "{report}");
        assert_eq!(expected.len(), count);
    }

    project.append("README.md", &nonce());
    assert_eq!(docker.build(&project).succeed().compiled(), [""; 0]);

    // A stamp is the program's alone.
    let sha = nonce();
    let stamped = docker.build(&project).arg("GIT_SHA", &sha);
    let (image, report) = stamped.image("stamped");
    assert_eq!(compiled(&report), ["whole"], "{report}");
    assert!(image.prints(&[]).ends_with(&format!(" Some(\"{sha}\")\n")));

    // What git keeps of the same commit is no input.
    std::fs::create_dir(project.as_ref().join(".git")).expect("can make folders");
    project.write(".git/HEAD", &sha);
    let again = docker.build(&project).arg("GIT_SHA", &sha);
    assert_eq!(again.succeed().compiled(), [""; 0]);
}
