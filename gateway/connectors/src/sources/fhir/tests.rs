//! The upstream source before servers that behave, and before servers that do not.

mod about_one;
mod as_asked;
mod consents;
mod faults;
mod records;
mod searching;
mod transactions;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::fhir::{FhirVersion, LogicalId};
use exchange::ports::{PatientIndex, SourceFault, Written};
use policy::{Finding, NotFoundOut, PatientScope};
use serde_json::json;

use super::*;
use crate::http::WebAddress;
use crate::http::{HttpSettings, Trust};
use crate::sources::Bounds;
use crate::sources::testing::stub::{Asked, Reply, Stub};
use crate::sources::testing::{Asker, BSN, OTHER_BSN, bsn, holder, names, observation, one, patient, searchset};

pub(crate) fn client() -> HttpClient {
    HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap()
}

fn source_with(stub: &Stub, change: impl FnOnce(&mut FhirSourceConfig)) -> FhirSource {
    let mut config = FhirSourceConfig::new(stub.base(), FhirVersion::R4);
    change(&mut config);
    FhirSource::new(config, holder(), "Ziekenhuis Maasdal", client()).unwrap()
}

fn source(stub: &Stub) -> FhirSource {
    source_with(stub, |_| ())
}

fn looks_for_the_patient(asked: &Asked) -> bool {
    asked.path() == "/fhir/Patient/_search" && asked.parameter("identifier").is_some()
}

/// A server that knows the patient as `p1`, and answers everything else as told.
async fn knowing(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Stub {
    Stub::start(move |asked| {
        if looks_for_the_patient(asked) {
            return Reply::fhir(&searchset(&[patient("p1", &[BSN])], None));
        }
        if asked.path() == "/fhir/metadata" {
            return Reply::status(404);
        }
        script(asked)
    })
    .await
}
