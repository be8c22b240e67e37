//! The lists themselves: every request that the guides prescribe, as written there, for every patient of the fixtures.
//! The scripts ask most of them; what no script asks is asked from here.
//!
//! Where the counts come from is said with each question: from the script that asks the same of the same patient, from
//! the published table of expected results, or from a plain evaluation of the fixtures.

use std::collections::{BTreeMap, BTreeSet};

use super::BSN_SYSTEM;
use super::fixtures::{Fixtures, filled_in};
use super::plain::evaluated;
use super::questions::{Basis, Form, Question, Set, identifier, names_the_patient, taken_apart};

/// `{B}` is the patient's identifier, `SCT` and `LNC` are SNOMED CT and LOINC.
const BGZ_20: &str = include_str!("lists/bgz-msz-2.0.txt");

const BGZ_122: &str = include_str!("lists/bgz-msz-1.2.2.txt");

/// As they stand in the inputs of a Task: the token says who the patient is.
const TASK_INPUT: &str = include_str!("lists/task-input.txt");

/// The patient of the retrieval tests of medication.
const MEDICATION_PATIENT: &str = "999901084";

/// A building block: its category, and what is included beside the medication and the patient.
struct Block {
    name: &'static str,
    kind: &'static str,
    category: &'static str,
    includes: &'static [&'static str],
    /// The search parameter of its time.
    time: &'static str,
    /// Filter, and the expected counts of the block and of Medication in the published table. Without counts the
    /// table does not have the row.
    filters: &'static [(&'static str, Option<(usize, usize)>)],
}

const PRK: &str = "medication.code=urn:oid:2.16.840.1.113883.2.4.4.10|3956";

/// For medication agreements, administration agreements and medication use.
const AGREEMENTS: &[(&str, Option<(usize, usize)>)] = &[
    ("", Some((6, 6))),
    ("{identifier}", Some((1, 1))),
    (PRK, Some((1, 1))),
    ("{time}=ge{-21}", Some((4, 4))),
    ("{time}=le{-22}", Some((3, 3))),
    ("{time}=lt{-22}", None),
    ("{time}=gt{-21}", None),
    ("{time}=ge{-21}&{time}=le{-7}", Some((3, 3))),
    ("{mbh}", Some((1, 1))),
    ("{identifier}&{mbh}", Some((1, 1))),
    ("{identifier}&{time}=ge{-21}&{time}=le{-7}", Some((1, 1))),
    ("{mbh}&{time}=le{-22}", None),
    ("medication.code=urn:oid:2.16.840.1.113883.2.4.4.10|3956&{time}=ge{-21}", None),
    ("{identifier}&{mbh}&medication.code=urn:oid:2.16.840.1.113883.2.4.4.10|3956", None),
];

const SCHEDULES: &[(&str, Option<(usize, usize)>)] = &[
    ("", Some((6, 2))),
    ("{time}=ge{-21}", Some((3, 2))),
    ("{time}=lt{-22}", Some((4, 1))),
    ("{time}=ge{-21}&{time}=le{-7}", Some((2, 2))),
    ("medication.code=urn:oid:2.16.840.1.113883.2.4.4.10|1783", Some((2, 1))),
    ("medication.code=urn:oid:2.16.840.1.113883.2.4.4.10|1783&{time}=ge{-21}", None),
    ("{identifier}", None),
    ("{mbh}", None),
];

const REQUESTS: &[(&str, Option<(usize, usize)>)] = &[
    ("", Some((6, 6))),
    ("{identifier}", Some((1, 1))),
    (PRK, Some((1, 1))),
    ("{mbh}", Some((1, 1))),
    ("{identifier}&{mbh}", Some((1, 1))),
];

/// For what was handed over and what was administered.
const EVENTS: &[(&str, Option<(usize, usize)>)] = &[
    ("", Some((6, 6))),
    ("{time}=ge{-21}", Some((3, 3))),
    ("{time}=le{-22}", Some((3, 3))),
    ("{time}=ge{-21}&{time}=le{-7}", Some((2, 2))),
    ("{identifier}", None),
    ("{mbh}", None),
    (PRK, None),
    ("{identifier}&{time}=ge{-21}", None),
];

const BLOCKS: &[Block] = &[
    Block {
        name: "MA",
        kind: "MedicationRequest",
        category: "33633005",
        includes: &["reason", "next-practitioner", "requester"],
        time: "period-of-use",
        filters: AGREEMENTS,
    },
    Block {
        name: "WDS",
        kind: "MedicationRequest",
        category: "395067002",
        includes: &[],
        time: "period-of-use",
        filters: SCHEDULES,
    },
    Block {
        name: "VV",
        kind: "MedicationRequest",
        category: "52711000146108",
        includes: &["requester", "dispense-location"],
        time: "period-of-use",
        filters: REQUESTS,
    },
    Block {
        name: "TA",
        kind: "MedicationDispense",
        category: "422037009",
        includes: &["performer"],
        time: "period-of-use",
        filters: AGREEMENTS,
    },
    Block {
        name: "MVE",
        kind: "MedicationDispense",
        category: "373784005",
        includes: &["performer", "destination"],
        time: "whenhandedover",
        filters: EVENTS,
    },
    Block {
        name: "MGB",
        kind: "MedicationStatement",
        category: "422979000",
        includes: &["author", "prescriber", "source"],
        time: "period-of-use",
        filters: AGREEMENTS,
    },
    Block {
        name: "MTD",
        kind: "MedicationAdministration",
        category: "18629005",
        includes: &["performer"],
        time: "effective-time",
        filters: EVENTS,
    },
];

/// The requests of the lists that no script asks of the same patient in the same words, and how many the lists have.
///
/// # Errors
/// A sentence about a request whose counts cannot be determined.
pub fn read(set: Set, fixtures: &Fixtures, published: &[Question]) -> Result<(Vec<Question>, usize), String> {
    let mut listed = match set {
        Set::Bgz20 => {
            [bgz(set, fixtures, "3.8.1", BGZ_20, true)?, bgz(set, fixtures, "3.8.3", TASK_INPUT, false)?].concat()
        }
        Set::Bgz122 => {
            [bgz(set, fixtures, "3.8.2", BGZ_122, false)?, bgz(set, fixtures, "3.8.3", TASK_INPUT, false)?].concat()
        }
        Set::Mp9 => medication(fixtures)?,
    };
    let all = listed.len();
    let asked: BTreeSet<_> = published.iter().map(Question::words).collect();
    listed.retain(|question| !asked.contains(&question.words()));
    let mut twins: BTreeMap<_, &Question> = BTreeMap::new();
    for question in published.iter().filter(|question| question.not_comparable.is_none()) {
        twins.entry(selection(question)).or_insert(question);
    }
    for question in listed.iter_mut().filter(|question| question.basis == Basis::Evaluated) {
        if let Some(twin) = twins.get(&selection(question)) {
            question.basis = Basis::Twin;
            let counts = twin.expected.iter().filter(|(kind, _)| *kind != "Provenance" && *kind != "Specimen");
            question.expected.extend(counts.map(|(kind, count)| (kind.clone(), *count)));
        }
    }
    Ok((listed, all))
}

/// What a question selects, whatever names the patient, shapes the answer or brings provenance along.
fn selection(question: &Question) -> (String, String, BTreeSet<(String, String)>) {
    let shapes = |name: &str| matches!(name, "_revinclude" | "_sort" | "_count");
    let parameters = question.parameters.iter().filter(|(name, value)| {
        !(shapes(name) || names_the_patient(name) || (name == "identifier" && value.starts_with(BSN_SYSTEM)))
    });
    let plain = |value: &str| value.replace(' ', "");
    let parameters = parameters.map(|(name, value)| (name.clone(), plain(value))).collect();
    (question.path.clone(), question.patient.clone(), parameters)
}

fn bgz(set: Set, fixtures: &Fixtures, list: &str, requests: &str, provenance: bool) -> Result<Vec<Question>, String> {
    let mut questions = Vec::new();
    for (bsn, _) in fixtures.patients() {
        for request in requests.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let form = if request.contains("{B}") { Form::Named } else { Form::ByToken };
            let request = request
                .replace("{B}", &format!("{BSN_SYSTEM}|{bsn}"))
                .replace("SCT|", "http://snomed.info/sct|")
                .replace("LNC|", "http://loinc.org|");
            let mut variants = vec![request.clone()];
            if provenance && !request.contains("$lastn") {
                variants.push(format!("{request}&_revinclude=Provenance:target"));
            }
            for request in variants {
                questions.push(question(set, fixtures, list, form, &bsn, &request)?);
            }
        }
    }
    Ok(questions)
}

fn medication(fixtures: &Fixtures) -> Result<Vec<Question>, String> {
    let mut questions = Vec::new();
    let patient = format!("{BSN_SYSTEM}|{MEDICATION_PATIENT}");
    for block in BLOCKS {
        for (filter, counts) in block.filters {
            let filter = block.filter(fixtures, filter)?;
            for (form, named) in
                [(Form::Named, format!("patient.identifier={patient}&")), (Form::ByToken, String::new())]
            {
                let request = format!("{}?{named}{filter}{}", block.kind, block.included("subject"));
                let list = if counts.is_some() { "2.4" } else { "2.2" };
                let list = format!("{list} {}", block.name);
                let mut question = question(Set::Mp9, fixtures, &list, form, MEDICATION_PATIENT, &request)?;
                if let Some((blocks, medication)) = *counts {
                    question.basis = Basis::Table;
                    question.expected.insert(block.kind.to_owned(), blocks);
                    question.expected.insert("Medication".to_owned(), medication);
                }
                questions.push(question);
            }
        }
        // The CapabilityStatements call the include of the patient so.
        let category = block.filter(fixtures, "")?;
        let request = format!("{}?patient.identifier={patient}&{category}{}", block.kind, block.included("patient"));
        let list = format!("2.2 {}", block.name);
        questions.push(question(Set::Mp9, fixtures, &list, Form::Named, MEDICATION_PATIENT, &request)?);
    }
    let request = format!("Patient?identifier={patient}");
    questions.push(question(Set::Mp9, fixtures, "2.2 Patient", Form::Named, MEDICATION_PATIENT, &request)?);
    Ok(questions)
}

impl Block {
    /// Category and filter.
    fn filter(&self, fixtures: &Fixtures, filter: &str) -> Result<String, String> {
        let category = format!("category=http://snomed.info/sct|{}", self.category);
        let of = |mbh| {
            let found = identifier(fixtures, MEDICATION_PATIENT, self.kind, &category, mbh);
            found.ok_or_else(|| format!("no fixture is a {} of the patient", self.name))
        };
        let mut text = filter.replace("{time}", self.time);
        for (name, mbh, parameter) in
            [("{identifier}", false, "identifier"), ("{mbh}", true, "pharmaceutical-treatment-identifier")]
        {
            text = text.replace(name, &format!("{parameter}={}", of(mbh)?));
        }
        for days in [-7, -21, -22] {
            text = text.replace(&format!("{{{days}}}"), &filled_in(&format!("${{DATE, T, D, {days}}}"))?);
        }
        let and = if text.is_empty() { "" } else { "&" };
        Ok(format!("{category}{and}{text}"))
    }

    fn included(&self, patient: &str) -> String {
        let mut text = String::new();
        for name in ["medication", patient].iter().chain(self.includes) {
            text.push_str(&format!("&_include={}:{name}", self.kind));
        }
        if !self.includes.is_empty() {
            for name in ["organization", "practitioner", "location"] {
                text.push_str(&format!("&_include:iterate=PractitionerRole:{name}"));
            }
        }
        text
    }
}

fn question(
    set: Set,
    fixtures: &Fixtures,
    list: &str,
    form: Form,
    bsn: &str,
    request: &str,
) -> Result<Question, String> {
    let (path, parameters) = taken_apart(request);
    let patients = fixtures.patients();
    let id = patients.get(bsn).ok_or("the patient of a list is no fixture")?;
    let expected = evaluated(&fixtures.resources, id, &path, &parameters)?;
    Ok(Question {
        set,
        basis: Basis::Evaluated,
        group: list.to_owned(),
        script: format!("handbook {list}"),
        form,
        path,
        parameters,
        patient: bsn.to_owned(),
        expected,
        not_comparable: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_have_as_many_requests_as_the_guides() {
        let lines = |text: &str| text.lines().filter(|line| !line.is_empty()).count();
        // 27, the other way to write two of them, and four that are asked without $lastn as well.
        assert_eq!(lines(BGZ_20), 27 + 2 + 4);
        assert_eq!(lines(BGZ_122), 29);
        assert_eq!(lines(TASK_INPUT), 29);
        assert_eq!(BLOCKS.len(), 7);
    }
}
