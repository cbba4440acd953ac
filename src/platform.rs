//! Platforms as images name them, and the compiler's triples for them.

mod cfg;

pub use cfg::applies;

use std::fmt;
use std::str::FromStr;

/// An operating system and processor, normalized as containerd does (platforms/database.go).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    /// E.g. `linux`.
    pub os: String,
    /// E.g. `amd64`.
    pub architecture: String,
    /// E.g. `v7` for `arm`; empty when there is none.
    pub variant: String,
}

impl Platform {
    /// A Linux platform.
    pub fn linux(architecture: &str) -> Self {
        Self {
            os: "linux".into(),
            architecture: architecture.into(),
            variant: String::new(),
        }
    }

    /// The rustc triple of this platform with the given C library, or `None` for one that rustc has no
    /// Linux target with `std` for.
    pub fn triple(&self, libc: Libc) -> Option<&'static str> {
        if self.os != "linux" {
            return None;
        }
        Some(
            match (self.architecture.as_str(), self.variant.as_str(), libc) {
                ("amd64", _, Libc::Musl) => "x86_64-unknown-linux-musl",
                ("amd64", _, Libc::Gnu) => "x86_64-unknown-linux-gnu",
                ("arm64", _, Libc::Musl) => "aarch64-unknown-linux-musl",
                ("arm64", _, Libc::Gnu) => "aarch64-unknown-linux-gnu",
                ("arm", "v6", Libc::Musl) => "arm-unknown-linux-musleabihf",
                ("arm", "v6", Libc::Gnu) => "arm-unknown-linux-gnueabihf",
                ("arm", "v5", Libc::Musl) => "armv5te-unknown-linux-musleabi",
                ("arm", "v5", Libc::Gnu) => "armv5te-unknown-linux-gnueabi",
                ("arm", _, Libc::Musl) => "armv7-unknown-linux-musleabihf",
                ("arm", _, Libc::Gnu) => "armv7-unknown-linux-gnueabihf",
                ("386", _, Libc::Musl) => "i686-unknown-linux-musl",
                ("386", _, Libc::Gnu) => "i686-unknown-linux-gnu",
                ("riscv64", _, Libc::Musl) => "riscv64gc-unknown-linux-musl",
                ("riscv64", _, Libc::Gnu) => "riscv64gc-unknown-linux-gnu",
                ("ppc64le", _, Libc::Musl) => "powerpc64le-unknown-linux-musl",
                ("ppc64le", _, Libc::Gnu) => "powerpc64le-unknown-linux-gnu",
                ("s390x", _, Libc::Gnu) => "s390x-unknown-linux-gnu",
                ("loong64", _, Libc::Musl) => "loongarch64-unknown-linux-musl",
                ("loong64", _, Libc::Gnu) => "loongarch64-unknown-linux-gnu",
                _ => return None,
            },
        )
    }
}

/// The C library of a triple; `None` for triples of other systems than Linux.
pub fn libc(triple: &str) -> Option<Libc> {
    match triple.rsplit('-').next() {
        Some(abi) if abi.starts_with("musl") => Some(Libc::Musl),
        Some(abi) if abi.starts_with("gnu") => Some(Libc::Gnu),
        _ => None,
    }
}

/// Whether a machine of a platform runs programs of a triple, as far as their processors tell; what is unknown fits.
pub fn runs(platform: &Platform, triple: &str) -> bool {
    let processor = triple.split('-').next().unwrap_or_default();
    let begins = |names: &[&str]| names.iter().any(|name| processor.starts_with(name));
    const KNOWN: [&str; 12] = [
        "x86_64",
        "i386",
        "i486",
        "i586",
        "i686",
        "aarch64",
        "arm",
        "thumb",
        "riscv64",
        "powerpc",
        "s390x",
        "loongarch64",
    ];
    if !begins(&KNOWN) {
        return true;
    }
    match platform.architecture.as_str() {
        "amd64" => begins(&["x86_64", "i386", "i486", "i586", "i686"]),
        "386" => begins(&["i386", "i486", "i586", "i686"]),
        "arm64" => begins(&["aarch64", "arm", "thumb"]),
        "arm" => begins(&["arm", "thumb"]),
        "riscv64" => begins(&["riscv64"]),
        "ppc64le" => begins(&["powerpc"]),
        "s390x" => begins(&["s390x"]),
        "loong64" => begins(&["loongarch64"]),
        _ => true,
    }
}

/// The C library that a program is built against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Libc {
    /// Static by default: runs on any Linux, on an empty image, too.
    Musl,
    /// glibc: needs a base image that has it.
    Gnu,
}

/// `os/architecture[/variant]`, as in `--platform` and as the key of results.
impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() {
            Ok(())
        } else {
            write!(f, "/{}", self.variant)
        }
    }
}

impl FromStr for Platform {
    type Err = String;

    /// Parses and normalizes `os/architecture[/variant]`, or an architecture alone (then `linux`).
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("failed to parse target platform {text}");
        let parts: Vec<&str> = text.split('/').collect();
        if parts.len() > 3
            || parts.iter().any(|part| {
                part.is_empty()
                    || !part
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
            })
        {
            return Err(bad());
        }
        let (os, arch, variant) = match parts.as_slice() {
            [one] if is_os(one) => return Err(bad()),
            [arch] => ("linux", *arch, ""),
            [os, arch] => (*os, *arch, ""),
            [os, arch, variant] => (*os, *arch, *variant),
            _ => return Err(bad()),
        };
        Ok(normalize(os, arch, variant))
    }
}

fn is_os(word: &str) -> bool {
    ["linux", "windows", "darwin", "freebsd", "macos"].contains(&word.to_lowercase().as_str())
}

/// As containerd's platforms.Normalize (platforms/database.go).
pub fn normalize(os: &str, architecture: &str, variant: &str) -> Platform {
    let os = match os.to_lowercase().as_str() {
        "macos" => "darwin".to_owned(),
        os => os.to_owned(),
    };
    let (arch, variant) = (architecture.to_lowercase(), variant.to_lowercase());
    let (architecture, variant) = match (arch.as_str(), variant.as_str()) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1" | "") => ("amd64", ""),
        ("x86_64" | "x86-64" | "amd64", v) => ("amd64", v),
        ("aarch64" | "arm64", "8" | "v8" | "v8.0" | "") => ("arm64", ""),
        ("aarch64" | "arm64", v) => ("arm64", v),
        ("armhf", _) => ("arm", "v7"),
        ("armel", _) => ("arm", "v6"),
        ("arm", "" | "7") => ("arm", "v7"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "6") => ("arm", "v6"),
        ("arm", "8") => ("arm", "v8"),
        (arch, variant) => (arch, variant),
    };
    Platform {
        os,
        architecture: architecture.into(),
        variant: variant.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_for_a_processor() {
        let runs = |name: &str, triple| runs(&name.parse().expect("a platform"), triple);
        assert!(runs("linux/amd64", "x86_64-unknown-linux-musl"));
        assert!(runs("linux/amd64", "i686-unknown-linux-musl"));
        assert!(runs("linux/arm64", "aarch64-unknown-linux-gnu"));
        assert!(runs("linux/arm/v6", "arm-unknown-linux-musleabihf"));
        assert!(runs("linux/mips64le", "mips64el-unknown-linux-muslabi64"));
        assert!(!runs("linux/arm64", "x86_64-unknown-linux-musl"));
        assert!(!runs("linux/amd64", "aarch64-unknown-linux-musl"));
        assert!(!runs("linux/arm", "aarch64-unknown-linux-musl"));
    }

    #[test]
    fn platforms_are_normalized() {
        let shown = |text: &str| text.parse::<Platform>().map(|p| p.to_string());
        for (text, want) in [
            ("linux/x86_64", "linux/amd64"),
            ("arm64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/armel", "linux/arm/v6"),
            ("linux/amd64/v2", "linux/amd64/v2"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(want));
        }
        for text in ["", "linux", "linux/", "a/b/c/d", "linux/am d"] {
            assert_eq!(
                shown(text),
                Err(format!("failed to parse target platform {text}"))
            );
        }
    }
}
