//! What the configuration makes of Mitz: the register itself, who takes its notifications, who subscribes to it.

use std::sync::Arc;

use connectors::mitz::Mitz;
use connectors::registers::{Enrolments, RegisterHealth};
use exchange::ports::{AccessLog, Clock};
use store::state::State;

use super::{Notices, Subscribed, Subscribing, open};
use crate::config::{Mode, NodeConfig};
use crate::http;

/// The national consent register, where one is configured.
pub fn of(config: &NodeConfig) -> Result<Option<Mitz>, String> {
    let production = config.mode == Mode::Production;
    config.registers.mitz.as_ref().map(|settings| open(settings, production)).transpose()
}

/// What takes the notifications of Mitz, where the configuration names who sends them.
pub fn notices(
    config: &NodeConfig,
    mitz: Option<&Mitz>,
    log: &Arc<dyn AccessLog>,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Notices>, String> {
    let (Some(settings), Some(mitz)) = (&config.registers.mitz, mitz) else { return Ok(None) };
    let admitted = settings.notifiers()?;
    let holder = config.provider.ura.clone();
    let notices = Notices { mitz: mitz.clone(), admitted, log: log.clone(), clock: clock.clone(), holder };
    Ok(Some(notices).filter(|notices| !notices.admitted.is_empty()))
}

/// What keeps the subscriptions at Mitz up, where the configuration has a list of patients.
pub fn subscribing(
    config: &NodeConfig,
    mitz: Option<&Mitz>,
    health: &mut Vec<Arc<dyn RegisterHealth>>,
    state: impl FnOnce() -> Result<Arc<State>, String>,
) -> Result<Option<Subscribing>, String> {
    let settings = config.registers.mitz.as_ref().and_then(|settings| settings.subscriptions.as_ref());
    let (Some(settings), Some(mitz)) = (settings, mitz) else { return Ok(None) };
    let list = Arc::new(Enrolments::open(&settings.patients_file));
    health.push(list.clone());
    let holder = (config.provider.ura.clone(), config.provider.kind.clone().unwrap_or_default());
    let endpoint = format!("{}{}", config.outer.public_base, http::mitz::PATH);
    let subscribed = Subscribed::open(state()?).map_err(|fault| fault.to_string())?;
    Ok(Some(Subscribing::start(list, mitz.subscriber(settings, holder, endpoint), subscribed)))
}
