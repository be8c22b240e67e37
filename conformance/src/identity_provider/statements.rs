//! What the provider states: the identity token, the UserInfo answer, and in it the statement (verklaring). Also what it
//! states when it is told to do wrong.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::fault::{Fault, KeyTrick, Keys};
use super::state::{LogIn, World};
use super::{Client, Employee};

const LEVEL: &str = "http://eidas.europa.eu/LoA/high";
const LOW_LEVEL: &str = "http://eidas.europa.eu/LoA/low";
/// Whom a shared secret is known to: everybody who reads the key set.
const SECRET: &[u8] = b"a secret that is in the key set!";
const MANY: usize = 10_000;
/// Seconds that a token lives; a statement lives three months.
const TOKEN: i64 = 300;
const STATEMENT: i64 = 90 * 86_400;

/// The identity token of a log-in (OpenID Connect Core, 2).
pub(super) fn id_token(world: &World, issuer: &str, log_in: &LogIn) -> Option<String> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let nonce = if world.fault() == Fault::OtherNonce { "another" } else { log_in.nonce.as_str() };
    let claims = json!({
        "iss": issuer, "aud": log_in.client, "sub": subject(log_in), "iat": now, "exp": now + TOKEN, "nonce": nonce,
        "jti": uuid::Uuid::new_v4().to_string(),
    });
    world.envelope.sign(&claims, &world.envelope, None)
}

/// The UserInfo answer: signed, and as a rule encrypted to the client.
pub(super) fn user_info(world: &World, issuer: &str, log_in: &LogIn, client: &Client) -> Option<String> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let fault = world.fault();
    let id = uuid::Uuid::new_v4().to_string();
    world.stated(&id);
    let statement = statement(world, issuer, world.employee(&log_in.number)?, &id)?;
    let audience = if fault == Fault::OtherAudience { "another-client" } else { client.id.as_str() };
    let claims = json!({
        "jti": uuid::Uuid::new_v4().to_string(), "iss": issuer, "aud": audience, "sub": subject(log_in), "iat": now,
        "exp": now + TOKEN,  "loa_authn": LEVEL,
        "verklaring_id": id, "verklaring": statement,
    });
    let signer = if fault == Fault::WrongEnvelopeSignature { &world.stranger } else { &world.envelope };
    let signed = signer.sign(&claims, &world.envelope, None)?;
    if fault == Fault::Plain { Some(signed) } else { client.key.encrypt(signed.as_bytes()) }
}

fn statement(world: &World, issuer: &str, employee: &Employee, id: &str) -> Option<String> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let fault = world.fault();
    let mut claims = json!({
        "jti": uuid::Uuid::new_v4().to_string(), "iss": "https://abonnee.dezi.nl", "nbf": now - 60, "exp": now + STATEMENT,
        "json_schema": "https://www.dezi.nl/json_schemas/v1/verklaring.json", "loa_dezi": LEVEL, "verklaring_id": id,
        "dezi_nummer": employee.number, "voorletters": employee.initials, "voorvoegsel": null,
        "achternaam": employee.surname, "abonnee_nummer": employee.ura, "abonnee_naam": employee.provider,
        "rol_code": employee.role, "rol_naam": employee.role_name, "rol_code_bron": "http://www.dezi.nl/rol_bron/big",
        "status_uri": format!("{issuer}/status/v1/verklaring/{id}"),
    });
    match fault {
        Fault::OtherProvider => claims["abonnee_nummer"] = json!("90010098"),
        Fault::Expired => claims["exp"] = json!(now - 86_400),
        Fault::LowLevel => claims["loa_dezi"] = json!(LOW_LEVEL),
        _ => {}
    }
    let own = format!("{issuer}/dezi/jwks.json");
    let foreign = format!("{issuer}/elsewhere/jwks.json");
    let (signer, key_set) = match fault {
        Fault::WrongSignature => (&world.stranger, &own),
        Fault::ForeignKeySet => (&world.statements, &foreign),
        _ => (&world.statements, &own),
    };
    match world.keys() {
        Keys { rotated: false, .. } => signer.sign(&claims, &world.statements, Some(key_set)),
        Keys { trick: KeyTrick::None, .. } => world.next.sign(&claims, &world.next, Some(key_set)),
        Keys { trick: KeyTrick::SharedSecret, .. } => world.rotated.sign_with_secret(SECRET, &claims, key_set),
        Keys { .. } => world.rotated.sign(&claims, &world.rotated, Some(key_set)),
    }
}

/// A key set.
pub(super) fn key_set(keys: &[Value]) -> Value {
    json!({"keys": keys})
}

/// The key set of statements, or what is played in its place.
pub(super) fn statement_keys(world: &World) -> Option<Value> {
    let (known, rotated) = (world.statements.jwk().clone(), world.rotated.jwk().clone());
    let changed = |name: &str, value: Value| {
        let mut key = rotated.clone();
        key[name] = value;
        key
    };
    let keys = match world.keys() {
        Keys { trick: KeyTrick::None, rotated: true } => vec![known, world.next.jwk().clone()],
        Keys { trick: KeyTrick::None | KeyTrick::Missing, .. } => vec![known],
        Keys { trick: KeyTrick::Many, .. } => {
            let others = (0..MANY).map(|number| changed("kid", json!(format!("other-{number}"))));
            [known, rotated.clone()].into_iter().chain(others).collect()
        }
        Keys { trick: KeyTrick::Encryption, .. } => vec![known, changed("use", json!("enc"))],
        Keys { trick: KeyTrick::SharedSecret, .. } => {
            let secret =
                json!({"kty": "oct", "kid": rotated["kid"], "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(SECRET)});
            vec![known, secret]
        }
        Keys { trick: KeyTrick::Down | KeyTrick::Html | KeyTrick::Redirect, .. } => return None,
    };
    Some(key_set(&keys))
}

/// A name for the person that only this client knows (a pairwise subject).
fn subject(log_in: &LogIn) -> String {
    format!("{}:{}", log_in.client, log_in.number)
}
