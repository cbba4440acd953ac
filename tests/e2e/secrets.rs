//! Secrets and agents: in the steps that need them, and nowhere else.

use std::process::{Child, Command, Stdio};

use crate::support::docker::Docker;
use crate::support::project::Project;
use crate::support::tree::Tree;
use crate::support::{nonce, sh};

/// A build script that proves that it read the secret without showing it.
const BUILD: &str = "fn main() {\n    let secret = std::fs::read(\"/run/secrets/licence\").unwrap();\n    \
    let variables = [\"TOKEN\", \"SECOND\"].map(|name| std::env::var(name).unwrap().len());\n    \
    let file = std::fs::read(\"/run/token\").unwrap();\n    \
    println!(\"cargo::warning=lengths {} {variables:?} {}\", secret.len(), file.len());\n}\n";

/// Words that are not a secret: of the program's file, and of the image's config.
const FILE: &str = "tiny without a secret";
const VARIABLE: &str = "MARK=no secret";

const SPEC: &str = "build:\n  secrets:\n    - { id: licence, step: compile }\n    \
    - { id: token, step: compile, env: TOKEN }\n    \
    - { id: token, step: compile, env: SECOND, target: /run/token }\n  \
    run: [test ! -e /run/secrets/licence]\nimage: { base: scratch, env: { MARK: no secret } }\n";

#[test]
fn a_secret_reaches_a_build_script_and_nothing_else() {
    let docker = Docker::take();
    let project = Project::tiny(SPEC);
    let outside = Tree::empty();
    let value = format!("secret-{}", nonce());
    std::fs::write(outside.path().join("file"), &value).expect("can write");
    project.write("build.rs", BUILD);
    let main = format!("fn main() {{ println!(\"{FILE} {}\"); }}\n", nonce());
    project.write("src/main.rs", main);

    let file = format!("id=licence,src={}", outside.path().join("file").display());
    let build = docker
        .build(&project)
        .env("THE_TOKEN", &value)
        .option("--secret", file)
        .option("--secret", "id=token,env=THE_TOKEN");
    let (image, report) = build.image("secret");
    let lengths = format!("lengths {0} [{0}, {0}] {0}", value.len());
    assert!(report.log().contains(&lengths), "{}", report.log());
    assert!(!report.log().contains(&value));
    // The same search finds what is there.
    for word in [FILE, VARIABLE] {
        assert!(image.holds(word.as_bytes()), "`{word}` is not found");
    }
    assert!(!image.holds(value.as_bytes()), "the image holds the secret");
}

/// Cargo writes what a build script asks for beside what it compiles, in clear text.
#[test]
fn a_secret_is_in_no_layer_of_the_cache() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let spec =
        "build: { secrets: [{ id: token, env: TOKEN }] }\nimage: { base: scratch }\ntest: {}\n";
    let project = Project::tiny(spec).with_library();
    let script = "fn main() {\n    println!(\"cargo::rerun-if-env-changed=TOKEN\");\n    \
        assert!(!std::env::var(\"TOKEN\").unwrap().is_empty());\n}\n";
    let word = nonce();
    project
        .write("build.rs", script)
        .write("lib/build.rs", script)
        .write(
            "lib/src/lib.rs",
            format!("pub const WORD: &str = \"{word}\";\n"),
        )
        .write(
            "src/main.rs",
            "fn main() { println!(\"{}\", lib::WORD); }\n",
        );
    let value = format!("secret-{}", nonce());
    for stage in [None, Some("test")] {
        let cache = Tree::empty();
        let export = format!(
            "type=local,dest={},mode=max,compression=uncompressed,force-compression=true",
            cache.path().display()
        );
        let build = docker
            .build(&project)
            .target(stage)
            .env("THE_TOKEN", &value)
            .option("--secret", "id=token,env=THE_TOKEN")
            .option("--cache-to", export);
        let report = build.succeed();
        assert!(report.compiled().contains(&"lib"), "{report}");
        let holds = |word: &str| {
            let mut files = cache.files().into_keys();
            files.any(|file| {
                let bytes = std::fs::read(cache.path().join(file)).expect("can read");
                bytes.windows(word.len()).any(|at| at == word.as_bytes())
            })
        };
        // The same search finds what is there.
        assert!(holds(&word), "the sources are not found");
        assert!(!holds(&value), "{stage:?}: the cache holds the secret");
    }
}

#[test]
fn a_missing_secret_is_an_error_that_names_the_flag() {
    let docker = Docker::take();
    let project = Project::tiny(SPEC);
    project.write("build.rs", BUILD);
    let printed = docker.build(&project).fail();
    let message = "Rust.yaml:4: the build needs the secret `licence`, and it was not passed: add \
        `--secret id=licence,src=FILE` or `--secret id=licence,env=VARIABLE`, or write `required: \
        false`";
    assert!(printed.contains(message), "{printed}");
    let line = "   4 | >>>     - { id: licence, step: compile }";
    assert!(printed.lines().any(|shown| shown == line), "{printed}");
}

/// Makes a repository of one commit, the same one on every machine.
const REPOSITORY: &str = "git init -q -b main dep && cd dep && mkdir src && \
    printf \"[package]\\nname = \\\"dep\\\"\\nversion = \\\"0.1.0\\\"\\n\" >Cargo.toml && \
    echo \"pub fn f() {}\" >src/lib.rs && git add . && \
    GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z \
    git -c user.name=a -c user.email=a@b commit -qm dep && git rev-parse HEAD";

/// Stands in for ssh in the build image: looks for the agent, and then serves what is asked for.
const SSH: &str = "printf \"#!/bin/sh\\ntest -S \\\"\\$SSH_AUTH_SOCK\\\" || exit 9\\n\
    for last; do :; done\\nexec sh -c \\\"\\$last\\\"\\n\" >/fake-ssh && chmod +x /fake-ssh";

/// An agent that ends with its test.
struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_agent_reaches_the_step_that_fetches() {
    let docker = Docker::take();
    let outside = Tree::empty();
    let commit = sh(outside.path(), REPOSITORY);
    let socket = outside.path().join("agent");
    let mut agent = Command::new("ssh-agent");
    let agent = agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null());
    let mut agent = Agent(agent.spawn().expect("ssh-agent can be run"));

    let spec = format!(
        "build:\n  ssh: default\n  env: {{ GIT_SSH_COMMAND: /fake-ssh }}\n  run:\n    \
         - 'test -z \"$SSH_AUTH_SOCK\" && echo {}'\n    - '{SSH}'\n    - 'cd /srv && {REPOSITORY}'\n\
         image: {{ base: scratch }}\n",
        nonce()
    );
    let project = Project::tiny(&spec);
    let source = "ssh://git@dep.invalid/srv/dep";
    let package = "[[package]]\nname = \"dep\"\nversion = \"0.1.0\"\n";
    project
        .append(
            "Cargo.toml",
            &format!("[dependencies]\ndep = {{ git = \"{source}\" }}\n"),
        )
        .append(
            "Cargo.lock",
            &format!(
                "dependencies = [\"dep\"]\n\n{package}source = \"git+{source}#{}\"\n",
                commit.trim()
            ),
        );
    let build = docker.build(&project).env("SSH_AUTH_SOCK", &socket);
    while !socket.exists() {
        assert_eq!(
            agent.0.try_wait().expect("it can be asked"),
            None,
            "ssh-agent ended"
        );
        std::thread::yield_now();
    }
    let report = build.option("--ssh", "default").succeed();
    assert!(report.compiled().contains(&"dep"), "{report}");
}

#[test]
fn a_missing_agent_is_an_error_that_names_the_flag() {
    let docker = Docker::take();
    let project = Project::example("rusty-docker");
    let word = nonce();
    project.append("Rust.yaml", &format!("build:\n  ssh: agent-{word}\n"));
    let message = format!(
        "Rust.yaml:3: the build needs the ssh agent `agent-{word}`, and it was not passed: add \
         `--ssh agent-{word}=SOCKET` or `--ssh agent-{word}=KEY`"
    );
    for target in [None, Some("deps")] {
        let printed = docker.build(&project).target(target).fail();
        assert!(printed.contains(&message), "{printed}");
    }
}
