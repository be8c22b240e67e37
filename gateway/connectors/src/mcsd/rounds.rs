//! Reads all directories on, again and again: the national one first, because it says which others there are.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use exchange::ports::{BoxFuture, Clock};
use futures_util::StreamExt;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::authority::{Registry, digest};
use super::config::{DirectoryConfig, Topology};
use super::feed::Feed;
use super::keys::{self, SourceId};
use super::moments::Millis;
use super::progress::SourceState;
use super::shelf::{Shelf, ShelfFault};
use super::update::{Source, Updater, forget};
use super::{AddressUse, Networks};
use crate::http::HttpClient;

/// The shortest and the longest that a directory that failed is left alone; and never longer than so many intervals.
const SHORTEST_REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_secs(3_600);
const INTERVALS: u32 = 4;

/// The rounds over all directories.
pub struct Rounds {
    updater: Updater,
    config: Arc<DirectoryConfig>,
    networks: Networks,
    /// Whether it was looked, since the start, which directories the national one lists.
    listed: AtomicBool,
}

/// Reads on for as long as it lives.
pub struct Synchronising {
    task: JoinHandle<()>,
    now: Arc<Notify>,
}

impl Rounds {
    /// `http` must be one that connects to public addresses only, unless `networks` says otherwise.
    pub fn new(
        config: Arc<DirectoryConfig>,
        shelf: Arc<dyn Shelf>,
        http: HttpClient,
        clock: Arc<dyn Clock>,
        networks: Networks,
    ) -> Self {
        let registry = Arc::new(registry(&config, &shelf));
        let feed = Feed::new(http, &config);
        let round = Millis::try_from(config.round_ms).unwrap_or(Millis::MAX);
        Rounds {
            updater: Updater { shelf, registry, feed, clock, round },
            config,
            networks,
            listed: AtomicBool::new(false),
        }
    }

    /// One round over all directories; those that are left alone for now are passed over.
    ///
    /// # Errors
    /// When what is kept cannot be read or written. A directory that fails is no error: its state says so.
    pub async fn once(&self) -> Result<(), ShelfFault> {
        let mut national_changed = false;
        if let Some(base) = &self.config.national {
            let national = Source { id: SourceId::national(), base: base.clone(), registered: 0 };
            if let Some(state) = self.one(&national).await? {
                national_changed = state.report.changed();
            }
            // Only a national directory that was read whole says who is not listed any more.
            let whole =
                SourceState::load(self.updater.shelf.as_ref(), &national.id)?.is_some_and(|state| state.complete);
            if !whole && self.config.topology == Topology::Decentral {
                return Ok(());
            }
        } else {
            self.drop_source(&SourceId::national()).await?;
        }
        let sources = self.providers(national_changed).await?;
        let each: Vec<BoxFuture<'_, _>> = sources
            .iter()
            .map(|source| {
                let one: BoxFuture<'_, _> = Box::pin(self.one(source));
                one
            })
            .collect();
        let mut rounds = futures_util::stream::iter(each).buffer_unordered(self.config.at_once.max(1));
        while let Some(outcome) = rounds.next().await {
            outcome?;
        }
        Ok(())
    }

    /// From now on, until the result is dropped. To be called within a run time.
    pub fn start(self) -> Synchronising {
        let now = Arc::new(Notify::new());
        let asked = now.clone();
        let task = tokio::spawn(async move {
            let mut trouble = false;
            loop {
                let failed = match self.once().await {
                    Ok(()) => false,
                    Err(fault) => {
                        if !trouble {
                            tracing::error!(directory.fault = %fault, "directories cannot be read on");
                        }
                        true
                    }
                };
                trouble = failed;
                let rest = self.rest().unwrap_or(SHORTEST_REST);
                tokio::select! {
                    () = tokio::time::sleep(rest) => {}
                    () = asked.notified() => {}
                }
            }
        });
        Synchronising { task, now }
    }

    /// How long until there is something to do: the common interval and some of it by chance, so that not everybody asks at
    /// once; less when a directory that failed is due before.
    pub(super) fn rest(&self) -> Option<Duration> {
        let every = Duration::from_secs(self.config.every_seconds);
        let rest = every.mul_f64(0.9 + 0.2 * chance());
        let now = self.updater.now();
        let states = self.updater.shelf.notes(keys::STATES).ok()?;
        let states = states.iter().filter_map(|(_, note)| serde_json::from_slice::<SourceState>(note).ok());
        let due = states.filter(|state| state.failures > 0).filter_map(|state| self.due(&state)).min();
        let until = due.map(|due| Duration::from_millis(u64::try_from(due - now).unwrap_or(0)));
        Some(until.map_or(rest, |until| until.max(SHORTEST_REST).min(rest.max(SHORTEST_REST))))
    }

    /// When a directory that failed may be asked again: as it says, or later with each failure.
    fn due(&self, state: &SourceState) -> Option<Millis> {
        if state.failures == 0 {
            return None;
        }
        let rest = SHORTEST_REST
            .saturating_mul(1 << (state.failures - 1).min(16))
            .min(LONGEST_REST.min(Duration::from_secs(self.config.every_seconds) * INTERVALS));
        let rest = Millis::try_from(rest.as_millis()).unwrap_or(Millis::MAX);
        Some(state.not_before.unwrap_or_else(|| state.tried.unwrap_or(0).saturating_add(rest)))
    }

    async fn one(&self, source: &Source) -> Result<Option<SourceState>, ShelfFault> {
        let before = SourceState::load(self.updater.shelf.as_ref(), &source.id)?;
        let waits = before.as_ref().and_then(|state| self.due(state)).is_some_and(|due| due > self.updater.now());
        if waits {
            return Ok(None);
        }
        let state = self.updater.round(source).await?;
        tell(&source.id, before.as_ref(), &state);
        Ok(Some(state))
    }

    /// The directories of providers. Those that are not listed any more are forgotten.
    async fn providers(&self, national_changed: bool) -> Result<Vec<Source>, ShelfFault> {
        let mut sources: HashMap<SourceId, Source> = HashMap::new();
        for provider in &self.config.providers {
            let id = SourceId::of(&provider.base.to_string());
            let source = Source { id: id.clone(), base: provider.base.clone(), registered: 0 };
            sources.entry(id).or_insert(source).registered ^= digest(&provider.ura);
        }
        let known = self.known()?;
        let follows = self.config.topology == Topology::Decentral && self.config.national.is_some();
        if follows && (national_changed || !self.listed.load(Ordering::Relaxed)) {
            let (registry, most) = (self.updater.registry.clone(), self.config.most);
            let listed = tokio::task::spawn_blocking(move || registry.listed(most))
                .await
                .map_err(|_| ShelfFault::Unusable)??;
            self.listed.store(true, Ordering::Relaxed);
            for (id, (base, registered)) in listed {
                match AddressUse::of_directory(&base.to_string(), self.networks) {
                    Ok(base) if sources.len() < self.config.most => {
                        let source = Source { id: id.clone(), base, registered: 0 };
                        sources.entry(id).or_insert(source).registered ^= registered;
                    }
                    Ok(_) => {
                        tracing::warn!(directory.most = self.config.most, "more directories are listed than are read")
                    }
                    Err(why) => {
                        tracing::warn!(directory.source = id.as_str(), directory.address = ?why, "a listed directory is not read");
                    }
                }
            }
        } else if follows {
            // The national directory says the same as before.
            for (id, state) in &known {
                if !id.is_national()
                    && let Ok(base) = AddressUse::of_directory(&state.base, self.networks)
                {
                    let source = Source { id: id.clone(), base, registered: 0 };
                    sources.entry(id.clone()).or_insert(source).registered = state.registered;
                }
            }
        }
        for (id, _) in known {
            if !id.is_national() && !sources.contains_key(&id) {
                self.drop_source(&id).await?;
            }
        }
        let mut sources: Vec<Source> = sources.into_values().collect();
        sources.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(sources)
    }

    async fn drop_source(&self, id: &SourceId) -> Result<(), ShelfFault> {
        if SourceState::load(self.updater.shelf.as_ref(), id)?.is_some() {
            let gone = forget(&self.updater.shelf, id).await?;
            tracing::warn!(directory.source = id.as_str(), directory.gone = gone, "a directory is not listed any more");
        }
        Ok(())
    }

    fn known(&self) -> Result<Vec<(SourceId, SourceState)>, ShelfFault> {
        known(self.updater.shelf.as_ref())
    }
}

impl Synchronising {
    /// Has the next round begin now.
    pub fn hurry(&self) {
        self.now.notify_one();
    }
}

impl Drop for Synchronising {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Who speaks for whom, by a configuration.
pub fn registry(config: &DirectoryConfig, shelf: &Arc<dyn Shelf>) -> Registry {
    let configured =
        config.providers.iter().map(|one| (one.ura.clone(), SourceId::of(&one.base.to_string()))).collect();
    Registry::new(shelf.clone(), configured, config.topology == Topology::Decentral)
}

/// Every directory of which something is kept.
pub fn known(shelf: &dyn Shelf) -> Result<Vec<(SourceId, SourceState)>, ShelfFault> {
    let notes = shelf.notes(keys::STATES)?;
    let read = notes.into_iter().filter_map(|(name, note)| {
        let id = serde_json::from_value(std::str::from_utf8(name.strip_prefix(keys::STATES)?).ok()?.into()).ok()?;
        Some((id, serde_json::from_slice(&note).ok()?))
    });
    Ok(read.collect())
}

/// A line for what changed, what was refused, and what went wrong; the same fault again is not said again.
fn tell(id: &SourceId, before: Option<&SourceState>, state: &SourceState) {
    let report = &state.report;
    if report.changed() {
        tracing::info!(
            directory.source = id.as_str(),
            directory.created = report.created,
            directory.updated = report.updated,
            directory.deleted = report.deleted,
            directory.gone = report.gone,
            directory.pages = report.pages,
            "a directory was read on"
        );
    }
    if report.refused > 0 {
        let first = report.first_refused.first();
        tracing::warn!(
            directory.source = id.as_str(),
            directory.refused = report.refused,
            directory.first = first.map(|first| first.name.as_str()),
            directory.first_ura = first.and_then(|first| first.ura.as_ref()).map(fhir::Ura::as_str),
            directory.because = ?first.map(|first| first.because),
            "a directory says what it may not say; that was not taken"
        );
    }
    let fault_before = before.and_then(|before| before.fault.as_ref());
    match &state.fault {
        Some(fault) if fault_before != Some(fault) => {
            tracing::warn!(directory.source = id.as_str(), directory.fault = fault, "a directory cannot be read on");
        }
        Some(_) => {}
        None if fault_before.is_some() => {
            tracing::info!(directory.source = id.as_str(), "a directory can be read on again");
        }
        None => {}
    }
}

/// A number from 0 to 1, for spreading clients.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}
