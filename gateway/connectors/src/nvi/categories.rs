//! Which resources are of which data category of the index (handbook: generic functions, 3.3.1). A table of data, because
//! the categories are the operator's of the index and change without us.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

/// The table as it is written: `[[category]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexCategoriesConfig {
    pub category: Vec<IndexCategoryConfig>,
}

/// One category.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexCategoryConfig {
    pub code: String,
    pub resource_types: Vec<String>,
    /// Only observations of this category (FHIR observation-category).
    #[serde(default)]
    pub observation_category: Option<String>,
}

/// A data category's code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexCategory(String);

/// The table, checked.
#[derive(Clone, Debug)]
pub struct IndexCategories {
    /// By resource type: each category, and the observation category that it is limited to.
    by_type: BTreeMap<String, Vec<(IndexCategory, Option<String>)>>,
}

impl IndexCategory {
    /// Reads a code of FHIR.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plain.then(|| IndexCategory(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IndexCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl IndexCategories {
    /// # Errors
    /// A sentence for the operator.
    pub fn check(written: IndexCategoriesConfig) -> Result<Self, String> {
        let mut by_type: BTreeMap<String, Vec<_>> = BTreeMap::new();
        let mut codes = BTreeSet::new();
        for category in written.category {
            let code = IndexCategory::parse(&category.code).ok_or("a category's code is letters and digits")?;
            if !codes.insert(code.clone()) {
                return Err(format!("category {code} stands there twice"));
            }
            if category.resource_types.is_empty() || category.resource_types.iter().any(String::is_empty) {
                return Err(format!("category {code} names no resource type"));
            }
            if category.observation_category.is_some() && category.resource_types != ["Observation"] {
                return Err(format!("category {code} has an observation_category and is not of Observation alone"));
            }
            for name in category.resource_types {
                by_type.entry(name).or_default().push((code.clone(), category.observation_category.clone()));
            }
        }
        if by_type.is_empty() { Err("there is no category".to_owned()) } else { Ok(IndexCategories { by_type }) }
    }

    /// The categories that data of these types may be registered under. None when a type is of no category: then it may be
    /// anywhere.
    pub fn of_types(&self, types: &[String]) -> Option<BTreeSet<IndexCategory>> {
        let mut all = BTreeSet::new();
        for name in types {
            all.extend(self.by_type.get(name)?.iter().map(|(code, _)| code.clone()));
        }
        (!all.is_empty()).then_some(all)
    }

    /// The categories of one resource: by its type and, for an observation, the codes of its categories.
    pub fn of_resource(&self, resource_type: &str, observation_categories: &[String]) -> BTreeSet<IndexCategory> {
        let known = self.by_type.get(resource_type).into_iter().flatten();
        let fits = |limit: &Option<String>| limit.as_ref().is_none_or(|limit| observation_categories.contains(limit));
        known.filter(|(_, limit)| fits(limit)).map(|(code, _)| code.clone()).collect()
    }

    /// The resource types that are of some category.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.by_type.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<IndexCategories, String> {
        let category = text
            .split(';')
            .map(|line| {
                let mut words = line.split(' ').map(str::to_owned);
                IndexCategoryConfig {
                    code: words.next().unwrap(),
                    resource_types: words.next().map(|types| types.split(',').map(str::to_owned).collect()).unwrap(),
                    observation_category: words.next(),
                }
            })
            .collect();
        IndexCategories::check(IndexCategoriesConfig { category })
    }

    fn codes(found: BTreeSet<IndexCategory>) -> String {
        found.iter().map(IndexCategory::as_str).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn types_and_resources_lead_to_categories() {
        let table = table(
            "A Condition;B MedicationStatement,MedicationDispense;V Observation vital-signs;L Observation laboratory",
        )
        .unwrap();
        let of = |types: &[&str]| {
            table.of_types(&types.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).map(codes)
        };
        assert_eq!(of(&["Condition", "Observation"]).as_deref(), Some("A L V"));
        assert_eq!(of(&["MedicationDispense"]).as_deref(), Some("B"));
        assert_eq!(of(&["Condition", "ImagingStudy"]), None, "what is of no category may be anywhere");
        assert_eq!(of(&[]), None);
        assert_eq!(codes(table.of_resource("Observation", &["laboratory".to_owned()])), "L");
        assert_eq!(codes(table.of_resource("Observation", &[])), "");
        assert_eq!(codes(table.of_resource("Condition", &[])), "A");
        assert_eq!(table.types().count(), 4);
    }

    #[test]
    fn a_table_that_contradicts_itself_is_refused() {
        for bad in ["A Condition;A Device", "A ", "A! Condition", "A Condition vital-signs"] {
            assert!(table(bad).is_err(), "{bad}");
        }
        assert!(IndexCategories::check(IndexCategoriesConfig { category: Vec::new() }).is_err());
    }
}
