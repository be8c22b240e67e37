//! A handoff that was received whole goes into the provider's own record system, where one takes handoffs in: after the sender
//! knows that it was received, so that nothing stands in a dossier that was taken back meanwhile.
//!
//! Each question goes through the stack: who the patient is there, then one transaction, all or nothing. Cut off anywhere it is
//! asked again, and what was taken is found by its identifiers and not taken twice.

use bytes::Bytes;
use exchange::SourceStatus;
use fhir::{Bsn, LogicalId, Method};
use flows::eoverdracht::filing::{self, Origin};
use flows::eoverdracht::{Stage, VERSION};
use policy::{Person, UseCaseId};
use serde::{Deserialize, Serialize};

use super::FILING;
use super::failure::Failure;
use super::ports::IN_HAND;
use super::received::Received;
use super::receiving::{Asked, Asking, Found};
use crate::config::SourceConfig;

/// Where a handoff stands with the provider's own record system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Filing {
    /// It is to be stored.
    Owed,
    /// It is there. `composition`: the id of its Composition there; `at`: when that was known (RFC 3339).
    Stored { composition: String, at: String },
}

impl Filing {
    /// As lists show it.
    pub fn word(&self) -> &'static str {
        match self {
            Filing::Owed => "owed",
            Filing::Stored { .. } => "stored",
        }
    }
}

impl Received {
    /// Whether the next step is to store it in the own record system.
    pub fn owes_filing(&self) -> bool {
        let complete = self.receiving().is_some_and(|receiving| receiving.stage() == Stage::Completed);
        complete && self.filing == Some(Filing::Owed)
    }
}

impl Asking<'_> {
    /// Stores it, and learns under which id.
    pub(super) async fn file(&self) -> Result<Found, Failure> {
        let taker = self.received.taker.clone().ok_or("nobody took it")?;
        let sender = self.handoffs.partners.get(&self.received.sender).ok_or("no such partner now")?;
        let base = sender.peer.bases.get(&VERSION).ok_or("the sender has no address in STU3")?;
        let parts = self.received.receiving().map_or(0, |receiving| receiving.held().len());
        let kept = self.handoffs.kept(self.id, parts).await;
        let (handoff, binaries) = kept.map_err(|_| "what was received cannot be read")?;
        let patient = self.own_patient(handoff.patient(), &taker).await?;
        let origin = Origin {
            ura: &self.received.sender,
            name: &self.received.sender_name,
            base: base.url().as_str().trim_end_matches('/'),
            transfer: self.id,
        };
        let bundle = filing::transaction(&handoff, &binaries, &patient, origin).write();
        let asked = self.about(Method::Post, "", bundle, handoff.patient(), taker);
        let recorded = self.run(asked).await?.map_err(Failure::of)?;
        let written = recorded.released().transaction().first().and_then(|first| first.id.clone());
        let composition = written.ok_or("the record system does not say what it stored")?;
        Ok(Found::filed(composition))
    }

    /// The one patient of this BSN there. Where there is none, or more than one, somebody has to see to it.
    async fn own_patient(&self, bsn: &Bsn, taker: &Person) -> Result<LogicalId, Failure> {
        let asked = self.about(Method::Get, "Patient", Bytes::new(), bsn, taker.clone());
        let recorded = self.run(asked).await?.map_err(Failure::of)?;
        let released = recorded.released();
        let whole = |part: &exchange::Part| {
            matches!(part.status(), SourceStatus::Answered | SourceStatus::NothingThere)
                && part.withheld() == 0
                && part.mistrusted() == 0
        };
        if released.parts().is_empty() || !released.parts().iter().all(whole) {
            return Err("the record system's answer is not whole".into());
        }
        let patients: Vec<_> =
            released.items().filter(|(_, item)| item.resource().resource_type() == "Patient").collect();
        match patients.as_slice() {
            [(_, one)] => {
                let id = one.resource().id().and_then(|id| LogicalId::parse(&id));
                Ok(id.ok_or("the record system's Patient has no usable id")?)
            }
            [] => Err(Failure::ForSomebody("the record system does not know the patient".to_owned())),
            _ => Err(Failure::ForSomebody("the record system knows the patient more than once".to_owned())),
        }
    }

    fn about(&self, method: Method, path: &str, body: Bytes, patient: &Bsn, person: Person) -> Asked {
        Asked {
            use_case: FILING,
            ground: IN_HAND,
            method,
            path: path.to_owned(),
            body,
            person: Some(person),
            patient: Some(patient.clone()),
        }
    }
}

/// Whether one of these sources takes handoffs in.
pub fn is_taken_in(sources: &[SourceConfig]) -> bool {
    sources.iter().any(|source| use_cases(source).iter().any(|named| named.as_str() == FILING))
}

/// Whether the source that takes handoffs in, where there is one, can.
///
/// # Errors
/// A sentence for the operator.
pub fn check(sources: &[SourceConfig], takes_part: bool, in_use: &[UseCaseId]) -> Result<(), String> {
    let mut found = None;
    for (number, source) in sources.iter().enumerate() {
        if !use_cases(source).iter().any(|named| named.as_str() == FILING) {
            continue;
        }
        if let Some(first) = found.replace(number) {
            return Err(format!("sources[{first}] and sources[{number}]: only one takes handoffs in ({FILING})"));
        }
        if !matches!(source, SourceConfig::Fhir(fhir) if fhir.version == VERSION) {
            return Err(format!(
                "sources[{number}]: what takes handoffs in ({FILING}) is a FHIR server of version stu3"
            ));
        }
    }
    match found {
        Some(number) if !takes_part => Err(format!("sources[{number}]: {FILING}, and this node has no [handoffs]")),
        Some(number) if !in_use.iter().any(|id| id.as_str() == FILING) => {
            Err(format!("sources[{number}]: {FILING} is not among profiles.use_cases"))
        }
        Some(_) | None => Ok(()),
    }
}

fn use_cases(source: &SourceConfig) -> &[UseCaseId] {
    match source {
        SourceConfig::Fhir(fhir) => &fhir.use_cases,
        SourceConfig::Files(files) => &files.use_cases,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> SourceConfig {
        toml::from_str(text).unwrap()
    }

    fn fhir(version: &str, use_cases: &str) -> SourceConfig {
        source(&format!(
            "kind = \"fhir\"\nbase = \"https://ecd.example/fhir\"\nversion = \"{version}\"\nuse_cases = [{use_cases}]"
        ))
    }

    #[test]
    fn one_fhir_server_of_stu3_takes_handoffs_in_where_it_says_so_and_none_otherwise() {
        let files =
            source("kind = \"files\"\nfolder = \"x\"\nversion = \"stu3\"\nuse_cases = [\"eoverdracht-filing\"]");
        let ours = || fhir("stu3", "\"bgz-sender\", \"eoverdracht-filing\"");
        let in_use = [UseCaseId::parse(FILING).unwrap()];
        for (sources, takes_part, in_use, good, taken_in) in [
            (vec![], true, &in_use[..], true, false),
            (vec![fhir("stu3", ""), fhir("r4", "\"bgz-sender\"")], true, &in_use[..], true, false),
            (vec![fhir("r4", ""), ours()], true, &in_use[..], true, true),
            (vec![ours()], false, &in_use[..], false, true),
            (vec![ours()], true, &[], false, true),
            (vec![ours(), ours()], true, &in_use[..], false, true),
            (vec![fhir("r4", "\"eoverdracht-filing\"")], true, &in_use[..], false, true),
            (vec![files], true, &in_use[..], false, true),
        ] {
            assert_eq!(check(&sources, takes_part, in_use).is_ok(), good, "{sources:?}");
            assert_eq!(is_taken_in(&sources), taken_in, "{sources:?}");
        }
    }
}
