//! The tables as a page for people: docs/spec.md.

use super::keys::ROOT;
use super::table::{Block, Key, Map, Scalar, Shape};
use std::fmt::Write;

const INTRODUCTION: &str = "\
<!-- Generated from src/spec/keys.rs, src/spec/keys and src/spec/reference.rs: `UPDATE=1 cargo test --lib reference` rewrites it. -->
# Rust.yaml

The syntax line alone is a complete spec:

```yaml
# syntax=org/rust-frontend:1
```

It builds the only binary (or `default-run`) of the package or workspace. There are two blocks: `build:` affects
compilation, `image:` only the image.

- A key without a value (`user:`) means its default.
- Keys that start with `x-` are ignored in every block: use them for anchors.
- Only `true` and `false` are booleans: `yes` and `on` are text.
- Numbers are taken as written: `toolchain: 1.90` is 1.90, `mode: 0644` is octal.
- `${NAME}` stands for a build-arg declared under `args`, or for one that every build has (`TARGETARCH`, `TARGETPLATFORM`, …;
  `VCS_REVISION` only where the commit is known); `$${` stands for `${`, and any other `$` for itself.
- The file may be JSON, with the syntax line as the key `syntax`.

Editors with a YAML language server complete and check the file by its schema. Save it where it is no input of the build, and name it in the
second line (the syntax line must be the first):

```console
$ mkdir -p .vscode && docker buildx build -f Rust.yaml --call=schema . >.vscode/Rust.schema.json
```

```yaml
# syntax=org/rust-frontend:1
# yaml-language-server: $schema=.vscode/Rust.schema.json
```
";

/// The reference page.
pub fn reference() -> String {
    let mut page = String::from(INTRODUCTION);
    let mut done: Vec<&'static str> = Vec::new();
    let mut todo: Vec<(String, &'static Block)> = match &ROOT.map {
        Some(Map::Block(block)) => vec![("Top level".into(), block)],
        _ => Vec::new(),
    };
    while !todo.is_empty() {
        let (title, block) = todo.remove(0);
        if done.contains(&block.name) {
            continue;
        }
        done.push(block.name);
        let _ = write!(page, "\n## {title}\n\n{}\n", block.doc);
        for key in block.keys {
            let _ = write!(page, "\n{}", entry(key));
            for inner in blocks(key.shape) {
                todo.push((inner.name.replace(':', ""), inner));
            }
        }
    }
    page
}

fn entry(key: &Key) -> String {
    // The page about groups is beside this one; the schema, which has the same words, may be anywhere.
    let doc = key.doc.replace("docs/crates.md", "[crates.md](crates.md)");
    let mut text = format!("### `{}`\n\n{doc}\n\n", key.name);
    if let Some(instead) = key.deprecated {
        let _ = writeln!(text, "Deprecated: {instead}.\n");
    }
    if let Some(Scalar::Words(words)) = &key.shape.scalar {
        for (word, doc) in *words {
            let _ = writeln!(text, "- `{word}`: {doc}");
        }
        text.push('\n');
    } else {
        let _ = writeln!(text, "- Takes: {}", key.shape.what);
    }
    let _ = writeln!(text, "- Default: {}", key.default_and_reason());
    let _ = writeln!(text, "- Example: `{}: {}`", key.name, key.example);
    text
}

/// The blocks that a value of this shape may hold.
fn blocks(shape: &Shape) -> Vec<&'static Block> {
    let mut found: Vec<&'static Block> = shape.list.map(blocks).unwrap_or_default();
    match &shape.map {
        Some(Map::Block(block)) => found.push(block),
        Some(Map::Open { value, .. }) => found.extend(blocks(value)),
        None => {}
    }
    found
}
