//! Callers at the outer gate who are not who they should be, or do not show it as they should.

use std::path::PathBuf;

use bytes::Bytes;
use reqwest::Method;
use uuid::Uuid;

use super::outer_gate::{CLINIC, Gate};
use super::overview::SHOWCASE;
use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::ca::{CertificateAuthority, Subject};
use crate::callers::{Answer, CallError, OuterCaller, Wire};

/// Has a good certificate; no node knows it.
const STRANGER: &str = "90010099";
/// A node of the region that is not the token's.
const NEIGHBOUR: &str = "90010002";

const NODE: &str = "hospital";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("ATT-66: without a client certificate a token is worth nothing", |setting| {
            Box::pin(no_certificate(setting))
        }),
        Check::new("an organisation that is not known is refused, with or without a token", |setting| {
            Box::pin(stranger(setting))
        }),
        Check::new("a certificate of another authority does not get through the handshake", |setting| {
            Box::pin(rogue(setting))
        }),
        Check::new("ATT-51: without a token there is no answer", |setting| Box::pin(no_token(setting))),
        Check::new("ATT-61: a token that was never given is refused", |setting| Box::pin(junk_tokens(setting))),
        Check::new("ATT-66: a token is refused with another organisation's certificate", |setting| {
            Box::pin(borrowed_token(setting))
        }),
        Check::new("ATT-51: two Authorization headers are refused, also when one is good", |setting| {
            Box::pin(two_headers(setting))
        }),
        Check::new("ATT-51: a token in the query, a form or a cookie is no token", |setting| {
            Box::pin(token_in_query(setting))
        }),
    ]
}

fn url(gate: &Gate) -> String {
    format!("{}/Condition", gate.base)
}

fn token(gate: &Gate) -> String {
    gate.wire.token().unwrap_or_default().to_owned()
}

async fn no_certificate(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let bare = Wire::new(Some(&setting.ready.ca_file), None)?;
    for wire in [bare.with_token(&token(&gate)), bare] {
        let mark = setting.mark(NODE).await?;
        let answer = wire.get(&url(&gate)).await;
        setting.refused(&mark, NODE, 401, answer).await?;
    }
    Ok(())
}

async fn stranger(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let stranger = setting.organisation(STRANGER, NODE)?;
    for wire in [stranger.with_token(&token(&gate)), Wire::clone(&stranger)] {
        let mark = setting.mark(NODE).await?;
        let answer = wire.get(&url(&gate)).await;
        setting.refused(&mark, NODE, 403, answer).await?;
    }
    let given = stranger.request_token(&stranger.assertion(None), "health-overview").await?;
    ensure(given.status == 401, || format!("its token request answers {}", given.status))
}

async fn rogue(setting: &Setting) -> Judgement {
    let authority = CertificateAuthority::new("Valse autoriteit").map_err(cannot)?;
    let subject = Subject { name: "Kliniek De Proef", dns_names: &[] };
    let issued = authority.issue_server(CLINIC, &subject).map_err(cannot)?;
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let folder = Folder::new();
    let files = issued.write(&folder.0, "vals").map_err(cannot)?;
    let endpoint = &setting.node(NODE)?.token_endpoint;
    let caller = OuterCaller::new(&setting.ready.ca_file, &files.certificate, &files.key, CLINIC, endpoint)?;
    let mark = setting.mark(NODE).await?;
    let answer = caller.with_token(&token(&gate)).get(&url(&gate)).await;
    ensure(answer.is_err(), || "the handshake was not refused".to_owned())?;
    ensure(setting.since(&mark, NODE)?.is_empty(), || "an exchange was begun".to_owned())?;
    setting.no_source_was_asked(&mark).await
}

async fn no_token(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    for header in [None, Some(""), Some("Basic cHJvZWY6cHJvZWY="), Some("Bearer"), Some("bearer"), Some("DPoP")] {
        let mark = setting.mark(NODE).await?;
        let headers: Vec<_> = header.map(|value| ("authorization", value)).into_iter().collect();
        let answer = gate.caller.raw(Method::GET, &url(&gate), &headers, Bytes::new()).await;
        challenged(&answer)?;
        setting.refused(&mark, NODE, 401, answer).await?;
    }
    Ok(())
}

async fn junk_tokens(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let good = token(&gate);
    let longer = format!("{good}0");
    let shorter = good.get(1..).unwrap_or_default();
    for junk in ["x", "00000000-0000-0000-0000-000000000000", &longer, shorter] {
        let mark = setting.mark(NODE).await?;
        let answer = gate.wire.with_token(junk).get(&url(&gate)).await;
        challenged(&answer)?;
        setting.refused(&mark, NODE, 401, answer).await?;
    }
    Ok(())
}

async fn borrowed_token(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let neighbour = setting.organisation(NEIGHBOUR, NODE)?;
    let mark = setting.mark(NODE).await?;
    let answer = neighbour.with_token(&token(&gate)).get(&url(&gate)).await;
    let refused = setting.refused(&mark, NODE, 401, answer).await?;
    let reason = &refused.record["outcome"]["reason"];
    ensure(reason == "token-of-another-client", || format!("the record says {reason}"))?;
    // Whoever holds it must not learn that it is good elsewhere.
    let mark = setting.mark(NODE).await?;
    let junk = setting.refused(&mark, NODE, 401, neighbour.with_token("x").get(&url(&gate)).await).await?;
    ensure(junk.says == refused.says, || "the answer tells a borrowed token from an unknown one".to_owned())
}

async fn two_headers(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let good = format!("Bearer {}", token(&gate));
    for second in [good.as_str(), "Bearer x", "Basic cHJvZWY6cHJvZWY="] {
        let mark = setting.mark(NODE).await?;
        let headers = [("authorization", good.as_str()), ("authorization", second)];
        let answer = gate.caller.raw(Method::GET, &url(&gate), &headers, Bytes::new()).await;
        challenged(&answer)?;
        setting.refused(&mark, NODE, 401, answer).await?;
    }
    Ok(())
}

async fn token_in_query(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let token = token(&gate);
    let mark = setting.mark(NODE).await?;
    let answer = gate.caller.get(&format!("{}?access_token={token}", url(&gate))).await;
    challenged(&answer)?;
    let refused = setting.refused(&mark, NODE, 401, answer).await?;
    let record = refused.record.to_string();
    ensure(!record.contains(&token), || "the token stands in the access log".to_owned())?;
    let mark = setting.mark(NODE).await?;
    let answer = gate.caller.post_form(&format!("{}/_search", url(&gate)), &[("access_token", &token)]).await;
    challenged(&answer)?;
    setting.refused(&mark, NODE, 401, answer).await?;
    let mark = setting.mark(NODE).await?;
    let cookie = format!("access_token={token}; session={token}");
    let answer = gate.caller.raw(Method::GET, &url(&gate), &[("cookie", &cookie)], Bytes::new()).await;
    challenged(&answer)?;
    setting.refused(&mark, NODE, 401, answer).await.map(|_| ())
}

fn challenged(answer: &Result<Answer, CallError>) -> Judgement {
    let challenge = answer.as_ref().ok().and_then(|answer| answer.header("www-authenticate"));
    ensure(challenge.is_some_and(|challenge| challenge.starts_with("Bearer")), || {
        "the refusal does not challenge for a bearer token".to_owned()
    })
}

fn cannot(fault: impl std::fmt::Display) -> Flaw {
    Flaw::NotRun(fault.to_string())
}

/// A folder for the keys of a caller who should not exist; gone when the check is.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Folder(std::env::temp_dir().join(format!("conformance-{}", Uuid::new_v4())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing was written, or it is a leftover in the place for leftovers.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
