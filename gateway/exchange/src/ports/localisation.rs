//! Which sources may hold the patient's data (lokalisatie).

use std::sync::Arc;

use policy::{Finding, Permit};

use super::{BoxFuture, Source};

/// Where to ask.
pub struct Whereabouts {
    /// The sources to ask, our own first.
    pub places: Vec<Arc<dyn Source>>,
    /// What the index of other providers said: how many it named, that it knows of none, or why it could not say.
    pub index: Finding<usize>,
}

pub trait Localisation: Send + Sync {
    fn locate<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, Whereabouts>;
}
