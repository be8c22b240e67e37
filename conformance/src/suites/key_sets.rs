//! The key set of somebody whose statements a node believes, served as no key set should be: known keys go on, unknown ones open
//! nothing, and nobody is made to ask more than once in a while. Dezi's is the one that a node fetches.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::people::logging_in::Desk;
use super::people::{NODE, person};
use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::Wire;
use crate::identity_provider::{KeyTrick, Keys};

/// Longer than a node of the region leaves a key set alone that it asked for.
const ANEW: Duration = Duration::from_millis(1_200);
/// That interval, in seconds.
const INTERVAL: u64 = 1;

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("ATT-70: whatever a key set does, known keys go on and unknown ones open nothing", |setting| {
            Box::pin(tricks(setting))
        }),
        Check::new("ATT-70: a new key is taken up when the key set has it", |setting| Box::pin(rotated(setting))),
        Check::new("ATT-71: key ids that nobody knows have a key set fetched once per interval", |setting| {
            Box::pin(no_amplification(setting))
        }),
    ]
}

struct Issuer {
    wire: Wire,
    control: String,
}

impl Issuer {
    fn of(setting: &Setting) -> Result<Self, Flaw> {
        let found = setting.ready.simulators.iter().find(|one| one.kind == "identity-provider");
        let found = found.ok_or_else(|| Flaw::NotRun("there is no identity provider".to_owned()))?;
        Ok(Issuer { wire: Wire::new(Some(&setting.ready.ca_file), None)?, control: found.control.clone() })
    }

    async fn order(&self, trick: KeyTrick, rotated: bool) -> Judgement {
        let kind = [("content-type", "application/json")];
        let body = json!(Keys { trick, rotated }).to_string();
        let answer = self.wire.raw(Method::PUT, &format!("{}/keys", self.control), &kind, body.into()).await?;
        ensure(answer.status == 204, || "the provider takes no orders".to_owned())
    }

    async fn counts(&self) -> Result<(u64, u64), Flaw> {
        let told: Value = self.wire.get(&format!("{}/counts", self.control)).await?.json().unwrap_or_default();
        match (told["key_sets"].as_u64(), told["sunk"].as_u64()) {
            (Some(sets), Some(sunk)) => Ok((sets, sunk)),
            _ => Err(Flaw::NotRun("the provider counts nothing".to_owned())),
        }
    }
}

async fn tricks(setting: &Setting) -> Judgement {
    let (desk, issuer, okafor) = (Desk::of(setting, NODE)?, Issuer::of(setting)?, person("okafor")?);
    desk.log_in(&desk.browser()?, okafor).await?;
    let (_, sunk) = issuer.counts().await?;
    for trick in KeyTrick::ALL {
        // A key that nobody knows.
        issuer.order(trick, true).await?;
        tokio::time::sleep(ANEW).await;
        let (sets, _) = issuer.counts().await?;
        let browser = desk.browser()?;
        let mark = setting.mark(NODE).await?;
        let answer = desk.try_log_in(&browser, okafor).await;
        let (after, _) = issuer.counts().await?;
        // Known keys, while the key set is as it is.
        issuer.order(trick, false).await?;
        let known = desk.log_in(&desk.browser()?, okafor).await;
        issuer.order(KeyTrick::None, false).await?;
        let answer = answer?;
        ensure(matches!(answer.status, 403 | 503) && browser.cookie("-session").is_none(), || {
            format!("{trick:?}: an unknown key is answered {}", answer.status)
        })?;
        setting.no_source_was_asked(&mark).await?;
        // What says that it is signed otherwise needs no key to be refused.
        ensure(after > sets || trick == KeyTrick::SharedSecret, || {
            format!("{trick:?}: the key set was not asked for")
        })?;
        known.map_err(|flaw| match flaw {
            Flaw::Broken(why) => Flaw::Broken(format!("{trick:?}, with a known key: {why}")),
            other @ Flaw::NotRun(_) => other,
        })?;
    }
    ensure(issuer.counts().await?.1 == sunk, || "a redirect was followed".to_owned())
}

async fn rotated(setting: &Setting) -> Judgement {
    let (desk, issuer, okafor) = (Desk::of(setting, NODE)?, Issuer::of(setting)?, person("okafor")?);
    issuer.order(KeyTrick::None, true).await?;
    tokio::time::sleep(ANEW).await;
    let taken = desk.log_in(&desk.browser()?, okafor).await;
    issuer.order(KeyTrick::None, false).await?;
    taken?;
    desk.log_in(&desk.browser()?, okafor).await
}

async fn no_amplification(setting: &Setting) -> Judgement {
    const TIMES: usize = 12;
    let (desk, issuer, okafor) = (Desk::of(setting, NODE)?, Issuer::of(setting)?, person("okafor")?);
    tokio::time::sleep(ANEW).await;
    let (before, _) = issuer.counts().await?;
    let begun = Instant::now();
    let mut refused = 0;
    for number in 0..TIMES {
        issuer.order(KeyTrick::Missing, true).await?;
        let answer = desk.try_log_in(&desk.browser()?, okafor).await;
        issuer.order(KeyTrick::Missing, false).await?;
        refused += usize::from(matches!(answer?.status, 403 | 503));
        if number % 4 == 3 {
            // Nobody is to wait for having tried.
            desk.log_in(&desk.browser()?, okafor).await?;
        }
    }
    let most = begun.elapsed().as_secs() / INTERVAL + 2;
    let (after, _) = issuer.counts().await?;
    issuer.order(KeyTrick::None, false).await?;
    ensure(refused == TIMES, || format!("{refused} of {TIMES} were refused"))?;
    ensure(after - before <= most, || format!("{} fetches, for {most} at most", after - before))?;
    desk.log_in(&desk.browser()?, okafor).await
}
