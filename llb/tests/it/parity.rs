//! Our bytes against those of the Go client.
//!
//! `bollard-llb` ships definitions that the Go client of BuildKit 0.29 wrote. They are read where
//! Cargo keeps that crate, never copied. Each is compared whole: operations byte for byte and in
//! order, and the capabilities and descriptions of every vertex.

use buildkit_llb::{self as llb, Definition, Exec, MarshalOptions, Meta, Mount, Platform, State};
use buildkit_llb::{CacheSharingOpt, NetMode, ResolveMode, SecretEnv, SecurityMode};
use buildkit_proto::{Message as _, canonical, pb};
use std::path::PathBuf;
use std::process::Command;

fn unnamed() -> Meta {
    Meta::default()
}

fn image(name: &str) -> State {
    llb::image(name).state(unnamed())
}

fn alpine() -> State {
    image("docker.io/library/alpine:latest")
}

fn busybox() -> State {
    image("docker.io/library/busybox:latest")
}

fn local_alpine() -> State {
    image("localhost:5000/alpine:latest")
}

fn on(architecture: &str, variant: &str) -> Platform {
    Platform {
        variant: variant.into(),
        ..llb::platform("linux", architecture)
    }
}

/// A command, split at blanks, on a root.
fn exec(command: &str, root: State) -> Exec {
    Exec::new(command.split(' ')).mount(Mount::root(root))
}

fn shell(script: &str, root: State) -> Exec {
    Exec::new(["sh", "-c", script]).mount(Mount::root(root))
}

fn run(command: &str, root: State) -> State {
    exec(command, root).state(unnamed())
}

fn cache(sharing: CacheSharingOpt) -> State {
    let mount = Mount::cache("/cache", "cache-id").sharing(sharing);
    exec("echo hello", alpine()).mount(mount).state(unnamed())
}

fn secret_env(id: &str, name: &str) -> SecretEnv {
    SecretEnv {
        id: id.into(),
        name: name.into(),
        optional: false,
    }
}

/// The steps of a chain of file operations, each a vertex of its own, up to the given length.
fn chain(length: usize) -> State {
    let config = "[server]\nhost = \"0.0.0.0\"\n";
    let mut state = llb::scratch();
    for step in 0..length {
        let file = state.file();
        state = match step {
            0 => file.then(llb::mkdir("/app").parents()),
            1 => file.then(llb::mkfile("/app/config.toml", config)),
            2 => file.then(llb::symlink("/app/config.toml", "/app/current-config")),
            _ => file.then(backup(&state)),
        }
        .state(unnamed());
    }
    state
}

fn backup(state: &State) -> llb::Copy {
    llb::copy(state, "/app/config.toml", "/app/config.toml.bak").create_dest_path()
}

fn local() -> State {
    let mut local = llb::local("context")
        .include(["*.go"])
        .exclude(["*_test.go"]);
    local = local
        .follow(["src"])
        .session("sess")
        .unique("unused")
        .shared_key("hint");
    local.state(unnamed())
}

fn mixed() -> State {
    let arm = unnamed().platform(on("arm", "v6"));
    let other = llb::image("docker.io/library/image2:latest").state(arm.clone());
    let sub = exec("cmd-sub", other).state(arm);
    let main = exec("cmd-main", image("docker.io/library/image1:latest"));
    main.mount(Mount::bind("/mnt", sub).output())
        .state(unnamed())
}

fn shared() -> State {
    let arm = unnamed().platform(on("arm64", ""));
    let other = llb::image("docker.io/library/shared:latest").state(arm.clone());
    let sub = exec("cmd-shared", other).state(arm);
    let main = exec("cmd-main", image("docker.io/library/main:latest"));
    main.mount(Mount::bind("/right", sub.clone()).output())
        .mount(Mount::bind("/left", sub).output())
        .state(unnamed())
}

fn ssh_agents() -> State {
    exec("true", alpine())
        .env("SSH_AUTH_SOCK", "/caller/agent.sock")
        .mount(agent("deploy", 1000).mode(0o640).optional(true))
        .mount(agent("build", 2000))
        .mount(Mount::cache("/z", "cache-z"))
        .mount(Mount::cache("/a", "cache-a"))
        .state(unnamed())
}

fn agent(id: &str, uid: u32) -> Mount {
    Mount {
        dest: format!("/run/{id}.sock"),
        ..Mount::ssh(id).owner(uid, uid + 1)
    }
}

fn caches() -> State {
    ["c", "a", "b"]
        .into_iter()
        .fold(exec("echo hello", alpine()), |exec, name| {
            exec.mount(Mount::cache(format!("/{name}"), format!("cache-{name}")))
        })
        .state(unnamed())
}

fn pulled(mode: ResolveMode) -> State {
    let image = llb::image("docker.io/library/alpine:latest").resolve_mode(mode);
    run("echo hello", image.state(unnamed()))
}

fn all_flags() -> State {
    let copy = llb::copy(busybox(), "/src", "/dst")
        .dockerfile()
        .exclude(["*.tmp"]);
    alpine().file().then(copy).state(unnamed())
}

fn merged(meta: Meta) -> State {
    llb::merge([alpine(), busybox()], meta)
}

/// The definition of this name, built here; `None` where ours cannot be told apart by name.
fn build(name: &str) -> Option<State> {
    let hello = |exec: Exec| exec.state(unnamed());
    let hosts = Exec {
        network: NetMode::Host,
        ..exec("true", alpine())
    };
    let insecure = Exec {
        security: SecurityMode::Insecure,
        ..exec("true", alpine())
    };
    let secret = |dest: &str, id: &str| {
        exec(&format!("cat {dest}"), alpine()).mount(Mount::secret(dest, id))
    };
    let env = |root: Exec, id: &str, var: &str| Exec {
        secret_env: vec![secret_env(id, var)],
        ..root
    };
    let arm64 = || unnamed().platform(on("arm64", ""));
    Some(match name {
        "image_run" | "platform_arm64" | "platform_arm_v7" => run("echo hello", alpine()),
        "image_resolve_force_pull" => pulled(ResolveMode::Pull),
        "image_resolve_prefer_local" => pulled(ResolveMode::Local),
        "platform_image_override" => {
            let image = llb::image("docker.io/library/alpine:latest").state(arm64());
            exec("echo image override", image).state(arm64())
        }
        "platform_state_override" => exec("echo state override", alpine()).state(arm64()),
        "platform_mixed" => mixed(),
        "platform_shared_subgraph" => shared(),
        "exec_default_meta" => run("true", alpine()),
        "exec_custom_name_ignore_cache" => {
            exec("echo hello", alpine()).state(Meta::named("named exec").ignore_cache(true))
        }
        "exec_network_host" => hello(hosts),
        "exec_security_insecure" => hello(insecure),
        "cache_mount_shared" => cache(CacheSharingOpt::Shared),
        "cache_mount_private" => cache(CacheSharingOpt::Private),
        "cache_mount_locked" => cache(CacheSharingOpt::Locked),
        "multi_mount_ordering" => caches(),
        "local_all_attrs" => local(),
        "copy_all_flags" => all_flags(),
        "merge" => merged(unnamed()),
        "merge_custom_name" => merged(Meta::named("merged")),
        "mkdir_parents" => llb::scratch()
            .file()
            .then(llb::mkdir("/tmp").parents())
            .state(unnamed()),
        "mkfile" => llb::scratch()
            .file()
            .then(llb::mkfile("/hello", "world"))
            .state(unnamed()),
        "symlink" => llb::scratch()
            .file()
            .then(llb::symlink("/target", "/link"))
            .state(unnamed()),
        "rm_wildcard" => llb::scratch()
            .file()
            .then(llb::rm("/tmp/*").wildcard())
            .state(unnamed()),
        "file_ops_mkdir" => chain(1),
        "file_ops_mkfile" => chain(2),
        "file_ops_symlink" => chain(3),
        "file_ops_copy" => chain(2).file().then(backup(&chain(2))).state(unnamed()),
        "file_operations_chain" => chain(4)
            .file()
            .then(llb::rm("/app/current-config"))
            .state(unnamed()),
        "differential_file_operations_allow_not_found" => chain(4)
            .file()
            .then(llb::rm("/app/current-config").allow_not_found())
            .state(unnamed()),
        "file_ops_rm" => chain(3)
            .file()
            .then(llb::rm("/app/current-config"))
            .state(unnamed()),
        "file_ops_rm_allow_not_found" => chain(3)
            .file()
            .then(llb::rm("/app/current-config").allow_not_found())
            .state(unnamed()),
        "scratch_bind_mount" => hello(
            exec("echo hello", alpine()).mount(Mount::bind("/scratch", llb::scratch()).output()),
        ),
        "scratch_direct" => llb::scratch(),
        "scratch_exec_root" => run("echo hello", llb::scratch()),
        "differential_image" => run("echo hello", local_alpine()),
        "differential_merge_alpine" => {
            let merged = llb::merge([local_alpine(), local_alpine()], unnamed());
            shell("echo differential > /differential", merged).state(unnamed().ignore_cache(true))
        }
        "differential_file_secret" => hello(
            shell("sha256sum /run/secrets/token > /derived", local_alpine())
                .mount(Mount::secret("/run/secrets/token", "token")),
        ),
        "differential_env_secret" => {
            let root = shell(
                "printf %s \"$MY_SECRET\" | sha256sum > /derived",
                local_alpine(),
            );
            hello(env(root, "mysecret", "MY_SECRET"))
        }
        "secret_as_env" => hello(env(exec("cat /secrets/token", alpine()), "token", "token")),
        "secret_env_explicit_name" => hello(env(
            exec("cat /secrets/token", alpine()),
            "mysecret",
            "MY_SECRET",
        )),
        // Their default place is relative; ours are always absolute.
        "secret_file_default" | "secret_file_optional" => hello(
            exec("cat /run/secrets/token", alpine())
                .mount(Mount::secret("token", "token").optional(name.ends_with("optional"))),
        ),
        "secret_file_permissions" => {
            let with_owner = secret("/run/secrets/license", "license");
            let mounts = with_owner
                .mounts
                .iter()
                .cloned()
                .map(|mount| mount.owner(1000, 1001).mode(0o440));
            hello(Exec {
                mounts: mounts.collect(),
                ..with_owner
            })
        }
        "ssh_default" => {
            hello(exec("test -S /run/buildkit/ssh_agent.0", alpine()).mount(Mount::ssh("")))
        }
        "ssh_explicit_ordering" => ssh_agents(),
        _ => return None,
    })
}

fn options(name: &str) -> MarshalOptions {
    let platform = match name {
        "platform_arm64" => on("arm64", ""),
        "platform_arm_v7" => on("arm", "v7"),
        _ => on("amd64", ""),
    };
    MarshalOptions {
        platform: Some(platform),
        ..MarshalOptions::default()
    }
}

/// The triple of the machine that runs the tests.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.unwrap().to_owned()
}

/// Where Cargo keeps the definitions.
#[expect(
    clippy::disallowed_methods,
    reason = "the reference files are another crate's"
)]
fn goldens() -> Vec<(String, Definition)> {
    // Without a platform cargo wants the crates of every other one, too.
    let host = host();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--offline"])
        .args(["--filter-platform", &host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let package = packages
        .find(|package| package["name"] == "bollard-llb")
        .unwrap();
    let folder = PathBuf::from(package["manifest_path"].as_str().unwrap())
        .with_file_name("testdata")
        .join("golden");
    let mut goldens = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        if let Some(name) = file.strip_suffix(".llb.pb") {
            let bytes = std::fs::read(&path).unwrap();
            goldens.push((
                name.to_owned(),
                Definition::decode(bytes.as_slice()).unwrap(),
            ));
        }
    }
    goldens.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(goldens.len() >= 47, "only {} definitions", goldens.len());
    goldens
}

/// Capabilities that we require and the Go client forgets.
const FORGOTTEN: &[&str] = &[
    "file.rm.wildcard",
    "file.symlink.create",
    "file.copy.includeexcludepatterns",
    // It requires this only for a source that is not scratch.
    "exec.mount.bind",
];

#[test]
fn our_definitions_equal_those_of_the_go_client() {
    for (name, golden) in goldens() {
        let state = build(&name).unwrap_or_else(|| panic!("{name} is not built here"));
        let ours = llb::marshal(&state, &options(&name)).unwrap();
        assert_eq!(llb::dump::text(&ours), llb::dump::text(&golden), "{name}");
        let decode = |bytes: &Vec<u8>| pb::Op::decode(bytes.as_slice()).unwrap();
        for (our, their) in ours.def.iter().zip(&golden.def) {
            assert_eq!(decode(our), decode(their), "{name}");
        }
        assert_eq!(ours.def, golden.def, "{name}");
        assert_eq!(
            ours.metadata.keys().collect::<Vec<_>>(),
            golden.metadata.keys().collect::<Vec<_>>(),
            "{name}"
        );
        for (ours, theirs) in ours.metadata.values().zip(golden.metadata.values()) {
            let mut ours = ours.clone();
            ours.caps.retain(|cap, _| {
                theirs.caps.contains_key(cap) || !FORGOTTEN.contains(&cap.as_str())
            });
            assert_eq!(&ours, theirs, "{name}");
        }
    }
}

#[test]
fn the_encoder_repeats_the_go_clients_bytes() {
    for (name, golden) in goldens() {
        for bytes in &golden.def {
            let op = pb::Op::decode(bytes.as_slice()).unwrap();
            assert_eq!(&canonical::encode_op(&op), bytes, "{name}");
        }
    }
}

#[test]
fn a_spliced_definition_keeps_its_bytes() {
    for (name, golden) in goldens() {
        let state = llb::input(&golden, "").unwrap();
        let ours = llb::marshal(&state, &MarshalOptions::default()).unwrap();
        assert_eq!(ours.def, golden.def, "{name}");
        assert_eq!(ours.metadata, golden.metadata, "{name}");
    }
}
