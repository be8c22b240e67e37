//! Several records told as one: what a machine asked in many small questions for one person is one look at a record.

use std::collections::HashMap;

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::Numbered;
use crate::sentence::{Language, Told, Voice};

/// How long after the last one a record still belongs to the same story.
const TOGETHER: Duration = Duration::minutes(10);

/// What one caller did in one exchange.
#[derive(Clone, Debug)]
pub struct Story {
    /// Indexes of its records in the log, in their order; never empty.
    pub records: Vec<u64>,
    /// When the first and the last one ended; RFC 3339.
    pub from: String,
    pub until: String,
    pub emergency: bool,
    told: Told,
}

impl Story {
    /// The story in plain words.
    pub fn sentence(&self, language: Language, voice: Voice) -> String {
        self.told.say(language, voice)
    }
    /// Who it was, as the sentence begins.
    pub fn asker(&self, language: Language, voice: Voice) -> String {
        self.told.who(language, voice)
    }
    pub fn class(&self) -> crate::Class {
        self.told.class
    }
}

/// Whose story it is.
#[derive(PartialEq, Eq, Hash)]
struct Teller<'r> {
    correlation: &'r str,
    organisation: Option<&'r str>,
    client: Option<&'r str>,
    person: Option<&'r str>,
    patient: Option<&'r fhir::Bsn>,
}

impl<'r> Teller<'r> {
    fn of((_, record): &'r Numbered) -> Self {
        let caller = record.caller.as_ref();
        Teller {
            correlation: &record.correlation_id,
            organisation: caller.map(|caller| caller.organisation.as_str()),
            client: caller.map(|caller| caller.client_id.as_str()),
            person: caller.and_then(|caller| caller.person.as_ref()).map(|person| person.id.as_str()),
            patient: record.patient.as_ref(),
        }
    }
}

/// Folds records (in the order of the log) into stories, in the order of their first records. Only reading is folded,
/// only on the same grounds, and what was granted never with what was refused: every refusal, every change and every
/// emergency access of another exchange stays a line of its own.
pub fn fold(records: &[Numbered]) -> Vec<Story> {
    let mut stories: Vec<(Option<OffsetDateTime>, Story)> = Vec::new();
    let mut of_teller: HashMap<Teller<'_>, Vec<usize>> = HashMap::new();
    for numbered in records {
        let (index, record) = numbered;
        let told = Told::of(record);
        let ended = OffsetDateTime::parse(&record.recorded, &Rfc3339).ok();
        let near = |last: &Option<OffsetDateTime>| match (last, ended) {
            (Some(last), Some(ended)) => ended - *last <= TOGETHER,
            _ => false,
        };
        let reads = told.act.only_reads() && told.class.is_granted();
        let own = of_teller.entry(Teller::of(numbered)).or_default();
        let open = own.iter().rev().copied().find(|at| {
            let story = stories.get(*at);
            reads
                && story.is_some_and(|(last, story)| {
                    near(last) && story.told.act.only_reads() && story.told.stands_with(&told)
                })
        });
        match open.and_then(|at| stories.get_mut(at)) {
            Some((last, story)) => {
                story.told.take_in(&told);
                story.records.push(*index);
                story.until.clone_from(&record.recorded);
                *last = ended;
            }
            None => {
                let story = Story {
                    records: vec![*index],
                    from: record.recorded.clone(),
                    until: record.recorded.clone(),
                    emergency: told.emergency,
                    told,
                };
                own.push(stories.len());
                stories.push((ended, story));
            }
        }
    }
    stories.into_iter().map(|(_, story)| story).collect()
}

#[cfg(test)]
mod tests {
    use exchange::record::AccessRecord;

    use super::*;
    use crate::testing::{record, refused};

    /// At this minute after nine.
    fn at(minute: u8, mut record: AccessRecord) -> AccessRecord {
        record.recorded = format!("2026-11-23T09:{minute:02}:00Z");
        record
    }

    fn folded(records: &[AccessRecord]) -> Vec<Vec<u64>> {
        let numbered: Vec<Numbered> = (0..).zip(records.iter().cloned()).collect();
        fold(&numbered).into_iter().map(|story| story.records).collect()
    }

    #[test]
    fn what_a_machine_reads_for_one_person_in_one_exchange_is_one_line() {
        let records: Vec<Numbered> = (7..)
            .zip([at(0, record("search-type", &[])), at(1, record("$lastn", &[])), at(9, record("read", &[]))])
            .collect();
        let stories = fold(&records);
        assert_eq!(stories.len(), 1);
        let story = &stories[0];
        assert_eq!(story.records, [7, 8, 9]);
        assert_eq!((story.from.as_str(), story.until.as_str()), ("2026-11-23T09:00:00Z", "2026-11-23T09:09:00Z"));
        assert_eq!(
            story.sentence(Language::Dutch, Voice::Patient),
            "Een huisarts van De Linde heeft uw problemen en diagnoses en ook laatste metingen en uitslagen opgevraagd \
             voor uw behandeling. Er is een behandelrelatie vastgesteld. U heeft hiervoor toestemming gegeven. Er zijn 6 \
             gegevens verstrekt."
        );
    }

    #[test]
    fn each_thing_that_differs_keeps_records_apart() {
        let read = || at(0, record("read", &[]));
        let changed = |change: &dyn Fn(&mut AccessRecord)| {
            let mut other = at(1, record("read", &[]));
            change(&mut other);
            folded(&[read(), other])
        };
        let (together, apart) = (vec![vec![0, 1]], vec![vec![0], vec![1]]);
        assert_eq!(changed(&|_| {}), together);
        assert_eq!(changed(&|other| other.request_id = "another".into()), together);
        assert_eq!(changed(&|other| other.correlation_id = "another".into()), apart);
        assert_eq!(changed(&|other| other.caller.as_mut().unwrap().organisation = "90000903".into()), apart);
        assert_eq!(
            changed(&|other| other.caller.as_mut().unwrap().person.as_mut().unwrap().id = "uzi-2".into()),
            apart
        );
        assert_eq!(changed(&|other| other.caller.as_mut().unwrap().person = None), apart);
        assert_eq!(changed(&|other| other.patient = None), apart);
        assert_eq!(changed(&|other| other.patient = fhir::Bsn::parse("900203638").ok()), apart);
        assert_eq!(changed(&|other| other.consent = Some(policy::Finding::Absent)), apart);
        assert_eq!(changed(&|other| other.treatment_relation = None), apart);
        let emergency = exchange::record::EmergencyFacts { reason: "x".into() };
        assert_eq!(changed(&|other| other.emergency = Some(emergency.clone())), apart);
        assert_eq!(changed(&|other| other.recorded = "2026-11-23T09:10:00Z".into()), together);
        assert_eq!(changed(&|other| other.recorded = "2026-11-23T09:10:01Z".into()), apart);
        assert_eq!(changed(&|other| other.recorded = String::new()), apart);
    }

    #[test]
    fn refusals_and_changes_stay_lines_of_their_own() {
        let denied = || at(1, refused("read", 403, "denied: policy"));
        assert_eq!(folded(&[at(0, record("read", &[])), denied(), at(2, record("read", &[]))]), [vec![0, 2], vec![1]]);
        assert_eq!(folded(&[denied(), denied()]), [[0], [1]]);
        let write = || at(1, record("update", &[]));
        assert_eq!(folded(&[write(), write(), at(2, record("read", &[]))]), [[0], [1], [2]]);
    }

    #[test]
    fn a_story_is_as_incomplete_as_its_least_complete_record() {
        let failed = r#"[{"holder":"90000903","status":"failed","disclosed":[],"withheld":0}]"#;
        let records: Vec<Numbered> =
            vec![(0, at(0, record("read", &[]))), (1, at(1, record("search-type", &[("sources", failed)])))];
        let stories = fold(&records);
        assert_eq!(stories.len(), 1);
        assert_eq!(stories[0].class(), crate::Class::Incomplete);
        assert!(stories[0].sentence(Language::English, Voice::Auditor).contains("not complete"));
    }
}
