//! Unusual patterns in a window of records, each with its reason. A hint accuses nobody: it says what to look at.
//!
//! Left out, because the facts are not in the log: a person who looks into the record of somebody with the same surname
//! or address, or of a colleague or themselves (it takes a register of persons), and public holidays.

mod hours;

use std::collections::{BTreeMap, BTreeSet};

use exchange::record::AccessRecord;
use fhir::Bsn;
use policy::{Finding, NotFoundOut};
use time::{Duration, OffsetDateTime};

use crate::Numbered;
use crate::class::Class;
use crate::keys::moment;
use crate::sentence::Language;

pub use hours::{WorkingHours, in_amsterdam};

/// What is unusual here. The provider knows what is usual.
#[derive(Clone, Debug)]
pub struct HintRules {
    /// So many different patients by one person…
    pub many_patients: usize,
    /// …within this time.
    pub many_patients_within: Duration,
    pub working_hours: WorkingHours,
    /// UZI roles that work at any hour.
    pub at_any_hour: BTreeSet<String>,
    /// So many refused attempts by one caller…
    pub refused: usize,
    /// …within this time.
    pub refused_within: Duration,
}

impl Default for HintRules {
    fn default() -> Self {
        HintRules {
            many_patients: 50,
            many_patients_within: Duration::DAY,
            working_hours: WorkingHours { from: 7, until: 19, weekend: false },
            at_any_hour: BTreeSet::new(),
            refused: 5,
            refused_within: Duration::minutes(10),
        }
    }
}

/// What is unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pattern {
    ManyPatients,
    OutsideWorkingHours,
    RefusedInSeries,
    WithoutTreatmentRelation,
}

/// Something to look at. Debug names nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Hint {
    pub pattern: Pattern,
    /// URA, when the caller was identified.
    pub organisation: Option<String>,
    pub person: Option<String>,
    /// Indexes of the records that it is about, in order; never empty.
    pub records: Vec<u64>,
    /// How many patients, accesses or attempts it is about.
    pub count: usize,
    within: Duration,
}

impl Hint {
    /// Why this is a hint.
    pub fn reason(&self, language: Language) -> String {
        let (count, within) = (self.count, duration(self.within, language));
        match (self.pattern, language) {
            (Pattern::ManyPatients, Language::Dutch) => {
                format!("Eén persoon heeft binnen {within} de gegevens van {count} patiënten opgevraagd.")
            }
            (Pattern::ManyPatients, Language::English) => {
                format!("One person asked for the data of {count} patients within {within}.")
            }
            (Pattern::OutsideWorkingHours, Language::Dutch) => {
                format!("Een persoon heeft {count} keer buiten werktijd gegevens opgevraagd.")
            }
            (Pattern::OutsideWorkingHours, Language::English) => {
                format!("A person asked for data outside working hours, {count} times.")
            }
            (Pattern::RefusedInSeries, Language::Dutch) => {
                format!("Van dezelfde vrager zijn binnen {within} {count} pogingen geweigerd.")
            }
            (Pattern::RefusedInSeries, Language::English) => {
                format!("{count} attempts of the same caller were refused within {within}.")
            }
            (Pattern::WithoutTreatmentRelation, Language::Dutch) => {
                format!("Er zijn {count} keer gegevens verstrekt zonder dat een behandelrelatie is vastgesteld.")
            }
            (Pattern::WithoutTreatmentRelation, Language::English) => {
                format!("Data was provided {count} times without an established treatment relation.")
            }
        }
    }
}

impl std::fmt::Debug for Hint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hint({:?}, {} in {:?})", self.pattern, self.count, self.records)
    }
}

/// The hints in a window of records, in the order of the log; one per caller and pattern.
pub fn hints(records: &[Numbered], rules: &HintRules) -> Vec<Hint> {
    let looked: Vec<Looked<'_>> = records.iter().filter_map(Looked::at).collect();
    let mut found = BTreeMap::new();
    for (who, own) in by(&looked, Looked::person) {
        add(&mut found, who.clone(), Pattern::ManyPatients, many_patients(&own, rules), rules.many_patients_within);
        add(&mut found, who, Pattern::OutsideWorkingHours, outside_hours(&own, rules), Duration::ZERO);
    }
    for (who, own) in by(&looked, Looked::caller) {
        add(&mut found, who.clone(), Pattern::RefusedInSeries, refused_in_series(&own, rules), rules.refused_within);
        add(&mut found, who, Pattern::WithoutTreatmentRelation, without_relation(&own), Duration::ZERO);
    }
    let mut hints: Vec<Hint> = found.into_values().collect();
    hints.sort_by(|a, b| a.records.cmp(&b.records));
    hints
}

/// A caller: organisation and person, or what else tells callers apart.
type Who<'r> = (Option<&'r str>, Option<&'r str>, Option<String>);

struct Looked<'r> {
    index: u64,
    at: OffsetDateTime,
    record: &'r AccessRecord,
    class: Class,
}

impl<'r> Looked<'r> {
    fn at((index, record): &'r Numbered) -> Option<Self> {
        Some(Looked { index: *index, at: moment(&record.recorded)?, record, class: Class::of(record) })
    }

    /// The person who asked; a machine that asks for nobody is none.
    fn person(&self) -> Option<Who<'r>> {
        let caller = self.record.caller.as_ref()?;
        Some((Some(&caller.organisation), Some(&caller.person.as_ref()?.id), None))
    }

    /// Whoever asked, also when that is not known: then by where from.
    fn caller(&self) -> Option<Who<'r>> {
        Some(match &self.record.caller {
            Some(caller) => {
                let person = caller.person.as_ref().map(|person| person.id.as_str());
                let client = person.is_none().then(|| caller.client_id.clone());
                (Some(caller.organisation.as_str()), person, client)
            }
            None => (None, None, Some(self.record.remote?.to_string())),
        })
    }
}

fn by<'l, 'r>(
    looked: &'l [Looked<'r>],
    who: impl Fn(&Looked<'r>) -> Option<Who<'r>>,
) -> Vec<(Who<'r>, Vec<&'l Looked<'r>>)> {
    let mut groups: BTreeMap<Who<'r>, Vec<&Looked<'r>>> = BTreeMap::new();
    for one in looked {
        if let Some(who) = who(one) {
            groups.entry(who).or_default().push(one);
        }
    }
    groups.into_iter().collect()
}

fn add<'r>(
    found: &mut BTreeMap<(Pattern, Who<'r>), Hint>,
    who: Who<'r>,
    pattern: Pattern,
    what: Option<(Vec<u64>, usize)>,
    within: Duration,
) {
    if let Some((records, count)) = what {
        let (organisation, person) = (who.0.map(str::to_owned), who.1.map(str::to_owned));
        found.insert((pattern, who), Hint { pattern, organisation, person, records, count, within });
    }
}

/// The widest window that ends at some record: its first record, then where most different patients are.
fn many_patients(own: &[&Looked<'_>], rules: &HintRules) -> Option<(Vec<u64>, usize)> {
    let about: Vec<(&Looked<'_>, &Bsn)> =
        own.iter().filter_map(|one| Some((*one, one.record.patient.as_ref()?))).collect();
    let (mut first, mut counts) = (0, BTreeMap::<&Bsn, usize>::new());
    let mut most: Option<(usize, usize, usize)> = None;
    for (last, (one, patient)) in about.iter().enumerate() {
        *counts.entry(patient).or_default() += 1;
        while let Some((oldest, passed)) =
            about.get(first).filter(|(old, _)| one.at - old.at > rules.many_patients_within)
        {
            debug_assert!(oldest.at <= one.at, "records come in the order of the log");
            if let Some(left) = counts.get_mut(passed) {
                *left -= 1;
                if *left == 0 {
                    counts.remove(passed);
                }
            }
            first += 1;
        }
        if counts.len() >= rules.many_patients.max(1) && most.is_none_or(|(count, _, _)| counts.len() > count) {
            most = Some((counts.len(), first, last));
        }
    }
    let (count, first, last) = most?;
    Some((about.get(first..=last)?.iter().map(|(one, _)| one.index).collect(), count))
}

fn outside_hours(own: &[&Looked<'_>], rules: &HintRules) -> Option<(Vec<u64>, usize)> {
    let role =
        |record: &AccessRecord| record.caller.as_ref().and_then(|caller| Some(caller.person.as_ref()?.role.clone()));
    let outside = |one: &&&Looked<'_>| {
        one.record.patient.is_some()
            && !rules.working_hours.hold(one.at)
            && role(one.record).is_none_or(|role| !rules.at_any_hour.contains(&role))
    };
    some(own.iter().filter(outside).map(|one| one.index).collect())
}

/// Everyone may err; who errs again and again is trying.
fn refused_in_series(own: &[&Looked<'_>], rules: &HintRules) -> Option<(Vec<u64>, usize)> {
    let refused: Vec<&&Looked<'_>> =
        own.iter().filter(|one| matches!(one.class, Class::Denied | Class::Unidentified)).collect();
    let wanted = rules.refused.max(1);
    let series = |window: &&[&&Looked<'_>]| match (window.first(), window.last()) {
        (Some(first), Some(last)) => last.at - first.at <= rules.refused_within,
        _ => false,
    };
    let within: BTreeSet<u64> = refused.windows(wanted).filter(series).flatten().map(|one| one.index).collect();
    some(within.into_iter().collect())
}

/// Where the exchange needs none, none was looked for: that is no hint.
fn without_relation(own: &[&Looked<'_>]) -> Option<(Vec<u64>, usize)> {
    let without = |one: &&&Looked<'_>| {
        let gave = one.record.sources.iter().any(|source| !source.disclosed.is_empty());
        let found = match &one.record.treatment_relation {
            Some(Finding::Found(_) | Finding::NotFoundOut(NotFoundOut::NotAsked)) => true,
            Some(Finding::Absent | Finding::NotFoundOut(_)) | None => false,
        };
        one.record.patient.is_some() && one.class.is_granted() && gave && !found
    };
    some(own.iter().filter(without).map(|one| one.index).collect())
}

fn some(records: Vec<u64>) -> Option<(Vec<u64>, usize)> {
    let count = records.len();
    (count > 0).then_some((records, count))
}

/// In the largest unit that says it exactly.
fn duration(span: Duration, language: Language) -> String {
    let (hours, minutes) = (span.whole_hours(), span.whole_minutes());
    let whole_hours = hours > 0 && minutes == hours * 60;
    match (whole_hours, language) {
        (true, Language::Dutch) => format!("{hours} uur"),
        (true, Language::English) if hours == 1 => "1 hour".to_owned(),
        (true, Language::English) => format!("{hours} hours"),
        (false, Language::Dutch) if minutes == 1 => "1 minuut".to_owned(),
        (false, Language::Dutch) => format!("{minutes} minuten"),
        (false, Language::English) if minutes == 1 => "1 minute".to_owned(),
        (false, Language::English) => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests;
