//! The care itself: encounters, procedures, nursing, goals, people around the patient, aids,
//! vaccinations (zibs Contact, Verrichting, VerpleegkundigeInterventie, BehandelDoel,
//! Contactpersoon, Zorgteam, MedischHulpmiddel, Vaccinatie, SOEPVerslag).

use serde_json::{Value, json};

use super::super::chart::{Chart, Entry, Link};
use super::super::codes::{Concept, SNOMED, concept};
use super::{coded, extension, hl7, meta};

/// ContactTypeCodelijst.
#[derive(Clone, Copy, Debug)]
pub enum Contact {
    /// Poliklinisch.
    Ambulatory,
    /// Op de spoedeisende hulp.
    Emergency,
    /// Aan huis.
    Home,
    /// Klinisch.
    Inpatient,
    /// Op afstand.
    Virtual,
}

/// From where, to where (HerkomstCodelijst, BestemmingCodelijst).
pub mod place {
    use super::{Concept, SNOMED, concept};

    pub const HOME: Concept = concept(SNOMED, "264362003", "thuis");
    pub const NURSING_HOME: Concept = concept(SNOMED, "42665001", "verpleeghuis");
    pub const HOSPITAL: Concept = concept(SNOMED, "22232009", "ziekenhuis");
}

/// Parts of the body.
pub mod body {
    use super::{Concept, SNOMED, concept};

    pub const HEEL: Concept = concept(SNOMED, "76853006", "hiel");
    pub const KNEE: Concept = concept(SNOMED, "72696002", "structuur van knieregio");
    pub const THIGH: Concept = concept(SNOMED, "68367000", "structuur van bovenbeen");
    pub const FOOT: Concept = concept(SNOMED, "56459004", "structuur van voet");
    pub const TAILBONE: Concept = concept(SNOMED, "182028002", "stuitje");
}

impl Chart {
    /// Contact: from `start` to `end`, or still going on.
    pub fn encounter(&mut self, kind: Contact, start: &str, end: Option<&str>) -> Entry<'_> {
        let (code, display) = match kind {
            Contact::Ambulatory => ("AMB", "Ambulatory"),
            Contact::Emergency => ("EMER", "Emergency"),
            Contact::Home => ("HH", "Home"),
            Contact::Inpatient => ("IMP", "Inpatient"),
            Contact::Virtual => ("VR", "Virtual"),
        };
        let mut period = json!({"start": start});
        if let Some(end) = end {
            period["end"] = json!(end);
        }
        let resource = json!({
            "resourceType": "Encounter",
            "meta": meta("nl-core-Encounter"),
            "status": if end.is_some() { "finished" } else { "in-progress" },
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code, "display": display
            },
            "subject": self.patient(),
            "participant": [{"individual": self.author()}],
            "period": period,
            "serviceProvider": self.provider.link(),
        });
        self.write("contact", resource)
    }

    /// Verrichting: done on this day.
    pub fn procedure(&mut self, what: Concept, on: &str) -> Entry<'_> {
        let resource = json!({
            "resourceType": "Procedure",
            "meta": meta("nl-core-Procedure-event"),
            "status": "completed",
            "code": coded(what),
            "subject": self.patient(),
            "performedDateTime": on,
            "performer": [{"actor": self.author()}],
        });
        self.write("verrichting", resource)
    }

    /// VerpleegkundigeInterventie: what nurses do, how often.
    pub fn nursing(&mut self, what: Concept, since: &str, how_often: &str, words: &str) -> Entry<'_> {
        let resource = json!({
            "resourceType": "CarePlan",
            "meta": meta("nl-core-NursingIntervention"),
            "status": "active",
            "intent": "plan",
            "category": [coded(concept(SNOMED, "9632001", "verpleegkundige verrichting"))],
            "subject": self.patient(),
            "period": {"start": since},
            "author": self.author(),
            "activity": [{"detail": {
                "code": coded(what),
                "status": "in-progress",
                "scheduledString": how_often,
                "performer": [self.provider.link()],
                "description": words,
            }}],
        });
        self.write("interventie", resource)
    }

    /// HulpVanAnderen: professional home care, or family.
    pub fn help(&mut self, since: &str, how_often: &str, words: &str) -> Entry<'_> {
        let resource = json!({
            "resourceType": "CarePlan",
            "meta": meta("nl-core-HelpFromOthers"),
            "status": "active",
            "intent": "plan",
            "category": [coded(concept(SNOMED, "243114000", "ondersteuning"))],
            "subject": self.patient(),
            "period": {"start": since},
            "activity": [{"detail": {
                "code": coded(concept(SNOMED, "60689008", "thuiszorg voor patiënt")),
                "status": "in-progress",
                "scheduledString": how_often,
                "performer": [self.provider.link()],
                "description": words,
            }}],
        });
        self.write("hulp", resource)
    }

    /// BehandelDoel: what is aimed at, by when.
    pub fn goal(&mut self, words: &str, due: &str) -> Entry<'_> {
        let resource = json!({
            "resourceType": "Goal",
            "meta": meta("nl-core-TreatmentObjective"),
            "lifecycleStatus": "active",
            "description": {"text": words},
            "subject": self.patient(),
            "target": [{
                "measure": coded(concept(SNOMED, "118228005", "bevinding betreffende functioneren")),
                "detailCodeableConcept": {"text": words},
                "dueDate": due,
            }],
            "expressedBy": self.author(),
        });
        self.write("doel", resource)
    }

    /// Contactpersoon: name, relation (code and word of v3-RoleCode), telephone.
    pub fn contact_person(&mut self, name: &str, relation: (&'static str, &'static str), phone: &str) -> Entry<'_> {
        let first = concept("urn:oid:2.16.840.1.113883.2.4.3.11.22.472", "01", "Eerste relatie/contactpersoon");
        let resource = json!({
            "resourceType": "RelatedPerson",
            "meta": meta("nl-core-ContactPerson"),
            "active": true,
            "patient": self.patient(),
            "relationship": [coded(first), hl7("v3-RoleCode", relation.0, relation.1)],
            "name": [{"use": "official", "text": name}],
            "telecom": [{"system": "phone", "value": phone, "use": "home"}],
        });
        self.write("contactpersoon", resource)
    }

    /// Zorgteam: who of this provider looks after the patient together.
    pub fn care_team(&mut self, name: &str, members: &[&Link]) -> Entry<'_> {
        let mut participants = vec![json!({"member": self.author()}), json!({"member": self.provider.link()})];
        participants.extend(members.iter().map(|member| json!({"member": member.0})));
        let resource = json!({
            "resourceType": "CareTeam",
            "meta": meta("nl-core-CareTeam"),
            "status": "active",
            "name": name,
            "subject": self.patient(),
            "participant": participants,
        });
        self.write("zorgteam", resource)
    }

    /// MedischHulpmiddel: the use of an aid, and the aid.
    pub fn aid(&mut self, what: Concept, since: &str) -> Entry<'_> {
        let product = json!({
            "resourceType": "Device",
            "meta": meta("nl-core-MedicalDevice.Product"),
            "type": coded(what),
            "patient": self.patient(),
        });
        let device = self.write("hulpmiddel", product).link(what.display).0;
        let resource = json!({
            "resourceType": "DeviceUseStatement",
            "meta": meta("nl-core-MedicalDevice"),
            "status": "active",
            "subject": self.patient(),
            "timingPeriod": {"start": since},
            "device": device,
        });
        self.write("hulpmiddelgebruik", resource)
    }

    /// Vaccinatie.
    pub fn vaccination(&mut self, vaccine: Concept, on: &str) -> Entry<'_> {
        let resource = json!({
            "resourceType": "Immunization",
            "meta": meta("nl-core-Vaccination-event"),
            "status": "completed",
            "vaccineCode": coded(vaccine),
            "patient": self.patient(),
            "occurrenceDateTime": on,
        });
        let performer = self.author();
        self.write("vaccinatie", resource).administered_by(performer)
    }

    /// SOEPVerslag: a consultation as a general practitioner writes it down.
    pub fn consultation(&mut self, on: &str, title: &str, lines: Soap<'_>) -> Entry<'_> {
        let parts = [
            (concept(SNOMED, "255362007", "subjectief"), lines.subjective),
            (concept(SNOMED, "260224007", "objectief"), lines.objective),
            (concept(SNOMED, "129265001", "evaluatie"), lines.evaluation),
            (concept(SNOMED, "129271007", "beleid"), lines.plan),
        ];
        let sections: Vec<Value> = parts
            .into_iter()
            .map(|(code, text)| {
                let mut line = self.observation("nl-core-SOAPReport.SOAPLine", code, on);
                line["valueString"] = json!(text);
                let entry = self.write("soepregel", line).link(code.display);
                json!({"title": code.display, "code": coded(code), "entry": [entry.0]})
            })
            .collect();
        let resource = json!({
            "resourceType": "Composition",
            "meta": meta("nl-core-SOAPReport"),
            "status": "final",
            "type": coded(concept(SNOMED, "11591000146107", "patiëntcontactverslag")),
            "subject": self.patient(),
            "date": on,
            "author": [self.author()],
            "title": title,
            "section": sections,
        });
        self.write("soepverslag", resource)
    }
}

/// The four lines of a consultation.
#[derive(Clone, Copy, Debug)]
pub struct Soap<'t> {
    pub subjective: &'t str,
    pub objective: &'t str,
    pub evaluation: &'t str,
    pub plan: &'t str,
}

impl Entry<'_> {
    /// Where the patient came from and went to.
    pub fn admitted_from(self, from: Concept, to: Option<Concept>) -> Self {
        let mut stay = json!({"admitSource": coded(from)});
        if let Some(to) = to {
            stay["dischargeDisposition"] = coded(to);
        }
        self.set("hospitalization", stay)
    }

    /// Where on the body.
    pub fn at(self, place: Concept) -> Self {
        self.set("bodySite", json!([coded(place)]))
    }

    /// The goal that this serves.
    pub fn towards(self, goal: &Link) -> Self {
        self.push("goal", goal.0.clone())
    }

    /// Further words for what the name of a problem leaves open.
    pub fn specified(mut self, words: &str) -> Self {
        let specification = extension("ext-Problem.FurtherSpecificationProblemName", "valueString", json!(words));
        self.resource()["code"]["extension"] = json!([specification]);
        self
    }
}
