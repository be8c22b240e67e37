//! CO: who may be at the other end of a call, and that how long and how often is a matter of configuration.

use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::json;

use super::super::certificates::Authority;
use super::super::{Flaw, Judgement, Setting, ensure};
use super::is;
use crate::ca::{CertificateAuthority, Subject};
use crate::callers::{OuterCaller, Wire};
use crate::handoff::{Parties, Partner, RECEIVER};
use crate::handoff_partner::{PARTNER, Takes};
use crate::region::{GENERAL_PRACTICE, HOSPITAL, NURSING_HOME};

/// The keys of `[handoffs]` that are times and times of trying, each with more than it may be.
const MEASURES: [(&str, u64); 4] =
    [("notification_seconds", 61), ("retry_seconds", 3_601), ("retry_most_seconds", 86_401), ("attempts", 1_001)];

pub(super) async fn mutual(setting: &Setting) -> Judgement {
    let (parties, partner) = (Parties::of(setting)?, Partner::of(setting)?);
    for seen in partner.seen("/").await? {
        // The partner lets nobody in who shows no certificate of the region's authority.
        let node = seen.certificate.as_deref();
        let known = [HOSPITAL, NURSING_HOME, GENERAL_PRACTICE].iter().any(|provider| Some(provider.ura) == node);
        ensure(known, || format!("{} {} came with the certificate of {node:?}", seen.method, seen.path))?;
    }
    let authority = Authority::of(setting)?;
    let order = || json!({"profile": "uzi-server", "ura": PARTNER.0, "name": PARTNER.1, "validity": "now"});
    let revoked = authority.holder(order()).await?;
    authority.revoke(&revoked).await?;
    let read = |file: &std::path::Path| std::fs::read_to_string(file).map_err(|fault| Flaw::NotRun(fault.to_string()));
    let (certificate, key) = (read(&revoked.certificate_file)?, read(&revoked.key_file)?);
    let other =
        CertificateAuthority::new("Zorgsluis demo authority").map_err(|fault| Flaw::NotRun(fault.to_string()))?;
    let other = other.issue_server(PARTNER.0, &Subject { name: PARTNER.1, dns_names: &[] });
    let other = other.map_err(|fault| Flaw::NotRun(fault.to_string()))?;
    for (what, certificate, key) in [
        ("a revoked certificate", certificate.as_str(), key.as_str()),
        ("a certificate of another authority", other.certificate_pem.as_str(), other.key_pem.as_str()),
    ] {
        partner.shows(Some((certificate, key))).await?;
        let told = not_told(&parties, &partner).await;
        partner.shows(None).await?;
        let transfer = told.map_err(|flaw| match flaw {
            Flaw::Broken(why) => Flaw::Broken(format!("a receiver with {what}: {why}")),
            other @ Flaw::NotRun(_) => other,
        })?;
        parties.resend(&transfer).await?;
        partner.until_seen(&transfer.task, 1).await?;
    }
    // The same at our own door.
    let home = setting.node(NURSING_HOME.key)?;
    let url = format!("{}/eoverdracht/notification/a-task-of-a-revoked-one", home.outer);
    let caller = OuterCaller::new(
        &setting.ready.ca_file,
        &revoked.certificate_file,
        &revoked.key_file,
        PARTNER.0,
        &home.token_endpoint,
    )?;
    let given = caller.request_token(&caller.assertion(None), RECEIVER).await?;
    ensure(given.status == 401 && given.json().unwrap_or_default()["error"] == "invalid_client", || {
        format!("a token request with a revoked certificate is answered with {}", given.status)
    })?;
    let good = setting.organisation(PARTNER.0, NURSING_HOME.key)?.signed_in(RECEIVER, None).await?;
    let stolen = caller.with_token(good.token().unwrap_or_default());
    is(&stolen.raw(Method::POST, &url, &[], Bytes::new()).await?, 401, "a revoked certificate with a good token")?;
    let nobody = Wire::new(Some(&setting.ready.ca_file), None)?.with_token(good.token().unwrap_or_default());
    is(&nobody.raw(Method::POST, &url, &[], Bytes::new()).await?, 401, "no certificate, with a good token")
}

/// Pushes to the partner as it is, and waits until the sender says that it could not be told.
async fn not_told(parties: &Parties, partner: &Partner) -> Result<crate::handoff::Transfer, Flaw> {
    let transfer = parties.push_to(PARTNER.0, |_| {}).await?;
    for _ in 0..400 {
        let sent = parties.sent(&transfer).await?;
        if sent["effort"]["failed"].is_string() {
            ensure(sent["told"] == false, || "it says that it told".to_owned())?;
            let seen = partner.seen(&transfer.task).await?;
            ensure(seen.is_empty(), || "it was told something".to_owned())?;
            return Ok(transfer);
        }
        ensure(sent["told"] == false, || "it was told".to_owned())?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Flaw::Broken("the sender does not say that it could not tell".to_owned()))
}

pub(super) async fn configured(setting: &Setting) -> Judgement {
    let program = setting.program()?.to_owned();
    let node = setting.node(GENERAL_PRACTICE.key)?;
    let cannot = |fault: std::io::Error| Flaw::NotRun(fault.to_string());
    let text = std::fs::read_to_string(&node.config_file).map_err(cannot)?;
    let folder = tempfile::tempdir().map_err(cannot)?;
    let judged = |text: &str| -> Result<(bool, String), Flaw> {
        let file = folder.path().join("node.toml");
        std::fs::write(&file, text).map_err(cannot)?;
        let ran = Command::new(&program).args(["check", "--config"]).arg(&file).output().map_err(cannot)?;
        let said = [ran.stdout, ran.stderr].concat();
        Ok((ran.status.success(), String::from_utf8_lossy(&said).into_owned()))
    };
    let with = |key: &str, value: Option<u64>| {
        let mut here = false;
        let lines = text.lines().filter_map(|line| {
            here = if line.starts_with('[') { line == "[handoffs]" } else { here };
            match line.strip_prefix(key).filter(|rest| here && rest.trim_start().starts_with('=')) {
                Some(_) => value.map(|value| format!("{key} = {value}")),
                None => Some(line.to_owned()),
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    for (key, too_much) in MEASURES {
        let (taken, said) = judged(&with(key, Some(too_much)))?;
        ensure(!taken && said.contains(&format!("handoffs.{key}")), || format!("{key} = {too_much} is taken"))?;
        let (taken, said) = judged(&with(key, None))?;
        ensure(taken, || format!("{key} has no default: {}", said.trim()))?;
    }
    timed_out(setting).await
}

/// A receiver that does not answer is waited for as long as the configuration of the general practice says: two seconds.
async fn timed_out(setting: &Setting) -> Judgement {
    let (parties, partner) = (Parties::between(setting, GENERAL_PRACTICE, NURSING_HOME)?, Partner::of(setting)?);
    partner.takes(&Takes { answers: Vec::new(), slow_ms: 25_000 }).await?;
    let began = Instant::now();
    let transfer = parties.push_to(PARTNER.0, |_| {}).await?;
    let mut failed = false;
    while !failed && began.elapsed() < Duration::from_secs(20) {
        failed = parties.sent(&transfer).await?["effort"]["failed"].is_string();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let took = began.elapsed();
    partner.takes(&Takes::default()).await?;
    ensure(failed && took >= Duration::from_millis(1_900), || {
        format!(
            "after {} ms the sender says {}",
            took.as_millis(),
            if failed { "that nobody answered" } else { "nothing" }
        )
    })?;
    parties.resend(&transfer).await?;
    parties.until_told(&transfer).await
}
