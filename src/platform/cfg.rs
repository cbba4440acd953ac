//! Conditions on what is compiled for: `cfg(…)` of `[target.'cfg(…)']`.

use super::{Libc, libc};

/// Whether a table `[target.X]` is about a triple; `None` where the triple alone does not tell (cargo-platform,
/// `Platform::matches`).
pub fn applies(target: &str, triple: &str) -> Option<bool> {
    match target.starts_with("cfg(") {
        true => cfg_holds(target, triple),
        false => Some(target == triple),
    }
}

/// Whether a condition holds for a Linux triple; `None` where that cannot be told from the triple alone, or it is no
/// condition (Rust reference, "Conditional compilation").
fn cfg_holds(condition: &str, triple: &str) -> Option<bool> {
    let facts = Facts::of(triple)?;
    let mut parser = Parser {
        rest: condition.trim().strip_prefix("cfg")?.trim_start(),
        facts: &facts,
        depth: 0,
    };
    let holds = parser.list()?;
    match (parser.rest.is_empty(), holds.as_slice()) {
        (true, [one]) => *one,
        _ => None,
    }
}

/// What a triple says of its target.
struct Facts<'a> {
    arch: &'a str,
    vendor: &'a str,
    env: &'a str,
    abi: &'a str,
    width: &'a str,
    endian: &'a str,
}

impl<'a> Facts<'a> {
    fn of(triple: &'a str) -> Option<Self> {
        let parts: Vec<&str> = triple.split('-').collect();
        let [arch, vendor, "linux", system] = parts.as_slice() else {
            return None;
        };
        let env = match libc(triple)? {
            Libc::Musl => "musl",
            Libc::Gnu => "gnu",
        };
        let arch = match *arch {
            "i386" | "i586" | "i686" => "x86",
            "powerpc64le" => "powerpc64",
            arch if arch.starts_with("arm") || arch.starts_with("thumb") => "arm",
            arch if arch.starts_with("riscv64") => "riscv64",
            arch if arch.starts_with("riscv32") => "riscv32",
            arch => arch,
        };
        let big = arch == "s390x" || (arch == "powerpc64" && !triple.starts_with("powerpc64le"));
        Some(Self {
            arch,
            vendor,
            env,
            abi: system.strip_prefix(env)?,
            width: match arch.contains("64") || arch == "s390x" {
                true => "64",
                false => "32",
            },
            endian: if big { "big" } else { "little" },
        })
    }

    fn word(&self, word: &str) -> Option<bool> {
        match word {
            "unix" | "true" => Some(true),
            "windows" | "false" => Some(false),
            _ => None,
        }
    }

    fn pair(&self, key: &str, value: &str) -> Option<bool> {
        let is = match key {
            "target_os" => "linux",
            "target_family" => "unix",
            "target_arch" => self.arch,
            "target_vendor" => self.vendor,
            "target_env" => self.env,
            "target_abi" => self.abi,
            "target_pointer_width" => self.width,
            "target_endian" => self.endian,
            _ => return None,
        };
        Some(is == value)
    }
}

/// `None` of its methods: this is no condition. `None` within: whether it holds is not known.
struct Parser<'a> {
    rest: &'a str,
    facts: &'a Facts<'a>,
    depth: usize,
}

/// How deeply conditions may nest: each level takes some of the stack.
const DEEPEST: usize = 64;

impl Parser<'_> {
    /// Conditions in brackets.
    fn list(&mut self) -> Option<Vec<Option<bool>>> {
        self.take("(")?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut list = vec![];
        while self.take(")").is_none() {
            list.push(self.one()?);
            if self.take(",").is_none() {
                self.take(")")?;
                break;
            }
        }
        self.depth -= 1;
        Some(list)
    }

    fn one(&mut self) -> Option<Option<bool>> {
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        if word.is_empty() {
            return None;
        }
        if self.take("=").is_some() {
            self.take("\"")?;
            let (value, rest) = self.rest.split_once('"')?;
            self.rest = rest.trim_start();
            return Some(self.facts.pair(word, value));
        }
        if !self.rest.starts_with('(') {
            return Some(self.facts.word(word));
        }
        let list = self.list()?;
        let decided = |by: bool| match () {
            () if list.contains(&Some(by)) => Some(by),
            () if list.contains(&None) => None,
            () => Some(!by),
        };
        Some(match (word, list.as_slice()) {
            ("all", _) => decided(false),
            ("any", _) => decided(true),
            ("not", [one]) => one.map(|holds| !holds),
            _ => return None,
        })
    }

    fn take(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?.trim_start();
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::cfg_holds;

    #[test]
    fn conditions_are_read_as_cargo_does() {
        let musl = "x86_64-unknown-linux-musl";
        for (condition, holds) in [
            ("cfg(unix)", Some(true)),
            ("cfg( windows )", Some(false)),
            ("cfg(target_os = \"linux\")", Some(true)),
            ("cfg(target_env=\"gnu\")", Some(false)),
            (
                "cfg(all(target_arch = \"x86_64\", target_env = \"musl\",))",
                Some(true),
            ),
            ("cfg(any(windows, target_os = \"macos\"))", Some(false)),
            (
                "cfg(not(any(windows, target_vendor = \"apple\")))",
                Some(true),
            ),
            ("cfg(all())", Some(true)),
            ("cfg(any())", Some(false)),
            ("cfg(all(tokio_unstable, windows))", Some(false)),
            ("cfg(all(tokio_unstable, unix))", None),
            ("cfg(any(tokio_unstable, unix))", Some(true)),
            ("cfg(target_feature = \"avx2\")", None),
            ("cfg(target_pointer_width = \"32\")", Some(false)),
            // What is no condition.
            ("x86_64-unknown-linux-musl", None),
            ("cfg(unix", None),
            ("cfg(unix) more", None),
            ("cfg(unix, windows)", None),
            ("cfg(none(unix))", None),
            ("cfg(target_os = linux)", None),
        ] {
            assert_eq!(cfg_holds(condition, musl), holds, "{condition}");
        }
    }

    #[test]
    fn conditions_nest_as_deeply_as_anyone_writes_them() {
        for (depth, holds) in [(4, Some(true)), (63, Some(false)), (1_000_000, None)] {
            let condition = format!("cfg({}unix{})", "not(".repeat(depth), ")".repeat(depth));
            assert_eq!(cfg_holds(&condition, "x86_64-unknown-linux-musl"), holds);
        }
    }

    #[test]
    fn triples_say_what_they_are_for() {
        for (triple, condition) in [
            (
                "armv7-unknown-linux-musleabihf",
                "cfg(all(target_arch = \"arm\", target_abi = \"eabihf\"))",
            ),
            (
                "s390x-unknown-linux-gnu",
                "cfg(all(target_endian = \"big\", target_pointer_width = \"64\"))",
            ),
            (
                "powerpc64le-unknown-linux-gnu",
                "cfg(all(target_arch = \"powerpc64\", target_endian = \"little\"))",
            ),
            (
                "i686-unknown-linux-gnu",
                "cfg(all(target_arch = \"x86\", target_pointer_width = \"32\"))",
            ),
            (
                "riscv64gc-unknown-linux-musl",
                "cfg(target_arch = \"riscv64\")",
            ),
        ] {
            assert_eq!(cfg_holds(condition, triple), Some(true), "{triple}");
        }
        assert_eq!(cfg_holds("cfg(unix)", "wasm32-unknown-unknown"), None);
    }
}
