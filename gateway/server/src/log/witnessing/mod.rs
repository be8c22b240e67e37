//! Witnessing: the nodes of a region cosign one another's checkpoints, so that none can rewrite its own past unseen. Three
//! things, each by itself: this node cosigns what neighbours submit (`store::proof::Witness`, by way of `http::witness`),
//! has its own checkpoints cosigned (`submitting`), and looks at what neighbours give out (`looking`).
//!
//! Nothing here stands in the way of an exchange: a neighbour whose log forks is an alarm, not a reason to stop care.

mod looking;
mod measures;
mod state;
mod submitting;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connectors::http::HttpClient;
use connectors::witnesses::NeighbourLog;
use fhir::Ura;
use store::proof::{Cosigned, Evidence, ProofFault, PublicKey, Refused, SignedCheckpoint, Trust, Witness, WitnessKey};
use tokio::sync::Semaphore;

use super::places::Places;
use super::published::Published;
use crate::config::PartnerEntry;
use measures::Measures;
use state::States;

pub use state::{Alarm, NeighbourState, WitnessState, Witnessed};

/// Submissions that are looked at side by side; whoever comes on top of that comes back later.
const AT_ONCE: usize = 8;

/// A partner with its log and its witness.
#[derive(Clone, Debug)]
struct Partner {
    ura: Ura,
    log: Option<PublicKey>,
    witness: Option<PublicKey>,
    client: NeighbourLog,
}

/// What a node witnesses, and who witnesses it.
pub struct Witnessing {
    witness: Arc<Witness>,
    partners: Vec<Partner>,
    published: Arc<Published>,
    log: PublicKey,
    cosigned: Mutex<Cosigned>,
    states: Mutex<States>,
    measures: Measures,
    askers: Semaphore,
    every: Duration,
}

/// What witnessing is set up from.
pub struct Setup<'s> {
    pub places: &'s Places,
    /// The name with which this node cosigns, when it has no key yet.
    pub name: &'s str,
    /// The key of this node's own log.
    pub log: PublicKey,
    pub partners: &'s [PartnerEntry],
    /// Mutual TLS, as for all that goes to partners.
    pub http: &'s HttpClient,
    pub every: Duration,
}

impl Witnessing {
    /// Opens what was cosigned before; asks nobody yet.
    ///
    /// # Errors
    /// When a key or folder cannot be used: a sentence for the operator.
    pub fn open(setup: &Setup<'_>, published: Arc<Published>) -> Result<Self, String> {
        let mut partners = Vec::new();
        for partner in setup.partners {
            let Some(entry) = &partner.log else { continue };
            partners.push(Partner {
                ura: partner.ura.clone(),
                log: entry.log()?,
                witness: entry.witness()?,
                client: NeighbourLog::new(setup.http.clone(), entry.base.clone()),
            });
        }
        let said = |place: &Path, fault: &ProofFault| format!("witnessing, in {}: {fault}", place.display());
        let file = setup.places.witness_key();
        let key = match WitnessKey::open(&file).map_err(|fault| said(&file, &fault))? {
            Some(key) => key,
            None => WitnessKey::open_or_make(&file, setup.name).map_err(|fault| said(&file, &fault))?,
        };
        let logs = partners.iter().filter_map(|partner| partner.log.clone()).collect();
        let folder = &setup.places.witness;
        let witness = Witness::open(folder, key, logs).map_err(|fault| said(folder, &fault))?;
        let witnesses: Vec<_> = partners.iter().filter_map(|partner| partner.witness.clone()).collect();
        let proof = &setup.places.proof;
        let cosigned = Cosigned::open(proof, &setup.log, &witnesses).map_err(|fault| said(proof, &fault))?;
        let all = Witnessing {
            witness: Arc::new(witness),
            partners,
            published,
            log: setup.log.clone(),
            cosigned: Mutex::new(cosigned),
            states: Mutex::default(),
            measures: Measures::default(),
            askers: Semaphore::new(AT_ONCE),
            every: setup.every,
        };
        for standing in all.witness.standings() {
            if let Some(trouble) = &standing.unusable {
                tracing::error!(witness.origin = %standing.origin, witness.fault = %trouble, "nothing of this log can be cosigned");
            }
            standing.evidence.iter().for_each(|evidence| tell(&standing.origin, evidence));
        }
        all.publish();
        Ok(all)
    }

    /// Starts asking and looking, on the run time that this is called in; it ends with it.
    pub fn start(self: &Arc<Self>) {
        for number in 0..self.partners.len() {
            if self.partners[number].witness.is_some() {
                actix_web::rt::spawn(submitting::run(self.clone(), number));
            }
            if self.partners[number].log.is_some() {
                actix_web::rt::spawn(looking::run(self.clone(), number));
            }
        }
    }

    /// Takes the body of `add-checkpoint` of a caller with this certificate, if any. Blocks on the disk.
    ///
    /// # Errors
    /// When nothing is cosigned.
    pub fn submit(&self, body: &[u8], caller: Option<&Ura>) -> Result<Vec<u8>, Refused> {
        let own = |origin: &str| {
            let of = |partner: &&Partner| partner.log.as_ref().is_some_and(|log| log.name() == origin);
            caller.is_some() && self.partners.iter().find(of).map(|partner| &partner.ura) == caller
        };
        let answer = self.witness.submit(body, now(), own);
        match &answer {
            Err(Refused::OtherRoot { news: Some(news), .. } | Refused::Unproven { news: Some(news), .. }) => {
                self.alarm(&named(body), news);
            }
            Err(Refused::Unavailable(why)) => {
                tracing::error!(witness.fault = %why, "a neighbour's checkpoint cannot be cosigned");
            }
            Ok(_) | Err(_) => {}
        }
        answer
    }

    /// A place among those whose submissions are looked at, if there is one.
    pub fn place(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.askers.try_acquire().ok()
    }

    /// Who witnesses this node, and whom it witnesses, as it stands.
    pub fn snapshot(&self) -> Witnessed {
        let given = self.published.given().map_or(0, |given| given.size);
        let (cosigned, states) = (self.cosigned(), self.states());
        let witnesses = self.partners.iter().filter_map(|partner| partner.witness.as_ref());
        let witnesses = witnesses.map(|witness| {
            let size = cosigned.of(witness).map(SignedCheckpoint::size);
            states.witness(witness.name(), size, given)
        });
        let neighbours = self.witness.standings().into_iter().map(|standing| states.neighbour(standing));
        Witnessed { witnesses: witnesses.collect(), neighbours: neighbours.collect() }
    }

    fn cosigned(&self) -> MutexGuard<'_, Cosigned> {
        self.cosigned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn states(&self) -> MutexGuard<'_, States> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log's own, as it was signed.
    fn trust(&self) -> Trust {
        Trust { log: self.log.clone(), witnesses: Vec::new() }
    }

    /// Gives out the last checkpoint with all cosignatures that were gathered under it.
    fn publish(&self) {
        let cosigned = self.cosigned();
        let Some(given) = self.published.given() else { return };
        let read = SignedCheckpoint::read(&given.note).and_then(|note| note.believed(&self.trust()));
        let Ok(mut whole) = read else { return };
        for witness in self.partners.iter().filter_map(|partner| partner.witness.as_ref()) {
            if let Some(one) = cosigned.of(witness).filter(|one| one.size() == given.size) {
                whole.accept(&one.signature_lines(), witness);
            }
        }
        self.published.cosigned(&whole);
    }

    fn alarm(&self, origin: &str, news: &Evidence) {
        self.measures.misdeed();
        tell(origin, news);
    }
}

fn tell(origin: &str, evidence: &Evidence) {
    tracing::error!(
        witness.origin = %origin,
        witness.misdeed = evidence.misdeed.as_str(),
        witness.known = evidence.known,
        witness.shown = evidence.shown,
        "a neighbour's log is not the one that was witnessed"
    );
}

/// The origin of the checkpoint in a submission that was read before.
fn named(body: &[u8]) -> String {
    store::proof::Submission::read(body).map(|read| read.checkpoint.origin().to_owned()).unwrap_or_default()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// What blocks on the disk, off the threads that wait for others. Nothing when it broke off.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
