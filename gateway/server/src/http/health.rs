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

/// Whether the privacy officer is told of emergencies: 503 when a notice is overdue, 404 where nobody takes any. Care goes on
/// either way: the node stays ready. Names nobody.
pub async fn notices(node: Data<Node>) -> HttpResponse {
    let Some(standing) = node.emergency_notices() else { return HttpResponse::NotFound().finish() };
    let view = standing.view();
    let mut response = if view.overdue { HttpResponse::ServiceUnavailable() } else { HttpResponse::Ok() };
    response.insert_header(("Cache-Control", "no-store")).json(view)
}

fn plain(well: bool, text: &'static str) -> HttpResponse {
    let mut response = if well { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header(("Cache-Control", "no-store")).content_type("text/plain; charset=utf-8").body(text)
}
