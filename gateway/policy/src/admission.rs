//! Could it be allowed at all? Asked before any BSN is told to anyone, so it rests on the capability alone.

use std::sync::Arc;

use fhir::masking::ElementPath;

use crate::capability::PatientBinding;
use crate::decision::{Denial, DenialCode};
use crate::offer::NotOffered;
use crate::probing::probing;
use crate::request::{Admitted, Direction, PatientScope, Purpose, Request};
use crate::use_case::{UseCase, UseCases};

impl UseCases {
    /// Whether the request could ever be allowed: asked before any BSN is told to anyone else.
    ///
    /// The use case is the one that the request names, when the caller holds it; else the first of the caller's
    /// that admits. One for emergencies is never taken by chance: it is named, or the only one that the caller's token allows.
    ///
    /// # Errors
    /// The denial that tells the caller most about the use cases it holds; of any other use case it tells nothing.
    pub fn admissible(&self, request: Request) -> Result<Admitted, Denial> {
        let wanted = |id: &&_| request.use_case.as_ref().is_none_or(|named| named == *id);
        let meant = request.use_case.is_some() || request.caller.use_cases.len() == 1;
        let opens = |use_case: &&Arc<UseCase>| {
            let capability = use_case.capability();
            capability.data == request.data && (meant || capability.purpose != Purpose::BreakTheGlass)
        };
        let held: Vec<&Arc<UseCase>> =
            request.caller.use_cases.iter().filter(wanted).filter_map(|id| self.get(id)).filter(opens).collect();
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
        let telling = [DenialCode::SearchParameter, DenialCode::PatientBinding, DenialCode::EmergencyReason];
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
            Err(NotOffered::Parameter(_)) if self.capability().closed => {
                return Err(self.denial(DenialCode::NotInUseCase));
            }
            Err(NotOffered::Parameter(name)) => {
                return Err(Denial { parameter: Some(name), ..self.denial(DenialCode::SearchParameter) });
            }
        }
        if let Some(name) = self.probes(request) {
            return Err(Denial { parameter: Some(name), ..self.denial(DenialCode::SearchParameter) });
        }
        if !binds(self.capability().patient, request) {
            return Err(self.denial(DenialCode::PatientBinding));
        }
        if self.capability().purpose == Purpose::BreakTheGlass && request.caller.emergency.is_none() {
            return Err(self.denial(DenialCode::EmergencyReason));
        }
        Ok(())
    }

    /// The parameter by which the caller would learn something of what is masked for it, if there is one.
    fn probes(&self, request: &Request) -> Option<String> {
        // Only where masks are made a duty of.
        if request.direction != Direction::Holder {
            return None;
        }
        let masked = self.release().masked(request);
        let masked: Vec<ElementPath> = masked.iter().filter_map(|text| ElementPath::parse(text)).collect();
        probing(request.version, &request.interaction, &masked)
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
        (Some(_), PatientScope::Any | PatientScope::Told | PatientScope::Unnamed) => false,
    };
    let of_the_use_case = match binding {
        PatientBinding::One => matches!(request.patient, PatientScope::One(_)),
        PatientBinding::Nobody => matches!(request.patient, PatientScope::Nobody),
        PatientBinding::Any => true,
        // Whom it is about is learnt by the receiver alone, from a sender that it was told of.
        PatientBinding::Told => matches!(request.patient, PatientScope::Told) && request.direction == Direction::User,
        PatientBinding::Unnamed => {
            matches!(request.patient, PatientScope::Unnamed) && request.direction == Direction::User
        }
    };
    of_the_token && of_the_use_case
}

#[cfg(test)]
mod tests {
    use fhir::Interaction;

    use super::*;
    use crate::caller::EmergencyReason;
    use crate::request::Data;
    use crate::testing::{ANYTHING, LOG, ONE, bsn, id, request, transaction, use_case, use_cases};

    fn code(request: Request) -> Result<String, DenialCode> {
        let admitted = use_cases().admissible(request).map_err(|denial| denial.code)?;
        Ok(admitted.use_case().id().as_str().to_owned())
    }

    #[test]
    fn a_closed_list_of_searches_refuses_other_parameters_like_other_interactions() {
        let closed = ONE.replacen(r#""title": "T","#, r#""title": "T", "closed": true,"#, 1);
        assert_ne!(closed, ONE);
        for (capability, expected) in [(ONE, DenialCode::SearchParameter), (&closed, DenialCode::NotInUseCase)] {
            let use_cases = UseCases::new(vec![use_case("one", capability, "allow := true")]);
            let denied = use_cases.admissible(request(&["one"], "GET Condition?recorded-date=2026")).unwrap_err();
            assert_eq!((denied.code, denied.parameter.is_some()), (expected, capability == ONE));
            assert!(use_cases.admissible(request(&["one"], "GET Condition?category=a")).is_ok());
        }
    }

    #[test]
    fn the_access_log_is_asked_in_its_own_use_cases_and_in_no_other() {
        let use_cases = UseCases::new(vec![
            use_case("log", LOG, "allow := true"),
            use_case("own", &LOG.replace(r#""any""#, r#""one""#), "allow := true"),
            use_case("anything", ANYTHING, "allow := true"),
        ]);
        let code = |held: &str, data: Data, patient: PatientScope, line: &str| {
            let admitted = use_cases.admissible(Request { data, patient, ..request(&[held], line) });
            admitted.map(|_| ()).map_err(|denial| denial.code)
        };
        let (log, sources) = (Data::AccessLog, Data::Sources);
        let one = || PatientScope::One(bsn(crate::testing::PATIENT));
        let search = "GET AuditEvent?date=ge2026&outcome=8";
        assert_eq!(code("log", log, PatientScope::Any, search), Ok(()));
        assert_eq!(code("log", log, one(), search), Ok(()));
        assert_eq!(code("log", log, PatientScope::Any, "GET AuditEvent/90000101-7"), Ok(()));
        assert_eq!(
            code("log", log, PatientScope::Any, "POST AuditEvent/90000101-7/$review?verdict=justified&note=x"),
            Ok(())
        );
        assert_eq!(
            code("log", log, PatientScope::Any, "GET AuditEvent?agent-name=x"),
            Err(DenialCode::SearchParameter)
        );
        for refused in ["DELETE AuditEvent/90000101-7", "POST AuditEvent", "GET Condition", "GET AuditEvent/_history"] {
            assert_eq!(code("log", log, PatientScope::Any, refused), Err(DenialCode::NotInUseCase), "{refused}");
        }
        assert_eq!(code("own", log, one(), search), Ok(()));
        assert_eq!(code("own", log, PatientScope::Any, search), Err(DenialCode::PatientBinding));
        // Neither way round: not the log through the sources' stack, nor by a use case about sources.
        assert_eq!(code("log", sources, PatientScope::Any, search), Err(DenialCode::NotInUseCase));
        assert_eq!(code("anything", log, PatientScope::Any, search), Err(DenialCode::NotInUseCase));
    }

    #[test]
    fn a_use_case_for_emergencies_is_named_and_explained_or_not_taken_at_all() {
        let btg = ONE
            .replace(r#""purpose": "TREAT""#, r#""purpose": "BTG", "ground": "emergency""#)
            .replace(
                r#"{ "holder": ["treatment-relation", "consent"], "user": ["treatment-relation"] }"#,
                r#"{ "holder": ["consent"] }"#,
            )
            .replace(r#", "update", "delete""#, "")
            .replace(r#", "create", "patch""#, "");
        let use_cases =
            UseCases::new(vec![use_case("glass", &btg, "allow := true"), use_case("one", ONE, "allow := true")]);
        let taken = |held: &[&str], named: Option<&str>, reason: Option<&str>| {
            let mut asked = request(held, "GET Condition?category=a");
            asked.caller.emergency = reason.and_then(EmergencyReason::parse);
            asked.use_case = named.map(id);
            let admitted = use_cases.admissible(asked).map_err(|denial| denial.code)?;
            Ok(admitted.use_case().id().to_string())
        };
        let why = Some("Unconscious, nobody with them.");
        assert_eq!(taken(&["glass", "one"], None, why), Ok("one".into()), "never by chance");
        assert_eq!(taken(&["glass", "one"], Some("glass"), why), Ok("glass".into()));
        assert_eq!(taken(&["glass", "one"], Some("glass"), None), Err(DenialCode::EmergencyReason));
        assert_eq!(taken(&["glass"], None, why), Ok("glass".into()), "a token for nothing else");
        assert_eq!(taken(&["glass"], None, None), Err(DenialCode::EmergencyReason));
        assert_eq!(taken(&["one"], Some("glass"), why), Err(DenialCode::NotInUseCase), "a reason opens nothing");
        assert_eq!(taken(&["one"], None, why), Ok("one".into()));
    }

    #[test]
    fn what_is_offered_is_admitted_and_what_surrounds_it_is_not() {
        use DenialCode::{NotInUseCase, SearchParameter};
        let table = [
            ("GET Condition/c1", Ok(())),
            ("GET Condition/c1/_history/2", Err(NotInUseCase)),
            ("GET Condition/c1/_history", Err(NotInUseCase)),
            ("GET Observation/o1/_history?_count=5&_since=2026-01-01T00:00:00Z", Ok(())),
            ("GET Observation/o1/_history?code=1", Err(SearchParameter)),
            ("GET Observation/o1/_history/2", Ok(())),
            ("GET Observation/o1", Err(NotInUseCase)),
            ("GET Observation/_history", Err(NotInUseCase)),
            ("GET _history", Err(NotInUseCase)),
            ("GET Condition?category=a&_count=1&_format=json&_pretty=true", Ok(())),
            ("POST Condition/_search?category=a", Ok(())),
            ("GET Condition?category:not=a", Ok(())),
            ("GET Condition?code=a", Err(SearchParameter)),
            ("GET Condition?category=a&code=a", Err(SearchParameter)),
            ("GET Condition?_summary=true", Err(SearchParameter)),
            ("GET Condition?_has:Observation:subject:code=1", Err(SearchParameter)),
            ("GET Condition?_filter=x", Err(SearchParameter)),
            ("GET Observation?code=1", Err(NotInUseCase)),
            ("GET ?_type=Condition", Err(NotInUseCase)),
            ("GET Claim", Err(NotInUseCase)),
            ("GET Medication/m1", Err(NotInUseCase)),
            ("GET metadata", Err(NotInUseCase)),
            ("POST ", Err(NotInUseCase)),
            // Compartments: the patient's own, one type at a time.
            ("GET Patient/p1/Condition?category=a", Ok(())),
            ("GET Patient/p1/Condition?code=a", Err(SearchParameter)),
            ("GET Patient/p1/Claim", Err(NotInUseCase)),
            ("GET Patient/p1/*", Err(NotInUseCase)),
            ("GET Encounter/e1/Condition", Err(NotInUseCase)),
            // The patient: taken out by middleware, so no listing is asked.
            ("GET Condition?patient=Patient/p1", Ok(())),
            ("GET Condition?subject:Patient=p1", Ok(())),
            ("GET Condition?patient.identifier=1", Ok(())),
            ("GET Condition?subject:Patient.identifier=1", Ok(())),
            ("GET Patient?identifier=1&_id=p1", Ok(())),
            ("GET Condition?identifier=1", Err(SearchParameter)),
            ("GET Condition?subject:Group=g1", Err(SearchParameter)),
            ("GET Condition?patient.name=x", Err(SearchParameter)),
            ("GET Condition?patient:Patient.name=x", Err(SearchParameter)),
            ("GET Condition?subject:missing=true", Err(SearchParameter)),
            // Chains ask about another resource: listed as a whole or not offered.
            ("GET Condition?asserter.identifier=1", Ok(())),
            ("GET Condition?asserter:Practitioner.identifier=1", Ok(())),
            ("GET Condition?asserter=Practitioner/1", Err(SearchParameter)),
            ("GET Condition?asserter.name=1", Err(SearchParameter)),
            ("GET Condition?encounter=e1", Ok(())),
            ("GET Condition?encounter.status=x", Err(SearchParameter)),
            ("GET Condition?encounter:Encounter.patient.identifier=1", Err(SearchParameter)),
            // What is included must be releasable.
            ("GET Condition?_include=Condition:asserter", Ok(())),
            ("GET Condition?_include=Condition:asserter:Practitioner", Ok(())),
            ("GET Condition?_include=Condition:asserter:RelatedPerson", Err(SearchParameter)),
            ("GET Condition?_include=Condition:category", Err(SearchParameter)),
            ("GET Condition?_include=Condition:nonsense", Err(SearchParameter)),
            ("GET Condition?_include=Condition", Err(SearchParameter)),
            ("GET Condition?_include=*", Err(SearchParameter)),
            ("GET Condition?_include=Condition:*", Err(SearchParameter)),
            ("GET Condition?_include=Condition:asserter:Practitioner:x", Err(SearchParameter)),
            ("GET Condition?_include=MedicationRequest:medication", Err(SearchParameter)),
            ("GET Condition?_include:iterate=MedicationRequest:medication", Ok(())),
            ("GET Condition?_include:iterate=Claim:provider", Err(SearchParameter)),
            ("GET Condition?_include:not=Condition:asserter", Err(SearchParameter)),
            ("GET Patient?_include=Patient:general-practitioner", Err(SearchParameter)),
            ("GET MedicationRequest?_revinclude=Observation:based-on", Ok(())),
            ("GET MedicationRequest?_revinclude=Claim:prescription", Err(SearchParameter)),
            ("GET Condition?_revinclude=Observation:focus", Err(SearchParameter)),
            // Writing: conditional forms need the code and their parameters.
            ("PUT Condition/c1", Ok(())),
            ("PUT Condition?category=a", Ok(())),
            ("PUT Condition?code=a", Err(SearchParameter)),
            ("DELETE Condition/c1", Ok(())),
            ("DELETE Condition?category=a", Ok(())),
            ("DELETE Condition?code=a", Err(SearchParameter)),
            ("PATCH Condition/c1", Err(NotInUseCase)),
            ("PATCH Observation/o1", Ok(())),
            ("POST Observation", Ok(())),
            ("POST Condition", Err(NotInUseCase)),
            ("DELETE Observation/o1", Err(NotInUseCase)),
            ("PUT Patient?identifier=1", Err(NotInUseCase)),
            // Operations stand at their level, on their type, at their gate.
            ("GET Patient/p1/$story", Ok(())),
            ("GET Patient/p1/$story?_format=json", Ok(())),
            ("GET Patient/p1/$story?start=2026", Err(SearchParameter)),
            ("GET Patient/$story", Err(NotInUseCase)),
            ("GET Condition/p1/$story", Err(NotInUseCase)),
            ("GET $story", Err(NotInUseCase)),
            ("GET Patient/$overview", Err(NotInUseCase)),
            ("GET Patient/p1/$everything", Err(NotInUseCase)),
        ];
        for (line, expected) in table {
            assert_eq!(code(request(&["one"], line)).map(|_| ()), expected, "{line}");
        }
    }

    #[test]
    fn the_operations_of_the_standard_are_offered_by_name_and_take_their_own_parameters_only() {
        use DenialCode::{NotInUseCase, SearchParameter};
        let table = [
            ("GET Observation/$lastn?code=a&max=2&patient=p1", Ok(())),
            ("POST Observation/$lastn?code=a&_count=5", Ok(())),
            ("GET Observation/$lastn?category=a", Err(SearchParameter)),
            ("GET Observation/$lastn?max:not=1", Err(SearchParameter)),
            ("GET Observation/$lastn?_since=2026", Err(SearchParameter)),
            ("GET Observation?code=a", Err(NotInUseCase)),
            ("GET Observation/o1/$lastn", Err(NotInUseCase)),
            ("GET Condition/$lastn", Err(NotInUseCase)),
            ("GET $lastn", Err(NotInUseCase)),
            ("GET Patient/p1/$everything", Ok(())),
            ("GET Patient/$everything?identifier=1", Ok(())),
            ("GET Patient/p1/$everything?_since=2026-01-01T00:00:00Z&start=2025&end=2026-02&_count=10", Ok(())),
            ("GET Patient/p1/$everything?_type=Condition,MedicationRequest", Ok(())),
            // A type that is not offered, or that is nobody's, is not left out in silence.
            ("GET Patient/p1/$everything?_type=Claim", Err(SearchParameter)),
            ("GET Patient/p1/$everything?_type=Condition,Organization", Err(SearchParameter)),
            ("GET Patient/p1/$everything?_type=", Err(SearchParameter)),
            ("GET Patient/p1/$everything?_since=le2026", Err(SearchParameter)),
            ("GET Patient/p1/$everything?start=2025,2026", Err(SearchParameter)),
            ("GET Patient/p1/$everything?start=2025&start=2026", Err(SearchParameter)),
            ("GET Patient/p1/$everything?_sort=date", Err(SearchParameter)),
            ("GET Condition/c1/$everything", Err(NotInUseCase)),
            ("GET $everything", Err(NotInUseCase)),
            ("GET Composition/c1/$document", Ok(())),
            ("GET Composition/c1/$document?_format=json", Ok(())),
            ("GET Composition/c1/$document?persist=true", Err(SearchParameter)),
            ("GET Composition/$document", Err(NotInUseCase)),
            ("GET Composition/c1", Err(NotInUseCase)),
            ("GET Composition/c1/$other", Err(NotInUseCase)),
            ("GET MedicationRequest/$latest-stops?patient=p1&_count=5&_format=json", Ok(())),
            (
                "POST MedicationRequest/$latest-stops?category=33633005&mbh=urn:oid:1|a,urn:oid:1|b&mbh=urn:oid:1|c",
                Ok(()),
            ),
            ("GET $latest-stops?category=http://snomed.info/sct|422037009&include-details=false", Ok(())),
            // What cannot be stopped, what is no value, and what the operation does not have.
            ("GET MedicationRequest/$latest-stops?category=http://snomed.info/sct|422037009", Err(SearchParameter)),
            ("GET MedicationRequest/$latest-stops?category=urn:other|33633005", Err(SearchParameter)),
            ("GET MedicationRequest/$latest-stops?category=33633005,395067002", Err(SearchParameter)),
            ("GET MedicationRequest/$latest-stops?category=33633005&category=395067002", Err(SearchParameter)),
            ("GET $latest-stops?category=", Err(SearchParameter)),
            ("GET $latest-stops?mbh=a", Err(SearchParameter)),
            ("GET $latest-stops?mbh=urn:oid:1|", Err(SearchParameter)),
            ("GET $latest-stops?mbh:not=urn:oid:1|a", Err(SearchParameter)),
            ("GET $latest-stops?include-details=yes", Err(SearchParameter)),
            ("GET $latest-stops?include-details=true&include-details=true", Err(SearchParameter)),
            ("GET $latest-stops?status=active", Err(SearchParameter)),
            ("GET MedicationDispense/$latest-stops", Err(NotInUseCase)),
            ("GET MedicationRequest/a/$latest-stops", Err(NotInUseCase)),
        ];
        for (line, expected) in table {
            assert_eq!(code(request(&["sending"], line)).map(|_| ()), expected, "{line}");
        }
    }

    #[test]
    fn a_transaction_is_admitted_when_it_is_offered_and_each_of_its_entries_too() {
        let (yes, no) = (Ok(()), Err(DenialCode::NotInUseCase));
        let table: [(&str, &[&str], _); 8] = [
            ("sending", &["POST MedicationRequest", "PUT MedicationRequest/m1", "DELETE Condition/c1"], yes),
            ("sending", &["POST Patient"], yes),
            ("sending", &["POST MedicationRequest", "POST Condition"], no),
            ("sending", &["DELETE MedicationRequest/m1"], no),
            ("sending", &["POST Claim"], no),
            ("sending", &[], no),
            // Each entry alone is offered, the transaction is not.
            ("one", &["PUT Condition/c1", "POST Observation"], no),
            ("anything", &["POST Observation"], no),
        ];
        for (held, lines, expected) in table {
            let asked = Request { interaction: transaction(lines), ..request(&[held], "GET Patient/p1") };
            assert_eq!(code(asked).map(|_| ()), expected, "{held} {lines:?}");
        }
        let nested = Interaction::Transaction { entries: vec![transaction(&["POST Patient"])] };
        let asked = Request { interaction: nested, ..request(&["sending"], "GET Patient/p1") };
        assert_eq!(code(asked), Err(DenialCode::NotInUseCase));
    }

    #[test]
    fn an_operation_is_admitted_in_its_direction_only() {
        let user = Request { direction: Direction::User, ..request(&["one"], "GET Patient/$overview") };
        assert_eq!(code(user), Ok("one".to_owned()));
        assert_eq!(code(request(&["one"], "GET Patient/$overview")), Err(DenialCode::NotInUseCase));
        for (query, outcome) in [
            ("holder=90000902", true),
            ("holder=90000902,90000903&holder=90000904", true),
            ("holder=", false),
            ("holder=Linde", false),
            ("holder:exact=90000902", false),
            ("holders=90000902", false),
        ] {
            let asked =
                Request { direction: Direction::User, ..request(&["one"], &format!("GET Patient/$overview?{query}")) };
            assert_eq!(code(asked).is_ok(), outcome, "{query}");
        }
    }

    #[test]
    fn a_version_that_is_not_offered_is_refused() {
        let older = Request { version: fhir::FhirVersion::Stu3, ..request(&["one"], "GET Condition/c1") };
        assert_eq!(code(older), Err(DenialCode::NotInUseCase));
    }

    #[test]
    fn the_patient_is_bound_by_the_use_case_and_by_the_token() {
        let (this, other) = (bsn("999911120"), bsn("900203638"));
        let one = PatientScope::One(this.clone());
        let (yes, no) = (Ok(()), Err(DenialCode::PatientBinding));
        let table = [
            ("one", "GET Condition/c1", one.clone(), None, yes),
            ("one", "GET Condition/c1", one.clone(), Some(this.clone()), yes),
            ("one", "GET Condition/c1", one.clone(), Some(other.clone()), no),
            ("one", "GET Condition/c1", PatientScope::Nobody, None, no),
            ("one", "GET Condition/c1", PatientScope::Any, None, no),
            ("nobody", "GET Organization?name=x", PatientScope::Nobody, None, yes),
            ("nobody", "GET Organization?name=x", PatientScope::Nobody, Some(this.clone()), yes),
            ("nobody", "GET Organization/_history?_since=2026-01-01T00:00:00Z", PatientScope::Nobody, None, yes),
            ("nobody", "GET Organization?name=x", one.clone(), None, no),
            ("nobody", "GET Organization?name=x", PatientScope::Any, None, no),
            ("anything", "GET Condition/c1", PatientScope::Any, None, yes),
            ("anything", "GET Condition/c1", PatientScope::Nobody, None, yes),
            ("anything", "GET Condition/c1", one.clone(), None, yes),
            ("anything", "GET Condition/c1", PatientScope::Any, Some(this.clone()), no),
            ("anything", "GET Condition/c1", one.clone(), Some(other), no),
        ];
        for (held, line, patient, bound, expected) in table {
            let mut asked = request(&[held], line);
            let what = format!("{held} {patient:?} {bound:?}");
            (asked.patient, asked.caller.patient) = (patient, bound);
            assert_eq!(code(asked).map(|_| ()), expected, "{what}");
        }
    }

    #[test]
    fn where_nobody_is_a_patient_no_patient_parameter_is_free() {
        let asked = Request { patient: PatientScope::Nobody, ..request(&["nobody"], "GET Organization?patient=p1") };
        assert_eq!(code(asked), Err(DenialCode::SearchParameter));
    }

    #[test]
    fn development_offers_everything_but_bundles_and_the_capability_statement() {
        for line in [
            "GET Claim?x=1",
            "GET ?_type=Claim",
            "GET _history",
            "GET Patient/p1/*",
            "GET Encounter/e1/Condition",
            "GET $convert",
            "GET Claim?_include=*",
        ] {
            assert_eq!(code(request(&["anything"], line)), Ok("anything".to_owned()), "{line}");
        }
        for line in ["POST ", "GET metadata", "DELETE Claim/c1", "GET Claim/c1/_history"] {
            assert_eq!(code(request(&["anything"], line)), Err(DenialCode::NotInUseCase), "{line}");
        }
    }

    #[test]
    fn the_first_use_case_of_the_caller_that_admits_is_taken() {
        let (none, refused) = (None, Err(DenialCode::NotInUseCase));
        let table = [
            (vec!["one", "anything"], none, "GET Condition/c1", Ok("one")),
            (vec!["anything", "one"], none, "GET Condition/c1", Ok("anything")),
            (vec!["nobody", "one"], none, "GET Condition/c1", Ok("one")),
            (vec!["unknown", "one"], none, "GET Condition/c1", Ok("one")),
            (vec!["one", "anything"], Some("anything"), "GET Condition/c1", Ok("anything")),
            (vec!["one", "anything"], Some("one"), "GET Claim/c1", refused),
            (vec!["one"], Some("anything"), "GET Claim/c1", refused),
            (vec!["one"], Some("unknown"), "GET Condition/c1", refused),
            (vec![], none, "GET Condition/c1", refused),
        ];
        for (held, named, line, expected) in table {
            let asked = Request { use_case: named.map(id), ..request(&held, line) };
            assert_eq!(code(asked), expected.map(ToOwned::to_owned), "{held:?} {named:?}");
        }
    }

    #[test]
    fn a_denial_tells_of_use_cases_that_the_caller_holds_and_of_no_other() {
        let denial = |asked| use_cases().admissible(asked).unwrap_err();
        let refused = denial(request(&["nobody", "one"], "GET Condition?code999911120=a"));
        assert_eq!(refused.code, DenialCode::SearchParameter);
        assert_eq!(refused.use_case, Some(id("one")));
        // The name is shown without digits: a number could be a BSN.
        assert_eq!(refused.parameter.as_deref(), Some("code"));
        assert!(refused.policy.is_some());

        let several = denial(request(&["nobody", "one"], "GET Claim/c1"));
        assert_eq!(several, Denial::unexplained(DenialCode::NotInUseCase));
        let not_held = denial(Request { use_case: Some(id("anything")), ..request(&["one"], "GET Claim/c1") });
        assert_eq!(not_held, Denial::unexplained(DenialCode::NotInUseCase));
    }
}
