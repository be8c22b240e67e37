//! Stands where no register is configured: what could be known there is not found out, which is never a yes.

use exchange::ports::{BoxFuture, ConsentQuestion, Consents, TreatmentRelations};
use fhir::Bsn;
use policy::{Caller, Consent, Finding, NotFoundOut, TreatmentRelation};

/// Nobody to ask.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Consents for Nobody {
    fn consent<'a>(&'a self, _: ConsentQuestion<'a>) -> BoxFuture<'a, Finding<Consent>> {
        Box::pin(std::future::ready(Finding::NotFoundOut(NotFoundOut::NobodyToAsk)))
    }
}

impl TreatmentRelations for Nobody {
    fn relation<'a>(&'a self, _: &'a Caller, _: &'a Bsn) -> BoxFuture<'a, Finding<TreatmentRelation>> {
        Box::pin(std::future::ready(Finding::NotFoundOut(NotFoundOut::NobodyToAsk)))
    }
}
