//! Keeps what the index holds of us up to what own sources hold: looks at them for data that appeared or went, works off what
//! is to be told, and at intervals holds the index against the ledger.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connectors::nvi::{Nvi, RegistrationsConfig};
use connectors::sources::{Holdings, Inventory};
use store::registrations::Registrations;
use time::OffsetDateTime;
use tokio::task::JoinHandle;
use tracing::warn;

use super::NviMeasures;
use super::objecting::{Findability, Hidden};
use super::round::{Round, reconcile, settle, work};

/// The tree of the state that the ledger stands in.
pub const TREE: &str = "nvi-registrations";
/// Clocks of sources may differ from ours by so much.
const SKEW: Duration = Duration::from_secs(120);

/// What registering is started with.
pub struct Setup {
    pub settings: RegistrationsConfig,
    pub index: Nvi,
    pub own: Vec<Arc<dyn Inventory>>,
    pub findability: Findability,
    pub ledger: Registrations,
    pub measures: Arc<NviMeasures>,
}

/// Keeps registrations up until it is dropped.
pub struct Registering {
    task: JoinHandle<()>,
}

impl Registering {
    /// Must be called within the tokio run time.
    pub fn start(mut setup: Setup) -> Self {
        let task = tokio::spawn(async move { keep(&mut setup).await });
        Registering { task }
    }
}

impl Drop for Registering {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(setup: &mut Setup) {
    let every = Duration::from_secs(setup.settings.every_seconds);
    let between = Duration::from_secs(setup.settings.reconcile_seconds);
    let mut reconciling = Instant::now();
    // When everything that changed before was seen.
    let mut seen: Option<OffsetDateTime> = None;
    let mut hidden = Hidden::default();
    loop {
        let due = Instant::now() >= reconciling;
        let begun = OffsetDateTime::now_utc();
        // Once in a while everything is looked at: only then is it known what is gone.
        let since = seen.filter(|_| !due).map(|seen| seen - SKEW);
        let held = look(setup, since).await;
        let now_hidden = setup.findability.hidden(held.as_ref()).await;
        let told = told(setup, held.as_ref(), now_hidden.as_ref()).await;
        if let Some(now) = now_hidden {
            if held.is_some() {
                seen = Some(begun);
            }
            if since.is_some() && now.lets_go(&hidden) {
                // What there is of them is not what changed now.
                seen = None;
            }
            hidden = now;
        }
        match told {
            Ok(round) => {
                setup.measures.registrations(round.registered, round.waiting);
                if due {
                    // What the index holds may be of somebody whom it was not told of yet, after the ledger was lost.
                    let done = match held {
                        Some(_) if round.untold == 0 => reconcile(&setup.index, &setup.ledger).await,
                        Some(_) | None => Ok(false),
                    };
                    // Looking at everything is no small thing: it is not done again at once because the index is ill.
                    let wait = if matches!(done, Ok(true)) { between } else { between.min(every.saturating_mul(10)) };
                    reconciling = Instant::now() + wait;
                    if let Err(fault) = done {
                        warn!(nvi.fault = %fault, "the ledger of registrations cannot be kept");
                    }
                }
            }
            Err(fault) => warn!(nvi.fault = %fault, "the ledger of registrations cannot be kept"),
        }
        tokio::time::sleep(every).await;
    }
}

/// What all own sources hold together. None when one of them could not say.
async fn look(setup: &Setup, since: Option<OffsetDateTime>) -> Option<Holdings> {
    let mut all = Holdings { whole: since.is_none(), ..Holdings::default() };
    for source in &setup.own {
        match source.holdings(setup.index.categories(), since).await {
            Ok(found) => {
                all.whole &= found.whole;
                all.consents.extend(found.consents);
                for (patient, categories) in found.patients {
                    all.patients.entry(patient).or_default().extend(categories);
                }
            }
            Err(_) => {
                warn!(
                    nvi.alarm = "source",
                    "what an own source holds could not be found out: registrations stay as they are"
                );
                return None;
            }
        }
    }
    Some(all)
}

/// Brings the ledger up to what is held, and tells the index.
async fn told(
    setup: &Setup,
    held: Option<&Holdings>,
    hidden: Option<&Hidden>,
) -> Result<Round, store::state::StateFault> {
    // Who objects is not known: then nobody new is registered, and nobody is taken away for want of data.
    if let (Some(held), Some(hidden)) = (held, hidden) {
        settle(&setup.ledger, held, hidden, setup.index.has_categories()).await?;
    }
    work(&setup.index, &setup.ledger, OffsetDateTime::now_utc().unix_timestamp(), hidden).await
}
