//! Measurements: vital signs and laboratory results (zibs Bloeddruk, Lichaamsgewicht,
//! LaboratoriumUitslag and their like).

use serde_json::{Value, json};

use super::super::chart::{Chart, Entry};
use super::super::codes::{Concept, LOINC, SNOMED, concept};
use super::{coded, hl7, meta, number, quantity};

/// Laboratory tests with their unit and what is usual.
#[rustfmt::skip]
pub mod lab {
    /// A test: LOINC code, name, unit as written, UCUM code, usual range.
    pub struct Test(pub &'static str, pub &'static str, pub &'static str, pub &'static str, pub Option<f64>, pub Option<f64>);

    pub const ALBUMIN_CREATININE: Test = Test("30000-4", "Albumine/creatinine-ratio in urine", "mg/mmol", "mg/mmol", None, Some(3.0));
    pub const CREATININE: Test = Test("14682-9", "Creatinine in serum", "umol/l", "umol/L", Some(50.0), Some(100.0));
    pub const CRP: Test = Test("1988-5", "C-reactief proteïne in serum", "mg/l", "mg/L", None, Some(10.0));
    pub const EGFR: Test = Test("62238-1", "eGFR (CKD-EPI)", "ml/min/1,73 m2", "mL/min/{1.73_m2}", Some(60.0), None);
    pub const FERRITIN: Test = Test("24373-3", "Ferritine in bloed", "ug/l", "ug/L", Some(20.0), Some(250.0));
    pub const GLUCOSE: Test = Test("14749-6", "Glucose in serum", "mmol/l", "mmol/L", Some(4.0), Some(7.8));
    pub const HAEMOGLOBIN: Test = Test("59260-0", "Hemoglobine in bloed", "mmol/l", "mmol/L", Some(7.5), Some(10.0));
    pub const HBA1C: Test = Test("59261-8", "HbA1c (IFCC)", "mmol/mol", "mmol/mol", Some(20.0), Some(42.0));
    pub const LDL: Test = Test("22748-8", "LDL-cholesterol in serum", "mmol/l", "mmol/L", None, Some(2.6));
    pub const LEUKOCYTES: Test = Test("6690-2", "Leukocyten in bloed", "10^9/l", "10*9/L", Some(4.0), Some(10.0));
    pub const NT_PRO_BNP: Test = Test("33762-6", "NT-proBNP in serum", "ng/l", "ng/L", None, Some(125.0));
    pub const POTASSIUM: Test = Test("2823-3", "Kalium in serum", "mmol/l", "mmol/L", Some(3.5), Some(5.0));
    pub const SODIUM: Test = Test("2951-2", "Natrium in serum", "mmol/l", "mmol/L", Some(135.0), Some(145.0));
    pub const TSH: Test = Test("3016-3", "TSH in serum", "mU/l", "m[IU]/L", Some(0.4), Some(4.0));
}

impl Chart {
    /// Bloeddruk, in mmHg.
    pub fn blood_pressure(&mut self, at: &str, systolic: u16, diastolic: u16) -> Entry<'_> {
        let part = |code, display, value: u16| {
            json!({
                "code": coded(concept(LOINC, code, display)),
                "valueQuantity": quantity(f64::from(value), "mmHg", "mm[Hg]"),
            })
        };
        let code = concept(LOINC, "85354-9", "Blood pressure panel with all children optional");
        let mut resource = self.vital_sign("nl-core-BloodPressure", code, at);
        resource["component"] = json!([
            part("8480-6", "Systolic blood pressure", systolic),
            part("8462-4", "Diastolic blood pressure", diastolic),
        ]);
        self.write("bloeddruk", resource)
    }

    /// Hartfrequentie, per minute.
    pub fn heart_rate(&mut self, at: &str, beats: u16) -> Entry<'_> {
        let code = concept(LOINC, "8867-4", "Heart rate");
        self.measured("hartfrequentie", "nl-core-HeartRate", code, at, f64::from(beats), ("/min", "/min"))
    }

    /// Lichaamstemperatuur, in degrees Celsius.
    pub fn temperature(&mut self, at: &str, degrees: f64) -> Entry<'_> {
        let code = concept(LOINC, "8310-5", "Body temperature");
        self.measured("temperatuur", "nl-core-BodyTemperature", code, at, degrees, ("°C", "Cel"))
    }

    /// Lichaamsgewicht, in kilograms.
    pub fn weight(&mut self, at: &str, kilograms: f64) -> Entry<'_> {
        let code = concept(LOINC, "29463-7", "Body weight");
        self.measured("gewicht", "nl-core-BodyWeight", code, at, kilograms, ("kg", "kg"))
    }

    /// Lichaamslengte, in centimetres.
    pub fn height(&mut self, at: &str, centimetres: f64) -> Entry<'_> {
        let code = concept(LOINC, "8302-2", "Body height");
        self.measured("lengte", "nl-core-BodyHeight", code, at, centimetres, ("cm", "cm"))
    }

    /// O2Saturatie, in per cent.
    pub fn saturation(&mut self, at: &str, percent: u16) -> Entry<'_> {
        let code = concept(LOINC, "2708-6", "Oxygen saturation in Arterial blood");
        self.measured("saturatie", "nl-core-O2Saturation", code, at, f64::from(percent), ("%", "%"))
    }

    /// PijnScore on the scale of 0 to 10.
    pub fn pain(&mut self, at: &str, score: u8) -> Entry<'_> {
        let mut resource = self.observation("nl-core-PainScore", concept(SNOMED, "225908003", "pijnscore"), at);
        resource["valueInteger"] = json!(score);
        self.write("pijnscore", resource)
    }

    /// LaboratoriumUitslag of one test, with the usual range and how the value lies to it.
    pub fn lab(&mut self, test: &lab::Test, at: &str, value: f64) -> Entry<'_> {
        let &lab::Test(code, name, unit, ucum, low, high) = test;
        let mut resource = self.observation("nl-core-LaboratoryTestResult", concept(LOINC, code, name), at);
        resource["category"] = json!([
            hl7("observation-category", "laboratory", "Laboratory"),
            coded(concept(SNOMED, "275711006", "serumtest")),
        ]);
        resource["valueQuantity"] = quantity(value, unit, ucum);
        let mut range = json!({});
        if let Some(low) = low {
            range["low"] = quantity(low, unit, ucum);
        }
        if let Some(high) = high {
            range["high"] = quantity(high, unit, ucum);
        }
        resource["referenceRange"] = json!([range]);
        let beside = if low.is_some_and(|low| value < low) {
            Some(concept(SNOMED, "281300000", "onder referentiebereik"))
        } else if high.is_some_and(|high| value > high) {
            Some(concept(SNOMED, "281302008", "boven referentiebereik"))
        } else {
            None
        };
        if let Some(beside) = beside {
            resource["interpretation"] = json!([coded(beside)]);
        }
        self.write("lab", resource)
    }

    /// A finding in words of a list, such as tobacco use.
    pub(super) fn finding(
        &mut self,
        sort: &'static str,
        profile: &str,
        code: Concept,
        at: &str,
        value: Concept,
    ) -> Entry<'_> {
        let mut resource = self.observation(profile, code, at);
        resource["valueCodeableConcept"] = coded(value);
        self.write(sort, resource)
    }

    /// A score as a whole number.
    pub(super) fn score(
        &mut self,
        sort: &'static str,
        profile: &str,
        code: Concept,
        at: &str,
        points: u8,
    ) -> Entry<'_> {
        let mut resource = self.observation(profile, code, at);
        resource["valueInteger"] = number(f64::from(points));
        self.write(sort, resource)
    }

    fn measured(
        &mut self,
        sort: &'static str,
        profile: &str,
        code: Concept,
        at: &str,
        value: f64,
        (unit, ucum): (&str, &str),
    ) -> Entry<'_> {
        let mut resource = self.vital_sign(profile, code, at);
        resource["valueQuantity"] = quantity(value, unit, ucum);
        self.write(sort, resource)
    }

    fn vital_sign(&self, profile: &str, code: Concept, at: &str) -> Value {
        let mut resource = self.observation(profile, code, at);
        resource["category"] = json!([hl7("observation-category", "vital-signs", "Vital Signs")]);
        resource
    }

    /// The beginning of every Observation.
    pub(super) fn observation(&self, profile: &str, code: Concept, at: &str) -> Value {
        json!({
            "resourceType": "Observation",
            "meta": meta(profile),
            "status": "final",
            "code": coded(code),
            "subject": self.patient(),
            "effectiveDateTime": at,
            "performer": [self.author()],
        })
    }
}
