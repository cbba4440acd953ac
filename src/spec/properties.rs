//! What holds for every document: parsing never panics, and the schema accepts what the check accepts.

use super::keys::ROOT;
use super::table::{Block, Format, Map, Scalar, Shape};
use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Texts that are right somewhere and wrong elsewhere.
const TEXTS: &[&str] = &[
    "",
    "a",
    "A",
    "A/a",
    "-A/a",
    "[A]/a",
    "shop-server",
    "a b",
    "a,b",
    "-x",
    "_",
    "1",
    "8080",
    "70000",
    "53/udp",
    "0/tcp",
    "1.90",
    "debug",
    "release",
    "musl",
    "gnu",
    "x86_64-unknown-linux-musl",
    "linux/amd64",
    "nightly-2026-10-01",
    "alpine",
    "alpine:3",
    "Alpine",
    "scratch",
    "localhost:5000/a/b:t",
    "a/b@sha256:0",
    "a__b",
    "a___b",
    "a.b/c",
    "[::1]:5000/x",
    "-a/b",
    "A/b",
    "A.b/c",
    "a-/b",
    "a..b/c",
    "a.-b/c",
    "x/y:z/w",
    "a:",
    "a@",
    "a:-",
    "foo=1.2-r0",
    "K=V",
    "K=",
    "=V",
    "1K=V",
    "k.k-k=v=w",
    "K",
    "/app",
    "/app/",
    "/",
    "app",
    "./app",
    "../x",
    "/a/../b",
    "..",
    "a/..",
    "a..b",
    "app:app",
    "0:0",
    "65532",
    "2147483647",
    "app:2147483648",
    "99999999999",
    "app:",
    "0644",
    "644",
    "0888",
    "755",
    "07777",
    "77777",
    "SIGTERM",
    "TERM",
    "sigterm",
    "SIGRTMIN+3",
    "SIGRTMAX-100",
    "64",
    "65",
    "30s",
    "1m30s",
    "1.5h",
    "5",
    "s",
    "1.s",
    "1µs",
    "none",
    "true",
    "false",
    "yes",
    "null",
    "~",
    "default",
    "mimalloc",
    "auto",
    "crates",
    "cargo",
    "nextest",
    "deny",
    "warn",
    "check",
    "fetch",
    "compile",
    "test",
    "api",
    "api-debug",
    "api_x.y-z",
    "unpinned-base",
    "é",
    "a\u{a0}b",
    "a\u{85}b",
    "\u{feff}",
    "a\nb",
    "a\n",
    "\0",
    "a\0b",
    "registry.example.com/team/app:1.2",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(TEXTS).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9/:.@_=, +\\[\\]-]{0,10}",
        1 => "\\PC{0,4}".prop_map(|text| text.replace('$', "S")),
    ]
}

/// Any scalar, list or mapping.
fn anything() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        proptest::sample::select(
            &[0_i64, 1, 64, 65, 80, 8080, 65535, 65536, -1, 10_000_000_000][..]
        )
        .prop_map(Value::from),
        proptest::sample::select(&[1.5, -2.5, 0.25][..]).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
    .boxed()
}

/// Mostly of this shape.
fn value(shape: &'static Shape) -> BoxedStrategy<Value> {
    let mut forms: Vec<(u32, BoxedStrategy<Value>)> = vec![(1, anything())];
    match &shape.scalar {
        Some(Scalar::Bool) => forms.push((6, any::<bool>().prop_map(Value::from).boxed())),
        Some(Scalar::Words(words)) => {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            forms.push((
                6,
                proptest::sample::select(words)
                    .prop_map(Value::from)
                    .boxed(),
            ));
        }
        Some(Scalar::Text(format)) => {
            forms.push((12, right(format)));
            forms.push((2, text().prop_map(Value::from).boxed()));
        }
        None => {}
    }
    if let Some(item) = shape.list {
        let items = prop::collection::vec(value(item), 0..3);
        forms.push((6, items.prop_map(Value::from).boxed()));
    }
    match &shape.map {
        Some(Map::Block(block)) => forms.push((12, block_value(block))),
        Some(Map::Open { key, value: inner }) => {
            let key = prop_oneof![12 => right(key), 1 => text().prop_map(Value::from)];
            let entries = prop::collection::vec((key, value(inner)), 0..3);
            forms.push((12, entries.prop_map(object).boxed()));
        }
        None => {}
    }
    proptest::strategy::Union::new_weighted(forms).boxed()
}

fn right(format: &'static Format) -> BoxedStrategy<Value> {
    let right: Vec<&str> = TEXTS
        .iter()
        .copied()
        .filter(|text| (format.check)(text))
        .collect();
    proptest::sample::select(right)
        .prop_map(Value::from)
        .boxed()
}

fn block_value(block: &'static Block) -> BoxedStrategy<Value> {
    let key = proptest::sample::select(block.keys.iter().collect::<Vec<_>>());
    let entry = prop_oneof![
        20 => key.prop_flat_map(|key| (Just(Value::from(key.name)), value(key.shape))),
        1 => (Just(Value::from("x-any")), anything()),
        1 => (text().prop_map(Value::from), anything()),
    ];
    let required = block.keys.iter().filter(|key| key.required);
    let required: Vec<_> = required
        .map(|key| (Just(Value::from(key.name)), value(key.shape)))
        .collect();
    (required, prop::collection::vec(entry, 0..4))
        .prop_map(|(mut required, entries)| {
            required.extend(entries);
            object(required)
        })
        .boxed()
}

fn object(entries: Vec<(Value, Value)>) -> Value {
    let name = |key: Value| key.as_str().unwrap_or_default().to_owned();
    Value::Object(
        entries
            .into_iter()
            .map(|(key, value)| (name(key), value))
            .collect(),
    )
}

/// What the check says of a document; no build-args, nothing that only the typed values show.
fn checked(document: &str) -> Vec<Diagnostic> {
    let file = SourceFile::new("Rust.yaml", document);
    match yaml::read(&file) {
        Ok((root, mut found)) => {
            if let Some(root) = root {
                found.extend(check::document(&file, &root));
            }
            found.sorted()
        }
        Err(found) => found.sorted(),
    }
}

fn formats(shape: &'static Shape, found: &mut Vec<&'static Format>) {
    if let Some(Scalar::Text(format)) = &shape.scalar {
        found.push(format);
    }
    if let Some(item) = shape.list {
        formats(item, found);
    }
    match &shape.map {
        Some(Map::Block(block)) => block.keys.iter().for_each(|key| formats(key.shape, found)),
        Some(Map::Open { key, value }) => {
            found.push(key);
            formats(value, found);
        }
        None => {}
    }
}

proptest! {
    #[test]
    fn parsing_never_panics(text in prop_oneof![
        "\\PC{0,60}",
        "([a-z]{1,3}|[ \t\r\n:,{}&*!|>'\"%@?#$-]|\\[|\\]|build:\n|  |image: |\\$\\{|<<: |é){0,40}",
        any::<Vec<u8>>().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ]) {
        let file = SourceFile::new("Rust.yaml", text.clone());
        let args = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        let found = match parse(&file, &args) {
            Ok((_, warnings)) => warnings,
            Err(found) => found,
        };
        for diagnostic in found {
            let location = diagnostic.location.clone().expect("a place");
            prop_assert!(text.get(location.span.range()).is_some(), "{:?}", diagnostic);
            let _ = crate::diagnostic::snippet::render(&diagnostic);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_schema_accepts_what_the_check_accepts(document in value(&ROOT)) {
        thread_local! {
            static SCHEMA: jsonschema::Validator =
                jsonschema::validator_for(&schema()).expect("the schema is a schema");
        }
        let said = checked(&document.to_string());
        let valid = SCHEMA.with(|schema| schema.is_valid(&document));
        prop_assert_eq!(said.is_empty(), valid, "{} {:?}", document, said);
    }

    #[test]
    fn patterns_match_what_the_checks_let_pass(text in text()) {
        thread_local! {
            static PATTERNS: Vec<(&'static Format, jsonschema::Validator)> = {
                let mut all = Vec::new();
                formats(&ROOT, &mut all);
                all.sort_by_key(|format| format.pattern);
                all.dedup_by_key(|format| format.pattern);
                let compiled = |format: &'static Format| {
                    let schema = json!({ "pattern": format.pattern });
                    (format, jsonschema::validator_for(&schema).expect(format.pattern))
                };
                all.into_iter().map(compiled).collect()
            };
        }
        let value = Value::from(text.clone());
        PATTERNS.with(|patterns| {
            for (format, pattern) in patterns {
                prop_assert_eq!(
                    (format.check)(&text), pattern.is_valid(&value), "{:?} {}", text, format.pattern
                );
            }
            Ok(())
        })?;
    }
}

/// Key names of the tables that decoding never asks for would be promises without effect.
#[test]
fn every_example_of_the_tables_is_valid_and_changes_the_spec() {
    fn each(block: &'static Block, around: &dyn Fn(String) -> String) {
        for key in block.keys {
            let document = around(format!("{}: {}", key.name, key.example));
            let args = ["REVISION", "VCS_REVISION"]
                .map(|name| (name.to_owned(), "1".to_owned()))
                .into();
            let document = match key.name {
                "args" => document,
                _ => format!("args: {{ REVISION: }}\n{document}"),
            };
            let file = SourceFile::new("Rust.yaml", document.clone());
            let (spec, warnings) = parse(&file, &args)
                .unwrap_or_else(|found| panic!("{document}\n{:#?}", found.sorted()));
            assert!(warnings.is_empty(), "{document}");
            let (mut bare, _) = parse(&SourceFile::new("Rust.yaml", ""), &args).expect("empty");
            bare.file = spec.file.clone();
            bare.args = if key.name == "args" {
                Vec::new()
            } else {
                spec.args.clone()
            };
            if !["syntax"].contains(&key.name) {
                assert_ne!(spec, bare, "{document}");
            }
        }
    }
    let Some(Map::Block(root)) = &ROOT.map else {
        panic!("the root is a block")
    };
    each(root, &|entry| entry);
    for key in root.keys {
        if let Some(Map::Block(block)) = &key.shape.map {
            each(block, &|entry| format!("{}:\n  {entry}", key.name));
        }
    }
}
