//! The steps of a look-up in words, Dutch and English.

use audit::Language;
use connectors::mcsd::{AddressUse, EndpointVerdict, Found, RefusedBecause, SourceState, Step};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

fn pick(language: Language, dutch: String, english: String) -> String {
    if language == Language::English { english } else { dutch }
}

/// A moment, to the second.
fn moment(millis: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(millis / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}

pub fn step(step: &Step, language: Language) -> String {
    let say = |dutch: String, english: String| pick(language, dutch, english);
    match step {
        Step::Directory { base, complete, synchronised, fault } => {
            known_of(base, *complete, *synchronised, fault.as_deref(), language)
        }
        Step::NoDirectory => say(
            "Geen adresboek mag iets over deze organisatie zeggen.".into(),
            "No directory may say anything of this organisation.".into(),
        ),
        Step::Organisation { base, name, active: true } => {
            say(format!("{base} kent haar: {name}."), format!("{base} knows it: {name}."))
        }
        Step::Organisation { base, name, active: false } => say(
            format!("{base} kent haar als {name}, niet meer actief."),
            format!("{base} knows it as {name}, not active any more."),
        ),
        Step::Unknown => say("Geen adresboek kent dit URA-nummer.".into(), "No directory knows this URA.".into()),
        Step::NotInNational => say(
            "Het landelijke adresboek kent dit URA-nummer niet; wat andere zeggen telt dan niet.".into(),
            "The national directory does not know this URA; what others say does not count then.".into(),
        ),
        Step::Refused { base, name, because } => say(
            format!("Wat {base} zegt ({name}) is geweigerd: {}.", refused(*because, Language::Dutch)),
            format!("What {base} says ({name}) was refused: {}.", refused(*because, Language::English)),
        ),
        Step::Service { name, active: true } => {
            say(format!("De dienst is er: {name}."), format!("The service is there: {name}."))
        }
        Step::Service { name, active: false } => {
            say(format!("De dienst {name} is niet meer actief."), format!("The service {name} is not active any more."))
        }
        Step::UnknownService => say(
            "Deze organisatie heeft die dienst niet.".into(),
            "This organisation does not have that service.".into(),
        ),
        Step::NoEndpoints => {
            say("Er staat geen enkel technisch adres bij.".into(), "It has no endpoint at all.".into())
        }
        Step::Endpoint { name, address, verdict } => {
            let address = if address.is_empty() { String::new() } else { format!(" ({address})") };
            format!("{name}{address}: {}.", judged(verdict, language))
        }
    }
}

fn judged(verdict: &EndpointVerdict, language: Language) -> String {
    let say = |dutch: String, english: String| pick(language, dutch, english);
    let list = |codes: &[String]| if codes.is_empty() { "-".to_owned() } else { codes.join(", ") };
    match verdict {
        EndpointVerdict::Fits => say("bruikbaar".into(), "can be used".into()),
        EndpointVerdict::NotThere => say(
            "genoemd, maar het staat niet (of niet leesbaar) in het adresboek".into(),
            "named, and not (or not readably) in the directory".into(),
        ),
        EndpointVerdict::Status(status) => {
            say(format!("staat uit (status {status})"), format!("is off (status {status})"))
        }
        EndpointVerdict::NotYet(from) => {
            say(format!("geldt pas vanaf {}", moment(*from)), format!("holds from {} only", moment(*from)))
        }
        EndpointVerdict::Over(until) => {
            say(format!("verlopen sinds {}", moment(*until)), format!("over since {}", moment(*until)))
        }
        EndpointVerdict::OtherConnection(codes) => say(
            format!("een ander soort verbinding: {}", list(codes)),
            format!("another connection type: {}", list(codes)),
        ),
        EndpointVerdict::OtherPayload(codes) => {
            say(format!("voor andere gegevens: {}", list(codes)), format!("for other payload types: {}", list(codes)))
        }
        EndpointVerdict::OtherVersion(media) => say(
            format!("spreekt een andere FHIR-versie: {}", list(media)),
            format!("speaks another FHIR version: {}", list(media)),
        ),
        EndpointVerdict::NoVersion => {
            say("zegt niet welke FHIR-versie het spreekt".into(), "does not say which FHIR version it speaks".into())
        }
        EndpointVerdict::Address(AddressUse::NotHttps) => say("geen https".into(), "not https".into()),
        EndpointVerdict::Address(AddressUse::NotPublic) => say(
            "een adres van deze machine of van een privénetwerk".into(),
            "an address of this machine or of a private network".into(),
        ),
        EndpointVerdict::Address(AddressUse::NoAddress | AddressUse::Usable) => {
            say("geen bruikbaar adres".into(), "no address that can be used".into())
        }
    }
}

fn refused(because: RefusedBecause, language: Language) -> String {
    let say = |dutch: &str, english: &str| pick(language, dutch.to_owned(), english.to_owned());
    match because {
        RefusedBecause::ForeignUra => {
            say("dit adresboek mag niet spreken voor dit URA-nummer", "this directory may not speak for this URA")
        }
        RefusedBecause::SeveralUras => say("er staan twee URA-nummers bij", "it has two different URAs"),
        RefusedBecause::MalformedUra => say("het URA-nummer is er geen", "its URA is none"),
        RefusedBecause::Malformed => say("het is niet te lezen", "it cannot be read"),
        RefusedBecause::TooLarge => say("het is te groot", "it is too large"),
    }
}

pub fn conclusion(found: Option<&Found>, none_read: bool, language: Language) -> String {
    let say = |dutch: String, english: String| pick(language, dutch, english);
    match found {
        Some(found) => {
            let (address, name, as_of) = (&found.address, &found.organisation, moment(found.as_of));
            say(
                format!(
                    "Gevonden: {name} op {address}, zoals bekend op {as_of}. Alleen het certificaat van URA {} wordt daar geloofd.",
                    found.ura
                ),
                format!(
                    "Found: {name} at {address}, as known at {as_of}. Only the certificate of URA {} is believed there.",
                    found.ura
                ),
            )
        }
        None if none_read => say(
            "Niet te zeggen: de adresboeken zijn nog niet helemaal gelezen.".into(),
            "Cannot be said: the directories were not read to their end yet.".into(),
        ),
        None => say("Niet gevonden.".into(), "Not found.".into()),
    }
}

/// A directory, how old what is known of it is, and what its last round refused.
pub fn source(state: &SourceState, language: Language) -> String {
    let known = known_of(&state.base, state.complete, state.synchronised, state.fault.as_deref(), language);
    let report = &state.report;
    let changes = pick(
        language,
        format!(
            "laatste ronde: {} nieuw, {} gewijzigd, {} weg; nu geweigerd: {}",
            report.created,
            report.updated,
            report.deleted + report.gone,
            state.refused
        ),
        format!(
            "last round: {} new, {} changed, {} gone; refused now: {}",
            report.created,
            report.updated,
            report.deleted + report.gone,
            state.refused
        ),
    );
    let first = state.refusals.iter().take(3).map(|one| {
        let ura = one.ura.as_ref().map(|ura| format!(", URA {ura}")).unwrap_or_default();
        format!("{}{ura}: {}", one.name, refused(one.because, language))
    });
    let first: Vec<String> = first.collect();
    let refusals = if first.is_empty() { String::new() } else { format!(" ({})", first.join("; ")) };
    format!("{known} {changes}{refusals}.")
}

fn known_of(base: &str, complete: bool, synchronised: Option<i64>, fault: Option<&str>, language: Language) -> String {
    let say = |dutch: String, english: String| pick(language, dutch, english);
    let since = match synchronised {
        Some(at) => moment(at),
        None => say("nooit".into(), "never".into()),
    };
    let fault = fault
        .map(|fault| say(format!(" Nu lukt dat niet ({fault})."), format!(" It cannot be now ({fault}).")))
        .unwrap_or_default();
    match complete {
        true => say(
            format!("Adresboek {base}: laatst bijgewerkt {since}.{fault}"),
            format!("Directory {base}: last synchronised {since}.{fault}"),
        ),
        false => say(
            format!("Adresboek {base}: nog niet helemaal gelezen (laatst bijgewerkt: {since}).{fault}"),
            format!("Directory {base}: not read to its end yet (last synchronised: {since}).{fault}"),
        ),
    }
}
