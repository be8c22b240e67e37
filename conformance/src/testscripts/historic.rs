//! The receiver is tried by the scripts of the negotiation phase, which its standard had until January 2026: the partner asks first,
//! and a nurse of the nursing home answers as the script wants. The parts of a scenario go on with one Task.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::nts::Components;
use super::script::{Operation, Role, Script};
use super::{Exchanged, Finding, Stage, fixtures};
use crate::handoff::{RECEIVER, fresh};
use crate::handoff_partner::{PARTNER, Seen, Sends};
use crate::region::NURSING_HOME;
use crate::suites::Flaw;

/// The folder of the phase, below that of the scripts and that of the fixtures.
const PHASE: &str = "eoverdracht-4-0-negotiation-historic";

/// One Task that is negotiated.
struct Asked {
    task: String,
    /// The transfer at the nursing home.
    id: String,
    /// As the partner was last told to have it.
    now: Value,
    /// How often the node had read the Task when it was last told.
    reads: usize,
}

impl Stage<'_> {
    /// Runs the scripts of the receiver; tells of each as soon as it is judged.
    ///
    /// # Errors
    /// The fixtures cannot be read.
    pub(super) async fn negotiate(
        &mut self,
        shared: &Path,
        mut tell: impl FnMut(&Finding),
    ) -> Result<Vec<Finding>, Flaw> {
        let scripts = shared.join("eoverdracht/nictiz-testscripts");
        let rendered = self.fixtures.add(&shared.join("eoverdracht/rendered").join(PHASE))?;
        let components = Components {
            own: scripts.join("eoverdracht-4-0/nts-components"),
            common: scripts.join("nts-common-components"),
        };
        let mut files = Vec::new();
        fixtures::walk(&scripts.join(PHASE).join("nts/Receiving-XIS"), &mut files);
        files.sort();
        let mut scenarios: BTreeMap<String, Asked> = BTreeMap::new();
        let mut findings = Vec::new();
        for file in files {
            let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let scenario = name.split("-phase").next().unwrap_or_default().to_owned();
            let mut finding =
                Finding { script: format!("{PHASE}/{name}"), role: Role::Receiver, asserts: Vec::new(), ended: None };
            let script = components.whole(&file).map(|root| Script::of(&root, Role::Receiver));
            match script {
                Err(why) => finding.ended = Some(why),
                Ok(script) => {
                    let asked = scenarios.entry(scenario).or_insert_with(|| Asked {
                        task: format!("taak-{}", fresh()),
                        id: String::new(),
                        now: Value::Null,
                        reads: 0,
                    });
                    let asserts = &mut finding.asserts;
                    let act = async |operation: &Operation| self.act(operation, &script, asked, &rendered).await;
                    let played = self.go_through(&script, asserts, act).await;
                    finding.ended = played.err().map(|flaw| match flaw {
                        Flaw::Broken(why) | Flaw::NotRun(why) => why,
                    });
                }
            }
            tell(&finding);
            findings.push(finding);
        }
        Ok(findings)
    }

    async fn act(
        &self,
        operation: &Operation,
        script: &Script,
        asked: &mut Asked,
        rendered: &BTreeMap<String, Value>,
    ) -> Result<Exchanged, Flaw> {
        let fixture = operation.source.as_ref().and_then(|source| script.named.get(source));
        let fixture = fixture.and_then(|file| rendered.get(file));
        match (operation.code.as_str(), operation.resource.as_str()) {
            ("update", "Task") if operation.by_simulator => {
                let mut task = fixture.ok_or_else(|| Flaw::NotRun("the script names no Task".to_owned()))?.clone();
                task["id"] = json!(asked.task);
                task["owner"]["identifier"] =
                    json!({"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": NURSING_HOME.ura});
                let resources = self.fixtures.with_all_that_it_leads_to(&task);
                self.partner.sends(&asked.task, &Sends { resources, ..Sends::default() }).await?;
                asked.now = task.clone();
                Ok(Exchanged { response: task, status: 200, ..Exchanged::default() })
            }
            ("create", _) => {
                asked.reads = self.requests(asked, "GET", "Task/").await?.len();
                let node = self.setting.organisation(PARTNER.0, NURSING_HOME.key)?;
                let wire = node.signed_in(RECEIVER, None).await?;
                let url = format!("{}/eoverdracht/notification/{}", self.parties.receiver_outer, asked.task);
                let answer = wire.raw(Method::POST, &url, &[], Bytes::new()).await?;
                Ok(Exchanged { status: answer.status, ..Exchanged::default() })
            }
            ("read", "Task") => {
                let seen = self.until(asked, "GET", "Task/", asked.reads).await?;
                Ok(Exchanged { response: asked.now.clone(), status: seen.status, ..Exchanged::default() })
            }
            ("read", "Composition") => {
                let notice = asked.now["input"][0]["valueReference"]["reference"].as_str().unwrap_or_default();
                if asked.id.is_empty() {
                    asked.id = self.parties.until(&asked.task, "waiting").await?;
                    self.parties.take(&asked.id).await?;
                }
                let seen = self.until(asked, "GET", &format!("{notice}/$document"), 0).await?;
                self.held(asked).await?;
                Ok(Exchanged {
                    response: json!({"resourceType": "Bundle"}),
                    status: seen.status,
                    ..Exchanged::default()
                })
            }
            ("update", "Task") => {
                let task = fixture.ok_or_else(|| Flaw::NotRun("the script names no Task".to_owned()))?;
                let mut answer = json!({"answer": task["status"]});
                if let Some(date) = task["output"][0]["valueDateTime"].as_str() {
                    answer["date"] = json!(date);
                }
                let before = self.requests(asked, "PUT", "Task/").await?.len();
                let answered = self.parties.answer(&asked.id, &answer).await?;
                if answered.status != 202 {
                    return Err(Flaw::Broken(format!("the nurse's answer is answered with {}", answered.status)));
                }
                let seen = self.until(asked, "PUT", "Task/", before).await?;
                Ok(Exchanged { request: seen.body.clone(), response: seen.body, status: seen.status })
            }
            (other, kind) => Err(Flaw::NotRun(format!("{other} of {kind} is not played"))),
        }
    }

    /// What the node asked of the partner for this Task and was answered well.
    async fn requests(&self, asked: &Asked, method: &str, path: &str) -> Result<Vec<Seen>, Flaw> {
        let all = self.partner.seen("/fhir/stu3/").await?;
        let ours = |seen: &Seen| {
            seen.token.as_ref().is_some_and(|token| token.base.as_ref() == Some(&asked.task))
                && seen.method == method
                && seen.path.contains(path)
                && (200..300).contains(&seen.status)
        };
        Ok(all.into_iter().filter(ours).collect())
    }

    /// The newest of them, once there are more than so many.
    async fn until(&self, asked: &Asked, method: &str, path: &str, more_than: usize) -> Result<Seen, Flaw> {
        for _ in 0..400 {
            let mut found = self.requests(asked, method, path).await?;
            if found.len() > more_than
                && let Some(newest) = found.pop()
            {
                return Ok(newest);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Flaw::Broken(format!("the node makes no {method} of {path}")))
    }

    /// Waits until the node has the notice, so that it can be answered.
    async fn held(&self, asked: &Asked) -> Result<(), Flaw> {
        for _ in 0..400 {
            let received = self.parties.received(&asked.task).await?;
            if received.iter().any(|one| one["notice"] == "held") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Flaw::Broken("the node does not keep the notice".to_owned()))
    }
}
