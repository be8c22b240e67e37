//! Which records are meant: by patient, person, organisation, time, outcome and correlation. A BSN never stands on a
//! command line, where every user of the machine can read it and the shell remembers it: it comes from a file or from
//! standard input.

use std::io::Read;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fhir::Bsn;
use fhir::identifiers::Reader;
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

#[derive(Args, Default)]
pub struct Period {
    /// Records of exchanges that started then or later: RFC 3339, or a date (its beginning in UTC).
    #[arg(long, value_parser = moment)]
    pub from: Option<OffsetDateTime>,
    /// Records of exchanges that started before: RFC 3339, or a date (its beginning in UTC).
    #[arg(long, value_parser = moment)]
    pub until: Option<OffsetDateTime>,
}

#[derive(Args, Default)]
pub struct FilterOptions {
    #[command(flatten)]
    pub period: Period,
    /// A file with the patient's BSN and nothing else.
    #[arg(long, conflicts_with = "patient_stdin")]
    pub patient_file: Option<PathBuf>,
    /// Reads the patient's BSN from standard input.
    #[arg(long)]
    pub patient_stdin: bool,
    /// URA of the organisation that asked.
    #[arg(long)]
    pub organisation: Option<String>,
    /// Id of the person who asked, as in the record.
    #[arg(long)]
    pub person: Option<String>,
    /// How it ended.
    #[arg(long)]
    pub result: Option<Ending>,
    /// The id that joins the records of both sides of an exchange.
    #[arg(long)]
    pub correlation_id: Option<String>,
}

/// How an exchange can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ending {
    Released,
    NotModified,
    Decided,
    Refused,
    Interrupted,
}

/// A filter with everything at hand.
#[derive(Default)]
pub struct Filter<'o> {
    from: Option<OffsetDateTime>,
    until: Option<OffsetDateTime>,
    patient: Option<Bsn>,
    /// Places in the record and what must stand there.
    texts: Vec<(&'static str, &'o str)>,
}

/// Longest text that can be a BSN and white space around it.
const LONGEST_BSN: u64 = 64;

impl<'o> Filter<'o> {
    /// # Errors
    /// When the BSN cannot be read, or is none. The error does not repeat it.
    pub fn new(options: &'o FilterOptions, input: impl Read) -> Result<Self, String> {
        let patient = match &options.patient_file {
            Some(file) => {
                let opened = std::fs::File::open(file).map_err(|fault| format!("{}: {fault}", file.display()))?;
                Some(bsn(opened)?)
            }
            None if options.patient_stdin => Some(bsn(input)?),
            None => None,
        };
        let ending = options.result.map(|ending| match ending {
            Ending::Released => "released",
            Ending::NotModified => "not-modified",
            Ending::Decided => "decided",
            Ending::Refused => "refused",
            Ending::Interrupted => "interrupted",
        });
        let texts = [
            ("/caller/organisation", options.organisation.as_deref()),
            ("/caller/person/id", options.person.as_deref()),
            ("/outcome/result", ending),
            ("/correlation_id", options.correlation_id.as_deref()),
        ];
        let texts = texts.into_iter().filter_map(|(place, text)| Some((place, text?))).collect();
        Ok(Filter { patient, texts, ..Filter::during(&options.period) })
    }

    pub fn during(period: &Period) -> Self {
        Filter { from: period.from, until: period.until, ..Filter::default() }
    }

    /// Whether everything is meant, so that records need not be looked into.
    pub fn is_open(&self) -> bool {
        self.from.is_none() && self.until.is_none() && self.patient.is_none() && self.texts.is_empty()
    }

    pub fn takes(&self, record: &Value) -> bool {
        let text = |place: &str| record.pointer(place).and_then(Value::as_str);
        self.texts.iter().all(|(place, wanted)| text(place) == Some(wanted))
            && self.patient.as_ref().is_none_or(|bsn| text("/patient") == Some(bsn.reveal_to(Reader::AccessLog)))
            && self.is_during(text("/started"))
    }

    fn is_during(&self, started: Option<&str>) -> bool {
        if self.from.is_none() && self.until.is_none() {
            return true;
        }
        let Some(started) = started.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok()) else { return false };
        self.from.is_none_or(|from| started >= from) && self.until.is_none_or(|until| started < until)
    }
}

fn bsn(from: impl Read) -> Result<Bsn, String> {
    let mut text = String::new();
    from.take(LONGEST_BSN).read_to_string(&mut text).map_err(|_| "the patient's BSN cannot be read")?;
    Bsn::parse(text.trim()).map_err(|_| "what was given as the patient's BSN is none".into())
}

fn moment(text: &str) -> Result<OffsetDateTime, String> {
    let date =
        || Date::parse(text, format_description!("[year]-[month]-[day]")).map(|date| date.midnight().assume_utc());
    OffsetDateTime::parse(text, &Rfc3339).or_else(|_| date()).map_err(|_| "neither RFC 3339 nor a date".into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options(change: impl FnOnce(&mut FilterOptions)) -> FilterOptions {
        let mut options = FilterOptions::default();
        change(&mut options);
        options
    }

    #[test]
    fn each_filter_takes_what_fits_and_leaves_the_rest() {
        let record = json!({
            "started": "2026-11-02T10:00:00Z", "correlation_id": "c-1", "patient": "999911120",
            "caller": {"organisation": "90010002", "person": {"id": "vanloon"}}, "outcome": {"result": "refused"}
        });
        let set = |change: fn(&mut FilterOptions, &str), value: &str| options(|options| change(options, value));
        let time = |text: &str| Some(moment(text).unwrap());
        type Case = (fn(&mut FilterOptions, &str), &'static [&'static str], &'static [&'static str]);
        let cases: [Case; 4] = [
            (|options, text| options.organisation = Some(text.into()), &["90010002"], &["90010001", ""]),
            (|options, text| options.person = Some(text.into()), &["vanloon"], &["vanloo", "VANLOON"]),
            (|options, text| options.correlation_id = Some(text.into()), &["c-1"], &["c-2"]),
            (|options, text| options.result = Ending::from_str(text, false).ok(), &["refused"], &["released"]),
        ];
        for (change, good, bad) in cases {
            for text in good {
                assert!(Filter::new(&set(change, text), &b""[..]).unwrap().takes(&record), "{text}");
                assert!(!Filter::new(&set(change, text), &b""[..]).unwrap().takes(&json!({})), "{text}");
            }
            for text in bad {
                assert!(!Filter::new(&set(change, text), &b""[..]).unwrap().takes(&record), "{text}");
            }
        }
        for (from, until, fits) in [
            ("2026-11-02", "2026-11-03", true),
            ("2026-11-02T10:00:00Z", "2026-11-02T10:00:01Z", true),
            ("2026-11-02T11:30:00+02:00", "2026-11-03", true),
            ("2026-11-01", "2026-11-02T10:00:00Z", false),
            ("2026-11-02T10:00:01Z", "2026-11-03", false),
        ] {
            let period = Period { from: time(from), until: time(until) };
            assert_eq!(Filter::during(&period).takes(&record), fits, "{from} {until}");
        }
        let asked = options(|options| options.patient_stdin = true);
        assert!(Filter::new(&asked, &b"999911120\n"[..]).unwrap().takes(&record));
        assert!(!Filter::new(&asked, &b"999990019"[..]).is_ok_and(|filter| filter.takes(&record)));
        let fault = Filter::new(&asked, &b"999911121"[..]).err().unwrap();
        assert!(!fault.contains("9999"), "{fault}");
    }
}
