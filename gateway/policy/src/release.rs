//! `release.toml`: which release of a use case this is. The version goes into every record.

use serde::Deserialize;

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
}
