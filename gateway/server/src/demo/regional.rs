//! What one provider of the demo keeps for the region besides the played national services: an index and a pseudonym service
//! for the nodes of the others.

use std::path::Path;

use conformance::identity_provider;
use conformance::region::{self, Provider};

use super::{secrets, ura};
use crate::regional::config::{PseudonymsConfig, RecipientConfig, RegionalConfig, RegionalIndexConfig};

/// Who keeps them.
const KEEPER: &str = "pharmacy";
const SCOPE: &str = "regionale-verwijsindex";

/// What this provider keeps.
pub fn config_for(provider: &Provider, folder: &Path) -> Result<Option<RegionalConfig>, String> {
    if provider.key != KEEPER {
        return Ok(None);
    }
    let file = |name: &str| folder.join("secrets").join(name);
    let (private, public) = identity_provider::decryption_key().map_err(|fault| fault.to_string())?;
    let (message_key_file, public_key_file) = (file("regional-index.key"), file("regional-index.pub"));
    secrets::write_private(&message_key_file, private.as_bytes())?;
    secrets::write_private(&public_key_file, public.pem().as_bytes())?;
    let (kept, evaluated) = (file("regional-index.secret"), file("regional-pseudonyms.secret"));
    for secret in [&kept, &evaluated] {
        secrets::access_code(secret)?;
    }
    let recipient = format!("ura:{}", provider.ura);
    Ok(Some(RegionalConfig {
        members: region::providers().into_iter().map(|member| ura(member.ura)).collect::<Result<_, _>>()?,
        at_once: 16,
        index: Some(RegionalIndexConfig {
            recipient: recipient.clone(),
            scope: SCOPE.to_owned(),
            message_key_file,
            secret_file: kept,
            most_per_member: 1_000,
        }),
        pseudonyms: Some(PseudonymsConfig {
            secret_file: evaluated,
            recipients: vec![RecipientConfig { name: recipient, scope: SCOPE.to_owned(), public_key_file }],
        }),
    }))
}
