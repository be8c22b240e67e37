//! The data categories (gegevenscategorie) of Mitz, and which resource types are of which: a table of the profiles
//! (`profiles/mitz-categories.toml`), because the categories change without the node.
//!
//! A type may be of several categories: whoever is to have it needs them all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fhir::{FhirVersion, ResourceType};
use serde::Deserialize;

/// The most categories in one question (handbook: generic functions, 2.3).
pub const MOST: usize = 32;

/// A data category, for instance `GGC002`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Category(String);

/// The table as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoriesConfig {
    pub categories: Vec<CategoryConfig>,
    /// Types that are about no patient and come along with any category.
    #[serde(default)]
    pub accompanying: BTreeSet<String>,
}

/// One category as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryConfig {
    /// Its code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The resource types that it covers.
    pub types: BTreeSet<String>,
}

/// The table, checked.
#[derive(Clone, Debug)]
pub struct Categories {
    of_type: BTreeMap<String, BTreeSet<Category>>,
    accompanying: BTreeSet<String>,
    all: BTreeSet<Category>,
}

impl Category {
    pub fn code(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Categories {
    /// Checks a table.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(config: CategoriesConfig) -> Result<Self, String> {
        let CategoriesConfig { categories, accompanying } = config;
        if categories.is_empty() || categories.len() > MOST {
            return Err(format!("a table has 1 to {MOST} categories"));
        }
        let mut checked = Categories { of_type: BTreeMap::new(), accompanying, all: BTreeSet::new() };
        for CategoryConfig { code, name, types } in categories {
            let digits = code.strip_prefix("GGC").filter(|digits| digits.len() == 3);
            if !digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_digit())) {
                return Err("the code of a category is GGC and three digits".to_owned());
            }
            if name.trim().is_empty() || types.is_empty() {
                return Err(format!("{code} has no name or no types"));
            }
            let category = Category(code);
            if !checked.all.insert(category.clone()) {
                return Err(format!("{category} stands twice"));
            }
            for resource_type in types {
                checked.of_type.entry(resource_type).or_default().insert(category.clone());
            }
        }
        for resource_type in checked.of_type.keys().chain(&checked.accompanying) {
            if FhirVersion::ALL.iter().all(|version| ResourceType::parse(*version, resource_type).is_none()) {
                return Err(format!("{resource_type} is no resource type"));
            }
        }
        if let Some(both) = checked.accompanying.iter().find(|known| checked.of_type.contains_key(*known)) {
            return Err(format!("{both} is of a category and accompanies as well"));
        }
        Ok(checked)
    }

    /// The categories that must be permitted before all of these types may be released; of everything when there are
    /// none. Nothing when a type is of no category, or all of them only accompany: then the question cannot be put.
    pub fn of(&self, resource_types: &[String]) -> Option<BTreeSet<Category>> {
        if resource_types.is_empty() {
            return Some(self.all.clone());
        }
        let mut needed = BTreeSet::new();
        for resource_type in resource_types.iter().filter(|name| !self.accompanying.contains(*name)) {
            needed.extend(self.of_type.get(resource_type)?.iter().cloned());
        }
        (!needed.is_empty()).then_some(needed)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn table(categories: &[(&str, &[&str])], accompanying: &[&str]) -> CategoriesConfig {
        let names = |types: &[&str]| types.iter().map(|name| (*name).to_owned()).collect();
        let category = |(code, types): &(&str, &[&str])| CategoryConfig {
            code: (*code).to_owned(),
            name: "A name".to_owned(),
            types: names(types),
        };
        CategoriesConfig { categories: categories.iter().map(category).collect(), accompanying: names(accompanying) }
    }

    pub(in crate::mitz) fn categories() -> Categories {
        let written = table(
            &[
                ("GGC002", &["Condition", "Observation"]),
                ("GGC012", &["Observation", "DiagnosticReport"]),
                ("GGC013", &["MedicationRequest", "MedicationStatement"]),
            ],
            &["Practitioner"],
        );
        Categories::check(written).unwrap()
    }

    #[test]
    fn a_release_needs_every_category_of_every_type() {
        for (types, expected) in [
            (&["Condition"][..], Some("GGC002")),
            (&["MedicationRequest"], Some("GGC013")),
            (&["DiagnosticReport"], Some("GGC012")),
            (&["Observation"], Some("GGC002 GGC012")),
            (&["Condition", "MedicationStatement"], Some("GGC002 GGC013")),
            (&["Condition", "Practitioner"], Some("GGC002")),
            // Anything.
            (&[], Some("GGC002 GGC012 GGC013")),
            // Of no category, alone or among others.
            (&["ImagingStudy"], None),
            (&["Condition", "ImagingStudy"], None),
            (&["Practitioner"], None),
        ] {
            let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
            let found = categories().of(&types);
            let found = found.map(|found| found.iter().map(Category::code).collect::<Vec<_>>().join(" "));
            assert_eq!(found.as_deref(), expected, "{types:?}");
        }
    }

    #[test]
    fn a_table_that_says_too_little_or_too_much_is_refused() {
        let many: Vec<String> = (0..33).map(|number| format!("GGC{number:03}")).collect();
        let many: Vec<(&str, &[&str])> = many.iter().map(|code| (code.as_str(), &["Condition"][..])).collect();
        for (wrong, says) in [
            (table(&[], &[]), "1 to 32"),
            (table(&many, &[]), "1 to 32"),
            (table(&[("GGC2", &["Condition"])], &[]), "three digits"),
            (table(&[("ZZZ002", &["Condition"])], &[]), "three digits"),
            (table(&[("GGC002", &[])], &[]), "no types"),
            (table(&[("GGC002", &["Condition"]), ("GGC002", &["Goal"])], &[]), "twice"),
            (table(&[("GGC002", &["Conditions"])], &[]), "no resource type"),
            (table(&[("GGC002", &["Condition"])], &["Doctor"]), "no resource type"),
            (table(&[("GGC002", &["Condition"])], &["Condition"]), "as well"),
        ] {
            let fault = Categories::check(wrong).unwrap_err();
            assert!(fault.contains(says), "{says} is not in: {fault}");
        }
    }
}
