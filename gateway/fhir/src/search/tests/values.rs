//! Values of each kind, and their modifiers.

use super::*;
use crate::search::{Filters, ValueSets};

const MEASURED: &str = r#"{"resourceType":"Observation","id":"o2","status":"final",
    "code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic pressure"}],"text":"Bovendruk"},
    "valueQuantity":{"value":120.0,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"},
    "component":[
        {"code":{"coding":[{"system":"urn:c","code":"a"}]},"valueQuantity":{"value":5,"system":"urn:u","code":"x"}},
        {"code":{"coding":[{"system":"urn:c","code":"b"}]},"valueQuantity":{"value":9,"system":"urn:u","code":"x"}}]}"#;

#[test]
fn a_number_is_as_exact_as_it_is_written() {
    let risk = r#"{"resourceType":"RiskAssessment","prediction":[{"probabilityDecimal":100}]}"#;
    finds(
        risk,
        &[
            "probability=100",
            "probability=1e2",
            "probability=1.0e2",
            "probability=eq100.0",
            "probability=gt99.99",
            "probability=ge100",
            "probability=le100.00",
            "probability=lt101",
            "probability=ap109",
            "probability=ap91",
            "probability=sa99",
            "probability=eb101",
            "probability=ne101",
            "probability=5,100",
            "probability:missing=false",
        ],
        &[
            "probability=101",
            "probability=99.4",
            "probability=100.06",
            "probability=ne100",
            "probability=gt100",
            "probability=lt100",
            "probability=ap120",
            "probability=ap80",
            "probability=sa100",
            "probability=eb100",
            "probability:missing=true",
        ],
    );
    for bad in ["", "x", "1.", ".5", "1e", "1e999", "--1", "xx1", "1 0", "0x1", "١", &"1".repeat(31)] {
        let fault = SearchFault::Value { name: "probability".into() };
        assert_eq!(ask(FhirVersion::R4, risk, &format!("probability={bad}")), Err(fault), "{bad}");
    }
    let small = r#"{"resourceType":"RiskAssessment","prediction":[{"probabilityDecimal":-0.5},{"probabilityRange":{"low":{"value":7}}}]}"#;
    finds(small, &["probability=-0.5", "probability=-5e-1", "probability=lt0"], &["probability=0.5"]);
}

#[test]
fn a_quantity_has_its_unit() {
    finds(
        MEASURED,
        &[
            "value-quantity=120",
            "value-quantity=120||mmHg",
            "value-quantity=120||mm[Hg]",
            "value-quantity=120|http://unitsofmeasure.org|mm[Hg]",
            "value-quantity=gt119.5|http://unitsofmeasure.org|mm[Hg]",
            "value-quantity=1.2e2",
            "component-value-quantity=5|urn:u|x",
            "combo-value-quantity=9",
            "combo-value-quantity=120",
        ],
        &[
            "value-quantity=119",
            "value-quantity=120||cm",
            "value-quantity=120|http://unitsofmeasure.org|mmHg",
            "value-quantity=120|urn:u|mm[Hg]",
            "value-quantity=le119|http://unitsofmeasure.org|mm[Hg]",
            "component-value-quantity=120",
        ],
    );
    for bad in ["120|", "120|a|", "120|a|b|c", "|a|b", "gt", "x|a|b"] {
        let fault = SearchFault::Value { name: "value-quantity".into() };
        assert_eq!(ask(FhirVersion::R4, MEASURED, &format!("value-quantity={bad}")), Err(fault), "{bad}");
    }
    let below = r#"{"resourceType":"Observation","valueQuantity":{"value":5,"comparator":"<","code":"mg"}}"#;
    finds(
        below,
        &["value-quantity=lt3", "value-quantity=ne5", "value-quantity=eb6"],
        &["value-quantity=5", "value-quantity=gt5", "value-quantity=sa1"],
    );
    let range =
        r#"{"resourceType":"Condition","onsetRange":{"low":{"value":10,"code":"a"},"high":{"value":20,"code":"a"}}}"#;
    finds(
        range,
        &["onset-age=gt15", "onset-age=lt15", "onset-age=ap15", "onset-age=sa9", "onset-age=eb21", "onset-age=ge20||a"],
        &["onset-age=15", "onset-age=gt20", "onset-age=lt10", "onset-age=sa10", "onset-age=ge20||wk"],
    );
    let unreadable = r#"{"resourceType":"Observation","valueQuantity":{"value":"120"}}"#;
    finds(unreadable, &[], &["value-quantity=ne5", "value-quantity=gt0", "value-quantity=lt999"]);
}

#[test]
fn what_belongs_together_is_found_together() {
    finds(
        MEASURED,
        &[
            "code-value-quantity=http://loinc.org|8480-6$120",
            "code-value-quantity=8480-6$gt100||mmHg",
            "component-code-value-quantity=urn:c|a$5",
            "component-code-value-quantity=a$9,b$9",
            "combo-code-value-quantity=b$9",
            "combo-code-value-quantity=8480-6$120",
        ],
        &[
            "code-value-quantity=8480-6$121",
            "code-value-quantity=8462-4$120",
            "component-code-value-quantity=a$9",
            "combo-code-value-quantity=8480-6$9",
        ],
    );
    for bad in ["x", "a$", "$5", "a$5$6", "a$x", r"a\$5"] {
        let fault = SearchFault::Value { name: "code-value-quantity".into() };
        assert_eq!(ask(FhirVersion::R4, MEASURED, &format!("code-value-quantity={bad}")), Err(fault), "{bad}");
    }
}

#[test]
fn words_and_types_of_tokens_are_searched_too() {
    finds(
        MEASURED,
        &["code:text=systolic", "code:text=BOVEN", "code:text=x,sys"],
        &["code:text=pressure", "code:text=8480-6", "category:text=x"],
    );
    let patient = r#"{"resourceType":"Patient","identifier":[
            {"system":"urn:i","value":"7","type":{"coding":[{"system":"urn:t","code":"MR"}],"text":"Record"}},
            {"system":"urn:j","value":"8"}],
        "telecom":[{"system":"phone","value":"+31612345678"},{"system":"email","value":"a@b.example"}],
        "active":true,"gender":"female","birthDate":"1970-05-01","deceasedBoolean":false}"#;
    finds(
        patient,
        &[
            "identifier:of-type=urn:t|MR|7",
            "identifier:text=rec",
            "phone=%2B31612345678",
            "email=a@b.example",
            "telecom=a@b.example",
            "telecom=email|a@b.example",
            "active=true",
            "gender=http://hl7.org/fhir/administrative-gender|female",
            "gender:not=male",
            "birthdate=1970",
            "deceased=false",
            "deceased:not=true",
        ],
        &[
            "identifier:of-type=urn:t|MR|8",
            "identifier:of-type=urn:t|PI|7",
            "phone=a@b.example",
            "email=%2B31612345678",
            "active=false",
            "gender:not=female",
            "deceased=true",
        ],
    );
    let dead = r#"{"resourceType":"Patient","deceasedDateTime":"2026-01-01"}"#;
    finds(dead, &["deceased=true", "death-date=2026"], &["deceased=false", "deceased:not=true"]);
    assert_eq!(
        ask(FhirVersion::Stu3, dead, "identifier:of-type=a|b|c"),
        Err(SearchFault::unsupported("identifier:of-type"))
    );
    assert_eq!(ask(FhirVersion::R4, dead, "deceased=maybe"), Err(SearchFault::value("deceased")));
}

#[test]
fn urls_have_levels_and_urns_have_none() {
    finds(
        OBSERVATION,
        &[
            "_profile:below=http://a.example",
            "_profile:below=http://a.example/p",
            "_profile:above=http://a.example/p|2/x",
        ],
        &["_profile:below=http://a.exam", "_profile:below=http://a.example/q", "_profile:above=http://a.example"],
    );
    assert_eq!(ask(FhirVersion::R4, OBSERVATION, "_profile:below=urn:x"), Err(SearchFault::value("_profile")));
}

struct Colours;

impl ValueSets for Colours {
    fn codes(&self, url: &str) -> Option<Vec<(String, String)>> {
        (url == "http://a.example/colours").then(|| vec![("http://loinc.org".into(), "1-8".into())])
    }
}

#[test]
fn value_sets_are_asked_of_whoever_knows_them() {
    let resource = Resource::parse(OBSERVATION.into(), &Limits::default()).unwrap();
    let observation = ResourceType::parse(FhirVersion::R4, "Observation").unwrap();
    let ask = |query: &str| {
        let query = SearchQuery::parse(query).unwrap();
        Filters::read_with(FhirVersion::R4, observation, &query, &Colours)?.accept(&resource)
    };
    assert_eq!(ask("code:in=http://a.example/colours"), Ok(true));
    assert_eq!(ask("code:not-in=http://a.example/colours"), Ok(false));
    assert_eq!(ask("category:in=http://a.example/colours"), Ok(false));
    assert_eq!(ask("category:not-in=http://a.example/colours"), Ok(true));
    assert_eq!(ask("code:in=http://a.example/others"), Err(SearchFault::unsupported("code:in")));
    assert_eq!(ask("date:in=http://a.example/colours"), Err(SearchFault::unsupported("date:in")));
}

#[test]
fn references_say_their_type_their_identifier_or_their_version() {
    finds(
        OBSERVATION,
        &[
            "subject:Patient=p1",
            "subject:Patient=Patient/p1",
            "subject:identifier=urn:bsn|1",
            "performer:Organization=p1",
            "patient:Patient=p1",
        ],
        &[
            "subject:Group=p1",
            "performer:Practitioner=p1",
            "subject:identifier=urn:bsn|2",
            "subject=Patient/p1/_history/1",
        ],
    );
    assert_eq!(ask(FhirVersion::R4, OBSERVATION, "subject:Patient=Group/p1"), Err(SearchFault::value("subject")));
    let versioned = r#"{"resourceType":"Observation","subject":{"reference":"Patient/p1/_history/3"}}"#;
    finds(versioned, &["subject=Patient/p1/_history/3", "subject=Patient/p1"], &["subject=Patient/p1/_history/2"]);
    let answers = r#"{"resourceType":"QuestionnaireResponse","questionnaire":"http://a.example/Questionnaire/q|2"}"#;
    finds(
        answers,
        &["questionnaire=http://a.example/Questionnaire/q", "questionnaire=http://a.example/Questionnaire/q|2"],
        &["questionnaire=http://a.example/Questionnaire/q|1", "questionnaire=http://a.example/Questionnaire/r"],
    );
}

fn agreement(period: &str) -> String {
    let extension = "http://nictiz.nl/fhir/StructureDefinition/ext-TimeInterval.Period";
    format!(r#"{{"resourceType":"MedicationRequest","extension":[{{"url":"{extension}","valuePeriod":{period}}}]}}"#)
}

#[test]
fn a_period_of_use_ends_where_its_duration_does() {
    let duration = |value: &str, code: &str| {
        format!(
            r#""extension":[{{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-TimeInterval.Duration",
                "valueDuration":{{"value":{value},"system":"http://unitsofmeasure.org","code":"{code}"}}}}]"#
        )
    };
    let week = agreement(&format!(r#"{{"start":"2026-10-01T00:00:00+02:00",{}}}"#, duration("1", "wk")));
    finds(
        &week,
        &[
            "period-of-use=ge2026-10-07",
            "period-of-use=le2026-10-01",
            "period-of-use=ge2026-10-03&period-of-use=le2026-10-04",
            "period-of-use=gt2026-10-06",
            "period-of-use=2026-10",
        ],
        &[
            "period-of-use=ge2026-10-08",
            "period-of-use=lt2026-10-01",
            "period-of-use=2026-11",
            "period-of-use:missing=true",
        ],
    );
    let backwards = agreement(&format!(r#"{{"end":"2026-10-08",{}}}"#, duration("7.0", "d")));
    finds(&backwards, &["period-of-use=le2026-10-02"], &["period-of-use=lt2026-10-02"]);
    // Both ends known: the duration adds nothing. A duration nobody can count leaves the end open.
    let both = agreement(&format!(r#"{{"start":"2026-10-01","end":"2026-10-02",{}}}"#, duration("9", "wk")));
    finds(&both, &["period-of-use=ge2026-10-02"], &["period-of-use=ge2026-10-03"]);
    let odd = agreement(&format!(r#"{{"start":"2026-10-01",{}}}"#, duration("9", "fortnight")));
    finds(&odd, &["period-of-use=ge2030"], &["period-of-use=lt2026-10-01"]);
    let use_now = r#"{"resourceType":"MedicationStatement","effectivePeriod":{"start":"2026-10-01"}}"#;
    finds(use_now, &["period-of-use=ge2026-12-01"], &["period-of-use=lt2026-10-01"]);
    finds("{\"resourceType\":\"MedicationRequest\"}", &["is-latest-stop=false"], &["period-of-use=ge2000"]);
    for (query, fault) in [
        ("is-latest-stop=true", SearchFault::unsupported("is-latest-stop")),
        ("period-of-use=soon", SearchFault::value("period-of-use")),
        ("period-of-use:not=2026", SearchFault::unsupported("period-of-use:not")),
    ] {
        assert_eq!(ask(FhirVersion::R4, &week, query), Err(fault), "{query}");
    }
}

#[test]
fn extensions_of_the_medication_process_are_parameters() {
    let url = "http://nictiz.nl/fhir/StructureDefinition";
    let request = format!(
        r#"{{"resourceType":"MedicationRequest","extension":[
            {{"url":"{url}/ext-PharmaceuticalTreatment.Identifier","valueIdentifier":{{"system":"urn:m","value":"1"}}}},
            {{"url":"{url}/ext-MedicationAgreement.NextPractitioner","valueReference":{{"reference":"Practitioner/n"}}}}],
            "dispenseRequest":{{"extension":[{{"url":"{url}/ext-DispenseRequest.DispenseLocation",
                "valueReference":{{"reference":"Location/l"}}}}]}}}}"#
    );
    finds(
        &request,
        &[
            "pharmaceutical-treatment-identifier=urn:m|1",
            "next-practitioner=Practitioner/n",
            "dispense-location=l",
            "reason:missing=true",
        ],
        &["pharmaceutical-treatment-identifier=urn:m|2", "next-practitioner=l", "dispense-location=Location/n"],
    );
    let old = format!(
        r#"{{"resourceType":"MedicationDispense","category":{{"coding":[{{"code":"c"}}]}},"extension":[
            {{"url":"{url}/zib-Medication-MedicationTreatment","valueIdentifier":{{"value":"1"}}}},
            {{"url":"{url}/zib-Dispense-RequestDate","valueDateTime":"2026-02-01"}},
            {{"url":"{url}/zib-Medication-PeriodOfUse","valuePeriod":{{"start":"2026-02-03"}}}}]}}"#
    );
    let all = "category=c&medicationtreatment=1&requestdate=2026-02&periodofuse=ge2026-03";
    assert_eq!(ask(FhirVersion::Stu3, &old, all), Ok(true));
    for one in ["category=d", "medicationtreatment=2", "requestdate=gt2026-02", "periodofuse=lt2026-02"] {
        assert_eq!(ask(FhirVersion::Stu3, &old, one), Ok(false), "{one}");
    }
}
