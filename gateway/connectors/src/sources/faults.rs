//! What a search that cannot be evaluated means as a source's answer.

use exchange::ports::SourceFault;
use fhir::search::SearchFault;

/// Refused by name, where there is one.
pub(crate) fn of_search(fault: &SearchFault) -> SourceFault {
    match fault {
        SearchFault::Unsupported { name } | SearchFault::Value { name } => {
            SourceFault::Unsupported { parameter: name.clone() }
        }
        SearchFault::Encoding | SearchFault::TooMany { .. } => SourceFault::Unusable("the search cannot be read"),
    }
}
