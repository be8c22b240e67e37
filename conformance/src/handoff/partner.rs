//! The played partner of handoffs, as whoever drives it sees it.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use crate::callers::Wire;
use crate::handoff_partner::{PARTNER, Seen, Sends, Takes};
use crate::suites::{Flaw, Setting};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// The partner, by its control interface.
pub struct Partner {
    control: String,
    wire: Wire,
}

impl Partner {
    /// # Errors
    /// The region has none.
    pub fn of(setting: &Setting) -> Result<Self, Flaw> {
        let found = setting.ready.services.iter().find(|service| service.kind == "handoff-partner");
        let found = found.ok_or_else(|| Flaw::NotRun("the region has no partner of handoffs to drive".to_owned()))?;
        Ok(Partner { control: found.control.clone(), wire: Wire::new(None, None)? })
    }

    /// Has it send this, under the id of its Task.
    ///
    /// # Errors
    /// It does not.
    pub async fn sends(&self, task: &str, sends: &Sends) -> Result<(), Flaw> {
        self.order(&format!("sends/{task}"), &json!(sends)).await
    }

    /// What it sends, as it is now.
    ///
    /// # Errors
    /// It does not say.
    pub async fn sent(&self, task: &str) -> Result<Sends, Flaw> {
        let answer = self.wire.get(&format!("{}/sends/{task}", self.control)).await?;
        serde_json::from_slice(&answer.body)
            .map_err(|_| Flaw::NotRun("the partner does not say what it sends".to_owned()))
    }

    /// The status of a Task that it sends.
    ///
    /// # Errors
    /// It does not say.
    pub async fn status(&self, task: &str) -> Result<String, Flaw> {
        let sends = self.sent(task).await?;
        let found = sends.resources.iter().find(|one| one["resourceType"] == "Task");
        Ok(found.and_then(|task| task["status"].as_str()).unwrap_or_default().to_owned())
    }

    /// Has it answer notifications so.
    ///
    /// # Errors
    /// It does not.
    pub async fn takes(&self, takes: &Takes) -> Result<(), Flaw> {
        self.order("takes", &json!(takes)).await
    }

    /// Has it show another certificate (PEM) with its key, or its own again.
    ///
    /// # Errors
    /// It does not.
    pub async fn shows(&self, other: Option<(&str, &str)>) -> Result<(), Flaw> {
        self.order("certificate", &json!({"certificate": other.map(|it| it.0), "key": other.map(|it| it.1)})).await
    }

    /// What it saw so far of what this text is in the path or the body of.
    ///
    /// # Errors
    /// It does not say.
    pub async fn seen(&self, of: &str) -> Result<Vec<Seen>, Flaw> {
        let answer = self.wire.get(&format!("{}/seen", self.control)).await?;
        let all: Vec<Seen> = serde_json::from_slice(&answer.body)
            .map_err(|_| Flaw::NotRun("the partner does not say what it saw".to_owned()))?;
        Ok(all.into_iter().filter(|seen| seen.path.contains(of) || seen.body.to_string().contains(of)).collect())
    }

    /// Waits until it saw so much of that.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn until_seen(&self, of: &str, count: usize) -> Result<Vec<Seen>, Flaw> {
        let began = std::time::Instant::now();
        loop {
            let seen = self.seen(of).await?;
            if seen.len() >= count {
                return Ok(seen);
            }
            if began.elapsed() > super::WITHIN {
                return Err(Flaw::Broken(format!("the partner saw {} requests, and not {count}", seen.len())));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What it is called by those whom it tells.
    pub fn ura() -> &'static str {
        PARTNER.0
    }

    async fn order(&self, what: &str, order: &Value) -> Result<(), Flaw> {
        let url = format!("{}/{what}", self.control);
        let answer = self.wire.raw(Method::PUT, &url, &JSON, Bytes::from(order.to_string())).await?;
        if answer.status == 204 {
            return Ok(());
        }
        Err(Flaw::NotRun(format!("the partner answers {} to {what}", answer.status)))
    }
}
