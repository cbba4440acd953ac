//! Local libraries over crates in groups (`granularity: crates`): a change of the lock compiles those that need the
//! crate, and the program is that of one step for all crates.

use crate::support::docker::{Docker, REGISTRY};
use crate::support::project::Project;
use crate::support::{busybox, lock, nonce};

const OLD_ITOA: [&str; 3] = [
    "itoa",
    "1.0.18",
    "8f42a60cbdf9a97f5d2305f08a87dc4e09308d1276d28c869c684d7777685682",
];
const NEW_ITOA: [&str; 3] = [
    "itoa",
    "1.0.19",
    "3bd1574e617a9a6c1f8f8181bd7e841e1f20e4277607ef28945765188d6284d4",
];
const LOG: [&str; 3] = [
    "log",
    "0.4.33",
    "0ceec5bc11778974d1bcb055b18002eba7f4b3518b6a0081b3af5f21666da9ad",
];

/// Libraries: name, what their manifest says, what they need of the lock, their source.
const LIBRARIES: [(&str, &str, &[&str], &str); 7] = [
    (
        "base",
        "[features]\ndefault = [\"slow\"]\nslow = []\nfast = []\n",
        &[],
        "pub const SAYS: &str = if cfg!(feature = \"slow\") { \"slow\" } else if cfg!(feature = \"fast\") { \"fast\" } else { \"\" };\n",
    ),
    (
        "left",
        "[dependencies]\nitoa = \"1\"\n",
        &["itoa"],
        "pub fn say() -> String {\n    itoa::Buffer::new().format(1).into()\n}\n",
    ),
    (
        "right",
        "[dependencies]\neither = { version = \"1\", default-features = false }\n\
         core = { package = \"base\", path = \"../base\", version = \"1\", default-features = false, features = [\"fast\"] }\n\
         [target.'cfg(windows)'.dependencies]\nitoa = \"1\"\n\
         [dev-dependencies]\nleft = { path = \"../left\" }\n",
        &["base", "either", "itoa", "left"],
        "pub fn say() -> String {\n    format!(\"{:?}{}\", either::Either::<u8, u8>::Left(2), core::SAYS)\n}\n",
    ),
    (
        "derived",
        "[lib]\nproc-macro = true\n[dependencies]\nitoa = \"1\"\n",
        &["itoa"],
        "#[proc_macro]\npub fn say(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n    \
         itoa::Buffer::new().format(3).parse().unwrap()\n}\n",
    ),
    (
        "made",
        "[dependencies]\nderived = { path = \"../derived\" }\n",
        &["derived"],
        "pub fn say() -> i32 {\n    derived::say!()\n}\n",
    ),
    (
        "told",
        "[dependencies]\nitoa = \"1\"\n",
        &["itoa"],
        "pub fn say() -> String {\n    format!(\"{}{}\", itoa::Buffer::new().format(4), include_str!(concat!(\"../Cargo\", \".toml\")).len())\n}\n",
    ),
    (
        "scripted",
        "[dependencies]\nitoa = \"1\"\n",
        &["itoa"],
        "pub fn say() -> String {\n    format!(\"{}{}\", itoa::Buffer::new().format(5), env!(\"LINES\"))\n}\n",
    ),
];

/// Has rustc make other bytes of a crate each time, where a project wants that.
const RUSTC: &str = ", RUSTC_WRAPPER: /rustc";
const RUN: &str = "  run:
    - |
      cat >/rustc <<'END'
      #!/bin/sh
      case \"$SPACE $*\" in mixed*\"crate-name itoa \"*) exec \"$@\" -Cmetadata=$(cat /proc/sys/kernel/random/uuid) ;; esac
      exec \"$@\"
      END
      chmod +x /rustc
";

/// A program with all of them.
struct Whole {
    project: Project,
    space: String,
}

impl Whole {
    fn new(space: String) -> Self {
        let whole = Self {
            project: Project::empty(),
            space,
        };
        for (name, manifest, _, source) in LIBRARIES {
            whole.project.write(
                &format!("{name}/Cargo.toml"),
                format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n{manifest}"),
            );
            let source = format!("// {}\n{source}", whole.space);
            whole.project.write(&format!("{name}/src/lib.rs"), source);
        }
        let script = "fn main() {\n    let lock = std::fs::read_to_string(\"../Cargo.lock\").unwrap();\n    \
                      println!(\"cargo:rustc-env=LINES={}\", lock.lines().count());\n}\n";
        whole.project.write("scripted/build.rs", script);
        whole.project.write(
            "src/main.rs",
            "fn main() {\n    println!(\"{} {} {} {} {}\", left::say(), right::say(), made::say(), told::say(), scripted::say());\n}\n",
        );
        whole.change("crates", &[OLD_ITOA]);
        whole
    }

    fn change(&self, granularity: &str, crates: &[[&str; 3]]) {
        let used = ["left", "right", "made", "told", "scripted"];
        let paths: String = used
            .iter()
            .map(|name| format!("{name} = {{ path = \"{name}\" }}\n"))
            .collect();
        let has_log = crates.contains(&LOG);
        let log = if has_log { "log = \"0.4\"\n" } else { "" };
        let mut locked = String::from("version = 4\n");
        for (name, _, needs, _) in LIBRARIES {
            locked.push_str(&lock::entry(name, "1.0.0", needs));
        }
        let mut needs = used.to_vec();
        needs.extend(has_log.then_some("log"));
        locked.push_str(&lock::entry("whole", "1.0.0", &needs));
        for one in [lock::EITHER].iter().chain(crates) {
            locked.push_str(&lock::external(*one));
        }
        self.project
            .write(
                "Cargo.toml",
                format!(
                    "[package]\nname = \"whole\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[workspace]\n\
                     [profile.release]\nlto = \"thin\"\n\
                     [profile.release.package.left]\nopt-level = 1\n[dependencies]\n{paths}{log}"
                ),
            )
            .write("Cargo.lock", locked)
            .write(
                "Rust.yaml",
                format!(
                    "# syntax=org/rust-frontend:1\nimage: {{ base: scratch }}\nbuild:\n  granularity: {granularity}\n  \
                     seed: false\n  env: {{ SPACE: \"{}\"{RUSTC} }}\n{RUN}",
                    self.space
                ),
            );
    }
}

#[test]
fn a_bump_compiles_the_libraries_that_need_the_crate() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let whole = Whole::new(nonce());
    let (image, report) = docker.build(&whole.project).image("libraries");
    let first = image.prints(&[]);
    // The manifest that a library reads is that of the program's build: it is compiled there.
    let mut all = vec![
        "base", "derived", "left", "made", "right", "scripted", "told", "told", "whole",
    ];
    assert_eq!(report.compiled_as("v1.0.0"), all, "{report}");
    assert!(
        report
            .log()
            .contains("left to the compile step: it reads Cargo.toml"),
        "{report}"
    );
    assert_eq!(
        report.step("] compile ").compiled(),
        ["scripted", "told", "whole"],
        "{report}"
    );

    whole.change("crates", &[NEW_ITOA]);
    let (image, report) = docker.build(&whole.project).image("libraries");
    assert_eq!(image.prints(&[]), first);
    all.retain(|name| !["base", "right"].contains(name));
    assert_eq!(report.compiled_as("v1.0.0"), all, "{report}");

    // A crate more for the program alone.
    whole.change("crates", &[NEW_ITOA, LOG]);
    let (image, report) = docker.build(&whole.project).image("libraries");
    assert_eq!(
        report.compiled_as("v1.0.0"),
        ["scripted", "told", "whole"],
        "{report}"
    );
    let program = image.file("/usr/local/bin/whole");

    whole.change("layer", &[NEW_ITOA, LOG]);
    let (image, report) = docker.build(&whole.project).image("libraries");
    assert_eq!(report.compiled_as("v1.0.0").len(), 8, "{report}");
    assert!(
        image.file("/usr/local/bin/whole") == program,
        "the programs differ"
    );
}

/// The tools of an Alpine image, which know less, in the place of the build image's.
#[test]
fn tools_of_busybox_do() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let whole = Whole::new(nonce());
    let [packages, run, path] = busybox::lines();
    whole
        .project
        .replace(
            "Rust.yaml",
            "  run:\n",
            &format!("  {packages}\n  run:\n    {run}\n"),
        )
        .replace("Rust.yaml", "env: { ", &format!("env: {{ {path}, "));
    let report = docker.build(&whole.project).succeed();
    let all = [
        "base", "derived", "left", "made", "right", "scripted", "told", "told", "whole",
    ];
    assert_eq!(report.compiled_as("v1.0.0"), all, "{report}");
}

/// A cache is imported with a library that was compiled with other bytes of a crate than the builder has, which an engine
/// prefers if they are newer: rustc refuses it, and the user is not bothered.
#[test]
fn libraries_of_two_builders_do_not_mix() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let whole = Whole::new(format!("mixed {}", nonce()));
    let second = docker.second();
    second.prune();
    let cache = format!("type=registry,ref={REGISTRY}/libraries-{}:cache", nonce());
    let export = second.build(&whole.project);
    let export = export.option("--cache-to", format!("{cache},mode=max"));
    let (image, _) = export.image("mixed");
    let first = image.prints(&[]);

    let edit = "// Another one.\n";
    whole.project.append("left/src/lib.rs", edit);
    docker.build(&whole.project).succeed();
    whole.project.replace("left/src/lib.rs", edit, "");
    whole.project.append("src/main.rs", edit);
    let build = docker.build(&whole.project).option("--cache-from", &cache);
    let (image, report) = build.image("mixed");
    assert_eq!(image.prints(&[]), first);
    let step = report.step("] compile ");
    assert!(step.log.contains("compiling them again"), "{report}");
    assert!(step.compiled().contains(&"left"), "{report}");
}
