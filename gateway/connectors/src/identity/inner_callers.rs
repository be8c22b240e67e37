//! The provider's own systems and people, from configuration: who may call at the inner gate, and by what proof.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fhir::Bsn;
use policy::{Caller, Organisation, Person, UseCaseId};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::IdentityFault;
use super::certificates::Thumbprint;
use super::secret::Digest;

/// A token that is configured must be at least this long: 128 bits in hexadecimal.
const MIN_TOKEN: usize = 32;
/// The most of a secret file that is read, in bytes.
const MAX_SECRET_FILE: u64 = 4096;

/// One of the provider's own callers. Exactly one proof is to be given.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InnerCallerConfig {
    pub client_id: String,
    #[serde(default)]
    pub use_cases: Vec<UseCaseId>,
    #[serde(default)]
    pub person: Option<PersonConfig>,
    /// For whom this person acts under a mandate (mandaat), always: an assistant of one physician.
    #[serde(default)]
    pub responsible: Option<PersonConfig>,
    /// Whether this is a system that opens the portal for its own users (EHR launch): it vouches for who they are, for whom
    /// they act, and about which patient.
    #[serde(default)]
    pub launches: bool,
    /// A file with the BSN of the patient (patiënt) who this caller is, and then asks about only. Development only.
    #[serde(default)]
    pub patient_file: Option<PathBuf>,
    /// A file with the bearer token. Development only.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// A file with the SHA-256 of the bearer token, in hexadecimal. Development only.
    #[serde(default)]
    pub token_sha256_file: Option<PathBuf>,
    /// The SHA-256 thumbprint of the client certificate (`x5t#S256`), base64url.
    #[serde(default)]
    pub certificate_thumbprint: Option<String>,
    /// Whether it may ask what a token of ours stands for (RFC 7662): a resource server of the provider's own.
    #[serde(default)]
    pub introspects: bool,
    /// Whether it may ask for decisions: an enforcement point of the provider's own, which releases data itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decisions: Option<Decisions>,
}

/// What decisions an enforcement point may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decisions {
    /// Yes or no: a permit that obliges to withhold something is no.
    Plain,
    /// It carries out what a permit obliges to.
    WithObligations,
}

/// The person on whose behalf an inner caller asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonConfig {
    pub id: String,
    #[serde(default)]
    pub name: Option<String>,
    /// UZI role code.
    pub role: String,
}

/// All inner callers, by what they show.
#[derive(Default)]
pub struct InnerCallers {
    by_client: HashSet<String>,
    by_token: HashMap<Digest, Arc<Caller>>,
    by_certificate: HashMap<Thumbprint, Arc<Caller>>,
    launching: HashSet<String>,
    introspectors: HashSet<String>,
    enforcers: HashMap<String, Decisions>,
}

impl fmt::Debug for InnerCallers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.by_client).finish()
    }
}

impl InnerCallers {
    /// Reads the configured callers and their secret files.
    ///
    /// `own` is the node's organisation, for which they all act. Static tokens are refused unless `allow_static_tokens`:
    /// a node outside development has none.
    pub fn load(
        own: &Organisation,
        configured: &[InnerCallerConfig],
        allow_static_tokens: bool,
    ) -> Result<Self, IdentityFault> {
        let mut callers = InnerCallers::default();
        for config in configured {
            callers
                .add(own, config, allow_static_tokens)
                .map_err(|what| IdentityFault(format!("inner caller {:?}: {what}", config.client_id)))?;
        }
        Ok(callers)
    }

    /// The caller whose access code (its static token) this is: for signing in at the pages in development.
    pub fn by_access_code(&self, code: &str) -> Option<&Arc<Caller>> {
        self.by_token(&Digest::of(code))
    }

    /// Whether anybody has an access code.
    pub fn have_access_codes(&self) -> bool {
        !self.by_token.is_empty()
    }

    /// Whether anybody who is a person is known by a certificate.
    pub fn have_certificates_of_people(&self) -> bool {
        self.by_certificate.values().any(|caller| caller.person.is_some())
    }

    /// Whether this caller is a system that opens the portal for its users.
    pub fn launches(&self, caller: &Caller) -> bool {
        self.launching.contains(&caller.client_id)
    }

    /// Whether the caller of this name may ask what a token stands for.
    pub fn may_introspect(&self, client_id: &str) -> bool {
        self.introspectors.contains(client_id)
    }

    /// Whether the caller of this name may ask for decisions, and if so whether it carries out obligations.
    pub fn decides_for(&self, client_id: &str) -> Option<bool> {
        self.enforcers.get(client_id).map(|decisions| *decisions == Decisions::WithObligations)
    }

    pub(super) fn by_token(&self, digest: &Digest) -> Option<&Arc<Caller>> {
        self.by_token.get(digest)
    }

    pub(super) fn by_certificate(&self, thumbprint: &Thumbprint) -> Option<&Arc<Caller>> {
        self.by_certificate.get(thumbprint)
    }

    fn add(&mut self, own: &Organisation, config: &InnerCallerConfig, allow_static_tokens: bool) -> Result<(), String> {
        if config.client_id.is_empty() {
            return Err("client_id is empty".to_owned());
        }
        let patient = match &config.patient_file {
            Some(_) if !allow_static_tokens => {
                return Err("a patient with a static token is for development only".to_owned());
            }
            Some(_) if config.person.is_some() => return Err("is a patient or a person of the provider".to_owned()),
            Some(file) => Some(patient(file)?),
            None => None,
        };
        if config.responsible.is_some() && config.person.is_none() {
            return Err("acts for somebody, and is nobody".to_owned());
        }
        if config.launches && (config.person.is_some() || config.patient_file.is_some()) {
            return Err("a system that launches is no person itself".to_owned());
        }
        if config.launches {
            self.launching.insert(config.client_id.clone());
        }
        let caller = Arc::new(Caller {
            client_id: config.client_id.clone(),
            organisation: own.clone(),
            person: config.person.clone().map(Person::from),
            responsible: config.responsible.clone().map(Person::from),
            use_cases: config.use_cases.clone(),
            patient,
            treatment_relation: None,
            emergency: None,
            token_id: None,
        });
        let taken = match (&config.token_file, &config.token_sha256_file, &config.certificate_thumbprint) {
            (Some(_), None, None) | (None, Some(_), None) if !allow_static_tokens => {
                return Err("a static token is for development only; use a client certificate".to_owned());
            }
            (Some(file), None, None) => self.by_token.insert(token_digest(file)?, caller.clone()),
            (None, Some(file), None) => self.by_token.insert(configured_digest(file)?, caller.clone()),
            (None, None, Some(text)) => {
                let thumbprint = Thumbprint::parse(text)
                    .ok_or_else(|| "certificate_thumbprint is not the base64url SHA-256 of a certificate".to_owned())?;
                self.by_certificate.insert(thumbprint, caller.clone())
            }
            _ => return Err("needs one of token_file, token_sha256_file and certificate_thumbprint".to_owned()),
        };
        if taken.is_some() {
            return Err("shows the same token or certificate as another caller".to_owned());
        }
        if let Some(decisions) = config.decisions {
            self.enforcers.insert(config.client_id.clone(), decisions);
        }
        if config.introspects {
            self.introspectors.insert(config.client_id.clone());
        }
        if self.by_client.insert(config.client_id.clone()) { Ok(()) } else { Err("is configured twice".to_owned()) }
    }
}

impl From<PersonConfig> for Person {
    fn from(config: PersonConfig) -> Self {
        Person { id: config.id, name: config.name, role: config.role }
    }
}

fn token_digest(file: &Path) -> Result<Digest, String> {
    let text = secret_text(file)?;
    let token = text.trim_end();
    if token.len() < MIN_TOKEN || !super::oauth::is_token(token) {
        return Err(format!("{} holds no token of at least {MIN_TOKEN} characters", file.display()));
    }
    Ok(Digest::of(token))
}

fn configured_digest(file: &Path) -> Result<Digest, String> {
    let text = secret_text(file)?;
    Digest::parse_hex(text.trim_end()).ok_or_else(|| format!("{} holds no SHA-256 in hexadecimal", file.display()))
}

fn patient(file: &Path) -> Result<Bsn, String> {
    let text = secret_text(file)?;
    // The fault of a BSN repeats nothing of it.
    Bsn::parse(text.trim_end()).map_err(|_| format!("{} holds no BSN", file.display()))
}

fn secret_text(file: &Path) -> Result<Zeroizing<String>, String> {
    let mut text = Zeroizing::new(String::new());
    let read = File::open(file).and_then(|open| open.take(MAX_SECRET_FILE).read_to_string(&mut text));
    read.map_err(|fault| format!("{} cannot be read: {}", file.display(), fault.kind()))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use fhir::Ura;
    use tempfile::NamedTempFile;

    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn own() -> Organisation {
        Organisation { ura: Ura::parse("90000901").unwrap(), name: None, kind: None }
    }

    fn file(text: &str) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn config(client_id: &str) -> InnerCallerConfig {
        let json = serde_json::json!({"client_id": client_id, "use_cases": ["health-overview"]});
        serde_json::from_value(json).unwrap()
    }

    fn with_token(client_id: &str, file: &NamedTempFile) -> InnerCallerConfig {
        InnerCallerConfig { token_file: Some(file.path().to_owned()), ..config(client_id) }
    }

    fn with_certificate(client_id: &str, thumbprint: &str) -> InnerCallerConfig {
        InnerCallerConfig { certificate_thumbprint: Some(thumbprint.to_owned()), ..config(client_id) }
    }

    #[test]
    fn callers_are_known_by_token_digest_and_certificate_and_act_for_the_node() {
        let thumbprint = Thumbprint::of(b"certificate");
        let (token, digest) = (file(&format!("{TOKEN}\n")), file(&"ab".repeat(32)));
        let hashed = InnerCallerConfig { token_sha256_file: Some(digest.path().to_owned()), ..config("c") };
        let all = [with_token("a", &token), with_certificate("b", &thumbprint.to_string()), hashed];
        let callers = InnerCallers::load(&own(), &all, true).unwrap();
        assert_eq!(callers.by_token(&Digest::of(TOKEN)).unwrap().client_id, "a");
        assert_eq!(callers.by_certificate(&thumbprint).unwrap().client_id, "b");
        assert_eq!(callers.by_token(&Digest::parse_hex(&"ab".repeat(32)).unwrap()).unwrap().client_id, "c");
        assert_eq!(callers.by_access_code(TOKEN).unwrap().organisation, own());
    }

    #[test]
    fn static_tokens_are_refused_outside_development() {
        let token = file(TOKEN);
        let fault = InnerCallers::load(&own(), &[with_token("a", &token)], false).unwrap_err();
        assert!(fault.0.contains("development only"), "{fault}");
        let thumbprint = Thumbprint::of(b"certificate").to_string();
        assert!(InnerCallers::load(&own(), &[with_certificate("a", &thumbprint)], false).is_ok());
    }

    #[test]
    fn a_patient_is_bound_to_their_own_data_in_development_and_configured_nowhere_else() {
        let (token, bsn, other) = (file(TOKEN), file("999911120\n"), file("999911121"));
        let as_patient = |bsn: &NamedTempFile| InnerCallerConfig {
            patient_file: Some(bsn.path().to_owned()),
            ..with_token("a", &token)
        };
        let callers = InnerCallers::load(&own(), &[as_patient(&bsn)], true).unwrap();
        assert_eq!(callers.by_access_code(TOKEN).unwrap().patient, Bsn::parse("999911120").ok());
        let person = PersonConfig { id: "p".into(), name: None, role: "01.015".into() };
        let thumbprint = Thumbprint::of(b"certificate").to_string();
        let in_production =
            InnerCallerConfig { patient_file: Some(bsn.path().to_owned()), ..with_certificate("a", &thumbprint) };
        for (development, config) in [
            (true, as_patient(&other)),
            (true, InnerCallerConfig { person: Some(person), ..as_patient(&bsn) }),
            (false, in_production),
        ] {
            let fault = InnerCallers::load(&own(), &[config], development).unwrap_err();
            assert!(!fault.0.contains("9999"), "{fault}");
        }
    }

    #[test]
    fn who_acts_for_another_is_somebody_and_who_launches_is_nobody() {
        let token = file(TOKEN);
        let person = |id: &str| Some(PersonConfig { id: id.into(), name: None, role: "01.015".into() });
        let of = |person, responsible, launches| {
            let config = InnerCallerConfig { person, responsible, launches, ..with_token("a", &token) };
            InnerCallers::load(&own(), &[config], true)
        };
        let mandated = of(person("assistant"), person("doctor"), false).unwrap();
        let caller = mandated.by_access_code(TOKEN).unwrap();
        assert_eq!(caller.responsible.as_ref().unwrap().id, "doctor");
        assert!(!mandated.launches(caller));
        let system = of(None, None, true).unwrap();
        assert!(system.launches(system.by_access_code(TOKEN).unwrap()));
        assert!(of(None, person("doctor"), false).is_err());
        assert!(of(person("assistant"), None, true).is_err());
    }

    #[test]
    fn a_caller_that_is_configured_wrongly_is_refused_without_telling_its_secret() {
        let (good, short, blank, same) = (file(TOKEN), file("short"), file(&format!("{TOKEN} x")), file(TOKEN));
        let thumbprint = Thumbprint::of(b"certificate").to_string();
        let missing = InnerCallerConfig { token_file: Some("/nonexistent/token".into()), ..config("a") };
        let both = InnerCallerConfig { certificate_thumbprint: Some(thumbprint.clone()), ..with_token("a", &good) };
        let digest = InnerCallerConfig { token_sha256_file: Some(good.path().to_owned()), ..config("a") };
        for (case, all) in [
            ("no proof", vec![config("a")]),
            ("two proofs", vec![both]),
            ("no such file", vec![missing]),
            ("a short token", vec![with_token("a", &short)]),
            ("a token with a blank", vec![with_token("a", &blank)]),
            ("no digest", vec![digest]),
            ("no thumbprint", vec![with_certificate("a", "thumb")]),
            ("no name", vec![with_token("", &good)]),
            ("one name twice", vec![with_token("a", &good), with_certificate("a", &thumbprint)]),
            ("one token twice", vec![with_token("a", &good), with_token("b", &same)]),
        ] {
            let fault = InnerCallers::load(&own(), &all, true).unwrap_err();
            assert!(!fault.0.contains(TOKEN), "{case}: {fault}");
        }
    }
}
