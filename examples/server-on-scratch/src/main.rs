//! Tells everyone what they asked for, four at a time.

use std::sync::Arc;
use std::thread;

use tiny_http::{Response, Server};

fn main() {
    let server = Server::http("0.0.0.0:8080").expect("port 8080 is free");
    let server = Arc::new(server);
    println!("listening on port 8080");
    let threads = (0..4).map(|_| {
        let server = Arc::clone(&server);
        thread::spawn(move || {
            for request in server.incoming_requests() {
                let text = format!("You asked for {}.\n", request.url());
                // A client that goes away is no reason to stop.
                let _ = request.respond(Response::from_string(text));
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().expect("no request ends a thread");
    }
}
