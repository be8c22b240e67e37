//! What a search must bring, determined by plainly going through the fixtures. It knows the parameters of the
//! handbook's lists and nothing else, and shares no code with what it is held against: neither the node nor the
//! simulated source.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use time::{Date, Duration, Month};

use super::fixtures::name_of;

/// Counts per resource type; the type asked for is always among them.
///
/// # Errors
/// The parameter that is not known here.
pub fn evaluated(
    fixtures: &[Value],
    patient: &str,
    path: &str,
    parameters: &[(String, String)],
) -> Result<BTreeMap<String, usize>, String> {
    let (kind, last) = path.split_once('/').map_or((path, false), |(kind, _)| (kind, true));
    let mut matches = Vec::new();
    for fixture in fixtures.iter().filter(|fixture| fixture["resourceType"] == kind && is_about(fixture, patient)) {
        let mut meets = true;
        for (name, value) in parameters.iter().filter(|(name, _)| filters(kind, name)) {
            meets = meets && holds(fixtures, fixture, name, value)?;
        }
        if meets {
            matches.push(fixture);
        }
    }
    if last {
        matches = newest_per_code(matches);
    }
    let mut found: BTreeMap<String, &Value> = matches.iter().map(|found| (name_of(found), *found)).collect();
    let asked: BTreeSet<String> = found.keys().cloned().collect();
    bring_along(fixtures, &asked, parameters, &mut found)?;
    let mut counts = BTreeMap::from([(kind.to_owned(), 0)]);
    for name in found.keys() {
        let kind = name.split('/').next().unwrap_or_default();
        *counts.entry(kind.to_owned()).or_default() += 1;
    }
    Ok(counts)
}

/// Whether a parameter chooses among the patient's resources: it neither names the patient nor shapes the answer.
fn filters(kind: &str, name: &str) -> bool {
    let names_the_patient = name.ends_with("patient.identifier") || name == "beneficiary.identifier";
    !(names_the_patient || name.starts_with('_') || (kind == "Patient" && name == "identifier"))
}

fn is_about(resource: &Value, patient: &str) -> bool {
    let is = |reference: &&Value| **reference == *format!("Patient/{patient}");
    if resource["resourceType"] == "Patient" {
        return resource["id"] == patient;
    }
    let places = ["subject", "patient", "beneficiary", "participant.actor"];
    places.iter().any(|place| all(resource, &format!("{place}.reference")).iter().any(is))
}

/// The values at a path. A step `@x` is the value of the extensions whose URL ends with `x`.
fn all<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut here = vec![value];
    for step in
        path.split('/').flat_map(|part| if part.starts_with('@') { vec![part] } else { part.split('.').collect() })
    {
        let mut next = Vec::new();
        for value in here {
            match step.strip_prefix('@') {
                Some(url) => {
                    let extensions = value["extension"].as_array().into_iter().flatten();
                    let named =
                        extensions.filter(|found| found["url"].as_str().is_some_and(|found| found.ends_with(url)));
                    let values = named.filter_map(Value::as_object).flatten();
                    next.extend(values.filter(|(name, _)| name.starts_with("value")).map(|(_, value)| value));
                }
                None => next.extend(value.get(step)),
            }
        }
        here = next
            .into_iter()
            .flat_map(|value| value.as_array().map_or_else(|| vec![value], |list| list.iter().collect()))
            .collect();
    }
    here
}

/// Where a parameter looks.
fn place(kind: &str, name: &str) -> Option<&'static str> {
    Some(match (kind, name) {
        (_, "category") => "category",
        ("Observation" | "Medication", "code") => "code",
        (_, "status") => "status",
        ("Encounter", "class") => "class",
        (_, "identifier") => "identifier",
        (_, "pharmaceutical-treatment-identifier") => "@ext-PharmaceuticalTreatment.Identifier",
        ("MedicationDispense", "whenhandedover") => "whenHandedOver",
        ("Patient", "general-practitioner") => "generalPractitioner",
        ("Coverage", "payor") => "payor",
        ("DeviceUseStatement", "device") => "device",
        ("DeviceRequest", "device") => "codeReference",
        ("Observation", "related-target") => "related.target",
        ("Observation", "specimen") => "specimen",
        ("Procedure", "based-on") => "basedOn",
        ("CareTeam", "participant") => "participant.member",
        ("Provenance", "target") => "target",
        (_, "medication") => "medicationReference",
        (_, "subject" | "patient") => "subject",
        (_, "requester") => "requester",
        (_, "reason") => "reasonReference",
        (_, "next-practitioner") => "@ext-MedicationAgreement.NextPractitioner",
        (_, "dispense-location") => "dispenseRequest/@ext-DispenseRequest.DispenseLocation",
        (_, "performer") => "performer.actor",
        (_, "destination") => "destination",
        (_, "author") => "@ext-MedicationUse2.Author",
        (_, "prescriber") => "@ext-MedicationUse2.Prescriber",
        (_, "source") => "informationSource",
        ("PractitionerRole", "practitioner") => "practitioner",
        ("PractitionerRole", "organization") => "organization",
        ("PractitionerRole", "location") => "location",
        _ => return None,
    })
}

fn kind_of(resource: &Value) -> &str {
    resource["resourceType"].as_str().unwrap_or_default()
}

fn holds(fixtures: &[Value], resource: &Value, name: &str, asked: &str) -> Result<bool, String> {
    let kind = kind_of(resource);
    if name == "medication.code" {
        let named: Vec<_> = all(resource, "medicationReference.reference");
        let of = |fixture: &&Value| named.iter().any(|reference| **reference == *name_of(fixture));
        return Ok(fixtures.iter().filter(of).any(|medication| has_token(medication, "code", asked)));
    }
    if matches!(name, "period-of-use" | "effective-time" | "whenhandedover") {
        return within(&time_of(resource, name), asked);
    }
    let place = place(kind, name).ok_or_else(|| format!("{name} of {kind} is not known to the plain evaluation"))?;
    Ok(asked.split(',').any(|one| has_token(resource, place, one.trim())))
}

fn has_token(resource: &Value, place: &str, asked: &str) -> bool {
    let (system, code) = asked.split_once('|').map_or((None, asked), |(system, code)| (Some(system), code));
    let is = |coding: &Value| {
        let word = [&coding["code"], &coding["value"], coding].into_iter().find_map(Value::as_str);
        word == Some(code) && system.is_none_or(|system| coding["system"] == system)
    };
    all(resource, place).into_iter().any(|value| match value["coding"].as_array() {
        Some(codings) => codings.iter().any(is),
        None => is(value),
    })
}

/// First and last day; what is open has none.
type Days = (Option<Date>, Option<Date>);

fn time_of(resource: &Value, name: &str) -> Vec<Days> {
    let moments = |path: &str| -> Vec<Days> {
        all(resource, path).into_iter().map(|moment| (day(moment), day(moment))).collect()
    };
    let periods = |path: &str| -> Vec<Days> { all(resource, path).into_iter().map(days).collect() };
    match name {
        "whenhandedover" => moments("whenHandedOver"),
        "effective-time" => [moments("effectiveDateTime"), periods("effectivePeriod")].concat(),
        _ => [periods("@ext-TimeInterval.Period"), periods("effectivePeriod")].concat(),
    }
}

fn day(value: &Value) -> Option<Date> {
    let mut parts = value.as_str()?.get(..10)?.split('-');
    let year = parts.next()?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    Date::from_calendar_date(year, Month::try_from(month).ok()?, parts.next()?.parse().ok()?).ok()
}

/// A period; a bound that is missing is worked out from the other one and the duration.
fn days(period: &Value) -> Days {
    let (start, end) = (day(&period["start"]), day(&period["end"]));
    let lasting = all(period, "@ext-TimeInterval.Duration").first().and_then(|duration| {
        let per_unit = match duration["code"].as_str()? {
            "d" => 1,
            "wk" => 7,
            _ => return None,
        };
        Some(Duration::days(duration["value"].as_i64()? * per_unit))
    });
    match (start, end, lasting) {
        (Some(start), None, Some(lasting)) => (Some(start), start.checked_add(lasting)),
        (None, Some(end), Some(lasting)) => (end.checked_sub(lasting), Some(end)),
        _ => (start, end),
    }
}

fn within(found: &[Days], asked: &str) -> Result<bool, String> {
    let unusable = || "a date that the plain evaluation does not read".to_owned();
    let (prefix, date) = (asked.get(..2).ok_or_else(unusable)?, asked.get(2..).ok_or_else(unusable)?);
    let bound = day(&Value::from(date)).ok_or_else(unusable)?;
    let fits: fn(&Days, Date) -> bool = match prefix {
        "ge" => |(_, end), bound| end.is_none_or(|end| end >= bound),
        "gt" => |(_, end), bound| end.is_none_or(|end| end > bound),
        "le" => |(start, _), bound| start.is_none_or(|start| start <= bound),
        "lt" => |(start, _), bound| start.is_none_or(|start| start < bound),
        _ => return Err(unusable()),
    };
    Ok(found.iter().any(|days| fits(days, bound)))
}

/// The newest observation of every code. Observations with a coding in common have the same code.
fn newest_per_code(mut matches: Vec<&Value>) -> Vec<&Value> {
    let when = |resource: &Value| {
        let places = ["effectiveDateTime", "effectivePeriod.start", "issued"];
        places.iter().find_map(|place| all(resource, place).first()?.as_str().map(str::to_owned))
    };
    matches.sort_by_key(|resource| std::cmp::Reverse(when(resource)));
    let mut newest: Vec<&Value> = Vec::new();
    for resource in matches {
        let codings = all(resource, "code.coding");
        let same = |(one, other): (&Value, &Value)| one["system"] == other["system"] && one["code"] == other["code"];
        let known = newest.iter().any(|kept| {
            let kept = all(kept, "code.coding");
            codings.iter().any(|one| kept.iter().any(|other| same((one, other))))
        });
        if !known {
            newest.push(resource);
        }
    }
    newest
}

/// Follows `_include` from the matches, `:iterate` from everything, until nothing comes any more; and the provenance
/// of the matches.
fn bring_along<'f>(
    fixtures: &'f [Value],
    asked: &BTreeSet<String>,
    parameters: &[(String, String)],
    found: &mut BTreeMap<String, &'f Value>,
) -> Result<(), String> {
    loop {
        let before = found.len();
        for (name, value) in parameters.iter().filter(|(name, _)| name.starts_with("_include")) {
            let mut parts = value.split(':');
            let (kind, link, target) =
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next());
            let place = place(kind, link).ok_or_else(|| format!("{value} is not known to the plain evaluation"))?;
            let from = found.iter().filter(|(at, resource)| {
                kind_of(resource) == kind && (name.ends_with(":iterate") || asked.contains(*at))
            });
            let wanted: BTreeSet<String> = from
                .flat_map(|(_, resource)| all(resource, place))
                .filter_map(|reference| reference["reference"].as_str().map(str::to_owned))
                .filter(|reference| target.is_none_or(|target| reference.starts_with(&format!("{target}/"))))
                .collect();
            found.extend(
                fixtures.iter().map(|fixture| (name_of(fixture), fixture)).filter(|(at, _)| wanted.contains(at)),
            );
        }
        if found.len() == before {
            break;
        }
    }
    for (_, value) in parameters.iter().filter(|(name, _)| name == "_revinclude") {
        if value != "Provenance:target" {
            return Err(format!("{value} is not known to the plain evaluation"));
        }
        let about = |fixture: &&Value| {
            let targets = all(fixture, "target.reference");
            fixture["resourceType"] == "Provenance"
                && targets.iter().any(|at| at.as_str().is_some_and(|at| asked.contains(at)))
        };
        found.extend(fixtures.iter().filter(about).map(|fixture| (name_of(fixture), fixture)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn counts(path: &str, parameters: &[(&str, &str)]) -> BTreeMap<String, usize> {
        let coded = |code: &str| json!({"coding": [{"system": "s", "code": code}, {"system": "t", "code": "x"}]});
        let period = |start: &str| {
            let lasting = json!([{"url": "y/ext-TimeInterval.Duration", "valueDuration": {"value": 2, "code": "wk"}}]);
            json!([{"url": "y/ext-TimeInterval.Period", "valuePeriod": {"start": start, "extension": lasting}}])
        };
        let fixtures = [
            json!({"resourceType": "Patient", "id": "p"}),
            json!({"resourceType": "Observation", "id": "1", "subject": {"reference": "Patient/p"}, "code": coded("a"),
                "effectiveDateTime": "2026-01-02", "specimen": {"reference": "Specimen/s"}}),
            json!({"resourceType": "Observation", "id": "2", "subject": {"reference": "Patient/p"}, "code": coded("a"),
                "effectiveDateTime": "2026-01-01"}),
            json!({"resourceType": "Observation", "id": "3", "subject": {"reference": "Patient/q"}, "code": coded("a")}),
            json!({"resourceType": "Specimen", "id": "s"}),
            json!({"resourceType": "Provenance", "id": "v", "target": [{"reference": "Observation/2"}]}),
            json!({"resourceType": "MedicationRequest", "id": "m", "subject": {"reference": "Patient/p"},
                "extension": period("2026-01-01T08:00:00+01:00")}),
        ];
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        evaluated(&fixtures, "p", path, &parameters).unwrap()
    }

    #[test]
    fn what_is_counted_is_the_patients_and_meets_every_filter() {
        let of = |counts: &[(&str, usize)]| counts.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect();
        for (path, parameters, expected) in [
            ("Observation", vec![], of(&[("Observation", 2)])),
            ("Observation", vec![("code", "s|a, s|b")], of(&[("Observation", 2)])),
            ("Observation", vec![("code", "t|a")], of(&[("Observation", 0)])),
            ("Observation/$lastn", vec![("code", "a")], of(&[("Observation", 1)])),
            (
                "Observation",
                vec![("_include", "Observation:specimen"), ("_revinclude", "Provenance:target")],
                of(&[("Observation", 2), ("Specimen", 1), ("Provenance", 1)]),
            ),
            ("Observation/$lastn", vec![("_revinclude", "Provenance:target")], of(&[("Observation", 1)])),
            ("MedicationRequest", vec![("period-of-use", "ge2026-01-15")], of(&[("MedicationRequest", 1)])),
            ("MedicationRequest", vec![("period-of-use", "ge2026-01-16")], of(&[("MedicationRequest", 0)])),
            ("MedicationRequest", vec![("period-of-use", "lt2026-01-01")], of(&[("MedicationRequest", 0)])),
            ("Condition", vec![], of(&[("Condition", 0)])),
        ] {
            let found: BTreeMap<String, usize> = counts(path, &parameters);
            assert_eq!(found, expected, "{path} {parameters:?}");
        }
    }

    #[test]
    fn a_parameter_that_nobody_thought_of_is_an_error() {
        let asked = [("colour".to_owned(), "red".to_owned())];
        let fixtures = [json!({"resourceType": "Flag", "id": "f", "subject": {"reference": "Patient/p"}})];
        assert!(evaluated(&fixtures, "p", "Flag", &asked).is_err());
    }
}
