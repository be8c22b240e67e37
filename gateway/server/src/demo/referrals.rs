//! Referrals with the basic data set in the demo region: the hospital's EPD refers, the nursing home's takes.

use std::collections::BTreeMap;
use std::path::Path;

use conformance::ca::CertificateAuthority;
use conformance::referral::{self, Clinic, ClinicHandle};
use conformance::region::{self, Provider};
use connectors::http::WebAddress;
use connectors::identity::{InnerCallerConfig, PersonConfig};
use connectors::sources::files::FilesSourceConfig;
use connectors::webhooks::WebhookConfig;
use fhir::FhirVersion;

use super::ready::{ReadyCaller, ReadyPerson, ReadySimulator};
use super::{io, loopback, outsiders, port, said, secrets, use_case};
use crate::config::{PartnerNode, SourceConfig};
use crate::handoffs::MAKING;
use crate::http::referrals::notification::PATH;
use crate::referrals::config::{PartnerReferrals, ReferralsConfig};
use crate::referrals::{INBOX, INTAKE, RECEIVER, SENDER};

/// What every node of the region needs for referrals.
pub const USE_CASES: [&str; 4] = [SENDER, RECEIVER, INTAKE, INBOX];

/// What a partner may ask us for: to pull what we refer to it, and to tell us whom it refers.
pub const OF_PARTNERS: [&str; 2] = [SENDER, RECEIVER];

/// The clinic's port, above the first.
const PORT: u16 = 151;

/// A partner whose node is played: it shows what is told and asked, and sends referrals of its own.
pub struct PlayedClinic(ClinicHandle);

impl PlayedClinic {
    pub fn start(base_port: u16, authority: &CertificateAuthority) -> Result<Self, String> {
        let who = (outsiders::CLINIC.0, outsiders::CLINIC.1);
        let started = Clinic::start(authority, who, loopback(port(base_port, PORT)?));
        started.map(PlayedClinic).map_err(|fault| format!("the clinic cannot be started: {fault}"))
    }

    /// How its node is reached.
    pub fn node(&self) -> Result<PartnerNode, String> {
        Ok(PartnerNode {
            bases: BTreeMap::from([(FhirVersion::Stu3, self.at("/fhir/stu3")?)]),
            token_endpoint: Some(self.at("/oauth/token")?),
            dpop: false,
            nuts_authorization_server: None,
            ask_in: BTreeMap::new(),
        })
    }

    /// Where it is told.
    pub fn told(&self) -> Result<PartnerReferrals, String> {
        Ok(PartnerReferrals { notification: self.at("/notify")? })
    }

    pub fn ready(&self) -> ReadySimulator {
        ReadySimulator {
            key: "clinic".into(),
            kind: "referral-partner".into(),
            base: self.0.base_url.clone(),
            control: self.0.control_url.clone(),
        }
    }

    fn at(&self, below: &str) -> Result<WebAddress, String> {
        said(WebAddress::parse(&format!("{}{below}", self.0.base_url)))
    }
}

/// The measures: what fails is tried again sooner than anybody need, a demo is not watched for long.
pub fn config(record_system: WebhookConfig) -> ReferralsConfig {
    let webhook = Some(record_system);
    ReferralsConfig { retry_seconds: 1, retry_most_seconds: 5, webhook, ..ReferralsConfig::default() }
}

/// Where a partner is told.
pub fn told(outer: &str) -> Result<PartnerReferrals, String> {
    Ok(PartnerReferrals { notification: said(WebAddress::parse(&format!("{outer}{PATH}")))? })
}

/// The hospital's basic data sets, in STU3, for those whom patients are referred to, for the handoffs that are made of them, and
/// for nobody else.
pub fn source(provider: &Provider, folder: &Path) -> Result<Option<SourceConfig>, String> {
    if provider.key != region::HOSPITAL.key {
        return Ok(None);
    }
    let folder = folder.join("bgz");
    referral::write_folder(provider.key, &folder).map_err(io(&folder))?;
    let use_cases = vec![use_case(SENDER)?, use_case(MAKING)?];
    Ok(Some(SourceConfig::Files(FilesSourceConfig { use_cases, ..FilesSourceConfig::new(folder, FhirVersion::Stu3) })))
}

/// What people may do at the pages: whoever treats refers, and takes who is referred.
pub fn of_people(role: &str) -> &'static [&'static str] {
    if role.starts_with("01.") || role == "30.000" { &[SENDER, INBOX] } else { &[] }
}

/// The provider's record system, which speaks for somebody who treats: a doctor, where one works there.
pub fn system(provider: &Provider, folder: &Path) -> Result<Option<(InnerCallerConfig, ReadyCaller)>, String> {
    let here = || region::staff().iter().filter(|person| person.provider == provider.key);
    let treats = here().find(|person| person.role.starts_with("01.")).or(here().find(|person| person.role == "30.000"));
    let Some(person) = treats else { return Ok(None) };
    let client_id = "referral-system";
    let token_file = folder.join("tokens").join(client_id);
    let code = secrets::access_code(&token_file)?;
    let use_cases = [SENDER, INBOX].into_iter().map(use_case).collect::<Result<Vec<_>, _>>()?;
    let (id, name, role) = (person.id.to_owned(), person.name.to_owned(), person.role.to_owned());
    let config = InnerCallerConfig {
        client_id: client_id.into(),
        use_cases: use_cases.clone(),
        person: Some(PersonConfig { id: id.clone(), name: Some(name.clone()), role: role.clone() }),
        responsible: None,
        launches: false,
        patient_file: None,
        token_file: Some(token_file),
        token_sha256_file: None,
        certificate_thumbprint: None,
        introspects: false,
        decisions: None,
    };
    let ready = ReadyCaller {
        name: format!("Referrals of {}", provider.name),
        listener: "inner",
        node: Some(provider.key.into()),
        ura: provider.ura.into(),
        certificate_file: None,
        key_file: None,
        client_id: Some(client_id.into()),
        bearer_token: Some(code),
        person: Some(ReadyPerson { id, role, name }),
        use_cases,
        treats: Vec::new(),
    };
    Ok(Some((config, ready)))
}
