//! Who treats whom, and what each patient has permitted at each provider.
//!
//! Treatment relations (behandelrelatie) follow from the charts: who wrote in one treats that
//! patient. Consents (toestemming) are written down here, because they are exceptions.

use super::patients::STORIES;
use super::providers::{HOSPITAL, Provider};

/// A practitioner, or the organisation as a whole, treats a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The organisation.
    pub ura: &'static str,
    /// The practitioner's id; none for the organisation as a whole.
    pub practitioner: Option<&'static str>,
    pub bsn: &'static str,
}

/// What a patient permits a provider to make available to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentState {
    /// To every other provider that treats the patient.
    PermitAll,
    /// To these organisations (URA) only.
    PermitSome(Vec<&'static str>),
    /// To nobody.
    Deny,
    /// Nobody has asked; so to nobody.
    NotRecorded,
}

/// A patient's choice at one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub bsn: &'static str,
    /// The key of the provider that holds the data.
    pub holder: &'static str,
    pub state: ConsentState,
}

/// All treatment relations.
pub fn relations() -> Vec<Relation> {
    let mut all = Vec::new();
    for story in STORIES {
        for chapter in story.chapters {
            let relation = |practitioner| Relation { ura: chapter.provider.ura, practitioner, bsn: story.person.bsn };
            all.push(relation(None));
            all.extend(chapter.chart(story.person).written_by().iter().map(|id| relation(Some(*id))));
        }
    }
    all
}

/// One choice for every patient at every provider that knows the patient.
pub fn consents() -> Vec<Consent> {
    let of = |bsn: &'static str, holder: &'static Provider| Consent {
        bsn,
        holder: holder.key,
        state: state(bsn, holder.key),
    };
    STORIES
        .iter()
        .flat_map(|story| story.chapters.iter().map(move |chapter| of(story.person.bsn, chapter.provider)))
        .collect()
}

fn state(bsn: &str, holder: &str) -> ConsentState {
    match (bsn, holder) {
        // Lieke Jansen does not want colleagues to see what she takes.
        ("900203651", "pharmacy") => ConsentState::Deny,
        // Nobody has asked Ahmet Yıldız yet.
        ("999993215", "general-practice") => ConsentState::NotRecorded,
        // Fatima El Amrani's home care may inform the foot clinic, and no one else.
        ("900184590", "nursing-home") => ConsentState::PermitSome(vec![HOSPITAL.ura]),
        _ => ConsentState::PermitAll,
    }
}
