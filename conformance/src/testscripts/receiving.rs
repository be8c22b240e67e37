//! The receiver is tried: the partner sends the script's Task and handoff, tells the nursing home's node, and a nurse takes it.
//! What the node asks and puts is what the script judges.
//!
//! The published Task names its owner by an Organization that has no URA, as it is made for no receiver in particular. The
//! owner gets the number of the nursing home, as whoever sets a test up fills in who is tried; nothing else is changed.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::script::{Operation, Script};
use super::{Exchanged, Judged, Stage};
use crate::handoff::{RECEIVER, fresh};
use crate::handoff_partner::{PARTNER, Seen, Sends};
use crate::region::NURSING_HOME;
use crate::suites::Flaw;

/// So often a part is refused where the simulator makes no documents.
const OFTEN: usize = 100;

struct Run<'s> {
    stage: &'s Stage<'s>,
    task: String,
    sends: Sends,
    /// The transfer at the nursing home, once it was taken.
    taken: bool,
}

impl Stage<'_> {
    pub(super) async fn try_receiver(&self, script: &Script, asserts: &mut Vec<(String, Judged)>) -> Result<(), Flaw> {
        let (mut task, bundle) = self.fixtures.of(&script.fixtures)?;
        let id = format!("taak-{}", fresh());
        task["id"] = json!(id);
        task["owner"]["identifier"] =
            json!({"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": NURSING_HOME.ura});
        let mut resources = vec![task];
        resources.extend(bundle["entry"].as_array().into_iter().flatten().map(|entry| entry["resource"].clone()));
        let sends = Sends { resources, ..Sends::default() };
        let mut run = Run { stage: self, task: id, sends, taken: false };
        let no_documents = script.actions.iter().all(|action| match action {
            super::Action::Operation(operation) => !operation.params.contains("$document"),
            super::Action::Assert(_) => true,
        });
        if no_documents {
            let composition = run.find("Composition")["id"].as_str().unwrap_or_default().to_owned();
            run.sends.faults.insert(format!("GET Composition/{composition}/$document"), vec![404; OFTEN]);
        }
        self.go_through(script, asserts, async |operation| run.act(operation).await).await
    }
}

impl Run<'_> {
    fn find(&self, kind: &str) -> Value {
        self.sends.resources.iter().find(|one| one["resourceType"] == kind).cloned().unwrap_or_default()
    }

    async fn act(&mut self, operation: &Operation) -> Result<Exchanged, Flaw> {
        let partner = &self.stage.partner;
        match (operation.code.as_str(), operation.resource.as_str()) {
            ("update" | "updateCreate", "Task") if operation.is_setup => {
                partner.sends(&self.task, &self.sends).await?;
                Ok(Exchanged { response: self.find("Task"), status: 201, ..Exchanged::default() })
            }
            ("create", _) => {
                let node = self.stage.setting.organisation(PARTNER.0, NURSING_HOME.key)?;
                let wire = node.signed_in(RECEIVER, None).await?;
                let url = format!("{}/eoverdracht/notification/{}", self.stage.parties.receiver_outer, self.task);
                let answer = wire.raw(Method::POST, &url, &[], Bytes::new()).await?;
                Ok(Exchanged { status: answer.status, ..Exchanged::default() })
            }
            ("read", "Task") => {
                let seen = self.asked("GET", "Task/").await?;
                Ok(Exchanged { response: self.find("Task"), status: seen.status, ..Exchanged::default() })
            }
            ("read", "Composition") => {
                self.take().await?;
                let whole = operation.params.contains("$document");
                let seen = self.asked("GET", if whole { "$document" } else { "Composition/" }).await?;
                let response = if whole { json!({"resourceType": "Bundle"}) } else { self.find("Composition") };
                Ok(Exchanged { response, status: seen.status, ..Exchanged::default() })
            }
            ("update", "Task") => {
                let seen = self.asked("PUT", "Task/").await?;
                Ok(Exchanged { request: seen.body.clone(), response: seen.body, status: seen.status })
            }
            (other, kind) => Err(Flaw::NotRun(format!("{other} of {kind} is not played"))),
        }
    }

    async fn take(&mut self) -> Result<(), Flaw> {
        if !self.taken {
            let id = self.stage.parties.until(&self.task, "offered").await?;
            self.stage.parties.take(&id).await?;
            self.taken = true;
        }
        Ok(())
    }

    /// The newest request of the node of this kind that was answered well, once there is one.
    async fn asked(&self, method: &str, path: &str) -> Result<Seen, Flaw> {
        for _ in 0..400 {
            let all = self.stage.partner.seen("/fhir/stu3/").await?;
            let ours = |seen: &&Seen| {
                seen.token.as_ref().is_some_and(|token| token.base.as_deref() == Some(self.task.as_str()))
                    && seen.method == method
                    && seen.path.contains(path)
                    && (200..300).contains(&seen.status)
            };
            if let Some(found) = all.iter().rfind(ours) {
                return Ok(found.clone());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Flaw::Broken(format!("the node makes no {method} of {path}")))
    }
}
