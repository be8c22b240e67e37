//! What is kept of a directory's resource: what addressing needs, and no more. Narrative, contacts and people stay behind.

use fhir::Ura;
use serde::{Deserialize, Serialize};

use super::keys::{self, SourceId};
use super::moments::Millis;

/// The types that are copied, in the order in which they are read (MGF). Practitioners are not: there is no legal ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    Organization,
    Location,
    HealthcareService,
    Endpoint,
    OrganizationAffiliation,
}

impl Kind {
    pub const ALL: [Kind; 5] =
        [Kind::Organization, Kind::Location, Kind::HealthcareService, Kind::Endpoint, Kind::OrganizationAffiliation];

    /// The name of the type in FHIR.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Organization => "Organization",
            Kind::Location => "Location",
            Kind::HealthcareService => "HealthcareService",
            Kind::Endpoint => "Endpoint",
            Kind::OrganizationAffiliation => "OrganizationAffiliation",
        }
    }

    /// Whether a directory without this type is of use.
    pub const fn can_be_missing(self) -> bool {
        matches!(self, Kind::Location | Kind::HealthcareService | Kind::OrganizationAffiliation)
    }
}

/// One resource of one directory, as last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// In which run over its type it was seen last.
    #[serde(rename = "n")]
    pub run: u64,
    /// When this version was made, if the directory says.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Millis>,
    #[serde(rename = "s")]
    pub standing: Standing,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    Here(Facts),
    /// Kept, so that an older version that comes later brings nothing back to life.
    Deleted,
    /// The directory may not say this. Only the URA it claims is kept, to be told when somebody asks for it.
    Refused {
        ura: Option<Ura>,
        because: RefusedBecause,
    },
}

/// Why a resource is not taken from a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RefusedBecause {
    /// Its URA did not register this directory.
    ForeignUra,
    /// It has two different URAs.
    SeveralUras,
    /// Its URA is none.
    MalformedUra,
    /// It misses what its type must have, or has it in another form.
    Malformed,
    /// It is larger than what is kept of any.
    TooLarge,
}

/// A resource that another one belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// `Type/id` in the same directory.
    Here(String),
    /// An organisation by its URA.
    Ura(Ura),
}

/// A code with its system, where it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    pub system: String,
    #[serde(rename = "c")]
    pub code: String,
}

/// What a resource says, by its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Facts {
    #[serde(rename = "o")]
    Organization(OrganizationFacts),
    #[serde(rename = "e")]
    Endpoint(EndpointFacts),
    /// Locations and services: both belong to an organisation and may have endpoints.
    #[serde(rename = "p")]
    Place(PlaceFacts),
    #[serde(rename = "a")]
    Affiliation(AffiliationFacts),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationFacts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ura: Option<Ura>,
    pub name: String,
    pub active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<Link>,
    /// `Endpoint/id` in the same directory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointFacts {
    /// `active`, `suspended`, `error`, `off`, `entered-in-error`, `test`.
    pub status: String,
    pub connections: Vec<Code>,
    pub payloads: Vec<Code>,
    /// `payloadMimeType`, in lower case without white space.
    pub media: Vec<String>,
    pub address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Millis>,
    /// The first moment after its period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceFacts {
    pub name: String,
    pub active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Link>,
    /// System and value, joined with `|` as in a search.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Code>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<String>,
}

/// Who lets whom administer its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffiliationFacts {
    pub active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<Link>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Code>,
}

impl Record {
    /// Nothing when the bytes are not those of a record.
    pub fn read(bytes: &[u8]) -> Option<Record> {
        serde_json::from_slice(bytes).ok()
    }

    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub fn facts(&self) -> Option<&Facts> {
        match &self.standing {
            Standing::Here(facts) => Some(facts),
            Standing::Deleted | Standing::Refused { .. } => None,
        }
    }

    pub fn is_refused(&self) -> bool {
        matches!(self.standing, Standing::Refused { .. })
    }

    /// By what it is found again, besides its key.
    pub fn terms(&self, source: &SourceId) -> Vec<Vec<u8>> {
        match &self.standing {
            Standing::Deleted => Vec::new(),
            Standing::Refused { ura, .. } => ura.iter().map(keys::by_ura).collect(),
            Standing::Here(facts) => facts.terms(source),
        }
    }
}

impl Facts {
    fn terms(&self, source: &SourceId) -> Vec<Vec<u8>> {
        let belongs = |link: &Option<Link>| {
            link.iter()
                .map(|link| match link {
                    Link::Here(name) => keys::of_resource(source, name),
                    Link::Ura(ura) => keys::of_ura(ura),
                })
                .collect::<Vec<_>>()
        };
        match self {
            Facts::Organization(facts) => {
                let mut terms = belongs(&facts.part_of);
                terms.extend(facts.ura.iter().map(keys::by_ura));
                terms
            }
            Facts::Place(facts) => belongs(&facts.of),
            Facts::Affiliation(facts) => belongs(&facts.organization),
            Facts::Endpoint(facts) if facts.is_directory() => vec![keys::directory_endpoints()],
            Facts::Endpoint(_) => Vec::new(),
        }
    }
}

impl EndpointFacts {
    /// Whether a provider's own directory is there.
    pub fn is_directory(&self) -> bool {
        self.payloads.iter().any(|payload| payload.code == super::names::DIRECTORY_PAYLOAD)
    }
}
