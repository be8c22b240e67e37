//! The partner's token endpoint: a client assertion of whoever's certificate it is, for one of its scopes (RFC 7523, RFC 8705).

use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Given, SCOPES, TOKEN, World, locked, now};
use crate::callers::{jwk_of, name_in, thumbprint};
use crate::mutual_tls;
use crate::nuts_partner::Jwt;

/// How long its tokens live, in seconds.
const LIFE: u64 = 60;

#[derive(Deserialize)]
pub(super) struct Asked {
    grant_type: String,
    client_assertion: String,
    scope: String,
    #[serde(default)]
    authorization_base: Option<String>,
}

pub(super) async fn token(world: Data<World>, request: HttpRequest, form: Form<Asked>) -> HttpResponse {
    match given(&world, &request, &form) {
        Ok(given) => {
            let token = Uuid::new_v4().to_string();
            let scope = given.scope.clone();
            locked(&world.tokens).insert(token.clone(), given);
            HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(json!({
                "access_token": token, "token_type": "Bearer", "expires_in": LIFE, "scope": scope,
            }))
        }
        Err((error, why)) => HttpResponse::BadRequest().json(json!({"error": error, "error_description": why})),
    }
}

fn given(world: &World, request: &HttpRequest, form: &Asked) -> Result<Given, (&'static str, &'static str)> {
    let wrong = |why| ("invalid_client", why);
    let shown = mutual_tls::shown(request).ok_or(wrong("no certificate"))?;
    let ura = ura_of(shown).ok_or(wrong("the certificate has no URA"))?;
    if form.grant_type != "client_credentials" || !SCOPES.contains(&form.scope.as_str()) {
        return Err(("invalid_scope", "another grant, or nothing that it gives tokens for"));
    }
    let jwt = Jwt::read(&form.client_assertion).ok_or(wrong("the assertion cannot be read"))?;
    let jwk = jwk_of(shown).map_err(|_| wrong("the certificate's key is of another kind"))?;
    if !jwt.is_by(&jwk) {
        return Err(wrong("the assertion is not signed with the certificate's key"));
    }
    let claims = &jwt.claims;
    let text = |name: &str| claims[name].as_str().unwrap_or_default();
    let bound = claims["cnf"]["x5t#S256"] == thumbprint(shown).as_str();
    if text("iss") != ura || text("sub") != ura || text("aud") != format!("{}{TOKEN}", world.base) || !bound {
        return Err(wrong("the assertion is another's, for another, or of another certificate"));
    }
    let seconds = i64::try_from(now() / 1000).unwrap_or(i64::MAX);
    let (from, until) = (claims["iat"].as_i64().unwrap_or(i64::MAX), claims["exp"].as_i64().unwrap_or_default());
    if from > seconds + 5 || until + 5 < seconds || until - from > 60 {
        return Err(wrong("the assertion is not of now"));
    }
    if text("jti").is_empty() || !locked(&world.used).insert(text("jti").to_owned()) {
        return Err(wrong("the assertion was used before"));
    }
    let base = form.authorization_base.clone();
    if let Some(base) = &base {
        let known = |(task, sends): (&String, &super::Sends)| sends.base.as_ref().unwrap_or(task) == base;
        if !locked(&world.sends).iter().any(known) {
            return Err(("invalid_grant", "that value was never given"));
        }
    }
    let person = claims["user"]["id"].is_string();
    Ok(Given { scope: form.scope.clone(), person, base, holder: ura, until: now() + LIFE * 1000 })
}

/// What the token of a request stands for, if it is one that is good now with this certificate.
pub(super) fn shown(world: &World, request: &HttpRequest) -> Option<Given> {
    let text = request.headers().get("authorization")?.to_str().ok()?;
    let given = locked(&world.tokens).get(text.strip_prefix("Bearer ")?).cloned()?;
    let holder = mutual_tls::shown(request).and_then(ura_of)?;
    (given.holder == holder && given.until > now()).then_some(given)
}

/// The URA in a certificate of the UZI register.
pub(super) fn ura_of(certificate: &[u8]) -> Option<String> {
    name_in(certificate)?.split('-').nth(4).map(str::to_owned)
}

/// An error as FHIR has it.
pub(super) fn outcome(code: &str) -> Value {
    json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]})
}
