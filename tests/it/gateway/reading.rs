//! Files of references: large ones, missing ones, and those that planning asks for.

use super::source;
use crate::support::bridge::{Bridge, Reply, refusal};
use buildkit_proto::errdefs::{self, Detail};
use buildkit_proto::{Any, caps, fsutil, gateway as msg};
use rust_frontend::gateway::{Failure, Ref, read_tree};
use rust_frontend::source::{EntryKind, SourceTree};

async fn solved(bridge: &Bridge) -> Ref {
    let gateway = bridge.connect().await.unwrap();
    gateway.solve(source("context")).await.unwrap()
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8).collect()
}

#[tokio::test]
async fn files_of_any_size_are_read_whole() {
    // Less than a page, pages exactly, more than one message holds.
    for size in [0, 5, 8 << 20, 15 << 20, 16 << 20, (33 << 20) + 7] {
        let bridge = Bridge::new().file("f", bytes(size));
        let reference = solved(&bridge).await;
        let read = reference.read_file("f", 64 << 20).await.unwrap();
        assert!(read == bytes(size), "{size}");
    }
}

#[tokio::test]
async fn a_reply_may_be_as_large_as_the_engine_allows() {
    let bridge = Bridge::new().file("f", bytes(15 << 20));
    let reference = solved(&bridge).await;
    let read = reference.read_range("f", 0, 16 << 20).await.unwrap();
    assert_eq!(read.len(), 15 << 20);

    let entry = |n: u32| fsutil::Stat {
        path: format!("{n:0100}"),
        ..Default::default()
    };
    let bridge = Bridge::new().on("ReadDir", move |_: msg::ReadDirRequest| {
        Ok(msg::ReadDirResponse {
            entries: (0..150_000).map(entry).collect(),
        })
    });
    let reference = solved(&bridge).await;
    assert_eq!(reference.read_dir("d", "").await.unwrap().len(), 150_000);
}

#[tokio::test]
async fn larger_than_allowed_is_a_mistake_of_the_user() {
    let bridge = Bridge::new().file("f", bytes(11));
    let reference = solved(&bridge).await;
    assert_eq!(reference.read_file("f", 11).await.unwrap().len(), 11);
    let failure = reference.read_file("f", 10).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "`f` has more than 10 bytes: check that it is the right file"
    );
}

#[tokio::test]
async fn a_missing_file_is_not_an_unreadable_one() {
    let bridge = Bridge::new().file("f", "x");
    let reference = solved(&bridge).await;
    assert_eq!(reference.try_read_file("g", 9).await.unwrap(), None);
    let failure = reference.read_file("g", 9).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "failed to read g: open g: no such file or directory"
    );
    let denied = "error from sender: open g: permission denied";
    let bridge = Bridge::new().on_raw("ReadFile", move |_| Reply::Error(refusal(denied)));
    let failure = solved(&bridge)
        .await
        .try_read_file("g", 9)
        .await
        .unwrap_err();
    assert!(failure.to_string().ends_with(denied));
}

#[tokio::test]
async fn a_step_that_failed_is_no_missing_file() {
    let words = "openat nope: no such file or directory";
    // As of a plain read: what could be looked at to find out why.
    let solve = Detail::Other(Any {
        type_url: "github.com/moby/buildkit/errdefs.Solve+json".into(),
        value: b"{}".to_vec(),
    });
    let vertex = Detail::Vertex(errdefs::Vertex {
        digest: "sha256:1".into(),
    });
    for (details, absent) in [
        (vec![solve.clone()], true),
        (vec![vertex.clone(), solve.clone()], false),
    ] {
        let status = errdefs::status(2, words, &details);
        let all = move || Reply::Error(status.clone());
        let (file, dir) = (all.clone(), all);
        let bridge = Bridge::new().on_raw("ReadFile", move |_| file());
        let bridge = bridge.on_raw("ReadDir", move |_| dir());
        let reference = solved(&bridge).await;
        let read = reference.try_read_file("g", 9).await;
        let listed = read_tree(&reference, SourceTree::default(), |tree| {
            tree.list("d").len()
        });
        match absent {
            true => assert_eq!(read, Ok(None)),
            false => assert_eq!(
                read.unwrap_err().to_string(),
                format!("failed to read g: {words}")
            ),
        }
        assert_eq!(listed.await.is_ok(), absent);
    }
}

#[tokio::test]
async fn names_and_kinds() {
    let bridge = Bridge::new()
        .file("src/main.rs", "fn main() {}")
        .file("src/bin/a.rs", "");
    let reference = solved(&bridge).await;
    let entries = reference.read_dir("src", "").await.unwrap();
    let shown: Vec<_> = entries
        .iter()
        .map(|e| (e.name.as_str(), e.kind(), e.size))
        .collect();
    assert_eq!(
        shown,
        [
            ("bin", Some(EntryKind::Dir), 0),
            ("main.rs", Some(EntryKind::File), 12)
        ]
    );
    assert_eq!(reference.stat_file("src/main.rs").await.unwrap().size, 12);

    let old = Bridge::new().without(caps::gateway::READ_DIR, "");
    let failure = solved(&old).await.read_dir("src", "").await.unwrap_err();
    assert!(matches!(failure, Failure::Missing { .. }), "{failure:?}");
}

#[tokio::test]
async fn planning_gets_what_it_asks_for() {
    let bridge = Bridge::new()
        .file("Cargo.toml", "member")
        .file("member/Cargo.toml", "[package]")
        .file("member/src/lib.rs", "");
    let mut runs = 0;
    let plan = |tree: &SourceTree| {
        runs += 1;
        let member = tree.read("Cargo.toml").map(|file| file.text().to_owned())?;
        let names: Vec<String> = tree
            .list(&member)
            .iter()
            .map(|entry| entry.name.clone())
            .collect();
        let manifest = tree
            .read(&format!("{member}/Cargo.toml"))?
            .text()
            .to_owned();
        let absent = tree.read("none/x").is_none() && tree.list("none").is_empty();
        Some((manifest, names, absent))
    };
    let reference = solved(&bridge).await;
    let (made, tree) = read_tree(&reference, SourceTree::default(), plan)
        .await
        .unwrap();
    let names = vec!["Cargo.toml".to_owned(), "src".to_owned()];
    assert_eq!(made, Some(("[package]".to_owned(), names, true)));
    assert_eq!(runs, 4);
    assert_eq!(tree.read("Cargo.toml").unwrap().text(), "member");
    assert!(!tree.has("", "member") && tree.take_needs().dirs.contains(""));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_files_are_read_at_once_but_not_all() {
    let mut bridge = Bridge::new().slow();
    for n in 0..1000 {
        bridge = bridge.file(&format!("f{n}"), n.to_string());
    }
    let plan = |tree: &SourceTree| {
        (0..1000)
            .filter_map(|n| tree.read(&format!("f{n}")))
            .count()
    };
    let reference = solved(&bridge).await;
    let (count, _) = read_tree(&reference, SourceTree::default(), plan)
        .await
        .unwrap();
    assert_eq!(count, 1000);
    let most = bridge.most_at_once();
    assert!(1 < most && most < 1000, "{most}");
}

#[tokio::test]
async fn what_is_not_text_is_shown_where_it_stops_to_be() {
    let bridge = Bridge::new()
        .file("a.toml", b"ok\nname = \"\xff\"\n".to_vec())
        .file("b.toml", b"\xc3".to_vec());
    let plan = |tree: &SourceTree| {
        tree.read("a.toml");
        tree.read("b.toml");
    };
    let failure = read_tree(&solved(&bridge).await, SourceTree::default(), plan)
        .await
        .unwrap_err();
    assert_eq!(
        failure.to_string(),
        "2 errors\n\
         a.toml:2: `a.toml` is not UTF-8 text: byte 0xff at offset 11: save it as UTF-8\n\
         b.toml:1: `b.toml` is not UTF-8 text: byte 0xc3 at offset 0: save it as UTF-8"
    );
}

#[tokio::test]
async fn an_error_while_reading_ends_planning() {
    let bridge = Bridge::new().on("ReadFile", |request: msg::ReadFileRequest| {
        let message = match request.file_path.as_str() {
            "a" => "disk full",
            _ => "no such file or directory",
        };
        Err::<msg::ReadFileResponse, _>(refusal(message))
    });
    let plan = |tree: &SourceTree| tree.read("a").is_some();
    let failure = read_tree(&solved(&bridge).await, SourceTree::default(), plan)
        .await
        .unwrap_err();
    assert_eq!(failure.to_string(), "failed to read a: disk full");

    let bridge = Bridge::new();
    let mut n = 0;
    let endless = |tree: &SourceTree| {
        n += 1;
        tree.read(&format!("f{n}")).is_some()
    };
    let failure = read_tree(&solved(&bridge).await, SourceTree::default(), endless)
        .await
        .unwrap_err();
    assert!(matches!(failure, Failure::Internal(_)), "{failure:?}");
}
