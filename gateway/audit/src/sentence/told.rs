//! What there is to tell of one record, or of several that are one story.

use exchange::notice::is_notice;
use exchange::record::{AccessRecord, CallerFacts};
use policy::{Consent, ConsentDecision, Finding, NotFoundOut, Purpose, TreatmentRelation};

use super::ends::{count, perhaps, result};
use super::words::{self, Thing};
use super::{Language, Voice, notice};
use crate::class::Class;

/// What was done, or tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    View,
    Request,
    Create,
    Change,
    Delete,
    Record,
    /// An earlier access was looked at again.
    Review,
    /// It is not known what was asked.
    Something,
}

impl Act {
    fn of(record: &AccessRecord) -> Act {
        match record.asked.as_ref().map(|asked| asked.interaction.as_ref()) {
            Some("read" | "vread" | "history-instance") => Act::View,
            Some("create") => Act::Create,
            Some("update" | "patch") => Act::Change,
            Some("delete") => Act::Delete,
            Some("transaction" | "batch") => Act::Record,
            Some("operation") if is_review(record) => Act::Review,
            Some(_) => Act::Request,
            None => Act::Something,
        }
    }

    pub fn only_reads(self) -> bool {
        matches!(self, Act::View | Act::Request)
    }

    pub fn writes(self) -> bool {
        matches!(self, Act::Create | Act::Change | Act::Delete | Act::Record)
    }

    /// Whether something comes into a record that was not in it.
    fn adds(self) -> bool {
        matches!(self, Act::Create | Act::Record | Act::Review)
    }

    /// Participle and infinitive.
    const fn dutch(self) -> (&'static str, &'static str) {
        match self {
            Act::View => ("bekeken", "bekijken"),
            Act::Request => ("opgevraagd", "opvragen"),
            Act::Create => ("gezet", "zetten"),
            Act::Change => ("gewijzigd", "wijzigen"),
            Act::Delete => ("verwijderd", "verwijderen"),
            Act::Record => ("vastgelegd", "vastleggen"),
            Act::Review => ("beoordeeld", "beoordelen"),
            Act::Something => ("gedaan", "doen"),
        }
    }

    /// Past tense and infinitive.
    const fn english(self) -> (&'static str, &'static str) {
        match self {
            Act::View => ("viewed", "view"),
            Act::Request => ("requested", "request"),
            Act::Create => ("put", "put"),
            Act::Change => ("changed", "change"),
            Act::Delete => ("deleted", "delete"),
            Act::Record => ("recorded", "record"),
            Act::Review => ("reviewed", "review"),
            Act::Something => ("made", "make"),
        }
    }
}

fn is_review(record: &AccessRecord) -> bool {
    record.asked.as_ref().and_then(|asked| asked.operation.as_deref()) == Some("review")
}

/// What there is to tell.
#[derive(Clone, Debug)]
pub struct Told {
    caller: Option<CallerFacts>,
    pub act: Act,
    things: Vec<Thing>,
    about_a_patient: bool,
    purpose: Option<Purpose>,
    relation: Option<Finding<TreatmentRelation>>,
    consent: Option<Finding<Consent>>,
    pub class: Class,
    disclosed: usize,
    withheld: usize,
    pub emergency: bool,
    /// A register told something; nobody asked.
    notice: bool,
}

impl Told {
    pub fn of(record: &AccessRecord) -> Told {
        Told {
            caller: record.caller.clone(),
            act: Act::of(record),
            things: things(record),
            about_a_patient: record.patient.is_some(),
            purpose: record.decision.as_ref().and_then(|decision| decision.purpose),
            relation: record.treatment_relation.clone(),
            consent: record.consent.clone(),
            class: Class::of(record),
            disclosed: record.sources.iter().map(|source| source.disclosed.len()).sum(),
            withheld: record.sources.iter().map(|source| source.withheld).sum(),
            emergency: record.emergency.is_some(),
            notice: is_notice(record),
        }
    }

    /// Whether both are told on the same grounds, so that one sentence can tell them.
    pub fn stands_with(&self, other: &Told) -> bool {
        let pair = |told: &Told| {
            let relation = told.relation.as_ref().map(|finding| finding.found().is_some());
            let consent = told.consent.as_ref().map(|finding| finding.found().map(|found| found.decision));
            let kind = (told.class.is_granted(), told.about_a_patient, told.notice);
            (told.purpose, relation, consent, told.emergency, kind)
        };
        pair(self) == pair(other)
    }

    /// Takes another one in: the same caller read more. What is least complete is told.
    pub fn take_in(&mut self, other: &Told) {
        if self.act != other.act {
            self.act = Act::Request;
        }
        for thing in &other.things {
            if !self.things.contains(thing) {
                self.things.push(*thing);
            }
        }
        self.class = match (self.class, other.class) {
            (Class::Incomplete, _) | (_, Class::Incomplete) => Class::Incomplete,
            (Class::Released, _) | (_, Class::Released) => Class::Released,
            (Class::Nothing, _) | (_, Class::Nothing) => Class::Nothing,
            (own, _) => own,
        };
        self.disclosed += other.disclosed;
        self.withheld += other.withheld;
    }

    pub fn say(&self, language: Language, voice: Voice) -> String {
        if self.notice {
            return notice::say(&self.who(language, voice), self.consent.as_ref(), language, voice);
        }
        let mut said = vec![self.deed(language, voice)];
        said.extend(self.grounds(language, voice).into_iter().map(str::to_owned));
        said.push(self.end(language, voice));
        said.retain(|part| !part.is_empty());
        said.join(" ")
    }

    /// Who did what with whose data, why.
    fn deed(&self, language: Language, voice: Voice) -> String {
        let who = self.who(language, voice);
        let what = self.what(language, voice);
        let why = self.why(language, voice);
        let done = self.class.is_granted();
        let emergency = match (self.emergency, language) {
            (false, _) => "",
            (true, Language::Dutch) => " met de noodprocedure",
            (true, Language::English) => " by the emergency procedure",
        };
        match (language, self.act) {
            (Language::Dutch, Act::Something) => format!("{who} heeft{emergency} een verzoek gedaan."),
            (Language::English, Act::Something) => format!("{who} made a request{emergency}."),
            (Language::Dutch, act) if done => format!("{who} heeft{emergency} {what} {}{why}.", act.dutch().0),
            (Language::Dutch, act) => format!("{who} wilde{emergency} {what} {}{why}.", act.dutch().1),
            (Language::English, act) if done => format!("{who} {} {what}{why}{emergency}.", act.english().0),
            (Language::English, act) => format!("{who} wanted to {} {what}{why}{emergency}.", act.english().1),
        }
    }

    pub fn who(&self, language: Language, voice: Voice) -> String {
        let dutch = language == Language::Dutch;
        let Some(caller) = &self.caller else {
            return if dutch { "Een onbekende vrager" } else { "An unknown caller" }.to_owned();
        };
        // What is asked at a patient's request is asked by the patient, through whichever system.
        if self.is_of_the_patient() {
            return match (voice, dutch) {
                (Voice::Patient, true) => "U",
                (Voice::Patient, false) => "You",
                (Voice::Auditor, true) => "De patiënt",
                (Voice::Auditor, false) => "The patient",
            }
            .to_owned();
        }
        let organisation = organisation(caller, language, voice);
        if self.notice {
            return organisation;
        }
        let Some(person) = &caller.person else {
            return match dutch {
                true => format!("Een systeem van {organisation}"),
                false => format!("A system of {organisation}"),
            };
        };
        let role = words::role(&person.role, language);
        let responsible = caller.responsible.as_ref().map(|other| {
            let role = words::role(&other.role, language);
            match (&other.name, voice, dutch) {
                (Some(name), Voice::Auditor, true) => format!(", namens {name} ({role}),"),
                (Some(name), Voice::Auditor, false) => format!(", on behalf of {name} ({role}),"),
                (_, _, true) => format!(", namens een {role},"),
                (_, _, false) => format!(", on behalf of {},", words::a(role)),
            }
        });
        let responsible = responsible.unwrap_or_default();
        match (&person.name, voice, dutch) {
            (Some(name), Voice::Auditor, true) => format!("{name} ({role} bij {organisation}){responsible}"),
            (Some(name), Voice::Auditor, false) => format!("{name} ({role} at {organisation}){responsible}"),
            (_, _, true) => format!("Een {role} van {organisation}{responsible}"),
            (_, _, false) => format!("{} at {organisation}{responsible}", capital(&words::a(role))),
        }
    }

    fn is_of_the_patient(&self) -> bool {
        self.purpose == Some(Purpose::PatientRequest)
            && self.about_a_patient
            && self.caller.as_ref().is_some_and(|caller| caller.person.is_none())
    }

    /// What, as it is named when nothing is said of whose.
    pub fn parts(&self, language: Language) -> String {
        let things = if self.things.is_empty() { &[words::DATA][..] } else { &self.things };
        words::list(&things.iter().map(|thing| thing.word(language).to_owned()).collect::<Vec<_>>(), language)
    }

    /// What, and whose: "uw problemen", "problemen van een patiënt", "problemen in uw dossier".
    fn what(&self, language: Language, voice: Voice) -> String {
        let things = if self.things.is_empty() { &[words::DATA][..] } else { &self.things };
        let (yours, dutch) = (voice == Voice::Patient && self.about_a_patient, language == Language::Dutch);
        let bare = yours && !self.act.adds();
        let named = |thing: &Thing| if bare { thing.word(language).to_owned() } else { thing.with_article(language) };
        let named = words::list(&things.iter().map(named).collect::<Vec<_>>(), language);
        match (self.about_a_patient, yours, self.act.adds(), dutch) {
            (false, ..) => named,
            (_, true, false, true) => format!("uw {named}"),
            (_, true, false, false) => format!("your {named}"),
            (_, false, false, true) => format!("{named} van een patiënt"),
            (_, false, false, false) => format!("{named} of a patient"),
            (_, true, true, true) => format!("{named} in uw dossier"),
            (_, true, true, false) => format!("{named} in your record"),
            (_, false, true, true) => format!("{named} in het dossier van een patiënt"),
            (_, false, true, false) => format!("{named} in the record of a patient"),
        }
    }

    fn why(&self, language: Language, voice: Voice) -> &'static str {
        match (self.purpose, language, voice) {
            (None, _, _) => "",
            (Some(Purpose::Treat), Language::Dutch, Voice::Auditor) => " voor een behandeling",
            (Some(Purpose::Treat), Language::Dutch, Voice::Patient) => " voor uw behandeling",
            (Some(Purpose::Treat), Language::English, Voice::Auditor) => " for treatment",
            (Some(Purpose::Treat), Language::English, Voice::Patient) => " for your treatment",
            (Some(Purpose::CoordinationOfCare), Language::Dutch, _) => " voor een verwijzing of overdracht",
            (Some(Purpose::CoordinationOfCare), Language::English, _) => " for a referral or transfer of care",
            // That it was an emergency is said already.
            (Some(Purpose::BreakTheGlass), ..) => "",
            (Some(Purpose::Compliance), Language::Dutch, _) => " voor het toezicht op de inzage",
            (Some(Purpose::Compliance), Language::English, _) => " to supervise who looked",
            // Who asked says it.
            (Some(Purpose::PatientRequest), ..) => "",
        }
    }

    /// Treatment relation and consent, as far as anyone looked for them.
    fn grounds(&self, language: Language, voice: Voice) -> Vec<&'static str> {
        let dutch = language == Language::Dutch;
        let patient = voice == Voice::Patient;
        let relation = match &self.relation {
            None | Some(Finding::NotFoundOut(NotFoundOut::NotAsked)) => None,
            Some(Finding::Found(_)) if dutch => Some("Er is een behandelrelatie vastgesteld."),
            Some(Finding::Found(_)) => Some("A treatment relation was established."),
            Some(Finding::Absent) if dutch => Some("Er is geen behandelrelatie gevonden."),
            Some(Finding::Absent) => Some("No treatment relation was found."),
            Some(Finding::NotFoundOut(_)) if dutch => Some("Of er een behandelrelatie is, kon niet worden nagegaan."),
            Some(Finding::NotFoundOut(_)) => Some("Whether there is a treatment relation could not be found out."),
        };
        let consent = match &self.consent {
            None | Some(Finding::NotFoundOut(NotFoundOut::NotAsked)) => None,
            Some(Finding::Found(consent)) => Some(match (consent.decision, dutch, patient) {
                (ConsentDecision::Permit, true, true) => "U heeft hiervoor toestemming gegeven.",
                (ConsentDecision::Permit, true, false) => "De patiënt heeft hiervoor toestemming gegeven.",
                (ConsentDecision::Permit, false, true) => "You gave consent for this.",
                (ConsentDecision::Permit, false, false) => "The patient gave consent for this.",
                (ConsentDecision::Deny, true, true) => "U heeft hiervoor geen toestemming gegeven.",
                (ConsentDecision::Deny, true, false) => "De patiënt heeft hiervoor geen toestemming gegeven.",
                (ConsentDecision::Deny, false, true) => "You did not consent to this.",
                (ConsentDecision::Deny, false, false) => "The patient did not consent to this.",
            }),
            Some(Finding::Absent) if dutch => Some("Er is geen toestemming vastgelegd."),
            Some(Finding::Absent) => Some("No consent is on record."),
            Some(Finding::NotFoundOut(_)) if dutch => Some("Of er toestemming is, kon niet worden nagegaan."),
            Some(Finding::NotFoundOut(_)) => Some("Whether there is consent could not be found out."),
        };
        relation.into_iter().chain(consent).collect()
    }

    fn end(&self, language: Language, voice: Voice) -> String {
        let mut said: Vec<String> = Vec::new();
        let provided = self.act.only_reads() || self.disclosed > 0;
        match self.class {
            // That it was done was said; what was provided was not.
            Class::Released => said.extend(provided.then(|| count(self.disclosed, language))),
            Class::Incomplete => {
                said.extend(provided.then(|| count(self.disclosed, language)));
                said.push(result(Class::Incomplete, language).to_owned());
            }
            Class::Interrupted | Class::SourceFailed | Class::Unavailable | Class::Failed if self.act.writes() => {
                said.push(result(self.class, language).to_owned());
                said.push(perhaps(language).to_owned());
            }
            other => said.push(result(other, language).to_owned()),
        }
        if self.withheld > 0 && voice == Voice::Auditor {
            said.push(match (self.withheld, language) {
                (1, Language::Dutch) => "Eén gegeven is achtergehouden.".to_owned(),
                (1, Language::English) => "One item was withheld.".to_owned(),
                (many, Language::Dutch) => format!("{many} gegevens zijn achtergehouden."),
                (many, Language::English) => format!("{many} items were withheld."),
            });
        }
        said.join(" ")
    }
}

/// What was asked for, in words.
fn things(record: &AccessRecord) -> Vec<Thing> {
    let Some(asked) = &record.asked else { return Vec::new() };
    if let Some(thing) = asked.operation.as_deref().and_then(words::operation) {
        return vec![thing];
    }
    let mut found = Vec::new();
    // Of a transaction the entries say it: "create Condition".
    let of_entries = asked.entries.iter().filter_map(|entry| entry.split_once(' ')).map(|(_, kind)| kind);
    for kind in asked.resource_type.as_deref().into_iter().chain(of_entries) {
        let thing = words::resource_type(kind);
        if !found.contains(&thing) {
            found.push(thing);
        }
    }
    found
}

fn organisation(caller: &CallerFacts, language: Language, voice: Voice) -> String {
    match (caller.organisation_name.as_deref(), voice, language) {
        (Some(name), _, _) if !name.is_empty() => name.to_owned(),
        (_, Voice::Auditor, Language::Dutch) => format!("zorgaanbieder {}", caller.organisation),
        (_, Voice::Auditor, Language::English) => format!("care provider {}", caller.organisation),
        (_, Voice::Patient, Language::Dutch) => "een zorgaanbieder waarvan wij de naam niet kennen".to_owned(),
        (_, Voice::Patient, Language::English) => "a care provider whose name we do not know".to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
