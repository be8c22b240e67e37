//! Puts changed policies in force while the node runs: what was read passes its cases first, and all of it is replaced at
//! once. What does not pass changes nothing and is said: in the log, in the metrics.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use connectors::bundles::BundleServer;
use fhir::FhirVersion;
use policy::{Data, InForce, UseCaseId, UseCases};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::bundled::{Fetching, write};
use super::source::{Looks, PolicySource};
use crate::config::ProfilesConfig;

/// Counts of what was put in force. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct ReloadMeasures {
    replaced: Counter,
    failing: Gauge,
    unfetched: Gauge,
}

impl ReloadMeasures {
    pub fn register(&self, registry: &mut Registry) {
        registry.register("policies_replaced", "How often changed policies were put in force", self.replaced.clone());
        let help = "1 when the policies that stand in the profiles folder could not be put in force";
        registry.register("policies_not_in_force", help, self.failing.clone());
        let help = "1 when the bundle of policies could not be fetched the last time";
        registry.register("policies_not_fetched", help, self.unfetched.clone());
    }
}

#[cfg(test)]
impl ReloadMeasures {
    pub(super) fn is_failing(&self) -> bool {
        self.failing.get() == 1
    }
}

/// The thread that looks at the folder, for as long as this lives.
pub struct Reloading {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Reloading {
    /// Nothing is looked at when the configuration says so.
    ///
    /// # Errors
    /// When the thread does not start.
    pub fn start(
        source: PolicySource,
        config: &ProfilesConfig,
        in_force: &Arc<InForce>,
        measures: ReloadMeasures,
    ) -> Result<Option<Self>, String> {
        if config.reload_seconds == 0 {
            return Ok(None);
        }
        let every = Duration::from_secs(config.reload_seconds);
        let server = config.bundle.as_ref().map(BundleServer::of).transpose()?.flatten();
        let fetched = server.map(|server| Fetched::new(server, config)).transpose()?;
        let mut reload = Reload::new(source, in_force.clone(), measures);
        reload.fetched = fetched;
        let (stop, stopped) = channel();
        let run = move || {
            while matches!(stopped.recv_timeout(every), Err(RecvTimeoutError::Timeout)) {
                reload.round();
            }
        };
        let thread = std::thread::Builder::new().name("policies".into()).spawn(run);
        let thread = thread.map_err(|fault| format!("the policies could not start their thread: {fault}"))?;
        Ok(Some(Reloading { stop: Some(stop), thread: Some(thread) }))
    }
}

impl Drop for Reloading {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("looking for changed policies broke off");
        }
    }
}

/// What a round of looking needs to know of the ones before.
pub(super) struct Reload {
    source: PolicySource,
    /// Where bundles are fetched from, if they are.
    fetched: Option<Fetched>,
    in_force: Arc<InForce>,
    measures: ReloadMeasures,
    /// What was there when the policies were last read.
    read: Looks,
    /// What was there in the round before: files that are still being written are left alone.
    before: Looks,
}

/// A server of bundles, and when it is asked next.
struct Fetched {
    fetching: Fetching,
    every: Duration,
    due: Instant,
    /// What was wrong the last time, so that it is said once.
    trouble: Option<String>,
}

impl Fetched {
    fn new(server: BundleServer, config: &ProfilesConfig) -> Result<Self, String> {
        let every = config.bundle.as_ref().map_or(Duration::ZERO, |bundle| Duration::from_secs(bundle.every_seconds));
        Ok(Fetched { fetching: Fetching::new(server)?, every, due: Instant::now(), trouble: None })
    }

    /// Puts what the server gives where it is looked at; it is judged there like any other.
    fn fetch(&mut self, archive: &Path) -> Result<(), String> {
        match self.fetching.again()? {
            Some(content) => write(archive, &content),
            None => Ok(()),
        }
    }

    fn round(&mut self, source: &PolicySource, measures: &ReloadMeasures) {
        let PolicySource::Bundle(bundle) = source else { return };
        if Instant::now() < self.due {
            return;
        }
        self.due = Instant::now() + self.every;
        let trouble = self.fetch(bundle.archive()).err();
        measures.unfetched.set(i64::from(trouble.is_some()));
        if trouble != self.trouble {
            match &trouble {
                Some(fault) => tracing::error!(policy.fault = %fault, "the bundle of policies cannot be fetched"),
                None => tracing::info!("the bundle of policies can be fetched again"),
            }
        }
        self.trouble = trouble;
    }
}

impl Reload {
    pub(super) fn new(source: PolicySource, in_force: Arc<InForce>, measures: ReloadMeasures) -> Self {
        // What stands where a bundle is looked at may be another than the node started with: it is judged once more.
        let read = if matches!(source, PolicySource::Bundle(_)) { Looks::new() } else { source.looks() };
        Reload { before: read.clone(), read, source, fetched: None, in_force, measures }
    }

    pub(super) fn round(&mut self) {
        if let Some(fetched) = &mut self.fetched {
            fetched.round(&self.source, &self.measures);
        }
        let now = self.source.looks();
        let settled = now == self.before;
        if settled && now != self.read {
            match self.replace() {
                Ok(Some(cases)) => {
                    self.measures.failing.set(0);
                    self.measures.replaced.inc();
                    let versions = versions(&self.in_force.current());
                    tracing::info!(policy.cases = cases, policy.versions = %versions, "changed policies are in force");
                }
                Ok(None) => {
                    self.measures.failing.set(0);
                }
                Err(fault) => {
                    self.measures.failing.set(1);
                    tracing::error!(policy.fault = %fault, "changed policies are not put in force; the old ones stay");
                }
            }
            self.read.clone_from(&now);
        }
        self.before = now;
    }

    /// How many cases passed of what was put in force; nothing when that is in force already.
    fn replace(&self) -> Result<Option<usize>, String> {
        let Some(next) = self.source.next()? else { return Ok(None) };
        if frame(&next.use_cases) != frame(&self.in_force.current()) {
            return Err(
                "a use case changed what it opens or its FHIR versions: that needs a restart of the node".into()
            );
        }
        self.source.accept(&next)?;
        self.in_force.replace(next.use_cases);
        Ok(Some(next.cases))
    }
}

/// What a node is built around when it starts.
fn frame(use_cases: &UseCases) -> Vec<(UseCaseId, Data, Vec<FhirVersion>)> {
    let of = |use_case: &policy::UseCase| {
        let capability = use_case.capability();
        (use_case.id().clone(), capability.data, capability.versions.keys().copied().collect())
    };
    use_cases.all().map(of).collect()
}

fn versions(use_cases: &UseCases) -> String {
    let of = |use_case: &policy::UseCase| format!("{} {}", use_case.id(), use_case.policy().version);
    use_cases.all().map(of).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::profiles;

    const PROFILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/health-overview");

    struct Folder {
        folder: TempDir,
        config: ProfilesConfig,
        reload: Reload,
    }

    impl Folder {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let own = folder.path().join("health-overview");
            fs::create_dir_all(own.join("cases")).unwrap();
            for part in ["", "cases"] {
                for entry in fs::read_dir(Path::new(PROFILES).join(part)).unwrap() {
                    let file = entry.unwrap().path();
                    if file.is_file() {
                        fs::copy(&file, own.join(part).join(file.file_name().unwrap())).unwrap();
                    }
                }
            }
            let use_cases = vec![UseCaseId::parse("health-overview").unwrap()];
            let config =
                ProfilesConfig { folder: folder.path().to_owned(), use_cases, reload_seconds: 1, bundle: None };
            let in_force = Arc::new(InForce::from(profiles::load(&config, false).unwrap()));
            let source = PolicySource::Folders { profiles: config.clone(), development: false };
            let reload = Reload::new(source, in_force, ReloadMeasures::default());
            Folder { folder, config, reload }
        }

        fn change(&mut self, file: &str, from: &str, to: &str) {
            let file = self.folder.path().join("health-overview").join(file);
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.contains(from), "{from}");
            fs::write(file, text.replacen(from, to, 1)).unwrap();
        }

        /// Rounds until what was changed has settled: the version in force, how often it was replaced, whether it fails.
        fn settle(&mut self) -> (String, u64, i64) {
            self.reload.round();
            self.reload.round();
            let version = self.reload.in_force.current().all().next().unwrap().policy().version.to_string();
            (version, self.reload.in_force.numbered().0, self.reload.measures.failing.get())
        }
    }

    #[test]
    fn a_changed_policy_is_put_in_force_when_it_has_settled_and_its_cases_pass() {
        let mut world = Folder::new();
        let (first, ..) = world.settle();
        world.change("release.toml", &format!("\"{first}\""), "\"7.0.0\"");
        world.reload.round();
        assert_eq!(world.reload.in_force.numbered().0, 0, "it may still be being written");
        assert_eq!(world.settle(), ("7.0.0".into(), 1, 0));
        assert_eq!(world.settle(), ("7.0.0".into(), 1, 0), "once");
    }

    #[test]
    fn what_does_not_pass_its_cases_or_does_not_load_changes_nothing_until_it_is_mended() {
        let mut world = Folder::new();
        let (first, ..) = world.settle();
        for (from, to) in [("default allow := false", "default allow := true"), ("default allow", "default alow")] {
            world.change("policy.rego", from, to);
            assert_eq!(world.settle(), (first.clone(), 0, 1), "{to}");
            world.change("policy.rego", to, from);
            world.reload.measures.failing.set(1);
            world.settle();
            assert_eq!(world.reload.measures.failing.get(), 0);
            world.reload.in_force = Arc::new(InForce::from(profiles::load(&world.config, false).unwrap()));
        }
    }

    #[test]
    fn what_a_node_is_built_around_is_not_changed_under_it() {
        let mut world = Folder::new();
        let (first, ..) = world.settle();
        world.change("capability.json", "\"r4\"", "\"stu3\"");
        assert_eq!(world.settle(), (first, 0, 1));
    }
}
