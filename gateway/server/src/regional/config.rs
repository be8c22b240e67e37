//! What this node keeps for its region: `[regional]`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use fhir::Ura;
use serde::{Deserialize, Serialize};

/// The index, the pseudonym service, or both, for the members of a region without national ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionalConfig {
    /// Who may register, ask and have pseudonyms made: by the organisation of the client certificate.
    pub members: BTreeSet<Ura>,
    /// Requests that are worked on at once; who comes on top of that is told to come again.
    #[serde(default = "at_once")]
    pub at_once: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<RegionalIndexConfig>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonyms: Option<PseudonymsConfig>,
}

/// The index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionalIndexConfig {
    /// As whom the pseudonym service knows it, `oin:…` or `ura:…`, and what it uses pseudonyms for.
    pub recipient: String,
    pub scope: String,
    /// The private RSA key that messages of the pseudonym service are opened with (PEM, PKCS#8).
    pub message_key_file: PathBuf,
    /// The secret under which pseudonyms are kept: 64 hexadecimal digits. With another one everything is unknown.
    pub secret_file: PathBuf,
    /// The most that one member may register.
    #[serde(default = "most_per_member")]
    pub most_per_member: u64,
}

/// The pseudonym service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PseudonymsConfig {
    /// The secret that pseudonyms are evaluated with: 64 hexadecimal digits. With another one everybody is somebody else.
    pub secret_file: PathBuf,
    pub recipients: Vec<RecipientConfig>,
}

/// For whom pseudonyms are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientConfig {
    pub name: String,
    pub scope: String,
    /// Its public RSA key (PEM, SubjectPublicKeyInfo).
    pub public_key_file: PathBuf,
}

impl RegionalConfig {
    /// The files it names.
    pub fn files(&mut self) -> Vec<&mut PathBuf> {
        let index = self.index.iter_mut().flat_map(|index| [&mut index.message_key_file, &mut index.secret_file]);
        let pseudonyms = self.pseudonyms.iter_mut().flat_map(|pseudonyms| {
            let keys = pseudonyms.recipients.iter_mut().map(|recipient| &mut recipient.public_key_file);
            std::iter::once(&mut pseudonyms.secret_file).chain(keys)
        });
        index.chain(pseudonyms).collect()
    }

    /// Holds it against what must be so whatever the mode.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self) -> Result<(), String> {
        if self.members.is_empty() {
            return Err("regional.members is empty: nobody could ask".to_owned());
        }
        if self.index.is_none() && self.pseudonyms.is_none() {
            return Err("regional has neither an index nor pseudonyms: leave the table out".to_owned());
        }
        if self.at_once == 0 {
            return Err("regional.at_once must be more than 0".to_owned());
        }
        if let Some(index) = &self.index {
            recipient("regional.index", &index.recipient, &index.scope)?;
            if index.most_per_member == 0 {
                return Err("regional.index.most_per_member must be more than 0".to_owned());
            }
        }
        if let Some(pseudonyms) = &self.pseudonyms {
            if pseudonyms.recipients.is_empty() {
                return Err("regional.pseudonyms.recipients is empty: pseudonyms would be for nobody".to_owned());
            }
            let mut known = BTreeSet::new();
            for one in &pseudonyms.recipients {
                recipient("regional.pseudonyms.recipients", &one.name, &one.scope)?;
                if !known.insert((&one.name, &one.scope)) {
                    return Err("regional.pseudonyms.recipients names one of them twice".to_owned());
                }
            }
        }
        Ok(())
    }
}

/// As the client of a pseudonym service takes them (`connectors::prs`).
fn recipient(key: &str, name: &str, scope: &str) -> Result<(), String> {
    let plain = |text: &str| {
        (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'|')
    };
    if !(name.starts_with("oin:") || name.starts_with("ura:")) || !plain(name) {
        return Err(format!("{key}: whom pseudonyms are for must be oin:… or ura:…"));
    }
    if !plain(scope) {
        return Err(format!("{key}.scope must be a word without a bar"));
    }
    Ok(())
}

const fn at_once() -> usize {
    16
}

const fn most_per_member() -> u64 {
    50_000
}

/// Every member of every type, set.
#[cfg(test)]
pub(crate) fn everything() -> RegionalConfig {
    let (text, path) = (|| "text".to_owned(), || PathBuf::from("file"));
    RegionalConfig {
        members: [Ura::parse("90010001").unwrap()].into(),
        at_once: 1,
        index: Some(RegionalIndexConfig {
            recipient: text(),
            scope: text(),
            message_key_file: path(),
            secret_file: path(),
            most_per_member: 1,
        }),
        pseudonyms: Some(PseudonymsConfig {
            secret_file: path(),
            recipients: vec![RecipientConfig { name: text(), scope: text(), public_key_file: path() }],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> RegionalConfig {
        let text = r#"
            members = ["90000901"]
            [index]
            recipient = "ura:90000901"
            scope = "region"
            message_key_file = "k"
            secret_file = "s"
            [pseudonyms]
            secret_file = "p"
            [[pseudonyms.recipients]]
            name = "ura:90000901"
            scope = "region"
            public_key_file = "u"
        "#;
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_could_not_work_is_said() {
        assert_eq!(good().check(), Ok(()));
        assert_eq!(good().files().len(), 4);
        type Change = fn(&mut RegionalConfig);
        let index: fn(&mut RegionalConfig) -> &mut RegionalIndexConfig = |config| config.index.as_mut().unwrap();
        assert_eq!(index(&mut good()).most_per_member, 50_000);
        let table: [(Change, &str); 9] = [
            (|config| config.members.clear(), "regional.members"),
            (|config| (config.index, config.pseudonyms) = (None, None), "leave the table out"),
            (|config| config.at_once = 0, "regional.at_once"),
            (|config| config.index.as_mut().unwrap().recipient = "90000901".into(), "oin:… or ura:…"),
            (|config| config.index.as_mut().unwrap().scope = "a|b".into(), "regional.index.scope"),
            (|config| config.index.as_mut().unwrap().most_per_member = 0, "most_per_member"),
            (|config| config.pseudonyms.as_mut().unwrap().recipients.clear(), "for nobody"),
            (|config| config.pseudonyms.as_mut().unwrap().recipients[0].scope = String::new(), "recipients.scope"),
            (
                |config| {
                    let recipients = &mut config.pseudonyms.as_mut().unwrap().recipients;
                    recipients.push(recipients[0].clone());
                },
                "twice",
            ),
        ];
        for (change, says) in table {
            let mut config = good();
            change(&mut config);
            let fault = config.check().unwrap_err();
            assert!(fault.contains(says), "{says} is not in: {fault}");
        }
    }
}
