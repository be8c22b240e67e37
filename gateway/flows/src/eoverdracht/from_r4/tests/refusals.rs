//! What has no place in STU3, row by row: where it is, and why.

use super::cases::{frame, whole};
use super::*;

#[test]
fn what_stu3_cannot_hold_is_refused_by_its_place() {
    for (kind, members, place, why) in [
        ("Condition", r#""recordedDate":"2026""#, "recordedDate", Why::Element),
        ("Condition", r#""recorder":{"display":"x"}"#, "recorder", Why::Element),
        (
            "Condition",
            r#""clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"relapse"}]}"#,
            "clinicalStatus",
            Why::Code,
        ),
        (
            "Condition",
            r#""clinicalStatus":{"coding":[{"system":"http://snomed.info/sct","code":"55561003"}]}"#,
            "clinicalStatus",
            Why::Code,
        ),
        ("Condition", r#""clinicalStatus":{"text":"active"}"#, "clinicalStatus", Why::Code),
        (
            "Condition",
            r#""verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"unconfirmed"}]}"#,
            "verificationStatus",
            Why::Code,
        ),
        ("Condition", r#""stage":[{"summary":{"text":"x"}},{"summary":{"text":"x"}}]"#, "stage", Why::Several),
        ("Condition", r#""stage":[{"type":{"text":"x"}}]"#, "stage[0].type", Why::Element),
        ("Condition", r#""implicitRules":"urn:x""#, "implicitRules", Why::Element),
        ("Condition", r#""modifierExtension":[{"url":"urn:x","valueString":"x"}]"#, "modifierExtension", Why::Modifier),
        ("Condition", r#""extension":[{"url":"urn:x","valueString":"x"}]"#, "extension[0]", Why::Extension),
        (
            "Condition",
            r#""extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-Comment","valueCode":"x"}]"#,
            "extension[0]",
            Why::Extension,
        ),
        (
            "Condition",
            r#""extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/Comment","valueString":"x"}]"#,
            "extension[0]",
            Why::Extension,
        ),
        (
            "Condition",
            r#""extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-Payer.BankInformation","extension":[{"url":"BankName","valueString":"x"}]}]"#,
            "extension[0].extension[0]",
            Why::Extension,
        ),
        (
            "Condition",
            r#""extension":[{"url":"http://hl7.org/fhir/StructureDefinition/condition-assertedDate","id":"x","valueDateTime":"2026"}]"#,
            "extension[0]",
            Why::Content,
        ),
        (
            "Condition",
            r#""meta":{"profile":["http://nictiz.nl/fhir/StructureDefinition/nl-core-Problem"]}"#,
            "meta.profile[0]",
            Why::Profile,
        ),
        ("Condition", r#""meta":{"source":"urn:x"}"#, "meta.source", Why::Element),
        (
            "Condition",
            r#""code":{"coding":[{"system":"http://hl7.org/fhir/v3/NullFlavor","code":"UNK"}]}"#,
            "code.coding[0].system",
            Why::Code,
        ),
        (
            "Condition",
            r#""code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-NullFlavor","version":"2","code":"UNK"}]}"#,
            "code.coding[0].version",
            Why::Code,
        ),
        (
            "Condition",
            r#""code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"relapse"}]}"#,
            "code.coding[0].code",
            Why::Code,
        ),
        ("Condition", r#""asserter":{"reference":"PractitionerRole/r"}"#, "asserter", Why::Target),
        ("Condition", r#""asserter":{"type":"Practitioner","display":"x"}"#, "asserter.type", Why::Reference),
        (
            "Condition",
            r#""contained":[{"resourceType":"Location","id":"l","hoursOfOperation":[{"allDay":true}]}]"#,
            "contained[0].hoursOfOperation",
            Why::Element,
        ),
        (
            "Condition",
            r#""contained":[{"resourceType":"Group","id":"g","type":"person","actual":true}]"#,
            "contained[0]",
            Why::Type,
        ),
        (
            "Condition",
            r#""extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"as-text"}]"#,
            "extension[0].valueCode",
            Why::Code,
        ),
        ("AllergyIntolerance", r#""recordedDate":"2026""#, "recordedDate", Why::Element),
        ("AllergyIntolerance", r#""encounter":{"display":"x"}"#, "encounter", Why::Element),
        (
            "CarePlan",
            r#""status":"on-hold","intent":"plan","activity":[{"detail":{"status":"stopped"}}]"#,
            "activity[0].detail.status",
            Why::Code,
        ),
        (
            "CarePlan",
            r#""status":"active","intent":"plan","activity":[{"detail":{"status":"on-hold","statusReason":{"coding":[{"code":"x"}]}}}]"#,
            "activity[0].detail.statusReason",
            Why::Content,
        ),
        ("Composition", r#""category":[{"text":"x"},{"text":"y"}]"#, "category", Why::Several),
        ("Composition", r#""section":[{"title":"x","focus":{"display":"x"}}]"#, "section[0].focus", Why::Element),
        ("Consent", r#""provision":{"type":"deny"}"#, "provision.type", Why::Element),
        ("Consent", r#""provision":{"code":[{"text":"x"}]}"#, "provision.code", Why::Element),
        (
            "Consent",
            r#""provision":{"provision":[{"type":"deny","provision":[{"type":"deny"}]}]}"#,
            "provision.provision[0].provision",
            Why::Element,
        ),
        ("Device", r#""version":[{"value":"1","type":{"text":"x"}}]"#, "version[0]", Why::Content),
        ("Device", r#""serialNumber":"1""#, "serialNumber", Why::Element),
        ("DeviceUseStatement", r#""timingDateTime":"2026","basedOn":[{"display":"x"}]"#, "basedOn", Why::Element),
        (
            "DocumentReference",
            r#""status":"current","type":{"text":"x"},"content":[{"attachment":{"title":"x"}}]"#,
            "indexed",
            Why::Required,
        ),
        (
            "DocumentReference",
            r#""status":"current","date":"2026-11-20T10:00:00Z","content":[{"attachment":{"title":"x"}}]"#,
            "type",
            Why::Required,
        ),
        (
            "Encounter",
            r#""status":"finished","class":{"code":"IMP"},"serviceType":{"text":"x"}"#,
            "serviceType",
            Why::Element,
        ),
        ("Goal", r#""lifecycleStatus":"completed""#, "lifecycleStatus", Why::Code),
        ("Goal", r#""lifecycleStatus":"active","achievementStatus":{"text":"x"}"#, "achievementStatus", Why::Code),
        (
            "Goal",
            r#""lifecycleStatus":"active","target":[{"dueDate":"2026-11-20"},{"dueDate":"2026-11-21"}]"#,
            "target",
            Why::Several,
        ),
        ("Immunization", r#""status":"not-done","occurrenceDateTime":"2026""#, "status", Why::Code),
        ("Immunization", r#""status":"completed","occurrenceString":"x""#, "occurrenceString", Why::Element),
        ("NutritionOrder", r#""status":"unknown""#, "status", Why::Code),
        ("NutritionOrder", r#""status":"active","note":[{"text":"x","time":"2026"}]"#, "note[0]", Why::Content),
        (
            "NutritionOrder",
            r#""status":"active","extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/zib-NutritionAdvice-Explanation","valueString":"x"}]"#,
            "extension[0]",
            Why::Extension,
        ),
        (
            "RelatedPerson",
            r#""patient":{"display":"x"},"relationship":[{"text":"x"},{"text":"y"}]"#,
            "relationship",
            Why::Several,
        ),
        (
            "RelatedPerson",
            r#""patient":{"display":"x"},"extension":[{"url":"http://fhir.nl/fhir/StructureDefinition/nl-core-relatedperson-role","valueCodeableConcept":{"coding":[{"system":"urn:oid:2.16.840.1.113883.2.4.3.11.22.472","code":"01"}]}}]"#,
            "extension[0]",
            Why::Extension,
        ),
        (
            "Observation",
            r#""status":"final","code":{"text":"x"},"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/observation-focusSTU3","valueReference":{"display":"x"}}]"#,
            "extension[0]",
            Why::Extension,
        ),
        ("Observation", r#""status":"final","code":{"text":"x"},"valueInteger":1"#, "valueInteger", Why::Element),
        (
            "Observation",
            r#""status":"final","code":{"text":"x"},"note":[{"text":"x"},{"text":"y"}]"#,
            "note",
            Why::Several,
        ),
        (
            "Observation",
            r#""status":"final","code":{"text":"x"},"note":[{"text":"x","time":"2026"}]"#,
            "note[0]",
            Why::Content,
        ),
        ("Observation", r#""status":"final","code":{"text":"x"},"partOf":[{"display":"x"}]"#, "partOf", Why::Element),
        ("Patient", r#""address":[{"use":"billing"}]"#, "address[0].use", Why::Code),
        ("Patient", r#""identifier":[{"use":"old","value":"1"}]"#, "identifier[0].use", Why::Code),
        ("Procedure", r#""status":"not-done""#, "status", Why::Code),
        ("Procedure", r#""status":"completed","performedString":"x""#, "performedString", Why::Element),
        ("ServiceRequest", r#""status":"active","intent":"directive","code":{"text":"x"}"#, "intent", Why::Code),
        (
            "ServiceRequest",
            r#""status":"active","intent":"order","code":{"text":"x"},"performer":[{"display":"x"},{"display":"y"}]"#,
            "performer",
            Why::Several,
        ),
        ("MedicationStatement", r#""status":"active","medicationCodeableConcept":{"text":"x"}"#, "", Why::Type),
    ] {
        let one = whole(kind, frame(kind).0, members);
        let place = format!("Bundle.entry[0].resource{}{place}", if place.is_empty() { "" } else { "." });
        let said = faults(to_stu3(&collection(&[one])));
        // What stands in a list is named with its number.
        let is_there = |(at, is): &(String, Why)| at.starts_with(&place) && at.len() <= place.len() + 3 && *is == why;
        assert!(said.iter().any(is_there), "{kind} {members}: {said:?}");
        assert_eq!(said.len(), 1, "{kind} {members}: {said:?}");
    }
    // What R4 requires, and says otherwise than as STU3 takes it for granted.
    let order = whole(
        "NutritionOrder",
        r#""patient":{"reference":"Patient/p"},"dateTime":"2026","intent":"plan","status":"active""#,
        "",
    );
    assert_eq!(faults(to_stu3(&collection(&[order]))), [("Bundle.entry[0].resource.intent".to_owned(), Why::Code)]);
    let scope = frame("Consent").0.replace("\"adr\"", "\"treatment\"");
    let consent = whole("Consent", &scope, "");
    assert_eq!(faults(to_stu3(&collection(&[consent]))), [("Bundle.entry[0].resource.scope".to_owned(), Why::Element)]);
}
