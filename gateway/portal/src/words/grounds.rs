//! What a record has as codes, for the auditor: grounds, checks, and how sources fared.

use audit::{Class, Pattern};
use exchange::record::{AskedFacts, EvidenceFacts, EvidenceResult, Shortfall, Shown};
use exchange::{Gate, SourceStatus};
use policy::{ConsentDecision, DenialCode, Direction, Finding, NotFoundOut, Obligation, Purpose};

use crate::desk::Verdict;

/// The colour that goes with an end; the word always stands there too.
pub(crate) const fn tone(class: Class) -> &'static str {
    match class {
        Class::Released | Class::Nothing | Class::NotModified | Class::Decided => "well",
        Class::Incomplete
        | Class::NotUnderstood
        | Class::NotThere
        | Class::Conflict
        | Class::SourceFailed
        | Class::Unavailable
        | Class::Interrupted => "care",
        Class::Denied | Class::Unidentified | Class::Failed => "grave",
    }
}

/// A finding, with what was found in the words of `found`.
pub(crate) fn finding<T>(finding: Option<&Finding<T>>, found: impl FnOnce(&T) -> String) -> String {
    match finding {
        Some(Finding::Found(fact)) => found(fact),
        Some(Finding::Absent) => "gezocht en niet gevonden".to_owned(),
        Some(Finding::NotFoundOut(why)) => not_found_out(*why).to_owned(),
        None => "niet aan toegekomen".to_owned(),
    }
}

const fn not_found_out(why: NotFoundOut) -> &'static str {
    match why {
        NotFoundOut::TimedOut => "niet na te gaan: er kwam niet op tijd antwoord",
        NotFoundOut::Unreachable => "niet na te gaan: wie het weet was niet bereikbaar",
        NotFoundOut::Unusable => "niet na te gaan: er kwam een onbruikbaar antwoord",
        NotFoundOut::NobodyToAsk => "niet na te gaan: er is niemand ingesteld die het weet",
        NotFoundOut::Incomplete => "niet na te gaan: er ontbrak een gegeven om het te vragen",
        NotFoundOut::NotAsked => "niet nodig voor deze uitwisseling, dus niet nagegaan",
    }
}

/// How a treatment relation is known.
pub(crate) fn relation_kind(kind: &str) -> &str {
    match kind {
        "provider-list" => "vastgelegd bij deze zorgaanbieder",
        "asserted-by-data-user" => "door de vrager ondertekend verklaard",
        "appointment" => "afspraak in het eigen dossier",
        "encounter" => "contact in het eigen dossier",
        "episode-of-care" => "zorgperiode in het eigen dossier",
        "care-team" => "zorgteam in het eigen dossier",
        other => other,
    }
}

/// How old the evidence of a relation is.
pub(crate) fn age(days: Option<u32>) -> String {
    match days {
        None => String::new(),
        Some(0) => ", nu van kracht".to_owned(),
        Some(1) => ", een dag oud".to_owned(),
        Some(days) => format!(", {days} dagen oud"),
    }
}

/// What was looked at for a relation, and what became of it.
pub(crate) fn evidence(facts: &EvidenceFacts) -> String {
    let kind = relation_kind(&facts.kind);
    match &facts.result {
        EvidenceResult::Counts { age_days } => format!("{kind}: telt{}", age(*age_days)),
        EvidenceResult::Nothing => format!("{kind}: niet gevonden"),
        EvidenceResult::NotFoundOut { because } => format!("{kind}: {}", not_found_out(*because)),
        EvidenceResult::DoesNotCount { because } => {
            let reasons: Vec<&str> = because.iter().map(|one| shortfall(*one)).collect();
            format!("{kind}: telt niet ({})", reasons.join("; "))
        }
    }
}

const fn shortfall(shortfall: Shortfall) -> &'static str {
    match shortfall {
        Shortfall::OtherPatient => "van een andere patiënt",
        Shortfall::Cancelled => "geannuleerd",
        Shortfall::EnteredInError => "ten onrechte ingevoerd",
        Shortfall::NoShow => "de patiënt kwam niet",
        Shortfall::NotInForce => "niet van kracht",
        Shortfall::Undated => "zonder datum",
        Shortfall::TooOld => "te lang geleden",
        Shortfall::TooFarAhead => "te ver vooruit",
        Shortfall::OtherOrganisation => "van een andere organisatie",
        Shortfall::OtherProfessional => "noemt een andere zorgverlener",
    }
}

pub(crate) const fn consent(decision: ConsentDecision) -> &'static str {
    match decision {
        ConsentDecision::Permit => "toestemming gegeven",
        ConsentDecision::Deny => "geen toestemming gegeven",
    }
}

/// Where a consent is kept.
pub(crate) fn consent_source(source: &str) -> &str {
    match source {
        "local" => "eigen register",
        "mitz" => "Mitz",
        other => other,
    }
}

/// A purpose of use (v3 ActReason).
pub(crate) const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Treat => "behandeling",
        Purpose::CoordinationOfCare => "verwijzing of overdracht",
        Purpose::BreakTheGlass => "noodgeval",
        Purpose::Compliance => "toezicht",
        Purpose::PatientRequest => "verzoek van de patiënt",
    }
}

pub(crate) const fn denial(code: DenialCode) -> &'static str {
    match code {
        DenialCode::NotInUseCase => "geen van de toepassingen van de vrager biedt dit",
        DenialCode::SearchParameter => "de toepassing biedt deze zoekvoorwaarde niet",
        DenialCode::PatientBinding => "de vraag noemt niet de ene patiënt om wie het moet gaan",
        DenialCode::EmergencyReason => "voor een noodprocedure is geen reden gegeven die achteraf te beoordelen is",
        DenialCode::OwnAccess => "niemand beoordeelt een inzage van zichzelf",
        DenialCode::PolicyDenied => "het beleid zegt nee",
        DenialCode::PolicyFailed => "het beleid kon niet worden toegepast",
    }
}

pub(crate) fn obligation(obligation: &Obligation) -> String {
    match obligation {
        Obligation::WithholdLabel { codes, .. } => format!("achterhouden wat het label {} draagt", codes.join(" of ")),
        Obligation::WithholdType { resource_type } => format!("achterhouden wat van de soort {resource_type} is"),
        Obligation::MaskElements { elements } => format!("weglaten van {}", elements.join(" en ")),
        Obligation::WithholdResource { reference } => format!("achterhouden van {reference}"),
        Obligation::WithholdCoded { code, .. } => format!("achterhouden wat de code {code} heeft"),
        Obligation::OnlyResources { resource_type, references } => {
            format!("van de soort {resource_type} alleen {}", references.join(" en "))
        }
    }
}

pub(crate) const fn shown(shown: Shown) -> &'static str {
    match shown {
        Shown::Certificate => "certificaat",
        Shown::Token => "toegangsbewijs (token)",
        Shown::Session => "aangemelde sessie",
    }
}

pub(crate) const fn gate(gate: Gate) -> &'static str {
    match gate {
        Gate::Outer => "buitenpoort: een andere zorgaanbieder vroeg het ons",
        Gate::Inner => "binnenpoort: onze eigen mensen of systemen vroegen het",
    }
}

pub(crate) const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Holder => "wij als dossierhouder",
        Direction::User => "wij als raadpleger bij anderen",
    }
}

/// How a source fared.
pub(crate) const fn fared(status: SourceStatus) -> &'static str {
    match status {
        SourceStatus::Answered => "antwoordde volledig",
        SourceStatus::NothingThere => "antwoordde: niets aanwezig",
        SourceStatus::Partly => "antwoordde gedeeltelijk",
        SourceStatus::Refused => "weigerde",
        SourceStatus::TimedOut => "antwoordde niet op tijd",
        SourceStatus::Unreachable => "was niet bereikbaar",
        SourceStatus::Failed => "gaf een onbruikbaar antwoord",
        SourceStatus::NotAsked => "werd niet bevraagd",
    }
}

/// What was asked, as in a URL; the patient was taken out before it was written down.
pub(crate) fn asked(asked: &AskedFacts) -> String {
    let mut text = asked.interaction.to_string();
    for part in asked.resource.as_deref().or(asked.resource_type.as_deref()).into_iter() {
        text.push(' ');
        text.push_str(part);
    }
    if let Some(operation) = &asked.operation {
        text.push_str(" $");
        text.push_str(operation);
    }
    if let Some(query) = asked.query.as_deref().filter(|query| !query.is_empty()) {
        text.push_str(" ?");
        text.push_str(query);
    }
    if let Some(page) = asked.page {
        text.push_str(&format!(", bladzijde {page}"));
    }
    for entry in &asked.entries {
        text.push_str("; ");
        text.push_str(entry);
    }
    text
}

/// What kind of unusual pattern it is.
pub(crate) const fn pattern(pattern: Pattern) -> &'static str {
    match pattern {
        Pattern::ManyPatients => "Veel patiënten in korte tijd",
        Pattern::OutsideWorkingHours => "Buiten werktijd",
        Pattern::RefusedInSeries => "Herhaald geweigerd",
        Pattern::WithoutTreatmentRelation => "Zonder vastgestelde behandelrelatie",
    }
}

pub(crate) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Justified => "terecht",
        Verdict::Unjustified => "onterecht",
        Verdict::UnderInvestigation => "nader onderzoek",
    }
}

/// The colour that goes with a verdict; the word always stands there too.
pub(crate) const fn verdict_tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Justified => "well",
        Verdict::Unjustified => "grave",
        Verdict::UnderInvestigation => "care",
    }
}
