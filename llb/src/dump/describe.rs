//! Operations in words.

use crate::digest::Digest;
use buildkit_proto::attr;
use buildkit_proto::pb::{self, MountType, NetMode, SecurityMode, file_action, op, user_opt};

/// The kind of an operation and what it does. `inputs` are the names of its inputs.
pub(super) fn op(op: &pb::Op, inputs: &[String]) -> (&'static str, Vec<String>) {
    let input = |index: i64| -> String {
        match usize::try_from(index) {
            Err(_) => "scratch".to_owned(),
            Ok(index) => inputs
                .get(index)
                .cloned()
                .unwrap_or_else(|| "#?".to_owned()),
        }
    };
    match &op.op {
        Some(op::Op::Source(op)) => source(op),
        Some(op::Op::Exec(op)) => ("exec", exec(op, &input)),
        Some(op::Op::File(op)) => ("file", file(op, inputs)),
        Some(op::Op::Merge(op)) => (
            "merge",
            op.inputs.iter().map(|one| input(one.input)).collect(),
        ),
        Some(op::Op::Diff(op)) => {
            let lower = op.lower.map_or(-1, |lower| lower.input);
            let upper = op.upper.map_or(-1, |upper| upper.input);
            ("diff", vec![format!("{}..{}", input(lower), input(upper))])
        }
        Some(op::Op::Build(_)) => ("build", inputs.to_vec()),
        Some(op::Op::Passthrough(_)) => ("passthrough", inputs.to_vec()),
        None => ("nothing", inputs.to_vec()),
    }
}

/// `os/architecture/variant`.
pub(super) fn platform(platform: &pb::Platform) -> String {
    let parts = [&platform.os, &platform.architecture, &platform.variant];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join("/")
}

/// What is unusual in the metadata.
pub(super) fn metadata(metadata: &pb::OpMetadata) -> Vec<String> {
    let mut words = Vec::new();
    if metadata.ignore_cache {
        words.push("no-cache".to_owned());
    }
    if let Some(export) = metadata.export_cache {
        words.push(format!("export-cache={}", export.value));
    }
    if let Some(group) = &metadata.progress_group {
        words.push(format!("group={}", group.id));
    }
    let others = metadata
        .description
        .iter()
        .filter(|(key, _)| *key != attr::CUSTOM_NAME);
    words.extend(others.map(|(key, value)| format!("{key}={value:?}")));
    words
}

fn source(source: &pb::SourceOp) -> (&'static str, Vec<String>) {
    let (kind, name) = match source.identifier.split_once("://") {
        Some(("docker-image", name)) => ("image", name),
        Some(("local", name)) => ("local", name),
        Some(("git", name)) => ("git", name),
        Some(("oci-layout", name)) => ("oci-layout", name),
        Some(("http" | "https", _)) => ("http", source.identifier.as_str()),
        _ => ("source", source.identifier.as_str()),
    };
    let attrs = source.attrs.iter().map(|(key, value)| {
        let short = key.split_once('.').map_or(key.as_str(), |(_, short)| short);
        format!("{short}={value}")
    });
    (
        kind,
        std::iter::once(name.to_owned()).chain(attrs).collect(),
    )
}

fn exec(exec: &pb::ExecOp, input: &dyn Fn(i64) -> String) -> Vec<String> {
    let meta = exec.meta.clone().unwrap_or_default();
    let mut words = vec![format!("`{}`", meta.args.join(" "))];
    let mut word = |condition: bool, word: String| words.extend(condition.then_some(word));
    word(meta.cwd != "/", format!("cwd={}", meta.cwd));
    word(!meta.user.is_empty(), format!("user={}", meta.user));
    word(
        !meta.hostname.is_empty(),
        format!("hostname={}", meta.hostname),
    );
    word(
        !meta.cgroup_parent.is_empty(),
        format!("cgroup={}", meta.cgroup_parent),
    );
    word(meta.proxy_env.is_some(), "proxy".to_owned());
    word(
        !meta.valid_exit_codes.is_empty(),
        format!("exit={:?}", meta.valid_exit_codes),
    );
    word(exec.network() == NetMode::Host, "net=host".to_owned());
    word(exec.network() == NetMode::None, "net=none".to_owned());
    word(
        exec.security() == SecurityMode::Insecure,
        "insecure".to_owned(),
    );
    words.extend(meta.env.iter().map(|pair| format!("env:{pair}")));
    words.extend(
        exec.secretenv
            .iter()
            .map(|env| format!("secret-env:{}={}", env.name, env.id)),
    );
    words.extend(
        meta.extra_hosts
            .iter()
            .map(|host| format!("host:{}={}", host.host, host.ip)),
    );
    let ulimits = meta.ulimit.iter();
    words.extend(
        ulimits.map(|limit| format!("ulimit:{}={}:{}", limit.name, limit.soft, limit.hard)),
    );
    words.extend(
        exec.cdi_devices
            .iter()
            .map(|device| format!("device:{}", device.name)),
    );
    words.extend(exec.mounts.iter().map(|one| mount(one, input)));
    words
}

fn mount(mount: &pb::Mount, input: &dyn Fn(i64) -> String) -> String {
    let mut from = input(mount.input);
    if !mount.selector.is_empty() {
        from.push_str(&format!("/{}", mount.selector.trim_start_matches('/')));
    }
    let what = match mount.mount_type() {
        MountType::Bind => from,
        MountType::Cache => {
            let cache = mount.cache_opt.clone().unwrap_or_default();
            let sharing = cache.sharing().as_str_name().to_lowercase();
            let seed = if mount.input < 0 {
                String::new()
            } else {
                format!(",from={from}")
            };
            format!("cache:{},{sharing}{seed}", cache.id)
        }
        MountType::Tmpfs => match mount.tmpfs_opt.unwrap_or_default().size {
            0 => "tmpfs".to_owned(),
            size => format!("tmpfs:{size}"),
        },
        MountType::Secret => {
            let secret = mount.secret_opt.clone().unwrap_or_default();
            format!(
                "secret:{}{}",
                secret.id,
                if secret.optional { ",optional" } else { "" }
            )
        }
        MountType::Ssh => {
            let agent = mount.ssh_opt.clone().unwrap_or_default();
            format!(
                "ssh:{}{}",
                agent.id,
                if agent.optional { ",optional" } else { "" }
            )
        }
    };
    let output = match (mount.mount_type(), mount.output) {
        (MountType::Bind, output @ 0..) => format!(",out{output}"),
        (MountType::Bind, _) if !mount.readonly => ",discard".to_owned(),
        _ => String::new(),
    };
    let content = match mount.content_cache {
        0 => String::new(),
        _ => format!(
            ",content={}",
            mount.content_cache().as_str_name().to_lowercase()
        ),
    };
    let readonly = if mount.readonly { ",ro" } else { "" };
    format!("{}={what}{output}{readonly}{content}", mount.dest)
}

fn file(file: &pb::FileOp, inputs: &[String]) -> Vec<String> {
    let input = |index: i64| match usize::try_from(index) {
        Err(_) => "scratch".to_owned(),
        Ok(index) if index < inputs.len() => inputs[index].clone(),
        Ok(index) => format!("({})", index - inputs.len()),
    };
    let mut words = Vec::new();
    for (number, action) in file.actions.iter().enumerate() {
        // The usual chain is not spelt out; anything else is.
        let chained = number > 0 && action.input == (inputs.len() + number - 1) as i64;
        if !chained {
            words.push(format!("on {}:", input(action.input)));
        }
        let end = if number + 1 < file.actions.len() {
            ";"
        } else {
            ""
        };
        words.push(format!("{}{end}", one_action(action, &input)));
    }
    words
}

fn one_action(action: &pb::FileAction, input: &dyn Fn(i64) -> String) -> String {
    match &action.action {
        Some(file_action::Action::Copy(copy)) => {
            let from = input(action.secondary_input);
            format!(
                "copy {from}:{} to {}{}",
                copy.src,
                copy.dest,
                copy_options(copy)
            )
        }
        Some(file_action::Action::Mkdir(dir)) => {
            let parents = if dir.make_parents { " parents" } else { "" };
            let common = common(&dir.owner, dir.timestamp);
            format!("mkdir {} mode=0{:o}{parents}{common}", dir.path, dir.mode)
        }
        Some(file_action::Action::Mkfile(file)) => {
            let digest = Digest::of(&file.data);
            let data = format!("{} bytes {}", file.data.len(), &digest.as_str()[7..15]);
            let common = common(&file.owner, file.timestamp);
            format!(
                "mkfile {} ({data}) mode=0{:o}{common}",
                file.path, file.mode
            )
        }
        Some(file_action::Action::Rm(rm)) => {
            let wildcard = if rm.allow_wildcard { " wildcard" } else { "" };
            let missing = if rm.allow_not_found { " maybe" } else { "" };
            format!("rm {}{wildcard}{missing}", rm.path)
        }
        Some(file_action::Action::Symlink(link)) => {
            let common = common(&link.owner, link.timestamp);
            format!("symlink {} to {}{common}", link.newpath, link.oldpath)
        }
        None => "nothing".to_owned(),
    }
}

fn copy_options(copy: &pb::FileActionCopy) -> String {
    let mut words = String::new();
    if copy.mode != -1 {
        words.push_str(&format!(" mode=0{:o}", copy.mode));
    }
    if !copy.mode_str.is_empty() {
        words.push_str(&format!(" mode={}", copy.mode_str));
    }
    for (flag, word) in [
        (copy.dir_copy_contents, "contents"),
        (copy.create_dest_path, "parents"),
        (copy.follow_symlink, "follow"),
        (copy.allow_wildcard, "wildcard"),
        (copy.allow_empty_wildcard, "maybe"),
        (copy.attempt_unpack_docker_compatibility, "unpack"),
        (copy.always_replace_existing_dest_paths, "replace"),
    ] {
        if flag {
            words.push_str(&format!(" {word}"));
        }
    }
    for (list, word) in [
        (&copy.include_patterns, "include"),
        (&copy.exclude_patterns, "exclude"),
        (&copy.required_paths, "require"),
    ] {
        if !list.is_empty() {
            words.push_str(&format!(" {word}={list:?}"));
        }
    }
    words + &common(&copy.owner, copy.timestamp)
}

fn common(owner: &Option<pb::ChownOpt>, timestamp: i64) -> String {
    let mut words = String::new();
    if let Some(owner) = owner {
        let one =
            |user: &Option<pb::UserOpt>| match user.as_ref().and_then(|user| user.user.as_ref()) {
                None => String::new(),
                Some(user_opt::User::ById(id)) => id.to_string(),
                Some(user_opt::User::ByName(named)) => named.name.clone(),
            };
        words.push_str(&format!(
            " owner={}:{}",
            one(&owner.user),
            one(&owner.group)
        ));
    }
    if timestamp != -1 {
        words.push_str(&format!(" time={timestamp}"));
    }
    words
}
