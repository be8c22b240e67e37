//! A handoff with itself as PDF/A beside it, for a receiver that cannot take in all of its building blocks: a DocumentReference in
//! the section of documents, and its Binary (Nuts bolt eOverdracht; MedMij PDF/A). Whoever pushes asks for it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::{Bundle, BundleKind, Entry, Resource};
use flows::eoverdracht::readable::Readable;
use flows::eoverdracht::{Handoff, documents};
use print::{About, PrintFault};
use store::once::Digest;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// So many are printed at once; others wait. Some hundred pages take a core for as long as they take.
static PRINTERS: Semaphore = Semaphore::const_new(2);

/// Nobody waits longer for one of them.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is none. Says nothing of the patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrintingFault {
    Print(PrintFault),
    /// It is no handoff that anybody could read.
    NoHandoff,
    Unavailable,
}

impl std::fmt::Display for PrintingFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PrintingFault::Print(fault) => write!(f, "it cannot be printed: {fault}"),
            PrintingFault::NoHandoff => f.write_str("it cannot be printed: it has no Composition with its patient"),
            PrintingFault::Unavailable => f.write_str("it cannot be printed now"),
        }
    }
}

/// What is printed as PDF/A: `resources` are those of one handoff. The same bytes each time, when the handoff says of what day it is;
/// only else `now` counts.
///
/// # Errors
/// It cannot be printed.
pub async fn pdf(
    resources: Vec<Resource>,
    id: Uuid,
    from: String,
    to: String,
    now: OffsetDateTime,
) -> Result<Vec<u8>, PrintingFault> {
    let printer = tokio::time::timeout(PATIENCE, PRINTERS.acquire()).await;
    let printer = printer.ok().and_then(Result::ok).ok_or(PrintingFault::Unavailable)?;
    let print = move || {
        // Held until it is printed, also when whoever asked has gone meanwhile.
        let _printer = printer;
        let made = put_down(&resources).unwrap_or(now);
        let readable = Readable::of(&resources).ok_or(PrintingFault::NoHandoff)?;
        let id = id.urn().to_string();
        print::handoff(&readable, &About { id: &id, made, from: &from, to: &to }).map_err(PrintingFault::Print)
    };
    // Longer than a thread that serves others should be held.
    tokio::task::spawn_blocking(print).await.unwrap_or(Err(PrintingFault::Unavailable))
}

/// The handoff with its print, as a Bundle. `name` is that of the push: what is made is called after it, and so the same when the
/// push comes again. `indexed` is now.
///
/// # Errors
/// It cannot be printed.
pub async fn with_print(
    handoff: &Handoff,
    name: &Digest,
    from: String,
    to: String,
    indexed: OffsetDateTime,
) -> Result<Resource, PrintingFault> {
    let [document, binary] = ids(name);
    let pdf = pdf(handoff.resources().to_vec(), document, from.clone(), to, indexed).await?;
    let (document, binary) = (document.to_string(), binary.to_string());
    let indexed = indexed.replace_nanosecond(0).unwrap_or(indexed).format(&Rfc3339);
    let facts = documents::Facts {
        id: &document,
        binary: &binary,
        patient: handoff.patient_id(),
        indexed: &indexed.map_err(|_| PrintingFault::Unavailable)?,
        author: &from,
    };
    let (composition, others) = handoff.resources().split_first().ok_or(PrintingFault::NoHandoff)?;
    let mut resources = vec![documents::with_document(composition, &document)];
    resources.extend_from_slice(others);
    resources.push(documents::reference(&facts));
    resources.push(documents::binary(&binary, &STANDARD.encode(pdf)));
    let mut bundle = Bundle::new(BundleKind::Document);
    bundle.entries = resources.into_iter().map(|one| Entry { resource: Some(one), ..Entry::default() }).collect();
    Resource::parse(bundle.write(), &fhir::json::Limits::default()).map_err(|_| PrintingFault::Unavailable)
}

/// When the Composition was written: a dateTime, or the day of one.
fn put_down(resources: &[Resource]) -> Option<OffsetDateTime> {
    let composition = resources.iter().find(|one| one.resource_type() == "Composition")?;
    let date = composition.root().get("date")?.as_text()?;
    let day = || Date::parse(&date, format_description!("[year]-[month]-[day]")).ok();
    OffsetDateTime::parse(&date, &Rfc3339).ok().or_else(|| Some(day()?.midnight().assume_utc()))
}

/// What the DocumentReference and the Binary are called.
fn ids(name: &Digest) -> [Uuid; 2] {
    let (first, second) = name.split_at(16);
    [first, second].map(|half| {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(half);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    })
}
