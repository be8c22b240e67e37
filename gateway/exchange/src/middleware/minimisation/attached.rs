//! Resources that name no patient and are a patient's by what they hang on: a Provenance by its targets (at least one of
//! them is in the answer, and the source vouches for the rest), a Device or a Specimen by what of the patient's refers to
//! it. Nothing else of that kind leaves: without the patient's own resource beside it nobody can tell whose it is. A Binary,
//! and a Device or a Specimen that was asked for by itself, is the patient's when the source vouches for it by name.

use std::collections::HashSet;

use fhir::{Resource, SearchMode, links};

use super::check::Verdict;
use crate::ports::Item;

/// Types whose patient is optional, and that belong to whoever's resource refers to them.
const REFERRED: [&str; 2] = ["Device", "Specimen"];

/// A provenance of a device of an observation is as long as it gets.
const ROUNDS: usize = 3;

/// Decides about what names no patient, by the rest of the same answer.
pub(super) fn settle(mut judged: Vec<(Verdict, Item)>, vouched: &[String]) -> Vec<(Verdict, Item)> {
    for _ in 0..ROUNDS {
        if judged.iter().all(|(verdict, _)| *verdict != Verdict::Unowned) {
            break;
        }
        let released = Released::among(&judged, vouched);
        for (verdict, item) in &mut judged {
            if *verdict == Verdict::Unowned && item.mode == SearchMode::Include && released.has(&item.resource) {
                *verdict = Verdict::Release;
            }
        }
    }
    for (verdict, item) in &mut judged {
        // It names nobody; the source that gives it has established whose it is.
        let kind = item.resource.resource_type();
        if *verdict == Verdict::Unowned && (kind == "Binary" || REFERRED.contains(&kind.as_ref())) {
            let known = named(&item.resource).is_some_and(|name| vouched.contains(&name));
            *verdict = if known { Verdict::Release } else { Verdict::Unowned };
        }
    }
    judged
}

/// What of the answer is certainly this patient's, and where that leads.
struct Released<'v> {
    /// `Type/id`
    own: HashSet<String>,
    /// `Type/id`
    referred: HashSet<String>,
    vouched: &'v [String],
}

impl<'v> Released<'v> {
    fn among(judged: &[(Verdict, Item)], vouched: &'v [String]) -> Self {
        let (mut own, mut referred) = (HashSet::new(), HashSet::new());
        for (_, item) in judged.iter().filter(|(verdict, _)| *verdict == Verdict::Release) {
            own.extend(named(&item.resource));
            links(&item.resource, &mut |kind, id, elsewhere| {
                if !elsewhere && REFERRED.contains(&kind) {
                    referred.insert(format!("{kind}/{id}"));
                }
            });
        }
        Released { own, referred, vouched }
    }

    fn has(&self, resource: &Resource) -> bool {
        if resource.resource_type() != "Provenance" {
            return named(resource).is_some_and(|name| self.referred.contains(&name));
        }
        let mut any = false;
        for target in resource.root().all("target") {
            let literal = target.get("reference").and_then(|literal| literal.as_text());
            let Some(current) = literal.as_deref().and_then(|literal| literal.split("/_history/").next()) else {
                return false;
            };
            let here = self.own.contains(current);
            if !here && !self.vouched.iter().any(|known| known == current) {
                return false;
            }
            any |= here;
        }
        any
    }
}

fn named(resource: &Resource) -> Option<String> {
    Some(format!("{}/{}", resource.resource_type(), resource.id()?))
}
