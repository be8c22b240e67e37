//! `release.toml`: which release of a use case this is. The version goes into every record.

use std::collections::BTreeSet;

use fhir::masking::ElementPath;
use serde::Deserialize;

use crate::capability::Capability;
use crate::request::Request;

/// The release of a use case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// `major.minor.patch`.
    pub version: String,
    /// What the use case is called, for people.
    pub title: String,
    /// The agreement or guide that the use case follows.
    pub source: Option<String>,
    /// Elements that only some may see.
    #[serde(default)]
    pub mask: Vec<Mask>,
}

/// Elements that stay behind for everybody but these.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    /// Paths: `Patient.telecom`, `Observation.value[x]`.
    pub elements: Vec<String>,
    /// UZI role codes (OID 2.16.840.1.113883.2.4.15.111) of those who see them. Without any, nobody does.
    #[serde(default)]
    pub seen_by: BTreeSet<String>,
    /// Kinds of care providers (OID 2.16.840.1.113883.2.4.15.1060) whose people they must be; every kind when left out.
    #[serde(default)]
    pub organisation_types: BTreeSet<String>,
}

impl Release {
    /// Reads `release.toml`.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn parse(text: &str) -> Result<Release, String> {
        let release: Release = toml::from_str(text).map_err(|fault| format!("release.toml: {}", fault.message()))?;
        if !is_version(&release.version) {
            return Err("release.toml: version must be three numbers, such as \"1.0.0\"".to_owned());
        }
        if release.title.trim().is_empty() {
            return Err("release.toml: title is empty".to_owned());
        }
        Ok(release)
    }

    /// Holds the masks against what the use case offers: a path that is nowhere would mask nothing, in silence.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn check(&self, capability: &Capability) -> Result<(), String> {
        for (number, mask) in self.mask.iter().enumerate() {
            if mask.elements.is_empty() {
                return Err(format!("release.toml: mask[{number}] names no element"));
            }
            for text in &mask.elements {
                let path = ElementPath::parse(text);
                let known = path.is_some_and(|path| capability.versions.keys().any(|version| path.exists(*version)));
                if !known {
                    return Err(format!("release.toml: mask[{number}]: no version of the use case has {text}"));
                }
            }
        }
        Ok(())
    }

    /// The elements that the caller of this request may not see.
    pub(crate) fn masked(&self, request: &Request) -> Vec<String> {
        let role = request.caller.professional().map(|person| person.role.as_str());
        let kind = request.caller.organisation.kind.as_deref();
        let sees = |mask: &&Mask| {
            role.is_some_and(|role| mask.seen_by.contains(role))
                && (mask.organisation_types.is_empty()
                    || kind.is_some_and(|kind| mask.organisation_types.contains(kind)))
        };
        self.mask.iter().filter(|mask| !sees(mask)).flat_map(|mask| mask.elements.iter().cloned()).collect()
    }
}

fn is_version(text: &str) -> bool {
    let number = |part: &str| (1..=6).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').count() == 3 && text.split('.').all(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_three_numbers_a_title_and_nothing_unknown() {
        let good = Release::parse("version = \"1.12.0\"\ntitle = \"T\"\nsource = \"S\"").unwrap();
        assert_eq!((good.version.as_str(), good.source.as_deref()), ("1.12.0", Some("S")));
        for bad in [
            "",
            "version = \"1.0.0\"",
            "version = \"1.0\"\ntitle = \"T\"",
            "version = \"1.0.0-beta\"\ntitle = \"T\"",
            "version = \"1..0\"\ntitle = \"T\"",
            "version = \"1.0.0\"\ntitle = \" \"",
            "version = \"1.0.0\"\ntitle = \"T\"\nauthor = \"A\"",
            "version = \"1.0.0\"\nversion = \"1.0.1\"\ntitle = \"T\"",
            "version = 1\ntitle = \"T\"",
        ] {
            assert!(Release::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_masked_is_seen_by_the_roles_that_are_named_and_by_nobody_else() {
        use crate::testing::{ONE, request};
        let parse = |mask: &str| Release::parse(&format!("version = \"1.0.0\"\ntitle = \"T\"\n[[mask]]\n{mask}"));
        let asking = |role: Option<&str>| {
            let mut asked = request(&["one"], "GET Condition");
            asked.caller.person = asked
                .caller
                .person
                .take()
                .zip(role)
                .map(|(person, role)| crate::caller::Person { role: role.to_owned(), ..person });
            asked
        };
        let kind = asking(Some("01.015")).caller.organisation.kind.unwrap_or_default();
        for (mask, role, masked) in [
            ("elements = [\"Condition.note\"]\nseen_by = [\"01.015\"]".to_owned(), Some("01.015"), false),
            ("elements = [\"Condition.note\"]\nseen_by = [\"01.015\"]".to_owned(), Some("30.000"), true),
            ("elements = [\"Condition.note\"]\nseen_by = [\"01.015\"]".to_owned(), None, true),
            ("elements = [\"Condition.note\"]".to_owned(), Some("01.015"), true),
            (
                format!("elements = [\"Condition.note\"]\nseen_by = [\"01.015\"]\norganisation_types = [\"{kind}\"]"),
                Some("01.015"),
                false,
            ),
            (
                "elements = [\"Condition.note\"]\nseen_by = [\"01.015\"]\norganisation_types = [\"Q1\"]".to_owned(),
                Some("01.015"),
                true,
            ),
        ] {
            let release = parse(&mask).unwrap();
            assert_eq!(!release.masked(&asking(role)).is_empty(), masked, "{mask} {role:?}");
        }
        let capability: Capability = serde_json::from_str(ONE).unwrap();
        assert_eq!(parse("elements = [\"Condition.note\"]").unwrap().check(&capability), Ok(()));
        for bad in
            ["elements = []", "elements = [\"Condition\"]", "elements = [\"Condition.colour\"]", "elements = [\"\"]"]
        {
            assert!(parse(bad).unwrap().check(&capability).is_err(), "{bad}");
        }
        for bad in ["", "elements = \"a\"", "elements = []\nroles = []"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
