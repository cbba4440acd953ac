//! Each folder of `examples/` builds and runs as its `expect.toml` says.

use std::collections::BTreeSet;
use std::fs;

use crate::support::container::Container;
use crate::support::docker::{Docker, Outcome};
use crate::support::expect::{Expect, ImageExpect, Run, Serve, Stage};
use crate::support::image::Image;
use crate::support::project::Project;
use crate::support::volume::Volume;
use crate::support::{SYNTAX, example, frontend, nonce, repository};

macro_rules! examples {
    ($($test:ident: $folder:literal,)*) => {
        $(#[test]
        fn $test() {
            check($folder);
        })*

        #[test]
        fn every_folder_has_a_test() {
            let tested = BTreeSet::from([$($folder.to_owned()),*]);
            let folders: BTreeSet<String> = fs::read_dir(repository().join("examples"))
                .expect("there are examples")
                .map(|entry| entry.expect("a readable folder"))
                .filter(|entry| entry.path().is_dir())
                .map(|entry| entry.file_name().into_string().expect("a readable name"))
                .collect();
            assert_eq!(tested, folders);
            for folder in folders {
                let expect = Expect::of(&example(&folder));
                assert!(expect.runs_something(), "{folder}");
            }
        }
    };
}

examples! {
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
    workspace: "workspace",
}

/// The files beside the spec, as they are but for what a machine has once: names of images and a port. The frontend
/// is the one under test.
#[test]
fn compose_and_bake_files_work_as_written() {
    let docker = Docker::take();
    let project = Project::example("workspace");
    project.replace("Rust.yaml", SYNTAX, &frontend());
    let programs = ["server", "worker"];
    let run = |words: &[&str]| Outcome::of(docker.command(words).current_dir(&*project));

    let baked = programs.map(|name| Image::named(&docker, &format!("bake-{name}")));
    let tags = [0, 1].map(|at| format!("--set={}.tags={}", programs[at], baked[at].tag()));
    let bake = [
        "buildx",
        "bake",
        "--allow=fs=*",
        "--load",
        &tags[0],
        &tags[1],
    ];
    let bake = run(&bake);
    assert_eq!(bake.exit, Some(0), "{bake}");
    for (image, name) in baked.iter().zip(programs) {
        assert_eq!(image.prints(&["--version"]), format!("shop-{name} 0.3.0\n"));
    }

    let composed = programs.map(|name| Image::named(&docker, &format!("compose-{name}")));
    for (image, name) in composed.iter().zip(programs) {
        let named = |tag: &str| format!("    image: {tag}\n");
        let old = named(&format!("shop-{name}"));
        project.replace("compose.yaml", &old, &named(image.tag()));
    }
    project.replace("compose.yaml", "\"8080:8080\"", "\"127.0.0.1::8080\"");

    let plugin = docker.run(["compose", "version"]);
    assert_eq!(
        plugin.exit,
        Some(0),
        "needs docker's compose plugin: {plugin}"
    );
    let up = ["up", "--build", "--exit-code-from=worker", "--no-color"];
    let name = format!("--project-name=shop-{}", nonce());
    let compose = |words: &[&str]| run(&[&["compose", &name], words].concat());
    let ended = compose(&up);
    // `up` does not wait for the last lines of a program that ends.
    let logs = compose(&["logs", "--no-color", "worker"]);
    compose(&["down"]);
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert!(
        logs.stdout.contains("sold out: crate (8.99)"),
        "{ended}\n{logs}"
    );
}

fn check(folder: &str) {
    let docker = Docker::take();
    let expect = Expect::of(&example(folder));
    for image in &expect.image {
        check_image(&docker, folder, image);
    }
    for serve in &expect.serve {
        check_server(&docker, folder, serve);
    }
    for stage in &expect.stage {
        check_stage(&docker, folder, stage);
    }
}

fn check_image(docker: &Docker, folder: &str, expect: &ImageExpect) {
    let image = build(docker, folder, expect.target.as_deref());
    check_config(&image, expect);
    if let Some(files) = &expect.files {
        let build = docker.build(example(folder));
        let exported = build.target(expect.target.as_deref()).files();
        assert_eq!(&exported.files().into_keys().collect::<Vec<_>>(), files);
    }
    let volume = Volume::new(docker);
    for run in &expect.run {
        let mount = run.volume.as_ref().map(|path| volume.mount(path));
        let options: Vec<_> = mount.iter().map(String::as_str).collect();
        check_run(run, &image.run(&options, run));
    }
}

fn check_config(image: &Image<'_>, expect: &ImageExpect) {
    let inspect = image.inspect();
    let config = inspect.config;
    if let Some(user) = &expect.user {
        assert_eq!(&config.user, user);
    }
    if let Some(workdir) = &expect.workdir {
        assert_eq!(&config.working_dir, workdir);
    }
    if let Some(signal) = &expect.stop_signal {
        assert_eq!(&config.stop_signal, signal);
    }
    if expect.entrypoint.is_some() {
        assert_eq!(config.entrypoint, expect.entrypoint);
    }
    if expect.cmd.is_some() {
        assert_eq!(config.cmd, expect.cmd);
    }
    let env = config.env.unwrap_or_default();
    for variable in &expect.env {
        assert!(env.contains(variable), "no {variable} in {env:?}");
    }
    let labels = config.labels.unwrap_or_default();
    for (name, value) in &expect.labels {
        assert_eq!(labels.get(name), Some(value), "label {name}");
    }
    let ports: Vec<_> = config
        .exposed_ports
        .unwrap_or_default()
        .into_keys()
        .collect();
    assert_eq!(ports, expect.expose);
    let volumes: Vec<_> = config.volumes.unwrap_or_default().into_keys().collect();
    assert_eq!(volumes, expect.volumes);
    if let Some(limit) = expect.size_max {
        assert!(
            inspect.size <= limit.0,
            "{} bytes, not {limit:?}",
            inspect.size
        );
    }
}

fn check_run(expect: &Run, outcome: &Outcome) {
    let Run { args, .. } = expect;
    assert_eq!(outcome.exit, Some(expect.exit), "{args:?}: {outcome}");
    if let Some(stdout) = &expect.stdout {
        assert_eq!(&outcome.stdout, stdout, "{args:?}: {outcome}");
    }
    if let Some(words) = &expect.stdout_contains {
        assert!(
            outcome.stdout.contains(words),
            "{args:?}: no `{words}`: {outcome}"
        );
    }
    if let Some(words) = &expect.stderr_contains {
        assert!(
            outcome.stderr.contains(words),
            "{args:?}: no `{words}`: {outcome}"
        );
    }
}

fn check_server(docker: &Docker, folder: &str, expect: &Serve) {
    let image = build(docker, folder, expect.target.as_deref());
    let server = Container::start(&image, expect.port, &expect.ready);
    for get in &expect.get {
        let body = server.get(expect.port, &get.path);
        if let Some(expected) = &get.body {
            assert_eq!(&body, expected, "{}", get.path);
        }
        if let Some(words) = &get.body_contains {
            assert!(body.contains(words), "{}: no `{words}` in {body}", get.path);
        }
    }
    for run in &expect.client {
        let client = build(docker, folder, run.target.as_deref());
        check_run(run, &client.run(&[&server.network()], run));
    }
    if expect.healthy {
        assert_eq!(server.health(), "healthy");
    }
}

fn check_stage(docker: &Docker, folder: &str, expect: &Stage) {
    let build = docker.build(example(folder)).target(Some(&expect.target));
    let report = build.clone().succeed();
    for words in &expect.log_contains {
        assert!(
            report.log().contains(words),
            "no `{words}` in:\n{}",
            report.log()
        );
    }
    if let Some(files) = &expect.files {
        assert_eq!(
            &build.files().files().into_keys().collect::<Vec<_>>(),
            files
        );
    }
}

fn build<'d>(docker: &'d Docker, folder: &str, target: Option<&str>) -> Image<'d> {
    let name = match target {
        Some(target) => format!("{folder}-{target}"),
        None => folder.to_owned(),
    };
    let (image, _) = docker.build(example(folder)).target(target).image(&name);
    image
}
