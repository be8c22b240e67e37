//! A question to the log: a FHIR search on AuditEvent (ITI-81; FHIR R4, auditevent.html), evaluated by the search engine
//! that everything else uses. What an index can narrow down beforehand is told apart ([`Narrowing`]).

use fhir::identifiers::{Reader, systems};
use fhir::json::Value;
use fhir::search::{Filters, SearchFault};
use fhir::{Bsn, FhirVersion, Parameter, Resource, ResourceType, SearchQuery};
use time::{Date, Duration, Month};

use crate::keys::{Field, KeySecret, without_version};

/// Names for the purpose of an event. R4 has no such parameter; R5 has `purpose`.
const PURPOSE: [&str; 2] = ["purpose", "purposeOfEvent"];

/// One search of the log, read whole: what cannot be evaluated is refused by name.
pub struct Question {
    query: SearchQuery,
    filters: Filters,
    /// For each parameter its alternatives: system, when one is named, and code.
    purposes: Vec<Vec<(Option<String>, String)>>,
    /// The one patient whom it is about, whatever the query says.
    patient: Option<Bsn>,
}

impl Question {
    /// Reads a search. Result parameters (`_count`, `_sort` …) are passed over.
    ///
    /// # Errors
    /// A parameter that AuditEvent does not have or that is not evaluated, or a malformed value, by name.
    pub fn read(query: &SearchQuery) -> Result<Question, SearchFault> {
        let audit_event = ResourceType::parse(FhirVersion::R4, "AuditEvent")
            .ok_or_else(|| SearchFault::Unsupported { name: "AuditEvent".to_owned() })?;
        let mut rest = SearchQuery::default();
        let mut purposes = Vec::new();
        for parameter in &query.parameters {
            if PURPOSE.contains(&parameter.name.as_str()) {
                purposes.push(purpose(parameter)?);
            } else {
                rest.parameters.push(parameter.clone());
            }
        }
        let filters = Filters::read(FhirVersion::R4, audit_event, &rest)?;
        Ok(Question { query: query.clone(), filters, purposes, patient: None })
    }

    /// Whether an event is an answer.
    ///
    /// # Errors
    /// A filter that cannot be evaluated on it.
    pub fn accepts(&self, event: &Resource) -> Result<bool, SearchFault> {
        let codings = event.root().all("purposeOfEvent.coding");
        let has = |alternatives: &Vec<(Option<String>, String)>| {
            alternatives.iter().any(|wanted| codings.iter().any(|coding| is(*coding, wanted)))
        };
        Ok(self.is_about_the_patient(event) && self.purposes.iter().all(has) && self.filters.accept(event)?)
    }

    fn is_about_the_patient(&self, event: &Resource) -> bool {
        let Some(bsn) = &self.patient else { return true };
        let wanted = bsn.reveal_to(Reader::AccessLog);
        event.root().all("entity.what.identifier").into_iter().any(|identifier| {
            let text = |name| identifier.get(name).and_then(|value| value.as_text());
            text("system").is_some_and(|system| system == systems::BSN)
                && text("value").is_some_and(|own| own == wanted)
        })
    }

    /// What an index of [`Keys`] can leave out unread.
    pub fn narrowing(&self, secret: &KeySecret) -> Narrowing {
        let mut narrowing = Narrowing::default();
        narrowing.groups.extend(self.patient.iter().map(|bsn| vec![secret.patient(bsn)]));
        for parameter in self.query.parameters.iter().filter(|parameter| parameter.modifier.is_none()) {
            let field = match parameter.name.as_str() {
                "patient.identifier" => {
                    narrowing.groups.extend(patients(parameter, secret));
                    continue;
                }
                "date" | "_lastUpdated" => {
                    narrowing.within(seconds(parameter));
                    continue;
                }
                "_id" => {
                    narrowing.indexes = narrowing.indexes.take().or_else(|| indexes(parameter));
                    continue;
                }
                "entity" => {
                    narrowing.groups.extend(references(parameter, secret));
                    continue;
                }
                "agent.identifier" => Field::Agent,
                "entity.identifier" => Field::Entity,
                "outcome" => Field::Outcome,
                "subtype" => Field::Subtype,
                "type" => Field::Type,
                "action" => Field::Action,
                name if PURPOSE.contains(&name) => Field::Purpose,
                _ => continue,
            };
            let terms = |values: Vec<String>| values.iter().map(|value| secret.term(field, value)).collect();
            narrowing.groups.extend(values(parameter).map(terms));
        }
        narrowing
    }

    /// The same question about one patient only.
    pub fn about(mut self, bsn: &Bsn) -> Question {
        self.patient = Some(bsn.clone());
        self
    }
}

/// Everything that a question may find is within it; what is within it need not be an answer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// Of each group at least one term.
    pub groups: Vec<Vec<u64>>,
    /// First and last second since 1970.
    pub first: Option<i64>,
    pub last: Option<i64>,
    /// One of these places in the log; none: any.
    pub indexes: Option<Vec<u64>>,
}

impl Narrowing {
    fn within(&mut self, (first, last): (Option<i64>, Option<i64>)) {
        self.first = self.first.max(first);
        self.last = match (self.last, last) {
            (Some(own), Some(other)) => Some(own.min(other)),
            (own, other) => own.or(other),
        };
    }
}

impl std::fmt::Debug for Narrowing {
    /// The period: the rest tells of persons.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Narrowing({:?} to {:?})", self.first, self.last)
    }
}

fn purpose(parameter: &Parameter) -> Result<Vec<(Option<String>, String)>, SearchFault> {
    if parameter.modifier.is_some() {
        return Err(SearchFault::Unsupported { name: "purpose with a modifier".to_owned() });
    }
    let read = |text: String| match text.split_once('|') {
        Some((system, code)) => (Some(system.to_owned()), code.to_owned()),
        None => (None, text),
    };
    let wanted: Vec<_> = parameter.alternatives().into_iter().map(read).collect();
    match wanted.iter().all(|(_, code)| !code.is_empty()) {
        true => Ok(wanted),
        false => Err(SearchFault::Value { name: "purpose".to_owned() }),
    }
}

fn is(coding: Value<'_>, (system, code): &(Option<String>, String)) -> bool {
    let text = |name| coding.get(name).and_then(|value| value.as_text());
    text("code").is_some_and(|own| own == code.as_str())
        && system.as_ref().is_none_or(|system| text("system").unwrap_or_default() == system.as_str())
}

/// The values of identifiers, without their systems; nothing when one of them may stand for many.
fn values(parameter: &Parameter) -> Option<Vec<String>> {
    parameter.alternatives().iter().map(|text| value(text)).collect()
}

/// The value of one identifier: nothing for a whole system, and nothing when there are escapes, which are the search
/// engine's to undo.
fn value(text: &str) -> Option<String> {
    let value = text.rsplit('|').next().map(str::trim).filter(|value| !value.is_empty());
    value.filter(|_| !text.contains('\\')).map(str::to_owned)
}

/// The patients of a parameter. What is no BSN is nobody in this log.
fn patients(parameter: &Parameter, secret: &KeySecret) -> Option<Vec<u64>> {
    let bsns = values(parameter)?.into_iter().filter_map(|value| Bsn::parse(&value).ok());
    Some(bsns.map(|bsn| secret.patient(&bsn)).collect())
}

fn indexes(parameter: &Parameter) -> Option<Vec<u64>> {
    let index = |id: String| id.rsplit_once('-').and_then(|(_, index)| index.parse().ok());
    Some(values(parameter)?.into_iter().filter_map(index).collect())
}

/// The references of a parameter; nothing when one of them is not written as `Type/id`.
fn references(parameter: &Parameter, secret: &KeySecret) -> Option<Vec<u64>> {
    let term = |text: &String| {
        let reference = without_version(text);
        let plain = !text.contains(['\\', ':']) && reference.split('/').count() == 2;
        plain.then(|| secret.term(Field::Reference, reference))
    };
    parameter.alternatives().iter().map(term).collect()
}

/// The seconds of the days of a date parameter.
fn seconds(parameter: &Parameter) -> (Option<i64>, Option<i64>) {
    let (first, last) = days(parameter);
    let start = |day: Date| day.midnight().assume_utc().unix_timestamp();
    (first.map(start), last.and_then(Date::next_day).map(start))
}

/// The days of a date parameter, a day wider on both sides: a moment there may be another day here.
fn days(parameter: &Parameter) -> (Option<Date>, Option<Date>) {
    let nothing = (None, None);
    let alternatives = parameter.alternatives();
    let [text] = alternatives.as_slice() else { return nothing };
    let (prefix, rest) = match text.find(|character: char| character.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => return nothing,
    };
    let Some((first, last)) = span(rest) else { return nothing };
    let (first, last) = (first.checked_sub(Duration::DAY), last.checked_add(Duration::DAY));
    match prefix {
        "" | "eq" => (first, last),
        "ge" | "gt" | "sa" => (first, None),
        "le" | "lt" | "eb" => (None, last),
        _ => nothing,
    }
}

/// The first and the last day of a year, a month, a day or a moment.
fn span(text: &str) -> Option<(Date, Date)> {
    let year: i32 = text.get(..4)?.parse().ok()?;
    let month = match text.get(5..7) {
        Some(month) => Month::try_from(month.parse::<u8>().ok()?).ok()?,
        None => {
            let day = |month, day| Date::from_calendar_date(year, month, day).ok();
            return Some((day(Month::January, 1)?, day(Month::December, 31)?));
        }
    };
    match text.get(8..10) {
        Some(day) => {
            let day = Date::from_calendar_date(year, month, day.parse().ok()?).ok()?;
            Some((day, day))
        }
        None => {
            let first = Date::from_calendar_date(year, month, 1).ok()?;
            Some((first, Date::from_calendar_date(year, month, month.length(year)).ok()?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at_the_user, record, refused};
    use crate::{Keys, event, keys};

    fn question(query: &str) -> Result<Question, SearchFault> {
        Question::read(&SearchQuery::parse(query).unwrap())
    }

    #[test]
    fn every_parameter_of_the_audit_consumer_finds_and_passes_over() {
        let secret = KeySecret::new(&[7; 32]);
        let denied = refused("search-type", 403, "denied: policy");
        let other = record("read", &[("patient", r#""900203638""#), ("recorded", r#""2026-11-25T23:30:00Z""#)]);
        let broken_glass = record("read", &[("emergency", r#"{"reason":"Unconscious."}"#)]);
        let log = [record("search-type", &[]), denied, at_the_user(record("$lastn", &[])), other, broken_glass];
        let ura = "http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fura%7C";
        for (query, expected) in [
            ("", vec![0, 1, 2, 3, 4]),
            ("_id=90000901-1", vec![1]),
            ("_id=90000901-1,90000902-2", vec![1, 2]),
            ("_lastUpdated=ge2026-11-24", vec![3]),
            ("date=2026-11-23", vec![0, 1, 2, 4]),
            ("date=2026-11", vec![0, 1, 2, 3, 4]),
            ("date=lt2026-11-24T00:00:00Z", vec![0, 1, 2, 4]),
            ("date=ge2026-11-26T00:00:00%2B01:00", vec![3]),
            ("date=ge2026-11-24&date=le2026-11-24", vec![]),
            ("address=192.0.2.7", vec![0, 1, 2, 3, 4]),
            ("address=192.0.2.8", vec![]),
            ("agent.identifier=uzi-1", vec![0, 1, 2, 3, 4]),
            ("agent.identifier=uzi-2", vec![]),
            ("agent.identifier=uzi%5C-1,%20uzi-2", vec![0, 1, 2, 3, 4]),
            (&format!("agent.identifier={ura}"), vec![0, 1, 2, 3, 4]),
            ("agent.identifier=node-of-de-linde", vec![0, 1, 2, 3, 4]),
            (&format!("agent.identifier={ura}90000902"), vec![0, 1, 2, 3, 4]),
            ("patient.identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C900203638", vec![3]),
            ("patient.identifier=999911120", vec![0, 1, 2, 4]),
            ("patient.identifier=%20999911120%20,1", vec![0, 1, 2, 4]),
            ("patient.identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C", vec![0, 1, 2, 3, 4]),
            ("patient.identifier=http%3A%2F%2Fother.example%7C999911120", vec![]),
            ("patient.identifier=uzi-1", vec![]),
            ("entity.identifier=correlation-1", vec![0, 1, 2, 3, 4]),
            ("entity.identifier=consent-9", vec![]),
            ("entity=Condition%2Fc2", vec![0, 2, 3, 4]),
            ("entity-type=http%3A%2F%2Fhl7.org%2Ffhir%2Fresource-types%7CConsent&_id=90000901-0", vec![0]),
            ("entity-role=24", vec![0, 1, 2]),
            (&format!("source.identifier={ura}90000902"), vec![2]),
            ("type=rest", vec![0, 1, 3, 4]),
            ("subtype=search-type", vec![0, 1]),
            ("subtype=read", vec![3, 4]),
            ("action=E", vec![0, 1]),
            ("outcome=8", vec![1]),
            ("outcome:not=0", vec![1]),
            ("purpose=TREAT", vec![0, 1, 2, 3, 4]),
            ("purpose=BTG", vec![4]),
            ("purposeOfEvent=http%3A%2F%2Fterminology.hl7.org%2FCodeSystem%2Fv3-ActReason%7CBTG,x", vec![4]),
            ("purpose=%7CBTG", vec![]),
            ("policy=ni:///sha-256;q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s", vec![0, 1, 2, 3, 4]),
            ("policy=ni:///sha-256;x", vec![]),
            ("agent-name=vries&outcome=8", vec![]),
            ("agent-name=A.&outcome=8", vec![1]),
            ("agent-role=01.015&_count=3&_sort=-date", vec![0, 1, 2, 3, 4]),
        ] {
            let question = question(query).unwrap();
            let narrowing = question.narrowing(&secret);
            let mut found = Vec::new();
            for (index, record) in log.iter().enumerate() {
                let index = u64::try_from(index).unwrap();
                if question.accepts(&event(record, index)).unwrap() {
                    found.push(index);
                    assert!(admits(&narrowing, index, &keys(record, &secret)), "{query} leaves {index} out unread");
                }
            }
            assert_eq!(found, expected, "{query}");
        }
    }

    #[test]
    fn what_is_not_evaluated_is_refused_by_name() {
        for (query, named) in [
            ("nonsense=1", "nonsense"),
            ("date=yesterday", "date"),
            ("purpose=", "purpose"),
            ("purpose:not=BTG", "purpose"),
            ("_text=x", "_text"),
        ] {
            let fault = question(query).err().unwrap().to_string();
            assert!(fault.contains(named), "{query}: {fault}");
        }
    }

    /// Whether an index that keeps these keys would let the record be read.
    fn admits(narrowing: &Narrowing, index: u64, keys: &Keys) -> bool {
        narrowing.groups.iter().all(|group| group.iter().any(|term| keys.terms.contains(term)))
            && narrowing.indexes.as_ref().is_none_or(|wanted| wanted.contains(&index))
            && keys.second.is_none_or(|second| {
                narrowing.first.is_none_or(|first| first <= second) && narrowing.last.is_none_or(|last| second <= last)
            })
    }

    #[test]
    fn an_index_is_narrowed_by_what_is_asked() {
        let secret = KeySecret::new(&[7; 32]);
        let own = keys(&record("read", &[]), &secret);
        let other = keys(&record("search-type", &[("patient", r#""900203638""#)]), &secret);
        let admitted =
            |query: &str, index, keys: &Keys| admits(&question(query).unwrap().narrowing(&secret), index, keys);
        for (query, expected) in [
            ("patient.identifier=999911120", [true, false]),
            ("patient.identifier=900203638", [false, true]),
            ("patient.identifier=900203638,999911120", [true, true]),
            ("patient.identifier=1", [false, false]),
            ("agent.identifier=x%7Cuzi-1", [true, true]),
            ("agent.identifier=uzi-2", [false, false]),
            ("entity.identifier=correlation-1", [true, true]),
            ("entity.identifier=correlation-2", [false, false]),
            ("subtype=read", [true, false]),
            ("action=E", [false, true]),
            ("outcome=8", [false, false]),
            ("purpose=BTG", [false, false]),
            ("entity=Condition%2Fc9", [false, false]),
            ("entity=c1", [true, true]),
            ("outcome:not=0", [true, true]),
            ("date=2026-11-24", [true, true]),
            ("date=2026-11-25", [false, false]),
            ("date=le2026-11-21", [false, false]),
            ("date=ne2026-11-01", [true, true]),
            ("date=2025", [false, false]),
            ("_id=90000901-5", [false, false]),
            ("_id=90000901-4", [true, true]),
        ] {
            assert_eq!([admitted(query, 4, &own), admitted(query, 4, &other)], expected, "{query}");
        }
    }

    #[test]
    fn a_question_about_one_patient_is_about_that_patient_only() {
        let secret = KeySecret::new(&[7; 32]);
        let question = question("").unwrap().about(&Bsn::parse("900203638").unwrap());
        let (own, other) = (record("read", &[]), record("read", &[("patient", r#""900203638""#)]));
        assert!(!question.accepts(&event(&own, 0)).unwrap() && question.accepts(&event(&other, 0)).unwrap());
        assert!(!admits(&question.narrowing(&secret), 0, &keys(&own, &secret)));
        assert!(admits(&question.narrowing(&secret), 0, &keys(&other, &secret)));
    }

    #[test]
    fn terms_depend_on_the_secret_and_debug_tells_of_nobody() {
        let record = record("read", &[]);
        let (one, other) = (KeySecret::new(&[7; 32]), KeySecret::new(&[8; 32]));
        assert_eq!(keys(&record, &one), keys(&record, &one));
        assert!(keys(&record, &one).terms.iter().all(|term| !keys(&record, &other).terms.contains(term)));
        assert_ne!(one.stamp(), other.stamp());
        let narrowing = question("patient.identifier=999911120&agent.identifier=uzi-1").unwrap().narrowing(&one);
        let shown = format!("{:?} {narrowing:?}", one);
        assert!(!shown.contains("9999") && !shown.contains("uzi-1") && !shown.contains("9000"), "{shown}");
    }
}
