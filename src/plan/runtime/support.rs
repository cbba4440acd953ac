//! What programs expect of a file system, beside themselves: CA roots, time zones, a user, directories.

use super::layers::Layer;
use crate::image_ref;
use crate::plan::extras::{self, Extra};
use crate::plan::toolchain::Toolchain;
use crate::plan::{Copy, FileAction, Input, Op, Output, Plan, Role};
use crate::spec::{FileCopy, Image, ImageBase};

/// Debian's and Alpine's place of the CA roots, the one that rustls' and OpenSSL's probing finds first.
const CA_BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Where the init is.
pub(super) const INIT: &str = "/usr/bin/tini";
/// Where the tools of a debug variant are.
pub(super) const BUSYBOX: &str = "/busybox";

/// What lies under everything that the user wrote.
pub(super) fn support(plan: &mut Plan, input: &Input<'_>, toolchain: &Toolchain) -> Layer {
    let spec = &input.image.image;
    let scratch = spec.base.value == ImageBase::Scratch;
    let (mut actions, mut what) = (vec![], vec![]);
    let written = spec.ca_certificates.span.is_some();
    if spec.ca_certificates.value && (scratch || lacks_ca(&spec.base.value) || written) {
        actions.push(dir("/etc/ssl/certs", None));
        actions.push(copy(&toolchain.base, CA_BUNDLE, CA_BUNDLE));
        what.push("CA certificates");
    }
    if spec.timezones.value {
        let span = spec.timezones.span;
        let zones = extras::add(plan, toolchain, Extra::TimeZones, span);
        actions.push(dir("/usr/share/zoneinfo", None));
        actions.push(copy(&zones, "/zoneinfo", "/usr/share/zoneinfo"));
        what.push("time zones");
    }
    if spec.init.value {
        let init = extras::add(plan, toolchain, Extra::Init, spec.init.span);
        actions.push(dir("/usr/bin", None));
        actions.push(copy(&init, "/tini", INIT));
        what.push("init");
    }
    let (user, group) = sides(&spec.user.value);
    if scratch {
        // An engine's umask leaves others nothing to write.
        actions.push(dir("/tmp", Some(format!("{user}:{group}"))));
        what.push("/tmp");
    }
    if let (true, Ok(uid), Ok(gid)) = (scratch, user.parse::<u32>(), group.parse::<u32>())
        && uid != 0
    {
        actions.push(dir("/etc", None));
        let (passwd, group) = accounts(uid, gid);
        for (path, data) in [("/etc/passwd", passwd), ("/etc/group", group)] {
            actions.push(FileAction::Write {
                path: path.into(),
                data: data.into(),
                mode: 0o644,
            });
        }
        what.push("user");
    }
    Layer {
        name: what.join(", "),
        actions,
        span: spec.span,
        loose: true,
    }
}

/// The files of an empty image that name its user. Home is `/`, as for a user without an entry.
fn accounts(uid: u32, gid: u32) -> (String, String) {
    let passwd =
        format!("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:{uid}:{gid}::/:/sbin/nologin\n");
    let group = match gid {
        0 => "root:x:0:\n".to_owned(),
        gid => format!("root:x:0:\nnonroot:x:{gid}:\n"),
    };
    (passwd, group)
}

/// The user and the group; one that is not written has the user's name or number.
fn sides(user: &str) -> (&str, &str) {
    user.split_once(':').unwrap_or((user, user))
}

/// Whether a user has to be looked up in the image's files.
pub(super) fn is_named(user: &str) -> bool {
    let (user, group) = sides(user);
    [user, group].iter().any(|id| id.parse::<u32>().is_err())
}

/// Working directory and volumes, which belong to the user.
pub(super) fn directories(spec: &Image, user: &str) -> Layer {
    let (user, group) = sides(user);
    let owner = match (user, group) {
        ("0" | "root", "0" | "root") => None,
        // The group of a user by name is the engine's to look up.
        (user, group) if user == group && user.parse::<u32>().is_err() => Some(user.to_owned()),
        (user, group) => Some(format!("{user}:{group}")),
    };
    let workdir = spec.workdir.iter().filter(|dir| dir.value != "/");
    let paths: Vec<_> = workdir.chain(&spec.volumes).collect();
    let mut names: Vec<&str> = paths.iter().map(|path| path.value.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut actions = vec![];
    for path in &names {
        // Those above it stay root's.
        if let Some((above, _)) = path.rsplit_once('/').filter(|(above, _)| !above.is_empty()) {
            actions.push(dir(above, None));
        }
        actions.push(dir(path, owner.clone()));
    }
    Layer {
        name: format!("directories {}", names.join(" ")),
        actions,
        span: paths.first().and_then(|path| path.span),
        loose: false,
    }
}

/// The tools of a debug variant.
pub(super) fn debug(plan: &mut Plan, input: &Input<'_>, toolchain: &Toolchain) -> Layer {
    let tools = extras::add(plan, toolchain, Extra::Busybox, input.image.image.span);
    Layer {
        name: "busybox".into(),
        actions: vec![dir(BUSYBOX, None), copy(&tools, "/busybox", BUSYBOX)],
        span: input.image.image.span,
        loose: true,
    }
}

/// Official images without CA roots.
fn lacks_ca(base: &ImageBase) -> bool {
    let ImageBase::Reference(reference) = base else {
        return true;
    };
    let lack = ["debian", "ubuntu", "busybox"];
    image_ref::official(reference).is_some_and(|(name, _)| lack.contains(&name))
}

/// The spec's `files:`, a layer each: one that is missing is an error at its own line, and one that changes
/// leaves the others alone.
pub(super) fn files(plan: &mut Plan, input: &Input<'_>) -> Vec<Layer> {
    let files = &input.image.image.files;
    if files.is_empty() {
        return vec![];
    }
    let include: Vec<String> = files
        .iter()
        .map(|file| path(file).trim_start_matches('/').to_owned())
        .collect();
    let all = include.iter().any(|path| path.is_empty() || path == ".");
    let op = Op::Context {
        include: if all { vec![] } else { include },
        exclude: input.ignored.to_vec(),
    };
    let step = plan.push(Role::Sources, "load files".into(), op, None);
    let context = Output::root(step);
    let layer = |file: &FileCopy| Layer {
        name: format!("files {} to {}", file.from.value, file.to.value),
        actions: vec![FileAction::Copy(Box::new(Copy {
            mode: file.mode,
            owner: file.owner.as_ref().map(|owner| group_too(&owner.value)),
            // A web server tells by it whether what a browser has is still right.
            time: input.epoch,
            ..Copy::new(context.clone(), path(file), file.to.value.as_str())
        }))],
        span: file.from.span,
        loose: false,
    };
    files.iter().map(layer).collect()
}

/// A number alone stands for the group, too, as in a Dockerfile.
fn group_too(owner: &str) -> String {
    match owner.parse::<u32>() {
        Ok(id) => format!("{id}:{id}"),
        Err(_) => owner.to_owned(),
    }
}

/// A file's place in the context, from its root.
fn path(file: &FileCopy) -> String {
    let path = file.from.value.trim_start_matches("./").trim_matches('/');
    format!("/{path}")
}

fn dir(path: &str, owner: Option<String>) -> FileAction {
    FileAction::MakeDir {
        path: path.into(),
        mode: 0o755,
        owner,
    }
}

fn copy(from: &Output, src: &str, dest: &str) -> FileAction {
    FileAction::Copy(Box::new(Copy::new(from.clone(), src, dest)))
}
