use std::hash::{DefaultHasher, Hasher};
use std::path::Path;
use std::{env, fs};

fn list(dir: &Path, lines: &mut String) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if name.contains("grown") {
            continue;
        }
        if path.is_dir() {
            list(&path, lines);
            continue;
        }
        let mut hash = DefaultHasher::new();
        if [".rlib", ".rmeta", ".so", ".o"].iter().any(|end| name.ends_with(end)) {
            hash.write(&fs::read(&path).unwrap());
        }
        lines.push_str(&format!("{name} {:x}\n", hash.finish()));
    }
}

fn main() {
    let mut lines = String::new();
    list(Path::new("/target"), &mut lines);
    fs::write(format!("{}/files", env::var("OUT_DIR").unwrap()), lines).unwrap();
}
