//! What a credential rests on and how it ends: the certificate that it was made of, and its status. The region's authority is
//! driven over its control interface.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::assertions::{one_event_each, refused};
use super::certificates::{self, Authority, LEFT_ALONE};
use super::jwt_bearer::{Clinic, Framework};
use super::outer_gate::CLINIC;
use super::presentations::Holder;
use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::Answer;
use crate::framework::Party;

const NODE: &str = "hospital";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("a credential of a certificate that was revoked gets no token", |setting| {
            Box::pin(revoked(setting))
        }),
        Check::new(
            "a credential of a certificate of which nobody says whether it was revoked gets no token yet",
            |setting| Box::pin(not_found_out(setting)),
        ),
        Check::new("a credential with a status gets a token as long as its place in the list is not set", |setting| {
            Box::pin(status_of_supplier(setting))
        }),
        Check::new("an X509Credential with a status is judged by a list that its own certificate signed", |setting| {
            Box::pin(status_of_organisation(setting))
        }),
        Check::new("a status that cannot be found out, or is at a host that is not configured, is no yes", |setting| {
            Box::pin(status_unknown(setting))
        }),
    ]
}

/// The clinic, with a credential of a new certificate.
async fn of_new_certificate(
    setting: &Setting,
    authority: &Authority<'_>,
) -> Result<(Holder, certificates::Holder), Flaw> {
    let issued = authority.clinic().await?;
    let holder = Holder::with(setting, CLINIC, &issued.certificate_file, &issued.key_file).await?;
    Ok((holder, issued))
}

async fn revoked(setting: &Setting) -> Judgement {
    let authority = Authority::of(setting)?;
    let (good, _) = of_new_certificate(setting, &authority).await?;
    let answer = good.ask(&good.presents()).await?;
    ensure(answer.status == 200, || format!("a good one answers {}", answer.status))?;
    let (holder, issued) = of_new_certificate(setting, &authority).await?;
    authority.revoke(&issued).await?;
    let events = setting.refused_token_requests(NODE).await?;
    // The certificate of the connection is the clinic's usual one: it is good.
    refused(&holder.ask(&holder.presents()).await?, "invalid_verifiable_credentials")?;
    refused(&holder.ask(&holder.presents()).await?, "invalid_verifiable_credentials")?;
    one_event_each(setting, events, 2).await
}

async fn not_found_out(setting: &Setting) -> Judgement {
    let authority = Authority::of(setting)?;
    for kind in ["down", "stale", "wrongly-signed", "unknown"] {
        let (holder, _) = of_new_certificate(setting, &authority).await?;
        authority.fails(json!({"kind": kind})).await?;
        let answer = holder.ask(&holder.presents()).await;
        authority.fails(json!({})).await?;
        let answer = answer?;
        let error = answer.json().unwrap_or_default()["error"].clone();
        ensure(answer.status == 503 && error == "temporarily_unavailable", || {
            format!("{kind}: it answers {} {error}", answer.status)
        })?;
        ensure(answer.header("retry-after").is_some(), || format!("{kind}: when to come again is not said"))?;
        // And once it can be found out, the same credential gets its token.
        tokio::time::sleep(LEFT_ALONE).await;
        let again = holder.ask(&holder.presents()).await?;
        ensure(again.status == 200, || format!("{kind}: afterwards it answers {}", again.status))?;
    }
    Ok(())
}

/// A list of 131,072 places, this one set.
fn bits(set: usize) -> Result<String, Flaw> {
    let mut bits = vec![0_u8; 16 << 10];
    if let Some(byte) = bits.get_mut(set / 8) {
        *byte |= 0x80 >> (set % 8);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(&bits).and_then(|()| encoder.finish());
    let packed = packed.map_err(|fault| Flaw::NotRun(fault.to_string()))?;
    Ok(format!("u{}", URL_SAFE_NO_PAD.encode(packed)))
}

/// A list of this issuer, with this place set, before it is signed.
fn list_of(issuer: &str, set: usize) -> Result<Value, Flaw> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    Ok(json!({"iss": issuer, "nbf": now - 60, "exp": now + 3600,
        "vc": {"@context": ["https://www.w3.org/2018/credentials/v1"],
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "credentialSubject": {"type": "BitstringStatusList", "statusPurpose": "revocation",
                "encodedList": bits(set)?}}}))
}

/// The status of a credential: this place of this list.
fn place(list: &str, index: usize) -> Value {
    json!({"id": format!("{list}#{index}"), "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
        "statusListIndex": index.to_string(), "statusListCredential": list})
}

/// A name that no list had before: nodes remember lists for a while.
fn fresh_name() -> String {
    Uuid::new_v4().to_string()
}

async fn published_by_operator(framework: &Framework, set: usize) -> Result<String, Flaw> {
    let operator = Party::Operator.did(framework.port);
    let header = json!({"typ": "JWT", "alg": "ES256", "kid": format!("{operator}#0")});
    let list = framework.sign(Party::Operator, &header, &list_of(&operator, set)?).await?;
    framework.publish(&fresh_name(), list).await
}

async fn status_of_supplier(setting: &Setting) -> Judgement {
    let clinic = Clinic::of(setting)?;
    let list = published_by_operator(&clinic.framework, 4711).await?;
    for (index, withdrawn) in [(4710, false), (4711, true), (4712, false), (131_071, false)] {
        let mut supplied = clinic.supplies();
        supplied.credential["vc"]["credentialStatus"] = place(&list, index);
        let answer = clinic.ask(&supplied).await?;
        if withdrawn {
            refused(&answer, "invalid_client")?;
        } else {
            ensure(answer.status == 200, || format!("{index}: a good one answers {}", answer.status))?;
        }
    }
    Ok(())
}

async fn status_of_organisation(setting: &Setting) -> Judgement {
    let framework = Framework::of(setting)?;
    let holder = Holder::new(setting, CLINIC).await?;
    let signed = holder.wallet.issue(&list_of(&holder.wallet.issuer(), 7)?)?;
    let list = framework.publish(&fresh_name(), signed).await?;
    let ask = async |list: &str, index| {
        let mut shown = holder.presents();
        shown.credential["vc"]["credentialStatus"] = place(list, index);
        holder.ask(&shown).await
    };
    let good = ask(&list, 6).await?;
    ensure(good.status == 200, || format!("a good one answers {}", good.status))?;
    refused(&ask(&list, 7).await?, "invalid_verifiable_credentials")?;
    // A list of somebody else says nothing about it, however well it is signed.
    not_yet(&ask(&published_by_operator(&framework, 7).await?, 6).await?, "another's list")
}

fn not_yet(answer: &Answer, case: &str) -> Judgement {
    let error = answer.json().unwrap_or_default()["error"].clone();
    ensure(answer.status == 503 && error == "temporarily_unavailable", || {
        format!("{case}: it answers {} {error}", answer.status)
    })
}

async fn status_unknown(setting: &Setting) -> Judgement {
    let clinic = Clinic::of(setting)?;
    let ask = async |status: Value| {
        let mut supplied = clinic.supplies();
        supplied.credential["vc"]["credentialStatus"] = status;
        clinic.ask(&supplied).await
    };
    let base = &clinic.framework.base;
    let absent = format!("{base}/status/{}", fresh_name());
    not_yet(&ask(place(&absent, 1)).await?, "a list that is not there")?;
    let torn = clinic.framework.publish(&fresh_name(), "a.b.c".to_owned()).await?;
    not_yet(&ask(place(&torn, 1)).await?, "a list that is none")?;
    let good = published_by_operator(&clinic.framework, 1).await?;
    not_yet(&ask(place(&good, 131_072)).await?, "a place that is not there")?;
    let mut suspension = place(&good, 2);
    suspension["statusPurpose"] = json!("suspension");
    not_yet(&ask(suspension).await?, "a list for something else")?;
    let elsewhere = setting.node(NODE)?.outer.clone();
    let mut other = place(&good, 2);
    other["type"] = json!("RevocationList2020Status");
    for status in [place(&format!("{elsewhere}/status/1"), 1), place("https://status.example/1", 1), other] {
        refused(&ask(status).await?, "invalid_client")?;
    }
    Ok(())
}
