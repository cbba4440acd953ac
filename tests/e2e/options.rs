//! Options of the command line: what reaches the steps, and what does not reach cache keys and images.

use crate::support::docker::Docker;
use crate::support::nonce;
use crate::support::project::Project;

const SCRATCH: &str = "image: { base: scratch }\n";

#[test]
fn hosts_limits_and_networks_reach_the_steps() {
    let docker = Docker::take();
    let show = "cat /etc/hosts; df /dev/shm; hostname; ulimit -n; cat /proc/self/cgroup";
    let spec = format!(
        "build:\n  run:\n    - cmd: '{show}; echo proxy=$HTTP_PROXY {}'\n      network: true\n\
         {SCRATCH}",
        nonce()
    );
    let project = Project::tiny(&spec);
    // A build script that tells whether there is a way out.
    project.write(
        "build.rs",
        "fn main() {\n    let routes = std::fs::read_to_string(\"/proc/net/route\").unwrap();\n    \
         println!(\"cargo::warning=routes={} proxy={:?}\", routes.lines().count() - 1, \
         std::env::var(\"HTTP_PROXY\"));\n}\n",
    );
    let report = docker
        .build(&project)
        .option("--add-host", "somewhere:10.1.2.3")
        .option("--shm-size", "100m")
        .option("--ulimit", "nofile=1234:2345")
        .option("--network", "host")
        .option("--allow", "network.host")
        .arg("BUILDKIT_SANDBOX_HOSTNAME", "sandbox-host")
        .arg("HTTP_PROXY", "http://proxy.invalid:1")
        .succeed();
    let log = &report.step("run cat").log;
    assert!(log.contains("10.1.2.3\tsomewhere"), "{log}");
    assert!(log.contains("102400"), "{log}");
    assert!(log.lines().any(|line| line == "1234"), "{log}");
    assert!(log.contains("sandbox-host"), "{log}");
    assert!(log.contains("proxy=http://proxy.invalid:1"), "{log}");
    let log = &report.step("compile tiny").log;
    assert!(log.contains("routes=0 proxy=Err(NotPresent)"), "{log}");
}

#[test]
fn a_network_of_none_is_for_all_steps() {
    let docker = Docker::take();
    let spec = format!(
        "build:\n  run:\n    - cmd: 'grep -c . /proc/net/route; echo {}'\n      network: true\n\
         {SCRATCH}",
        nonce()
    );
    let project = Project::tiny(&spec);
    let report = docker.build(&project).option("--network", "none").succeed();
    let log = &report.step("run grep").log;
    assert!(log.starts_with("1\n"), "{log}");
}

#[test]
fn proxies_are_no_part_of_keys_and_images() {
    let docker = Docker::take();
    let spec = format!(
        "build:\n  run:\n    - cmd: 'echo {} $https_proxy'\n      network: true\n{SCRATCH}",
        nonce()
    );
    let project = Project::tiny(&spec);
    let build = |proxy: &str| docker.build(&project).arg("https_proxy", proxy);
    let report = build("http://one.invalid").succeed();
    assert!(report.log().contains("http://one.invalid"), "{report}");
    let (image, report) = build("http://two.invalid").image("proxies");
    assert_eq!(report.executed(), [""; 0]);
    let inspected = docker.output(["image", "inspect", image.tag()]);
    let history = docker.output(["history", "--no-trunc", image.tag()]);
    assert!(!(inspected + &history).contains("invalid"));
}

#[test]
fn without_a_cache_all_steps_are_done_but_downloads() {
    let docker = Docker::take();
    let project = Project::tiny(SCRATCH);
    let build = || docker.build(&project);
    build().succeed();
    assert_eq!(build().succeed().executed(), [""; 0]);

    let report = build().flag("--no-cache").succeed();
    for step in ["] toolchain", "] compile tiny", "] copy tiny"] {
        assert!(!report.is_cached(step), "{step}\n{report}");
    }
    let report = build().option("--no-cache-filter", "BINARY").succeed();
    assert!(report.is_cached("] toolchain"), "{report}");
    assert!(!report.is_cached("] compile tiny"), "{report}");
    let report = build().option("--no-cache-filter", "tiny").succeed();
    assert!(!report.is_cached("] toolchain"), "{report}");
    let report = build().option("--no-cache-filter", "other").succeed();
    assert_eq!(report.executed(), [""; 0]);
}

#[test]
fn the_native_platform_may_be_named() {
    let docker = Docker::take();
    let project = Project::tiny(SCRATCH);
    let platform = docker.output(["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"]);
    docker.build(&project).succeed();
    let named = || docker.build(&project).option("--platform", platform.trim());
    assert_eq!(named().succeed().executed(), [""; 0]);
}

/// Two that one compiler is for: the engine's processor, and newer ones of its kind.
#[test]
fn several_platforms_are_one_result() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let own = docker.output(["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"]);
    let own = own.trim();
    let newer = if own.ends_with("amd64") { "v2" } else { "v9" };
    let platforms = [own.to_owned(), format!("{own}/{newer}")];
    let project = Project::tiny(SCRATCH);
    let build = docker.build(&project);
    let made = build.option("--platform", platforms.join(",")).files();
    for platform in platforms {
        let folder = made.path().join(platform.replace('/', "_"));
        assert!(folder.join("usr/local/bin/tiny").exists(), "{platform}");
    }
}

#[test]
fn a_platform_without_a_linker_is_said_before_anything_runs() {
    let docker = Docker::take();
    let project = Project::tiny("build: { target: gnu }\nimage: { base: scratch }\n");
    let printed = docker
        .build(&project)
        .option("--platform", "linux/s390x")
        .fail();
    assert!(
        printed.contains("Rust.yaml:2: there is no linker for `s390x-unknown-linux-gnu` on linux/"),
        "{printed}"
    );
    assert!(!printed.contains("toolchain"), "{printed}");
}

#[test]
fn labels_of_the_command_line_win() {
    let docker = Docker::take();
    let spec = "image:\n  base: scratch\n  labels: { team: shop, kept: spec }\n";
    let project = Project::tiny(spec);
    let build = docker.build(&project).option("--label", "team=other");
    let (image, _) = build.image("labels");
    let labels = image.inspect().config.labels.expect("labels");
    assert_eq!(
        (labels["team"].as_str(), labels["kept"].as_str()),
        ("other", "spec")
    );
}
