//! What is asked, as the decision sees it.

use fhir::{Bsn, FhirVersion, Interaction};
use serde::{Deserialize, Serialize};

use crate::caller::{Caller, DataHolder};
use crate::use_case::{UseCase, UseCaseId};

/// Which gate the request stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Another provider asks for our data: we are the data holder's gate.
    Holder,
    /// Our own people or systems ask: we are the data user's gate.
    User,
}

/// Why it is asked (v3 ActReason).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Treatment.
    #[serde(rename = "TREAT")]
    Treat,
    /// Coordination of care: referral and transfer, where consent is presumed.
    #[serde(rename = "COC")]
    CoordinationOfCare,
}

impl Purpose {
    /// The code of v3 ActReason.
    pub const fn code(self) -> &'static str {
        match self {
            Purpose::Treat => "TREAT",
            Purpose::CoordinationOfCare => "COC",
        }
    }
}

/// Whose data the request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatientScope {
    /// One patient, known by BSN.
    One(Bsn),
    /// No patient's data at all (directories, definitions).
    Nobody,
    /// Any patient: only a development use case may have it.
    Any,
}

/// A request whose caller, interaction and patient are known.
#[derive(Clone, Debug)]
pub struct Request {
    pub caller: Caller,
    pub direction: Direction,
    pub holder: DataHolder,
    /// Care provider type code of the holder, where configured.
    pub holder_kind: Option<String>,
    pub version: FhirVersion,
    pub interaction: Interaction,
    pub patient: PatientScope,
    /// The use case that the request names (scope); none lets the first admissible one of the caller's be taken.
    pub use_case: Option<UseCaseId>,
}

/// A request that its use case could allow: nobody was told a BSN yet. Built by [`crate::UseCases::admissible`] only.
#[derive(Clone, Debug)]
pub struct Admitted {
    pub(crate) request: Request,
    pub(crate) use_case: std::sync::Arc<UseCase>,
}

impl Admitted {
    pub fn request(&self) -> &Request {
        &self.request
    }
    pub fn use_case(&self) -> &UseCase {
        &self.use_case
    }
}
