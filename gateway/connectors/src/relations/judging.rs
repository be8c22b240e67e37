//! What one record of an own source proves: whether it is in force, recent, this organisation's and this professional's. Pure.

use exchange::record::Shortfall;
use fhir::Resource;
use fhir::json::Value;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};

use super::config::{EvidenceKind, KindConfig, Persons};
use super::surroundings::{Asker, Surroundings};

/// Whether the record establishes a relation: how old it is, in whole days, or why it does not.
pub(super) fn judge(
    rule: &KindConfig,
    record: &Resource,
    asker: &Asker<'_>,
    around: &Surroundings,
    today: Date,
) -> Result<u32, Shortfall> {
    let root = record.root();
    let status = in_force(rule.kind, &text(root, "status"))?;
    let age = age(rule, root, status, today)?;
    organisation(rule.kind, root, asker, around)?;
    if rule.persons == Persons::Named && !professionals(rule.kind, root).any(|one| around.is_person(one, asker)) {
        return Err(Shortfall::OtherProfessional);
    }
    Ok(age)
}

/// Whether what it tells of is over.
#[derive(Clone, Copy, PartialEq)]
enum Standing {
    Open,
    Over,
}

/// Reads the status codes of the type; those of STU3 and R4 do not contradict each other. What is not known is not in force.
fn in_force(kind: EvidenceKind, status: &str) -> Result<Standing, Shortfall> {
    use EvidenceKind::{Appointment, CareTeam, Encounter, EpisodeOfCare};
    match (kind, status) {
        (_, "entered-in-error") => Err(Shortfall::EnteredInError),
        (_, "cancelled") => Err(Shortfall::Cancelled),
        (Appointment, "noshow") => Err(Shortfall::NoShow),
        (Appointment, "booked" | "arrived" | "checked-in")
        | (Encounter, "planned" | "arrived" | "triaged" | "in-progress" | "onleave")
        | (EpisodeOfCare, "active" | "onhold")
        | (CareTeam, "active") => Ok(Standing::Open),
        (Appointment, "fulfilled") | (Encounter | EpisodeOfCare, "finished") => Ok(Standing::Over),
        _ => Err(Shortfall::NotInForce),
    }
}

fn age(rule: &KindConfig, root: Value<'_>, standing: Standing, today: Date) -> Result<u32, Shortfall> {
    let (start, end) = match rule.kind {
        EvidenceKind::Appointment => (day(root, "start", Edge::First)?, day(root, "end", Edge::Last)?),
        _ => match root.get("period") {
            Some(period) => (day(period, "start", Edge::First)?, day(period, "end", Edge::Last)?),
            None => (None, None),
        },
    };
    // An appointment, and whatever is over, ends on the day it began when it says no other.
    let closed = rule.kind == EvidenceKind::Appointment || standing == Standing::Over;
    let end = end.or(start.filter(|_| closed));
    let days = |from: Date, to: Date| u32::try_from((to - from).whole_days()).unwrap_or(0);
    match (start, end) {
        (None, None) => Err(Shortfall::Undated),
        (_, Some(end)) if end < today => match days(end, today) {
            age if age > rule.most_days => Err(Shortfall::TooOld),
            age => Ok(age),
        },
        (Some(start), _) if start > today => {
            if days(today, start) > rule.ahead_days {
                Err(Shortfall::TooFarAhead)
            } else {
                Ok(0)
            }
        }
        (Some(start), None) if days(start, today) > rule.open_days => Err(Shortfall::TooOld),
        (Some(_) | None, _) => Ok(0),
    }
}

/// The organisations that the record names must be the asker's, one of them at least. Where it names none it is this
/// provider's own.
fn organisation(
    kind: EvidenceKind,
    root: Value<'_>,
    asker: &Asker<'_>,
    around: &Surroundings,
) -> Result<(), Shortfall> {
    let mut named = organisations(kind, root).peekable();
    let good = if named.peek().is_none() { asker.is_own } else { named.any(|one| around.is_organisation(one, asker)) };
    if good { Ok(()) } else { Err(Shortfall::OtherOrganisation) }
}

/// References to the professionals that the record names.
pub(super) fn professionals(kind: EvidenceKind, root: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let paths: &[&str] = match kind {
        EvidenceKind::Appointment => &[],
        EvidenceKind::Encounter => &["participant.individual"],
        EvidenceKind::EpisodeOfCare => &["careManager"],
        EvidenceKind::CareTeam => &["participant.member"],
    };
    let invited = root.all("participant").into_iter().filter(move |one| {
        // Who declined an appointment is not at it.
        kind == EvidenceKind::Appointment && text(*one, "status") != "declined"
    });
    invited.flat_map(|one| one.all("actor")).chain(paths.iter().flat_map(move |path| root.all(path)))
}

/// References to the organisations that the record names.
pub(super) fn organisations(kind: EvidenceKind, root: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let paths: &[&str] = match kind {
        EvidenceKind::Appointment => &[],
        EvidenceKind::Encounter => &["serviceProvider"],
        EvidenceKind::EpisodeOfCare => &["managingOrganization"],
        EvidenceKind::CareTeam => &["managingOrganization", "participant.onBehalfOf"],
    };
    let members = root.all("participant.member").into_iter().filter(move |one| {
        let reference = text(*one, "reference");
        let organisation = reference.starts_with("Organization/") || reference.contains("/Organization/");
        kind == EvidenceKind::CareTeam && (organisation || text(*one, "type") == "Organization")
    });
    paths.iter().flat_map(move |path| root.all(path)).chain(members)
}

/// Which end of a day, month or year is meant.
#[derive(Clone, Copy)]
enum Edge {
    First,
    Last,
}

/// The day of a date or moment; nothing when there is none.
///
/// # Errors
/// What is there cannot be read: then nobody knows how old it is.
fn day(value: Value<'_>, name: &str, edge: Edge) -> Result<Option<Date>, Shortfall> {
    let Some(found) = value.get(name) else { return Ok(None) };
    let text = found.as_text().unwrap_or_default();
    parse(&text, edge).map(Some).ok_or(Shortfall::Undated)
}

fn parse(text: &str, edge: Edge) -> Option<Date> {
    let of = |text: &str| Date::parse(text, format_description!("[year]-[month]-[day]")).ok();
    match (text.len(), edge) {
        (4, Edge::First) => of(&format!("{text}-01-01")),
        (4, Edge::Last) => of(&format!("{text}-12-31")),
        (7, Edge::First) => of(&format!("{text}-01")),
        (7, Edge::Last) => {
            let first = of(&format!("{text}-01"))?;
            (first + Duration::days(31)).replace_day(1).ok()?.previous_day()
        }
        (10, _) => of(text),
        _ => OffsetDateTime::parse(text, &Rfc3339).ok().map(|moment| moment.to_offset(time::UtcOffset::UTC).date()),
    }
}

fn text(value: Value<'_>, name: &str) -> String {
    value.get(name).and_then(|found| found.as_text()).unwrap_or_default().into_owned()
}
