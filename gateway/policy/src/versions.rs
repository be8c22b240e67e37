//! The FHIR versions in which one request is asked. An operation that collects is asked in its own, and of sources that
//! speak another in that one; each is judged by itself, so that nothing is asked in a version in which it was not permitted.

use std::borrow::Cow;

use fhir::Interaction;

use crate::deciding::{Plan, plan};
use crate::request::Request;
use crate::standard::StandardOperation;
use crate::use_case::UseCase;

/// A request in one of the versions in which it is asked.
pub(crate) struct InVersion<'a> {
    pub request: Cow<'a, Request>,
    /// What every source that is asked in this version is asked.
    pub plan: Plan,
    pub operation: Option<StandardOperation>,
    collects: bool,
}

impl<'a> InVersion<'a> {
    /// The request as it was made. None: no search can be made of what was asked, which admission has refused already.
    pub fn own(use_case: &UseCase, request: &'a Request) -> Option<InVersion<'a>> {
        let (plan, operation) = plan(use_case, request)?;
        let collects = operation.is_none() && !plan.contains(&request.interaction);
        Some(InVersion { request: Cow::Borrowed(request), plan, operation, collects })
    }

    /// The request in each other version in which the operation collects.
    pub fn others(use_case: &UseCase, request: &'a Request) -> Vec<InVersion<'a>> {
        let Interaction::Operation { level, name, .. } = &request.interaction else { return Vec::new() };
        let offered = use_case.offer(request.version);
        if !offered.is_some_and(|offer| offer.operation(level, name, request.direction)) {
            return Vec::new();
        }
        let elsewhere = use_case.collected_elsewhere(request.version, name).into_iter().flatten();
        let other = |(version, plan): (&_, &Plan)| InVersion {
            request: Cow::Owned(Request { version: *version, ..request.clone() }),
            plan: plan.clone(),
            operation: None,
            collects: true,
        };
        elsewhere.map(other).collect()
    }

    /// All of them, the request's own first.
    pub fn each(use_case: &UseCase, request: &'a Request) -> Vec<InVersion<'a>> {
        InVersion::own(use_case, request).into_iter().chain(InVersion::others(use_case, request)).collect()
    }

    /// A request that is asked as it is.
    #[cfg(test)]
    pub fn of_one(request: &'a Request) -> InVersion<'a> {
        let plan: Plan = std::sync::Arc::new([request.interaction.clone()]);
        InVersion { request: Cow::Borrowed(request), plan, operation: None, collects: false }
    }

    /// The searches that an operation becomes; none when the interaction itself is asked.
    pub fn collected(&self) -> &[Interaction] {
        if self.collects { &self.plan } else { &[] }
    }
}

#[cfg(test)]
#[path = "versions_tests.rs"]
mod tests;
