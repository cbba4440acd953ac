//! A container that stays while a test talks to it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::image::Image;
use super::nonce;

/// Enough for a server that starts on a machine that does other things, too.
const LIMIT: Duration = Duration::from_secs(300);

/// A running container, stopped and removed when the test has ended.
pub(crate) struct Container<'i> {
    image: &'i Image<'i>,
    name: String,
    process: Child,
    log: Receiver<String>,
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
        let container = Self {
            image,
            name,
            process,
            log: lines(log),
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
        stream
            .set_read_timeout(Some(LIMIT))
            .expect("it is not zero");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("can be asked");
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        read.unwrap_or_else(|error| panic!("{path}: {error} after `{answer}`"));
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
        let first = lines(events.stdout.take().expect("it is piped")).recv_timeout(LIMIT);
        events.kill().expect("it runs");
        events.wait().expect("it ends");
        let status = first.unwrap_or_else(|error| panic!("the engine says no health: {error}"));
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

    fn wait_for(&self, ready: &str) {
        let deadline = Instant::now() + LIMIT;
        let mut log = String::new();
        while !log.contains(ready) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.log.recv_timeout(left) {
                Ok(line) => log.push_str(&line),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("the container does not say `{ready}`:\n{log}")
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the container ended without `{ready}`:\n{log}")
                }
            }
        }
    }
}

/// The lines of a stream as they come, each with its end. All are read, whoever listens: a server that logs must not be
/// told that nobody does.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = vec![];
        while stream
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
            line.clear();
        }
    });
    receiver
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        self.image.docker.run(["rm", "--force", &self.name]);
        let _ = self.process.wait();
    }
}
