//! What the expectations are held with: fixtures as one patient's shelf, and the table that is printed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use fhir::compartment::{PatientReference, Whose, whose};
use fhir::identifiers::Reader;
use fhir::json::Limits;
use fhir::search::{LastN, Search, SearchFault, Shelf};
use fhir::{FhirVersion, Resource, ResourceType, SearchMode, SearchQuery};
use time::{Date, Duration, Month};

pub fn shared(below: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ZORGSLUIS_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let found = [root.join(below), root.join("data").join(below)].into_iter().find(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: {below}: shared/data absent");
    }
    found
}

/// The day that the rendered fixtures call today.
pub fn today() -> Date {
    Date::from_calendar_date(2026, Month::November, 22).unwrap()
}

/// Replaces `${DATE, T, D, -50}`, `${CURRENTDATE, M, -14}` and `${CURRENTDATE}`.
pub fn render(text: &str) -> String {
    let text = text.replace("${DATE, T,", "${CURRENTDATE,").replace("${CURRENTDATE}", "${CURRENTDATE, D, 0}");
    let mut rendered = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("${CURRENTDATE,") {
        let (inside, after) = after.split_once('}').unwrap();
        let (unit, number) = inside.split_once(',').unwrap();
        let number: i64 = number.trim().trim_start_matches('+').parse().unwrap();
        let day = match unit.trim().to_uppercase().as_str() {
            "D" => today() + Duration::days(number),
            "M" => months_on(number),
            "Y" => months_on(number * 12),
            unit => panic!("{unit}"),
        };
        rendered += before;
        rendered += &format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day());
        rest = after;
    }
    rendered + rest
}

/// Today so many months on; a day that month does not have is its last one.
fn months_on(number: i64) -> Date {
    let months = i64::from(today().year()) * 12 + i64::from(u8::from(today().month())) - 1 + number;
    let year = i32::try_from(months.div_euclid(12)).unwrap();
    let month = Month::try_from(u8::try_from(months.rem_euclid(12) + 1).unwrap()).unwrap();
    let day = today().day().min(time::util::days_in_month(month, year));
    Date::from_calendar_date(year, month, day).unwrap()
}

/// One published fixture gives `ProcedureRequest.performer` twice, which has at most one in STU3; the second goes.
pub fn repaired(file: &Path, text: String) -> String {
    if !file.ends_with("zib-ProcedureRequest-msz-c333410e-6b2a-11ec-0000-2.xml") {
        return text;
    }
    let (before, last) = text.rsplit_once("<performer>").unwrap();
    let (_, after) = last.split_once("</performer>").unwrap();
    assert!(before.contains("<performer>"), "it was repaired");
    format!("{before}{after}")
}

/// The resources of a folder of XML files, each once by type and id.
pub fn resources(version: FhirVersion, folder: &Path) -> Vec<Resource> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut found, mut known) = (Vec::new(), BTreeSet::new());
    for file in files {
        let text = repaired(&file, render(&std::fs::read_to_string(&file).unwrap()));
        let resource = fhir::xml::read(version, text.as_bytes(), &Limits::default());
        let resource = resource.unwrap_or_else(|fault| panic!("{}: {fault}", file.display()));
        let key = (resource.resource_type().into_owned(), resource.id().map(|id| id.into_owned()));
        if key.0 != "Bundle" && known.insert(key) {
            found.push(resource);
        }
    }
    found
}

/// What one patient's search may look at: the patient's resources, and those that are nobody's.
pub struct OneShelf<'r> {
    all: Vec<(ResourceType, &'r Resource)>,
    by_id: HashMap<(ResourceType, String), &'r Resource>,
}

impl<'r> OneShelf<'r> {
    pub fn of(version: FhirVersion, all: &'r [Resource], bsn: &str) -> Self {
        let is_patient = |resource: &&Resource| match whose(version, resource) {
            Whose::Patient { bsns, .. } => bsns.iter().any(|own| own.reveal_to(Reader::Source) == bsn),
            _ => false,
        };
        let ids: Vec<String> = all.iter().filter(is_patient).filter_map(|one| Some(one.id()?.into_owned())).collect();
        let belongs = |resource: &&Resource| match whose(version, resource) {
            Whose::Patient { .. } => is_patient(resource),
            Whose::About(patients) => patients.iter().all(|patient| match patient {
                PatientReference::Id(id) => ids.contains(id),
                PatientReference::Bsn(own) => own.reveal_to(Reader::Source) == bsn,
                PatientReference::Other => false,
            }),
            Whose::Unstated | Whose::Nobody => true,
        };
        OneShelf::with(version, all.iter().filter(belongs))
    }

    /// Of the patient with this id, or with this name in it.
    pub fn of_name(version: FhirVersion, all: &'r [Resource], id: &str) -> Self {
        let patients: Vec<&Resource> = all.iter().filter(|one| one.resource_type() == "Patient").collect();
        let plain = |text: &str| text.replace('-', "_");
        let has_id = |one: &&&Resource| one.id().is_some_and(|own| own == id);
        let has_name = |one: &&&Resource| plain(one.text()).contains(&plain(id));
        let patient = patients.iter().find(has_id).or_else(|| patients.iter().find(has_name)).copied();
        let own = patient.and_then(|one| one.id()).unwrap_or_default().into_owned();
        let belongs = |resource: &&Resource| match whose(version, resource) {
            Whose::Patient { .. } => patient.is_some_and(|patient| std::ptr::eq(patient, *resource)),
            Whose::About(patients) => patients.iter().all(|one| *one == PatientReference::Id(own.clone())),
            Whose::Unstated | Whose::Nobody => true,
        };
        OneShelf::with(version, all.iter().filter(belongs))
    }

    fn with(version: FhirVersion, all: impl Iterator<Item = &'r Resource>) -> Self {
        let kind = |resource: &Resource| ResourceType::parse(version, &resource.resource_type());
        let all: Vec<_> = all.filter_map(|resource| Some((kind(resource)?, resource))).collect();
        let by_id = all.iter().filter_map(|(kind, one)| Some(((*kind, one.id()?.into_owned()), *one))).collect();
        OneShelf { all, by_id }
    }

    pub fn has_patient(&self) -> bool {
        self.all.iter().any(|(kind, _)| kind.name() == "Patient")
    }
}

impl Shelf for OneShelf<'_> {
    fn of_type(&self, kind: ResourceType) -> Vec<&Resource> {
        self.all.iter().filter(|(known, _)| *known == kind).map(|(_, resource)| *resource).collect()
    }

    fn get(&self, kind: ResourceType, id: &str) -> Option<&Resource> {
        self.by_id.get(&(kind, id.to_owned())).copied()
    }
}

/// How many resources of each type a search answers with.
pub fn ask(version: FhirVersion, shelf: &OneShelf<'_>, request: &str) -> Result<BTreeMap<String, usize>, SearchFault> {
    let (path, query) = request.split_once('?').unwrap_or((request, ""));
    let query = SearchQuery::parse(&query.replace('+', "%2B")).unwrap();
    let (kind, last) = match path.split_once("/$") {
        Some((kind, "lastn")) => (kind, true),
        _ => (path, false),
    };
    let kind = ResourceType::parse(version, kind).unwrap();
    let (last_n, rest) = LastN::read(&query)?;
    let found = Search::read(version, kind, if last { &rest } else { &query })?.run(shelf, 10_000)?;
    assert!(!found.cut_short);
    let items: Vec<(Resource, SearchMode)> =
        if last { last_n.keep(found.items, |(resource, mode)| (resource, *mode)) } else { found.items };
    let mut counts = BTreeMap::new();
    for (resource, _) in items {
        *counts.entry(resource.resource_type().into_owned()).or_default() += 1;
    }
    Ok(counts)
}

/// How many of a type are expected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    pub kind: String,
    pub number: usize,
    pub or_more: bool,
}

impl Count {
    pub fn of(kind: &str, number: usize) -> Self {
        Count { kind: kind.to_owned(), number, or_more: false }
    }
}

/// The table that is printed, and what did not come out as expected.
#[derive(Default)]
pub struct Report {
    pub asked: usize,
    pub right: usize,
    pub expected: BTreeMap<String, usize>,
    pub got: BTreeMap<String, usize>,
    pub differences: Vec<String>,
}

impl Report {
    pub fn add(
        &mut self,
        name: &str,
        request: &str,
        expected: &[Count],
        got: &Result<BTreeMap<String, usize>, SearchFault>,
    ) {
        self.asked += 1;
        let counts = got.as_ref().cloned().unwrap_or_default();
        let count = |kind: &str| counts.get(kind).copied().unwrap_or(0);
        for Count { kind, number, or_more } in expected {
            let counted = if *or_more { count(kind).min(*number) } else { count(kind) };
            *self.expected.entry(kind.clone()).or_default() += number;
            *self.got.entry(kind.clone()).or_default() += counted;
        }
        let is_right = |one: &Count| match one.or_more {
            true => count(&one.kind) >= one.number,
            false => count(&one.kind) == one.number,
        };
        if got.is_ok() && expected.iter().all(is_right) {
            self.right += 1;
        } else {
            self.differences.push(format!("{name}: {request}: expected {expected:?}, got {got:?}"));
        }
    }

    pub fn print(&self, title: &str) {
        eprintln!("{title}: {} of {} as expected", self.right, self.asked);
        for (kind, expected) in &self.expected {
            eprintln!("    {kind}: expected {expected}, got {}", self.got.get(kind).copied().unwrap_or(0));
        }
        for difference in &self.differences {
            eprintln!("    {difference}");
        }
    }
}
