//! A checked tree -> the typed spec. Defaults are filled in here, from the tables' words.
//!
//! Reads only what `check` let pass; what it did not, counts as not written.

use super::formats::{duration, signal};
use super::keys::ROOT;
use super::merge::{entries, lay_over};
use super::table::{Block, Map, Shape};
use super::yaml::{Data, Node, ScalarType};
use super::{
    Allocator, Arg, Build, BuildTarget, EnvVar, FileCopy, Granularity, Healthcheck, Image,
    ImageBase, ImageSpec, RunStep, Runner, Secret, SecretStep, Spec, Test,
};
use crate::source::{SourceFile, Spanned};

/// The typed spec of a document.
pub(super) fn spec(file: &SourceFile, root: Option<&Node>, args: Vec<Arg>) -> Spec {
    let root = View::new(root, &ROOT);
    let (build, image) = (root.node("build"), root.node("image"));
    let images: Vec<ImageSpec> = match root.view("images").entries() {
        images if images.is_empty() => vec![image_spec(None, root.clone())],
        images => images
            .iter()
            .filter(|(key, _)| !key.name.starts_with("x-"))
            .map(|(key, own)| {
                let own = View::new(Some(own), root.shape_of_entries("images"));
                let laid = [("build", build), ("image", image)].map(|(name, common)| {
                    (name, lay_over(common, own.node(name), own.shape(name)))
                });
                let name = Spanned::new(key.name.clone(), key.span);
                image_spec(
                    Some(name),
                    View {
                        laid: Some(laid),
                        ..own
                    },
                )
            })
            .collect(),
    };
    let (test, lint) = (root.view("test"), root.view("lint"));
    Spec {
        file: file.clone(),
        args,
        images,
        test: Test {
            runner: test.choice("runner", Runner::Cargo, |word| match word {
                "nextest" => Runner::Nextest,
                _ => Runner::Cargo,
            }),
            clippy_deny: test.choice("clippy", true, |word| word == "deny"),
            fmt_check: test.choice("fmt", true, |word| word == "check"),
            args: test.texts("args"),
        },
        lint_skip: lint.texts("skip"),
        lint_error: lint.bool("error", false).value,
    }
}

fn image_spec(name: Option<Spanned<String>>, blocks: View<'_>) -> ImageSpec {
    let build = build(blocks.view("build"));
    let image = image(blocks.view("image"), &build.target);
    ImageSpec { name, build, image }
}

fn build(build: View<'_>) -> Build {
    Build {
        span: build.written().map(|node| node.span),
        package: build.text("package"),
        bin: build.texts("bin"),
        features: build.texts("features"),
        default_features: build.bool("default-features", true),
        profile: build.text_or("profile", "release"),
        target: build.choice("target", BuildTarget::Musl, |word| match word {
            "musl" => BuildTarget::Musl,
            "gnu" => BuildTarget::Gnu,
            triple => BuildTarget::Triple(triple.into()),
        }),
        toolchain: build.text("toolchain"),
        base: build.text_or("base", "rust:1"),
        packages: build.texts("packages"),
        env: build.pairs("env"),
        stamp: build.pairs("stamp"),
        rustflags: flags(&build),
        inputs: build.texts("inputs"),
        secrets: build
            .each("secrets")
            .into_iter()
            .filter_map(secret)
            .collect(),
        ssh: build.texts("ssh"),
        run: build.each("run").into_iter().filter_map(run).collect(),
        allocator: build.choice("allocator", Allocator::Default, |word| match word {
            "mimalloc" => Allocator::Mimalloc,
            _ => Allocator::Default,
        }),
        granularity: build.choice("granularity", Granularity::Auto, |word| match word {
            "layer" => Granularity::Layer,
            "crates" => Granularity::Crates,
            _ => Granularity::Auto,
        }),
    }
}

fn image(image: View<'_>, target: &BuildTarget) -> Image {
    Image {
        span: image.written().map(|node| node.span),
        base: match image.text("base") {
            None => Spanned::unwritten(base("alpine", target)),
            Some(Spanned { value, span }) => Spanned {
                value: base(&value, target),
                span,
            },
        },
        packages: image.texts("packages"),
        files: files(&image),
        user: image.text_or("user", "65532"),
        env: image.pairs("env"),
        entrypoint: image.command("entrypoint"),
        cmd: image.command("cmd"),
        expose: image.texts("expose"),
        labels: image.pairs("labels"),
        annotations: image.pairs("annotations"),
        workdir: image.text("workdir"),
        volumes: image.texts("volumes"),
        stop_signal: image
            .text("stop-signal")
            .map(|Spanned { value, span }| Spanned {
                value: signal(&value).unwrap_or(value),
                span,
            }),
        healthcheck: healthcheck(&image),
        init: image.bool("init", false),
        ca_certificates: image.bool("ca-certificates", true),
        timezones: image.bool("timezones", false),
        run: image.each("run").into_iter().filter_map(run).collect(),
    }
}

/// What a base's short name stands for. The distributions are those whose glibc is not older than that
/// of the default build image.
fn base(name: &str, target: &BuildTarget) -> ImageBase {
    let gnu = match target {
        BuildTarget::Musl => false,
        BuildTarget::Gnu => true,
        BuildTarget::Triple(triple) => triple.contains("-gnu"),
    };
    ImageBase::Reference(
        match name {
            "scratch" => return ImageBase::Scratch,
            "alpine" => "alpine:3",
            "debian" => "debian:13-slim",
            "distroless" if gnu => "gcr.io/distroless/cc-debian13",
            "distroless" => "gcr.io/distroless/static-debian13",
            reference => reference,
        }
        .into(),
    )
}

fn flags(build: &View<'_>) -> Vec<Spanned<String>> {
    let flags = build.texts("rustflags");
    match build.node("rustflags").map(|node| &node.data) {
        Some(Data::Scalar(_)) => flags
            .iter()
            .flat_map(|flag| {
                let span = flag.span;
                flag.value.split_whitespace().map(move |word| Spanned {
                    value: word.into(),
                    span,
                })
            })
            .collect(),
        _ => flags,
    }
}

fn secret(item: View<'_>) -> Option<Secret> {
    let id = match item.scalar() {
        Some(id) => id,
        None => item.text("id")?,
    };
    Some(Secret {
        target: match item.text("target") {
            Some(target) => target.value,
            None => format!("/run/secrets/{}", id.value),
        },
        env: item.text("env").map(|name| name.value),
        required: item.bool("required", true).value,
        step: item
            .choice("step", SecretStep::Compile, |word| match word {
                "fetch" => SecretStep::Fetch,
                _ => SecretStep::Compile,
            })
            .value,
        id,
    })
}

fn run(item: View<'_>) -> Option<RunStep> {
    let network = item.bool("network", false).value;
    let cmd = match item.written()?.data {
        Data::Map(_) => item.view("cmd"),
        _ => item,
    };
    let words = cmd.words();
    Some(match cmd.scalar() {
        Some(text) => RunStep {
            args: vec!["sh".into(), "-c".into(), text.value.clone()],
            text,
            network,
        },
        None => {
            let text = Spanned::new(words.join(" "), cmd.written()?.span);
            RunStep {
                args: words,
                text,
                network,
            }
        }
    })
}

fn files(image: &View<'_>) -> Vec<FileCopy> {
    let shape = image.shape_of_entries("files");
    let files = image.view("files").entries();
    let file = |(key, value): &(super::yaml::Key, Node)| {
        let target = View::new(Some(value), shape);
        let to = match target.scalar() {
            Some(to) => to,
            None => target.text("to")?,
        };
        Some(FileCopy {
            from: Spanned::new(key.name.clone(), key.span),
            to,
            mode: target
                .text("mode")
                .and_then(|mode| u32::from_str_radix(&mode, 8).ok()),
            owner: target.text("owner"),
        })
    };
    files.iter().filter_map(file).collect()
}

fn healthcheck(image: &View<'_>) -> Option<Spanned<Healthcheck>> {
    let check = image.view("healthcheck");
    let span = check.written()?.span;
    let cmd = match check.written()?.data {
        Data::Map(_) => check.view("cmd"),
        _ => check.clone(),
    };
    let time = |name| check.text(name).and_then(|text| duration(&text));
    let words = cmd.words();
    let off = cmd.scalar().is_some_and(|word| word.value == "none");
    Some(Spanned::new(
        Healthcheck {
            cmd: if off { Vec::new() } else { words },
            interval: time("interval"),
            timeout: time("timeout"),
            start_period: time("start-period"),
            retries: check.text("retries").and_then(|count| count.parse().ok()),
        },
        span,
    ))
}

/// A value together with its shape.
#[derive(Clone)]
struct View<'a> {
    node: Option<&'a Node>,
    shape: &'static Shape,
    /// Blocks to be used instead of the mapping's own.
    laid: Option<[(&'static str, Option<Node>); 2]>,
}

impl<'a> View<'a> {
    fn new(node: Option<&'a Node>, shape: &'static Shape) -> Self {
        Self {
            node,
            shape,
            laid: None,
        }
    }

    fn block(&self) -> &'static Block {
        match &self.shape.map {
            Some(Map::Block(block)) => block,
            _ => unreachable!("only mappings with known keys are asked for keys"),
        }
    }

    fn shape(&self, name: &str) -> &'static Shape {
        let key = self.block().key(name);
        key.expect("decode asks for keys of the table alone").shape
    }

    /// The shape of the values of an open mapping.
    fn shape_of_entries(&self, name: &str) -> &'static Shape {
        match &self.shape(name).map {
            Some(Map::Open { value, .. }) => value,
            _ => unreachable!("only open mappings are asked for their entries"),
        }
    }

    /// The node itself unless it is null.
    fn written(&self) -> Option<&Node> {
        self.node.filter(|node| !node.is_null())
    }

    fn node(&self, name: &str) -> Option<&Node> {
        let _ = self.shape(name);
        if let Some(laid) = &self.laid {
            return laid
                .iter()
                .find(|(key, _)| *key == name)
                .and_then(|(_, node)| node.as_ref());
        }
        let Some(Data::Map(entries)) = self.node.map(|node| &node.data) else {
            return None;
        };
        let entry = entries.iter().find(|(key, _)| key.name == name);
        entry.map(|(_, node)| node).filter(|node| !node.is_null())
    }

    fn view(&self, name: &str) -> View<'_> {
        View::new(self.node(name), self.shape(name))
    }

    /// The entries of a mapping (or a list of pairs) that have a value.
    fn entries(&self) -> Vec<(super::yaml::Key, Node)> {
        let entries = self
            .node
            .and_then(|node| entries(node, self.shape))
            .unwrap_or_default();
        let image =
            self.shape.map.as_ref().is_some_and(
                |map| matches!(map, Map::Open { value, .. } if value.scalar.is_none()),
            );
        // An image without a block of its own is an image, a variable without a value is none.
        entries
            .into_iter()
            .filter(|(_, node)| image || !node.is_null())
            .collect()
    }

    fn scalar(&self) -> Option<Spanned<String>> {
        match self.written() {
            Some(Node {
                span,
                data: Data::Scalar(scalar),
            }) => Some(Spanned::new(scalar.text.clone(), *span)),
            _ => None,
        }
    }

    /// A scalar, or the scalars of a list.
    fn scalars(&self) -> Vec<Spanned<String>> {
        match self.written().map(|node| &node.data) {
            Some(Data::Scalar(_)) => self.scalar().into_iter().collect(),
            Some(Data::List(items)) => items
                .iter()
                .filter_map(|item| View::new(Some(item), self.shape).scalar())
                .collect(),
            _ => Vec::new(),
        }
    }

    fn words(&self) -> Vec<String> {
        self.scalars().into_iter().map(|word| word.value).collect()
    }

    fn text(&self, name: &str) -> Option<Spanned<String>> {
        match self.shape.map {
            Some(Map::Block(_)) => self.view(name).scalar(),
            _ => None,
        }
    }

    fn text_or(&self, name: &str, default: &str) -> Spanned<String> {
        self.text(name)
            .unwrap_or_else(|| Spanned::unwritten(default.into()))
    }

    fn texts(&self, name: &str) -> Vec<Spanned<String>> {
        self.view(name).scalars()
    }

    fn bool(&self, name: &str, default: bool) -> Spanned<bool> {
        match self.node(name) {
            Some(Node {
                span,
                data: Data::Scalar(scalar),
            }) => match scalar.kind() {
                ScalarType::Bool(value) => Spanned::new(value, *span),
                _ => Spanned::unwritten(default),
            },
            _ => Spanned::unwritten(default),
        }
    }

    fn choice<T>(&self, name: &str, default: T, of: impl Fn(&str) -> T) -> Spanned<T> {
        match self.text(name) {
            Some(Spanned { value, span }) => Spanned {
                value: of(&value),
                span,
            },
            None => Spanned::unwritten(default),
        }
    }

    fn pairs(&self, name: &str) -> Vec<EnvVar> {
        let view = self.view(name);
        let shape = view.shape;
        let variable = |(key, node): &(super::yaml::Key, Node)| {
            Some(EnvVar {
                name: Spanned::new(key.name.clone(), key.span),
                value: View::new(Some(node), shape).scalar()?,
            })
        };
        view.entries().iter().filter_map(variable).collect()
    }

    fn command(&self, name: &str) -> Option<Spanned<Vec<String>>> {
        let view = self.view(name);
        let span = view.written()?.span;
        Some(Spanned::new(view.words(), span))
    }

    /// The items of a list, or the one that stands for a list of one.
    fn each(&self, name: &str) -> Vec<View<'_>> {
        let shape = self.shape(name);
        let item = shape.list.expect("`each` is for lists");
        match self.node(name) {
            Some(Node {
                data: Data::List(items),
                ..
            }) => items
                .iter()
                .map(|node| View::new(Some(node), item))
                .collect(),
            Some(node) => vec![View::new(Some(node), item)],
            None => Vec::new(),
        }
    }
}
