//! URI parameters (FHIR search, uri).

/// How a URI is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Same,
    /// `:below`: the element lies under the value.
    Below,
    /// `:above`: the value lies under the element.
    Above,
}

/// One alternative of a URI parameter.
pub(super) struct Wanted {
    url: String,
    comparison: Comparison,
}

impl Wanted {
    /// Nothing when a URN is asked to lie above or below something: URNs have no levels.
    pub(super) fn new(url: &str, comparison: Comparison) -> Option<Self> {
        let levels = comparison == Comparison::Same || !url.starts_with("urn:");
        (levels && !url.is_empty()).then(|| Wanted { url: url.to_owned(), comparison })
    }

    pub(super) fn accepts(&self, url: &str) -> bool {
        match self.comparison {
            Comparison::Same => is_same(url, &self.url),
            Comparison::Below => is_under(url, &self.url),
            Comparison::Above => is_under(&self.url, url),
        }
    }
}

/// A URL is compared exactly; a canonical without a version finds every version of it.
pub(super) fn is_same(url: &str, wanted: &str) -> bool {
    url == wanted || url.split_once('|').is_some_and(|(canonical, _)| canonical == wanted)
}

/// Whether a URL is the other one or lies under it, by whole segments.
fn is_under(url: &str, root: &str) -> bool {
    let root = root.strip_suffix('/').unwrap_or(root);
    let rest = url.strip_prefix(root);
    !root.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '|']))
}
