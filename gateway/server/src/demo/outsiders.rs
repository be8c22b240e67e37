//! Organisations without a node, as callers for programs that want to call one.

use std::path::Path;

use conformance::ca::{CertificateAuthority, Subject};

use super::ready::ReadyCaller;
use super::{io, said, use_case};

const USE_CASE: &str = "health-overview";

/// An organisation without a node, for programs that want to call one: a clinic that every node knows.
pub const CLINIC: (&str, &str, &str) = ("90010090", "Kliniek De Proef", "Z4");

/// An organisation with a good certificate that no node knows.
const STRANGER: (&str, &str) = ("90010099", "Onbekende Zorg");

/// Callers without a node: the clinic, and a stranger.
pub fn organisations(authority: &CertificateAuthority, folder: &Path) -> Result<Vec<ReadyCaller>, String> {
    let mut callers = Vec::new();
    for (number, name, known) in [(CLINIC.0, CLINIC.1, true), (STRANGER.0, STRANGER.1, false)] {
        let issued = said(authority.issue_server(number, &Subject { name, dns_names: &[] }))?;
        let files = issued.write(folder, number).map_err(io(folder))?;
        callers.push(ReadyCaller {
            name: name.into(),
            listener: "outer",
            node: None,
            ura: number.into(),
            certificate_file: Some(files.certificate),
            key_file: Some(files.key),
            client_id: Some(number.into()),
            bearer_token: None,
            person: None,
            use_cases: if known { vec![use_case(USE_CASE)?, use_case(super::region::EMERGENCY)?] } else { Vec::new() },
            treats: Vec::new(),
        });
    }
    Ok(callers)
}
