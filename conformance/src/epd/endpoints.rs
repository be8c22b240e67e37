//! The endpoints: the FHIR base with its SMART configuration, the authorization server, and what drives the play.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Form, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::Url;

use super::fault::Fault;
use super::state::{Authorised, Context, World};

/// The address of the whole, without a slash at the end; its FHIR base is `/fhir` below it.
pub(super) struct Base(pub(super) String);

#[derive(Deserialize)]
pub(super) struct Authorization {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    launch: String,
    scope: String,
    state: String,
    nonce: String,
    aud: String,
    code_challenge: String,
    code_challenge_method: String,
}

#[derive(Deserialize)]
pub(super) struct TokenRequest {
    grant_type: String,
    code: String,
    redirect_uri: String,
    client_id: String,
    code_verifier: String,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    practitioner: String,
    bsn: String,
}

#[derive(Deserialize)]
pub(super) struct Roles {
    practitioner: String,
}

/// `GET /fhir/.well-known/smart-configuration`
pub(super) async fn configuration(world: Data<World>, base: Data<Base>) -> HttpResponse {
    world.count();
    let base = &base.0;
    let mut told = json!({
        "issuer": base, "jwks_uri": format!("{base}/jwks"), "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"), "grant_types_supported": ["authorization_code"],
        "scopes_supported": ["launch", "openid", "fhirUser", "patient/Patient.r"], "response_types_supported": ["code"],
        "capabilities": ["launch-ehr", "client-public", "sso-openid-connect", "context-ehr-patient", "permission-v2"],
        "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": true,
    });
    match world.fault() {
        Fault::ForeignTokenEndpoint => told["token_endpoint"] = json!("https://127.0.0.2/token"),
        Fault::NoPkce => told["code_challenge_methods_supported"] = json!(["plain"]),
        _ => {}
    }
    HttpResponse::Ok().json(told)
}

/// `GET /authorize`: the user is signed in at the EPD, so nothing is asked.
pub(super) async fn authorize(asked: Query<Authorization>, world: Data<World>, base: Data<Base>) -> HttpResponse {
    world.count();
    let asked = asked.into_inner();
    let known = asked.client_id == world.client.id && asked.redirect_uri == world.client.redirect_uri;
    let scopes: Vec<&str> = asked.scope.split(' ').collect();
    let good = asked.response_type == "code"
        && asked.aud == format!("{}/fhir", base.0)
        && ["launch", "openid", "fhirUser"].iter().all(|scope| scopes.contains(scope))
        && asked.code_challenge_method == "S256"
        && asked.code_challenge.len() == 43
        && !asked.state.is_empty()
        && !asked.nonce.is_empty();
    let (true, true, Some(context)) = (known, good, world.of_launch(&asked.launch)) else {
        // Never sent on: where to is not known to be the client's.
        return HttpResponse::BadRequest().body("not a launch of a client that is registered here");
    };
    let code = world.code(Authorised {
        context,
        redirect_uri: asked.redirect_uri.clone(),
        nonce: asked.nonce,
        challenge: asked.code_challenge,
    });
    let Ok(mut back) = Url::parse(&asked.redirect_uri) else { return HttpResponse::InternalServerError().finish() };
    let fault = world.fault();
    let state = if fault == Fault::OtherState { "another" } else { asked.state.as_str() };
    let issuer = if fault == Fault::OtherIssuer { "https://127.0.0.2" } else { base.0.as_str() };
    let given = if fault == Fault::NoCode { ("error", "access_denied") } else { ("code", code.as_str()) };
    back.query_pairs_mut().append_pair(given.0, given.1).append_pair("state", state).append_pair("iss", issuer);
    HttpResponse::SeeOther().insert_header((header::LOCATION, back.as_str())).finish()
}

/// `POST /token` (RFC 6749, 4.1.3; RFC 7636, 4.6; SMART App Launch 2).
pub(super) async fn token(asked: Form<TokenRequest>, world: Data<World>, base: Data<Base>) -> HttpResponse {
    world.count();
    let fault = world.fault();
    match fault {
        Fault::RedirectedToken => {
            return HttpResponse::TemporaryRedirect()
                .insert_header((header::LOCATION, format!("{}/sink", base.0)))
                .finish();
        }
        Fault::Slow { ms } => tokio::time::sleep(Duration::from_millis(ms)).await,
        _ => {}
    }
    let invalid = || HttpResponse::BadRequest().json(json!({"error": "invalid_grant"}));
    if asked.grant_type != "authorization_code" {
        return HttpResponse::BadRequest().json(json!({"error": "unsupported_grant_type"}));
    }
    let Some(authorised) = world.redeem(&asked.code) else { return invalid() };
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, asked.code_verifier.as_bytes()));
    let same_client = asked.client_id == world.client.id && asked.redirect_uri == authorised.redirect_uri;
    if !same_client || authorised.challenge != challenge {
        return invalid();
    }
    let context = authorised.context.clone();
    let Some(id_token) = id_token(&world, &base.0, &authorised) else {
        return HttpResponse::InternalServerError().finish();
    };
    let mut answer = json!({
        "access_token": world.token(context.clone()), "token_type": "Bearer", "expires_in": 300, "id_token": id_token,
        "scope": "launch openid fhirUser patient/Patient.r", "patient": context.patient,
    });
    match fault {
        Fault::NoPatient => drop(answer.as_object_mut().and_then(|members| members.remove("patient"))),
        Fault::OtherPatient => answer["patient"] = json!(world.another_patient(&context.patient)),
        _ => {}
    }
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(answer)
}

fn id_token(world: &World, base: &str, authorised: &Authorised) -> Option<String> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let practitioner = &authorised.context.practitioner;
    let mut claims = json!({
        "iss": base, "aud": world.client.id, "sub": practitioner, "iat": now, "exp": now + 300, "nonce": authorised.nonce,
        "fhirUser": format!("{base}/fhir/Practitioner/{practitioner}"),
    });
    let fault = world.fault();
    match fault {
        Fault::IdTokenIssuer => claims["iss"] = json!("https://127.0.0.2"),
        Fault::IdTokenAudience => claims["aud"] = json!("another-client"),
        Fault::IdTokenNonce => claims["nonce"] = json!("another"),
        Fault::IdTokenOver => claims["exp"] = json!(now - 86_400),
        Fault::ForeignUser => claims["fhirUser"] = json!(format!("https://127.0.0.2/fhir/Practitioner/{practitioner}")),
        _ => {}
    }
    let signer = if fault == Fault::WrongSignature { &world.stranger } else { &world.signer };
    signer.sign(&claims, &world.signer, None)
}

/// `GET /jwks`
pub(super) async fn keys(world: Data<World>) -> HttpResponse {
    world.count();
    HttpResponse::Ok().json(json!({"keys": [world.signer.jwk()]}))
}

/// `GET /fhir/{type}/{id}`: of patients the token's own only.
pub(super) async fn read(request: HttpRequest, path: Path<(String, String)>, world: Data<World>) -> HttpResponse {
    world.count();
    let (kind, id) = path.into_inner();
    let context = match opened(&request, &world) {
        Ok(context) => context,
        Err(refused) => return HttpResponse::new(refused),
    };
    if kind == "Patient" && id != context.patient {
        return HttpResponse::Forbidden().finish();
    }
    match world.read(&kind, &id) {
        Some(resource) => fhir(resource),
        None => HttpResponse::NotFound().finish(),
    }
}

/// `GET /fhir/PractitionerRole?practitioner=Practitioner/x`
pub(super) async fn roles(request: HttpRequest, asked: Query<Roles>, world: Data<World>) -> HttpResponse {
    world.count();
    if let Err(refused) = opened(&request, &world) {
        return HttpResponse::new(refused);
    }
    let id = asked.practitioner.trim_start_matches("Practitioner/");
    let entries: Vec<Value> = world.roles(id).into_iter().map(|role| json!({"resource": role})).collect();
    fhir(&json!({"resourceType": "Bundle", "type": "searchset", "total": entries.len(), "entry": entries}))
}

/// What the token of a request opens.
fn opened(request: &HttpRequest, world: &World) -> Result<Context, StatusCode> {
    if world.fault() == Fault::NoFhir {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let context = shown.and_then(|value| value.strip_prefix("Bearer ")).and_then(|token| world.of_token(token));
    context.ok_or(StatusCode::UNAUTHORIZED)
}

fn fhir(resource: &Value) -> HttpResponse {
    HttpResponse::Ok().content_type("application/fhir+json").body(resource.to_string())
}

/// `POST /_control/launch`: somebody clicks on a link about a patient; where the browser goes.
pub(super) async fn launch(wanted: Json<Wanted>, world: Data<World>, base: Data<Base>) -> HttpResponse {
    let (Some(patient), Some(_)) = (world.patient(&wanted.bsn), world.read("Practitioner", &wanted.practitioner))
    else {
        return HttpResponse::NotFound().finish();
    };
    let launch = world.launch(Context { practitioner: wanted.practitioner.clone(), patient });
    let Ok(mut url) = Url::parse(&world.client.launch_url) else { return HttpResponse::InternalServerError().finish() };
    let iss = format!("{}/fhir", base.0);
    url.query_pairs_mut().append_pair("iss", &iss).append_pair("launch", &launch);
    HttpResponse::Ok().json(json!({"url": url.as_str(), "iss": iss, "launch": launch}))
}

/// `PUT /_control/fault`
pub(super) async fn set_fault(fault: Json<Fault>, world: Data<World>) -> HttpResponse {
    world.set_fault(*fault);
    HttpResponse::NoContent().finish()
}

/// `GET /_control/counts`: how often it was asked anything, but by whoever drives it.
pub(super) async fn counts(world: Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(json!({"asked": world.asked()}))
}

/// Where nobody should come by. Counted.
pub(super) async fn sink(world: Data<World>) -> HttpResponse {
    world.count();
    HttpResponse::NotFound().finish()
}
