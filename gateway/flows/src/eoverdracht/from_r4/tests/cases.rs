//! Each row that is not the same on both sides: what passes, and as what.

use super::*;

/// One resource each way, with what stands in every one of its type.
struct Case {
    kind: (&'static str, &'static str),
    r4: &'static str,
    stu3: &'static str,
}

const fn case(r4: &'static str, stu3: &'static str, on: &'static str) -> Case {
    Case { kind: (on, on), r4, stu3 }
}

/// What a resource of a type has to have, in R4 and in STU3.
pub(super) fn frame(kind: &str) -> (&'static str, &'static str) {
    const PATIENT: &str = r#""patient":{"reference":"Patient/p"}"#;
    const SUBJECT: &str = r#""subject":{"reference":"Patient/p"}"#;
    match kind {
        "AllergyIntolerance" => (
            r#""patient":{"reference":"Patient/p"},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"confirmed"}]}"#,
            r#""patient":{"reference":"Patient/p"},"verificationStatus":"confirmed""#,
        ),
        "NutritionOrder" => (
            r#""patient":{"reference":"Patient/p"},"dateTime":"2026","intent":"order""#,
            r#""patient":{"reference":"Patient/p"},"dateTime":"2026""#,
        ),
        "Immunization" => (
            r#""patient":{"reference":"Patient/p"},"primarySource":true,"vaccineCode":{"text":"x"}"#,
            r#""patient":{"reference":"Patient/p"},"primarySource":true,"vaccineCode":{"text":"x"},"notGiven":false"#,
        ),
        "Coverage" => (PATIENT, PATIENT),
        "DeviceUseStatement" => (
            r#""subject":{"reference":"Patient/p"},"device":{"reference":"Device/d"},"status":"active""#,
            r#""subject":{"reference":"Patient/p"},"device":{"reference":"Device/d"},"status":"active""#,
        ),
        "Medication" | "Device" | "Patient" | "Binary" | "Location" | "RelatedPerson" | "CareTeam"
        | "HealthcareService" | "DocumentReference" => ("", ""),
        "Goal" => (
            r#""subject":{"reference":"Patient/p"},"description":{"text":"x"}"#,
            r#""subject":{"reference":"Patient/p"},"description":{"text":"x"}"#,
        ),
        "Composition" => (
            r#""status":"final","type":{"text":"x"},"date":"2026","title":"x","author":[{"display":"x"}],"subject":{"reference":"Patient/p"}"#,
            r#""status":"final","type":{"text":"x"},"date":"2026","title":"x","author":[{"display":"x"}],"subject":{"reference":"Patient/p"}"#,
        ),
        "Consent" => (
            r#""status":"active","patient":{"reference":"Patient/p"},"scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"adr"}]},"category":[{"coding":[{"system":"http://snomed.info/sct","code":"11341000146107"}]}]"#,
            r#""status":"active","patient":{"reference":"Patient/p"},"category":[{"coding":[{"system":"http://snomed.info/sct","code":"11341000146107"}]}]"#,
        ),
        _ => (SUBJECT, SUBJECT),
    }
}

pub(super) fn whole(kind: &str, frame: &str, members: &str) -> Node {
    let comma = if frame.is_empty() || members.is_empty() { "" } else { "," };
    Node::read(&format!(r#"{{"resourceType":"{kind}",{frame}{comma}{members}}}"#)).unwrap()
}

fn plainly(node: &Node) -> Node {
    plain::ordered(node)
}

const CASES: &[Case] = &[
    case(
        r#""clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}"#,
        r#""clinicalStatus":"active""#,
        "Condition",
    ),
    case(
        r#""clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"},{"system":"http://snomed.info/sct","code":"55561003","display":"x"}],"text":"y"}"#,
        r#""clinicalStatus":"active","_clinicalStatus":{"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/code-specification","valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"55561003","display":"x"}],"text":"y"}}]}"#,
        "Condition",
    ),
    case(
        r#""clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active","display":"Active"}]}"#,
        r#""clinicalStatus":"active","_clinicalStatus":{"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/code-specification","valueCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/condition-clinical","code":"active","display":"Active"}]}}]}"#,
        "Condition",
    ),
    case(
        r#""clinicalStatus":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}"#,
        r#""_clinicalStatus":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}"#,
        "Condition",
    ),
    case(
        r#""verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"refuted"}]}"#,
        r#""verificationStatus":"refuted""#,
        "Condition",
    ),
    case(r#""encounter":{"reference":"Encounter/e"}"#, r#""context":{"reference":"Encounter/e"}"#, "Condition"),
    case(
        r#""extension":[{"url":"http://hl7.org/fhir/StructureDefinition/condition-assertedDate","valueDateTime":"2026"}]"#,
        r#""assertedDate":"2026""#,
        "Condition",
    ),
    case(r#""stage":[{"summary":{"text":"x"}}]"#, r#""stage":{"summary":{"text":"x"}}"#, "Condition"),
    case(
        r#""clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"resolved"}]}"#,
        r#""clinicalStatus":"resolved""#,
        "AllergyIntolerance",
    ),
    case(
        r#""extension":[{"url":"http://hl7.org/fhir/StructureDefinition/allergyintolerance-assertedDate","valueDateTime":"2026"}]"#,
        r#""assertedDate":"2026""#,
        "AllergyIntolerance",
    ),
    case(r#""contentType":"a/b","data":"eA==""#, r#""contentType":"a/b","content":"eA==""#, "Binary"),
    case(
        r#""status":"revoked","intent":"plan","encounter":{"reference":"Encounter/e"},"author":{"display":"x"},"activity":[{"detail":{"status":"on-hold","statusReason":{"text":"x"},"doNotPerform":true}}]"#,
        r#""status":"cancelled","intent":"plan","context":{"reference":"Encounter/e"},"author":[{"display":"x"}],"activity":[{"detail":{"status":"on-hold","statusReason":"x","prohibited":true}}]"#,
        "CarePlan",
    ),
    case(
        r#""encounter":{"reference":"Encounter/e"},"participant":[{"role":[{"text":"x"}]}]"#,
        r#""context":{"reference":"Encounter/e"},"participant":[{"role":{"text":"x"}}]"#,
        "CareTeam",
    ),
    case(
        r#""category":[{"text":"x"}],"attester":[{"mode":"legal"}]"#,
        r#""class":{"text":"x"},"attester":[{"mode":["legal"]}]"#,
        "Composition",
    ),
    case(r#""performer":[{"display":"x"}]"#, r#""consentingParty":[{"display":"x"}]"#, "Consent"),
    case(
        r#""provision":{"period":{"start":"2026"},"actor":[{"role":{"text":"x"},"reference":{"display":"x"}}],"provision":[{"type":"deny","action":[{"text":"x"}]}]}"#,
        r#""period":{"start":"2026"},"actor":[{"role":{"text":"x"},"reference":{"display":"x"}}],"except":[{"type":"deny","action":[{"text":"x"}]}]"#,
        "Consent",
    ),
    case(
        r#""udiCarrier":[{"deviceIdentifier":"x","carrierHRF":"y"}],"modelNumber":"m","version":[{"value":"1"}]"#,
        r#""udi":{"deviceIdentifier":"x","carrierHRF":"y"},"model":"m","version":"1""#,
        "Device",
    ),
    case(
        r#""reasonCode":[{"text":"x"}],"timingPeriod":{"start":"2026"},"reasonReference":[{"reference":"Condition/k"}]"#,
        r#""indication":[{"text":"x"}],"whenUsed":{"start":"2026"},"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/deviceUseStatement-reasonReferenceSTU3","valueReference":{"reference":"Condition/k"}}]"#,
        "DeviceUseStatement",
    ),
    case(
        r#""status":"final","code":{"text":"x"},"category":[{"text":"x"}],"performer":[{"reference":"Practitioner/a"}],"media":[{"comment":"x","link":{"reference":"Media/m"}}],"conclusionCode":[{"text":"x"}]"#,
        r#""status":"final","code":{"text":"x"},"category":{"text":"x"},"performer":[{"actor":{"reference":"Practitioner/a"}}],"image":[{"comment":"x","link":{"reference":"Media/m"}}],"codedDiagnosis":[{"text":"x"}]"#,
        "DiagnosticReport",
    ),
    case(
        r#""status":"current","type":{"text":"x"},"category":[{"text":"x"}],"date":"2026-11-20T10:00:00Z","content":[{"attachment":{"url":"Binary/b"}}],"context":{"encounter":[{"reference":"Encounter/e"}],"related":[{"display":"x"}]}"#,
        r#""status":"current","type":{"text":"x"},"class":{"text":"x"},"indexed":"2026-11-20T10:00:00Z","content":[{"attachment":{"url":"Binary/b"}}],"context":{"encounter":{"reference":"Encounter/e"},"related":[{"ref":{"display":"x"}}]}"#,
        "DocumentReference",
    ),
    case(
        r#""status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},"reasonCode":[{"text":"x"}],"diagnosis":[{"condition":{"reference":"Condition/k"},"use":{"text":"x"}}]"#,
        r#""status":"finished","class":{"system":"http://hl7.org/fhir/v3/ActCode","code":"IMP"},"reason":[{"text":"x"}],"diagnosis":[{"condition":{"reference":"Condition/k"},"role":{"text":"x"}}]"#,
        "Encounter",
    ),
    case(
        r#""status":"active","code":{"text":"x"},"category":[{"text":"x"}]"#,
        r#""status":"active","code":{"text":"x"},"category":{"text":"x"}"#,
        "Flag",
    ),
    case(r#""lifecycleStatus":"active""#, r#""status":"in-progress""#, "Goal"),
    case(
        r#""lifecycleStatus":"completed","achievementStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/goal-achievement","code":"achieved"}]},"target":[{"dueDate":"2026-11-20"}]"#,
        r#""status":"achieved","target":{"dueDate":"2026-11-20"}"#,
        "Goal",
    ),
    case(
        r#""status":"completed","occurrenceDateTime":"2026","performer":[{"function":{"text":"x"},"actor":{"reference":"Practitioner/a"}}]"#,
        r#""status":"completed","date":"2026","practitioner":[{"role":{"text":"x"},"actor":{"reference":"Practitioner/a"}}]"#,
        "Immunization",
    ),
    case(r#""type":[{"text":"x"}]"#, r#""type":{"text":"x"}"#, "Location"),
    case(
        r#""ingredient":[{"itemCodeableConcept":{"text":"x"},"strength":{"numerator":{"value":1}}}]"#,
        r#""ingredient":[{"itemCodeableConcept":{"text":"x"},"amount":{"numerator":{"value":1}}}]"#,
        "Medication",
    ),
    case(r#""status":"revoked""#, r#""status":"cancelled""#, "NutritionOrder"),
    case(
        r#""status":"final","code":{"text":"x"},"encounter":{"reference":"Encounter/e"},"note":[{"text":"x"}],"interpretation":[{"text":"x"}],"focus":[{"reference":"Condition/k"}],"hasMember":[{"reference":"Observation/a"}],"derivedFrom":[{"reference":"Observation/b"}]"#,
        r#""status":"final","code":{"text":"x"},"context":{"reference":"Encounter/e"},"comment":"x","interpretation":{"text":"x"},"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/observation-focusSTU3","valueReference":{"reference":"Condition/k"}}],"related":[{"type":"has-member","target":{"reference":"Observation/a"}},{"type":"derived-from","target":{"reference":"Observation/b"}}]"#,
        "Observation",
    ),
    case(
        r#""status":"stopped","encounter":{"reference":"Encounter/e"},"performer":[{"function":{"text":"x"},"actor":{"reference":"Practitioner/a"}}]"#,
        r#""status":"aborted","context":{"reference":"Encounter/e"},"performer":[{"role":{"text":"x"},"actor":{"reference":"Practitioner/a"}}]"#,
        "Procedure",
    ),
    case(
        r#""patient":{"reference":"Patient/p"},"relationship":[{"text":"x"},{"coding":[{"system":"urn:oid:2.16.840.1.113883.2.4.3.11.22.472","code":"01"}]}]"#,
        r#""patient":{"reference":"Patient/p"},"relationship":{"text":"x"},"extension":[{"url":"http://fhir.nl/fhir/StructureDefinition/nl-core-relatedperson-role","valueCodeableConcept":{"coding":[{"system":"urn:oid:2.16.840.1.113883.2.4.3.11.22.472","code":"01"}]}}]"#,
        "RelatedPerson",
    ),
    case(
        r#""patient":{"reference":"Patient/p"},"extension":[{"url":"http://fhir.nl/fhir/StructureDefinition/nl-core-relatedperson-role","valueCodeableConcept":{"text":"x"}}]"#,
        r#""patient":{"reference":"Patient/p"},"extension":[{"url":"http://fhir.nl/fhir/StructureDefinition/nl-core-relatedperson-role","valueCodeableConcept":{"text":"x"}}]"#,
        "RelatedPerson",
    ),
    case(
        r#""status":"active","note":[{"text":"x"}]"#,
        r#""status":"active","extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/zib-NutritionAdvice-Explanation","valueString":"x"}]"#,
        "NutritionOrder",
    ),
    case(
        r#""patient":{"reference":"Patient/p"},"relationship":[{"text":"x"}]"#,
        r#""patient":{"reference":"Patient/p"},"relationship":{"text":"x"}"#,
        "RelatedPerson",
    ),
    Case {
        kind: ("ServiceRequest", "ProcedureRequest"),
        r4: r#""status":"on-hold","intent":"order","code":{"text":"x"},"encounter":{"reference":"Encounter/e"},"requester":{"reference":"Practitioner/a"},"performer":[{"reference":"Practitioner/b"}]"#,
        stu3: r#""status":"suspended","intent":"order","code":{"text":"x"},"context":{"reference":"Encounter/e"},"requester":{"agent":{"reference":"Practitioner/a"}},"performer":{"reference":"Practitioner/b"}"#,
    },
    // Extensions, their names and those of their parts.
    case(
        r#""extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-nationality","extension":[{"url":"code","valueCodeableConcept":{"text":"x"}}]}],"gender":"male","_gender":{"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-CodeSpecification","valueCodeableConcept":{"text":"x"}}]}"#,
        r#""extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-nationality","extension":[{"url":"code","valueCodeableConcept":{"text":"x"}}]}],"gender":"male","_gender":{"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/code-specification","valueCodeableConcept":{"text":"x"}}]}"#,
        "Patient",
    ),
    case(
        r#""meta":{"profile":["http://nictiz.nl/fhir/StructureDefinition/zib-Problem"]},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"contained":[{"resourceType":"Location","id":"l","type":[{"text":"x"}]}],"bodySite":[{"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-AnatomicalLocation.Laterality","valueCodeableConcept":{"text":"x"}}],"text":"x"}]"#,
        r#""meta":{"profile":["http://nictiz.nl/fhir/StructureDefinition/zib-Problem"]},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"contained":[{"resourceType":"Location","id":"l","type":{"text":"x"}}],"bodySite":[{"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/BodySite-Qualifier","valueCodeableConcept":{"text":"x"}}],"text":"x"}]"#,
        "Condition",
    ),
];

#[test]
fn what_is_shaped_otherwise_passes_both_ways() {
    for case in CASES {
        let (r4, stu3) = frame(case.kind.0);
        let (r4, stu3) = (whole(case.kind.0, r4, case.r4), whole(case.kind.1, stu3, case.stu3));
        for (way, from, to) in [(Way::ToStu3, &r4, &stu3), (Way::ToR4, &stu3, &r4)] {
            let from = collection(std::slice::from_ref(from));
            let made = match way {
                Way::ToStu3 => to_stu3(&from),
                Way::ToR4 => to_r4(&from),
            };
            let made = made.unwrap_or_else(|fault| panic!("{way:?} {fault:?} {}", from.text()));
            let made = resources(&made).iter().map(Node::write).collect::<Vec<_>>();
            assert_eq!(made, [plainly(to).write()], "{way:?}");
        }
    }
}
