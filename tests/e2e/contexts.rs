//! Contexts of every kind: named ones, repositories, archives, other places of the spec.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::docker::{Docker, Outcome};
use crate::support::image::Image;
use crate::support::nonce;
use crate::support::project::Project;
use crate::support::tree::Tree;

const SCRATCH: &str = "image: { base: scratch }\n";

/// Runs a shell line in a folder; it must succeed.
fn sh(dir: &Path, line: &str) -> String {
    let outcome = Outcome::of(Command::new("sh").args(["-ec", line]).current_dir(dir));
    assert_eq!(outcome.exit, Some(0), "{line}\n{outcome}");
    outcome.stdout
}

/// The file that a build makes, and what it holds.
fn binary(made: &Tree) -> Vec<u8> {
    std::fs::read(made.path().join("usr/local/bin/tiny")).expect("the executable")
}

#[test]
fn an_image_takes_the_place_of_both_bases() {
    let docker = Docker::take();
    let word = nonce();
    // Nobody has images of these names.
    let spec = format!("build: {{ base: \"build-{word}:1\" }}\nimage: {{ base: run-{word} }}\n");
    let project = Project::tiny(&spec);
    // Whom the image runs as by itself, and where, means nothing to steps: they own what they write.
    let dockerfile = Tree::empty();
    let text = "FROM rust:1\nUSER 1000:1000\nWORKDIR /somewhere\nSHELL [\"/bin/false\"]\n";
    std::fs::write(dockerfile.path().join("Dockerfile"), text).expect("can write");
    let (own, _) = docker
        .build(dockerfile.path())
        .file("Dockerfile")
        .image("rust-of-another-user");
    let build = docker
        .build(&project)
        .option(
            "--build-context",
            format!("build-{word}:1=docker-image://{}", own.tag()),
        )
        .option(
            "--build-context",
            format!("run-{word}=docker-image://debian:trixie-slim"),
        );
    let (image, _) = build.image("named");
    let debian = docker.output([
        "run",
        "--rm",
        "--entrypoint=cat",
        image.tag(),
        "/etc/os-release",
    ]);
    assert!(debian.contains("Debian"), "{debian}");
    // The config is that image's, too.
    assert_eq!(
        image.inspect().config.entrypoint.expect("one"),
        ["/usr/local/bin/tiny"]
    );
}

#[test]
fn a_directory_takes_the_place_of_a_base() {
    let docker = Docker::take();
    let word = nonce();
    let project = Project::tiny(&format!("image: {{ base: \"base-{word}\" }}\n"));
    let base = Tree::empty();
    std::fs::write(base.path().join("kept"), &word).expect("can write");
    std::fs::write(base.path().join("ignored"), &word).expect("can write");
    std::fs::write(base.path().join(".dockerignore"), "ignored\n").expect("can write");
    let made = docker
        .build(&project)
        .option(
            "--build-context",
            format!("base-{word}={}", base.path().display()),
        )
        .files();
    let files: Vec<String> = made
        .files()
        .keys()
        .map(|path| path.display().to_string())
        .collect();
    assert!(files.contains(&"kept".to_owned()), "{files:?}");
    assert!(!files.contains(&"ignored".to_owned()), "{files:?}");
    assert!(
        files.contains(&"usr/local/bin/tiny".to_owned()),
        "{files:?}"
    );
}

/// Writes a library with a constant that its files hold.
fn library(dir: &Path, name: &str, manifest: &str, value: &str) {
    std::fs::create_dir_all(dir.join("src")).expect("can make folders");
    let write = |path: &str, text: String| std::fs::write(dir.join(path), text).expect("can write");
    write(
        "Cargo.toml",
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{manifest}"
        ),
    );
    write("src/lib.rs", format!("pub const VALUE: &str = {value};\n"));
    write("word.txt", nonce());
}

#[test]
fn directories_take_the_places_of_packages() {
    let docker = Docker::take();
    let project = Project::tiny(SCRATCH);
    let word = r#"include_str!("../word.txt")"#;
    let outside = Tree::empty();
    let (outer, util, inner) = ("a/outer", "b/util", "c/inner");
    let [outer, util, inner] = [outer, util, inner].map(|dir| outside.path().join(dir));
    // Paths as they are for whoever has all of it; only `inner` is in the build context, with other files.
    let depends = "[dependencies]\nutil = { path = \"../../b/util\" }\n\
        [dev-dependencies]\nnowhere = { path = \"../nowhere\" }\n";
    library(&outer, "outer", depends, "util::VALUE");
    library(&util, "util", "", word);
    library(&inner, "inner", "", word);
    library(&project.join("inner"), "inner", "", "\"replaced\"");
    // Its .dockerignore is about its own files alone.
    project.write(".dockerignore", "target\n**/word.txt\n");
    let package = |name: &str, more: &str| {
        format!("\n[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n{more}")
    };
    project
        .append(
            "Cargo.toml",
            "[dependencies]\nouter = { path = \"../../outside/a/outer\" }\ninner = { path = \"inner\" }\n",
        )
        .write(
            "Cargo.lock",
            format!(
                "version = 4\n{}{}{}{}",
                package("inner", ""),
                package("outer", "dependencies = [\"util\"]\n"),
                package("tiny", "dependencies = [\"inner\", \"outer\"]\n"),
                package("util", ""),
            ),
        )
        .write(
            "src/main.rs",
            "fn main() { println!(\"{} {}\", outer::VALUE, inner::VALUE); }\n",
        );
    let context = |name: &str, dir: &Path| format!("{name}={}", dir.display());
    let some = docker
        .build(&project)
        .option("--build-context", context("outer", &outer))
        .option("--build-context", context("inner", &inner));
    let printed = some.clone().fail();
    for words in [
        "dependency `util` is at `../../b/util`, outside of the build context: add `--build-context \
         util=DIRECTORY`",
        ">>> util = { path = \"../../b/util\" }",
    ] {
        assert!(printed.contains(words), "no {words}:\n{printed}");
    }

    let all = some.option("--build-context", context("util", &util));
    let read = |dir: &Path| std::fs::read_to_string(dir.join("word.txt")).expect("a text");
    let (image, _) = all.clone().image("packages");
    let expected = || format!("{} {}\n", read(&util), read(&inner));
    assert_eq!(image.prints(&[]), expected());
    assert_eq!(all.clone().succeed().executed(), [""; 0]);

    std::fs::write(inner.join("word.txt"), nonce()).expect("can write");
    let (image, report) = all.image("packages");
    assert_eq!(image.prints(&[]), expected());
    assert!(report.compiled().contains(&"inner"), "{report}");
}

#[test]
fn an_archive_on_standard_input() {
    let docker = Docker::take();
    let project = Project::tiny(SCRATCH);
    let outside = Tree::empty();
    let archive = outside.path().join("context.tar.gz");
    sh(&project, &format!("tar czf {} .", archive.display()));
    let made = docker.build(&project).archive(&archive).files();
    assert_eq!(binary(&made), binary(&docker.build(&project).files()));
}

#[test]
fn a_spec_in_another_place_and_its_own_ignore_file() {
    let docker = Docker::take();
    let word = nonce();
    let project = Project::tiny("");
    std::fs::create_dir(project.join("deploy")).expect("can make folders");
    project
        .write("a", &word)
        .write("b", &word)
        .write(".dockerignore", "a\n")
        .write(
            "deploy/app.yaml",
            "# syntax=org/rust-frontend:1\nimage:\n  base: scratch\n  files: { ./: /all }\n",
        )
        .write("deploy/app.yaml.dockerignore", "b\n");
    let made = docker.build(&project).file("deploy/app.yaml").files();
    let files: Vec<String> = made
        .files()
        .keys()
        .map(|path| path.display().to_string())
        .collect();
    assert!(files.contains(&"all/a".to_owned()), "{files:?}");
    assert!(!files.contains(&"all/b".to_owned()), "{files:?}");
}

/// A repository on a server of this machine's own, with one project in it and one in `sub/`.
struct Repository {
    server: Child,
    url: String,
    commit: String,
    _tree: Tree,
}

impl Repository {
    fn serve(project: &Project) -> Self {
        let tree = Tree::empty();
        let make = format!(
            "git init -q -b main work; cd work; cp -r {0}/. .; mkdir sub; cp -r {0}/. sub; \
             sed -i 's/fn main/fn main/' sub/src/main.rs; git add .; git -c user.name=a \
             -c user.email=a@b commit -qm one --date=2026-01-01T00:00:00Z; cd ..; \
             git clone -q --bare work repository.git; git -C work rev-parse HEAD",
            project.display()
        );
        let commit = sh(tree.path(), &make).trim().to_owned();
        let port = (9500..9600)
            .find(|port| TcpStream::connect(("127.0.0.1", *port)).is_err())
            .expect("a free port");
        let server = Command::new("git")
            .args([
                "daemon",
                "--export-all",
                "--listen=127.0.0.1",
                "--reuseaddr",
            ])
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", tree.path().display()))
            .stderr(Stdio::null())
            .spawn()
            .expect("git can be run");
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        Self {
            server,
            url: format!("git://127.0.0.1:{port}/repository.git"),
            commit,
            _tree: tree,
        }
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        let id = self.server.id().to_string();
        // Its workers end with it.
        let _ = Command::new("kill").arg(id).status();
        let _ = self.server.wait();
    }
}

#[test]
fn a_repository_and_a_directory_of_it() {
    let docker = Docker::take();
    let project = Project::tiny(SCRATCH);
    let repository = Repository::serve(&project);
    let local = binary(&docker.build(&project).files());
    let refs = [
        "#main".to_owned(),
        format!("#{}", repository.commit),
        "#main:sub".to_owned(),
    ];
    for fragment in refs {
        let url = format!("{}{fragment}", repository.url);
        let made = docker.build(&project).remote(url).files();
        assert!(binary(&made) == local, "{fragment}");
    }
}

#[test]
fn bake_links_a_target_as_the_base() {
    let docker = Docker::take();
    let word = nonce();
    let project = Project::tiny(&format!("image: {{ base: \"base-{word}\" }}\n"));
    let syntax = std::env::var("RUST_FRONTEND_IMAGE").map_or(String::new(), |image| {
        format!("args = {{ BUILDKIT_SYNTAX = \"{image}\" }}")
    });
    project.write(
        "docker-bake.hcl",
        format!(
            "target \"base\" {{\n  dockerfile-inline = \"FROM alpine\\nENV LINKED={word}\\nRUN echo \
             {word} >/linked\"\n}}\ntarget \"default\" {{\n  dockerfile = \"Rust.yaml\"\n  contexts = \
             {{ \"base-{word}\" = \"target:base\" }}\n  {syntax}\n  tags = [\"bake-{word}\"]\n  output = \
             [\"type=docker\"]\n}}\n"
        ),
    );
    let mut bake = docker.command(["buildx", "bake", "--allow=fs=*", "--progress=plain"]);
    let outcome = Outcome::of(bake.current_dir(&*project));
    assert_eq!(outcome.exit, Some(0), "{outcome}");
    let image = Image::named(&docker, &format!("bake-{word}:latest"));
    let linked = docker.output(["run", "--rm", "--entrypoint=cat", image.tag(), "/linked"]);
    assert_eq!(linked.trim(), word);
    let env = image.inspect().config.env.expect("some");
    assert!(env.contains(&format!("LINKED={word}")), "{env:?}");
    assert!(
        docker
            .output(["run", "--rm", image.tag()])
            .starts_with("tiny ")
    );
}

#[test]
fn compose_builds_what_it_is_told_to() {
    let docker = Docker::take();
    if docker.run(["compose", "version"]).exit != Some(0) {
        eprintln!("skipped: this docker has no compose plugin");
        return;
    }
    let word = nonce();
    let spec = "args: { WORD: none }\nimage: { base: scratch, env: { WORD: \"${WORD}\" } }\n";
    let project = Project::tiny(spec);
    let image = Image::named(&docker, &format!("compose-{word}:latest"));
    let syntax = std::env::var("RUST_FRONTEND_IMAGE").map_or(String::new(), |image| {
        format!("        BUILDKIT_SYNTAX: {image}\n")
    });
    project.write(
        "compose.yaml",
        format!(
            "services:\n  app:\n    image: {}\n    build:\n      context: .\n      dockerfile: Rust.yaml\n      \
             labels: {{ team: shop }}\n      args:\n        WORD: {word}\n{syntax}",
            image.tag()
        ),
    );
    let mut compose = docker.command(["compose", "build"]);
    let outcome = Outcome::of(compose.current_dir(&*project));
    assert_eq!(outcome.exit, Some(0), "{outcome}");
    assert!(image.prints(&[]).starts_with("tiny "));
    let config = image.inspect().config;
    assert_eq!(config.labels.expect("labels")["team"], "shop");
    assert!(config.env.expect("some").contains(&format!("WORD={word}")));
}
