//! Every feature of sources: how it is written and which capabilities it asks for.

use crate::support::{check, named};
use buildkit_llb::{self as llb, Differ, ResolveMode};

#[test]
fn images() {
    let image = || llb::image("docker.io/library/a:1");
    check(
        image().state(named()),
        "image (linux/amd64) docker.io/library/a:1",
        &["source.image"],
    );
    check(
        llb::Image {
            resolve_mode: ResolveMode::Pull,
            record_type: "internal".into(),
            layer_limit: Some(2),
            checksum: "sha256:1".into(),
            ..image()
        }
        .state(named()),
        "image (linux/amd64) docker.io/library/a:1 checksum=sha256:1 layerlimit=2 \
         recordtype=internal resolvemode=pull",
        &[
            "source.image",
            "source.image.checksum",
            "source.image.layerlimit",
            "source.image.resolvemode",
        ],
    );
    let layout = llb::OciLayout {
        session_id: "s".into(),
        store_id: "t".into(),
        layer_limit: Some(1),
        ..llb::oci_layout("n@sha256:1")
    };
    check(
        layout.state(named()),
        "oci-layout (linux/amd64) n@sha256:1 layerlimit=1 session=s store=t",
        &["source.ocilayout"],
    );
}

#[test]
fn locals() {
    check(llb::local("c").state(named()), "local c", &["source.local"]);
    check(
        llb::local("c")
            .unique("u")
            .differ(Differ::None)
            .state(named()),
        "local c differ=none unique=u",
        &["source.local", "source.local.unique"],
    );
    check(
        llb::local("c")
            .session("s")
            .include(["i"])
            .exclude(["e", "!f"])
            .follow(["p"])
            .shared_key("k")
            .differ(Differ::Metadata)
            .metadata_only(["Cargo.toml"])
            .state(named()),
        r#"local c differ=metadata excludepatterns=["e","!f"] followpaths=["p"] includepattern=["i"] metadatatransfer=true metadatatransferexclude=["Cargo.toml"] session=s sharedkeyhint=k"#,
        &[
            "source.local",
            "source.local.excludepatterns",
            "source.local.followpaths",
            "source.local.includepatterns",
            "source.local.metadatatransfer",
            "source.local.sessionid",
            "source.local.sharedkeyhint",
        ],
    );
}

#[test]
fn repositories() {
    check(
        llb::git("https://h/o/r.git", "main").state(named()),
        "git h/o/r.git#main authheadersecret=GIT_AUTH_HEADER authtokensecret=GIT_AUTH_TOKEN \
         fullurl=https://h/o/r.git",
        &["source.git", "source.git.fullurl"],
    );
    let git = llb::Git {
        url: "git@h:o/r.git".into(),
        subdir: "./a/../b/".into(),
        keep_git_dir: true,
        known_ssh_hosts: "h key".into(),
        checksum: "abc".into(),
        skip_submodules: true,
        mtime: "commit".into(),
        fetch_by_commit: true,
        ..llb::Git::default()
    };
    check(
        git.state(named()),
        "git h/o/r.git#:b checksum=abc fetchbycommit=true fullurl=git@h:o/r.git keepgitdir=true \
         knownsshhosts=h key mountsshsock=default mtime=commit skipsubmodules=true",
        &[
            "source.git",
            "source.git.checksum",
            "source.git.fetchbycommit",
            "source.git.fullurl",
            "source.git.keepgitdir",
            "source.git.knownsshhosts",
            "source.git.mountsshsock",
            "source.git.mtime",
            "source.git.skipsubmodules",
            "source.git.subdir",
        ],
    );
}

#[test]
fn downloads() {
    let plain = llb::http("https://h/f", "f");
    check(
        plain.clone().state(named()),
        "http https://h/f filename=f",
        &["source.http"],
    );
    let full = llb::Http {
        perm: Some(0o755),
        uid: Some(1),
        gid: Some(2),
        auth_header_secret: "a".into(),
        accept: "b".into(),
        user_agent: "c".into(),
        ..plain.checksum("sha256:1")
    };
    check(
        full.state(named()),
        "http https://h/f authheadersecret=a checksum=sha256:1 filename=f gid=2 header.accept=b \
         header.user-agent=c perm=0755 uid=1",
        &[
            "soruce.http.uidgid",
            "source.http",
            "source.http.auth",
            "source.http.checksum",
            "source.http.header",
            "source.http.perm",
        ],
    );
}
