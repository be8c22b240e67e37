//! What a provision of a Consent is about: whom, what for, which data, when. Each may be stated, understood or not.

use fhir::json::Value;
use fhir::{FhirVersion, ResourceType};
use policy::findings::ConsentDecision;
use policy::{DataHolder, Purpose};

use super::resource::{PURPOSES, contained, ura};
use super::rule::{Part, Rule, Whom};
use crate::registers::period::Period;

const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const ACTION: &str = "http://terminology.hl7.org/CodeSystem/consentaction";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const RESOURCE_TYPES: &str = "http://hl7.org/fhir/resource-types";
/// The kind of a care provider (handbook: generic functions, 0.4).
const PROVIDER_KIND: &str = "urn:oid:2.16.840.1.113883.2.4.15.1060";

/// One thing that narrows a rule, as a list of which any may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Narrow<T> {
    /// Nothing when it is not stated.
    to: Option<Vec<T>>,
    /// Something of it is not understood.
    unclear: bool,
}

impl<T: Clone + PartialEq> Narrow<T> {
    fn nothing() -> Self {
        Narrow { to: None, unclear: false }
    }

    fn read<'v>(stated: Vec<Value<'v>>, one: impl Fn(Value<'v>) -> Option<T>) -> Self {
        if stated.is_empty() {
            return Narrow::nothing();
        }
        let known: Vec<Option<T>> = stated.into_iter().map(one).collect();
        Narrow { unclear: known.iter().any(Option::is_none), to: Some(known.into_iter().flatten().collect()) }
    }

    /// Within another: what both say.
    fn and(&self, inner: Self) -> Self {
        let unclear = self.unclear || inner.unclear;
        let to = match (&self.to, inner.to) {
            (Some(outer), Some(inner)) => Some(inner.into_iter().filter(|one| outer.contains(one)).collect()),
            (outer, inner) => inner.or_else(|| outer.clone()),
        };
        Narrow { to, unclear }
    }

    /// What a rule of this decision is about: nothing stated is everything, and nothing of a list that is understood is
    /// no rule at all.
    fn of(&self, decision: ConsentDecision) -> Option<Option<&[T]>> {
        match (decision, &self.to) {
            (_, None) if !self.unclear => Some(None),
            (ConsentDecision::Deny, _) if self.unclear => Some(None),
            (_, Some(to)) if !to.is_empty() => Some(Some(to)),
            _ => None,
        }
    }
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Nothing else is in it that is not understood.
    understood: bool,
    /// It is about making data available.
    releasing: bool,
    whom: Narrow<Whom>,
    purposes: Narrow<Purpose>,
    resource_types: Narrow<String>,
    parts: Narrow<Part>,
    periods: Vec<Period>,
}

impl Scope {
    /// Everything, for everyone, always.
    pub fn all(understood: bool) -> Self {
        Scope {
            understood,
            releasing: true,
            whom: Narrow::nothing(),
            purposes: Narrow::nothing(),
            resource_types: Narrow::nothing(),
            parts: Narrow::nothing(),
            periods: Vec::new(),
        }
    }

    /// This, narrowed by what a provision says.
    pub fn within(&self, root: Value<'_>, provision: Value<'_>, holder: &DataHolder) -> Self {
        let mut scope = self.clone();
        // Of what age the data must be is not looked at when it leaves.
        scope.understood &= provision.get("modifierExtension").is_none() && provision.get("dataPeriod").is_none();
        if let Some(period) = provision.get("period") {
            match read_period(period) {
                Some(period) => scope.periods.push(period),
                None => scope.understood = false,
            }
        }
        let actions = Narrow::read(provision.all("action"), |one| code_of(one, ACTION));
        if let Some(to) = &actions.to {
            scope.understood &= !actions.unclear;
            let releases = to.iter().any(|code| code == "access" || code == "disclose");
            scope.releasing &= releases || actions.unclear;
        }
        scope.actors(root, provision, holder);
        scope.purposes = self.purposes.and(Narrow::read(provision.all("purpose"), purpose));
        scope.resource_types = self.resource_types.and(Narrow::read(provision.all("class"), resource_type));
        let data = Narrow::read(provision.all("data"), named);
        let codes = Narrow::read(provision.all("code"), |one| {
            codings(one).into_iter().next().map(|(system, code)| Part::Coded { system, code })
        });
        let labels = Narrow::read(provision.all("securityLabel"), |one| {
            coding(one).map(|(system, code)| Part::Labelled { system, code })
        });
        scope.parts(&[data, codes, labels]);
        scope
    }

    /// Who: care providers that receive, and the one whose data it is (custodian), which must be this one.
    fn actors(&mut self, root: Value<'_>, provision: Value<'_>, holder: &DataHolder) {
        let (mut receivers, mut custodians) = (Vec::new(), Vec::new());
        for actor in provision.all("actor") {
            let role = actor.get("role").and_then(|role| code_of(role, PARTICIPATION));
            if role.as_deref() == Some("CST") { custodians.push(actor) } else { receivers.push((role, actor)) }
        }
        let custodian = Narrow::read(custodians, |actor| ura(root, actor.get("reference")?));
        if let Some(to) = &custodian.to
            && !to.contains(&holder.0)
        {
            self.understood &= !custodian.unclear;
            self.releasing &= custodian.unclear;
        }
        if receivers.is_empty() {
            return;
        }
        let known: Vec<Option<Whom>> = receivers
            .into_iter()
            .map(|(role, actor)| match role.as_deref() {
                Some("IRCP" | "PRCP") => whom(root, actor.get("reference")?),
                _ => None,
            })
            .collect();
        let unclear = known.iter().any(Option::is_none);
        self.whom = self.whom.and(Narrow { to: Some(known.into_iter().flatten().collect()), unclear });
    }

    /// Which parts. Several things that must hold at once are more than a rule can say.
    fn parts(&mut self, stated: &[Narrow<Part>]) {
        let mut said = stated.iter().filter(|one| one.to.is_some());
        let (first, second) = (said.next(), said.next());
        if let Some(one) = first {
            let at_once = second.is_some() || self.parts.to.is_some();
            self.understood &= !at_once;
            self.parts = Narrow { to: one.to.clone(), unclear: one.unclear || self.parts.unclear || at_once };
        }
    }

    /// The rules that this decision about it makes.
    pub fn rules(&self, decision: ConsentDecision, id: &str) -> Vec<Rule> {
        let denies = decision == ConsentDecision::Deny;
        if !self.releasing || (!denies && !self.understood) {
            return Vec::new();
        }
        let stated = (
            self.whom.of(decision),
            self.purposes.of(decision),
            self.resource_types.of(decision),
            self.parts.of(decision),
        );
        let (Some(whom), Some(purposes), Some(types), Some(parts)) = stated else { return Vec::new() };
        let whom = whom.map_or_else(|| vec![Whom::Everyone], <[Whom]>::to_vec);
        let parts: Vec<Option<Part>> =
            parts.map_or_else(|| vec![None], |parts| parts.iter().cloned().map(Some).collect());
        let unclear = self.whom.unclear || self.purposes.unclear || self.resource_types.unclear || self.parts.unclear;
        let mut rules = Vec::new();
        for one in &whom {
            for part in &parts {
                // What carries a code or a label is known only when it is there: nothing is permitted by it.
                if !denies && part.as_ref().is_some_and(|part| !matches!(part, Part::Resource { .. })) {
                    continue;
                }
                let resource_types = match part {
                    Some(Part::Resource { resource_type, .. }) => Some(vec![resource_type.clone()]),
                    _ => types.map(<[String]>::to_vec),
                };
                rules.push(Rule {
                    id: id.to_owned(),
                    decision,
                    whom: one.clone(),
                    purposes: purposes.map(<[Purpose]>::to_vec),
                    resource_types,
                    part: part.clone(),
                    // An objection with something that is not understood holds at any time.
                    periods: if denies && !self.understood { Vec::new() } else { self.periods.clone() },
                    stands: denies && (unclear || !self.understood),
                });
            }
        }
        rules
    }
}

/// System and code of a Coding.
fn coding(value: Value<'_>) -> Option<(String, String)> {
    let text = |name: &str| value.get(name).and_then(|text| text.as_text()).map(String::from);
    Some((text("system")?, text("code")?))
}

/// The codings of a CodeableConcept.
pub fn codings(concept: Value<'_>) -> Vec<(String, String)> {
    concept.all("coding").into_iter().filter_map(coding).collect()
}

fn code_of(concept: Value<'_>, wanted: &str) -> Option<String> {
    codings(concept).into_iter().find(|(system, _)| system == wanted).map(|(_, code)| code)
}

fn purpose(value: Value<'_>) -> Option<Purpose> {
    let (system, code) = coding(value)?;
    PURPOSES.into_iter().find(|known| system == ACT_REASON && known.code() == code)
}

fn resource_type(value: Value<'_>) -> Option<String> {
    let (system, code) = coding(value)?;
    (system == RESOURCE_TYPES && ResourceType::parse(FhirVersion::R4, &code).is_some()).then_some(code)
}

/// One resource of ours by name; what is related to it, depends on it or was written by it cannot be told.
fn named(value: Value<'_>) -> Option<Part> {
    let text = |value: Value<'_>, name: &str| value.get(name).and_then(|text| text.as_text()).map(String::from);
    if text(value, "meaning").as_deref() != Some("instance") {
        return None;
    }
    let literal = text(value.get("reference")?, "reference")?;
    let (resource_type, id) = literal.split_once('/')?;
    let known = ResourceType::parse(FhirVersion::R4, resource_type).is_some() && fhir::LogicalId::parse(id).is_some();
    known.then(|| Part::Resource { resource_type: resource_type.to_owned(), id: id.to_owned() })
}

/// A care provider by its URA, or a kind of care providers by a contained Organization with a type and no number.
fn whom(root: Value<'_>, reference: Value<'_>) -> Option<Whom> {
    if let Some(ura) = ura(root, reference) {
        return Some(Whom::Organisation(ura));
    }
    let organisation = contained(root, reference)?;
    let is_kind =
        organisation.get("resourceType")?.as_text()? == "Organization" && organisation.get("identifier").is_none();
    let mut kinds = organisation.all("type").into_iter().filter_map(|one| code_of(one, PROVIDER_KIND));
    let kind = kinds.next().filter(|_| is_kind)?;
    kinds.next().is_none().then_some(Whom::Kind(kind))
}

fn read_period(value: Value<'_>) -> Option<Period> {
    let end = |name: &str| match value.get(name) {
        Some(text) => text.as_text().map(|text| Some(text.into_owned())),
        None => Some(None),
    };
    Period::of_fhir(end("start")?.as_deref(), end("end")?.as_deref())
}
