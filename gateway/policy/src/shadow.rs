//! A policy text in the shadow of the one in force: it is asked of every request that the use case admits, what it would
//! have decided is noted where that differs, and it never decides. So a new release is tried on real requests first.

use sha2::{Digest, Sha256};

use crate::deciding::{judge, within_matrix};
use crate::decision::{Denial, Obligation, Permit, Reason};
use crate::findings::Findings;
use crate::rego::{Rego, Verdict};
use crate::release::Release;
use crate::request::Admitted;
use crate::use_case::{PolicyVersion, UseCase, hex};
use crate::versions::InVersion;

/// A policy text that decides nothing.
pub(crate) struct Shadow {
    policy: PolicyVersion,
    rego: Rego,
}

/// What the policy in the shadow would have decided otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    pub policy: PolicyVersion,
    pub allow: bool,
    pub reasons: Vec<Reason>,
    pub obligations: Vec<Obligation>,
}

impl Shadow {
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn load(id: &str, policy: &str, release: &str) -> Result<Shadow, String> {
        let release = Release::parse(release).map_err(|what| format!("shadow: {what}"))?;
        let rego = Rego::compile(&id.replace('-', "_"), policy).map_err(|what| format!("shadow: {what}"))?;
        Ok(Shadow {
            policy: PolicyVersion {
                version: release.version.into(),
                digest: hex(Sha256::new().chain_update(policy)).into(),
                bundle: None,
            },
            rego,
        })
    }
}

/// What the policy in the shadow of the one that decided this says instead; nothing when there is none, or it says the same.
/// Reasons alone make no difference.
pub fn differing(admitted: &Admitted, findings: &Findings, decided: Result<&Permit, &Denial>) -> Option<Differing> {
    let shadow = admitted.use_case.shadow()?;
    // What is collected in another version only counts where the request itself was permitted.
    let of_version = |asked: &InVersion<'_>| match decided {
        Ok(permit) if asked.request.version != permit.version() => {
            permit.elsewhere().find(|(version, _)| *version == asked.request.version).map(|(_, judged)| judged)
        }
        own if asked.request.version == admitted.request.version => Some(own),
        Ok(_) | Err(_) => None,
    };
    InVersion::each(&admitted.use_case, &admitted.request)
        .iter()
        .find_map(|asked| differing_in(shadow, &admitted.use_case, asked, findings, of_version(asked)?))
}

fn differing_in(
    shadow: &Shadow,
    use_case: &UseCase,
    asked: &InVersion<'_>,
    findings: &Findings,
    decided: Result<&Permit, &Denial>,
) -> Option<Differing> {
    let (allow, reasons, obligations) = match judge(&shadow.rego, use_case.capability(), asked, findings) {
        Ok(Verdict { reasons, obligations, .. }) => {
            // The matrix below the policy is the same for both.
            match within_matrix(use_case, &asked.request, asked.plan.clone(), obligations) {
                Ok((_, obligations)) => (true, reasons, obligations),
                Err(outside) => (false, [reasons.as_slice(), &[outside]].concat(), Vec::new()),
            }
        }
        Err((_, reasons)) => (false, reasons, Vec::new()),
    };
    let same = match decided {
        Ok(permit) => allow && same_members(&obligations, permit.obligations()),
        Err(_) => !allow,
    };
    (!same).then(|| Differing { policy: shadow.policy.clone(), allow, reasons, obligations })
}

fn same_members(one: &[Obligation], other: &[Obligation]) -> bool {
    one.iter().all(|member| other.contains(member)) && other.iter().all(|member| one.contains(member))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Finding;
    use crate::testing::{ONE, RELEASE, all_found, policy, request, use_case};
    use crate::use_case::UseCases;

    const WITHHOLDS: &str = "obligations := [{\"kind\": \"withhold-type\", \"resource_type\": \"Medication\"}]";

    /// What differs between these rules in force and those in the shadow.
    fn of(force: &str, shadow: &str, findings: &Findings) -> Option<Differing> {
        let shadowed = use_case("one", ONE, force).with_shadow(&policy("one", shadow), RELEASE).unwrap();
        let use_cases = UseCases::new(vec![shadowed]);
        let admitted = use_cases.admissible(request(&["one"], "GET Condition?category=a")).unwrap();
        let decided = use_cases.decide(&admitted, findings);
        differing(&admitted, findings, decided.as_ref())
    }

    #[test]
    fn only_what_would_have_been_decided_otherwise_is_told() {
        let yes = "allow := true";
        let no = "default allow := false\nallow if input.never";
        let less = format!("{yes}\n{WITHHOLDS}");
        let for_a_reason = format!("{yes}\nreasons contains {{\"code\": \"a\", \"description\": \"b\"}}");
        for (force, shadow, told) in [
            (yes, yes, None),
            (yes, for_a_reason.as_str(), None),
            (no, no, None),
            (no, "allow := \"broken\"", None),
            (yes, no, Some(false)),
            (yes, "allow := \"broken\"", Some(false)),
            (no, yes, Some(true)),
            (yes, &less, Some(true)),
            (&less, yes, Some(true)),
            (&less, &less, None),
        ] {
            let found = of(force, shadow, &all_found());
            assert_eq!(found.as_ref().map(|differing| differing.allow), told, "{force} | {shadow}");
        }
        assert_eq!(of(yes, &less, &all_found()).unwrap().obligations.len(), 1);
    }

    #[test]
    fn what_no_policy_can_switch_off_holds_in_the_shadow_as_well() {
        let objection =
            Findings { consent: Finding::NotFoundOut(crate::findings::NotFoundOut::TimedOut), ..all_found() };
        assert_eq!(of("default allow := false\nallow if input.never", "allow := true", &objection), None);
    }

    #[test]
    fn a_shadow_that_does_not_load_is_named_as_one() {
        let load = |text: &str, release: &str| use_case("one", ONE, "allow := true").with_shadow(text, release);
        for (text, release) in [
            ("package one\nallow :=", RELEASE),
            ("package two\nallow := true", RELEASE),
            ("package one\nallow := true", "x = 1"),
        ] {
            let fault = load(text, release).err().unwrap();
            assert!(fault.what.starts_with("shadow: "), "{fault}");
        }
    }
}
