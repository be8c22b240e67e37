//! Consents that the node keeps as FHIR: a file that holds one Consent (R4), or a Bundle of them.

use std::collections::HashMap;

use bytes::Bytes;
use fhir::bundle::Bundle;
use fhir::compartment::{PatientReference, Whose, whose};
use fhir::json::Limits;
use fhir::{Bsn, FhirVersion, Resource};

use crate::registers::file::RecordFault;

/// The Consents of each patient.
pub type Kept = HashMap<Bsn, Vec<Resource>>;

/// What a file may be at most: its size is bounded by how registers are read.
const LIMITS: Limits = Limits { bytes: 64 << 20, depth: 100, nodes: 20_000_000 };

/// Reads the file. Each resource has to be a Consent that names its one patient by BSN.
pub fn build(text: &[u8]) -> Result<Kept, RecordFault> {
    let whole = Resource::parse(Bytes::copy_from_slice(text), &LIMITS)
        .map_err(|_| RecordFault::Record(1, "the file is no FHIR resource in JSON"))?;
    let all: Vec<Resource> = if whole.resource_type() == "Bundle" {
        let bundle = Bundle::read(&whole).map_err(|_| RecordFault::Record(1, "the Bundle cannot be read"))?;
        bundle.entries.into_iter().filter_map(|entry| entry.resource).collect()
    } else {
        vec![whole]
    };
    let mut recorded = Kept::new();
    for (place, consent) in all.iter().enumerate() {
        let fault = |what| RecordFault::Record(place + 1, what);
        if consent.resource_type() != "Consent" {
            return Err(fault("it is no Consent"));
        }
        let Whose::About(references) = whose(FhirVersion::R4, consent) else {
            return Err(fault("it names no patient"));
        };
        let [PatientReference::Bsn(patient), rest @ ..] = references.as_slice() else {
            return Err(fault("it does not name its patient by BSN"));
        };
        if rest.iter().any(|other| *other != PatientReference::Bsn(patient.clone())) {
            return Err(fault("it is about two patients"));
        }
        recorded.entry(patient.clone()).or_default().push(consent.clone());
    }
    Ok(recorded)
}
