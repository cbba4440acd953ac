use super::*;

#[test]
fn base64_is_the_usual_one() {
    for (data, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64_text::encode(data.as_bytes()), text);
        assert_eq!(base64_text::decode(text).as_deref(), Some(data.as_bytes()));
    }
    assert_eq!(base64_text::encode(&[0xff, 0xfe, 0xfb]), "//77");
    assert_eq!(base64_text::decode("a?"), None);
    assert_eq!(base64_text::decode("a"), None);
    assert_eq!(base64_text::decode("Zg").as_deref(), Some(&b"f"[..]));
}

#[test]
fn a_source_detail_has_upstreams_names() {
    let source = Source {
        info: Some(SourceInfo {
            filename: "Rust.yaml".into(),
            data: b"a: 1\n".to_vec(),
            definition: None,
            language: "YAML".into(),
        }),
        ranges: vec![Range {
            start: Position {
                line: 1,
                character: 3,
            },
            end: Position {
                line: 1,
                character: 0,
            },
        }],
    };
    let any = Detail::Source(source.clone()).encode();
    assert_eq!(any.type_url, "github.com/moby/buildkit/errdefs.Source+json");
    assert_eq!(
        String::from_utf8(any.value.clone()).unwrap(),
        r#"{"info":{"filename":"Rust.yaml","data":"YTogMQo=","language":"YAML"},"ranges":[{"start":{"line":1,"character":3},"end":{"line":1}}]}"#
    );
    assert_eq!(Detail::decode(&any), Detail::Source(source));
}

#[test]
fn other_details_pass_through_unchanged() {
    for (url, value) in [
        (
            "github.com/moby/buildkit/errdefs.Solve+json",
            &b"{\"inputIDs\":[\"x\"]}"[..],
        ),
        ("github.com/moby/buildkit/stack.Stack+json", b"{}"),
        ("github.com/moby/buildkit/errdefs.Source+json", b"not json"),
        ("something.else", &[0xff, 0]),
    ] {
        let any = Any {
            type_url: url.into(),
            value: value.to_vec(),
        };
        assert_eq!(Detail::decode(&any), Detail::Other(any.clone()));
        assert_eq!(Detail::decode(&any).encode(), any);
    }
}

#[test]
fn the_small_details_survive_the_round_trip() {
    for (detail, json) in [
        (
            Detail::Vertex(Vertex {
                digest: "sha256:0".into(),
            }),
            r#"{"digest":"sha256:0"}"#,
        ),
        (
            Detail::Subrequest(Subrequest {
                name: "frontend.x".into(),
            }),
            r#"{"name":"frontend.x"}"#,
        ),
        (
            Detail::FrontendCap(FrontendCap { name: "c".into() }),
            r#"{"name":"c"}"#,
        ),
    ] {
        let any = detail.encode();
        assert_eq!(any.value, json.as_bytes());
        assert_eq!(Detail::decode(&any), detail);
    }
}

#[test]
fn an_rpc_error_keeps_its_details() {
    let sent = status(
        13,
        "deep",
        &[Detail::Vertex(Vertex {
            digest: "sha256:1".into(),
        })],
    );
    let error =
        tonic::Status::with_details(tonic::Code::Internal, "deep", sent.encode_to_vec().into());
    assert_eq!(from_rpc(&error), sent);
    assert_eq!(
        details(&from_rpc(&error)),
        [Detail::Vertex(Vertex {
            digest: "sha256:1".into()
        })]
    );
    let bare = from_rpc(&tonic::Status::unavailable("gone"));
    assert_eq!(
        (bare.code, bare.message.as_str(), bare.details.len()),
        (14, "gone", 0)
    );
}

#[test]
fn ranges_and_files_of_the_wire_convert() {
    let range = pb::Range {
        start: Some(pb::Position {
            line: 2,
            character: 1,
        }),
        end: None,
    };
    assert_eq!(
        Range::from(&range).start,
        Position {
            line: 2,
            character: 1
        }
    );
    assert_eq!(Range::from(&range).end, Position::default());
    let info = pb::SourceInfo {
        filename: "f".into(),
        data: vec![1],
        ..Default::default()
    };
    assert_eq!(SourceInfo::from(&info).data, [1]);
}
