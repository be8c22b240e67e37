//! The configuration in force, as an administrator reads it.

use super::{NodeConfig, SourceConfig};

/// In the place of what is not shown.
const HIDDEN: &str = "…";

/// The configuration as text. Secrets stand in files, of which it has the names; values of headers are not shown, because
/// what they are for is the operator's.
pub fn shown(config: &NodeConfig) -> Result<String, String> {
    let mut config = config.clone();
    for source in &mut config.sources {
        if let SourceConfig::Fhir(source) = source {
            source.headers.values_mut().for_each(|value| HIDDEN.clone_into(value));
        }
    }
    toml::to_string(&config).map_err(|fault| format!("the configuration cannot be shown: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::everything;
    use super::*;

    #[test]
    fn everything_is_shown_but_the_values_of_headers() {
        let mut config = everything();
        if let Some(SourceConfig::Fhir(source)) = config.sources.first_mut() {
            source.headers.insert("X-Key".to_owned(), "not-to-be-seen".to_owned());
        }
        let text = shown(&config).unwrap();
        assert!(text.contains("X-Key = \"…\"") && !text.contains("not-to-be-seen"));
        assert!(text.contains("decryption_key_file") && NodeConfig::parse(&text).is_ok(), "it reads back");
    }
}
