//! Serves a page from a template, and what is in `static/`.

use std::error::Error;
use std::fs::File;
use std::path::{Component, Path, PathBuf};

use minijinja::{Environment, context, path_loader};
use tiny_http::{Header, Request, Response, Server};

const ADDRESS: &str = "0.0.0.0:8080";

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut templates = Environment::new();
    templates.set_loader(path_loader("templates"));

    let server = Server::http(ADDRESS)?;
    println!("listening on {ADDRESS}");
    for request in server.incoming_requests() {
        answer(request, &templates)?;
    }
    Ok(())
}

fn answer(
    request: Request,
    templates: &Environment<'_>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    if let Some(path) = static_file(request.url()) {
        match File::open(path) {
            Ok(file) => request.respond(Response::from_file(file))?,
            Err(_) => request.respond(Response::empty(404))?,
        }
    } else {
        let title = "Templates and static files";
        let page = templates
            .get_template("index.html")?
            .render(context! { title, page => request.url().trim_start_matches('/') })?;
        let html = Header::from_bytes("Content-Type", "text/html; charset=utf-8")
            .expect("a header in ASCII");
        request.respond(Response::from_string(page).with_header(html))?;
    }
    Ok(())
}

/// The file that a URL names, if it names one of `static/`.
fn static_file(url: &str) -> Option<PathBuf> {
    let path = Path::new(url.strip_prefix('/')?);
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    (plain && path.starts_with("static")).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_folder_are_served() {
        assert_eq!(
            static_file("/static/style.css"),
            Some("static/style.css".into())
        );
        assert_eq!(static_file("/"), None);
        assert_eq!(static_file("/static/../Cargo.toml"), None);
        assert_eq!(static_file("//etc/passwd"), None);
    }
}
