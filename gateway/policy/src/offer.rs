//! Whether a capability offers an interaction: the static half of admission. It knows no caller, no patient and
//! no finding.

use std::borrow::Cow;

use fhir::definitions::{SearchKind, search_parameter};
use fhir::interaction::{Level, ResourceType, SearchTarget};
use fhir::{FhirVersion, Interaction, Parameter, SearchQuery, Ura};

use crate::capability::{ANY, PatientBinding, TypeCapability, VersionCapability};
use crate::request::Direction;
use crate::standard::{self, StandardOperation};

/// Why an interaction is not offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotOffered {
    /// The interaction, or the type for it.
    Interaction,
    /// A search parameter, by its sanitised name.
    Parameter(String),
}

/// What one FHIR version of a use case offers.
#[derive(Clone, Copy)]
pub(crate) struct Offer<'a> {
    pub version: FhirVersion,
    pub capability: &'a VersionCapability,
    pub patient: PatientBinding,
}

/// What the capability must list before a request passes.
struct Asked<'a> {
    code: &'static str,
    /// None: asked of the whole system.
    resource_type: Option<ResourceType>,
    query: Option<&'a SearchQuery>,
}

impl Offer<'_> {
    /// Whether this interaction could be allowed at this gate.
    pub(crate) fn allows(&self, interaction: &Interaction, direction: Direction) -> Result<(), NotOffered> {
        if let Interaction::Operation { level, name, query } = interaction
            && self.operation(level, name, direction)
        {
            return self.operation_parameters(level, query);
        }
        if let Interaction::Transaction { entries } = interaction {
            return self.transaction(entries, direction);
        }
        if let (Some(StandardOperation::LatestStops), Interaction::Operation { query, .. }) =
            (self.standard(interaction), interaction)
        {
            return self.latest_stops(interaction.resource_type(), query);
        }
        let asked = self.asked(interaction).ok_or(NotOffered::Interaction)?;
        let entries = self.entries(&asked);
        if entries.is_empty() {
            return Err(NotOffered::Interaction);
        }
        let parameters = asked.query.map(|query| query.parameters.as_slice()).unwrap_or_default();
        let refused = parameters.iter().find(|parameter| !self.allows_parameter(&asked, &entries, parameter));
        if let Some(refused) = refused {
            return Err(NotOffered::Parameter(sanitised(&refused.name)));
        }
        // Values that no search could be made of are refused before anybody is asked.
        match (self.standard(interaction), asked.query) {
            (Some(StandardOperation::Everything), Some(query)) => {
                let searches = standard::everything(self.version, self.capability, query);
                searches.map(|_| ()).map_err(|name| NotOffered::Parameter(name.to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// The operation of the standard that this interaction is, when it is offered by its name.
    pub(crate) fn standard(&self, interaction: &Interaction) -> Option<StandardOperation> {
        let Interaction::Operation { level, name, .. } = interaction else { return None };
        let operation = StandardOperation::of(level, name)?;
        let Some(kind) = interaction.resource_type() else {
            return self.capability.system.iter().any(|code| code == operation.code()).then_some(operation);
        };
        let lists = |entry: &TypeCapability| {
            entry.resource_type == kind.name() && entry.codes.iter().any(|code| code == operation.code())
        };
        self.capability.interactions.iter().any(lists).then_some(operation)
    }

    /// `$latest-stops` takes the patient, its own parameters and the format, with values that a search can be made of.
    fn latest_stops(&self, kind: Option<ResourceType>, query: &SearchQuery) -> Result<(), NotOffered> {
        let own = StandardOperation::LatestStops.parameters();
        let known = |parameter: &Parameter| {
            let its_own = parameter.modifier.is_none() && own.contains(&parameter.name.as_str());
            its_own || is_format(parameter) || self.names_the_patient(kind, parameter)
        };
        if let Some(refused) = query.parameters.iter().find(|parameter| !known(parameter)) {
            return Err(NotOffered::Parameter(sanitised(&refused.name)));
        }
        let searches = standard::latest_stops(self.version, self.capability, kind, query);
        searches.map(|_| ()).map_err(|name| NotOffered::Parameter(name.to_owned()))
    }

    /// A transaction is offered when it is listed and each of its entries is offered by itself.
    fn transaction(&self, entries: &[Interaction], direction: Direction) -> Result<(), NotOffered> {
        if !self.capability.system.iter().any(|code| code == "transaction") {
            return Err(NotOffered::Interaction);
        }
        let single = |entry: &Interaction| !matches!(entry, Interaction::Transaction { .. });
        if entries.is_empty() || !entries.iter().all(single) {
            return Err(NotOffered::Interaction);
        }
        entries.iter().try_for_each(|entry| self.allows(entry, direction))
    }

    /// Whether this is one of the operations that collect searches.
    pub(crate) fn operation(&self, level: &Level, name: &str, direction: Direction) -> bool {
        let Some(operation) = self.capability.operations.get(name) else { return false };
        let (word, resource_type) = match level {
            Level::System => return false,
            Level::Type(resource_type) => ("type", resource_type),
            Level::Instance(resource_type, _) => ("instance", resource_type),
        };
        operation.level == word
            && operation.resource_type == resource_type.name()
            && operation.directions.contains(&direction)
    }

    /// A collecting operation takes the patient, the providers to ask and the format, nothing else.
    fn operation_parameters(&self, level: &Level, query: &SearchQuery) -> Result<(), NotOffered> {
        let resource_type = match level {
            Level::System => None,
            Level::Type(resource_type) | Level::Instance(resource_type, _) => Some(*resource_type),
        };
        let unknown = query.parameters.iter().find(|parameter| {
            !is_format(parameter) && !names_providers(parameter) && !self.names_the_patient(resource_type, parameter)
        });
        unknown.map_or(Ok(()), |parameter| Err(NotOffered::Parameter(sanitised(&parameter.name))))
    }

    fn asked<'i>(&self, interaction: &'i Interaction) -> Option<Asked<'i>> {
        let of = |code, resource_type: &ResourceType| Asked { code, resource_type: Some(*resource_type), query: None };
        Some(match interaction {
            // A batch's entries are asked one by one; the capability statement is the node's own.
            Interaction::Capabilities | Interaction::Bundle | Interaction::Transaction { .. } => return None,
            Interaction::Read { resource_type, .. } => of("read", resource_type),
            Interaction::Vread { resource_type, .. } => of("vread", resource_type),
            Interaction::Create { resource_type } => of("create", resource_type),
            Interaction::Update { resource_type, .. } => of("update", resource_type),
            Interaction::Patch { resource_type, .. } => of("patch", resource_type),
            Interaction::Delete { resource_type, .. } => of("delete", resource_type),
            Interaction::ConditionalUpdate { resource_type, query } => {
                Asked { query: Some(query), ..of("update", resource_type) }
            }
            Interaction::ConditionalDelete { resource_type, query } => {
                Asked { query: Some(query), ..of("delete", resource_type) }
            }
            Interaction::Search { target, query } => {
                let (code, resource_type) = match target {
                    SearchTarget::System => ("search-system", None),
                    SearchTarget::Type(resource_type) => ("search-type", Some(*resource_type)),
                    SearchTarget::Compartment { owner, member, .. } => {
                        // Another compartment than the patient's is a way around the patient.
                        if owner.name() != "Patient" && self.patient != PatientBinding::Any {
                            return None;
                        }
                        (if member.is_some() { "search-type" } else { "search-system" }, *member)
                    }
                };
                Asked { code, resource_type, query: Some(query) }
            }
            Interaction::History { level, query } => {
                let (code, resource_type) = match level {
                    Level::System => ("history-system", None),
                    Level::Type(resource_type) => ("history-type", Some(*resource_type)),
                    Level::Instance(resource_type, _) => ("history-instance", Some(*resource_type)),
                };
                Asked { code, resource_type, query: Some(query) }
            }
            Interaction::Operation { level, query, .. } => {
                let resource_type = match level {
                    Level::System => None,
                    Level::Type(resource_type) | Level::Instance(resource_type, _) => Some(*resource_type),
                };
                let code = self.standard(interaction).map_or("operation", StandardOperation::code);
                Asked { code, resource_type, query: Some(query) }
            }
        })
    }

    /// The entries that offer this code: those of the type, and those of every type.
    fn entries(&self, asked: &Asked<'_>) -> Vec<&TypeCapability> {
        let matches = |entry: &&TypeCapability| {
            let name = entry.resource_type.as_str();
            let of_type = name == ANY || asked.resource_type.is_some_and(|found| found.name() == name);
            of_type && entry.codes.iter().any(|code| code == asked.code)
        };
        self.capability.interactions.iter().filter(matches).collect()
    }

    fn allows_parameter(&self, asked: &Asked<'_>, entries: &[&TypeCapability], parameter: &Parameter) -> bool {
        let lists = |name: &str| entries.iter().any(|entry| entry.search.iter().any(|known| known == name));
        if lists(ANY) || is_format(parameter) || self.names_the_patient(asked.resource_type, parameter) {
            return true;
        }
        let name = parameter.name.as_str();
        if let Some(operation) = StandardOperation::ALL.into_iter().find(|operation| operation.code() == asked.code)
            && operation.parameters().contains(&name)
        {
            return parameter.modifier.is_none();
        }
        match name {
            // They only make a history shorter.
            "_count" | "_since" | "_at" if asked.code.starts_with("history") => parameter.modifier.is_none(),
            "_include" => lists(name) && self.allows_include(parameter, asked.resource_type),
            "_revinclude" => lists(name) && self.allows_revinclude(parameter),
            _ => lists(&whole_name(parameter)),
        }
    }

    /// Whether it names the patient. Middleware takes such parameters out and asks with the patient it established.
    fn names_the_patient(&self, resource_type: Option<ResourceType>, parameter: &Parameter) -> bool {
        if matches!(self.patient, PatientBinding::Nobody | PatientBinding::Told | PatientBinding::Unnamed) {
            return false;
        }
        let name = whole_name(parameter);
        let typed = parameter.modifier.as_deref().map(|modifier| modifier.split('.').next().unwrap_or_default());
        if resource_type.is_some_and(|found| found.name() == "Patient")
            && matches!(name.as_ref(), "identifier" | "_id")
            && typed.is_none()
        {
            return true;
        }
        let base = name.strip_suffix(".identifier").unwrap_or(&name);
        matches!(base, "patient" | "subject" | "beneficiary") && matches!(typed, None | Some("Patient" | "identifier"))
    }

    /// `[source type]:[parameter]` or `[source type]:[parameter]:[target type]`.
    fn allows_include(&self, parameter: &Parameter, searched: Option<ResourceType>) -> bool {
        let Some((source, target)) = self.included_by(parameter) else { return false };
        let iterates = parameter.modifier.is_some();
        let from_the_search = searched == Some(source) || (iterates && self.capability.may_release(source.name()));
        // Without a target type the answer is checked type by type all the same.
        from_the_search && target.is_none_or(|target| self.capability.may_release(target))
    }

    /// What a reverse include brings is of the source type.
    fn allows_revinclude(&self, parameter: &Parameter) -> bool {
        self.included_by(parameter).is_some_and(|(source, target)| {
            self.capability.may_release(source.name()) && target.is_none_or(|found| self.capability.may_release(found))
        })
    }

    /// The source type and the target type of an include value that names a real reference parameter.
    fn included_by<'p>(&self, parameter: &'p Parameter) -> Option<(ResourceType, Option<&'p str>)> {
        if !matches!(parameter.modifier.as_deref(), None | Some("iterate" | "recurse")) {
            return None;
        }
        let mut parts = parameter.value.split(':');
        let source = ResourceType::parse(self.version, parts.next()?)?;
        let definition = search_parameter(self.version, source, parts.next()?)?;
        let target = parts.next();
        (definition.kind == SearchKind::Reference && parts.next().is_none()).then_some((source, target))
    }
}

/// Whether it names providers to ask, each by URA.
fn names_providers(parameter: &Parameter) -> bool {
    let numbers = parameter.alternatives();
    parameter.name == "holder"
        && parameter.modifier.is_none()
        && !numbers.is_empty()
        && numbers.iter().all(|number| Ura::parse(number).is_ok())
}

fn is_format(parameter: &Parameter) -> bool {
    parameter.modifier.is_none() && matches!(parameter.name.as_str(), "_format" | "_pretty")
}

/// Name and chain: `performer:Practitioner.name` is a chain on `performer` and reads `performer.name`.
fn whole_name(parameter: &Parameter) -> Cow<'_, str> {
    match parameter.modifier.as_deref().and_then(|modifier| modifier.split_once('.')) {
        Some((_, chain)) => Cow::Owned(format!("{}.{}", parameter.name, without_types(chain))),
        None => Cow::Borrowed(&parameter.name),
    }
}

/// A chain without the types that narrow it: `subject:Patient.name` reads `subject.name`.
fn without_types(chain: &str) -> String {
    let names = chain.split('.').map(|link| link.split(':').next().unwrap_or_default());
    names.collect::<Vec<_>>().join(".")
}

/// The name as it may be shown: letters and the marks of a name. Digits go, because a number can be a BSN.
fn sanitised(name: &str) -> String {
    let plain = |found: &char| found.is_ascii_alphabetic() || matches!(found, '-' | '_' | '.');
    name.chars().filter(plain).take(40).collect()
}
