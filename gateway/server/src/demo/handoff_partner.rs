//! In the demo, a provider without a node of this kind that sends and receives handoffs, and is driven by whoever tries what
//! becomes of them when the other side does not do as it should.

use std::collections::BTreeMap;
use std::path::Path;

use conformance::ca::{CertificateAuthority, Files, Subject};
use conformance::handoff_partner::{
    FHIR, HandoffPartner, HandoffPartnerHandle, NOTIFICATION, PARTNER, PartnerOptions, TOKEN,
};
use connectors::http::WebAddress;
use connectors::peers::NotificationShape;
use fhir::FhirVersion;

use super::handoffs::OF_PARTNERS;
use super::ready::{ReadyCaller, ReadySimulator};
use super::{io, loopback, port, said, ura, use_case};
use crate::config::{PartnerEntry, PartnerNode};
use crate::handoffs::config::PartnerHandoffs;

/// Its ports, above the first.
const PORT: u16 = 141;
const CONTROL_PORT: u16 = 142;

/// The partner, running.
pub struct Overkant {
    handle: HandoffPartnerHandle,
    files: Files,
}

impl Overkant {
    /// Certificates go to this folder, where the authority's own is `ca.pem`.
    pub fn start(base_port: u16, authority: &CertificateAuthority, folder: &Path) -> Result<Self, String> {
        let (number, name, _) = PARTNER;
        let issued = said(authority.issue_server(number, &Subject { name, dns_names: &[] }))?;
        let files = issued.write(folder, number).map_err(io(folder))?;
        let options = PartnerOptions {
            address: loopback(port(base_port, PORT)?),
            control: loopback(port(base_port, CONTROL_PORT)?),
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            authorities: folder.join("ca.pem"),
        };
        let handle = HandoffPartner::start(&options)
            .map_err(|fault| format!("the partner of handoffs cannot be started: {fault}"))?;
        Ok(Overkant { handle, files })
    }

    /// The partner as this provider knows it. The general practice tells it by Notification Tasks, all others by an empty
    /// POST, so that both are seen.
    pub fn known_to(&self, provider: &str) -> Result<PartnerEntry, String> {
        let (number, name, kind) = PARTNER;
        let at = |below: &str| said(WebAddress::parse(&format!("{}{below}", self.handle.base_url)));
        let shape = match provider {
            "general-practice" => NotificationShape::NotificationTask,
            _ => NotificationShape::EmptyPost,
        };
        Ok(PartnerEntry {
            ura: ura(number)?,
            name: name.into(),
            kind: Some(kind.into()),
            use_cases: OF_PARTNERS.into_iter().map(use_case).collect::<Result<_, _>>()?,
            node: Some(PartnerNode {
                bases: BTreeMap::from([(FhirVersion::Stu3, at(FHIR)?)]),
                token_endpoint: Some(at(TOKEN)?),
                dpop: false,
                nuts_authorization_server: None,
                ask_in: BTreeMap::new(),
            }),
            software: None,
            nuts_v5: None,
            log: None,
            referrals: None,
            handoffs: Some(PartnerHandoffs { notification: at(NOTIFICATION)?, shape }),
        })
    }

    /// The same as a caller, for programs that want to call as it.
    pub fn caller(&self) -> Result<ReadyCaller, String> {
        let (number, name, _) = PARTNER;
        Ok(ReadyCaller {
            name: name.into(),
            listener: "outer",
            node: None,
            ura: number.into(),
            certificate_file: Some(self.files.certificate.clone()),
            key_file: Some(self.files.key.clone()),
            client_id: Some(number.into()),
            bearer_token: None,
            person: None,
            use_cases: OF_PARTNERS.into_iter().map(use_case).collect::<Result<_, _>>()?,
            treats: Vec::new(),
        })
    }

    pub fn ready(&self) -> ReadySimulator {
        ReadySimulator {
            key: "handoff-partner".into(),
            kind: "handoff-partner".into(),
            base: self.handle.base_url.clone(),
            control: self.handle.control_url.clone(),
        }
    }
}
