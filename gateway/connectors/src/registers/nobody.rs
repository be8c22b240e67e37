//! Stands where no register is configured: what could be known there is not found out, which is never a yes.

use exchange::ports::{BoxFuture, ConsentQuestion, Consents};
use policy::{Consent, Finding, NotFoundOut};

/// Nobody to ask.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Consents for Nobody {
    fn consent<'a>(&'a self, _: ConsentQuestion<'a>) -> BoxFuture<'a, Finding<Consent>> {
        Box::pin(std::future::ready(Finding::NotFoundOut(NotFoundOut::NobodyToAsk)))
    }
}
