//! What would be decided, for the pages: the question as it is put to the log's stack, and a record decided again.

use exchange::record::AccessRecord;
use exchange::replay::{Own, Replayed, replay};
use fhir::Parameter;
use fhir::identifiers::systems;
use policy::{Capability, Data, Denial, UseCases};
use portal::{Again, DecidedAgain, Explainable, WouldBe};

/// What an asserted relation is said to rest on: nothing that could be looked up.
const ASSERTED: &str = "supposed";

/// The parameters of `AuditEvent/$explain`. `escaped` keeps a value from being read as several.
pub(super) fn parameters(asked: &WouldBe, escaped: impl Fn(&str) -> String) -> Vec<Parameter> {
    let mut parameters =
        vec![Parameter::new("patient.identifier", format!("{}|{}", systems::BSN, escaped(&asked.patient)))];
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            parameters.push(Parameter::new(name, value));
        }
    };
    add("organisation", &asked.organisation);
    add("organisation-kind", asked.organisation_kind.as_deref().unwrap_or_default());
    add("role", &asked.role);
    add("person", asked.person.as_deref().unwrap_or_default());
    add("use-case", &asked.use_case);
    add("version", &asked.version);
    add("ask", &asked.ask);
    add("asserted", if asked.asserted { ASSERTED } else { "" });
    parameters
}

/// The use cases about what sources hold, with their searches and their operations that collect some.
pub(super) fn explainable(use_cases: &UseCases) -> Vec<Explainable> {
    let of_sources = use_cases.all().filter(|use_case| use_case.capability().data == Data::Sources);
    let all = of_sources.map(|use_case| Explainable {
        use_case: use_case.id().to_string(),
        title: use_case.capability().title.clone(),
        offers: offers(use_case.capability()),
    });
    all.filter(|one| !one.offers.is_empty()).collect()
}

fn offers(capability: &Capability) -> Vec<String> {
    let mut offers = Vec::new();
    for (version, offered) in &capability.versions {
        for (name, operation) in &offered.operations {
            offers.push(format!("{version} {}/${name}", operation.resource_type));
        }
        let searched = offered.interactions.iter().filter(|entry| entry.codes.iter().any(|code| code == "search-type"));
        offers.extend(searched.map(|entry| format!("{version} {}", entry.resource_type)));
    }
    offers.dedup();
    offers
}

/// What the policies of now say of a record.
pub(super) fn decided_again(record: &AccessRecord, use_cases: &UseCases, own: &Own) -> DecidedAgain {
    let Ok(Replayed { was_permitted, now, shadow }) = replay(record, use_cases, own) else {
        return DecidedAgain::NotPossible;
    };
    let again = |permitted, policy, denial, reasons, tried| Again {
        policy,
        tried,
        permitted,
        as_then: permitted == was_permitted,
        denial,
        reasons,
    };
    let mut all = vec![match now {
        Ok(permit) => again(true, Some(permit.policy().clone()), None, permit.reasons().to_vec(), false),
        Err(Denial { code, reasons, policy, .. }) => again(false, policy, Some(code), reasons, false),
    }];
    all.extend(shadow.map(|differs| again(differs.allow, Some(differs.policy), None, differs.reasons, true)));
    DecidedAgain::By(all)
}
