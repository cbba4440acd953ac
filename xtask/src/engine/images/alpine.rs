//! The stand-in for `alpine`: a shell, musl's loader and certificate authorities, which is what a
//! program's base image is used for. There is no `apk` in it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::archive::{self, Image};
use super::debian;
use crate::engine::{State, apt};
use crate::sh;

const RELEASE: &str = "NAME=\"Alpine Linux (stand-in)\"\nID=alpine\nVERSION_ID=3.23.0\n\
                       PRETTY_NAME=\"Alpine Linux (stand-in)\"\n";

const USERS: &str = "root:x:0:0:root:/root:/bin/sh\n\
                     daemon:x:2:2:daemon:/sbin:/sbin/nologin\n\
                     nobody:x:65534:65534:nobody:/:/sbin/nologin\n";

const GROUPS: &str = "root:x:0:root\ndaemon:x:2:root,daemon\nnogroup:x:65533:\nnobody:x:65534:\n";

pub(super) fn make(state: &State, key: &str, archive: &Path) -> Result<()> {
    let root = state.tmp("alpine");
    for dir in [
        "bin",
        "dev",
        "etc/ssl/certs",
        "home",
        "lib",
        "mnt",
        "opt",
        "proc",
        "root",
        "run",
        "sbin",
        "srv",
        "sys",
        "tmp",
        "usr/bin",
        "usr/lib",
        "usr/local/bin",
        "usr/sbin",
        "var/cache",
        "var/log",
        "var/tmp",
    ] {
        fs::create_dir_all(root.join(dir))?;
    }
    for dir in ["tmp", "var/tmp"] {
        fs::set_permissions(root.join(dir), fs::Permissions::from_mode(0o1777))?;
    }
    fs::set_permissions(root.join("root"), fs::Permissions::from_mode(0o700))?;

    apt::install(&["ca-certificates"], state)?;
    let parts = state.tmp("alpine-parts");
    for package in ["busybox-static", "musl"] {
        let deb = apt::download(package, None, &[debian::SUITE], state, &parts.join(package))?;
        sh::quiet(
            Command::new("dpkg-deb")
                .arg("--extract")
                .arg(deb)
                .arg(parts.join("tree")),
        )?;
    }
    let tree = parts.join("tree");
    let busybox = ["bin/busybox", "usr/bin/busybox"].map(|path| tree.join(path));
    let busybox = busybox
        .iter()
        .find(|path| path.exists())
        .unwrap_or(&busybox[0]);
    fs::copy(busybox, root.join("bin/busybox"))?;
    for applet in sh::output(Command::new(busybox).arg("--list"))?.lines() {
        if applet != "busybox" {
            symlink("/bin/busybox", root.join("bin").join(applet))?;
        }
    }
    for lib in ["lib", "usr/lib"] {
        let from = tree.join(lib);
        if from.is_dir() {
            let mut copy = Command::new("cp");
            sh::quiet(
                copy.arg("--archive")
                    .arg(from.join("."))
                    .arg(root.join(lib)),
            )?;
        }
    }
    fs::write(root.join("etc/os-release"), RELEASE)?;
    fs::write(root.join("etc/alpine-release"), "3.23.0\n")?;
    fs::write(root.join("etc/passwd"), USERS)?;
    fs::write(root.join("etc/group"), GROUPS)?;
    fs::copy(
        "/etc/ssl/certs/ca-certificates.crt",
        root.join("etc/ssl/certs/ca-certificates.crt"),
    )?;
    symlink("certs/ca-certificates.crt", root.join("etc/ssl/cert.pem"))?;

    let env = vec![debian::PATH.to_owned()];
    let image = Image {
        name: "alpine:latest",
        key,
        env,
        cmd: &["/bin/sh"],
    };
    archive::pack(state, &image, &root, archive)
}
