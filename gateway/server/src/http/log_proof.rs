//! The proof of the access log for whoever wants to hold the node to it: the last signed checkpoint and the tree's hashes
//! (C2SP tlog-tiles, "Checkpoints" and "Merkle Tree"). Hashes only: a record is never read here, and there are no entry
//! bundles.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path};

use crate::node::Node;

/// What is given once is true for ever: tiles, whole or partial, never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// `GET /log/checkpoint`
pub async fn checkpoint(node: Data<Node>) -> HttpResponse {
    match node.proof().given() {
        Some(given) => answer("text/plain; charset=utf-8", "no-cache", given.note.clone()),
        None => nothing(),
    }
}

/// `GET /log/tile/<L>/<N>[.p/<W>]`
pub async fn tile(node: Data<Node>, path: Path<String>) -> HttpResponse {
    let Some(given) = node.proof().given() else { return nothing() };
    // Two hundred small reads of a file: not on a thread that exchanges are served on.
    match web::block(move || given.tile(&path)).await {
        Ok(Some(hashes)) => answer("application/octet-stream", FOR_EVER, hashes.into()),
        Ok(None) => nothing(),
        Err(_) => HttpResponse::ServiceUnavailable().insert_header(("Cache-Control", "no-store")).finish(),
    }
}

fn answer(kind: &'static str, cache: &'static str, body: bytes::Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("Cache-Control", cache))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .content_type(kind)
        .body(body)
}

fn nothing() -> HttpResponse {
    // What is not there yet may be there in a moment.
    let mut response = HttpResponse::NotFound();
    response.insert_header(("Cache-Control", "no-store")).insert_header(("X-Content-Type-Options", "nosniff")).finish()
}
