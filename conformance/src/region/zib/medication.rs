//! Medication as the medication process (MP9) divides it: what was agreed
//! (Medicatieafspraak), what the pharmacy makes of it (Toedieningsafspraak), what was handed
//! out (Medicatieverstrekking), what is really used (MedicatieGebruik).

use serde_json::{Value, json};

use super::super::chart::{Chart, Entry, Link};
use super::super::codes::{Concept, SNOMED, concept};
use super::{coded, coding, extension, hl7, meta, number, quantity, written_out};

/// A medicine: its ATC code and how it is written on a prescription.
pub type Medicine = (Concept, &'static str);

/// How much, how often, how.
#[derive(Clone, Copy, Debug)]
pub struct Dose {
    times: u8,
    period: &'static str,
    amount: f64,
    /// Name in singular, name in plural, code of the G-Standaard (tabel basiseenheden).
    unit: (&'static str, &'static str, &'static str),
    /// Code and name of the G-Standaard's table of routes.
    route: (&'static str, &'static str),
    as_needed: Option<&'static str>,
}

/// So many times a day so many pieces, by mouth.
pub const fn daily(times: u8, amount: f64) -> Dose {
    Dose { times, period: "d", amount, unit: ("stuk", "stuks", "245"), route: ("9", "oraal"), as_needed: None }
}

/// So many times a week so many pieces, by mouth.
pub const fn weekly(times: u8, amount: f64) -> Dose {
    Dose { period: "wk", ..daily(times, amount) }
}

impl Dose {
    pub const fn inhaled(self) -> Dose {
        Dose { unit: ("dosis", "doses", "208"), route: ("62", "inhalatie"), ..self }
    }

    /// Under the skin or into a vein; the story's text says which.
    pub const fn injected(self) -> Dose {
        Dose { unit: ("dosis", "doses", "208"), route: ("10", "parenteraal"), ..self }
    }

    pub const fn on_the_skin(self) -> Dose {
        Dose { route: ("58", "transdermaal"), ..self }
    }

    /// Not at fixed times, but for this.
    pub const fn as_needed(self, reason: &'static str) -> Dose {
        Dose { as_needed: Some(reason), ..self }
    }

    /// `2 maal per dag 1 stuk, oraal`.
    fn words(self) -> String {
        let per = if self.period == "d" { "dag" } else { "week" };
        let unit = if self.amount > 1.0 { self.unit.1 } else { self.unit.0 };
        let amount = number(self.amount).to_string().replace('.', ",");
        let needed = self.as_needed.map(|reason| format!(", zo nodig {reason}")).unwrap_or_default();
        let most = if self.as_needed.is_some() { "maximaal " } else { "" };
        format!("{most}{} maal per {per} {amount} {unit}{needed}, {}", self.times, self.route.1)
    }

    fn instruction(self) -> Value {
        let piece = json!({
            "value": number(self.amount),
            "unit": self.unit.0,
            "system": "urn:oid:2.16.840.1.113883.2.4.4.1.900.2",
            "code": self.unit.2,
        });
        let mut amount = quantity(self.amount, self.unit.0, "1");
        amount["extension"] = json!([{
            "url": "http://hl7.org/fhir/StructureDefinition/iso21090-PQ-translation", "valueQuantity": piece
        }]);
        let route = json!({"coding": [{
            "system": "urn:oid:2.16.840.1.113883.2.4.4.9", "code": self.route.0, "display": self.route.1
        }]});
        let mut instruction = json!({
            "text": self.words(),
            "timing": {"repeat": {"frequency": self.times, "period": 1, "periodUnit": self.period}},
            "route": route,
            "doseAndRate": [{"doseQuantity": amount}],
        });
        if let Some(reason) = self.as_needed {
            instruction["asNeededCodeableConcept"] = json!({"text": format!("zo nodig {reason}")});
        }
        instruction
    }
}

impl Chart {
    /// Medicatieafspraak: agreed by a prescriber from `start` on.
    pub fn agreed(&mut self, medicine: Medicine, dose: Dose, start: &str) -> Entry<'_> {
        let (product, own) = (self.product(medicine), self.treatment("MA"));
        let resource = json!({
            "resourceType": "MedicationRequest",
            "meta": meta("mp-MedicationAgreement"),
            "extension": period_and_words(dose, start),
            "identifier": [self.own_identifier("medicatieafspraak", &own)],
            "status": "active",
            "intent": "order",
            "category": [coded(concept(SNOMED, "33633005", "voorschrijven van geneesmiddel"))],
            "medicationReference": product,
            "subject": self.patient(),
            "authoredOn": format!("{start}T09:00:00+01:00"),
            "requester": self.author(),
            "dosageInstruction": [dose.instruction()],
        });
        self.write("afspraak", resource)
    }

    /// Toedieningsafspraak: how the pharmacy has it taken.
    pub fn administered(&mut self, medicine: Medicine, dose: Dose, start: &str) -> Entry<'_> {
        let (product, own) = (self.product(medicine), self.treatment("TA"));
        let mut extensions = period_and_words(dose, start);
        extensions.push(extension(
            "ext-AdministrationAgreement.AdministrationAgreementDateTime",
            "valueDateTime",
            json!(format!("{start}T11:00:00+01:00")),
        ));
        let resource = json!({
            "resourceType": "MedicationDispense",
            "meta": meta("mp-AdministrationAgreement"),
            "extension": extensions,
            "identifier": [self.own_identifier("toedieningsafspraak", &own)],
            "status": "unknown",
            "category": coded(concept(SNOMED, "422037009", "toedieningsafspraak")),
            "medicationReference": product,
            "subject": self.patient(),
            "performer": [{"actor": self.provider.link()}],
            "dosageInstruction": [dose.instruction()],
        });
        self.write("toediening", resource)
    }

    /// Medicatieverstrekking: so many pieces, for so many days, over the counter at `when`.
    pub fn handed_out(&mut self, medicine: Medicine, when: &str, pieces: u16, days: u16) -> Entry<'_> {
        let (product, own) = (self.product(medicine), self.treatment("MVE"));
        let resource = json!({
            "resourceType": "MedicationDispense",
            "meta": meta("mp-MedicationDispense"),
            "identifier": [self.own_identifier("verstrekking", &own)],
            "status": "completed",
            "category": coded(concept(SNOMED, "373784005", "verstrekken van medicatie")),
            "medicationReference": product,
            "subject": self.patient(),
            "performer": [{"actor": self.provider.link()}],
            "quantity": quantity(f64::from(pieces), "stuk", "1"),
            "daysSupply": quantity(f64::from(days), "dag", "d"),
            "whenHandedOver": when,
        });
        self.write("verstrekking", resource)
    }

    /// MedicatieGebruik: what the patient really takes.
    pub fn used(&mut self, medicine: Medicine, dose: Dose, start: &str) -> Entry<'_> {
        let (product, own) = (self.product(medicine), self.treatment("MGB"));
        let words = format!("Vanaf {}, {}", written_out(start), dose.words());
        let resource = json!({
            "resourceType": "MedicationStatement",
            "meta": meta("mp-MedicationUse2"),
            "extension": [
                extension("ext-RenderedDosageInstruction", "valueString", json!(words)),
                extension("ext-AsAgreedIndicator", "valueBoolean", json!(true)),
                extension("ext-MedicationUse2.Author", "valueReference", self.author()),
            ],
            "identifier": [self.own_identifier("medicatiegebruik", &own)],
            "status": "active",
            "category": coded(concept(SNOMED, "422979000", "bevinding betreffende gedrag met betrekking tot medicatieregime")),
            "medicationReference": product,
            "subject": self.patient(),
            "effectivePeriod": {"start": start},
            "dateAsserted": start,
            "informationSource": self.patient(),
            "dosage": [dose.instruction()],
        });
        self.write("gebruik", resource)
    }

    /// The Medication resource of this product, written once.
    fn product(&mut self, (substance, text): Medicine) -> Value {
        if let Some(id) = self.find("Medication", |it| it["code"]["text"] == text).and_then(|it| it["id"].as_str()) {
            return super::reference("Medication", id, text);
        }
        let resource = json!({
            "resourceType": "Medication",
            "meta": meta("mp-PharmaceuticalProduct"),
            "code": {"coding": [coding(substance)], "text": text},
        });
        self.write("product", resource).link(text).0
    }

    /// A number of its own for every agreement.
    fn treatment(&self, sort: &str) -> String {
        let kinds = ["MedicationRequest", "MedicationDispense", "MedicationStatement"];
        let count: usize = kinds.iter().map(|kind| self.count(kind)).sum();
        format!("{}-{sort}-{}", self.number(), count + 1)
    }
}

impl Entry<'_> {
    /// Ended, and why.
    pub fn stopped(self, on: &str, why: &str) -> Self {
        self.until(on).set("status", json!("stopped")).note(why)
    }

    /// A course with an end.
    pub fn until(mut self, on: &str) -> Self {
        if let Some(period) = self.extended("valuePeriod") {
            period["end"] = json!(on);
        }
        self
    }

    /// Used otherwise than agreed.
    pub fn not_as_agreed(mut self) -> Self {
        if let Some(agreed) = self.extended("valueBoolean") {
            *agreed = json!(false);
        }
        self
    }

    /// The first extension's value of this type.
    fn extended(&mut self, key: &str) -> Option<&mut Value> {
        self.resource()["extension"].as_array_mut()?.iter_mut().find_map(|extension| extension.get_mut(key))
    }

    /// The problem that this is for.
    pub fn because(self, problem: &Link) -> Self {
        let name = match self.kind() {
            "CarePlan" | "Goal" => "addresses",
            _ => "reasonReference",
        };
        self.push(name, problem.0.clone())
    }

    /// In a weekly box (geïndividualiseerd distributiesysteem).
    pub fn in_weekly_box(self) -> Self {
        let form = concept(
            "urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.3.8",
            "1",
            "Geïndividualiseerd distributiesysteem (GDS)",
        );
        self.push(
            "extension",
            extension("ext-MedicationDispense.DistributionForm", "valueCodeableConcept", coded(form)),
        )
    }

    /// Given by injection at a place; for vaccines.
    pub(super) fn administered_by(self, performer: Value) -> Self {
        self.push("performer", json!({"function": hl7("v2-0443", "AP", "Administering Provider"), "actor": performer}))
    }
}

fn period_and_words(dose: Dose, start: &str) -> Vec<Value> {
    let words = format!("Vanaf {}, {}", written_out(start), dose.words());
    vec![
        extension("ext-RenderedDosageInstruction", "valueString", json!(words)),
        extension("ext-TimeInterval.Period", "valuePeriod", json!({"start": start})),
    ]
}
