//! Says hello, with one dependency and one derive: enough to make a first build slow.

use std::fmt;

use serde::Serialize;

#[derive(Serialize)]
enum Greeting {
    #[serde(rename = "Hello, world!")]
    World,
}

impl fmt::Display for Greeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

fn main() {
    println!("{}", Greeting::World);
}
