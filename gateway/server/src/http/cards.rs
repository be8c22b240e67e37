//! `GET /card`, at the listener for cards: a browser that the pages sent here shows the card of whoever sits there in the
//! handshake, and is sent back with a code. Nothing else is here, and nothing is told here.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::inbound;
use crate::node::Node;

/// Longest state that is looked up, in characters.
const LONGEST: usize = 128;

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    state: String,
}

pub async fn show(request: HttpRequest, asked: Query<Asked>, node: Data<Node>) -> HttpResponse {
    let credentials = inbound::credentials(&request, "");
    let shown = match asked.state.len() {
        1..=LONGEST => node.entrance().show_card(&asked.state, credentials.certificate, &credentials.issuers).await,
        _ => None,
    };
    // Whoever was not sent here, or too long ago, begins anew.
    let back = match shown {
        // Both were made here, of letters that a query takes as they are.
        Some(code) => {
            let (base, state) = (node.inner_base(), &asked.state);
            format!("{base}/portal/sign-in/card/back?state={state}&code={code}")
        }
        None => format!("{}/portal/", node.inner_base()),
    };
    let mut response = HttpResponse::build(StatusCode::SEE_OTHER)
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .finish();
    match HeaderValue::from_str(&back) {
        Ok(location) => response.headers_mut().insert(LOCATION, location),
        Err(_) => return HttpResponse::InternalServerError().finish(),
    };
    response
}
