//! The published searches with the counts they must bring, as questions to a node.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::BSN_SYSTEM;
use super::fixtures::{Fixtures, filled_in};
use crate::source_server::FhirVersion;

const BGZ: &str = "eoverdracht/bgz-msz-expected-counts.csv";
const MP9: &str = "medication/derived/mp9-search-expectations.json";

/// A set of fixtures with its searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Set {
    Bgz20,
    Bgz122,
    Mp9,
}

impl Set {
    pub const ALL: [Set; 3] = [Set::Bgz20, Set::Bgz122, Set::Mp9];

    pub fn name(self) -> &'static str {
        match self {
            Set::Bgz20 => "BgZ-MSZ 2.0",
            Set::Bgz122 => "BgZ-MSZ 1.2.2",
            Set::Mp9 => "MP9 3.0.0-beta",
        }
    }

    pub fn version(self) -> FhirVersion {
        match self {
            Set::Bgz20 | Set::Bgz122 => FhirVersion::Stu3,
            Set::Mp9 => FhirVersion::R4,
        }
    }

    /// As it is named on a command line.
    pub fn word(self) -> &'static str {
        match self {
            Set::Bgz20 => "bgz-2.0",
            Set::Bgz122 => "bgz-1.2.2",
            Set::Mp9 => "mp9",
        }
    }

    /// The use case that the searches belong to.
    pub fn use_case(self) -> &'static str {
        match self {
            Set::Bgz20 | Set::Bgz122 => "bgz",
            Set::Mp9 => "medication-transfer",
        }
    }

    /// The fixtures below the folder of shared data.
    pub fn folder(self) -> &'static str {
        match self {
            Set::Bgz20 => "eoverdracht/rendered/BgZ-MSZ-2-0/Test/resources",
            Set::Bgz122 => "eoverdracht/rendered/BgZ-MSZ-1-2-2/Test/resources",
            Set::Mp9 => "medication/mp9/testscripts/fixtures",
        }
    }
}

impl std::str::FromStr for Set {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Set::ALL.into_iter().find(|set| set.word() == text);
        found.ok_or_else(|| "expected bgz-2.0, bgz-1.2.2 or mp9".to_owned())
    }
}

/// Whether the question names its patient or leaves that to the token, as MedMij does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Named,
    ByToken,
}

impl Form {
    pub fn name(self) -> &'static str {
        match self {
            Form::Named => "patient named",
            Form::ByToken => "patient of the token",
        }
    }
}

/// Where the expected counts of a question come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// The script that it stands in.
    Script,
    /// The script that selects the same of the same patient; what is included beyond that is evaluated plainly.
    Twin,
    /// The published table of expected results; what is included beyond that is evaluated plainly.
    Table,
    /// A plain evaluation of the fixtures.
    Evaluated,
}

impl Basis {
    pub fn name(self) -> &'static str {
        match self {
            Basis::Script => "of the script",
            Basis::Twin => "of a script's twin",
            Basis::Table => "of the published table",
            Basis::Evaluated => "evaluated",
        }
    }
}

/// One search.
#[derive(Clone, Debug)]
pub struct Question {
    pub set: Set,
    pub basis: Basis,
    /// What is asked for: the zib, or the building block.
    pub group: String,
    /// The script it stands in.
    pub script: String,
    pub form: Form,
    /// `Observation/$lastn`
    pub path: String,
    pub parameters: Vec<(String, String)>,
    /// The BSN.
    pub patient: String,
    /// Per resource type.
    pub expected: BTreeMap<String, usize>,
    /// Why the counts cannot be held against an answer.
    pub not_comparable: Option<&'static str>,
}

impl Question {
    /// The question without the patient, for people to read.
    pub fn told(&self) -> String {
        let shown = self.parameters.iter().map(|(name, value)| match names_the_patient(name) {
            true => format!("{name}=…"),
            false => format!("{name}={value}"),
        });
        match shown.collect::<Vec<_>>().join("&") {
            query if query.is_empty() => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// What tells it from every other question: its words and, where they leave that open, its patient.
    pub fn words(&self) -> (String, String, Vec<(String, String)>) {
        let mut parameters = self.parameters.clone();
        parameters.sort();
        (self.patient.clone(), self.path.clone(), parameters)
    }

    /// The same question with the patient left to the token.
    fn by_token(&self) -> Question {
        let parameters = self.parameters.iter().filter(|(name, value)| {
            !(names_the_patient(name) || (name == "identifier" && value.starts_with(BSN_SYSTEM)))
        });
        Question { form: Form::ByToken, parameters: parameters.cloned().collect(), ..self.clone() }
    }
}

/// Whether a parameter says whose resources are asked for.
pub fn names_the_patient(name: &str) -> bool {
    matches!(name, "patient.identifier" | "subject.identifier" | "beneficiary.identifier")
}

/// All questions of a set, in both forms.
///
/// # Errors
/// A sentence about the file that cannot be used.
pub fn read(shared: &Path, set: Set, fixtures: &Fixtures) -> Result<Vec<Question>, String> {
    match set {
        Set::Bgz20 | Set::Bgz122 => bgz(shared, set, fixtures),
        Set::Mp9 => mp9(shared, fixtures),
    }
}

fn bgz(shared: &Path, set: Set, fixtures: &Fixtures) -> Result<Vec<Question>, String> {
    let text = fs::read_to_string(shared.join(BGZ)).map_err(|error| format!("{BGZ}: {error}"))?;
    let marker = if set == Set::Bgz20 { "BgZ-MSZ-2-0" } else { "BgZ-MSZ-1-2-2" };
    let patients = fixtures.patients();
    let mut questions = Vec::new();
    for line in text.lines().skip(1).filter(|line| line.contains(marker)) {
        let cells = cells(line);
        let [script, test, query, counts] = cells.as_slice() else {
            return Err(format!("{BGZ}: a line has {} cells", cells.len()));
        };
        let (path, parameters) = taken_apart(query);
        let patient = patient_of(&parameters).ok_or_else(|| format!("{BGZ}: a query names no patient"))?;
        let not_comparable = (!patients.contains_key(&patient))
            .then_some("the fixtures of this patient (Cert) are not in the shared data");
        let question = Question {
            set,
            basis: Basis::Script,
            group: test.split_once(" - ").map_or(test.as_str(), |(_, zib)| zib).to_owned(),
            script: script.trim_start_matches("src/").to_owned(),
            form: Form::Named,
            path,
            parameters,
            patient,
            expected: counts.split(';').filter_map(count).collect(),
            not_comparable,
        };
        questions.push(question.by_token());
        questions.push(question);
    }
    Ok(questions)
}

/// `Provenance=1[prov]`
fn count(text: &str) -> Option<(String, usize)> {
    let (kind, number) = text.split_once('=')?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    Some((kind.trim().to_owned(), digits.parse().ok()?))
}

fn mp9(shared: &Path, fixtures: &Fixtures) -> Result<Vec<Question>, String> {
    let text = fs::read(shared.join(MP9)).map_err(|error| format!("{MP9}: {error}"))?;
    let all: Vec<Value> = serde_json::from_slice(&text).map_err(|error| format!("{MP9}: {error}"))?;
    let mut questions = Vec::new();
    for one in &all {
        let searches = one["searches"].as_array().map(Vec::as_slice).unwrap_or_default();
        let params = |search: &Value| search["params"].as_str().unwrap_or_default().trim_start_matches('?').to_owned();
        let named = searches.iter().find_map(|search| patient_of(&taken_apart(&format!("?{}", params(search))).1));
        let patient = named.ok_or_else(|| format!("{MP9}: a test names no patient"))?;
        let file = one["file"].as_str().unwrap_or_default();
        let expected: BTreeMap<String, usize> = one["counts"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(kind, count)| Some((kind.clone(), count.as_str()?.parse().ok()?)))
            .collect();
        for search in searches {
            let mut query = params(search);
            let mut kind = search["resource"].as_str().unwrap_or_default().to_owned();
            // Two scripts forgot to name the building block; their folder does.
            if kind.is_empty() && file.contains("/MTD/") {
                kind = "MedicationAdministration".to_owned();
                query = query.replace("sct|&", "sct|18629005&").replace("=:", "=MedicationAdministration:");
            }
            if query.contains("${filter-identifier}") {
                let mbh = query.contains("pharmaceutical-treatment-identifier=${");
                let identifier = identifier(fixtures, &patient, &kind, &query, mbh)
                    .ok_or_else(|| format!("{MP9}: no fixture has the identifier that {file} asks for"))?;
                query = query.replace("${filter-identifier}", &identifier);
            }
            let (_, parameters) = taken_apart(&format!("?{}", filled_in(&query)?));
            let form = if search["target"] == "MedMij" { Form::ByToken } else { Form::Named };
            questions.push(Question {
                set: Set::Mp9,
                basis: Basis::Script,
                group: group(file),
                script: file.to_owned(),
                form,
                path: kind,
                parameters,
                patient: patient.clone(),
                expected: expected.clone(),
                not_comparable: None,
            });
        }
    }
    Ok(questions)
}

/// `Step-3/MA/Serving-MGB-MA/…` is MA, serving.
fn group(file: &str) -> String {
    let steps: Vec<&str> = file.split('/').collect();
    let role = steps.get(2).and_then(|role| role.split('-').next()).unwrap_or_default();
    let consolidation = if steps.first() == Some(&"Cons") { "consolidation" } else { role };
    format!("{} {}", steps.get(1).unwrap_or(&""), consolidation.to_lowercase())
}

/// An identifier that the scripts leave to the tester: of the patient's first resource of this kind and category.
pub fn identifier(fixtures: &Fixtures, patient: &str, kind: &str, query: &str, mbh: bool) -> Option<String> {
    const MBH: &str = "PharmaceuticalTreatment.Identifier";
    let patients = fixtures.patients();
    let about = format!("Patient/{}", patients.get(patient)?);
    let (_, parameters) = taken_apart(&format!("?{query}"));
    let category = parameters.iter().find(|(name, _)| name == "category")?.1.rsplit('|').next()?.to_owned();
    let fits = |resource: &&Value| {
        resource["resourceType"] == kind
            && resource["subject"]["reference"] == about.as_str()
            && resource["category"].to_string().contains(&category)
    };
    let resource = fixtures.resources.iter().find(fits)?;
    let found = if mbh {
        let extensions = resource["extension"].as_array()?;
        let mut named = extensions.iter().filter(|found| found["url"].as_str().is_some_and(|url| url.ends_with(MBH)));
        &named.next()?["valueIdentifier"]
    } else {
        &resource["identifier"][0]
    };
    Some(format!("{}|{}", found["system"].as_str()?, found["value"].as_str()?))
}

fn patient_of(parameters: &[(String, String)]) -> Option<String> {
    let bsn = |value: &str| Some(value.strip_prefix(BSN_SYSTEM)?.strip_prefix('|')?.to_owned());
    parameters.iter().find_map(|(_, value)| bsn(value))
}

/// Path and parameters of a query that is not encoded.
pub fn taken_apart(query: &str) -> (String, Vec<(String, String)>) {
    let (path, parameters) = query.split_once('?').unwrap_or((query, ""));
    let parameters = parameters.split('&').filter_map(|parameter| parameter.split_once('='));
    (path.to_owned(), parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The cells of a line of comma-separated values; a cell in quotes may hold commas.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in line.trim_end().chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cells.iter_mut().last().into_iter().for_each(|cell| cell.push(letter)),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_its_counts_are_read() {
        let line = r#"a.xml,Scenario 1.1 - Lab,"Observation?code=a,b&x=http://s|1",Observation=2;Provenance=1[prov]"#;
        let cells = cells(line);
        assert_eq!(cells.len(), 4);
        assert_eq!(taken_apart(&cells[2]).1[1], ("x".to_owned(), "http://s|1".to_owned()));
        let counts: BTreeMap<_, _> = cells[3].split(';').filter_map(count).collect();
        assert_eq!(counts, BTreeMap::from([("Observation".to_owned(), 2), ("Provenance".to_owned(), 1)]));
        assert_eq!(group("Step-3/MA/Serving-MGB-MA/a.xml"), "MA serving");
        assert_eq!(group("Cons/WDS/Retrieving-MGR-CONS-WDS/a.xml"), "WDS consolidation");
    }

    #[test]
    fn a_question_can_leave_its_patient_to_the_token_and_is_told_without() {
        let parameters = [("patient.identifier", "http://fhir.nl/fhir/NamingSystem/bsn|1"), ("status", "active")];
        let named = Question {
            set: Set::Bgz20,
            basis: Basis::Script,
            group: String::new(),
            script: String::new(),
            form: Form::Named,
            path: "Condition".to_owned(),
            parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            patient: "1".to_owned(),
            expected: BTreeMap::new(),
            not_comparable: None,
        };
        assert_eq!(named.told(), "Condition?patient.identifier=…&status=active");
        assert_eq!(named.by_token().told(), "Condition?status=active");
    }
}
