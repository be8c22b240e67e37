//! The most specific rule wins, and at equal specificity an objection beats a permission (handbook: generic functions,
//! 1.3). The order of the rules says nothing.

use std::collections::BTreeSet;

use exchange::ports::ConsentQuestion;
use policy::findings::ConsentDecision;
use policy::{Consent, Obligation};
use time::OffsetDateTime;

use super::rule::{Part, Rule, Whom};
use crate::mitz::LocalWord;

/// What was decided about one type.
enum Word<'r> {
    /// All of it, but for the parts that are objected to.
    Permitted(&'r Rule),
    /// These resources of it and no other.
    Only(Vec<&'r Rule>),
    Denied(&'r Rule),
    Silent,
}

/// The decision over all that would be released: an objection to all of any type is an objection, and permission holds
/// only when it is given for everything. An objection to a part stays a duty to withhold that part.
pub fn decide(rules: &[Rule], question: &ConsentQuestion<'_>, now: OffsetDateTime) -> LocalWord {
    let applicable: Vec<&Rule> = rules.iter().filter(|rule| rule.applies(question, now)).collect();
    let mut permits: Vec<&str> = Vec::new();
    let (mut absent, mut by_name) = (false, true);
    let (mut withhold, mut objecting) = (Vec::new(), None);
    let types = question.resource_types.iter().map(|name| Some(name.as_str()));
    // A release of nothing in particular may turn out to be of anything.
    let anything = question.resource_types.is_empty().then_some(None);
    for resource_type in types.chain(anything) {
        for rule in objections_to_parts(&applicable, resource_type) {
            withhold.extend(rule.part.as_ref().map(Part::withheld));
            objecting.get_or_insert(rule);
        }
        let found = match word(&applicable, resource_type) {
            Word::Denied(rule) => {
                return LocalWord::Objection(local(ConsentDecision::Deny, rule.id.clone(), Vec::new()));
            }
            Word::Permitted(rule) => vec![rule],
            Word::Only(rules) => {
                withhold.extend(only(resource_type, &rules));
                rules
            }
            Word::Silent => {
                absent = true;
                continue;
            }
        };
        for rule in found {
            by_name &= matches!(rule.whom, Whom::Organisation(_));
            if !permits.contains(&rule.id.as_str()) {
                permits.push(&rule.id);
            }
        }
    }
    withhold.sort_by_cached_key(|duty| format!("{duty:?}"));
    withhold.dedup();
    if absent {
        withhold.retain(is_objection);
        let objection = objecting.map(|rule| local(ConsentDecision::Deny, rule.id.clone(), Vec::new()));
        return LocalWord::Silence { withhold, objection };
    }
    LocalWord::Permission { consent: local(ConsentDecision::Permit, permits.join(","), withhold), by_name }
}

/// Whether a duty stands for an objection, rather than for the bounds of a permission.
pub fn is_objection(duty: &Obligation) -> bool {
    !matches!(duty, Obligation::OnlyResources { .. })
}

fn word<'r>(applicable: &[&'r Rule], resource_type: Option<&str>) -> Word<'r> {
    let general = decisive(applicable, resource_type, None);
    match general {
        Some(rule) if !rule.denies() => Word::Permitted(rule),
        _ => {
            let mut named = permitted_parts(applicable, resource_type);
            // Of anything at all a few resources are not enough.
            if resource_type.is_none() {
                named.clear();
            }
            match (named.is_empty(), general) {
                (false, _) => Word::Only(named),
                (true, Some(rule)) => Word::Denied(rule),
                (true, None) => Word::Silent,
            }
        }
    }
}

/// The rule that decides about a type, or about a part of it: the most specific, and among equals an objection.
fn decisive<'r>(applicable: &[&'r Rule], resource_type: Option<&str>, part: Option<&Part>) -> Option<&'r Rule> {
    let about = |rule: &&Rule| rule.is_about(resource_type) && (rule.part.is_none() || rule.part.as_ref() == part);
    applicable
        .iter()
        .copied()
        .filter(about)
        .max_by(|one, other| one.rank().cmp(&other.rank()).then(one.id.cmp(&other.id)))
}

fn parts<'r>(applicable: &[&'r Rule], resource_type: Option<&str>) -> BTreeSet<&'r Part> {
    let about = applicable.iter().filter(|rule| rule.is_about(resource_type));
    about.filter_map(|rule| rule.part.as_ref()).collect()
}

fn objections_to_parts<'r>(applicable: &[&'r Rule], resource_type: Option<&str>) -> Vec<&'r Rule> {
    let decided = parts(applicable, resource_type).into_iter();
    let decided = decided.filter_map(|part| decisive(applicable, resource_type, Some(part)));
    decided.filter(|rule| rule.denies() && rule.part.is_some()).collect()
}

fn permitted_parts<'r>(applicable: &[&'r Rule], resource_type: Option<&str>) -> Vec<&'r Rule> {
    let decided = parts(applicable, resource_type).into_iter();
    let decided = decided.filter_map(|part| decisive(applicable, resource_type, Some(part)));
    decided.filter(|rule| !rule.denies() && rule.part.is_some()).collect()
}

fn only(resource_type: Option<&str>, rules: &[&Rule]) -> Option<Obligation> {
    let reference = |rule: &&Rule| match rule.part.as_ref()? {
        Part::Resource { resource_type, id } => Some(format!("{resource_type}/{id}")),
        Part::Coded { .. } | Part::Labelled { .. } => None,
    };
    let references = rules.iter().filter_map(reference).collect();
    Some(Obligation::OnlyResources { resource_type: resource_type?.to_owned(), references })
}

fn local(decision: ConsentDecision, reference: String, withhold: Vec<Obligation>) -> Consent {
    Consent { decision, source: "local".to_owned(), reference, withhold }
}
