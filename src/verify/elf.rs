//! What an ELF file says of what it needs (elf(5); System V ABI; LSB, "Symbol Versioning").

use std::ops::Range;

/// What the head of an ELF file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elf {
    /// ELF's number of the processor (`e_machine`).
    pub machine: u16,
    /// The dynamic loader that it names; empty where the head is too short for the name.
    pub interpreter: Option<String>,
}

/// Where in a file its dynamic section is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dynamic {
    /// Offsets of the section.
    pub range: Range<u64>,
    /// What is loaded: offset in the file, address, length.
    segments: Vec<(u64, u64, u64)>,
    reader: Reader,
}

/// Where in a file the versions of symbols are that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Offsets of the table of needed versions.
    pub versions: Range<u64>,
    /// Offsets of the names.
    pub names: Range<u64>,
    /// Where in the names those of the needed libraries are; none where the file itself says where to look for them.
    libraries: Vec<u64>,
    reader: Reader,
}

/// No table of versions is longer, in bytes.
const MAX_VERSIONS: u64 = 1 << 16;
/// No table of names is read further, in bytes.
const MAX_NAMES: u64 = 16 << 20;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reader {
    wide: bool,
    little: bool,
}

impl Reader {
    fn of(head: &[u8]) -> Option<Self> {
        let class = *head.get(4)?;
        let little = *head.get(5)? == 1;
        (head.starts_with(b"\x7fELF") && (class == 1 || class == 2)).then_some(Self {
            wide: class == 2,
            little,
        })
    }

    fn number(self, bytes: &[u8], at: usize, len: usize) -> Option<u64> {
        let bytes = bytes.get(at..at.checked_add(len)?)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if self.little {
            bytes.iter().rev().fold(0, fold)
        } else {
            bytes.iter().fold(0, fold)
        })
    }

    /// The program headers: type, offset, address, length in the file.
    fn segments(self, head: &[u8]) -> Option<Vec<(u64, u64, u64, u64)>> {
        let (offset, size, count) = if self.wide {
            (
                self.number(head, 32, 8)?,
                self.number(head, 54, 2)?,
                self.number(head, 56, 2)?,
            )
        } else {
            (
                self.number(head, 28, 4)?,
                self.number(head, 42, 2)?,
                self.number(head, 44, 2)?,
            )
        };
        let mut all = vec![];
        for entry in 0..count {
            let at = usize::try_from(offset.checked_add(entry * size)?).ok()?;
            let kind = self.number(head, at, 4)?;
            let (fields, len) = if self.wide {
                ([8, 16, 32], 8)
            } else {
                ([4, 8, 16], 4)
            };
            // Headers that the head cuts off say nothing but their type.
            let field = |field: usize| self.number(head, at + field, len).unwrap_or_default();
            all.push((kind, field(fields[0]), field(fields[1]), field(fields[2])));
        }
        Some(all)
    }
}

/// Reads the head of an ELF file; `None` for anything else.
pub fn elf(head: &[u8]) -> Option<Elf> {
    const PT_INTERP: u64 = 3;
    let reader = Reader::of(head)?;
    let segments = reader.segments(head)?;
    let interpreter = segments.iter().find(|(kind, ..)| *kind == PT_INTERP);
    let text = |offset: u64, len: u64| -> Option<String> {
        let start = usize::try_from(offset).ok()?;
        let bytes = head.get(start..start.checked_add(usize::try_from(len).ok()?)?)?;
        let text = bytes.split(|byte| *byte == 0).next()?;
        Some(String::from_utf8_lossy(text).into_owned())
    };
    Some(Elf {
        machine: u16::try_from(reader.number(head, 18, 2)?).ok()?,
        interpreter: interpreter.map(|(_, at, _, len)| text(*at, *len).unwrap_or_default()),
    })
}

/// Where the dynamic section of the file is, if it has one.
pub fn dynamic(head: &[u8]) -> Option<Dynamic> {
    const PT_LOAD: u64 = 1;
    const PT_DYNAMIC: u64 = 2;
    let reader = Reader::of(head)?;
    let all = reader.segments(head)?;
    let (_, offset, _, len) = *all.iter().find(|(kind, ..)| *kind == PT_DYNAMIC)?;
    let loaded = all.into_iter().filter(|(kind, ..)| *kind == PT_LOAD);
    Some(Dynamic {
        range: offset..offset.checked_add(len.min(MAX_VERSIONS))?,
        segments: loaded
            .map(|(_, offset, address, len)| (offset, address, len))
            .collect(),
        reader,
    })
}

impl Dynamic {
    /// Reads the section; `None` where no versions are needed.
    pub fn tables(&self, section: &[u8]) -> Option<Tables> {
        const DT_NEEDED: u64 = 1;
        const DT_STRTAB: u64 = 5;
        const DT_STRSZ: u64 = 10;
        const DT_RPATH: u64 = 15;
        const DT_RUNPATH: u64 = 29;
        const DT_VERNEED: u64 = 0x6fff_fffe;
        let len = if self.reader.wide { 8 } else { 4 };
        let entries = |tag: u64| {
            (0..section.len() / (2 * len)).filter_map(move |index| {
                let at = index * 2 * len;
                let found = self.reader.number(section, at, len)? == tag;
                found.then(|| self.reader.number(section, at + len, len))?
            })
        };
        let entry = |tag: u64| entries(tag).next();
        let has_path = entry(DT_RPATH).or(entry(DT_RUNPATH)).is_some();
        let versions = self.offset(entry(DT_VERNEED)?)?;
        let names = self.offset(entry(DT_STRTAB)?)?;
        Some(Tables {
            versions: versions..versions.checked_add(MAX_VERSIONS)?,
            names: names..names.checked_add(entry(DT_STRSZ)?.min(MAX_NAMES))?,
            libraries: entries(DT_NEEDED).filter(|_| !has_path).collect(),
            reader: self.reader,
        })
    }

    fn offset(&self, address: u64) -> Option<u64> {
        self.segments.iter().find_map(|(offset, start, len)| {
            let into = address.checked_sub(*start)?;
            (into < *len).then(|| offset.checked_add(into))?
        })
    }
}

impl Tables {
    /// The libraries that the dynamic loader looks for, by their file names.
    pub fn libraries(&self, names: &[u8]) -> Vec<String> {
        let name = |start: &u64| {
            let name = names.get(usize::try_from(*start).ok()?..)?;
            let name = name.split(|byte| *byte == 0).next()?;
            std::str::from_utf8(name).ok().map(str::to_owned)
        };
        self.libraries.iter().filter_map(name).collect()
    }

    /// The newest version of glibc whose symbols are needed.
    pub fn glibc(&self, versions: &[u8], names: &[u8]) -> Option<(u32, u32)> {
        let number = |at: usize, len| usize::try_from(self.reader.number(versions, at, len)?).ok();
        let mut newest = None;
        let mut file = 0;
        loop {
            // Elfxx_Verneed: version, count, file, first, next; Elfxx_Vernaux: hash, flags, other, name, next.
            let (count, first, next) = (
                number(file + 2, 2)?,
                number(file + 8, 4)?,
                number(file + 12, 4)?,
            );
            let mut at = file + first;
            for _ in 0..count {
                let Some(name) = number(at + 8, 4).and_then(|start| names.get(start..)) else {
                    break;
                };
                newest = newest.max(version(name.split(|byte| *byte == 0).next()?));
                at += number(at + 12, 4)?;
            }
            if next == 0 {
                return newest;
            }
            file += next;
        }
    }
}

/// `GLIBC_2.34` as numbers.
fn version(name: &[u8]) -> Option<(u32, u32)> {
    let name = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
    let mut parts = name.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(words: &[(u64, usize)]) -> Vec<u8> {
        let word = |(value, len): &(u64, usize)| value.to_le_bytes()[..*len].to_vec();
        words.iter().flat_map(word).collect()
    }

    /// A file that needs `GLIBC_2.9` and `GLIBC_2.34` of one library, and what another calls `X_1`.
    fn file() -> Vec<u8> {
        let mut file = b"\x7fELF\x02\x01".to_vec();
        file.resize(64, 0);
        (file[18], file[32], file[54], file[56]) = (62, 64, 56, 2);
        // Loaded at 0x1000; the dynamic section at 176.
        let load = [
            (1, 4),
            (0, 4),
            (0, 8),
            (0x1000, 8),
            (0, 8),
            (512, 8),
            (512, 8),
            (0, 8),
        ];
        let dynamic = [
            (2, 4),
            (0, 4),
            (176, 8),
            (0x10b0, 8),
            (0, 8),
            (64, 8),
            (64, 8),
            (0, 8),
        ];
        file.extend(bytes(&load));
        file.extend(bytes(&dynamic));
        let tags = [
            (5, 240 + 0x1000),
            (10, 40),
            (0x6fff_fffe, 280 + 0x1000),
            (0, 0),
        ];
        tags.iter()
            .for_each(|(tag, value)| file.extend(bytes(&[(*tag, 8), (*value, 8)])));
        let names = b"\0GLIBC_2.9\0GLIBC_2.34\0X_1\0libc\0";
        file.extend(names);
        file.resize(280, 0);
        // The first library: two versions 16 bytes on, the next library 48 bytes on.
        file.extend(bytes(&[(1, 2), (2, 2), (26, 4), (16, 4), (48, 4)]));
        file.extend(bytes(&[(0, 4), (0, 2), (2, 2), (11, 4), (16, 4)]));
        file.extend(bytes(&[(0, 4), (0, 2), (3, 2), (1, 4), (0, 4)]));
        file.extend(bytes(&[(1, 2), (1, 2), (26, 4), (16, 4), (0, 4)]));
        file.extend(bytes(&[(0, 4), (0, 2), (4, 2), (22, 4), (0, 4)]));
        file
    }

    fn glibc(file: &[u8]) -> Option<(u32, u32)> {
        needed(file).0
    }

    fn needed(file: &[u8]) -> (Option<(u32, u32)>, Vec<String>) {
        let part = |range: &Range<u64>| {
            let end = usize::try_from(range.end).unwrap().min(file.len());
            file.get(usize::try_from(range.start).unwrap()..end)
                .unwrap_or_default()
        };
        let found = dynamic(part(&(0..4096)));
        let tables = found.and_then(|found| found.tables(part(&found.range)));
        let Some(tables) = tables else {
            return (None, vec![]);
        };
        let names = part(&tables.names);
        let glibc = tables.glibc(part(&tables.versions), names);
        (glibc, tables.libraries(names))
    }

    #[test]
    fn the_newest_needed_version_is_found() {
        assert_eq!(glibc(&file()), Some((2, 34)));
    }

    #[test]
    fn damaged_files_need_nothing_and_do_no_harm() {
        let whole = file();
        for length in 0..whole.len() {
            glibc(&whole[..length]);
            elf(&whole[..length]);
        }
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] = 0xff;
            glibc(&broken);
            elf(&broken);
        }
    }

    /// The test program itself.
    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(clippy::disallowed_methods, reason = "a test reads itself")]
    fn real_files_are_read() {
        let own = std::env::current_exe().unwrap();
        let file = std::fs::read(own).unwrap();
        let interpreter = elf(&file).expect("an executable").interpreter;
        assert!(!interpreter.expect("a loader").contains("musl"));
        let (glibc, libraries) = needed(&file);
        assert!(glibc > Some((2, 2)), "{glibc:?}");
        assert!(libraries.contains(&"libc.so.6".into()), "{libraries:?}");
    }
}
