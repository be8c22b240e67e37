//! Who looks into a demo node's access log: the provider's privacy officer, and one patient. And who administers the node, and
//! the provider's own resource server, which asks what tokens stand for.

use std::path::{Path, PathBuf};

use conformance::region::{self, Provider};
use connectors::identity::{Decisions, InnerCallerConfig, PersonConfig, RightsConfig};

use super::ready::{ReadyCaller, ReadyPerson};
use super::{secrets, use_case};

/// Supervision of the access log, and a patient's own.
pub const USE_CASES: [&str; 2] = ["access-log", "own-access-log"];

/// By which a node knows who administers it.
const ADMINISTRATOR: &str = "administrator";

/// UZI: no role (handbook of the UZI register, "00.000").
const NO_ROLE: &str = "00.000";

/// The callers of this provider's node, in its configuration and for whoever drives the demo.
pub fn of(provider: &Provider, folder: &Path) -> Result<Vec<(InnerCallerConfig, ReadyCaller)>, String> {
    let mut all =
        vec![officer(provider, folder)?, administrator(provider, folder)?, resource_server(provider, folder)?];
    if let Some(patient) = region::patients().into_iter().max_by_key(|patient| patient.known_at.len())
        && patient.known_at.contains(&provider.key)
    {
        let file = folder.join("registers/patient");
        secrets::write_private(&file, patient.bsn.as_bytes())?;
        all.push(patient_at(provider, folder, &patient.name, file)?);
    }
    Ok(all)
}

fn officer(provider: &Provider, folder: &Path) -> Result<(InnerCallerConfig, ReadyCaller), String> {
    let name = format!("Privacy officer of {}", provider.name);
    let mut pair = caller(provider, folder, "privacy-officer", USE_CASES[0])?;
    let (id, role) = ("privacy-officer".to_owned(), NO_ROLE.to_owned());
    pair.0.person = Some(PersonConfig { id: id.clone(), name: Some("F. Toezicht".into()), role: role.clone() });
    pair.1.person = Some(ReadyPerson { id, role, name: "F. Toezicht".into() });
    pair.1.name = name;
    Ok(pair)
}

/// Who administers the node, by `[[people]]`.
fn administrator(provider: &Provider, folder: &Path) -> Result<(InnerCallerConfig, ReadyCaller), String> {
    let mut pair = caller(provider, folder, ADMINISTRATOR, USE_CASES[0])?;
    let name = "B. Eheer";
    pair.0.use_cases.clear();
    pair.0.person = Some(PersonConfig { id: ADMINISTRATOR.into(), name: Some(name.into()), role: NO_ROLE.into() });
    pair.1.use_cases.clear();
    pair.1.person = Some(ReadyPerson { id: ADMINISTRATOR.into(), role: NO_ROLE.into(), name: name.into() });
    pair.1.name = format!("Administrator of {}", provider.name);
    Ok(pair)
}

/// What its people may do there: the one who administers it.
pub fn rights() -> RightsConfig {
    RightsConfig { roles: Vec::new(), numbers: vec![ADMINISTRATOR.into()], administers: true, use_cases: Vec::new() }
}

fn resource_server(provider: &Provider, folder: &Path) -> Result<(InnerCallerConfig, ReadyCaller), String> {
    let mut pair = caller(provider, folder, "resource-server", USE_CASES[0])?;
    pair.0.introspects = true;
    // It enforces as well, and carries out what a permit obliges to.
    pair.0.decisions = Some(Decisions::WithObligations);
    // It asks for no data.
    pair.0.use_cases.clear();
    pair.1.use_cases.clear();
    pair.1.name = format!("Resource server of {}", provider.name);
    Ok(pair)
}

fn patient_at(
    provider: &Provider,
    folder: &Path,
    name: &str,
    file: PathBuf,
) -> Result<(InnerCallerConfig, ReadyCaller), String> {
    let mut pair = caller(provider, folder, "patient", USE_CASES[1])?;
    pair.0.patient_file = Some(file);
    pair.1.name = format!("{name}, patient, at {}", provider.name);
    Ok(pair)
}

fn caller(
    provider: &Provider,
    folder: &Path,
    client_id: &str,
    opens: &str,
) -> Result<(InnerCallerConfig, ReadyCaller), String> {
    let token_file = folder.join("tokens").join(client_id);
    let code = secrets::access_code(&token_file)?;
    let config = InnerCallerConfig {
        client_id: client_id.into(),
        use_cases: vec![use_case(opens)?],
        person: None,
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
        name: String::new(),
        listener: "inner",
        node: Some(provider.key.into()),
        ura: provider.ura.into(),
        certificate_file: None,
        key_file: None,
        client_id: Some(client_id.into()),
        bearer_token: Some(code),
        person: None,
        use_cases: vec![use_case(opens)?],
        treats: Vec::new(),
    };
    Ok((config, ready))
}
