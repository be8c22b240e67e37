//! Bundle: read into its entries without copying the resources, written by splicing them back as they were.

use bytes::Bytes;
use thiserror::Error;

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

/// `Bundle.entry.search.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchMode {
    Match,
    Include,
    Outcome,
}

/// `Bundle.entry.request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRequest {
    pub method: String,
    pub url: String,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<String>,
    pub if_match: Option<String>,
    pub if_none_exist: Option<String>,
}

/// `Bundle.entry.response`.
#[derive(Clone, Debug, Default)]
pub struct EntryResponse {
    pub status: String,
    pub location: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub outcome: Option<Resource>,
}

#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub full_url: Option<String>,
    pub resource: Option<Resource>,
    pub mode: Option<SearchMode>,
    pub request: Option<EntryRequest>,
    pub response: Option<EntryResponse>,
}

#[derive(Clone, Debug)]
pub struct Bundle {
    pub kind: BundleKind,
    pub id: Option<String>,
    /// `Bundle.meta.lastUpdated` or, for R4, the moment of assembly.
    pub last_updated: Option<String>,
    pub total: Option<u64>,
    /// relation, URL
    pub links: Vec<(String, String)>,
    pub entries: Vec<Entry>,
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
}

impl Bundle {
    pub fn new(kind: BundleKind) -> Self {
        Bundle { kind, id: None, last_updated: None, total: None, links: Vec::new(), entries: Vec::new() }
    }
    /// Splits a Bundle into its entries. Resources share the Bundle's memory.
    pub fn read(_resource: &Resource) -> Result<Bundle, BundleFault> {
        todo!()
    }
    /// The JSON text; every resource exactly as it was.
    pub fn write(&self) -> Bytes {
        todo!()
    }
}
