//! What an upstream server holds of whom: a walk over its patients and over each type that is of a category, asking for no
//! more than says whose a resource is. What changed since a moment takes a short walk; everything a long one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::fhir::compartment::{Whose, whose};
use ::fhir::interaction::SearchTarget;
use ::fhir::{Bsn, Parameter, ResourceType, SearchQuery};
use exchange::inbound::Conditions;
use exchange::ports::{BoxFuture, SourceFault};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::super::inventory::{CONSENT, Holdings, Inventory};
use super::super::rest::{Pages, Rest, prefer};
use super::FhirSource;
use crate::nvi::IndexCategories;

/// How long one type may take: nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most resources of one type that are walked over, and pages of them. A source with more tells what is new; what went
/// is then not found out.
const RESOURCES: usize = 200_000;
const PAGES: usize = 2_000;
const BYTES: usize = 256 << 20;
/// What says whose a resource is, and of which category.
const ELEMENTS: &str = "identifier,subject,patient,beneficiary,individual,category";

/// An upstream server's inventory, with the patients that its ids mean.
pub struct FhirInventory {
    source: Arc<FhirSource>,
    /// Whether it is looked at for Consents as well.
    consents: bool,
    patients: Mutex<HashMap<String, Bsn>>,
}

impl FhirInventory {
    /// `consents`: it is looked at for Consents as well.
    pub fn new(source: Arc<FhirSource>, consents: bool) -> Self {
        FhirInventory { source, consents, patients: Mutex::default() }
    }

    async fn walk(&self, kind: &str, since: Option<OffsetDateTime>) -> Result<Pages, SourceFault> {
        let own = &self.source.rest;
        let mut bounds = own.bounds;
        (bounds.max_resources, bounds.max_pages, bounds.max_answer_bytes) = (RESOURCES, PAGES, BYTES);
        let rest = Rest {
            http: own.http.clone(),
            base: own.base.clone(),
            version: own.version,
            bounds,
            headers: own.headers.clone(),
            post_search: own.post_search,
        };
        let kind = ResourceType::parse(own.version, kind).ok_or(SourceFault::NotSupported)?;
        let mut parameters = vec![Parameter::new("_elements", ELEMENTS)];
        if let Some(moment) = since.and_then(|since| since.format(&Rfc3339).ok()) {
            parameters.push(Parameter::new("_lastUpdated", format!("ge{moment}")));
        }
        let lenient = prefer(&Conditions::default(), "handling=lenient");
        let call = rest.call(&Uuid::new_v4().to_string(), PATIENCE);
        Ok(call.search(&SearchTarget::Type(kind), &SearchQuery { parameters }, lenient, None).await?)
    }

    async fn found(&self, table: &IndexCategories, since: Option<OffsetDateTime>) -> Result<Holdings, SourceFault> {
        let version = self.source.rest.version;
        let walked = self.walk("Patient", since).await?;
        let mut whole = since.is_none() && !walked.cut_short;
        let mut patients = if since.is_none() {
            HashMap::new()
        } else {
            self.patients.lock().unwrap_or_else(PoisonError::into_inner).clone()
        };
        for item in &walked.items {
            let Whose::Patient { id: Some(id), bsns, malformed_bsn: false } = whose(version, &item.resource) else {
                continue;
            };
            if let [bsn] = bsns.as_slice() {
                patients.insert(id, bsn.clone());
            }
        }
        let mut holdings = Holdings::default();
        for kind in table.types().chain(self.consents.then_some(CONSENT)) {
            let found = match self.walk(kind, since).await {
                Ok(found) => found,
                // A type that this server, or this version, does not have.
                Err(SourceFault::NotSupported | SourceFault::NotFound) => continue,
                Err(fault) => return Err(fault),
            };
            whole &= !found.cut_short;
            for item in &found.items {
                holdings.note(version, &item.resource, table, |id| patients.get(id));
            }
        }
        *self.patients.lock().unwrap_or_else(PoisonError::into_inner) = patients;
        holdings.whole = whole;
        Ok(holdings)
    }
}

impl Inventory for FhirInventory {
    fn holdings<'a>(
        &'a self,
        table: &'a IndexCategories,
        since: Option<OffsetDateTime>,
    ) -> BoxFuture<'a, Result<Holdings, SourceFault>> {
        Box::pin(self.found(table, since))
    }
}
