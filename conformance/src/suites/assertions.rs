//! The token endpoint and the ways to get a token that one should not get (RFC 7523, RFC 8725).

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::outer_gate::{CLINIC, USE_CASE, acting};
use super::overview::SHOWCASE;
use super::setting::{Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, ClientAssertion, OuterCaller};

const NODE: &str = "hospital";

/// Spoils one thing of a good assertion.
type Spoil = fn(&mut ClientAssertion);

pub fn checks() -> Vec<Check> {
    let spoilt: [(&'static str, &'static [Spoil]); 9] = [
        (
            "ATT-59, ATT-67: an assertion for another audience is refused",
            &[
                |assertion| set(assertion, "aud", json!("https://elsewhere.example/oauth/token")),
                |assertion| set(assertion, "aud", json!([])),
                |assertion| {
                    let ours = audience(assertion);
                    set(assertion, "aud", json!([ours, "https://elsewhere.example/oauth/token"]));
                },
                |assertion| {
                    let ours = audience(assertion);
                    set(assertion, "aud", json!(format!("{ours}.evil.example")));
                },
                |assertion| {
                    let ours = audience(assertion);
                    set(assertion, "aud", json!(format!("{ours}/")));
                },
                |assertion| {
                    let ours = audience(assertion);
                    set(assertion, "aud", json!(ours.to_uppercase()));
                },
                |assertion| drop(assertion.claims.remove("aud")),
            ],
        ),
        (
            "ATT-58: an assertion that has expired, or whose end is no moment, is refused",
            &[
                |assertion| shift(assertion, -3600),
                // 30 seconds beyond the stated leeway of none.
                |assertion| shift(assertion, -90),
                |assertion| drop(assertion.claims.remove("exp")),
                |assertion| {
                    let text = assertion.claims["exp"].to_string();
                    set(assertion, "exp", json!(text));
                },
                |assertion| set(assertion, "exp", json!(-1)),
                |assertion| set(assertion, "exp", json!(9_000_000_000_000_000_000_i64)),
                |assertion| {
                    let float = assertion.claims["exp"].as_f64().unwrap_or_default() + 0.5;
                    set(assertion, "exp", json!(float));
                },
            ],
        ),
        (
            "ATT-58: an assertion from the future is refused",
            &[
                |assertion| shift(assertion, 600),
                |assertion| {
                    let later = assertion.claims["iat"].as_i64().unwrap_or_default() + 30;
                    set(assertion, "nbf", json!(later));
                },
            ],
        ),
        (
            "ATT-58: an assertion that lives too long is refused",
            &[|assertion| {
                let issued = assertion.claims["iat"].as_i64().unwrap_or_default();
                set(assertion, "exp", json!(issued + 86_400));
            }],
        ),
        (
            "ATT-67: an assertion in another organisation's name is refused",
            &[
                |assertion| set(assertion, "sub", json!("90010002")),
                |assertion| set(assertion, "iss", json!("90010002")),
                |assertion| {
                    set(assertion, "iss", json!("90010002"));
                    set(assertion, "sub", json!("90010002"));
                },
            ],
        ),
        (
            "ATT-54, ATT-66: an assertion bound to another certificate is refused",
            &[
                |assertion| set(assertion, "cnf", json!({"x5t#S256": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})),
                |assertion| assertion.key_id = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            ],
        ),
        (
            "an assertion without an identifier is refused",
            &[|assertion| drop(assertion.claims.remove("jti")), |assertion| set(assertion, "jti", json!(""))],
        ),
        (
            "an assertion about a patient with a BSN that is none is refused",
            &[
                |assertion| set(assertion, "patient", json!("999911121")),
                |assertion| set(assertion, "patient", json!(["999911120"])),
            ],
        ),
        (
            "a relation that holds for no patient in particular is refused",
            &[|assertion| {
                assertion.claims.remove("patient");
            }],
        ),
    ];
    let mut all: Vec<Check> = spoilt
        .into_iter()
        .map(|(name, ways)| Check::new(name, move |setting| Box::pin(each_is_refused(setting, ways))))
        .collect();
    all.push(Check::new("ATT-67: an assertion is good for one token", |setting| Box::pin(replayed(setting))));
    all.push(Check::new("an assertion without a signature is refused", |setting| Box::pin(unsigned(setting))));
    all.push(Check::new("ATT-53: an assertion signed with what is public is refused", |setting| {
        Box::pin(public_key(setting))
    }));
    all.push(Check::new("ATT-63: a use case that is not offered to the organisation gets no token", |setting| {
        Box::pin(other_use_case(setting))
    }));
    all
}

fn set(assertion: &mut ClientAssertion, claim: &str, value: Value) {
    assertion.claims.insert(claim.to_owned(), value);
}

fn audience(assertion: &ClientAssertion) -> String {
    assertion.claims["aud"].as_str().unwrap_or_default().to_owned()
}

fn shift(assertion: &mut ClientAssertion, seconds: i64) {
    for claim in ["iat", "exp"] {
        let moment = assertion.claims[claim].as_i64().unwrap_or_default();
        set(assertion, claim, json!(moment + seconds));
    }
}

fn clinic(setting: &Setting) -> Result<(OuterCaller, ClientAssertion), Flaw> {
    let caller = setting.organisation(CLINIC, NODE)?;
    let good = caller.assertion(Some(&acting(SHOWCASE)));
    Ok((caller, good))
}

/// Holds when the endpoint gave an error of OAuth 2.0 (RFC 6749, section 5.2) and no token.
pub(super) fn refused(answer: &Answer, error: &str) -> Judgement {
    let body = answer.json().unwrap_or_default();
    ensure(matches!(answer.status, 400 | 401), || format!("the endpoint answers {}", answer.status))?;
    let challenged = answer.header("www-authenticate").is_some();
    ensure(challenged == (answer.status == 401), || "a 401 has a challenge, and nothing else has".to_owned())?;
    ensure(body["error"] == error, || format!("the error is {}, not {error}", body["error"]))?;
    ensure(body.get("access_token").is_none(), || "a token was given".to_owned())?;
    ensure(answer.header("cache-control") == Some("no-store"), || "the answer may be stored".to_owned())?;
    ensure(!names_a_patient(&body.to_string()), || "the refusal names a patient".to_owned())
}

async fn each_is_refused(setting: &Setting, ways: &[Spoil]) -> Judgement {
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    for spoil in ways {
        let (caller, mut assertion) = clinic(setting)?;
        spoil(&mut assertion);
        refused(&caller.request_token(&assertion, USE_CASE).await?, "invalid_client")?;
    }
    one_event_each(setting, events, ways.len()).await?;
    setting.no_source_was_asked(&mark).await
}

/// Holds when the node counted as many refused token requests as there were since `before`.
pub(super) async fn one_event_each(setting: &Setting, before: u64, refusals: usize) -> Judgement {
    let counted = setting.refused_token_requests(NODE).await?.saturating_sub(before);
    ensure(usize::try_from(counted) == Ok(refusals), || format!("{counted} events for {refusals} refusals"))
}

async fn replayed(setting: &Setting) -> Judgement {
    let (caller, assertion) = clinic(setting)?;
    let first = caller.request_token(&assertion, USE_CASE).await?;
    ensure(first.status == 200, || format!("the first request answers {}", first.status))?;
    ensure(first.header("cache-control") == Some("no-store"), || "the token may be stored".to_owned())?;
    refused(&caller.request_token(&assertion, USE_CASE).await?, "invalid_client")?;
    // Changed around its identifier it is still the same one.
    let mut later = assertion;
    let sooner = later.claims["exp"].as_i64().unwrap_or_default() - 1;
    set(&mut later, "exp", json!(sooner));
    refused(&caller.request_token(&later, USE_CASE).await?, "invalid_client")
}

/// Header and claims as they are signed.
fn message(assertion: &ClientAssertion, algorithm: &str) -> String {
    let header = json!({"alg": algorithm, "typ": "JWT", "kid": assertion.key_id}).to_string();
    let claims = Value::Object(assertion.claims.clone()).to_string();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

async fn unsigned(setting: &Setting) -> Judgement {
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    for algorithm in ["none", "None", "NONE", "ES256", ""] {
        let (caller, assertion) = clinic(setting)?;
        let unsigned = format!("{}.", message(&assertion, algorithm));
        refused(&caller.present(&unsigned, USE_CASE).await?, "invalid_client")?;
    }
    one_event_each(setting, events, 5).await?;
    setting.no_source_was_asked(&mark).await
}

/// The classic confusion: the verifier's public key, taken for a shared secret.
async fn public_key(setting: &Setting) -> Judgement {
    let missing = || Flaw::NotRun("the clinic has no certificate and key".to_owned());
    let files = setting.ready.organisation(CLINIC).ok_or_else(missing)?;
    let certificate = files.certificate_file.as_ref().and_then(|file| std::fs::read(file).ok()).ok_or_else(missing)?;
    let key = files.key_file.as_ref().and_then(|file| PrivateKeyDer::from_pem_file(file).ok()).ok_or_else(missing)?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_der()).map_err(|_| missing())?;
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    for secret in [certificate.as_slice(), pair.public_key().as_ref(), b""] {
        let (caller, assertion) = clinic(setting)?;
        let message = message(&assertion, "HS256");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        let signed = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        refused(&caller.present(&signed, USE_CASE).await?, "invalid_client")?;
    }
    one_event_each(setting, events, 3).await?;
    setting.no_source_was_asked(&mark).await
}

async fn other_use_case(setting: &Setting) -> Judgement {
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    for scope in [
        "development-try",
        "health-overview development-try",
        "",
        "*",
        "patient/*.*",
        "patient/*.read",
        "patient/Observation.rs?code=x",
        "health-overview\tdevelopment-try",
        "HEALTH-OVERVIEW",
    ] {
        let (caller, assertion) = clinic(setting)?;
        refused(&caller.request_token(&assertion, scope).await?, "invalid_scope")?;
    }
    one_event_each(setting, events, 9).await?;
    setting.no_source_was_asked(&mark).await
}
