//! What the configuration makes of it: keys and secrets from their files, the index from the node's state.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use connectors::prs::{Evaluator, Recipient};
use exchange::ports::{AccessLog, Clock, Throttle};
use store::regional_index::RegionalIndex;
use store::state::State;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::access::{Access, INDEX_AUDIENCE, PSEUDONYM_AUDIENCE};
use super::config::{PseudonymsConfig, RegionalConfig, RegionalIndexConfig};
use super::{Index, Regional};
use crate::config::NodeConfig;
use crate::tls;

/// The tree of the state that the index stands in.
const TREE: &str = "regional-index";

/// What of the node it works with.
pub struct Around<'a> {
    pub state: &'a Arc<State>,
    pub log: &'a Arc<dyn AccessLog>,
    pub throttle: Arc<dyn Throttle>,
    pub clock: &'a Arc<dyn Clock>,
}

/// What this node keeps for its region, where it keeps anything.
///
/// # Errors
/// A sentence for the operator.
pub fn open(config: &NodeConfig, around: &Around<'_>) -> Result<Option<Arc<Regional>>, String> {
    let Some(settings) = &config.regional else { return Ok(None) };
    let production = !config.is_for_development();
    let index = settings.index.as_ref().map(|index| {
        let kept = RegionalIndex::open(around.state.clone(), TREE, index.most_per_member);
        let kept = Arc::new(kept.map_err(|fault| format!("regional.index: {fault}"))?);
        Ok::<_, String>(Index { recipient: recipient(index, production)?, kept })
    });
    let (index, evaluator) = (index.transpose()?, evaluator(settings, production)?);
    let served = [(index.is_some(), INDEX_AUDIENCE), (evaluator.is_some(), PSEUDONYM_AUDIENCE)];
    let audiences = served.into_iter().filter_map(|(is, audience)| is.then_some(audience)).collect();
    let partners = config.partners.iter().map(|partner| (partner.ura.clone(), partner.name.clone()));
    let own = (config.provider.ura.clone(), config.provider.name.clone());
    Ok(Some(Arc::new(Regional {
        access: Access::new(settings.members.clone(), audiences),
        index,
        evaluator,
        places: Semaphore::new(settings.at_once),
        throttle: around.throttle.clone(),
        log: around.log.clone(),
        clock: around.clock.clone(),
        node: config.provider.ura.to_string(),
        names: partners.chain([own]).collect::<HashMap<_, _>>(),
    })))
}

/// Whether its keys could be used; changes nothing.
///
/// # Errors
/// A sentence for the operator.
pub fn try_out(config: &NodeConfig) -> Result<(), String> {
    let Some(settings) = &config.regional else { return Ok(()) };
    let production = !config.is_for_development();
    settings.index.as_ref().map(|index| recipient(index, production)).transpose()?;
    evaluator(settings, production).map(|_| ())
}

fn recipient(index: &RegionalIndexConfig, production: bool) -> Result<Recipient, String> {
    let key = read(&index.message_key_file, production)?;
    let secret = secret(&index.secret_file, production)?;
    Recipient::new(&index.recipient, &index.scope, &key, &secret)
        .map_err(|fault| format!("{}: {fault}", index.message_key_file.display()))
}

fn evaluator(settings: &RegionalConfig, production: bool) -> Result<Option<Evaluator>, String> {
    let Some(PseudonymsConfig { secret_file, recipients }) = &settings.pseudonyms else { return Ok(None) };
    let secret = secret(secret_file, production)?;
    let mut evaluator = Evaluator::new(&secret).map_err(|fault| format!("{}: {fault}", secret_file.display()))?;
    for one in recipients {
        // A public key is for everybody to read.
        let key = read(&one.public_key_file, false)?;
        evaluator = evaluator
            .with_recipient(&one.name, &one.scope, &key)
            .map_err(|fault| format!("{}: {fault}", one.public_key_file.display()))?;
    }
    Ok(Some(evaluator))
}

/// 64 hexadecimal digits, with or without an end of line behind them.
fn secret(file: &Path, production: bool) -> Result<Zeroizing<[u8; 32]>, String> {
    let text = read(file, production)?;
    let fault = || format!("{}: holds no 64 hexadecimal digits", file.display());
    let digits = std::str::from_utf8(&text).map_err(|_| fault())?.trim_end();
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(fault());
    }
    let mut secret = Zeroizing::new([0; 32]);
    for (place, at) in secret.iter_mut().zip((0..64).step_by(2)) {
        *place = u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| fault())?;
    }
    Ok(secret)
}

/// `private`: nobody else may be able to read it.
fn read(file: &Path, private: bool) -> Result<Zeroizing<Vec<u8>>, String> {
    if private {
        tls::key_is_private(file)?;
    }
    std::fs::read(file).map(Zeroizing::new).map_err(|fault| format!("{}: {fault}", file.display()))
}
