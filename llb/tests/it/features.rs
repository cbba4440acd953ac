//! Every feature of the other operations: how it is written and which capabilities it asks for.

use crate::support::{base, check, definition, named};
use buildkit_llb::{self as llb, CacheSharingOpt, CapSet, Definition, Exec, Meta, Mount};
use buildkit_llb::{MountContentCache, NetMode, Owner, SecurityMode};
use buildkit_llb::{dump, missing_caps, required_caps};
use buildkit_proto::caps;

fn exec() -> Exec {
    Exec::new(["run"]).mount(Mount::root(base()))
}

#[test]
fn commands() {
    let full = Exec {
        env: vec![("B".into(), "1".into()), ("A".into(), "2".into())],
        cwd: "/w".into(),
        user: "u:g".into(),
        proxy_env: Some(Default::default()),
        extra_hosts: vec![llb::HostIp {
            host: "h".into(),
            ip: "::1".into(),
        }],
        hostname: "n".into(),
        ulimits: vec![llb::Ulimit {
            name: "nofile".into(),
            soft: 1,
            hard: 2,
        }],
        cgroup_parent: "c".into(),
        valid_exit_codes: vec![0, 3],
        network: NetMode::None,
        security: SecurityMode::Insecure,
        secret_env: vec![llb::SecretEnv {
            id: "i".into(),
            name: "N".into(),
            optional: true,
        }],
        cdi_devices: vec![llb::CdiDevice {
            name: "d".into(),
            optional: false,
        }],
        resources: Some(Default::default()),
        ..exec()
    };
    check(
        full.state(named()),
        "exec (linux/amd64) `run` cwd=/w user=u:g hostname=n cgroup=c proxy exit=[0, 3] net=none \
         insecure env:B=1 env:A=2 secret-env:N=i host:h=::1 ulimit:nofile=1:2 device:d /=#1,out0",
        &[
            "exec.meta.base",
            "exec.meta.cdi",
            "exec.meta.cgroup.parent",
            "exec.meta.linux.resources",
            "exec.meta.network",
            "exec.meta.proxyenv",
            "exec.meta.security",
            "exec.meta.ulimit",
            "exec.mount.bind",
            "exec.mount.secret",
            "exec.secretenv",
            "exec.validexitcode",
        ],
    );
}

#[test]
fn mounts() {
    for (mount, words, needed) in [
        (Mount::bind("/m", base()).readonly(), "/m=#1,ro", None),
        (
            Mount::bind("/m", base()),
            "/m=#1,discard",
            Some("exec.mount.bind.readwrite-nooutput"),
        ),
        (Mount::bind("/m", base()).output(), "/m=#1,out1", None),
        (
            Mount::bind("/m", base()).readonly().selector("/a"),
            "/m=#1/a,ro",
            Some("exec.mount.selector"),
        ),
        (
            Mount::bind("/m", base())
                .readonly()
                .content_cache(MountContentCache::On),
            "/m=#1,ro,content=on",
            Some("exec.mount.cache.content"),
        ),
        (Mount::tmpfs("/m", 0), "/m=tmpfs", Some("exec.mount.tmpfs")),
        (
            Mount::secret("/m", "i").optional(true),
            "/m=secret:i,optional",
            Some("exec.mount.secret"),
        ),
        (
            Mount::ssh("i"),
            "/run/buildkit/ssh_agent.0=ssh:i",
            Some("exec.mount.ssh"),
        ),
    ] {
        let env = match needed {
            Some("exec.mount.ssh") => " env:SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0",
            _ => "",
        };
        let line = format!("exec (linux/amd64) `run`{env} /=#1,out0 {words}");
        let mut all = vec!["exec.meta.base", "exec.mount.bind"];
        all.extend(needed);
        check(exec().mount(mount).state(named()), &line, &all);
    }
    let cache = Mount::cache("/m", "i")
        .sharing(CacheSharingOpt::Private)
        .seed(base());
    check(
        exec()
            .mount(cache)
            .mount(Mount::tmpfs("/n", 5))
            .state(named()),
        "exec (linux/amd64) `run` /=#1,out0 /m=cache:i,private,from=#1 /n=tmpfs:5",
        &[
            "exec.meta.base",
            "exec.mount.bind",
            "exec.mount.cache",
            "exec.mount.cache.sharing",
            "exec.mount.tmpfs",
            "exec.mount.tmpfs.size",
        ],
    );
}

#[test]
fn files() {
    let copy = llb::Copy {
        mode_str: "u+x".into(),
        always_replace_existing: true,
        attempt_unpack: true,
        required_paths: vec!["r".into()],
        ..llb::copy(base(), "a/", "b/.")
            .include(["i"])
            .exclude(["e"])
            .timestamp(7)
    };
    let owner = || Owner::parse("root:staff");
    let file = base()
        .file()
        .then(copy)
        .then(
            llb::mkdir("/d")
                .parents()
                .mode(0o2700)
                .owner(owner())
                .timestamp(0),
        )
        .then(llb::mkfile("/f", "text").owner(Owner::ids(1, 2)))
        .then(llb::symlink("../t", "/l").timestamp(1))
        .then(llb::rm("/r").wildcard().allow_not_found());
    check(
        file.state(named()),
        r#"file on #1: copy #1:/a to /b/. mode=u+x unpack replace include=["i"] exclude=["e"] require=["r"] time=7; mkdir /d mode=0700 parents owner=0:staff time=0; mkfile /f (4 bytes 982d9e3e) mode=0644 owner=1:2; symlink /l to ../t time=1; rm /r wildcard maybe"#,
        &[
            "file.base",
            "file.copy.alwaysreplaceexistingdestpaths",
            "file.copy.includeexcludepatterns",
            "file.copy.modestring",
            "file.copy.requiredpaths",
            "file.rm.wildcard",
            "file.symlink.create",
        ],
    );
    let contents = llb::copy(base(), "/", "/").contents().mode(0o4755);
    check(
        llb::scratch().file().then(contents).state(named()),
        "file on scratch: copy #1:/ to / mode=04755 contents parents",
        &["file.base"],
    );
}

#[test]
fn filesystems_together_and_apart() {
    check(
        llb::diff(base(), exec().state(Meta::named("run")), named()),
        "diff #1..#2",
        &["diffop"],
    );
    let other = exec().state(Meta::named("run"));
    check(
        llb::merge([base(), other], named()),
        "merge #1 #2",
        &["mergeop"],
    );
}

#[test]
fn path_is_left_to_an_engine_that_sets_it() {
    let line = |exec: Exec, engine: Option<CapSet>| {
        let text = dump::text(&definition(&exec.state(named()), engine));
        text.lines().nth(1).map(str::to_owned).expect("x is second")
    };
    let plain = "#2 x: exec (linux/amd64) `run` /=#1,out0";
    let path = "env:PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let new = CapSet::llb_of_release(12);
    let old = new.clone().without(caps::EXEC_META_SETSDEFAULTPATH, "");
    assert_eq!(line(exec(), None), plain);
    assert_eq!(line(exec(), Some(new.clone())), plain);
    assert_eq!(
        line(exec(), Some(old.clone())),
        plain.replace(" /=", &format!(" {path} /="))
    );
    let own = exec().env("PATH", "/bin");
    assert_eq!(
        line(own, Some(old)),
        plain.replace(" /=", " env:PATH=/bin /=")
    );
    let definition = definition(&exec().state(named()), Some(new));
    assert_eq!(
        required_caps(&definition)[caps::EXEC_META_SETSDEFAULTPATH],
        ["x"]
    );
}

#[test]
fn what_an_engine_lacks_is_said_with_the_steps_that_need_it() {
    let merged = llb::merge([base(), exec().state(Meta::named("run"))], named());
    let definition = definition(&merged, None);
    assert_eq!(missing_caps(&definition, &CapSet::llb_of_release(12)), []);
    let classic = CapSet::llb_of_release(12).without(caps::MERGE_OP, "no such store");
    let missing = missing_caps(&definition, &classic);
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].vertices, ["x"]);
    assert_eq!(
        missing[0].missing.to_string(),
        "the engine lacks merging filesystems (capability `mergeop`, BuildKit 0.10): no such store"
    );
}

#[test]
fn graphs_are_drawn() {
    let run = exec()
        .mount(Mount::bind("/o", llb::scratch()).output())
        .vertex(Meta::named("\"run\""));
    let copied = run
        .output("/")
        .file()
        .then(llb::copy(run.output("/o"), "/", "/"))
        .state(named());
    let definition = definition(&copied, None);
    assert_eq!(
        dump::dot(&definition),
        r##"digraph llb {
  rankdir=LR;
  node [shape=box];
  n1 [label="#1 base\nimage"];
  n2 [label="#2 \"run\"\nexec"];
  n3 [label="#3 x\nfile"];
  n1 -> n2 [label=""];
  n2 -> n3 [label=""];
  n2 -> n3 [label="output 1"];
}
"##
    );
    assert_eq!(
        dump::mermaid(&definition),
        r##"flowchart LR
  n1["1 base<br/>image"]
  n2["2 #quot;run#quot;<br/>exec"]
  n3["3 x<br/>file"]
  n1 --> n2
  n2 --> n3
  n2 -->|"output 1"| n3
"##
    );
    assert_eq!(dump::text(&Definition::default()), "=> scratch\n");
}
