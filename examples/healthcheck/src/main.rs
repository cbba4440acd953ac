//! Answers on port 8080; asked for `health`, it asks whoever answers there.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

const PORT: u16 = 8080;

fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        Some("health") => ask().map_err(|error| format!("nobody answers: {error}")),
        _ => serve().map_err(|error| error.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT))?;
    println!("listening on port {PORT}");
    for connection in listener.incoming() {
        // A client that goes away is no reason to stop.
        let _ = connection.and_then(answer);
    }
    Ok(())
}

fn answer(mut connection: TcpStream) -> io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut request = BufReader::new(connection.try_clone()?);
    let mut line = String::new();
    while request.read_line(&mut line)? > 2 {
        line.clear();
    }
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close";
    write!(connection, "{head}\r\n\r\nok\n")
}

fn ask() -> io::Result<()> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, PORT))?;
    connection.set_read_timeout(Some(Duration::from_secs(1)))?;
    connection.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    match answer.starts_with("HTTP/1.1 200 ") {
        true => Ok(()),
        false => Err(io::Error::other(answer)),
    }
}
