//! Whether the patient agrees (toestemming).

use fhir::Bsn;
use policy::{Consent, DataHolder, Finding, Ground, Organisation, Person, Purpose};

use super::BoxFuture;

/// The question put to a consent service.
#[derive(Clone, Debug)]
pub struct ConsentQuestion<'a> {
    pub patient: &'a Bsn,
    pub holder: &'a DataHolder,
    /// Care provider type code of the holder, where configured.
    pub holder_kind: Option<&'a str>,
    pub user: &'a Organisation,
    /// The responsible professional (handbook: generic functions, 2.3, C3): under a mandate not the one who acts.
    pub professional: Option<&'a Person>,
    /// Who acts under a mandate, when somebody does.
    pub mandated: Option<&'a Person>,
    pub purpose: Purpose,
    /// What the exchange rests on: only explicit consent is asked of a national register.
    pub ground: Ground,
    /// Resource types that would be released; none means any.
    pub resource_types: Vec<String>,
}

pub trait Consents: Send + Sync {
    fn consent<'a>(&'a self, question: ConsentQuestion<'a>) -> BoxFuture<'a, Finding<Consent>>;
}
