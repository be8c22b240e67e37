//! The endpoints, as Dezi has them below its issuer.

use std::time::Duration;

use actix_web::error::ErrorBadGateway;
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Form, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use url::Url;

use super::fault::{Fault, KeyTrick, Keys};
use super::serve::Issuer;
use super::state::{LogIn, World};
use super::statements;

#[derive(Deserialize)]
pub(super) struct Authorization {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    log_in: String,
    number: String,
}

#[derive(Deserialize)]
pub(super) struct TokenRequest {
    grant_type: String,
    code: String,
    redirect_uri: String,
    client_id: String,
    code_verifier: String,
}

/// `GET /authorize`: the page on which one says who one is.
pub(super) async fn authorize(asked: Query<Authorization>, world: Data<World>) -> HttpResponse {
    let asked = asked.into_inner();
    let known = world.client(&asked.client_id).is_some_and(|client| client.redirect_uri == asked.redirect_uri);
    let good = asked.response_type == "code"
        && asked.scope.split(' ').any(|scope| scope == "openid")
        && asked.code_challenge_method == "S256"
        && asked.code_challenge.len() == 43
        && !asked.state.is_empty()
        && !asked.nonce.is_empty();
    if !known || !good {
        // Never sent on: where to is not known to be the client's.
        return HttpResponse::BadRequest().body("not a log-in of a client that is registered here");
    }
    let name = world.begin(LogIn {
        client: asked.client_id,
        redirect_uri: asked.redirect_uri,
        state: asked.state,
        nonce: asked.nonce,
        challenge: asked.code_challenge,
        number: String::new(),
    });
    let people: String = world
        .employees()
        .iter()
        .map(|employee| {
            format!(
                "<form method=\"post\" action=\"/authorize\"><input type=\"hidden\" name=\"log_in\" value=\"{name}\">\
                 <button name=\"number\" value=\"{}\">{} {}, {}, {}</button></form>",
                employee.number, employee.initials, employee.surname, employee.role_name, employee.provider
            )
        })
        .collect();
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(format!(
        "<!DOCTYPE html><html lang=\"nl\"><meta charset=\"utf-8\"><title>Inloggen (nagebootst)</title><h1>Wie bent u?</h1>\
         <p>Een nagebootste Dezi: kies een van de verzonnen zorgverleners.</p>{people}</html>"
    ))
}

/// `POST /authorize`: somebody was chosen.
pub(super) async fn choose(chosen: Form<Chosen>, world: Data<World>, issuer: Data<Issuer>) -> HttpResponse {
    if world.employee(&chosen.number).is_none() {
        return HttpResponse::BadRequest().body("nobody of that number");
    }
    let Some((code, log_in)) = world.choose(&chosen.log_in, &chosen.number) else {
        return HttpResponse::BadRequest().body("this log-in is over");
    };
    let Ok(mut back) = Url::parse(&log_in.redirect_uri) else { return HttpResponse::InternalServerError().finish() };
    back.query_pairs_mut().append_pair("code", &code).append_pair("state", &log_in.state).append_pair("iss", &issuer.0);
    HttpResponse::SeeOther().insert_header((header::LOCATION, back.as_str())).finish()
}

/// `POST /token` (RFC 6749, 4.1.3; RFC 7636, 4.6).
pub(super) async fn token(asked: Form<TokenRequest>, world: Data<World>, issuer: Data<Issuer>) -> HttpResponse {
    let invalid = || HttpResponse::BadRequest().json(json!({"error": "invalid_grant"}));
    if asked.grant_type != "authorization_code" {
        return HttpResponse::BadRequest().json(json!({"error": "unsupported_grant_type"}));
    }
    let Some(log_in) = world.redeem(&asked.code) else { return invalid() };
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, asked.code_verifier.as_bytes()));
    if log_in.client != asked.client_id || log_in.redirect_uri != asked.redirect_uri || log_in.challenge != challenge {
        return invalid();
    }
    let Some(id_token) = statements::id_token(&world, &issuer.0, &log_in) else {
        return HttpResponse::InternalServerError().finish();
    };
    let access_token = world.token(log_in);
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({
        "access_token": access_token, "token_type": "Bearer", "expires_in": 300, "id_token": id_token,
    }))
}

/// `GET /userinfo`.
pub(super) async fn user_info(request: HttpRequest, world: Data<World>, issuer: Data<Issuer>) -> HttpResponse {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let log_in = shown.and_then(|value| value.strip_prefix("Bearer ")).and_then(|token| world.of_token(token));
    let Some(log_in) = log_in else { return HttpResponse::Unauthorized().finish() };
    if let Fault::Slow { ms } = world.fault() {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let answer =
        world.client(&log_in.client).and_then(|client| statements::user_info(&world, &issuer.0, &log_in, client));
    let Some(answer) = answer else { return HttpResponse::InternalServerError().finish() };
    if world.fault() == Fault::Torn {
        let length = answer.len();
        let half = stream::once(async move { Ok(Bytes::from(answer[..length / 2].to_owned())) });
        let break_off = stream::once(async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(ErrorBadGateway("told to break off"))
        });
        let body = Box::pin(half.chain(break_off));
        return HttpResponse::Ok().content_type("application/jwt").no_chunking(length as u64).streaming(body);
    }
    HttpResponse::Ok().content_type("application/jwt").body(answer)
}

/// `GET /openid/connect/jwks.json`
pub(super) async fn envelope_keys(world: Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(statements::key_set(&[world.envelope.jwk().clone()]))
}

/// `GET /dezi/jwks.json`, and at a place where it should not be.
pub(super) async fn statement_keys(world: Data<World>) -> HttpResponse {
    world.count_key_set();
    match (world.keys().trick, statements::statement_keys(&world)) {
        (_, Some(keys)) => HttpResponse::Ok().json(keys),
        (KeyTrick::Html, None) => HttpResponse::Ok().content_type("text/html").body("<p>keys</p>"),
        (KeyTrick::Redirect, None) => {
            HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, "/sink")).finish()
        }
        (_, None) => HttpResponse::ServiceUnavailable().finish(),
    }
}

/// Where nobody should come by: the key that is missed elsewhere. Counted.
pub(super) async fn sink(world: Data<World>) -> HttpResponse {
    world.count_sunk();
    HttpResponse::Ok().json(statements::key_set(&[world.statements.jwk().clone(), world.rotated.jwk().clone()]))
}

/// `PUT /_control/keys`
pub(super) async fn set_keys(keys: Json<Keys>, world: Data<World>) -> HttpResponse {
    world.set_keys(*keys);
    HttpResponse::NoContent().finish()
}

/// `GET /_control/counts`
pub(super) async fn counts(world: Data<World>) -> HttpResponse {
    let (key_sets, sunk) = world.counts();
    HttpResponse::Ok().json(json!({"key_sets": key_sets, "sunk": sunk}))
}

/// `GET /status/v1/verklaring/{id}`
pub(super) async fn status(id: Path<String>, world: Data<World>) -> HttpResponse {
    let status = match world.fault() {
        Fault::Absent => return HttpResponse::ServiceUnavailable().finish(),
        Fault::Revoked => "ingetrokken",
        _ => "actief",
    };
    HttpResponse::Ok().json(json!({"verklaringId": *id, "status": status}))
}

/// `GET /revocatiecontrole/v1`: a signed list.
pub(super) async fn revocations(world: Data<World>, issuer: Data<Issuer>) -> HttpResponse {
    /// How long a list is good, in seconds: as long as anybody waits for a test.
    const GOOD: i64 = 2;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let fault = world.fault();
    let entries = match fault {
        Fault::ListAbsent => return HttpResponse::ServiceUnavailable().finish(),
        Fault::Listed => json!(world.statement_ids()),
        Fault::ListUnreadable => json!([{}]),
        _ => json!([]),
    };
    let anew = if fault == Fault::ListStale { now - 86_400 } else { now + GOOD };
    let claims = json!({"iss": issuer.0, "iat": now, "ververs_tijdstip": anew, "revocaties": entries});
    let signer = if fault == Fault::ListWrongSignature { &world.stranger } else { &world.statements };
    match signer.sign(&claims, &world.statements, None) {
        Some(list) => HttpResponse::Ok().content_type("application/jwt").body(list),
        None => HttpResponse::InternalServerError().finish(),
    }
}

/// `PUT /_control/fault`
pub(super) async fn set_fault(fault: Json<Fault>, world: Data<World>) -> HttpResponse {
    world.set_fault(*fault);
    HttpResponse::NoContent().finish()
}
