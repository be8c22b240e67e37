//! A request for a page: `GET [base]/[Type]?_page=[token]`, and nothing beside it.

use fhir::search::SearchFault;
use fhir::{Interaction, Parameter};

use crate::refusal::Refusal;

const PAGE: &str = "_page";

/// The name of the page that is asked for.
///
/// # Errors
/// Another parameter beside it would be passed over, so it is refused.
pub(super) fn named(interaction: &Interaction) -> Result<Option<String>, Refusal> {
    let Interaction::Search { query, .. } = interaction else { return Ok(None) };
    let mut pages = query.named(PAGE);
    let Some(page) = pages.next() else { return Ok(None) };
    if pages.next().is_some() || page.modifier.is_some() {
        return Err(Refusal::PageGone);
    }
    let beside = |parameter: &&Parameter| !matches!(parameter.name.as_str(), PAGE | "_format" | "_pretty");
    match query.parameters.iter().find(beside) {
        // The name was read as one; still only what is known to be a name is repeated.
        Some(_) => Err(Refusal::from(SearchFault::Unsupported { name: "beside _page".to_owned() })),
        None => Ok(Some(page.value.clone())),
    }
}
