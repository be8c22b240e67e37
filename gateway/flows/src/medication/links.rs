//! Which blocks point at which. A reference leads to a block that was received, or nowhere: it is never followed further,
//! and one to itself counts for nothing.

use std::collections::HashMap;

use super::block::{Id, Kind, Target};
use super::unique::Unique;

/// Per block, as places among the blocks.
pub(super) struct Links {
    /// Blocks of the same kind that it changes or stops.
    pub prior: Vec<Vec<usize>>,
    /// Blocks of other kinds that it rests on.
    pub basis: Vec<Vec<usize>>,
    /// Whether it names a block of its own kind that was not received.
    pub dangling: Vec<bool>,
}

impl Links {
    pub fn of(uniques: &[Unique<'_>]) -> Links {
        let mut by_id: HashMap<(Kind, &Id<'_>), usize> = HashMap::with_capacity(uniques.len());
        let mut by_resource: HashMap<(usize, &str, &str), usize> = HashMap::new();
        let literal = |unique: &Unique<'_>| {
            let block = unique.first();
            block.prior.iter().chain(&block.basis).any(|target| matches!(target, Target::Literal(_)))
        };
        let literally = uniques.iter().any(literal);
        for (at, unique) in uniques.iter().enumerate() {
            let block = unique.first();
            if let Some(id) = &block.id {
                by_id.insert((block.kind, id), at);
            }
            for receipt in unique.receipts.iter().filter(|_| literally) {
                let root = receipt.resource.root();
                let plain = |name: &str| root.get(name).map_or("", |value| value.raw().trim_matches('"'));
                by_resource.insert((receipt.source, plain("resourceType"), plain("id")), at);
            }
        }
        let find = |kind: Kind, source: usize, target: &Target<'_>| match target {
            Target::Id(id) => by_id.get(&(kind, id)).copied(),
            Target::Literal(text) => {
                let (before, id) = text.rsplit_once('/')?;
                let resource_type = before.rsplit('/').next()?;
                let found = *by_resource.get(&(source, resource_type, id))?;
                uniques.get(found).is_some_and(|unique| unique.first().kind == kind).then_some(found)
            }
        };
        let mut links = Links { prior: Vec::new(), basis: Vec::new(), dangling: Vec::new() };
        for (at, unique) in uniques.iter().enumerate() {
            let block = unique.first();
            let mut dangling = false;
            let mut prior = Vec::new();
            for target in &block.prior {
                match find(block.kind, block.source, target) {
                    Some(found) if found == at => {}
                    Some(found) => prior.push(found),
                    None => dangling = true,
                }
            }
            let others = [
                Kind::MedicationAgreement,
                Kind::AdministrationAgreement,
                Kind::VariableDosingRegimen,
                Kind::DispenseRequest,
                Kind::MedicationDispense,
            ];
            let mut basis = Vec::new();
            for target in &block.basis {
                let found = others.iter().filter(|kind| **kind != block.kind);
                basis.extend(found.filter_map(|kind| find(*kind, block.source, target)));
            }
            // What an agreement of 9.0.7 rests on need not be an agreement.
            dangling &= prior.is_empty() && basis.is_empty();
            links.prior.push(prior);
            links.basis.push(basis);
            links.dangling.push(dangling);
        }
        links
    }
}
