//! Answers `AuditEvent/$explain`: the supervisor of the access log asks what would be decided if somebody asked something, and on
//! what. Nothing is released and no source of data is asked for any; the question is an exchange like any other, with its record.

use std::sync::Arc;
use std::time::Duration;

use fhir::identifiers::{Reader, systems};
use fhir::search::SearchFault;
use fhir::{Bsn, FhirVersion, SearchQuery, Ura};
use policy::cases::{CaseCaller, CaseFindings, CaseInput, CasePerson};
use policy::{Data, Direction, InForce, TreatmentRelation, UseCaseId};

use super::interaction::NodeFacts;
use crate::explanation::{Explanation, explain};
use crate::ports::{Consents, TreatmentRelations};
use crate::refusal::Refusal;

/// Longest value that is taken, in characters.
const LONGEST: usize = 500;
/// Digits of a BSN.
const DIGITS: usize = 9;
/// How a relation is known that the data user asserts, signed.
const ASSERTED: &str = "asserted-by-data-user";
/// The number of a professional whom nobody named.
const SOMEBODY: &str = "supposed";

/// Everything that an explanation asks.
pub struct Explaining {
    pub node: NodeFacts,
    pub use_cases: Arc<InForce>,
    pub relations: Arc<dyn TreatmentRelations>,
    /// Those that the provider knows itself.
    pub consents: Arc<dyn Consents>,
    /// How long each of them has.
    pub patience: Duration,
}

impl Explaining {
    /// What would be decided on the question that these parameters ask about this patient.
    pub(super) async fn explain(&self, query: &SearchQuery, patient: &Bsn) -> Result<Explanation, Refusal> {
        let (question, asserted) = self.question(query, patient)?;
        // What is wrong with it is wrong with what was asked: its path, or the id of a use case.
        let mut request = question.request().map_err(|_| wrong("ask"))?;
        request.caller.treatment_relation = asserted;
        let current = self.use_cases.current();
        Ok(explain(request, &current, self.relations.as_ref(), self.consents.as_ref(), self.patience).await)
    }

    fn question(&self, query: &SearchQuery, patient: &Bsn) -> Result<(CaseInput, Option<TreatmentRelation>), Refusal> {
        let ura = Ura::parse(one(query, "organisation")?.unwrap_or_default()).map_err(|_| wrong("organisation"))?;
        let use_case = one(query, "use-case")?.and_then(UseCaseId::parse).ok_or_else(|| wrong("use-case"))?;
        let role = one(query, "role")?.ok_or_else(|| wrong("role"))?;
        let ask = one(query, "ask")?.filter(|ask| !names_somebody(ask)).ok_or_else(|| wrong("ask"))?;
        let version = one(query, "version")?.unwrap_or("r4");
        let version = FhirVersion::ALL.into_iter().find(|known| known.segment() == version);
        let asserted = one(query, "asserted")?.map(|reference| TreatmentRelation {
            kind: ASSERTED.to_owned(),
            reference: reference.to_owned(),
            age_days: None,
        });
        // Own people ask at the own gate, everybody else at the outer one.
        let own = ura == self.node.holder.0;
        let digits = patient.reveal_to(Reader::Policy).to_owned();
        let question = CaseInput {
            caller: CaseCaller {
                kind: one(query, "organisation-kind")?.map(str::to_owned).or_else(|| self.own_kind(own)),
                client_id: None,
                person: Some(CasePerson { id: one(query, "person")?.unwrap_or(SOMEBODY).into(), role: role.into() }),
                responsible: None,
                use_cases: vec![use_case.clone()],
                emergency: one(query, "emergency")?.map(str::to_owned),
                patient: Some(digits.clone()).filter(|_| !own),
                ura,
            },
            direction: if own { Direction::User } else { Direction::Holder },
            holder: self.node.holder.0.clone(),
            holder_kind: self.node.kind.clone(),
            version: version.ok_or_else(|| wrong("version"))?,
            use_case: Some(use_case),
            request: format!("GET {ask}"),
            form: None,
            entries: Vec::new(),
            patient: Some(digits),
            data: Data::Sources,
            findings: CaseFindings::default(),
        };
        Ok((question, asserted))
    }

    fn own_kind(&self, own: bool) -> Option<String> {
        self.node.kind.clone().filter(|_| own)
    }
}

/// The one value of a parameter; none when it is empty.
fn one<'q>(query: &'q SearchQuery, name: &'static str) -> Result<Option<&'q str>, Refusal> {
    let mut values = query.named(name).map(|parameter| parameter.value.trim()).filter(|value| !value.is_empty());
    let first = values.next();
    if values.next().is_some() || first.is_some_and(|value| value.chars().count() > LONGEST) {
        return Err(wrong(name));
    }
    Ok(first)
}

/// Whether a text could name a patient: who it is about is said by the parameter that is for that, which no record repeats.
fn names_somebody(text: &str) -> bool {
    let bsn = |window: &[u8]| std::str::from_utf8(window).is_ok_and(|digits| Bsn::parse(digits).is_ok());
    text.contains(systems::BSN) || text.as_bytes().windows(DIGITS).any(bsn)
}

fn wrong(name: &str) -> Refusal {
    SearchFault::Value { name: name.to_owned() }.into()
}
