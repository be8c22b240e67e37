//! Who the EPD's user is, and which patient its token is about: read from the EPD's own FHIR server with that token, as far as
//! a launch takes it. STU3 and R4 say it alike.

use fhir::identifiers::systems;
use fhir::{Bsn, LogicalId};
use policy::Person;
use reqwest::header::ACCEPT;
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Epd;
use super::fault::{Refused, SmartFault};
use crate::http::Limits;

/// The most of a resource that is read, in bytes.
const LARGEST: usize = 256 * 1024;
/// The name spaces of UZI role codes: its OID, and as the Dutch core profiles name it.
const ROLE_SYSTEMS: [&str; 2] =
    ["urn:oid:2.16.840.1.113883.2.4.15.111", "http://fhir.nl/fhir/NamingSystem/uzi-rolcode"];

#[derive(Deserialize)]
struct Identifier {
    #[serde(default)]
    system: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct PatientRead {
    #[serde(rename = "resourceType")]
    kind: String,
    id: String,
    #[serde(default)]
    identifier: Vec<Identifier>,
}

#[derive(Deserialize)]
struct PractitionerRead {
    #[serde(rename = "resourceType")]
    kind: String,
    id: String,
    #[serde(default)]
    identifier: Vec<Identifier>,
    #[serde(default)]
    name: Vec<HumanName>,
}

#[derive(Deserialize)]
struct HumanName {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    given: Vec<String>,
    #[serde(default)]
    family: Option<String>,
}

#[derive(Deserialize)]
struct RoleRead {
    #[serde(rename = "resourceType")]
    kind: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    active: Option<bool>,
    #[serde(default)]
    practitioner: Reference,
    #[serde(default)]
    code: Vec<Concept>,
    #[serde(default)]
    specialty: Vec<Concept>,
}

#[derive(Default, Deserialize)]
struct Reference {
    #[serde(default)]
    reference: String,
}

#[derive(Deserialize)]
struct Concept {
    #[serde(default)]
    coding: Vec<Coding>,
}

#[derive(Deserialize)]
struct Coding {
    #[serde(default)]
    system: String,
    #[serde(default)]
    code: String,
}

#[derive(Deserialize)]
struct Bundle {
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    resource: RoleRead,
}

impl Epd {
    /// The BSN of the patient of this token.
    pub(super) async fn patient(&self, token: &str, id: &LogicalId) -> Result<Bsn, SmartFault> {
        let url = self.config.iss.below(["Patient", id.as_str()]);
        let read: PatientRead = self.read(token, url, Refused::Patient).await?;
        if read.kind != "Patient" || read.id != id.as_str() {
            return Err(Refused::Patient.into());
        }
        let named =
            read.identifier.iter().filter(|one| [systems::BSN, systems::BSN_OID].contains(&one.system.as_str()));
        let mut found: Option<Bsn> = None;
        for identifier in named {
            let bsn = Bsn::parse(&identifier.value).map_err(|_| Refused::Patient)?;
            if found.as_ref().is_some_and(|known| *known != bsn) {
                return Err(Refused::Patient.into());
            }
            found = Some(bsn);
        }
        Ok(found.ok_or(Refused::Patient)?)
    }

    /// The user: `fhirUser`, absolute or below the FHIR base, a Practitioner or a PractitionerRole of this EPD.
    pub(super) async fn person(&self, token: &str, fhir_user: &str) -> Result<Person, SmartFault> {
        let base = self.config.iss.url().as_str();
        let relative = match fhir_user.strip_prefix(base) {
            Some(rest) => rest.strip_prefix('/').ok_or(Refused::Person)?,
            None => fhir_user,
        };
        let (id, roles) = match of_type(relative, "PractitionerRole") {
            Some(id) => {
                let url = self.config.iss.below(["PractitionerRole", id.as_str()]);
                let role: RoleRead = self.read(token, url, Refused::Person).await?;
                if role.id != id.as_str() {
                    return Err(Refused::Person.into());
                }
                (self.below(&role.practitioner.reference).ok_or(Refused::Person)?, vec![role])
            }
            None => {
                let id = of_type(relative, "Practitioner").ok_or(Refused::Person)?;
                let mut url = self.config.iss.below(["PractitionerRole"]);
                url.query_pairs_mut().append_pair("practitioner", &format!("Practitioner/{}", id.as_str()));
                let found: Bundle = self.read(token, url, Refused::Person).await?;
                (id, found.entry.into_iter().map(|entry| entry.resource).collect())
            }
        };
        let mut codes: Vec<&str> = roles
            .iter()
            .filter(|role| role.kind == "PractitionerRole" && role.active != Some(false))
            .filter(|role| self.below(&role.practitioner.reference).is_some_and(|other| other == id))
            .flat_map(|role| role.code.iter().chain(&role.specialty))
            .flat_map(|concept| &concept.coding)
            .filter(|coding| ROLE_SYSTEMS.contains(&coding.system.as_str()))
            .map(|coding| coding.code.as_str())
            .collect();
        codes.sort_unstable();
        codes.dedup();
        // In which of several roles somebody asks cannot be guessed: then the EPD names the PractitionerRole.
        let [role] = codes.as_slice() else { return Err(Refused::Person.into()) };
        let url = self.config.iss.below(["Practitioner", id.as_str()]);
        let read: PractitionerRead = self.read(token, url, Refused::Person).await?;
        if read.kind != "Practitioner" || read.id != id.as_str() {
            return Err(Refused::Person.into());
        }
        let number = read.identifier.iter().find(|one| one.system == systems::UZI_PERSON && !one.value.is_empty());
        let id = number.map_or_else(|| id.as_str().to_owned(), |number| number.value.clone());
        Ok(Person { id, name: read.name.first().and_then(HumanName::said), role: (*role).to_owned() })
    }

    /// The practitioner that a reference names, when it is one of this EPD.
    fn below(&self, reference: &str) -> Option<LogicalId> {
        let base = self.config.iss.url().as_str();
        let relative = reference.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')).unwrap_or(reference);
        of_type(relative, "Practitioner")
    }

    async fn read<T: DeserializeOwned>(&self, token: &str, url: Url, otherwise: Refused) -> Result<T, SmartFault> {
        let request = self.http.request(Method::GET, url).header(ACCEPT, "application/fhir+json").bearer_auth(token);
        let limits = Limits { bytes: LARGEST, patience: self.patience() };
        let fetched = self.http.fetch(request, limits).await.map_err(|_| SmartFault::Unavailable("fhir"))?;
        match fetched.status {
            StatusCode::OK => serde_json::from_slice(&fetched.body).map_err(|_| otherwise.into()),
            status if status.is_client_error() => Err(otherwise.into()),
            _ => Err(SmartFault::Unavailable("fhir")),
        }
    }
}

/// The id of `Type/id`, and nothing else.
fn of_type(relative: &str, kind: &str) -> Option<LogicalId> {
    relative.strip_prefix(kind)?.strip_prefix('/').and_then(LogicalId::parse)
}

impl HumanName {
    fn said(&self) -> Option<String> {
        let parts =
            || self.given.iter().map(String::as_str).chain(self.family.as_deref()).collect::<Vec<_>>().join(" ");
        let name = self.text.clone().unwrap_or_else(parts);
        let name = name.trim();
        (!name.is_empty()).then(|| name.to_owned())
    }
}
