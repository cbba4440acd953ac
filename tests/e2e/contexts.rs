//! Main contexts of every kind: repositories, archives, other places of the spec.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::support::build::Build;
use crate::support::docker::{Docker, Outcome};
use crate::support::http::Server;
use crate::support::image::Image;
use crate::support::project::Project;
use crate::support::tree::Tree;
use crate::support::{SYNTAX, frontend, nonce, sh};

const SCRATCH: &str = "image: { base: scratch }\n";

/// The file that a build makes, and what it holds.
fn binary(made: &Tree) -> Vec<u8> {
    std::fs::read(made.path().join("usr/local/bin/tiny")).expect("the executable")
}

#[test]
fn a_spec_in_another_place_and_its_own_ignore_file() {
    let docker = Docker::take();
    let word = nonce();
    let project = Project::tiny("");
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

#[test]
fn the_commit_is_a_value_of_the_spec() {
    let docker = Docker::take();
    let project = Project::tiny(
        "args: { VCS_REVISION: unknown }\nbuild: { stamp: { REVISION: '${VCS_REVISION}' } }\nimage: { base: scratch }\n",
    );
    project.write(
        "src/main.rs",
        "fn main() { println!(\"{}\", env!(\"REVISION\")); }\n",
    );
    let repository = Repository::serve(&project);
    let prints = |build: Build<'_>| build.image("commit").0.prints(&[]);
    assert_eq!(prints(docker.build(&project)), "unknown\n");
    let commit = sh(
        &project,
        "git init -q; git add .; git -c user.name=a -c user.email=a@b commit -qm one; git rev-parse HEAD",
    );
    assert_eq!(prints(docker.build(&project)), commit);
    let given = docker.build(&project).arg("VCS_REVISION", "mine");
    assert_eq!(prints(given), "mine\n");
    let url = format!("{}#{}", repository.url, repository.commit);
    let remote = docker.build(&project).remote(url);
    assert_eq!(prints(remote), format!("{}\n", repository.commit));
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
             sed -i 's/tiny /below /' sub/src/main.rs; git add .; git -c user.name=a \
             -c user.email=a@b commit -qm one --date=2026-01-01T00:00:00Z; cd ..; \
             git clone -q --bare work repository.git; git -C work rev-parse HEAD",
            project.display()
        );
        let commit = sh(tree.path(), &make).trim().to_owned();
        let port = free_port();
        let mut server = Command::new("git")
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
            let ended = server.try_wait().expect("it can be asked");
            assert_eq!(ended, None, "git's daemon ended");
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

/// A port that nobody has: for a server that does not choose one itself.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
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
    let commit = format!("#{}", repository.commit);
    for (fragment, below) in [
        ("#main", false),
        (&commit, false),
        ("#main:sub", true),
        ("?branch=main&subdir=sub", true),
    ] {
        let url = format!("{}{fragment}", repository.url);
        let made = binary(&docker.build(&project).remote(url).files());
        assert_eq!(made == local, !below, "{fragment}");
        let says_so = made.windows(6).any(|word| word == b"below ");
        assert_eq!(says_so, below, "{fragment}");
    }
    let url = format!("{}#main:nowhere", repository.url);
    let words = docker.build(&project).remote(url).fail();
    assert!(words.contains("nowhere: no such file"), "{words}");
    assert!(!words.contains("there is no `Rust.yaml`"), "{words}");
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
fn the_syntax_line_is_where_docker_reads_it() {
    let docker = Docker::take();
    let project = Project::tiny("");
    let image = frontend();
    for head in [
        format!("\u{feff}# syntax={image}\r\n"),
        format!("#!/usr/bin/env docker\n#syntax = {image}\n"),
        format!("# check=skip=all\n# syntax={image} more words=x\n# a comment\n---\n"),
    ] {
        project.write("spec.yaml", format!("{head}image: {{ bsae: alpine }}\n"));
        let printed = docker.build(&project).file("spec.yaml").fail();
        assert!(
            printed.contains("did you mean `base`?"),
            "{head}\n{printed}"
        );
    }
    let json =
        format!("{{\n  \"syntax\": \"{image}\",\n  \"image\": {{ \"bsae\": \"alpine\" }}\n}}\n");
    project.write("spec.yaml", json);
    let printed = docker.build(&project).file("spec.yaml").fail();
    assert!(printed.contains("   3 | >>>   \"image\""), "{printed}");
}

#[test]
fn a_spec_on_standard_input() {
    let docker = Docker::take();
    let project = Project::tiny("image: { base: alpine }\n");
    let outside = Tree::empty();
    let spec = outside.path().join("spec");
    std::fs::write(
        &spec,
        "# syntax=org/rust-frontend:1\nimage: { bsae: scratch }\n",
    )
    .expect("can write");
    let printed = docker.build(&project).spec(&spec).fail();
    assert!(printed.contains("did you mean `base`?"), "{printed}");
    let mistake = std::fs::read_to_string(&spec).expect("a text");
    std::fs::write(&spec, mistake.replace("bsae", "base")).expect("can write");
    let made = docker.build(&project).spec(&spec).files();
    assert!(!made.path().join("etc/alpine-release").exists());
    assert_eq!(binary(&made), binary(&docker.build(&project).files()));
}

/// The URL of a file that whoever asks gets.
fn serve(file: Vec<u8>) -> String {
    let server = Server::bind();
    let url = format!("{}/{}", server.url(), nonce());
    server.serve(move |_, _| Ok(file.clone()));
    url
}

#[test]
fn what_is_behind_a_url_is_an_archive_or_the_spec() {
    let docker = Docker::take();
    let project = Project::tiny(SCRATCH);
    let outside = Tree::empty();
    let archive = outside.path().join("context.tar");
    sh(&project, &format!("tar cf {} .", archive.display()));
    let url = serve(std::fs::read(archive).expect("can read"));
    let made = docker.build(&project).remote(url).files();
    assert_eq!(binary(&made), binary(&docker.build(&project).files()));

    let url = serve(b"# syntax=org/rust-frontend:1\nimage: { bsae: scratch }\n".to_vec());
    let printed = docker.build(&project).remote(url).fail();
    assert!(printed.contains("did you mean `base`?"), "{printed}");
}

/// Links that lead nowhere, or in circles, are in the way of nobody who does not ask for them.
#[test]
fn links_lead_to_manifests_and_files_of_the_image() {
    let docker = Docker::take();
    let spec = "image:\n  base: scratch\n  files: { current: /etc/app.conf, all/*.txt: /texts/ }\n";
    let project = Project::tiny(spec);
    let word = nonce();
    sh(
        &project,
        &format!(
            "mkdir -p settings/texts && echo {word} | tee settings/prod.conf >settings/texts/a.txt && \
             ln -s settings/prod.conf current && ln -s settings/texts all && ln -s nowhere dangling && \
             ln -s circle circle && ln -s /etc/hostname outside && mkfifo pipe && \
             mv Cargo.lock settings/lock && ln -s settings/lock Cargo.lock"
        ),
    );
    let made = docker.build(&project).files();
    for path in ["etc/app.conf", "texts/a.txt"] {
        let text = std::fs::read_to_string(made.path().join(path)).expect("a text");
        assert_eq!(text.trim(), word, "{path}");
    }
}

#[test]
fn compose_builds_what_it_is_told_to() {
    let docker = Docker::take();
    let compose = docker.run(["compose", "version"]);
    assert_eq!(
        compose.exit,
        Some(0),
        "needs docker's compose plugin: {compose}"
    );
    let word = nonce();
    let spec = "args: { WORD: none }\nimage: { base: scratch, env: { WORD: \"${WORD}\" } }\n";
    let project = Project::tiny(spec);
    let image = Image::named(&docker, &format!("compose-{word}:latest"));
    project.replace("Rust.yaml", SYNTAX, &frontend());
    project.write(
        "compose.yaml",
        format!(
            "services:\n  app:\n    image: {}\n    build:\n      context: .\n      dockerfile: Rust.yaml\n      \
             labels: {{ team: shop }}\n      args:\n        WORD: {word}\n",
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
