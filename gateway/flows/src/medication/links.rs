//! Which blocks point at which. A reference leads to a block that was received, or nowhere: it is never followed further,
//! and one to itself counts for nothing.

use std::collections::HashMap;

use super::block::{Id, Kind, Target};
use super::unique::{Unique, digest_as};

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
        let names = |literally: bool| {
            let named = move |target: &Target<'_>| matches!(target, Target::Literal(_)) == literally;
            uniques.iter().any(|unique| unique.first().prior.iter().chain(&unique.first().basis).any(named))
        };
        let mut by_resource: HashMap<(usize, &str, &str), usize> = HashMap::new();
        if names(true) {
            for (at, receipt) in
                uniques.iter().enumerate().flat_map(|(at, unique)| unique.receipts().map(move |one| (at, one)))
            {
                let name = receipt.name.as_deref().unwrap_or_default();
                by_resource.insert((receipt.source, receipt.resource_type(), name), at);
            }
        }
        let find = |kind: Kind, source: usize, target: &Target<'_>| match target {
            Target::Id(id) => place_of(uniques, kind, id),
            Target::Literal(text) => {
                let (before, id) = text.rsplit_once('/')?;
                let resource_type = before.rsplit('/').next()?;
                let found = *by_resource.get(&(source, resource_type, id))?;
                uniques.get(found).is_some_and(|unique| unique.first().kind == kind).then_some(found)
            }
        };
        let nothing = || Vec::with_capacity(uniques.len());
        let mut links = Links { prior: nothing(), basis: nothing(), dangling: Vec::with_capacity(uniques.len()) };
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

/// The place of the block of this kind and identifier. The blocks stand in the order of the digests of that.
fn place_of(uniques: &[Unique<'_>], kind: Kind, id: &Id<'_>) -> Option<usize> {
    let digest = digest_as(kind, id);
    let from = uniques.partition_point(|unique| unique.order.0 < digest);
    let same = |unique: &Unique<'_>| unique.first().kind == kind && unique.first().id.as_ref() == Some(id);
    let mut of_digest = uniques.iter().enumerate().skip(from).take_while(|(_, unique)| unique.order.0 == digest);
    of_digest.find(|(_, unique)| same(unique)).map(|(at, _)| at)
}
