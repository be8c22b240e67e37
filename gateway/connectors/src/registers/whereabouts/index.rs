//! An index of the region that can be asked who has data of a patient.

use std::collections::BTreeSet;

use exchange::ports::BoxFuture;
use fhir::{Bsn, Ura};
use policy::NotFoundOut;

use crate::nvi::Nvi;

/// What an index told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub holders: BTreeSet<Ura>,
    /// Why there may be others.
    pub doubt: Option<NotFoundOut>,
}

/// Who has data of these types of a patient; no types means any.
pub trait Index: Send + Sync {
    fn holders<'a>(&'a self, patient: &'a Bsn, types: &'a [String]) -> BoxFuture<'a, Told>;
}

impl Index for Nvi {
    fn holders<'a>(&'a self, patient: &'a Bsn, types: &'a [String]) -> BoxFuture<'a, Told> {
        Box::pin(async move {
            match Nvi::holders(self, patient, types).await {
                Ok(found) => Told { holders: found.holders, doubt: found.doubt },
                Err(why) => Told { doubt: Some(why), ..Told::default() },
            }
        })
    }
}
