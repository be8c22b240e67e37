//! Looks at the files of certificates and authorities, and has them read anew when they changed.
//!
//! Their bytes are compared, not their times: a secret that is mounted changes by the turn of a link, and a restore keeps
//! times. The files are few and small.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::Certificates;
use crate::config::NodeConfig;

/// How often the files are looked at.
const BETWEEN: Duration = Duration::from_secs(2);

/// Looks for as long as it lives.
pub struct Reloading(JoinHandle<()>);

impl Drop for Reloading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Reloading {
    /// To be called within a run time.
    pub fn start(certificates: Arc<Certificates>, config: NodeConfig) -> Self {
        let config = Arc::new(config);
        Reloading(tokio::spawn(async move {
            let mut trouble = None;
            loop {
                tokio::time::sleep(BETWEEN).await;
                let (certificates, config) = (certificates.clone(), config.clone());
                let round = tokio::task::spawn_blocking(move || certificates.look(&config)).await;
                // A reading that failed in itself is one that could not be used.
                let found = round.unwrap_or_else(|_| Err("the files could not be read".to_owned()));
                tell(&found, &mut trouble);
            }
        }))
    }
}

impl Certificates {
    /// One look: whether anything changed, in the measures too.
    pub(super) fn look(&self, config: &NodeConfig) -> Result<bool, String> {
        let found = self.reload(config);
        self.measures.looked(&found);
        found
    }
}

/// A line when something changed or went wrong, not one for every look.
fn tell(found: &Result<bool, String>, trouble: &mut Option<String>) {
    match found {
        Ok(true) => tracing::info!("certificates and authorities were read anew"),
        Ok(false) => {}
        Err(fault) if trouble.as_ref() != Some(fault) => {
            tracing::error!(certificates.fault = fault, "changed certificates cannot be used; those of before stay");
        }
        Err(_) => {}
    }
    *trouble = found.as_ref().err().cloned();
}
