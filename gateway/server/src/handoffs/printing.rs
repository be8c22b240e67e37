//! A handoff with itself as PDF/A beside it, for a receiver that cannot take in all of its building blocks: a DocumentReference in
//! the section of documents, and its Binary (Nuts bolt eOverdracht; MedMij PDF/A). Whoever pushes asks for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::{Bundle, BundleKind, Entry, Resource};
use flows::eoverdracht::readable::Readable;
use flows::eoverdracht::{Handoff, HandoffFault, documents};
use print::{About, PrintFault};
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Why there is none. Says nothing of the patient.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PrintingFault {
    #[error(transparent)]
    Print(#[from] PrintFault),
    #[error("with its print it is no handoff: {0}")]
    Handoff(#[from] HandoffFault),
    #[error("it cannot be printed now")]
    Unavailable,
}

/// What is printed as PDF/A: `resources` are those of one handoff.
///
/// # Errors
/// It cannot be printed.
pub async fn pdf(
    resources: Vec<Resource>,
    from: String,
    to: String,
    made: OffsetDateTime,
) -> Result<Vec<u8>, PrintingFault> {
    let id = uuid::Uuid::new_v4().urn().to_string();
    let print = move || {
        let readable = Readable::of(&resources).ok_or(PrintingFault::Unavailable)?;
        Ok(print::handoff(&readable, &About { id: &id, made, from: &from, to: &to })?)
    };
    // Some hundred pages are work for longer than a thread that serves others should be held.
    tokio::task::spawn_blocking(print).await.unwrap_or(Err(PrintingFault::Unavailable))
}

/// The handoff with its print, as a Bundle.
///
/// # Errors
/// It cannot be printed.
pub async fn with_print(
    handoff: &Handoff,
    from: String,
    to: String,
    made: OffsetDateTime,
) -> Result<Resource, PrintingFault> {
    let pdf = pdf(handoff.resources().to_vec(), from.clone(), to, made).await?;
    let (document, binary) = (uuid::Uuid::new_v4().to_string(), uuid::Uuid::new_v4().to_string());
    let indexed = made.replace_nanosecond(0).unwrap_or(made).format(&Rfc3339).unwrap_or_default();
    let facts = documents::Facts {
        id: &document,
        binary: &binary,
        patient: handoff.patient_id(),
        indexed: &indexed,
        author: &from,
    };
    let (composition, others) = handoff.resources().split_first().ok_or(PrintingFault::Unavailable)?;
    let mut resources = vec![documents::with_document(composition, &document)];
    resources.extend_from_slice(others);
    resources.push(documents::reference(&facts));
    resources.push(documents::binary(&binary, &STANDARD.encode(pdf)));
    let mut bundle = Bundle::new(BundleKind::Document);
    bundle.entries = resources.into_iter().map(|one| Entry { resource: Some(one), ..Entry::default() }).collect();
    Resource::parse(bundle.write(), &fhir::json::Limits::default()).map_err(|_| PrintingFault::Unavailable)
}
