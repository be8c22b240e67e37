//! Could it be allowed at all? Asked before any BSN is told to anyone, so it rests on the capability alone.

use std::sync::Arc;

use crate::capability::PatientBinding;
use crate::decision::{Denial, DenialCode};
use crate::offer::NotOffered;
use crate::request::{Admitted, PatientScope, Request};
use crate::use_case::{UseCase, UseCases};

impl UseCases {
    /// Whether the request could ever be allowed: asked before any BSN is told to anyone else.
    ///
    /// The use case is the one that the request names, when the caller holds it; else the first of the caller's
    /// that admits.
    ///
    /// # Errors
    /// The denial that tells the caller most about the use cases it holds; of any other use case it tells nothing.
    pub fn admissible(&self, request: Request) -> Result<Admitted, Denial> {
        let wanted = |id: &&_| request.use_case.as_ref().is_none_or(|named| named == *id);
        let held: Vec<&Arc<UseCase>> =
            request.caller.use_cases.iter().filter(wanted).filter_map(|id| self.get(id)).collect();
        let mut refused: Vec<Denial> = Vec::new();
        for use_case in &held {
            match use_case.admits(&request) {
                Ok(()) => {
                    let use_case = Arc::clone(use_case);
                    return Ok(Admitted { request, use_case });
                }
                Err(denial) => refused.push(denial),
            }
        }
        let telling = [DenialCode::SearchParameter, DenialCode::PatientBinding];
        for code in telling {
            if let Some(at) = refused.iter().position(|denial| denial.code == code) {
                return Err(refused.swap_remove(at));
            }
        }
        match (refused.pop(), refused.is_empty()) {
            (Some(only), true) => Err(only),
            _ => Err(Denial::unexplained(DenialCode::NotInUseCase)),
        }
    }
}

impl UseCase {
    fn admits(&self, request: &Request) -> Result<(), Denial> {
        let Some(offer) = self.offer(request.version) else {
            return Err(self.denial(DenialCode::NotInUseCase));
        };
        match offer.allows(&request.interaction, request.direction) {
            Ok(()) => {}
            Err(NotOffered::Interaction) => return Err(self.denial(DenialCode::NotInUseCase)),
            Err(NotOffered::Parameter(name)) => {
                return Err(Denial { parameter: Some(name), ..self.denial(DenialCode::SearchParameter) });
            }
        }
        if binds(self.capability().patient, request) { Ok(()) } else { Err(self.denial(DenialCode::PatientBinding)) }
    }

    pub(crate) fn denial(&self, code: DenialCode) -> Denial {
        Denial { use_case: Some(self.id().clone()), policy: Some(self.policy().clone()), ..Denial::unexplained(code) }
    }
}

/// Whether the patient of the request is one that this use case and the caller's token may be about.
pub(crate) fn binds(binding: PatientBinding, request: &Request) -> bool {
    let of_the_token = match (&request.caller.patient, &request.patient) {
        (None, _) | (Some(_), PatientScope::Nobody) => true,
        (Some(bound), PatientScope::One(asked)) => bound == asked,
        (Some(_), PatientScope::Any) => false,
    };
    let of_the_use_case = match binding {
        PatientBinding::One => matches!(request.patient, PatientScope::One(_)),
        PatientBinding::Nobody => matches!(request.patient, PatientScope::Nobody),
        PatientBinding::Any => true,
    };
    of_the_token && of_the_use_case
}
