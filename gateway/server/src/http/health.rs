//! Whether the process lives, and whether it can serve.

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::node::Node;

/// The process answers.
pub async fn live() -> HttpResponse {
    plain(true, "live\n")
}

/// Exchanges can be served: the access log can be written, its proof holds, and the registers are readable.
pub async fn ready(node: Data<Node>) -> HttpResponse {
    match node.ill() {
        None => plain(true, "ready\n"),
        Some(what) => plain(false, what),
    }
}

fn plain(well: bool, text: &'static str) -> HttpResponse {
    let mut response = if well { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header(("Cache-Control", "no-store")).content_type("text/plain; charset=utf-8").body(text)
}
