//! Resources that name no patient and are a patient's by what they hang on: a Provenance by its targets, a Device or a
//! Specimen by what of the patient's refers to it. Nothing else of that kind leaves, and nothing that was asked for by
//! itself: without the patient's own resource beside it nobody can tell whose it is.

use std::collections::HashSet;

use fhir::{Resource, SearchMode, links};

use super::check::Verdict;
use crate::ports::Item;

/// Types whose patient is optional, and that belong to whoever's resource refers to them.
const REFERRED: [&str; 2] = ["Device", "Specimen"];

/// A provenance of a device of an observation is as long as it gets.
const ROUNDS: usize = 3;

/// Decides about what names no patient, by the rest of the same answer.
pub(super) fn settle(mut judged: Vec<(Verdict, Item)>) -> Vec<(Verdict, Item)> {
    for _ in 0..ROUNDS {
        if judged.iter().all(|(verdict, _)| *verdict != Verdict::Unowned) {
            break;
        }
        let released = Released::among(&judged);
        for (verdict, item) in &mut judged {
            if *verdict == Verdict::Unowned && item.mode == SearchMode::Include && released.has(&item.resource) {
                *verdict = Verdict::Release;
            }
        }
    }
    judged
}

/// What of the answer is certainly this patient's, and where that leads.
struct Released {
    own: HashSet<(String, String)>,
    referred: HashSet<(String, String)>,
}

impl Released {
    fn among(judged: &[(Verdict, Item)]) -> Self {
        let (mut own, mut referred) = (HashSet::new(), HashSet::new());
        for (_, item) in judged.iter().filter(|(verdict, _)| *verdict == Verdict::Release) {
            own.extend(named(&item.resource));
            links(&item.resource, &mut |kind, id, elsewhere| {
                if !elsewhere && REFERRED.contains(&kind) {
                    referred.insert((kind.to_owned(), id.to_owned()));
                }
            });
        }
        Released { own, referred }
    }

    fn has(&self, resource: &Resource) -> bool {
        if resource.resource_type() == "Provenance" {
            let targets = resource.root().all("target");
            return !targets.is_empty()
                && targets.iter().all(|target| {
                    let literal = target.get("reference").and_then(|literal| literal.as_text());
                    let current =
                        literal.as_deref().map(|literal| literal.split("/_history/").next().unwrap_or(literal));
                    let parts = current.and_then(|literal| literal.split_once('/'));
                    parts.is_some_and(|(kind, id)| self.own.contains(&(kind.to_owned(), id.to_owned())))
                });
        }
        named(resource).is_some_and(|name| self.referred.contains(&name))
    }
}

fn named(resource: &Resource) -> Option<(String, String)> {
    Some((resource.resource_type().into_owned(), resource.id()?.into_owned()))
}
