//! How well this provider's own data keeps to its profiles: per source and profile how much was looked at, and which
//! elements fall short. For whoever has to mend it at the source; there is nothing of a patient in it.

use maud::{Markup, html};
use validation::{FindingCode, Severity};

use super::{Frame, frame};
use crate::words::counted;

/// What was measured since the node started.
#[derive(Clone, Debug, Default)]
pub struct DataQuality {
    /// One in so many released resources is looked at.
    pub one_in: u32,
    /// How many profiles are known.
    pub profiles: usize,
    /// Resources of the sample that were not looked at, and counts that found no place.
    pub passed_over: u64,
    /// Sources with what was looked at of each.
    pub sources: Vec<SourceQuality>,
}

/// One source of our own.
#[derive(Clone, Debug)]
pub struct SourceQuality {
    pub name: String,
    pub subjects: Vec<SubjectQuality>,
}

/// What resources of a source were held against.
#[derive(Clone, Debug)]
pub struct SubjectQuality {
    pub subject: Subject,
    pub checked: u64,
    pub clean: u64,
    /// The elements that fall short, most often first.
    pub shortcomings: Vec<Shortcoming>,
    /// Shortcomings besides these that found no place.
    pub others: u64,
}

#[derive(Clone, Debug)]
pub enum Subject {
    /// What the national test scripts ask of every answer.
    Answers,
    Profile {
        title: String,
        canonical: String,
    },
    /// Resources of this type that claim no profile.
    NoClaim(&'static str),
    /// Resources of this type that claim only profiles that are not known.
    Unknown(&'static str),
}

/// One element and how it falls short.
#[derive(Clone, Debug)]
pub struct Shortcoming {
    pub element: String,
    pub code: FindingCode,
    pub severity: Severity,
    pub times: u64,
}

/// `measured` is none when the node does not measure.
pub(crate) fn quality(around: &Frame<'_>, measured: Option<&DataQuality>) -> Markup {
    let body = html! {
        h1 { "Gegevenskwaliteit" }
        p.lead {
            "Hoe de gegevens uit onze eigen bronnen zich verhouden tot de profielen waaraan zij zeggen te voldoen. "
            "Er staan geen gegevens van patiënten in, en er wordt niets om tegengehouden."
        }
        @match measured {
            None => p.hint { "Deze node meet de gegevenskwaliteit niet." },
            Some(measured) => {
                (sample(measured))
                @if measured.sources.is_empty() {
                    section.section { p.empty { "Er is nog niets bekeken." } }
                }
                div.content { @for source in &measured.sources { (of_source(source)) } }
            },
        }
    };
    frame(around, "Gegevenskwaliteit", &body)
}

fn sample(measured: &DataQuality) -> Markup {
    html! {
        p.hint {
            "Geteld sinds de start van de node, aan de hand van " (measured.profiles) " profielen. "
            @if measured.one_in > 1 { "Van elke " (measured.one_in) " verstrekte gegevens wordt er één bekeken. " }
            @else { "Alle verstrekte gegevens worden bekeken. " }
            @if measured.passed_over > 0 { "Overgeslagen wegens drukte of omvang: " (measured.passed_over) "." }
        }
    }
}

fn of_source(source: &SourceQuality) -> Markup {
    html! {
        section.section {
            h2 { (source.name) }
            @for subject in &source.subjects { (of_subject(subject)) }
        }
    }
}

fn of_subject(subject: &SubjectQuality) -> Markup {
    let judged = matches!(subject.subject, Subject::Answers | Subject::Profile { .. });
    html! {
        div.group {
            div.head {
                h3 { (title(&subject.subject)) }
                @if let Subject::Profile { canonical, .. } = &subject.subject { code.kind { (canonical) } }
            }
            // The colour of care only where there is something to care about.
            p.qualified[!subject.shortcomings.is_empty()] {
                (bekeken(subject.checked))
                @if judged { ", waarvan " (subject.clean) " zonder fouten (" (percentage(subject.clean, subject.checked)) ")" }
                "."
            }
            @if !subject.shortcomings.is_empty() {
                details {
                    summary { (counted(subject.shortcomings.len(), "veld schiet tekort", "velden schieten tekort")) }
                    table {
                        thead { tr {
                            th scope="col" { "Veld" }
                            th scope="col" { "Wat" }
                            th.number scope="col" { "Keer" }
                        } }
                        tbody {
                            @for shortcoming in &subject.shortcomings {
                                tr {
                                    th scope="row" { code { (shortcoming.element) } }
                                    td { (what(shortcoming.code)) @if shortcoming.severity < Severity::Error { " (waarschuwing)" } }
                                    td.number { (shortcoming.times) }
                                }
                            }
                        }
                    }
                    @if subject.others > 0 { p.hint { "En nog " (subject.others) " keer in andere velden." } }
                }
            }
        }
    }
}

fn title(subject: &Subject) -> Markup {
    html! {
        @match subject {
            Subject::Answers => "Landelijke eisen aan elk antwoord",
            Subject::Profile { title, .. } => (title),
            Subject::NoClaim(kind) => { (kind) ": noemt geen profiel" },
            Subject::Unknown(kind) => { (kind) ": noemt alleen profielen die hier niet bekend zijn" },
        }
    }
}

fn bekeken(checked: u64) -> String {
    format!("{checked} bekeken")
}

/// Rounded down: only all of them are a hundred per cent.
fn percentage(part: u64, whole: u64) -> String {
    format!("{}%", part.saturating_mul(100).checked_div(whole).unwrap_or(0))
}

/// How an element falls short, in words.
fn what(code: FindingCode) -> &'static str {
    match code {
        FindingCode::Structure => "bestaat niet of heeft de verkeerde vorm",
        FindingCode::Value => "waarde is niet geschreven zoals het type vraagt",
        FindingCode::Missing => "ontbreekt",
        FindingCode::TooMany => "komt te vaak voor",
        FindingCode::Type => "heeft een type dat hier niet mag",
        FindingCode::Fixed => "heeft niet de vaste waarde of code",
        FindingCode::Code => "code staat niet in de codelijst",
        FindingCode::Slice => "past in geen van de toegestane onderdelen",
        FindingCode::Reference => "verwijst naar iets anders dan mag, of naar niets",
        FindingCode::Extension => "extensie is hier niet bekend",
        FindingCode::Invariant => "voldoet niet aan een regel van het profiel",
        FindingCode::UnknownProfile => "noemt een profiel dat hier niet bekend is",
        FindingCode::TooLarge => "te omvangrijk om helemaal na te gaan",
    }
}
