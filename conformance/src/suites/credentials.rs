//! What a credential rests on and how it ends: the certificate that it was made of, and its status. The region's authority is
//! driven over its control interface.

use serde_json::json;

use super::assertions::{one_event_each, refused};
use super::certificates::{Authority, LEFT_ALONE};
use super::outer_gate::CLINIC;
use super::presentations::Holder;
use super::setting::Setting;
use super::{Check, Judgement, ensure};

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
    ]
}

/// The clinic, with a credential of a new certificate.
async fn of_new_certificate(
    setting: &Setting,
    authority: &Authority<'_>,
) -> Result<(Holder, super::certificates::Holder), super::Flaw> {
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
