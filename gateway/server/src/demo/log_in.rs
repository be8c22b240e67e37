//! How people log in at one of the demo's nodes: with a played Dezi, sent by a played EPD, and for whom they may act.

use std::path::Path;

use conformance::ca::{CertificateAuthority, Issued, Subject};
use conformance::epd::{Epd, EpdClient, EpdHandle};
use conformance::identity_provider::{Client, Employee, IdentityProvider, ProviderHandle, decryption_key};
use conformance::region;
use connectors::identity::cards::CardRole;
use connectors::identity::{
    CardsConfig, DeziConfig, EpdConfig, InnerCallerConfig, MandateConfig, PersonConfig, RightsConfig,
};
use serde_json::json;

use super::ready::{ReadyCaller, ReadySimulator};
use super::{io, loopback, port, said, secrets, use_case};

const USE_CASE: &str = "health-overview";
/// The port of the identity provider, above the first.
const PORT: u16 = 109;
/// And that where people show their cards.
const CARD_PORT: u16 = 110;
/// And that of the EPD that opens the pages by the browser, and our name of it.
const EPD_PORT: u16 = 111;
const EPD: &str = "maasdal-epd";
/// Who may act for whom: a physician who has just begun and treats nobody yet, for a colleague.
const MANDATE: (&str, &str) = ("brouwer", "okafor");

/// What a node's configuration says of log-in.
#[derive(Default)]
pub struct LogIn {
    pub dezi: Option<DeziConfig>,
    pub cards: Option<CardsConfig>,
    pub epds: Vec<EpdConfig>,
    pub systems: Vec<InnerCallerConfig>,
    pub people: Vec<RightsConfig>,
    pub mandates: Vec<MandateConfig>,
}

/// The played identity provider, and the one node that is registered there.
pub struct Provider {
    handle: ProviderHandle,
    client: Client,
    decryption_key: String,
    node: &'static str,
    cards: CardDesk,
    epd: EpdHandle,
}

/// Where people show their cards: its port and its own certificate.
struct CardDesk {
    port: u16,
    issued: Issued,
}

/// The ids by which a person of the region is known: the provider's own, and the Dezi number.
pub fn ids_of(person: &'static str) -> Vec<&'static str> {
    let number = region::staff().iter().find(|known| known.id == person).map(|known| known.uzi_number);
    std::iter::once(person).chain(number).collect()
}

/// The patients whom a person treats, by BSN.
pub fn treated_by(provider: &region::Provider, person: &str) -> Vec<String> {
    let relations = region::relations();
    let own = relations.iter().filter(|relation| relation.ura == provider.ura && relation.practitioner == Some(person));
    own.map(|relation| relation.bsn.to_owned()).collect()
}

impl Provider {
    /// Starts it for everybody in the region, with this provider's node as its only client.
    pub fn start(
        base_port: u16,
        authority: &CertificateAuthority,
        provider: &'static region::Provider,
        inner: &str,
    ) -> Result<Self, String> {
        let issued = said(authority.issue_without_ura(&Subject { name: "Dezi, nagebootst", dns_names: &[] }))?;
        let (decryption_key, key) = said(decryption_key())?;
        let client = Client {
            id: format!("zorgsluis-{}", provider.key),
            redirect_uri: format!("{inner}/portal/sign-in/dezi/back"),
            key,
        };
        let address = loopback(port(base_port, PORT)?);
        let clients = vec![client.clone()];
        let handle = IdentityProvider::start(address, &issued.certificate_pem, &issued.key_pem, employees(), clients)
            .map_err(|fault| format!("the identity provider cannot be started: {fault}"))?;
        let issued = said(authority.issue_without_ura(&Subject { name: provider.name, dns_names: &[] }))?;
        let cards = CardDesk { port: port(base_port, CARD_PORT)?, issued };
        let issued = said(authority.issue_without_ura(&Subject { name: "EPD, nagebootst", dns_names: &[] }))?;
        let opened = EpdClient {
            id: client.id.clone(),
            launch_url: format!("{inner}/launch"),
            redirect_uri: format!("{inner}/portal/sign-in/epd/{EPD}/back"),
        };
        let (address, resources) = (loopback(port(base_port, EPD_PORT)?), region::resources(provider.key));
        let epd = Epd::start(address, &issued.certificate_pem, &issued.key_pem, resources, opened)
            .map_err(|fault| format!("the EPD cannot be started: {fault}"))?;
        Ok(Provider { handle, client, decryption_key, node: provider.key, cards, epd })
    }

    pub fn simulators(&self) -> [ReadySimulator; 2] {
        [
            ReadySimulator {
                key: "dezi".into(),
                kind: "identity-provider".into(),
                base: self.handle.issuer.clone(),
                control: self.handle.control_url.clone(),
            },
            ReadySimulator {
                key: EPD.into(),
                kind: "smart-epd".into(),
                base: self.epd.iss.clone(),
                control: self.epd.control_url.clone(),
            },
        ]
    }

    /// What the node of this provider is configured with, and the EPD that launches its pages.
    pub fn of(
        &self,
        provider: &region::Provider,
        folder: &Path,
        certificates: &Path,
    ) -> Result<(LogIn, Option<ReadyCaller>), String> {
        if provider.key != self.node {
            return Ok((LogIn::default(), None));
        }
        let key_file = folder.join("dezi.key");
        secrets::write_private(&key_file, self.decryption_key.as_bytes())?;
        let dezi = json!({
            "issuer": self.handle.issuer, "client_id": self.client.id, "decryption_key_file": key_file,
            "authorities_file": certificates.join("ca.pem"), "patience_ms": 1500, "recheck_seconds": 1,
            "revocation_list": true, "keys_after_seconds": 1,
        });
        let mut roles: Vec<String> =
            region::staff().iter().filter(|one| one.provider == provider.key).map(|one| one.role.to_owned()).collect();
        roles.dedup();
        let rights = RightsConfig {
            roles,
            numbers: Vec::new(),
            administers: false,
            use_cases: vec![use_case(USE_CASE)?, use_case(flows::medication::USE_CASE)?],
        };
        let of = |id: &str| {
            let found = region::staff().iter().find(|one| one.id == id);
            found.ok_or_else(|| format!("the region has no {id}"))
        };
        let (acts, responsible) = (of(MANDATE.0)?, of(MANDATE.1)?);
        let mandate = MandateConfig {
            roles: Vec::new(),
            numbers: vec![acts.uzi_number.into()],
            use_cases: vec![use_case(USE_CASE)?, use_case(flows::medication::USE_CASE)?],
            responsible: PersonConfig {
                id: responsible.uzi_number.into(),
                name: Some(responsible.name.into()),
                role: responsible.role.into(),
            },
        };
        let (system, ready) = epd(provider, folder)?;
        let log_in = LogIn {
            dezi: Some(said(serde_json::from_value(dezi))?),
            systems: vec![system],
            people: vec![rights],
            mandates: vec![mandate],
            cards: Some(self.cards.config(provider, certificates)?),
            epds: vec![said(serde_json::from_value(json!({
                "key": EPD, "iss": self.epd.iss, "client_id": self.client.id, "use_cases": [USE_CASE],
                "authorities_file": certificates.join("ca.pem"), "patience_ms": 1500, "remember_seconds": 1,
            })))?],
        };
        Ok((log_in, Some(ready)))
    }
}

impl CardDesk {
    /// Every role of the provider's people stands on their cards as it is known here.
    fn config(&self, provider: &region::Provider, certificates: &Path) -> Result<CardsConfig, String> {
        let files = self.issued.write(certificates, "card-desk").map_err(io(certificates))?;
        let mut roles: Vec<&str> =
            region::staff().iter().filter(|one| one.provider == provider.key).map(|one| one.role).collect();
        roles.sort_unstable();
        roles.dedup();
        Ok(CardsConfig {
            address: loopback(self.port),
            public_base: format!("https://localhost:{}", self.port),
            certificate_file: files.certificate,
            key_file: files.key,
            authorities_file: certificates.join("ca.pem"),
            recheck_seconds: 1,
            roles: roles
                .into_iter()
                .map(|role| CardRole { codes: vec![role.to_owned()], role: role.to_owned() })
                .collect(),
        })
    }
}

/// Everybody who works in the region, and where.
fn employees() -> Vec<Employee> {
    let mut all = Vec::new();
    for provider in region::providers() {
        for person in region::staff().iter().filter(|person| person.provider == provider.key) {
            let (initials, surname) = person.name.split_once(' ').unwrap_or(("", person.name));
            all.push(Employee {
                number: person.uzi_number.into(),
                initials: initials.into(),
                surname: surname.into(),
                role: person.role.into(),
                role_name: person.role_name.into(),
                ura: provider.ura.into(),
                provider: provider.name.into(),
            });
        }
    }
    all
}

/// The EPD: a system that may open the pages for its users.
fn epd(provider: &region::Provider, folder: &Path) -> Result<(InnerCallerConfig, ReadyCaller), String> {
    let token_file = folder.join("tokens").join("epd");
    let code = secrets::access_code(&token_file)?;
    let config = InnerCallerConfig {
        client_id: "epd".into(),
        use_cases: vec![use_case(USE_CASE)?, use_case(flows::medication::USE_CASE)?],
        person: None,
        responsible: None,
        introspects: false,
        decisions: None,
        launches: true,
        patient_file: None,
        token_file: Some(token_file),
        token_sha256_file: None,
        certificate_thumbprint: None,
    };
    let ready = ReadyCaller {
        name: format!("EPD of {}", provider.name),
        listener: "inner",
        node: Some(provider.key.into()),
        ura: provider.ura.into(),
        certificate_file: None,
        key_file: None,
        client_id: Some("epd".into()),
        bearer_token: Some(code),
        person: None,
        use_cases: vec![use_case(USE_CASE)?, use_case(flows::medication::USE_CASE)?],
        treats: Vec::new(),
    };
    Ok((config, ready))
}
