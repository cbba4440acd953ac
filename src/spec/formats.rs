//! What the texts of a spec may look like, checked alone: no project, no engine.

mod words;

use super::table::{Format, Numbers};
use crate::image_ref::ImageRef;
use words::{is_env_name, is_space, some, split};

pub(super) use words::{duration, signal};

const fn format(
    what: &'static str,
    pattern: &'static str,
    check: fn(&str) -> bool,
    help: fn(&str) -> String,
) -> Format {
    Format {
        what,
        pattern,
        check,
        help,
        numbers: Numbers::No,
    }
}

const fn numbers(format: Format, numbers: Numbers) -> Format {
    Format { numbers, ..format }
}

pub(super) static ANY: Format = numbers(
    format(
        "text",
        r"^[^\u0000]*$",
        |text| !text.contains('\0'),
        |_| "remove the NUL character".into(),
    ),
    Numbers::Any,
);
pub(super) static SOME: Format = numbers(
    format(
        "a text that is not empty",
        r"^[^\u0000]+$",
        |text| !text.is_empty() && !text.contains('\0'),
        |_| "leave the key out for its default".into(),
    ),
    Numbers::Any,
);
pub(super) static PACKAGE: Format = format(
    "a Cargo package name",
    r"^([A-Za-z_]|[^\u0000-\u007f])([A-Za-z0-9_-]|[^\u0000-\u007f])*$",
    |text| {
        !text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
            && some(text, |c| {
                c.is_ascii_alphanumeric() || "_-".contains(c) || !c.is_ascii()
            })
    },
    |_| "write the `name` from the package's Cargo.toml".into(),
);
pub(super) static BIN: Format = format(
    "a binary's name",
    r"^[^\s/,\u0000-][^\s/,\u0000]*$",
    |text| !text.starts_with('-') && some(text, |c| !is_space(c) && !"/,\0".contains(c)),
    |text| match split(text) {
        Some(list) => format!("write a list: `{list}`"),
        None => "write the name that `cargo build --bin` takes".into(),
    },
);
pub(super) static FEATURE: Format = format(
    "a feature",
    r"^[^\s,\u0000-][^\s,\u0000]*$",
    |text| !text.starts_with('-') && some(text, |c| !is_space(c) && !",\0".contains(c)),
    |text| match split(text) {
        Some(list) => format!("write a list: `{list}`"),
        None => "write it as `cargo build --features` takes it".into(),
    },
);
pub(super) static PROFILE: Format = format(
    "a Cargo profile",
    r"^(?!debug$)[A-Za-z0-9_][A-Za-z0-9_-]*$",
    |text| {
        text != "debug"
            && !text.starts_with('-')
            && some(text, |c| c.is_ascii_alphanumeric() || "_-".contains(c))
    },
    |text| match text {
        "debug" => "write `dev`, as Cargo calls it".into(),
        _ => "write `release`, `dev` or a profile from Cargo.toml".into(),
    },
);
pub(super) static OPT_LEVEL: Format = numbers(
    format(
        "an optimization level",
        r"^[0-3sz]$",
        |text| ["0", "1", "2", "3", "s", "z"].contains(&text),
        |_| "write `0` to `3` for speed, or `s` or `z` for size".into(),
    ),
    Numbers::Whole(0, 3),
);

pub(super) static TARGET: Format = format(
    "a target",
    r"^(musl|gnu|[a-z0-9_.]+(-[a-z0-9_.]+){1,3})$",
    |text| {
        let parts: Vec<&str> = text.split('-').collect();
        ["musl", "gnu"].contains(&text)
            || ((2..=4).contains(&parts.len())
                && parts.iter().all(|part| {
                    some(part, |c| {
                        c.is_ascii_lowercase() || c.is_ascii_digit() || "_.".contains(c)
                    })
                }))
    },
    |text| match text.to_lowercase().as_str() {
        "glibc" | "debian" | "gnu" => "write `gnu`".into(),
        "alpine" | "static" | "musl" => "write `musl`".into(),
        _ => "write `musl`, `gnu` or a triple like `x86_64-unknown-linux-musl`".into(),
    },
);
pub(super) static TOOLCHAIN: Format = numbers(
    format(
        "a toolchain",
        r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        |text| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && some(text, |c| c.is_ascii_alphanumeric() || "._-".contains(c))
        },
        |_| "write what `rustup` takes, like `1.95` or `nightly-2026-10-01`".into(),
    ),
    Numbers::Versions,
);
pub(super) static IMAGE: Format = format(
    "an image reference",
    crate::image_ref::PATTERN,
    |text| text.parse::<ImageRef>().is_ok(),
    |text| match text.parse::<ImageRef>() {
        Err(reason) => reason.to_string(),
        Ok(_) => String::new(),
    },
);
pub(super) static SYSTEM_PACKAGE: Format = format(
    "a system package",
    r"^[A-Za-z0-9.][A-Za-z0-9+._:@=~<>-]*$",
    |text| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.')
            && some(text, |c| {
                c.is_ascii_alphanumeric() || "+._:@=~<>-".contains(c)
            })
    },
    |text| match split(text) {
        Some(list) => format!("write a list: `{list}`"),
        None => "write a name that `apk add` or `apt-get install` takes".into(),
    },
);
pub(super) static ENV_NAME: Format = format(
    "a variable's name",
    r"^[A-Za-z_][A-Za-z0-9_.-]*$",
    is_env_name,
    |_| "use letters, digits and `_`, and no digit first".into(),
);
pub(super) static ENV_PAIR: Format = format(
    "`NAME=value`",
    r"^[A-Za-z_][A-Za-z0-9_.-]*=[^\u0000]*$",
    |text| {
        !text.contains('\0')
            && text
                .split_once('=')
                .is_some_and(|(name, _)| is_env_name(name))
    },
    |text| match is_env_name(text) {
        true => format!("write `{text}=value`, or a mapping `{{{text}: value}}`"),
        false => "write `NAME=value`, or a mapping".into(),
    },
);
pub(super) static LABEL: Format = format(
    "a label's name",
    r"^[^\s=\u0000]+$",
    |text| some(text, |c| !is_space(c) && !"=\0".contains(c)),
    |_| "use no spaces and no `=`".into(),
);
pub(super) static LABEL_PAIR: Format = format(
    "`name=value`",
    r"^[^\s=\u0000]+=[^\u0000]*$",
    |text| {
        !text.contains('\0')
            && text
                .split_once('=')
                .is_some_and(|(name, _)| some(name, |c| !is_space(c)))
    },
    |_| "write `name=value`, or a mapping".into(),
);
pub(super) static CONTEXT_PATH: Format = format(
    "a path in the build context",
    r"^(?!/)(?!([^\u0000]*/)?\.\.(/|$))[^\u0000]+$",
    |text| {
        !text.starts_with('/')
            && !text.split('/').any(|part| part == "..")
            && some(text, |c| c != '\0')
    },
    |text| match text {
        "" => "write `.` for all of it".into(),
        _ if text.starts_with('/') => {
            "write it relative to the build context, without `/` first".into()
        }
        _ => "files outside the build context cannot be copied: choose a larger context".into(),
    },
);
pub(super) static IMAGE_PATH: Format = format(
    "an absolute path",
    r"^/(?!([^\u0000]*/)?\.\.(/|$))[^\u0000]*$",
    |text| {
        text.starts_with('/') && !text.split('/').any(|part| part == "..") && !text.contains('\0')
    },
    |text| match text.starts_with('/') {
        true => "write it without `..`".into(),
        false => format!("write `/{}`", text.trim_start_matches("./")),
    },
);
pub(super) static ID: Format = format(
    "an id",
    r"^[^\s,=\u0000]+$",
    |text| some(text, |c| !is_space(c) && !",=\0".contains(c)),
    |_| "write the ID from `--secret id=ID` or `--ssh ID`".into(),
);
/// A name, or a number that a container can be started with.
macro_rules! user {
    () => {
        concat!(
            "([0-9]{1,9}|[01][0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7}|214[0-6][0-9]{6}|2147[0-3][0-9]{5}|21474[0-7][0-9]{4}",
            "|214748[0-2][0-9]{3}|2147483[0-5][0-9]{2}|21474836[0-3][0-9]|214748364[0-7]|[A-Za-z_][A-Za-z0-9_.-]*)"
        )
    };
}
/// The largest number of a user or group that BuildKit starts a process with (moby/sys, user/user.go, `maxID`).
const MAX_ID: u32 = 0x7fff_ffff;
pub(super) static USER: Format = numbers(
    format(
        "a user",
        concat!("^", user!(), "(:", user!(), ")?$"),
        |text| {
            let (user, group) = text.split_once(':').unwrap_or((text, "0"));
            let is_id = |part: &str| {
                part.len() <= 10
                    && some(part, |c| c.is_ascii_digit())
                    && part.parse::<u32>().is_ok_and(|id| id <= MAX_ID)
            };
            [user, group]
                .iter()
                .all(|part| is_id(part) || is_env_name(part))
        },
        |text| {
            let mut ids = text.split(':').filter_map(|part| part.parse::<u64>().ok());
            match ids.any(|id| id > u64::from(MAX_ID)) {
                true => format!("write a number up to {MAX_ID}"),
                false => "write `65532`, `app` or `app:app`".into(),
            }
        },
    ),
    Numbers::Whole(0, MAX_ID as u64),
);
pub(super) static PORT: Format = numbers(
    format(
        "a port",
        r"^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])(/(tcp|udp|sctp))?$",
        |text| {
            let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
            ["tcp", "udp", "sctp"].contains(&protocol)
                && !port.starts_with('0')
                && some(port, |c| c.is_ascii_digit())
                && port.parse::<u16>().is_ok()
        },
        |text| match text.split_once(':') {
            Some((_, port)) => {
                format!("write only the container's port, `{port}`: `docker run --publish` maps it")
            }
            None => "write 1 to 65535, followed by `/udp` if it is not TCP".into(),
        },
    ),
    Numbers::Whole(1, 65535),
);
pub(super) static MODE: Format = numbers(
    format(
        "an octal mode",
        r"^0?[0-7]{3,4}$",
        |text| {
            let bits = text
                .strip_prefix('0')
                .filter(|rest| rest.len() >= 3)
                .unwrap_or(text);
            (3..=4).contains(&bits.len()) && bits.bytes().all(|b| (b'0'..=b'7').contains(&b))
        },
        |text| match text.strip_prefix("0o") {
            Some(rest) => format!("write `0{rest}`"),
            None => "write three or four octal digits, like `0755`".into(),
        },
    ),
    Numbers::Whole(100, 7777),
);
pub(super) static SIGNAL: Format = numbers(
    format(
        "a signal",
        r"^((SIG)?(HUP|INT|QUIT|ABRT|KILL|USR1|USR2|ALRM|TERM|CONT|STOP|TSTP|WINCH|PWR|(RTMIN|RTMAX)([+-][0-9]{1,2})?)|[1-9]|[1-5][0-9]|6[0-4])$",
        |text| signal(text).is_some(),
        |text| match signal(&text.to_uppercase()) {
            Some(name) => format!("write `{name}`"),
            None => {
                "write `SIGTERM`, `SIGINT`, `SIGQUIT` or another signal's name or number".into()
            }
        },
    ),
    Numbers::Whole(1, 64),
);
pub(super) static DURATION: Format = format(
    "a duration",
    r"^([0-9]{1,9}(\.[0-9]{1,9})?(ns|us|µs|ms|s|m|h))+$",
    |text| duration(text).is_some(),
    |text| match some(text, |c| c.is_ascii_digit()) {
        true => format!("write the unit, too: `{text}s`"),
        false => "write it like `30s`, `500ms` or `1m30s`".into(),
    },
);
pub(super) static COUNT: Format = numbers(
    format(
        "a count",
        r"^[0-9]{1,9}$",
        |text| text.len() <= 9 && some(text, |c| c.is_ascii_digit()),
        |_| "write a whole number".into(),
    ),
    Numbers::Whole(0, 999_999_999),
);
pub(super) static UNITS: Format = numbers(
    format(
        "a number of units",
        r"^[1-9][0-9]{0,4}$",
        |text| {
            let digits = text.len() <= 5 && some(text, |c| c.is_ascii_digit());
            digits && !text.starts_with('0')
        },
        |_| "write a whole number from 1".into(),
    ),
    Numbers::Whole(1, 99_999),
);
pub(super) static WORD: Format = format(
    "a command",
    r"^[^\s\u0000]+$",
    |text| some(text, |c| !is_space(c) && c != '\0'),
    |text| match split(text) {
        Some(list) => format!("no shell splits it: write the list `{list}`"),
        None => "write a program, or a list of it and its arguments".into(),
    },
);
pub(super) static LINT: Format = format(
    "a lint's code",
    r"^[a-z][a-z0-9-]*$",
    |text| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && some(text, |c| {
                c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
            })
    },
    |text| {
        let mut code = String::new();
        for letter in text.chars() {
            match letter {
                '_' | ' ' => code.push('-'),
                letter if letter.is_uppercase() && !code.is_empty() => {
                    code.push('-');
                    code.extend(letter.to_lowercase());
                }
                letter => code.extend(letter.to_lowercase()),
            }
        }
        format!("write it as the warning shows it, like `{code}`")
    },
);
pub(super) static STAGE: Format = format(
    "an image's name",
    r"^(?!(binary|debug|deps|test|clippy|fmt|doc|symbols)$)(?!.*-(debug|symbols)$)[a-z0-9][a-z0-9._-]*$",
    |text| {
        !is_reserved(text)
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && some(text, |c| {
                c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c)
            })
    },
    |text| match is_reserved(text) {
        true => "choose another name: that `--target` is taken".into(),
        false => "use lower-case letters, digits, `.`, `_` and `-`: it is a `--target`".into(),
    },
);
pub(super) static ARG_NAME: Format = format(
    "a build-arg's name",
    r"^[A-Za-z_][A-Za-z0-9_]*$",
    |text| is_env_name(text) && !text.contains(['.', '-']),
    |_| "use letters, digits and `_`, and no digit first".into(),
);

/// Whether a `--target` of that name is a stage that every spec has, or a variant of an image.
pub(crate) fn is_reserved(name: &str) -> bool {
    let of_each = ["-debug", "-symbols"].iter().any(|end| name.ends_with(end));
    of_each || RESERVED_STAGES.contains(&name)
}

/// Stages that every spec has beside its images.
const RESERVED_STAGES: [&str; 8] = [
    "binary", "debug", "deps", "test", "clippy", "fmt", "doc", "symbols",
];
