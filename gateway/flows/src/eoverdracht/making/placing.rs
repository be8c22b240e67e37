//! In which section what was found stands, where more than one asks for it: problems by what they are and whether they are over,
//! devices by what they are used for. Whatever was found stands in one section, and nothing is left out because no rule
//! knows it.

use std::collections::HashMap;

use fhir::Resource;
use fhir::json::Value;

use super::Answered;
use super::sections::{
    DIAGNOSIS, EXAMINATION, EXCRETION, HISTORY, LEGAL, NUTRITION, PERSONAL_CARE, PREGNANCY, SENSORY, SKIN, Section,
};
use crate::eoverdracht::codes::SNOMED;

/// Which sections were asked for, and which observation or problem stands in which.
pub(super) struct Placing {
    asked: Vec<&'static Section>,
    of: HashMap<String, &'static str>,
}

impl Placing {
    pub fn of(answers: &[(&'static Section, Option<Vec<Answered>>)]) -> Self {
        let mut placing = Placing { asked: answers.iter().map(|(section, _)| *section).collect(), of: HashMap::new() };
        let mut of = HashMap::new();
        for (section, answers) in answers {
            for found in answers.iter().flatten().flat_map(|answer| &answer.found) {
                let is_device = found.resource_type() == "DeviceUseStatement";
                if !is_device && placing.stands_in(found, section.code) {
                    of.extend(name(found).map(|name| (name, section.code)));
                }
            }
        }
        placing.of = of;
        placing
    }

    /// Whether what was found for a section stands in it.
    pub fn stands_in(&self, found: &Resource, section: &str) -> bool {
        let place = match found.resource_type().as_ref() {
            "Condition" => self.of_problem(found),
            "DeviceUseStatement" => self.of_device(found),
            _ => return true,
        };
        place == section
    }

    /// A problem of a section that was not asked for is one like the others.
    fn of_problem(&self, found: &Resource) -> &'static str {
        let status = found.root().get("clinicalStatus").and_then(|status| status.as_text());
        let over = matches!(status.as_deref(), Some("inactive" | "remission" | "resolved"));
        let among_problems = if over { HISTORY } else { DIAGNOSIS };
        let category = |codes: &[&str]| is_coded(found, "category", codes);
        let special = if category(&["303186005", "151701000146105"]) {
            LEGAL
        } else if category(&["95320005"])
            || claims(found, &["zib-Wound", "zib-BurnWound", "zib-PressureUlcer", "zib-SkinDisorder"])
            // A diagnosis of the same is a problem, and says so by its category.
            || (found.root().get("category").is_none()
                && is_coded(found, "code", &["416462003", "125666000", "399912005"]))
        {
            SKIN
        } else if claims(found, &["zib-Pregnancy"]) || is_coded(found, "code", &["118185001"]) {
            PREGNANCY
        } else {
            among_problems
        };
        let asked = self.asked.iter().any(|section| section.code == special);
        if asked { special } else { among_problems }
    }

    /// With what it is used for; else by the zib that it claims to be; else with what somebody needs help for.
    fn of_device(&self, found: &Resource) -> &'static str {
        let reasons = found.root().get("extension").into_iter().flat_map(|all| all.items()).filter_map(|one| {
            let reference = one.get("valueReference")?.get("reference")?.as_text()?;
            self.of.get(last_two(&reference)).copied()
        });
        let by_zib = || {
            let zibs: [(&[&str], &'static str); 6] = [
                (&["zib-FeedingTubeSystem", "zib-Infusion"], NUTRITION),
                (&["zib-Respiration-AdministeredOxygen-AdministrationDevice"], EXAMINATION),
                (&["zib-BladderFunction-UrineCatheter"], EXCRETION),
                (&["zib-HearingFunction-HearingAid", "zib-VisualFunction-VisualAid"], SENSORY),
                (&["zib-Wound-MedicalDevice"], SKIN),
                (&["zib-AbilityToPerformMouthcareActivities-MedicalDevice"], PERSONAL_CARE),
            ];
            zibs.into_iter().find(|(zibs, _)| claims(found, zibs)).map(|(_, section)| section)
        };
        let with_devices = || self.asked.iter().filter(|section| section.has_devices()).map(|section| section.code);
        let known = reasons.chain(by_zib()).find(|place| with_devices().any(|section| section == *place));
        let rest = || with_devices().find(|section| *section == PERSONAL_CARE).or_else(|| with_devices().next());
        known.or_else(rest).unwrap_or(PERSONAL_CARE)
    }
}

/// `Type/id`.
fn name(resource: &Resource) -> Option<String> {
    Some(format!("{}/{}", resource.resource_type(), resource.id()?))
}

/// `Type/id` of a reference, absolute or not.
fn last_two(reference: &str) -> &str {
    match reference.rmatch_indices('/').nth(1) {
        Some((at, _)) => reference.get(at + 1..).unwrap_or(reference),
        None => reference,
    }
}

/// Whether an element has one of these codes of SNOMED CT.
fn is_coded(resource: &Resource, element: &str, codes: &[&str]) -> bool {
    let concepts = resource.root().get(element).into_iter().flat_map(|concept| concept.each());
    let codings = concepts.filter_map(|concept| concept.get("coding")).flat_map(|codings| codings.items());
    let of =
        |coding: Value<'_>, name: &str| coding.get(name).and_then(|text| text.as_text().map(|text| text.into_owned()));
    codings.into_iter().any(|coding| {
        of(coding, "system").as_deref() == Some(SNOMED)
            && of(coding, "code").is_some_and(|code| codes.contains(&code.as_str()))
    })
}

/// Whether it claims one of these profiles of Nictiz.
fn claims(resource: &Resource, zibs: &[&str]) -> bool {
    let profiles = resource.root().get("meta").and_then(|meta| meta.get("profile"));
    profiles.into_iter().flat_map(|all| all.items()).filter_map(|one| one.as_text()).any(|profile| {
        profile.strip_prefix("http://nictiz.nl/fhir/StructureDefinition/").is_some_and(|zib| zibs.contains(&zib))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::sections::{Release, of_release};
    use super::*;

    fn read(json: &Json) -> Resource {
        Resource::parse(json.to_string().into(), &fhir::json::Limits::default()).unwrap()
    }

    /// What was found, as every section that asks for it gets it.
    fn answers(release: Release, found: &[Json]) -> Vec<(&'static Section, Option<Vec<Answered>>)> {
        let of = |section: &'static Section| {
            let asks = section.asks(release);
            asks.map(|ask| {
                let kind = ask.split(['/', '?']).next().unwrap();
                let of_kind = found.iter().filter(|one| one["resourceType"] == kind);
                // An observation is asked for by its code.
                let asked = of_kind.filter(|one| {
                    kind != "Observation" || ask.contains(one["code"]["coding"][0]["code"].as_str().unwrap())
                });
                Answered { found: asked.map(read).collect(), along: Vec::new() }
            })
            .collect()
        };
        of_release(release).map(|section| (section, Some(of(section)))).collect()
    }

    /// The sections in which a resource stands.
    fn places(release: Release, found: &[Json], id: &str) -> Vec<&'static str> {
        let answers = answers(release, found);
        let placing = Placing::of(&answers);
        let in_it = |section: &Section, answers: &[Answered]| {
            let all = answers.iter().flat_map(|answer| &answer.found);
            all.filter(|one| one.id().as_deref() == Some(id)).any(|one| placing.stands_in(one, section.code))
        };
        let places = answers.iter().filter(|(section, answers)| in_it(section, answers.as_deref().unwrap_or_default()));
        places.map(|(section, _)| section.code).collect()
    }

    fn coded(code: &str) -> Json {
        json!({"coding": [{"system": "http://snomed.info/sct", "code": code}]})
    }

    fn zib(name: &str) -> Json {
        json!({"profile": [format!("http://nictiz.nl/fhir/StructureDefinition/{name}")]})
    }

    #[test]
    fn a_problem_stands_in_one_section_by_what_it_is_and_whether_it_is_over() {
        let problem = |more: Json| {
            let mut one = json!({"resourceType": "Condition", "id": "x", "clinicalStatus": "active"});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        for (what, newest, before) in [
            (problem(json!({})), DIAGNOSIS, DIAGNOSIS),
            (problem(json!({"clinicalStatus": "resolved"})), HISTORY, HISTORY),
            (problem(json!({"category": [coded("303186005")]})), LEGAL, DIAGNOSIS),
            (problem(json!({"category": [coded("151701000146105")], "clinicalStatus": "inactive"})), LEGAL, HISTORY),
            (
                problem(json!({"category": [{"coding": [{"system": "urn:oid:1", "code": "303186005"}]}]})),
                DIAGNOSIS,
                DIAGNOSIS,
            ),
            (problem(json!({"category": [coded("95320005")]})), SKIN, DIAGNOSIS),
            (problem(json!({"meta": zib("zib-Wound"), "code": coded("112633009")})), SKIN, DIAGNOSIS),
            (problem(json!({"meta": zib("zib-BurnWound")})), SKIN, DIAGNOSIS),
            (problem(json!({"code": coded("399912005")})), SKIN, DIAGNOSIS),
            // A pressure ulcer as a diagnosis is a problem.
            (problem(json!({"code": coded("399912005"), "category": [coded("282291009")]})), DIAGNOSIS, DIAGNOSIS),
            (problem(json!({"meta": zib("zib-Problem"), "code": coded("112633009")})), DIAGNOSIS, DIAGNOSIS),
            (problem(json!({"code": coded("118185001")})), PREGNANCY, DIAGNOSIS),
            (problem(json!({"meta": zib("zib-Pregnancy")})), PREGNANCY, DIAGNOSIS),
        ] {
            assert_eq!(places(Release::V4_2, std::slice::from_ref(&what), "x"), [newest], "{what}");
            assert_eq!(places(Release::V4_1, std::slice::from_ref(&what), "x"), [before], "{what}");
        }
    }

    #[test]
    fn a_device_stands_with_what_it_is_used_for() {
        let device = |more: Json| {
            let mut one = json!({"resourceType": "DeviceUseStatement", "id": "x"});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        let used_for = |reference: &str| {
            device(
                json!({"extension": [{"url": "http://nictiz.nl/fhir/StructureDefinition/deviceUseStatement-reasonReferenceSTU3",
                "valueReference": {"reference": reference}}]}),
            )
        };
        let hearing = json!({"resourceType": "Observation", "id": "h", "code": coded("47078008")});
        let walking = json!({"resourceType": "Observation", "id": "w", "code": coded("301438001")});
        let wound = json!({"resourceType": "Condition", "id": "c", "clinicalStatus": "active", "category": [coded("95320005")]});
        let problem = json!({"resourceType": "Condition", "id": "p", "clinicalStatus": "active"});
        for (what, place) in [
            (used_for("Observation/h"), SENSORY),
            (used_for("https://epd.example/fhir/Observation/w"), "364832000"),
            (used_for("Condition/c"), SKIN),
            (used_for("Observation/unknown"), PERSONAL_CARE),
            // What no section with devices has is no place for one.
            (used_for("Condition/p"), PERSONAL_CARE),
            (device(json!({"meta": zib("zib-FeedingTubeSystem")})), NUTRITION),
            (device(json!({"meta": zib("zib-Infusion")})), NUTRITION),
            (device(json!({"meta": zib("zib-Respiration-AdministeredOxygen-AdministrationDevice")})), EXAMINATION),
            (device(json!({"meta": zib("zib-BladderFunction-UrineCatheter")})), EXCRETION),
            (device(json!({"meta": zib("zib-VisualFunction-VisualAid")})), SENSORY),
            (device(json!({"meta": zib("zib-Wound-MedicalDevice")})), SKIN),
            (device(json!({"meta": zib("zib-AbilityToPerformMouthcareActivities-MedicalDevice")})), PERSONAL_CARE),
            (device(json!({"meta": zib("zib-MedicalDevice")})), PERSONAL_CARE),
        ] {
            let found = [what.clone(), hearing.clone(), walking.clone(), wound.clone(), problem.clone()];
            assert_eq!(places(Release::V4_2, &found, "x"), [place], "{what}");
        }
    }

    #[test]
    fn a_device_of_a_section_that_was_not_asked_for_is_not_lost() {
        let tube =
            read(&json!({"resourceType": "DeviceUseStatement", "id": "x", "meta": zib("zib-FeedingTubeSystem")}));
        for section in of_release(Release::V4_2).filter(|one| one.has_devices()) {
            let found = Answered { found: vec![tube.clone()], along: Vec::new() };
            let placing = Placing::of(&[(section, Some(vec![found]))]);
            assert!(placing.stands_in(&tube, section.code), "{}", section.code);
        }
    }
}
