//! Group B of the attack catalogue at the token endpoint and at a resource: objects that are signed and no token, keys and
//! headers that mislead, and tokens without what they are bound to (RFC 8705, RFC 9449).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use super::assertions::{one_event_each, refused};
use super::outer_gate::{CLINIC, Gate, USE_CASE, acting};
use super::overview::SHOWCASE;
use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, CallError, OuterCaller, Proof, ProofKey, Wire};

const NODE: &str = "hospital";
/// A node of the region that gave no token here.
const OTHER_NODE: &str = "nursing-home";
/// How many tokens that never were are shown in a row.
const JUNK: usize = 10_000;
/// How many of them at once.
const AT_ONCE: usize = 16;

/// Spoils one thing of a good proof.
type Spoil = fn(&mut Proof);

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("ATT-53, ATT-54, ATT-61: a signed object of any kind is no access token", |setting| {
            Box::pin(signed_objects(setting))
        }),
        Check::new("ATT-55, ATT-57: a key id or critical header that misleads gets no token", |setting| {
            Box::pin(headers(setting))
        }),
        Check::new("ATT-65: an assertion whose signature is written otherwise gets no token", |setting| {
            Box::pin(malleable(setting))
        }),
        Check::new("ATT-62: a token of one provider is worth nothing at another", |setting| {
            Box::pin(of_another_node(setting))
        }),
        Check::new("ATT-66: a token bound to a key is good with a fresh proof of that key, and gets data", |setting| {
            Box::pin(proven(setting))
        }),
        Check::new("ATT-65, ATT-66: a token bound to a key is refused without a right proof", |setting| {
            Box::pin(not_proven(setting))
        }),
        Check::new("ATT-66: a proof is good for one request, also for one token request", |setting| {
            Box::pin(replayed(setting))
        }),
        Check::new("ATT-66: a proof that is wrong gets no token", |setting| Box::pin(wrong_at_the_endpoint(setting))),
    ]
}

/// The last of all, because each check after it reads a log that is so much longer.
pub fn flood() -> Vec<Check> {
    vec![Check::new("ATT-71: tokens that never were, in great number, hold nothing up", |setting| {
        Box::pin(junk(setting))
    })]
}

/// The clinic with a token that is bound to a key as well as to its certificate.
struct Bound {
    gate: Gate,
    key: ProofKey,
    token: String,
}

impl Bound {
    async fn new(setting: &Setting) -> Result<Self, Flaw> {
        let gate = Gate::open(setting, NODE, SHOWCASE).await?;
        let key = ProofKey::fresh()?;
        let proof = key.sign(&key.proof("POST", gate.caller.token_endpoint(), None))?;
        let assertion = gate.caller.signed_assertion(Some(&acting(SHOWCASE)))?;
        let answer = gate.caller.present_with(&assertion, USE_CASE, &[&proof]).await?;
        let body = answer.json().unwrap_or_default();
        ensure(answer.status == 200 && body["token_type"] == "DPoP", || {
            format!("a token request with a proof answers {} {}", answer.status, body["token_type"])
        })?;
        let token = body["access_token"].as_str().unwrap_or_default().to_owned();
        Ok(Bound { gate, key, token })
    }

    fn url(&self) -> String {
        format!("{}/Condition", self.gate.base)
    }

    fn proof(&self) -> Proof {
        self.key.proof("GET", &self.url(), Some(&self.token))
    }

    /// Asks with this scheme and these proofs.
    async fn ask(&self, caller: &Wire, scheme: &str, proofs: &[String]) -> Result<Answer, CallError> {
        let authorization = format!("{scheme} {}", self.token);
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(proofs.iter().map(|proof| ("dpop", proof.as_str())));
        caller.raw(Method::GET, &self.url(), &headers, Bytes::new()).await
    }
}

/// Holds when the answer challenges by this scheme, with this error.
fn challenged(answer: &Result<Answer, CallError>, scheme: &str, error: &str) -> Judgement {
    let challenge = answer.as_ref().ok().and_then(|answer| answer.header("www-authenticate")).unwrap_or_default();
    let named = format!("error=\"{error}\"");
    ensure(challenge.starts_with(scheme) && challenge.contains(&named), || {
        format!("the challenge is {challenge:?}, not {scheme} with {error}")
    })
}

/// Header and claims as a signed object without a signature of anybody's.
fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

async fn signed_objects(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let own = gate.caller.signed_assertion(Some(&acting(SHOWCASE)))?;
    let key = ProofKey::fresh()?;
    let proof = key.sign(&key.proof("GET", &gate.base, None))?;
    let claims = json!({"iss": gate.base, "sub": CLINIC, "scope": USE_CASE, "exp": 9_999_999_999_i64});
    let mut objects = vec![own, proof];
    for typ in ["at+jwt", "JWT", "logout+jwt", "vp+jwt"] {
        for alg in ["none", "HS256", "ES256"] {
            objects.push(unsigned(&json!({"typ": typ, "alg": alg, "kid": "1"}), &claims));
        }
    }
    for object in objects {
        let mark = setting.mark(NODE).await?;
        let answer = gate.caller.with_token(&object).get(&format!("{}/Condition", gate.base)).await;
        let told = answer.as_ref().ok().and_then(|answer| answer.header("www-authenticate")).unwrap_or_default();
        // A longer text than any token is not looked at, and so is none.
        ensure(told.starts_with("Bearer"), || format!("the challenge is {told:?}"))?;
        setting.refused(&mark, NODE, 401, answer).await?;
    }
    Ok(())
}

async fn headers(setting: &Setting) -> Judgement {
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    let long = "a".repeat(4096);
    let key_ids = [
        "../../../../dev/null",
        "/proc/sys/kernel/randomize_va_space",
        "' UNION SELECT 'x",
        "| sleep 5",
        "\u{0}",
        long.as_str(),
    ];
    let caller = setting.organisation(CLINIC, NODE)?;
    for id in key_ids {
        let mut assertion = caller.assertion(Some(&acting(SHOWCASE)));
        assertion.key_id = id.to_owned();
        let answer = caller.request_token(&assertion, USE_CASE).await?;
        refused(&answer, "invalid_client")?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure(!text.contains(id) && !text.contains("No such file"), || "the refusal repeats the key id".to_owned())?;
    }
    let good = caller.signed_assertion(Some(&acting(SHOWCASE)))?;
    let (_, rest) = good.split_once('.').unwrap_or_default();
    let critical = [json!(["exp"]), json!(["http://example.com/unknown"]), json!([])];
    for crit in &critical {
        // The signature is of another header: whichever is looked at first, it is refused.
        let header = json!({"alg": "ES256", "typ": "JWT", "crit": crit});
        let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
        refused(&caller.present(&forged, USE_CASE).await?, "invalid_client")?;
    }
    one_event_each(setting, events, key_ids.len() + critical.len()).await?;
    setting.no_source_was_asked(&mark).await
}

async fn malleable(setting: &Setting) -> Judgement {
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    let caller = setting.organisation(CLINIC, NODE)?;
    let mut refusals = 0;
    for way in 0..7 {
        let good = caller.signed_assertion(Some(&acting(SHOWCASE)))?;
        let (message, signature) = good.rsplit_once('.').unwrap_or_default();
        let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        let spoilt = match way {
            0 => format!("{good}="),
            1 => format!("{good}."),
            2 => format!("{message}. {signature}"),
            3 => format!("{message}.{}", STANDARD.encode(&bytes)),
            4 => format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
            5 => format!("{message}.{}", URL_SAFE_NO_PAD.encode(der(&bytes))),
            _ => format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes.get(..32).unwrap_or_default())),
        };
        refused(&caller.present(&spoilt, USE_CASE).await?, "invalid_client")?;
        refusals += 1;
    }
    one_event_each(setting, events, refusals).await?;
    setting.no_source_was_asked(&mark).await
}

/// The two halves of a signature as DER integers, as other software writes them.
fn der(signature: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for half in signature.chunks(32) {
        let sign = if half.first().is_some_and(|first| first & 0x80 != 0) { &[0_u8][..] } else { &[] };
        body.extend([2, u8::try_from(sign.len() + half.len()).unwrap_or_default()]);
        body.extend(sign);
        body.extend(half);
    }
    [vec![0x30, u8::try_from(body.len()).unwrap_or_default()], body].concat()
}

async fn of_another_node(setting: &Setting) -> Judgement {
    let there = Gate::open(setting, OTHER_NODE, SHOWCASE).await?;
    let token = there.wire.token().unwrap_or_default();
    let here = setting.organisation(CLINIC, NODE)?.with_token(token);
    let mark = setting.mark(NODE).await?;
    let answer = here.get(&format!("{}/Condition", setting.outer(NODE)?)).await;
    challenged(&answer, "Bearer", "invalid_token")?;
    setting.refused(&mark, NODE, 401, answer).await?;
    // The other way round: an assertion that was made for one endpoint, shown at another.
    let meant_here = setting.organisation(CLINIC, NODE)?.signed_assertion(Some(&acting(SHOWCASE)))?;
    let elsewhere = setting.organisation(CLINIC, OTHER_NODE)?;
    refused(&elsewhere.present(&meant_here, USE_CASE).await?, "invalid_client")
}

async fn proven(setting: &Setting) -> Judgement {
    let bound = Bound::new(setting).await?;
    let answer = bound.ask(&bound.gate.caller, "DPoP", &[bound.key.sign(&bound.proof())?]).await?;
    let bundle = answer.json().unwrap_or_default();
    ensure(answer.status == 200 && bundle["resourceType"] == "Bundle", || format!("it answers {}", answer.status))?;
    // A query is no part of what the proof names.
    let url = format!("{}?_count=1", bound.url());
    let authorization = format!("DPoP {}", bound.token);
    let proof = bound.key.sign(&bound.proof())?;
    let headers = [("authorization", authorization.as_str()), ("dpop", proof.as_str())];
    let answer = bound.gate.caller.raw(Method::GET, &url, &headers, Bytes::new()).await?;
    ensure(answer.status == 200, || format!("with a query it answers {}", answer.status))
}

async fn not_proven(setting: &Setting) -> Judgement {
    let bound = Bound::new(setting).await?;
    let good = || bound.key.sign(&bound.proof());
    let of_a_stranger = {
        let stranger = ProofKey::fresh()?;
        stranger.sign(&stranger.proof("GET", &bound.url(), Some(&bound.token)))?
    };
    let whole: [(&str, Vec<String>, &str); 5] = [
        ("Bearer", vec![], "invalid_token"),
        ("Bearer", vec![good()?], "invalid_token"),
        ("DPoP", vec![], "invalid_dpop_proof"),
        ("DPoP", vec![good()?, good()?], "invalid_dpop_proof"),
        ("DPoP", vec![of_a_stranger], "invalid_dpop_proof"),
    ];
    for (scheme, proofs, error) in whole {
        let mark = setting.mark(NODE).await?;
        let answer = bound.ask(&bound.gate.caller, scheme, &proofs).await;
        challenged(&answer, "DPoP", error)?;
        setting.refused(&mark, NODE, 401, answer).await?;
    }
    let spoilt: [Spoil; 17] = [
        |proof| proof.claims["htm"] = json!("POST"),
        |proof| proof.claims["htu"] = json!("https://elsewhere.example/fhir/r4/Condition"),
        |proof| proof.claims["htu"] = json!("/fhir/r4/Condition"),
        |proof| proof.claims["ath"] = json!("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"),
        |proof| proof.claims["ath"] = Value::Null,
        |proof| proof.claims["jti"] = json!(""),
        |proof| proof.claims["jti"] = Value::Null,
        |proof| proof.claims["iat"] = json!(proof.claims["iat"].as_i64().unwrap_or_default() - 600),
        |proof| proof.claims["iat"] = json!(proof.claims["iat"].as_i64().unwrap_or_default() + 600),
        |proof| proof.claims["iat"] = json!(proof.claims["iat"].to_string()),
        |proof| proof.header["typ"] = json!("JWT"),
        |proof| proof.header["alg"] = json!("none"),
        |proof| proof.header["alg"] = json!("HS256"),
        |proof| proof.header["jwk"] = json!({"kty": "oct", "k": "c2VjcmV0"}),
        |proof| proof.header["jwk"]["d"] = json!("AA"),
        |proof| proof.header["crit"] = json!(["exp"]),
        |proof| {
            // RSA, of 512 bits.
            proof.header["alg"] = json!("PS256");
            proof.header["jwk"] = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xd5; 64]), "e": "AQAB"});
        },
    ];
    for spoil in spoilt {
        let mut proof = bound.proof();
        spoil(&mut proof);
        let mark = setting.mark(NODE).await?;
        let answer = bound.ask(&bound.gate.caller, "DPoP", &[bound.key.sign(&proof)?]).await;
        challenged(&answer, "DPoP", "invalid_dpop_proof")?;
        setting.refused(&mark, NODE, 401, answer).await?;
    }
    // A token that is bound to no key is none of this scheme.
    let unbound = bound.gate.wire.token().unwrap_or_default().to_owned();
    let proof = bound.key.sign(&bound.key.proof("GET", &bound.url(), Some(&unbound)))?;
    let authorization = format!("DPoP {unbound}");
    let headers = [("authorization", authorization.as_str()), ("dpop", proof.as_str())];
    let mark = setting.mark(NODE).await?;
    let answer = bound.gate.caller.raw(Method::GET, &bound.url(), &headers, Bytes::new()).await;
    challenged(&answer, "DPoP", "invalid_token")?;
    setting.refused(&mark, NODE, 401, answer).await.map(|_| ())
}

async fn replayed(setting: &Setting) -> Judgement {
    let bound = Bound::new(setting).await?;
    let proof = [bound.key.sign(&bound.proof())?];
    let first = bound.ask(&bound.gate.caller, "DPoP", &proof).await?;
    ensure(first.status == 200, || format!("the first request answers {}", first.status))?;
    let mark = setting.mark(NODE).await?;
    let again = bound.ask(&bound.gate.caller, "DPoP", &proof).await;
    challenged(&again, "DPoP", "invalid_dpop_proof")?;
    let refusal = setting.refused(&mark, NODE, 401, again).await?;
    let reason = &refusal.record["outcome"]["reason"];
    ensure(reason == "proof-not-accepted replayed", || format!("the record says {reason}"))?;

    let caller = &bound.gate.caller;
    let proof = bound.key.sign(&bound.key.proof("POST", caller.token_endpoint(), None))?;
    let ask = async || {
        let assertion = caller.signed_assertion(Some(&acting(SHOWCASE)))?;
        caller.present_with(&assertion, USE_CASE, &[&proof]).await
    };
    let first = ask().await?;
    ensure(first.status == 200, || format!("the first token request answers {}", first.status))?;
    refused(&ask().await?, "invalid_dpop_proof")
}

async fn wrong_at_the_endpoint(setting: &Setting) -> Judgement {
    let caller: OuterCaller = setting.organisation(CLINIC, NODE)?;
    let events = setting.refused_token_requests(NODE).await?;
    let key = ProofKey::fresh()?;
    let endpoint = caller.token_endpoint();
    let right = || key.sign(&key.proof("POST", endpoint, None));
    let ways = [
        vec![key.sign(&key.proof("GET", endpoint, None))?],
        vec![key.sign(&key.proof("POST", setting.outer(NODE)?, None))?],
        vec![right()?, right()?],
        vec![String::new()],
        vec!["x.y.z".to_owned()],
    ];
    for proofs in &ways {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let assertion = caller.signed_assertion(Some(&acting(SHOWCASE)))?;
        refused(&caller.present_with(&assertion, USE_CASE, &proofs).await?, "invalid_dpop_proof")?;
    }
    one_event_each(setting, events, ways.len()).await
}

async fn junk(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let url = format!("{}/Condition", gate.base);
    let mark = setting.mark(NODE).await?;
    let asking = futures_util::stream::iter(0..JUNK).map(|number| {
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": format!("key-{number}")});
        let wire = gate.caller.with_token(&unsigned(&header, &json!({"sub": number})));
        let url = &url;
        async move { wire.get(url).await.map(|answer| answer.status) }
    });
    let answers: Vec<Result<u16, CallError>> = asking.buffer_unordered(AT_ONCE).collect().await;
    let refused = answers.iter().filter(|answer| matches!(answer, Ok(401))).count();
    ensure(refused == JUNK, || format!("{refused} of {JUNK} were refused"))?;
    let records = setting.since(&mark, NODE)?.len();
    ensure(records == JUNK, || format!("{records} records for {JUNK} refusals"))?;
    setting.no_source_was_asked(&mark).await?;
    let begun = std::time::Instant::now();
    let health = Wire::new(Some(&setting.ready.ca_file), None)?.get(&setting.node(NODE)?.health.ready).await?;
    ensure(health.status == 200 && begun.elapsed().as_secs() == 0, || format!("health answers {}", health.status))?;
    let still = gate.wire.get(&url).await?;
    ensure(still.status == 200, || format!("a good token then answers {}", still.status))
}
