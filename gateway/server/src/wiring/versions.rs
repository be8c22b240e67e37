//! In which FHIR versions partners are asked, held against what the use cases collect in each.

use policy::UseCases;

use crate::config::NodeConfig;

/// Whether everybody who is to be asked in a version can be: a use case that collects nothing in it would ask nobody, and show
/// the partner as missing for ever.
pub fn hold_versions(config: &NodeConfig, use_cases: &UseCases) -> Result<(), String> {
    for partner in &config.partners {
        let Some(node) = &partner.node else { continue };
        for (id, versions) in &node.ask_in {
            let Some(use_case) = use_cases.get(id) else {
                return Err(format!(
                    "partner {}: node.ask_in names {id}, which is no use case of this node",
                    partner.ura
                ));
            };
            if let Some(version) = versions.iter().find(|version| !use_case.collects_in(**version)) {
                return Err(format!("partner {}: node.ask_in.{id}: nothing is collected in {version}", partner.ura));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fhir::FhirVersion;
    use policy::UseCaseId;

    use super::*;
    use crate::config::testing::reference;
    use crate::http::testing::of_versions;

    const MIXED: &str = r#"{ "stu3": { "interactions": [{ "type": "Patient", "codes": ["search-type"] }] },
        "r4": { "interactions": [{ "type": "Patient", "codes": ["search-type"] }], "operations": { "all":
        { "level": "type", "type": "Patient", "directions": ["user"], "collects": ["Patient"] ELSEWHERE } } } }"#;

    #[test]
    fn a_partner_is_asked_only_in_versions_in_which_the_use_case_collects() {
        use FhirVersion::{R4, Stu3};
        let both = MIXED.replace("ELSEWHERE", r#", "collects-in": { "stu3": ["Patient"] }"#);
        let one = MIXED.replace("ELSEWHERE", "");
        for (capability, named, versions, says) in [
            (&both, "mixed", vec![R4, Stu3], None),
            (&both, "mixed", vec![Stu3], None),
            (&one, "mixed", vec![R4], None),
            (&one, "mixed", vec![R4, Stu3], Some("nothing is collected in stu3")),
            (&both, "other", vec![R4], Some("no use case of this node")),
        ] {
            let mut config = reference();
            let node = config.partners[0].node.as_mut().unwrap();
            node.ask_in = BTreeMap::from([(UseCaseId::parse(named).unwrap(), versions)]);
            let held = hold_versions(&config, &of_versions("mixed", capability));
            match says {
                None => assert_eq!(held, Ok(())),
                Some(says) => assert!(held.unwrap_err().contains(says), "{says}"),
            }
        }
    }
}
