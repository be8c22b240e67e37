//! The national fixtures as resources: XML files, with their dates filled in.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use time::macros::date;
use time::{Date, Duration};

use super::definitions::Definitions;
use super::questions::Set;
use crate::source_server::FhirVersion;
use crate::xml::Element;

/// The day `T` that the dates of fixtures and questions count from. The BgZ fixtures were filled in with it.
pub const TODAY: Date = date!(2026 - 11 - 22);

/// The resources of one set.
pub struct Fixtures {
    pub resources: Vec<Value>,
}

impl Fixtures {
    /// Reads the fixtures of a set from the folder of shared data.
    ///
    /// # Errors
    /// A sentence with the file that cannot be used.
    pub fn read(shared: &Path, set: Set) -> Result<Self, String> {
        let version = match set.version() {
            FhirVersion::Stu3 => "stu3",
            FhirVersion::R4 => "r4",
        };
        let file = format!("conformance/definitions/{version}/StructureDefinition.ndjson.gz");
        let definitions = Definitions::read(&shared.join(file))?;
        let folder = shared.join(set.folder());
        let fault = |what: String| format!("{}: {what}", folder.display());
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).map_err(|error| fault(error.to_string()))? {
            files.push(entry.map_err(|error| fault(error.to_string()))?.path());
        }
        files.sort();
        let mut resources = Vec::new();
        for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "xml")) {
            let fault = |what: String| format!("{}: {what}", file.display());
            let text = fs::read_to_string(file).map_err(|error| fault(error.to_string()))?;
            let text = filled_in(&text).map_err(fault)?;
            let root = Element::read(&text).map_err(|what| fault(what.to_owned()))?;
            // Bundles are the messages of other scripts, not what a server is filled with.
            if root.name != "Bundle" {
                resources.push(definitions.resource(&root, &text).map_err(fault)?);
            }
        }
        Ok(Fixtures { resources })
    }

    /// The patients by BSN, with their ids.
    pub fn patients(&self) -> BTreeMap<String, String> {
        let patients = self.resources.iter().filter(|resource| resource["resourceType"] == "Patient");
        let bsn_of = |patient: &Value| {
            let identifiers = patient["identifier"].as_array()?;
            let bsn = identifiers.iter().find(|found| found["system"] == super::BSN_SYSTEM)?;
            Some((bsn["value"].as_str()?.to_owned(), patient["id"].as_str()?.to_owned()))
        };
        patients.filter_map(bsn_of).collect()
    }

    /// By `Type/id`.
    pub fn by_name(&self) -> BTreeMap<String, &Value> {
        self.resources.iter().map(|resource| (name_of(resource), resource)).collect()
    }
}

/// `Type/id`.
pub fn name_of(resource: &Value) -> String {
    let text = |name: &str| resource[name].as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text("resourceType"), text("id"))
}

/// Replaces `${DATE, T, D, -10}`: a number of days or months from `T`.
///
/// # Errors
/// A placeholder that is not known.
pub fn filled_in(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (inside, after) = rest[at + 2..].split_once('}').ok_or("a placeholder does not end")?;
        out.push_str(&rest[..at]);
        out.push_str(&dated(inside).ok_or_else(|| format!("the placeholder {inside} is not known"))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn dated(placeholder: &str) -> Option<String> {
    let parts: Vec<&str> = placeholder.split(',').map(str::trim).collect();
    let ["DATE", "T", unit, number] = parts.as_slice() else { return None };
    let number: i32 = number.trim_start_matches('+').parse().ok()?;
    let day = match *unit {
        "D" => TODAY + Duration::days(number.into()),
        "M" => months_on(TODAY, number)?,
        "Y" => months_on(TODAY, number * 12)?,
        _ => return None,
    };
    Some(format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day()))
}

/// The same day some months on, or the last of that month.
fn months_on(day: Date, months: i32) -> Option<Date> {
    let counted = day.year() * 12 + i32::from(u8::from(day.month())) - 1 + months;
    let (year, month) = (counted.div_euclid(12), u8::try_from(counted.rem_euclid(12) + 1).ok()?);
    let month = time::Month::try_from(month).ok()?;
    let last = time::util::days_in_month(month, year);
    Date::from_calendar_date(year, month, day.day().min(last)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_days_counted_from_one_day() {
        for (text, expected) in [
            ("a ${DATE, T, D, -21}T08:00 b", "a 2026-11-01T08:00 b"),
            ("${DATE, T, D,-7}${DATE, T, D, +9}", "2026-11-152026-12-01"),
            ("${DATE, T, M, +3}", "2027-02-22"),
            ("${DATE, T, M, -11}", "2025-12-22"),
            ("none", "none"),
        ] {
            assert_eq!(filled_in(text).unwrap(), expected, "{text}");
        }
        for wrong in ["${UUID}", "${DATE, T, W, 1}", "${DATE, T, D, x}", "${DATE, T, D, 1"] {
            assert!(filled_in(wrong).is_err(), "{wrong}");
        }
    }
}
