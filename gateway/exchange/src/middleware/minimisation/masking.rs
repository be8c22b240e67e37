//! Leaves out of a resource what the caller may not see of it: before anything is shaped, sorted or kept for a later page.

use fhir::masking::{ElementPath, Masked, mask};
use policy::{Obligation, Permit};

use super::ReleasedItem;

/// The elements that stay behind under this permit.
fn elements(permit: &Permit) -> Vec<ElementPath> {
    let named = permit.obligations().iter().filter_map(|obligation| match obligation {
        Obligation::MaskElements { elements } => Some(elements),
        Obligation::WithholdLabel { .. }
        | Obligation::WithholdType { .. }
        | Obligation::WithholdResource { .. }
        | Obligation::WithholdCoded { .. }
        | Obligation::OnlyResources { .. } => None,
    });
    named.flatten().filter_map(|text| ElementPath::parse(text)).collect()
}

/// The item as it may leave; nothing when something would be missing that must be there.
pub(super) fn masked(permit: &Permit, item: ReleasedItem) -> Option<ReleasedItem> {
    match mask(permit.version(), item.whole(), &elements(permit)) {
        Masked::Whole => Some(item),
        Masked::Rest(rest) => Some(item.masked(rest)),
        Masked::Withhold => None,
    }
}

/// Whether an item that was masked under an earlier permit has nothing that this one leaves out.
pub(super) fn is_masked_enough(permit: &Permit, item: &ReleasedItem) -> bool {
    matches!(mask(permit.version(), item.whole(), &elements(permit)), Masked::Whole)
}
