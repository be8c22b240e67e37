//! Several records told as one: what a machine asked in many small questions for one person is one look at a record.

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
    pub fn class(&self) -> crate::Class {
        self.told.class
    }
}

/// Whose story it is.
#[derive(PartialEq, Eq)]
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
    let mut stories: Vec<(Teller<'_>, Option<OffsetDateTime>, Story)> = Vec::new();
    for numbered in records {
        let (index, record) = numbered;
        let (teller, told) = (Teller::of(numbered), Told::of(record));
        let ended = OffsetDateTime::parse(&record.recorded, &Rfc3339).ok();
        let near = |last: &Option<OffsetDateTime>| match (last, ended) {
            (Some(last), Some(ended)) => ended - *last <= TOGETHER,
            _ => false,
        };
        let foldable = |story: &Story| {
            told.act.only_reads()
                && story.told.act.only_reads()
                && told.class.is_granted()
                && story.told.stands_with(&told)
        };
        let open =
            stories.iter_mut().rev().find(|(whose, last, story)| *whose == teller && near(last) && foldable(story));
        match open {
            Some((_, last, story)) => {
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
                stories.push((teller, ended, story));
            }
        }
    }
    stories.into_iter().map(|(_, _, story)| story).collect()
}
