//! Nursing handoffs in the demo region: the hospital's EPD sends, the nursing home's ECD receives.

use std::collections::BTreeMap;
use std::path::Path;

use conformance::region::{self, Provider};
use connectors::http::WebAddress;
use connectors::identity::{InnerCallerConfig, PersonConfig};
use connectors::peers::NotificationShape;
use connectors::webhooks::WebhookConfig;
use fhir::FhirVersion;
use policy::UseCaseId;

use super::ready::{ReadyCaller, ReadyPerson};
use super::{said, secrets, use_case};
use crate::handoffs::config::{Content, HandoffsConfig, PartnerHandoffs};
use crate::handoffs::{FILING, INBOX, MAKING, NOTICE, RECEIVER, SENDER};
use crate::http::handoffs::notification::PATH;

/// UZI: nurse (verpleegkundige).
const NURSE: &str = "30.000";

/// What every node of the region needs for handoffs.
pub const USE_CASES: [&str; 6] = [SENDER, RECEIVER, NOTICE, INBOX, MAKING, FILING];

/// What a partner may ask us for: to pull what we send it, and to tell us of what it sends.
pub(super) const OF_PARTNERS: [&str; 2] = [SENDER, RECEIVER];

/// What a partner may ask us for, with these.
pub fn of_partners(others: [&str; 4]) -> Result<Vec<UseCaseId>, String> {
    others.into_iter().chain(OF_PARTNERS).chain(super::referrals::OF_PARTNERS).map(use_case).collect()
}

/// What the provider's people may do with handoffs: nurses send and receive them.
pub fn of_people(role: &str) -> &'static [&'static str] {
    if role == NURSE { &[SENDER, INBOX] } else { &[] }
}

/// The FHIR bases of a node: handoffs are in STU3, everything else in R4.
pub fn bases(outer: &str) -> Result<BTreeMap<FhirVersion, WebAddress>, String> {
    let base = |version| Ok((version, said(WebAddress::parse(&format!("{outer}/fhir/{version}")))?));
    FhirVersion::ALL.into_iter().map(base).collect()
}

/// The measures: what fails is tried again sooner than anybody need, a demo is not watched for long. The general practice
/// gives up soon, and refuses handoffs that fall short of the standard, so that this is seen as well.
pub fn config(provider: &Provider, record_system: WebhookConfig) -> HandoffsConfig {
    let webhook = Some(record_system);
    let all = HandoffsConfig { retry_seconds: 1, retry_most_seconds: 5, webhook, ..HandoffsConfig::default() };
    match provider.key {
        "general-practice" => HandoffsConfig { attempts: 3, notification_seconds: 2, content: Content::Refuse, ..all },
        _ => all,
    }
}

/// How a partner is told. The hospital tells by an empty POST; it is told by Notification Tasks, so that both are seen.
pub fn told(partner: &Provider, outer: &str) -> Result<PartnerHandoffs, String> {
    let shape =
        if partner.key == "hospital" { NotificationShape::NotificationTask } else { NotificationShape::EmptyPost };
    Ok(PartnerHandoffs { notification: said(WebAddress::parse(&format!("{outer}{PATH}")))?, shape })
}

/// The provider's record system, which speaks for a nurse of the provider's.
pub fn system(provider: &Provider, folder: &Path) -> Result<Option<(InnerCallerConfig, ReadyCaller)>, String> {
    let nurse = region::staff().iter().find(|person| person.provider == provider.key && person.role == NURSE);
    let Some(nurse) = nurse else { return Ok(None) };
    let client_id = "handoff-system";
    let token_file = folder.join("tokens").join(client_id);
    let code = secrets::access_code(&token_file)?;
    let use_cases = [SENDER, INBOX, MAKING].into_iter().map(use_case).collect::<Result<Vec<_>, _>>()?;
    let (id, name, role) = (nurse.id.to_owned(), nurse.name.to_owned(), nurse.role.to_owned());
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
        name: format!("Record system of {}", provider.name),
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
