//! The sender is tried: the hospital's record system pushes the script's handoff to the partner, who then does what the script's
//! simulator does.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::script::{Operation, Script};
use super::{Exchanged, Judged, Stage};
use crate::callers::{Answer, User, Wire};
use crate::handoff::{SENDER, Transfer};
use crate::handoff_partner::PARTNER;
use crate::region::HOSPITAL;
use crate::suites::Flaw;

const XML: &str = "application/fhir+xml";
const JSON: &str = "application/fhir+json";

/// What the simulator remembers of one run.
struct Run<'s> {
    stage: &'s Stage<'s>,
    transfer: Transfer,
    wire: Wire,
    base: String,
    /// How many notifications came so far.
    told: usize,
    /// The Task as it was last read: as text, and as JSON.
    task: (String, Value),
}

impl Stage<'_> {
    pub(super) async fn try_sender(&self, script: &Script, asserts: &mut Vec<(String, Judged)>) -> Result<(), Flaw> {
        let (_, bundle) = self.fixtures.of(&script.fixtures)?;
        let answer = self.parties.push_bundle_to(PARTNER.0, &bundle).await?;
        let told = answer.json().unwrap_or_default();
        if answer.status != 201 {
            return Err(Flaw::Broken(format!("the push is answered with {}", answer.status)));
        }
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let transfer = Transfer { id: text("id"), task: text("task"), composition: String::new(), bundle };
        let node = self.setting.organisation(PARTNER.0, HOSPITAL.key)?;
        let mut assertion = node.assertion(None);
        let nurse = User { id: "testscript".to_owned(), role: "30.000".to_owned(), name: "T. Script".to_owned() };
        assertion.claims.insert("user".to_owned(), json!(nurse));
        self.partner.until_seen(&transfer.task, 1).await?;
        let given = node.come_back(&assertion, SENDER, &transfer.task).await?.json().unwrap_or_default();
        let token = given["access_token"].as_str().ok_or_else(|| Flaw::Broken("no token is given".to_owned()))?;
        let (wire, base) = (node.with_token(token), format!("{}/fhir/stu3", self.parties.sender_outer));
        let mut run = Run { stage: self, transfer, wire, base, told: 0, task: (String::new(), Value::Null) };
        self.go_through(script, asserts, async |operation| run.act(operation).await).await
    }
}

impl Run<'_> {
    async fn act(&mut self, operation: &Operation) -> Result<Exchanged, Flaw> {
        match (operation.code.as_str(), operation.resource.as_str()) {
            ("create", _) => {
                self.told += 1;
                let seen = self.stage.partner.until_seen(&self.transfer.task, self.told).await?;
                let status = seen.get(self.told - 1).map_or(0, |seen| seen.status);
                Ok(Exchanged { status, ..Exchanged::default() })
            }
            ("read", "Composition") => {
                let composition = super::path::evaluate(HANDOFF, &self.task.1).map_err(Flaw::NotRun)?;
                let composition =
                    super::path::text(&composition).ok_or_else(|| Flaw::Broken("no handoff".to_owned()))?;
                let rest = operation.params.rsplit_once('}').map_or("", |(_, rest)| rest);
                let (answer, response) = self.get(&format!("Composition/{composition}{rest}"), operation).await?;
                Ok(Exchanged { request: Value::Null, response, status: answer.status })
            }
            ("read", "Task") => {
                let (answer, response) = self.get(&format!("Task/{}", self.transfer.task), operation).await?;
                self.task = (String::from_utf8_lossy(&answer.body).into_owned(), response.clone());
                Ok(Exchanged { request: Value::Null, response, status: answer.status })
            }
            // Some scripts fill whoever is tried first. A sender's record system does that, by its push.
            ("update" | "updateCreate", "Task") if operation.is_setup => {
                Ok(Exchanged { status: 201, ..Exchanged::default() })
            }
            ("update" | "updateCreate", "Task") => self.put(operation).await,
            (other, kind) => Err(Flaw::NotRun(format!("{other} of {kind} is not played"))),
        }
    }

    async fn get(&self, path: &str, operation: &Operation) -> Result<(Answer, Value), Flaw> {
        let accept = if operation.accept.as_deref() == Some("xml") { XML } else { JSON };
        let url = format!("{}/{path}", self.base);
        let answer = self.wire.raw(Method::GET, &url, &[("accept", accept)], Bytes::new()).await?;
        let response = self.read(&answer, accept)?;
        Ok((answer, response))
    }

    /// The Task as it was read, completed.
    async fn put(&self, operation: &Operation) -> Result<Exchanged, Flaw> {
        let is_xml = operation.content.as_deref().or(operation.accept.as_deref()) == Some("xml");
        let mut request = self.task.1.clone();
        request["status"] = json!("completed");
        let (kind, body) = if is_xml && self.task.0.starts_with('<') {
            (XML, self.task.0.replacen("<status value=\"in-progress\"/>", "<status value=\"completed\"/>", 1))
        } else {
            (JSON, request.to_string())
        };
        let accept = if operation.accept.as_deref() == Some("xml") { XML } else { JSON };
        let url = format!("{}/Task/{}", self.base, self.transfer.task);
        let headers = [("content-type", kind), ("accept", accept)];
        let answer = self.wire.raw(Method::PUT, &url, &headers, Bytes::from(body)).await?;
        let response = self.read(&answer, accept)?;
        Ok(Exchanged { request, response, status: answer.status })
    }

    fn read(&self, answer: &Answer, accept: &str) -> Result<Value, Flaw> {
        let kind = answer.header("content-type").unwrap_or_default();
        if answer.status == 200 && !kind.starts_with(accept) {
            return Err(Flaw::Broken(format!("{accept} was wanted, and {kind} came")));
        }
        if accept == JSON {
            return Ok(answer.json().unwrap_or_default());
        }
        self.stage.fixtures.json(&String::from_utf8_lossy(&answer.body)).map_err(Flaw::Broken)
    }
}

/// Where a Task says which handoff it is of.
const HANDOFF: &str = "Task.input.where(type.where(coding.where(system = 'http://snomed.info/sct' and code = '11171000146100')))\
    .value.reference.replace('Composition/', '')";
