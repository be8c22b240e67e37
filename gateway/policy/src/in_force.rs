//! The use cases in force: one set at a time, replaced as a whole while requests are decided.
//!
//! A request that was admitted is decided by the use case that admitted it (see [`crate::UseCases::decide`]), so no request
//! ever meets two releases of one policy.

use std::sync::{Arc, PoisonError, RwLock};

use crate::use_case::UseCases;

/// What is in force, and how often it was replaced.
#[derive(Debug, Default)]
pub struct InForce {
    current: RwLock<(u64, Arc<UseCases>)>,
}

impl From<UseCases> for InForce {
    fn from(first: UseCases) -> Self {
        InForce { current: RwLock::new((0, Arc::new(first))) }
    }
}

impl InForce {
    pub fn current(&self) -> Arc<UseCases> {
        self.numbered().1
    }

    /// What is in force with its number, by which whatever was made of it is told from what was made of another.
    pub fn numbered(&self) -> (u64, Arc<UseCases>) {
        // Nothing is left half done by a panic elsewhere: the pair is replaced in one step.
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts these in force from now on.
    pub fn replace(&self, next: UseCases) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = (current.0 + 1, Arc::new(next));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Findings;
    use crate::testing::{ONE, all_found, request, use_case};

    #[test]
    fn a_request_is_decided_by_what_admitted_it_and_the_next_by_what_is_in_force_then() {
        let of = |rules: &str| UseCases::new(vec![use_case("one", ONE, rules)]);
        let in_force = InForce::from(of("allow := true"));
        let asked = || request(&["one"], "GET Condition?category=a");
        let findings: Findings = all_found();
        let before = in_force.current().admissible(asked()).unwrap();
        in_force.replace(of("default allow := false\nallow if input.never"));
        assert_eq!(in_force.numbered().0, 1);
        assert!(in_force.current().decide(&before, &findings).is_ok(), "it was admitted before");
        let after = in_force.current().admissible(asked()).unwrap();
        assert!(in_force.current().decide(&after, &findings).is_err());
        in_force.replace(UseCases::default());
        assert!(in_force.current().admissible(asked()).is_err());
    }
}
