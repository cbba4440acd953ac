//! A container that stays while a test talks to it.

use std::io::{self, BufRead, BufReader, PipeReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use super::image::Image;
use super::nonce;

/// A running container, stopped and removed when the test has ended.
pub(crate) struct Container<'i> {
    image: &'i Image<'i>,
    name: String,
    process: Child,
    /// Kept open: a server that logs must not be told that nobody listens.
    log: BufReader<PipeReader>,
}

impl<'i> Container<'i> {
    /// Starts a container and waits for a line that contains `ready`.
    pub(crate) fn start(image: &'i Image<'i>, port: u16, ready: &str) -> Self {
        let name = format!("rust-frontend-e2e-{}", nonce());
        let (log, writer) = io::pipe().expect("a pipe");
        let publish = format!("127.0.0.1::{port}");
        let process = image
            .docker
            .command(["run", "--rm", "--name", &name, "--publish", &publish])
            .arg(image.tag())
            .stdin(Stdio::null())
            .stdout(writer.try_clone().expect("a pipe"))
            .stderr(writer)
            .spawn()
            .expect("docker can be run");
        let mut container = Self {
            image,
            name,
            process,
            log: BufReader::new(log),
        };
        container.wait_for(ready);
        container
    }

    /// The body of the answer to a request, whose status must be 200.
    pub(crate) fn get(&self, port: u16, path: &str) -> String {
        let address = self
            .image
            .docker
            .output(["port", &self.name, &port.to_string()]);
        let mut stream =
            TcpStream::connect(address.trim()).unwrap_or_else(|error| panic!("{address}: {error}"));
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("can be asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answers in text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("answers in HTTP");
        assert_eq!(head.split(' ').nth(1), Some("200"), "{path}: {answer}");
        body.to_owned()
    }

    /// Waits until the engine has made up its mind: `healthy` or `unhealthy`.
    pub(crate) fn health(&self) -> String {
        let docker = self.image.docker;
        let format = "{{.Created}} {{json .Config.Healthcheck}}";
        let inspected = docker.output(["inspect", "--format", format, &self.name]);
        let (created, check) = inspected.trim().split_once(' ').expect("two words");
        assert_ne!(check, "null", "the image has no health check");

        let mut events = docker
            .command(["events", "--since", created, "--format", "{{.Action}}"])
            .args(["--filter", &format!("container={}", self.name)])
            .args(["--filter", "event=health_status"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("docker can be run");
        let mut status = String::new();
        let stdout = events.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut status).expect("text");
        events.kill().expect("it runs");
        events.wait().expect("it ends");
        let status = status.trim();
        status
            .strip_prefix("health_status: ")
            .unwrap_or(status)
            .to_owned()
    }

    /// The docker option that puts another container into the network of this one.
    pub(crate) fn network(&self) -> String {
        format!("--network=container:{}", self.name)
    }

    fn wait_for(&mut self, ready: &str) {
        let mut log = String::new();
        while !log.contains(ready) {
            let read = self.log.read_line(&mut log).expect("text");
            assert_ne!(read, 0, "the container ended without `{ready}`:\n{log}");
        }
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        self.image.docker.run(["rm", "--force", &self.name]);
        let _ = self.process.wait();
    }
}
