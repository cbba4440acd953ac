//! Named contexts: in the place of base images, of packages, and of the frontend itself.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::support::docker::{Docker, Outcome};
use crate::support::image::Image;
use crate::support::project::Project;
use crate::support::tree::Tree;
use crate::support::{SYNTAX, frontend, lock, nonce};

const SCRATCH: &str = "image: { base: scratch }\n";

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
fn a_base_keeps_its_user_unless_that_is_root() {
    let docker = Docker::take();
    for (user, kept) in [("0", "65532:65532"), ("1001:1002", "1001:1002")] {
        let word = nonce();
        let dockerfile = Tree::empty();
        let text = format!("FROM debian:trixie-slim\nUSER {user}\n");
        std::fs::write(dockerfile.path().join("Dockerfile"), text).expect("can write");
        let base = docker.build(dockerfile.path()).file("Dockerfile");
        let (base, _) = base.image("base-of-a-user");
        let spec = format!("image: {{ base: \"base-{word}\", volumes: /data }}\n");
        let context = format!("base-{word}=docker-image://{}", base.tag());
        let project = Project::tiny(&spec);
        let build = docker.build(&project).option("--build-context", context);
        let (image, _) = build.image("of-a-user");
        let script = "echo $(id -u):$(id -g); stat -c %u:%g /data";
        let said = docker.output(["run", "--rm", "--entrypoint=sh", image.tag(), "-c", script]);
        // A group that nothing names is none.
        let runs_as = kept.replace(":65532", ":0");
        assert_eq!(said, format!("{runs_as}\n{kept}\n"), "{user}");
    }
}

#[test]
fn a_directory_takes_the_place_of_a_base() {
    let docker = Docker::take();
    let word = nonce();
    let base = Tree::empty();
    std::fs::write(base.path().join("kept"), &word).expect("can write");
    std::fs::write(base.path().join("ignored"), &word).expect("can write");
    std::fs::write(base.path().join(".dockerignore"), "ignored\n").expect("can write");
    // One is a reference, one a short name.
    for name in [&format!("base-{word}"), "distroless"] {
        let project = Project::tiny(&format!("image: {{ base: \"{name}\" }}\n"));
        let context = format!("{name}={}", base.path().display());
        let build = docker.build(&project).option("--build-context", context);
        let made = build.files();
        let files: Vec<String> = made
            .files()
            .keys()
            .map(|path| path.display().to_string())
            .collect();
        assert!(files.contains(&"kept".to_owned()), "{files:?}");
        assert!(!files.contains(&"ignored".to_owned()), "{files:?}");
        assert!(!files.contains(&"etc/passwd".to_owned()), "{files:?}");
        assert!(
            files.contains(&"usr/local/bin/tiny".to_owned()),
            "{files:?}"
        );
    }
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
    project.write(".dockerignore", "**/word.txt\n");
    // What Cargo made is not sent: no client can send a file of such a name.
    for dir in [&*project, util.as_path()] {
        let built = dir.join("target/debug");
        std::fs::create_dir_all(&built).expect("can make folders");
        std::fs::write(built.join(OsStr::from_bytes(b"\xff")), "").expect("can write");
    }
    let package = |name: &str, needs: &[&str]| lock::entry(name, "0.1.0", needs);
    project
        .append(
            "Cargo.toml",
            "[dependencies]\nouter = { path = \"../../outside/a/outer\" }\ninner = { path = \"inner\" }\n",
        )
        .write(
            "Cargo.lock",
            format!(
                "version = 4\n{}{}{}{}",
                package("inner", &[]),
                package("outer", &["util"]),
                package("tiny", &["inner", "outer"]),
                package("util", &[]),
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

/// As users of the official frontend try a release out that is not published.
#[test]
fn the_frontend_itself_may_be_a_named_context() {
    let docker = Docker::take();
    let project = Project::tiny("image: { base: scratch, bsae: alpine }\n");
    let name = format!("frontend-{}", nonce());
    project.replace("Rust.yaml", SYNTAX, &name);
    let context = format!("{name}=docker-image://{}", frontend());
    let printed = docker
        .build(&project)
        .frontend(&name)
        .option("--build-context", context)
        .fail();
    assert!(printed.contains("did you mean `base`?"), "{printed}");
}

#[test]
fn bake_links_a_target_as_the_base() {
    let docker = Docker::take();
    let word = nonce();
    let project = Project::tiny(&format!("image: {{ base: \"base-{word}\" }}\n"));
    project.replace("Rust.yaml", SYNTAX, &frontend());
    project.write(
        "docker-bake.hcl",
        format!(
            "target \"base\" {{\n  dockerfile-inline = \"FROM alpine\\nENV LINKED={word}\\nRUN echo \
             {word} >/linked\"\n}}\ntarget \"default\" {{\n  dockerfile = \"Rust.yaml\"\n  contexts = \
             {{ \"base-{word}\" = \"target:base\" }}\n  tags = [\"bake-{word}\"]\n  output = \
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

/// What another builder wrote, or a tool that builds images without any.
#[test]
fn a_layout_takes_the_place_of_a_base() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let word = nonce();
    let project = Project::tiny(&format!("image: {{ base: \"base-{word}\" }}\n"));
    project.write(
        "base.Dockerfile",
        format!("FROM alpine\nENV LAYOUT={word}\nRUN echo {word} >/of-layout\n"),
    );
    let layout = Tree::empty();
    let at = layout.path().display();
    let made = docker.build(&project).file("base.Dockerfile");
    made.output(format!("type=oci,tar=false,dest={at}"));
    let context = format!("base-{word}=oci-layout://{at}");
    let build = docker.build(&project).option("--build-context", context);
    let (image, _) = build.image("layout");
    let text = docker.output(["run", "--rm", "--entrypoint=cat", image.tag(), "/of-layout"]);
    assert_eq!(text.trim(), word);
    let env = image.inspect().config.env.expect("some");
    assert!(env.contains(&format!("LAYOUT={word}")), "{env:?}");
}
