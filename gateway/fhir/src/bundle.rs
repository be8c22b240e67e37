//! Bundle: read into its entries without copying the resources, written by splicing them back as they were.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;

use thiserror::Error;

use crate::json::Node;
use crate::resource::Resource;

/// `Bundle.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleKind {
    Document,
    Message,
    Transaction,
    TransactionResponse,
    Batch,
    BatchResponse,
    History,
    Searchset,
    Collection,
}

impl BundleKind {
    /// The code of <http://hl7.org/fhir/bundle-type>, the same in STU3 and R4.
    pub const fn code(self) -> &'static str {
        match self {
            BundleKind::Document => "document",
            BundleKind::Message => "message",
            BundleKind::Transaction => "transaction",
            BundleKind::TransactionResponse => "transaction-response",
            BundleKind::Batch => "batch",
            BundleKind::BatchResponse => "batch-response",
            BundleKind::History => "history",
            BundleKind::Searchset => "searchset",
            BundleKind::Collection => "collection",
        }
    }

    fn of(code: &str) -> Option<Self> {
        const ALL: [BundleKind; 9] = [
            BundleKind::Document,
            BundleKind::Message,
            BundleKind::Transaction,
            BundleKind::TransactionResponse,
            BundleKind::Batch,
            BundleKind::BatchResponse,
            BundleKind::History,
            BundleKind::Searchset,
            BundleKind::Collection,
        ];
        ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// `Bundle.entry.search.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchMode {
    Match,
    Include,
    Outcome,
}

impl SearchMode {
    /// The code of <http://hl7.org/fhir/search-entry-mode>.
    pub const fn code(self) -> &'static str {
        match self {
            SearchMode::Match => "match",
            SearchMode::Include => "include",
            SearchMode::Outcome => "outcome",
        }
    }

    fn of(code: &str) -> Option<Self> {
        [SearchMode::Match, SearchMode::Include, SearchMode::Outcome].into_iter().find(|mode| mode.code() == code)
    }
}

/// `Bundle.entry.request`. Debug shows nothing: a URL can hold a BSN.
#[derive(Clone, PartialEq, Eq)]
pub struct EntryRequest {
    pub method: String,
    pub url: String,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<String>,
    pub if_match: Option<String>,
    pub if_none_exist: Option<String>,
}

/// `Bundle.entry.response`. Debug shows nothing.
#[derive(Clone, Default)]
pub struct EntryResponse {
    pub status: String,
    pub location: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub outcome: Option<Resource>,
}

/// `Bundle.entry`. Debug leaves the full URL out: it holds an id.
#[derive(Clone, Default)]
pub struct Entry {
    /// relation, URL
    pub links: Vec<(String, String)>,
    pub full_url: Option<String>,
    pub resource: Option<Resource>,
    pub mode: Option<SearchMode>,
    /// `search.score`: the digits as written.
    pub score: Option<String>,
    pub request: Option<EntryRequest>,
    pub response: Option<EntryResponse>,
    /// Its other members as written: `id`, `extension` and the like.
    pub others: Vec<(String, Node)>,
}

/// A Bundle. Debug shows its kind and size only.
#[derive(Clone)]
pub struct Bundle {
    pub kind: BundleKind,
    pub id: Option<String>,
    /// `Bundle.meta.lastUpdated` or, for R4, the moment of assembly.
    pub last_updated: Option<String>,
    /// The other members of `Bundle.meta`, as written.
    pub meta: Vec<(String, Node)>,
    /// `Bundle.identifier`, as written (R4, and STU3 too).
    pub identifier: Option<Node>,
    /// `Bundle.timestamp` (R4).
    pub timestamp: Option<String>,
    pub total: Option<u64>,
    /// relation, URL
    pub links: Vec<(String, String)>,
    pub entries: Vec<Entry>,
    /// `Bundle.signature`, as written. It signs the text that it came with, not one that we write.
    pub signature: Option<Node>,
    /// The other members, as written: `language`, `extension` and the like.
    pub others: Vec<(String, Node)>,
}

/// Why a resource is no usable Bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BundleFault {
    #[error("not a Bundle")]
    NotABundle,
    #[error("Bundle.type is missing or unknown")]
    Kind,
    #[error("Bundle.entry[{0}] is malformed")]
    Entry(usize),
    /// `link`, `total` or `entry` itself: a page whose links cannot be read must not pass for the last one.
    #[error("Bundle.{0} is malformed")]
    Member(&'static str),
}

impl Bundle {
    pub fn new(kind: BundleKind) -> Self {
        Bundle {
            kind,
            id: None,
            last_updated: None,
            meta: Vec::new(),
            identifier: None,
            timestamp: None,
            total: None,
            links: Vec::new(),
            entries: Vec::new(),
            signature: None,
            others: Vec::new(),
        }
    }
}

impl fmt::Debug for EntryRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EntryRequest(..)")
    }
}

impl fmt::Debug for EntryResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EntryResponse(..)")
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("resource", &self.resource)
            .field("mode", &self.mode)
            .field("request", &self.request)
            .field("response", &self.response)
            .finish()
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bundle({}, {} entries)", self.kind.code(), self.entries.len())
    }
}
