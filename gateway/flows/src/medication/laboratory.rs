//! The laboratory values that belong beside a medication overview (basisset medicatiegegevens): renal function, potassium,
//! sodium and INR. Units are brought to one, and a value that cannot be brought there is shown as it was written.

use std::sync::Arc;

use fhir::Resource;
use fhir::json::Value;

use super::moment::{Moment, Span};
use super::treatment::Receipt;

/// What was determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Analyte {
    /// Estimated glomerular filtration rate (eGFR, CKD-EPI or MDRD).
    Egfr,
    Creatinine,
    Potassium,
    Sodium,
    Inr,
}

const LOINC: &str = "http://loinc.org";
/// NHG table 45 (diagnostische bepalingen).
const NHG_45: &str = "https://referentiemodel.nhg.org/tabellen/nhg-tabel-45-diagnostische-bepalingen";

impl Analyte {
    pub const ALL: [Analyte; 5] =
        [Analyte::Egfr, Analyte::Creatinine, Analyte::Potassium, Analyte::Sodium, Analyte::Inr];

    /// The codes that it is determined under: the published laboratory exchange (Lab2Zorg 3.0) and its
    /// test material, and LOINC's own for serum or plasma beside those for blood.
    pub fn codes(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Analyte::Egfr => &[(LOINC, "98979-8"), (LOINC, "62238-1"), (LOINC, "50384-7"), (NHG_45, "3583")],
            Analyte::Creatinine => &[(LOINC, "14682-9"), (NHG_45, "523")],
            Analyte::Potassium => &[(LOINC, "2823-3"), (LOINC, "6298-4"), (NHG_45, "513")],
            Analyte::Sodium => &[(LOINC, "2951-2"), (LOINC, "2947-0"), (NHG_45, "624")],
            Analyte::Inr => &[(LOINC, "6301-6"), (NHG_45, "509")],
        }
    }

    /// The unit that values are brought to.
    pub fn unit(self) -> &'static str {
        match self {
            Analyte::Egfr => "mL/min/1,73 m²",
            Analyte::Creatinine => "µmol/L",
            Analyte::Potassium | Analyte::Sodium => "mmol/L",
            Analyte::Inr => "",
        }
    }

    fn of(system: &str, code: &str) -> Option<Analyte> {
        Analyte::ALL.into_iter().find(|analyte| analyte.codes().contains(&(system, code)))
    }

    /// What a value in this unit must be multiplied by; nothing when the unit is none of this analyte's.
    fn factor(self, unit: &str) -> Option<f64> {
        // Systems write litres and micro in several ways, and braces, commas and underscores of their own.
        let plain: String = unit
            .chars()
            .filter(|c| !matches!(c, '{' | '}' | '[' | ']' | '_' | ' '))
            .collect::<String>()
            .to_lowercase()
            .replace(',', ".")
            .replace("micro", "u")
            .replace(['µ', 'μ'], "u")
            .replace('²', "2");
        match (self, plain.as_str()) {
            (Analyte::Creatinine, "umol/l") | (Analyte::Potassium | Analyte::Sodium, "mmol/l") => Some(1.0),
            (Analyte::Creatinine, "mmol/l") => Some(1_000.0),
            (Analyte::Egfr, "ml/min/1.73m2" | "ml/min/1.73") => Some(1.0),
            (Analyte::Inr, "" | "1" | "inr") => Some(1.0),
            _ => None,
        }
    }
}

/// One result.
#[derive(Clone, PartialEq)]
pub struct Determined {
    pub analyte: Analyte,
    /// In the analyte's unit; nothing when it could not be brought there.
    pub value: Option<f64>,
    /// `<`, `>`, … as written.
    pub comparator: Option<String>,
    /// As written, with its unit.
    pub written: String,
    /// When the sample was taken or the value determined.
    pub at: Option<Moment>,
    /// `status` of the result, when it is not final.
    pub provisional: Option<String>,
    /// How the laboratory judges it, as written.
    pub interpretation: Option<String>,
    pub reference_range: Option<String>,
    pub receipts: Vec<Receipt>,
}

impl Determined {
    /// How many days old it is; nothing when it does not say when it was determined.
    pub fn age_days(&self, now: Moment) -> Option<i64> {
        let (at, now) = (self.at?.to_utc()?, now.to_utc()?);
        Some((now - at).whole_days().max(0))
    }
}

/// What is known of an analyte, the newest first.
#[derive(Clone, PartialEq)]
pub struct Series {
    pub analyte: Analyte,
    pub results: Vec<Determined>,
}

/// Reads the results among these resources, per analyte; one that was received from several sources stands once.
pub fn laboratory<'r>(resources: impl Iterator<Item = (usize, &'r Resource)>) -> Vec<Series> {
    let mut all: Vec<Determined> = Vec::new();
    for found in resources.filter_map(|(source, resource)| determined(resource, source)) {
        let same = |known: &&mut Determined| {
            known.analyte == found.analyte
                && known.at == found.at
                && known.written == found.written
                && found.at.is_some()
        };
        match all.iter_mut().find(same) {
            Some(known) => known.receipts.extend(found.receipts),
            None => all.push(found),
        }
    }
    for found in &mut all {
        found.receipts.sort();
        found.receipts.dedup();
    }
    let series = Analyte::ALL.into_iter().map(|analyte| {
        let mut results: Vec<Determined> = all.iter().filter(|one| one.analyte == analyte).cloned().collect();
        results.sort_by(|one, other| {
            other
                .at
                .cmp(&one.at)
                .then_with(|| one.written.cmp(&other.written))
                .then_with(|| one.receipts.cmp(&other.receipts))
        });
        Series { analyte, results }
    });
    series.filter(|series| !series.results.is_empty()).collect()
}

/// Statuses of an Observation that is no result, or no longer.
const NO_RESULT: [&str; 3] = ["cancelled", "entered-in-error", "registered"];
const FINAL: [&str; 3] = ["final", "amended", "corrected"];

fn determined(resource: &Resource, source: usize) -> Option<Determined> {
    if resource.resource_type() != "Observation" {
        return None;
    }
    let root = resource.root();
    let status = root.get("status").and_then(|status| status.as_text()).unwrap_or_default();
    if NO_RESULT.contains(&status.as_ref()) {
        return None;
    }
    let text = |value: Value<'_>, name: &str| Some(value.get(name)?.as_text()?.into_owned());
    let analyte = root
        .all("code.coding")
        .into_iter()
        .find_map(|coding| Analyte::of(&coding.get("system")?.as_text()?, &coding.get("code")?.as_text()?))?;
    let quantity = root.get("valueQuantity");
    let number = quantity.and_then(|quantity| quantity.get("value")).and_then(|value| value.as_number());
    let unit = quantity.map(|quantity| text(quantity, "code").or_else(|| text(quantity, "unit")).unwrap_or_default());
    let shown = quantity.map(|quantity| text(quantity, "unit").or_else(|| text(quantity, "code")).unwrap_or_default());
    let comparator = quantity.and_then(|quantity| text(quantity, "comparator"));
    let written = match (number, text(root, "valueString")) {
        (Some(number), _) => {
            let parts = [comparator.clone(), Some(number.to_owned()), shown.filter(|unit| !unit.is_empty())];
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        (None, Some(words)) => words,
        (None, None) => return None,
    };
    // By the code first, and where that is nobody's unit, by the words beside it.
    let factor = unit
        .as_deref()
        .and_then(|unit| analyte.factor(unit))
        .or_else(|| quantity.and_then(|quantity| text(quantity, "unit")).and_then(|unit| analyte.factor(&unit)));
    let value = number.and_then(|number| number.parse::<f64>().ok()).zip(factor).map(|(value, factor)| value * factor);
    let at = ["effectiveDateTime", "effectiveInstant"].iter().find_map(|name| text(root, name));
    let at = at.or_else(|| root.get("effectivePeriod").and_then(|period| text(period, "start")));
    let at = at.and_then(|at| Span::read(&at)).map(|span| span.first);
    let first = |path: &str| {
        let said = root.all(path).into_iter().find_map(|one| one.as_text());
        said.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let range = root.all("referenceRange").first().map(|range| {
        let bound = |name: &str| range.get(name)?.get("value")?.as_number();
        match (bound("low"), bound("high")) {
            (Some(low), Some(high)) => format!("{low} – {high}"),
            (Some(low), None) => format!("≥ {low}"),
            (None, Some(high)) => format!("≤ {high}"),
            (None, None) => text(*range, "text").unwrap_or_default(),
        }
    });
    Some(Determined {
        analyte,
        value,
        comparator,
        written,
        at,
        provisional: Some(status.into_owned()).filter(|status| !FINAL.contains(&status.as_str())),
        interpretation: first("interpretation.text").or_else(|| first("interpretation.coding.display")),
        reference_range: range.filter(|range| !range.is_empty()),
        receipts: vec![Receipt {
            source,
            copy: copied(root),
            reference: resource
                .id()
                .map_or_else(|| Arc::from("Observation"), |id| Arc::from(format!("Observation/{id}"))),
        }],
    })
}

fn copied(root: Value<'_>) -> bool {
    root.all("extension").into_iter().any(|one| {
        one.get("url").and_then(|url| url.as_text()).is_some_and(|url| url.ends_with("/ext-CopyIndicator"))
            && one.get("valueBoolean").and_then(|copy| copy.as_bool()) == Some(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::resource;

    fn result(code: (&str, &str), value: &str, unit: &str, at: &str) -> Resource {
        resource(&format!(
            r#"{{"resourceType":"Observation","id":"o","status":"final","code":{{"coding":[{{"system":"{}","code":"{}"}}]}},
                "effectiveDateTime":"{at}","valueQuantity":{{"value":{value},"unit":"{unit}","code":"{unit}"}}}}"#,
            code.0, code.1
        ))
    }

    fn value(code: (&str, &str), value: &str, unit: &str) -> (Option<f64>, String) {
        let resource = result(code, value, unit, "2026-11-01");
        let series = laboratory(std::iter::once((0, &resource)));
        (series[0].results[0].value, series[0].results[0].written.clone())
    }

    #[test]
    fn values_are_brought_to_one_unit_or_left_as_they_are_written() {
        for (code, number, unit, expected) in [
            ((LOINC, "14682-9"), "135", "umol/l", Some(135.0)),
            ((LOINC, "14682-9"), "135", "umol/L", Some(135.0)),
            ((NHG_45, "523"), "138", "{micromol/l}", Some(138.0)),
            ((NHG_45, "523"), "0.138", "mmol/L", Some(138.0)),
            ((LOINC, "14682-9"), "135", "µmol/L", Some(135.0)),
            ((LOINC, "14682-9"), "135", "μmol/l", Some(135.0)),
            ((NHG_45, "523"), "1.2", "mg/dL", None),
            ((LOINC, "62238-1"), "25", "mL/min/{1.73_m2}", Some(25.0)),
            ((NHG_45, "3583"), "99", "ml/min/{1.73m2}", Some(99.0)),
            ((LOINC, "50384-7"), "40", "mL/min/{1,73_m2}", Some(40.0)),
            ((LOINC, "62238-1"), "25", "mL/min", None),
            ((LOINC, "6298-4"), "4.0", "mmol/l", Some(4.0)),
            ((NHG_45, "624"), "165", "mmol/L", Some(165.0)),
            ((LOINC, "6301-6"), "2.9", "{INR}", Some(2.9)),
            ((NHG_45, "509"), "2.9", "", Some(2.9)),
        ] {
            let (found, written) = value(code, number, unit);
            assert_eq!(found, expected, "{unit}");
            assert!(written.starts_with(number), "{written}");
        }
    }

    #[test]
    fn only_results_of_what_is_asked_for_count_and_each_once() {
        let own = result((LOINC, "6298-4"), "4.0", "mmol/l", "2026-11-01T08:00:00+01:00");
        let older = result((LOINC, "6298-4"), "5.1", "mmol/l", "2026-06-01");
        let urine = result((LOINC, "14683-7"), "138", "mmol/l", "2026-11-01");
        let panel = result((LOINC, "45066-8"), "135", "umol/l", "2026-11-01");
        // Another value: told apart from its correction by its status alone.
        let wrong = resource(&own.text().replace("final", "entered-in-error").replace("4.0", "9.9"));
        let all = [(0, &older), (0, &own), (1, &own), (0, &urine), (0, &panel), (0, &wrong)];
        let series = laboratory(all.into_iter());
        assert_eq!(series.len(), 1);
        let written: Vec<&str> = series[0].results.iter().map(|one| one.written.as_str()).collect();
        assert_eq!(written, ["4.0 mmol/l", "5.1 mmol/l"]);
        assert_eq!(series[0].results[0].receipts.len(), 2);
        let now = Span::read("2026-11-22T12:00:00+01:00").unwrap().first;
        assert_eq!(series[0].results[0].age_days(now), Some(21));
    }

    #[test]
    fn what_is_not_final_or_has_no_date_is_told() {
        let early =
            resource(&result((LOINC, "6298-4"), "4.0", "mmol/l", "2026-11-01").text().replace("final", "preliminary"));
        let series = laboratory(std::iter::once((0, &early)));
        assert_eq!(series[0].results[0].provisional.as_deref(), Some("preliminary"));
        let undated = resource(
            r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"6301-6"}]},"valueQuantity":{"value":2.5}}"#,
        );
        let series = laboratory([(0, &undated), (1, &undated)].into_iter());
        assert_eq!(series[0].results.len(), 2, "two values of unknown days need not be the same");
        assert_eq!(series[0].results[0].age_days(Moment::from(time::macros::datetime!(2026-11-22 12:00 +1))), None);
    }
}
