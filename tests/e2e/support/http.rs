//! A server of this machine's own.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// A file, or the status that says why there is none.
type Answer = Result<Vec<u8>, &'static str>;

/// A server that does not answer yet.
pub(crate) struct Server(TcpListener);

impl Server {
    /// At a port that nobody has.
    pub(crate) fn bind() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a free port"))
    }

    /// The start of its URLs, without a `/` at the end.
    pub(crate) fn url(&self) -> String {
        let address = self.0.local_addr().expect("it is bound");
        format!("http://{address}")
    }

    /// Answers for as long as the tests run: `file` gets a path and what the client says to be let in.
    pub(crate) fn serve(self, file: impl Fn(&str, Option<&str>) -> Answer + Send + 'static) {
        thread::spawn(move || {
            for stream in self.0.incoming().flatten() {
                // Who breaks off gets no answer, and who has seen enough no more of it.
                let _ = answer(&stream, &file);
            }
        });
    }
}

fn answer(mut stream: &TcpStream, file: &impl Fn(&str, Option<&str>) -> Answer) -> io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut authorization = None;
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("authorization")
        {
            authorization = Some(value.to_owned());
        }
    }
    let mut words = first.split(' ');
    let (method, path) = (words.next(), words.next().unwrap_or_default());
    let (status, body) = match file(path, authorization.as_deref()) {
        Ok(file) => ("200 OK", file),
        Err(status) => (status, vec![]),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    match method {
        Some("GET") => stream.write_all(&body),
        _ => Ok(()),
    }
}
