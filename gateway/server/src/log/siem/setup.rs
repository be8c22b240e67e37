//! The stream of a node, from its configuration.

use std::sync::Arc;

use connectors::http::WebAddress;
use connectors::siem::Receiver;
use store::access_log::AccessLog;

use super::{Names, Siem, Streaming};
use crate::config::{Mode, NodeConfig};
use crate::log::places::Places;
use crate::tls;

/// The monitoring system, when there is one. Changes nothing.
///
/// # Errors
/// When a file cannot be used: a sentence for the operator.
pub fn receiver(config: &NodeConfig) -> Result<Option<Receiver>, String> {
    let Some(receiver) = &config.log.siem else { return Ok(None) };
    if let Some(key) = receiver.key_file.as_ref().filter(|_| config.mode == Mode::Production) {
        tls::key_is_private(key)?;
    }
    Receiver::new(receiver).map(Some).map_err(|fault| format!("log.siem: {fault}"))
}

/// Starts telling it of this log, when there is one.
///
/// # Errors
/// As [`receiver`], and when the folder of the cursor cannot be used.
pub fn of_config(config: &NodeConfig, log: &Arc<AccessLog>) -> Result<Option<(Streaming, Arc<Siem>)>, String> {
    let Some(receiver) = receiver(config)? else { return Ok(None) };
    let base = WebAddress::parse(&config.outer.public_base).map_err(|fault| format!("outer.public_base: {fault}"))?;
    let hostname = base.url().host_str().unwrap_or_default().to_owned();
    let names = Names { node: config.provider.ura.to_string(), hostname };
    Streaming::start(log, &Places::of_store(&config.store.folder).siem, receiver, names).map(Some)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use connectors::siem::ReceiverConfig;

    use super::*;
    use crate::config::testing::reference;

    #[test]
    fn a_node_without_one_tells_nobody() {
        assert!(receiver(&reference()).unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_used_is_said_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| Some(folder.path().join(name));
        std::fs::write(folder.path().join("own.key"), "no key").unwrap();
        std::fs::set_permissions(folder.path().join("own.key"), PermissionsExt::from_mode(0o644)).unwrap();
        let mut config = reference();
        config.log.siem =
            Some(ReceiverConfig { authorities_file: file("ca.pem"), ..ReceiverConfig::new("siem.example") });
        let fault = receiver(&config).unwrap_err();
        assert!(fault.starts_with("log.siem: ") && fault.contains("ca.pem: no certificate"), "{fault}");
        let siem = config.log.siem.as_mut().unwrap();
        (siem.certificate_file, siem.key_file) = (file("own.pem"), file("own.key"));
        let fault = receiver(&config).unwrap_err();
        assert!(fault.contains("own.key: others than its owner can read"), "{fault}");
    }
}
