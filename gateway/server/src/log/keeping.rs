//! Keeps the tree over the access log up, on a thread of its own: no exchange ever waits for it. What it takes is durable
//! already, and what it does not get to is taken at the next start.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use store::access_log::{AccessLog, ReadFault, Records};
use store::proof::{CheckpointKey, HISTORY, Keeper, KeeperOptions, ProofFault};

use super::places::Places;
use super::published::{Published, Trouble};

/// How often the tree is brought up to the log.
const ROUND: Duration = Duration::from_secs(1);

/// Under which name the log signs.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What the operator chose.
    pub chosen: Option<String>,
    /// That of a log that is begun now, when nothing was chosen. Its last part is the provider's URA.
    pub usual: String,
}

impl Origin {
    /// That of this provider at this address, when nothing was chosen.
    pub fn of(chosen: Option<String>, outer_base: &str, ura: &str) -> Self {
        Origin { chosen, usual: format!("{}/log/{ura}", host(outer_base)) }
    }
}

/// The name with which a provider at this address cosigns.
pub fn witness_name(outer_base: &str, ura: &str) -> String {
    format!("{}/witness/{ura}", host(outer_base))
}

fn host(outer_base: &str) -> &str {
    outer_base.trim_start_matches("https://")
}

/// The thread, for as long as this lives. Dropping it takes what is durable by then, signs for it, and waits.
pub struct Keeping {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeping {
    /// Opens the tree and starts the thread. The first checkpoint, be it of nothing, is signed before this returns.
    ///
    /// # Errors
    /// When the tree or its key cannot be used, or the log is not the one that was signed for: a sentence for the operator.
    pub fn start(
        log: Arc<AccessLog>,
        places: &Places,
        origin: &Origin,
        every: Duration,
    ) -> Result<(Self, Arc<Published>), String> {
        let keeper = open(&log, places, origin)?;
        let published = Arc::new(Published::new(&places.proof));
        published.publish(&keeper).map_err(|fault| sentence(places, &fault))?;
        let (stop, stopped) = channel();
        let mut work =
            Work { log, keeper, following: None, every, signed_at: Instant::now(), published: published.clone() };
        let thread = std::thread::Builder::new().name("log-proof".into()).spawn(move || work.run(&stopped));
        let thread = thread.map_err(|fault| format!("the access log's proof could not start its thread: {fault}"))?;
        Ok((Keeping { stop: Some(stop), thread: Some(thread) }, published))
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the access log's proof broke off");
        }
    }
}

fn open(log: &AccessLog, places: &Places, origin: &Origin) -> Result<Keeper, String> {
    let said = |fault: ProofFault| sentence(places, &fault);
    let known = CheckpointKey::open(&places.key).map_err(said)?;
    let begun = known.is_some();
    let key = match known {
        Some(key) => suits(key, places, origin)?,
        None if places.proof.join(HISTORY).exists() => {
            return Err(format!(
                "the access log's signing key {} is gone: restore it from a backup",
                places.key.display()
            ));
        }
        None => {
            CheckpointKey::open_or_make(&places.key, origin.chosen.as_ref().unwrap_or(&origin.usual)).map_err(said)?
        }
    };
    let options = KeeperOptions::new(&places.proof);
    let mut keeper = Keeper::open(options, key, |from| log.records(from)).map_err(said)?;
    if begun && keeper.latest().is_none() && log.length() > 0 {
        return Err(format!(
            "the access log's checkpoints in {} are gone, so nothing tells whether its records are the ones that were \
             signed for: restore that folder from a backup",
            places.proof.display()
        ));
    }
    if keeper.latest().is_none() {
        keeper.checkpoint().map_err(said)?;
    }
    let public = format!("{}\n", keeper.public_key());
    if std::fs::read_to_string(places.public_key()).ok().as_ref() != Some(&public) {
        let file = places.public_key();
        std::fs::write(&file, public).map_err(|fault| format!("{}: cannot be written ({fault})", file.display()))?;
    }
    Ok(keeper)
}

/// A log keeps its name: the one that is chosen, or any that ends with this provider's URA.
fn suits(key: CheckpointKey, places: &Places, origin: &Origin) -> Result<CheckpointKey, String> {
    let last = |name: &str| name.rsplit('/').next().map(str::to_owned);
    let own = match &origin.chosen {
        Some(chosen) => key.name() == chosen,
        None => last(key.name()) == last(&origin.usual),
    };
    if own {
        return Ok(key);
    }
    Err(format!(
        "the access log's signing key {} is that of the log {}, which is another one. If this is that log, set log.origin to \
         that name; if not, give this node the folder that belongs to it",
        places.key.display(),
        key.name()
    ))
}

fn sentence(places: &Places, fault: &ProofFault) -> String {
    match fault {
        ProofFault::Io { .. } => format!("the access log's proof: {fault} (in {})", places.proof.display()),
        ProofFault::Key(_) => format!("the access log's signing key {}: {fault}", places.key.display()),
        fault => format!(
            "the access log is not the one that was signed for, or what was signed is damaged: {fault}. Nothing was changed. \
             Keep a copy of {}, see what `zorgsluis log verify --folder {}` says, and restore log and proof together from a \
             backup",
            parent(&places.records).display(),
            places.records.display()
        ),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

struct Work {
    log: Arc<AccessLog>,
    keeper: Keeper,
    /// Where reading goes on; read anew after trouble.
    following: Option<Records>,
    every: Duration,
    signed_at: Instant,
    published: Arc<Published>,
}

impl Work {
    fn run(&mut self, stopped: &Receiver<()>) {
        let _watched = self.published.watch();
        let mut behind = true;
        loop {
            let patience = if behind { Duration::ZERO } else { ROUND };
            let last = !matches!(stopped.recv_timeout(patience), Err(RecvTimeoutError::Timeout));
            match self.round(last) {
                Ok(more) => {
                    behind = more;
                    self.published.recovered();
                }
                Err(fault) => {
                    behind = false;
                    self.following = None;
                    let trouble = trouble_of(&fault);
                    self.published.ails(trouble, &fault);
                    if trouble == Trouble::Broken {
                        return;
                    }
                }
            }
            if last && !behind {
                return;
            }
        }
    }

    /// Takes a round of records and signs when it is time; says whether there is more to take at once.
    fn round(&mut self, last: bool) -> Result<bool, ProofFault> {
        let from = self.keeper.tree().size();
        let following = self.following.get_or_insert_with(|| self.log.records(from));
        self.log.follow(following);
        self.keeper.advance(|_| following)?;
        let size = self.keeper.tree().size();
        let behind = size < self.log.length();
        let grew = self.keeper.latest().is_none_or(|latest| latest.size() != size);
        if grew && ((last && !behind) || self.signed_at.elapsed() >= self.every) {
            self.keeper.checkpoint()?;
            self.signed_at = Instant::now();
            self.published.publish(&self.keeper)?;
        }
        Ok(behind && from < size)
    }
}

fn trouble_of(fault: &ProofFault) -> Trouble {
    match fault {
        ProofFault::Io { .. } | ProofFault::Log(ReadFault::Io(_)) => Trouble::Passing,
        _ => Trouble::Broken,
    }
}
