//! A node that asks a Nuts node of its provider's own what a token stands for (RFC 7662), and the answers that must open nothing.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::outer_gate::{CLINIC, Gate, USE_CASE};
use super::overview::SHOWCASE;
use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::Wire;
use crate::nuts_node::Fault;

/// The node of the region that has a Nuts node.
const NODE: &str = "general-practice";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("a token that the provider's Nuts node vouches for is taken, and known for a moment", |setting| {
            Box::pin(taken(setting))
        }),
        Check::new("ATT-69: an introspection answer that is not clearly active opens nothing", |setting| {
            Box::pin(tricks(setting))
        }),
    ]
}

/// The played Nuts node, driven.
struct Nuts {
    wire: Wire,
    control: String,
}

impl Nuts {
    fn of(setting: &Setting) -> Result<Self, Flaw> {
        let found = setting.ready.simulators.iter().find(|one| one.kind == "nuts-node");
        let found = found.ok_or_else(|| Flaw::NotRun("no node of the region has a Nuts node".to_owned()))?;
        Ok(Nuts { wire: Wire::new(None, None)?, control: found.control.clone() })
    }

    async fn order(&self, fault: &Fault) -> Judgement {
        let kind = [("content-type", "application/json")];
        let body = json!(fault).to_string();
        let answer = self.wire.raw(Method::PUT, &format!("{}/fault", self.control), &kind, body.into()).await?;
        ensure(answer.status == 204, || "the Nuts node takes no orders".to_owned())
    }

    async fn counts(&self) -> Result<Value, Flaw> {
        let answer = self.wire.get(&format!("{}/counts", self.control)).await?;
        answer.json().ok_or_else(|| Flaw::NotRun("the Nuts node counts nothing".to_owned()))
    }
}

/// A token that nobody showed before: what is remembered of another tells nothing of it.
fn fresh() -> String {
    format!("nuts-{}", uuid::Uuid::new_v4().simple())
}

async fn taken(setting: &Setting) -> Judgement {
    let (nuts, caller) = (Nuts::of(setting)?, setting.organisation(CLINIC, NODE)?);
    let url = format!("{}/Condition", setting.outer(NODE)?);
    let token = fresh();
    nuts.order(&Fault::Active { ura: CLINIC.into(), scope: USE_CASE.into() }).await?;
    let before = nuts.counts().await?;
    for _ in 0..3 {
        let mark = setting.mark(NODE).await?;
        let answer = caller.with_token(&token).get(&url).await;
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        // It names no person and no patient, so it opens nothing that takes a treatment relation; but it is a token.
        let refused = setting.refused(&mark, NODE, status, answer).await?;
        let named = refused.record["caller"]["client_id"] == CLINIC;
        ensure(matches!(status, 403 | 404) && named, || format!("it answers {status}; the clinic is known: {named}"))?;
    }
    let asked = nuts.counts().await?["asked"].as_u64().unwrap_or(0) - before["asked"].as_u64().unwrap_or(0);
    nuts.order(&Fault::None).await?;
    ensure(asked == 1, || format!("the Nuts node was asked {asked} times about one token"))
}

async fn tricks(setting: &Setting) -> Judgement {
    let nuts = Nuts::of(setting)?;
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let url = format!("{}/Condition", gate.base);
    for (fault, status) in [
        (Fault::None, 401),
        (Fault::ActiveText, 503),
        (Fault::ActiveNumber, 503),
        (Fault::WithoutExp, 503),
        (Fault::ExpText, 503),
        (Fault::BoundOtherwise, 503),
        (Fault::List, 503),
        (Fault::Empty, 503),
        (Fault::Html, 503),
        (Fault::Over, 401),
        (Fault::OtherOrganisation, 401),
        (Fault::Active { ura: CLINIC.into(), scope: "patient/*.*".into() }, 401),
        (Fault::Active { ura: CLINIC.into(), scope: "development-try".into() }, 401),
        (Fault::Status { code: 500 }, 503),
        (Fault::Status { code: 201 }, 503),
        (Fault::Slow { ms: 10_000 }, 503),
        (Fault::Huge { bytes: 50_000_000 }, 503),
        (Fault::Redirect, 503),
    ] {
        nuts.order(&fault).await?;
        let mark = setting.mark(NODE).await?;
        let begun = std::time::Instant::now();
        let answer = gate.caller.with_token(&fresh()).get(&url).await;
        nuts.order(&Fault::None).await?;
        let why = |flaw: Flaw| match flaw {
            Flaw::Broken(why) => Flaw::Broken(format!("{fault:?}: {why}")),
            other @ Flaw::NotRun(_) => other,
        };
        let told = answer.as_ref().ok().and_then(|answer| answer.header("www-authenticate")).unwrap_or_default();
        ensure((status == 401) == told.starts_with("Bearer"), || format!("{fault:?}: the challenge is {told:?}"))?;
        setting.refused(&mark, NODE, status, answer).await.map_err(why)?;
        ensure(begun.elapsed() < Duration::from_secs(8), || format!("{fault:?}: the answer takes too long"))?;
    }
    ensure(nuts.counts().await?["sunk"] == 0, || "a redirect was followed".to_owned())?;
    // Tokens of the node's own are as good as before.
    let answer = gate.wire.get(&url).await?;
    ensure(answer.status == 200, || format!("a good token then answers {}", answer.status))
}
