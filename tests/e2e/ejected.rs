//! The way out: the Dockerfile that `--call=dockerfile` writes makes, with the engine's own frontend, the image
//! that `Rust.yaml` makes.

use crate::support::docker::Docker;
use crate::support::image::Image;
use crate::support::nonce;
use crate::support::project::Project;

macro_rules! ejected {
    ($($test:ident: $folder:literal $($target:literal)?,)*) => {
        $(#[test]
        fn $test() {
            same_image($folder, None$(.or(Some($target)))?);
        })*
    };
}

ejected! {
    c_dependency: "c-dependency",
    debian_gnu: "debian-gnu",
    debug_variant: "debug-variant",
    healthcheck: "healthcheck",
    nonroot_volume: "nonroot-volume",
    protobuf: "protobuf",
    rusty_docker: "rusty-docker",
    scratch: "scratch",
    server_on_scratch: "server-on-scratch",
    sqlx_offline: "sqlx-offline",
    static_files: "static-files",
    tests_and_clippy: "tests-and-clippy",
    workspace_server: "workspace" "server",
    workspace_worker: "workspace" "worker",
}

fn same_image(folder: &str, target: Option<&str>) {
    let docker = Docker::take();
    let project = Project::unseen(folder);
    let name = format!("{folder}-{}", target.unwrap_or("only"));
    let build = docker.build(&project).target(target);
    let (ours, _) = build.clone().image(&name);
    project.write("Dockerfile", build.clone().answer("dockerfile"));
    let ejected = || docker.build(&project).file("Dockerfile").target(target);
    let (theirs, _) = ejected().image(&format!("{name}-ejected"));

    let mut config = theirs.config();
    if let Some(config) = config.as_object_mut() {
        // The official frontend marks every CMD so, for Windows.
        config.remove("ArgsEscaped");
    }
    assert_eq!(ours.config(), config);
    // The same files of the same sizes: what the engine calls size counts the times in headers, compressed.
    assert_eq!(build.clone().files().files(), ejected().files().files());
    let program = program(&ours);
    assert!(ours.file(&program) == theirs.file(&program), "{program}");

    // After the same edit what others wrote is cached here and there.
    let main = match target {
        Some(target) => format!("crates/{target}/src/main.rs"),
        None => "src/main.rs".to_owned(),
    };
    project.append(&main, &format!("\n// {}\n", nonce()));
    for report in [build.succeed(), ejected().succeed()] {
        let compiled = report.compiled();
        assert!(!compiled.is_empty(), "{report}");
        let others = compiled.iter().filter(|name| project.is_external(name));
        assert_eq!(others.collect::<Vec<_>>(), [&""; 0], "{report}");
    }
}

fn program(image: &Image<'_>) -> String {
    let entrypoint = image.inspect().config.entrypoint.unwrap_or_default();
    match entrypoint.first() {
        Some(path) if path.starts_with('/') => path.clone(),
        Some(name) => format!("/usr/local/bin/{name}"),
        None => panic!("no entrypoint"),
    }
}

#[test]
fn the_same_steps_are_cached_after_an_edit() {
    let docker = Docker::take();
    let project = Project::unseen("rusty-docker");
    let dockerfile = docker.build(&project).answer("dockerfile");
    project.write("Dockerfile", dockerfile);
    let build = || docker.build(&project).file("Dockerfile");
    build().succeed();
    let word = nonce();
    project.replace("src/main.rs", "Hello, world!", &word);

    let (image, report) = build().image("edit-ejected");
    for step in ["dependencies 2/", "dependencies 3/", "fetch 2/"] {
        let cached = report
            .steps()
            .filter(|step| step.cached)
            .map(|step| &step.name);
        let cached: Vec<_> = cached.collect();
        assert!(
            cached.iter().any(|name| name.contains(step)),
            "{step}: {report}"
        );
    }
    assert_eq!(report.compiled(), ["rusty-docker"]);
    assert_eq!(image.prints(&[]), format!("{word}\n"));

    // What no source reads compiles nothing.
    project.write("README.md", nonce());
    let report = build().succeed();
    assert_eq!(report.compiled(), [""; 0], "{report}");
    assert!(report.is_cached("compile 2/"), "{report}");

    // A version is the program's own; nothing else is built again for it.
    let version = format!("version = \"0.1.0-{}\"", nonce());
    let old = "name = \"rusty-docker\"\nversion = \"0.1.0\"";
    let new = format!("name = \"rusty-docker\"\n{version}");
    project.replace("Cargo.toml", old, &new);
    project.replace("Cargo.lock", old, &new);
    let report = build().succeed();
    assert_eq!(report.compiled(), ["rusty-docker"], "{report}");
}

#[test]
fn every_call_has_an_answer() {
    let docker = Docker::take();
    let project = Project::example("workspace");
    let call = |name: &str| docker.build(&project).answer(name);
    assert!(call("plan").contains("dependencies ("));
    assert!(call("graph").starts_with("flowchart TD\n"));
    assert!(call("explain").contains("when  any file of it"));
    assert!(call("bake").contains("\"worker\""));
    assert!(call("schema").contains("\"$schema\""));
    assert!(call("init").starts_with("# syntax="));
    let dockerfile = call("dockerfile");
    for stage in ["AS server\n", "AS worker\n"] {
        assert!(dockerfile.contains(stage), "{dockerfile}");
    }
}
