//! Operations, versions, transactions, statements and pages that go out of date, on nodes of their own.

use std::path::Path;

use conformance::suites::{Verdict, surface};

use crate::program::ZORGSLUIS;

/// Tries all of it, and holds that all of it holds.
pub async fn holds() {
    let state = tempfile::tempdir().unwrap();
    let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    let tried = surface::run(Path::new(ZORGSLUIS), &profiles, state.path()).await.unwrap();
    let amiss: Vec<_> = tried.iter().filter(|one| one.verdict != Verdict::Holds).collect();
    eprintln!("the FHIR surface: {} of {} checks hold", tried.len() - amiss.len(), tried.len());
    assert!(tried.len() >= 35 && amiss.is_empty(), "{amiss:#?}");
}
