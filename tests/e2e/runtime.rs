//! What programs find in an image when they run.

use crate::support::docker::{Docker, REGISTRY};
use crate::support::nonce;
use crate::support::project::Project;
use crate::support::tree::Tree;

/// Links with a library that only the build has.
const ODD: &str = r#"
use std::process::Command;

fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    let [source, library] = ["odd.c", "libodd.so"].map(|name| format!("{out}/{name}"));
    std::fs::write(&source, "int odd(void) { return 7; }\n").unwrap();
    let mut compiler = Command::new("cc");
    assert!(compiler.args(["-shared", "-fPIC", "-o", &library, &source]).status().unwrap().success());
    println!("cargo::rustc-link-search=native={out}\ncargo::rustc-link-lib=dylib=odd");
}
"#;

#[test]
fn a_library_that_the_image_lacks_is_named() {
    let docker = Docker::take();
    let project = Project::tiny("build: { target: gnu }\nimage: { base: debian }\n");
    let program = "unsafe extern \"C\" {\n    fn odd() -> i32;\n}\n\nfn main() {\n    println!(\"{}\", unsafe { odd() });\n}\n";
    project
        .write("build.rs", ODD)
        .write("src/main.rs", format!("{program}// {}\n", nonce()));
    let report = docker.build(&project).succeed();
    let [warning] = &report.warnings[..] else {
        panic!("{:#?}", report.warnings);
    };
    let words = "`tiny` needs `libodd.so`, which the image does not have";
    assert!(warning.contains(words), "{warning}");

    let error = "lint: { error: true }\n";
    project.append("Rust.yaml", error);
    let words = docker.build(&project).fail();
    let violation = "lint violation found for rules: missing-shared-library";
    assert!(words.contains(violation), "{words}");

    let skip = "lint: { skip: [missing-shared-library] }\n";
    project.replace("Rust.yaml", error, skip);
    assert_eq!(docker.build(&project).succeed().warnings, [""; 0]);

    // Whatever it is: the dynamic loader finds it.
    project.replace("Rust.yaml", skip, "");
    project.write("libodd.so", nonce()).replace(
        "Rust.yaml",
        "{ base: debian }",
        "{ base: debian, files: { libodd.so: /usr/lib/ } }",
    );
    assert_eq!(docker.build(&project).succeed().warnings, [""; 0]);
}

/// A company's own base, say, that there is for one kind of processor.
#[test]
fn a_base_of_another_platform_is_a_warning() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let name = format!("{REGISTRY}/foreign-{}:1", nonce());
    let base = Tree::empty();
    std::fs::write(base.path().join("Dockerfile"), "FROM scratch\nLABEL a=b\n").expect("can write");
    let base = docker.build(base.path()).file("Dockerfile");
    let base = base.option("--platform", "linux/s390x");
    let base = base.option("--provenance", "false");
    base.output(format!("type=image,name={name},push=true"));

    let project = Project::tiny(&format!("image: {{ base: \"{name}\" }}\n"));
    let report = docker.build(&project).succeed();
    let [warning] = &report.warnings[..] else {
        panic!("{:#?}", report.warnings);
    };
    let words = "is an image for linux/s390x, not for linux/";
    assert!(warning.contains(words), "{warning}");

    project.append("Rust.yaml", "lint: { error: true }\n");
    let words = docker.build(&project).fail();
    let violation = "lint violation found for rules: base-platform";
    assert!(words.contains(violation), "{words}");
}

#[test]
fn an_empty_base_has_a_place_for_temporary_files() {
    let docker = Docker::take();
    let project = Project::tiny("image: { base: scratch }\n");
    let word = nonce();
    let program = format!(
        "fn main() {{\n    let file = std::env::temp_dir().join(\"file\");\n    std::fs::write(&file, \"{word}\").unwrap();\n    \
         println!(\"{{}}\", std::fs::read_to_string(file).unwrap());\n}}\n"
    );
    project.write("src/main.rs", program);
    let (image, _) = docker.build(&project).image("temporary");
    assert_eq!(image.prints(&[]), format!("{word}\n"));
}

/// Web servers say by it whether a page has changed.
#[test]
fn files_have_their_own_time() {
    let docker = Docker::take();
    let project = Project::tiny("image: { base: scratch, files: { page: / } }\n");
    let program = "fn main() {\n    let time = std::fs::metadata(\"/page\").unwrap().modified().unwrap();\n    \
                   println!(\"{}\", time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs());\n}\n";
    project
        .write("src/main.rs", format!("{program}// {}\n", nonce()))
        .write("page", nonce())
        .touch(2020);
    let (image, _) = docker.build(&project).image("times");
    let days = (2020 - 1970) * 1461 / 4;
    assert_eq!(image.prints(&[]), format!("{}\n", days * 24 * 60 * 60));
}

/// Packages, a user and its files come from the image's own base, each by its name there.
#[test]
fn packages_and_users_are_of_the_base() {
    let docker = Docker::take();
    let project = Project::tiny(
        "image:\n  base: debian\n  packages: [netbase]\n  run: [useradd --system --uid 4242 app]\n  user: app\n  \
         files: { page.txt: { to: /srv/page.txt, owner: app } }\n  volumes: [/data]\n",
    );
    let program = r#"
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

fn main() {
    let owner = |path: &str| fs::metadata(path).unwrap().uid();
    fs::write("/data/new", "").unwrap();
    let owners = ["/proc/self", "/srv/page.txt", "/data/new"].map(owner);
    println!("{owners:?} {}", Path::new("/etc/protocols").exists());
}
"#;
    project
        .write("page.txt", nonce())
        .write("src/main.rs", format!("{program}// {}\n", nonce()));
    let (image, _) = docker.build(&project).image("packages");
    assert_eq!(image.prints(&[]), "[4242, 4242, 4242] true\n");
}
