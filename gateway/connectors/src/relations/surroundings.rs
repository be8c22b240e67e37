//! Who and what the records of one source refer to: which of its practitioners and organisations are the ones that ask.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use exchange::ports::SourceFault;
use fhir::identifiers::systems;
use fhir::json::Value;
use fhir::{FhirVersion, Parameter, Resource, ResourceType, SearchQuery, Ura};
use policy::Caller;
use tokio::time::Instant;

use crate::sources::OwnRecords;
use crate::sources::links::{Leads, name_of};

/// Roles and organisations that are looked up for one question; more than this no patient's recent records name.
const MOST: usize = 100;

/// Who asks: an organisation and its people, by number.
pub(super) struct Asker<'a> {
    pub ura: &'a Ura,
    /// Whether it is this provider itself.
    pub is_own: bool,
    /// The person who acts, and for whom.
    pub numbers: Vec<&'a str>,
    pub systems: &'a [String],
}

/// What is known at one source of those whom its records name.
pub(super) struct Surroundings {
    version: FhirVersion,
    base: Option<String>,
    /// Ids of the Practitioners that are the asker's.
    practitioners: BTreeSet<String>,
    /// Ids of the PractitionerRoles that are theirs.
    roles: BTreeSet<String>,
    /// Ids of the Organizations that are the asker's, or a part of it.
    organisations: BTreeSet<String>,
}

impl<'a> Asker<'a> {
    pub fn of(caller: &'a Caller, own: &Ura, systems: &'a [String]) -> Self {
        let people = caller.person.iter().chain(&caller.responsible);
        Asker {
            ura: &caller.organisation.ura,
            is_own: caller.organisation.ura == *own,
            numbers: people.map(|person| person.id.as_str()).collect(),
            systems,
        }
    }

    fn is_identifier(&self, identifier: Value<'_>, system: &str, value: &str) -> bool {
        text(identifier, "system") == system && text(identifier, "value") == value
    }

    fn is_person(&self, identifier: Value<'_>) -> bool {
        let named = |number: &&str| self.systems.iter().any(|system| self.is_identifier(identifier, system, number));
        self.numbers.iter().any(named)
    }
}

impl Surroundings {
    /// Looks up, at this source, who of its practitioners asks, and what the records' references lead to.
    pub async fn of(
        source: &dyn OwnRecords,
        asker: &Asker<'_>,
        professionals: &[Value<'_>],
        organisations: &[Value<'_>],
        until: Instant,
    ) -> Result<Self, SourceFault> {
        let version = source.version();
        let mut around = Surroundings {
            version,
            base: source.base().map(str::to_owned),
            practitioners: BTreeSet::new(),
            roles: BTreeSet::new(),
            organisations: BTreeSet::new(),
        };
        let named = |all: &[Value<'_>], kind: &str| -> BTreeSet<String> {
            all.iter().filter_map(|one| around.leads(*one, kind)).collect()
        };
        let practitioners = named(professionals, "Practitioner");
        let roles = named(professionals, "PractitionerRole");
        let organisations = named(organisations, "Organization");
        let ask = Ask { source, until };
        if !(practitioners.is_empty() && roles.is_empty()) {
            around.practitioners = ask.practitioners(asker).await?;
        }
        for role in ask.by_id("PractitionerRole", &roles).await? {
            let leads = role.root().get("practitioner").and_then(|one| around.leads(one, "Practitioner"));
            if let (Some(practitioner), Some(id)) = (leads, role.id())
                && around.practitioners.contains(&practitioner)
            {
                around.roles.insert(id.into_owned());
            }
        }
        around.organisations = ask.organisations(asker, organisations, &around).await?;
        Ok(around)
    }

    /// Whether a reference names a person who asks.
    pub fn is_person(&self, reference: Value<'_>, asker: &Asker<'_>) -> bool {
        reference.get("identifier").is_some_and(|identifier| asker.is_person(identifier))
            || self.leads(reference, "Practitioner").is_some_and(|id| self.practitioners.contains(&id))
            || self.leads(reference, "PractitionerRole").is_some_and(|id| self.roles.contains(&id))
    }

    /// Whether a reference names the organisation that asks.
    pub fn is_organisation(&self, reference: Value<'_>, asker: &Asker<'_>) -> bool {
        let by_number = |identifier| asker.is_identifier(identifier, systems::URA, asker.ura.as_str());
        reference.get("identifier").is_some_and(by_number)
            || self.leads(reference, "Organization").is_some_and(|id| self.organisations.contains(&id))
    }

    /// The id of the resource of this type, at this source, that a reference leads to.
    fn leads(&self, reference: Value<'_>, kind: &str) -> Option<String> {
        let literal = text(reference, "reference");
        match Leads::of(self.version, self.base.as_deref(), &literal) {
            Leads::Here(named) if named.kind.name() == kind => Some(named.id.as_str().to_owned()),
            Leads::Here(_) | Leads::Away(_) | Leads::Nowhere => None,
        }
    }
}

/// Asks one source, until a moment.
struct Ask<'a> {
    source: &'a dyn OwnRecords,
    until: Instant,
}

impl Ask<'_> {
    async fn of(&self, kind: &str, parameter: &str, value: String) -> Result<Vec<Resource>, SourceFault> {
        let kind = ResourceType::parse(self.source.version(), kind).ok_or(SourceFault::NotSupported)?;
        let query = SearchQuery { parameters: vec![Parameter::new(parameter, value)] };
        let answer = self.source.of_nobody(kind, query, left(self.until)).await?;
        if answer.cut_short {
            return Err(SourceFault::Unusable("there is more of what a record refers to than can be looked at"));
        }
        Ok(answer.resources)
    }

    async fn by_id(&self, kind: &str, ids: &BTreeSet<String>) -> Result<Vec<Resource>, SourceFault> {
        if ids.len() > MOST {
            return Err(SourceFault::TooLarge);
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
        let found = self.of(kind, "_id", wanted.join(",")).await?;
        Ok(found.into_iter().filter(|one| one.id().is_some_and(|id| ids.contains(id.as_ref()))).collect())
    }

    /// The ids of the Practitioners with a number of the asker's people.
    async fn practitioners(&self, asker: &Asker<'_>) -> Result<BTreeSet<String>, SourceFault> {
        // A number with a sign that separates search values is none that could be found.
        let plain = |number: &&&str| !number.is_empty() && !number.contains([',', '|', '$', '\\']);
        let tokens = asker.numbers.iter().filter(plain).flat_map(|number| {
            let token = move |system: &String| format!("{system}|{number}");
            asker.systems.iter().map(token)
        });
        let tokens: Vec<String> = tokens.collect();
        if tokens.is_empty() {
            return Ok(BTreeSet::new());
        }
        let found = self.of("Practitioner", "identifier", tokens.join(",")).await?;
        let theirs = |one: &&Resource| one.root().all("identifier").into_iter().any(|own| asker.is_person(own));
        let version = self.source.version();
        Ok(found.iter().filter(theirs).filter_map(|one| Some(name_of(version, one)?.id.as_str().to_owned())).collect())
    }

    /// Those of these Organizations that have the asker's URA, or are a part of one that has.
    async fn organisations(
        &self,
        asker: &Asker<'_>,
        ids: BTreeSet<String>,
        around: &Surroundings,
    ) -> Result<BTreeSet<String>, SourceFault> {
        let theirs = |one: &Resource| {
            let number = |own| asker.is_identifier(own, systems::URA, asker.ura.as_str());
            one.root().all("identifier").into_iter().any(number)
        };
        let mut good = BTreeSet::new();
        let mut parts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for one in self.by_id("Organization", &ids).await? {
            let Some(id) = one.id().map(std::borrow::Cow::into_owned) else { continue };
            if theirs(&one) {
                good.insert(id);
            } else if let Some(whole) = one.root().get("partOf").and_then(|whole| around.leads(whole, "Organization")) {
                parts.entry(whole).or_default().insert(id);
            }
        }
        let wholes: BTreeSet<String> = parts.keys().cloned().collect();
        for whole in self.by_id("Organization", &wholes).await? {
            if let Some(id) = whole.id().filter(|_| theirs(&whole)) {
                good.extend(parts.remove(id.as_ref()).unwrap_or_default());
            }
        }
        Ok(good)
    }
}

/// How long there is until that moment.
pub(super) fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

fn text(value: Value<'_>, name: &str) -> String {
    value.get(name).and_then(|found| found.as_text()).unwrap_or_default().into_owned()
}
