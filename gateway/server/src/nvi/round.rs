//! One round of keeping registrations up. Each step is durable before the next: wanted, told, noted. A crash between being
//! told and being noted tells once more; the index then says that it knows, and under which name.

use std::collections::{BTreeMap, BTreeSet};

use connectors::national::Failure;
use connectors::nvi::{IndexCategory, Nvi, Present};
use connectors::sources::Holdings;
use exchange::ports::BoxFuture;
use fhir::Bsn;
use fhir::identifiers::Reader;
use store::registrations::{Entry, Registrations, Standing};
use store::state::StateFault;
use tracing::{info, warn};

use super::objecting::Hidden;

/// The most that is told in one round, so that a full source does not become a flood.
const MOST_AT_ONCE: usize = 500;
/// The first wait after a failure, and the longest, in seconds.
const FIRST_WAIT: i64 = 5;
const LONGEST_WAIT: i64 = 3_600;
/// Under which category all of a patient's data stands where the index tells none apart.
const ANY: &str = "Any";

/// What a round tells an index. The index itself; in tests one that loses answers.
pub trait Registry: Send + Sync {
    fn register<'a>(
        &'a self,
        patient: &'a Bsn,
        category: &'a IndexCategory,
    ) -> BoxFuture<'a, Result<BTreeSet<String>, Failure>>;
    /// Under which ids that is known there.
    fn registered<'a>(
        &'a self,
        patient: &'a Bsn,
        category: &'a IndexCategory,
    ) -> BoxFuture<'a, Result<BTreeSet<String>, Failure>>;
    fn remove<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), Failure>>;
    fn present<'a>(&'a self, known: &'a BTreeSet<String>) -> BoxFuture<'a, Result<Present, Failure>>;
}

impl Registry for Nvi {
    fn register<'a>(
        &'a self,
        patient: &'a Bsn,
        category: &'a IndexCategory,
    ) -> BoxFuture<'a, Result<BTreeSet<String>, Failure>> {
        Box::pin(Nvi::register(self, patient, category))
    }
    fn registered<'a>(
        &'a self,
        patient: &'a Bsn,
        category: &'a IndexCategory,
    ) -> BoxFuture<'a, Result<BTreeSet<String>, Failure>> {
        Box::pin(Nvi::registered(self, patient, category))
    }
    fn remove<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(Nvi::remove(self, id))
    }
    fn present<'a>(&'a self, known: &'a BTreeSet<String>) -> BoxFuture<'a, Result<Present, Failure>> {
        Box::pin(Nvi::present(self, known))
    }
}

/// What the ledger holds after a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    pub registered: usize,
    pub waiting: usize,
    /// Of those that wait, how many the index was never told of.
    pub untold: usize,
}

fn key(patient: &Bsn, category: &str) -> Vec<u8> {
    [patient.reveal_to(Reader::OwnRegister).as_bytes(), category.as_bytes()].concat()
}

fn named(key: &[u8]) -> Option<(Bsn, IndexCategory)> {
    let (patient, category) = key.split_at_checked(9)?;
    let patient = Bsn::parse(std::str::from_utf8(patient).ok()?).ok()?;
    Some((patient, IndexCategory::parse(std::str::from_utf8(category).ok()?)?))
}

/// Brings the ledger up to what own sources hold and who objects. Nothing is taken away for want of data unless all data was
/// seen; an objection counts at once.
pub async fn settle(
    ledger: &Registrations,
    held: &Holdings,
    hidden: &Hidden,
    by_category: bool,
) -> Result<(), StateFault> {
    let Hidden { objecting, unknown } = hidden;
    let shown = |patient: &Bsn| !objecting.contains(patient) && !unknown.contains(patient);
    let mut wanted: BTreeSet<Vec<u8>> = BTreeSet::new();
    for (patient, categories) in held.patients.iter().filter(|(patient, _)| shown(patient)) {
        if by_category {
            wanted.extend(categories.iter().map(|category| key(patient, category.as_str())));
        } else {
            wanted.insert(key(patient, ANY));
        }
    }
    let mut changes: Vec<(Vec<u8>, Entry)> = Vec::new();
    for found in ledger.all() {
        let (key, entry) = found?;
        let is_wanted = wanted.remove(&key);
        let whom = named(&key).map(|(bsn, _)| bsn);
        if whom.as_ref().is_some_and(|bsn| unknown.contains(bsn) && !objecting.contains(bsn)) {
            continue;
        }
        let objects = whom.is_some_and(|bsn| objecting.contains(&bsn));
        let standing = match entry.standing {
            Standing::Leaving if is_wanted && entry.id.is_empty() => Standing::Wanted,
            Standing::Leaving if is_wanted => Standing::Registered,
            Standing::Wanted | Standing::Registered if objects || (held.whole && !is_wanted) => Standing::Leaving,
            _ => continue,
        };
        changes.push((key, entry.becoming(standing)));
    }
    changes.extend(wanted.into_iter().map(|key| (key, Entry::wanted())));
    for (key, entry) in &changes {
        ledger.put(key, entry)?;
    }
    if changes.is_empty() { Ok(()) } else { ledger.commit().await }
}

/// Tells the index what the ledger says is to be told and is due. Where it is not known who is hidden, nobody is registered.
pub async fn work(
    index: &impl Registry,
    ledger: &Registrations,
    now: i64,
    hidden: Option<&Hidden>,
) -> Result<Round, StateFault> {
    let registers = |key: &[u8]| {
        let shown = |(bsn, _): (Bsn, IndexCategory)| hidden.is_some_and(|hidden| !hidden.unknown.contains(&bsn));
        named(key).is_none_or(shown)
    };
    let due: Vec<(Vec<u8>, Entry)> = ledger
        .all()
        .filter(|found| match found {
            Ok((key, entry)) => {
                let told =
                    entry.standing == Standing::Leaving || (entry.standing == Standing::Wanted && registers(key));
                told && entry.not_before <= now
            }
            Err(_) => true,
        })
        .take(MOST_AT_ONCE)
        .collect::<Result<_, _>>()?;
    let (mut made, mut removed, mut refused) = (0_usize, 0_usize, 0_usize);
    for (key, entry) in due {
        let Some((patient, category)) = named(&key) else { return Err(StateFault::Damaged) };
        // Noted before it is told: whoever is killed in between knows that something may be there.
        let wait = FIRST_WAIT.saturating_mul(1_i64.checked_shl(entry.tries.min(16)).unwrap_or(i64::MAX));
        let not_before = now.saturating_add(wait.min(LONGEST_WAIT));
        ledger.put(&key, &Entry { tries: entry.tries.saturating_add(1), not_before, ..entry.clone() })?;
        ledger.commit().await?;
        let done = match entry.standing {
            Standing::Wanted => register(index, ledger, &key, &patient, &category, &entry).await?.map(|()| made += 1),
            Standing::Leaving => leave(index, ledger, &key, &patient, &category, &entry).await?.map(|()| removed += 1),
            Standing::Registered => Ok(()),
        };
        match done {
            Ok(()) => {}
            // The others would fare no better now; they are due as before.
            Err(failure) if failure.may_pass() => break,
            Err(_) => refused += 1,
        }
    }
    ledger.commit().await?;
    if made + removed > 0 {
        info!(nvi.registered = made, nvi.removed = removed, "the index was told");
    }
    if refused > 0 {
        warn!(nvi.alarm = "refused", nvi.refused = refused, "the index did not take registrations");
    }
    let mut round = Round::default();
    for found in ledger.all() {
        let entry = found?.1;
        match entry.standing {
            Standing::Registered => round.registered += 1,
            Standing::Wanted | Standing::Leaving => round.waiting += 1,
        }
        round.untold += usize::from(entry.standing == Standing::Wanted && entry.tries == 0);
    }
    Ok(round)
}

async fn register(
    index: &impl Registry,
    ledger: &Registrations,
    key: &[u8],
    patient: &Bsn,
    category: &IndexCategory,
    entry: &Entry,
) -> Result<Result<(), Failure>, StateFault> {
    let ids = match index.register(patient, category).await {
        Ok(ids) => ids,
        Err(failure) => return Ok(Err(failure)),
    };
    // Where the index has one record for several categories, they share it.
    let taken = of_patient(ledger, patient)?;
    let id = ids.iter().find(|id| !taken.contains_key(*id)).or_else(|| ids.first()).cloned();
    let Some(id) = id else { return Ok(Err(Failure::Unusable("no-id"))) };
    ledger.put(key, &Entry { id, ..entry.clone() }.becoming(Standing::Registered))?;
    ledger.commit().await?;
    Ok(Ok(()))
}

async fn leave(
    index: &impl Registry,
    ledger: &Registrations,
    key: &[u8],
    patient: &Bsn,
    category: &IndexCategory,
    entry: &Entry,
) -> Result<Result<(), Failure>, StateFault> {
    let mut ids = BTreeSet::from([entry.id.clone()]);
    if entry.id.is_empty() {
        // Never tried: nothing can be there. Otherwise the answer may have been lost: what is there has to be found out.
        if entry.tries == 0 {
            ledger.forget(key)?;
            return Ok(Ok(()));
        }
        ids = match index.registered(patient, category).await {
            Ok(ids) => ids,
            Err(failure) => return Ok(Err(failure)),
        };
    }
    let shared = of_patient(ledger, patient)?;
    for id in &ids {
        // A record that stands for another category too stays until that goes.
        if shared.get(id).is_some_and(|count| *count > usize::from(*id == entry.id)) {
            continue;
        }
        if let Err(failure) = index.remove(id).await {
            return Ok(Err(failure));
        }
    }
    ledger.forget(key)?;
    ledger.commit().await?;
    Ok(Ok(()))
}

/// The ids of a patient's registrations, and how many share each.
fn of_patient(ledger: &Registrations, patient: &Bsn) -> Result<BTreeMap<String, usize>, StateFault> {
    let mut ids = BTreeMap::new();
    for found in ledger.of(patient.reveal_to(Reader::OwnRegister).as_bytes()) {
        let (_, entry) = found?;
        if !entry.id.is_empty() {
            *ids.entry(entry.id).or_default() += 1;
        }
    }
    Ok(ids)
}

/// Holds the ledger against what the index holds of us: what is missing there is registered again, what we do not know there
/// is taken away. False when the index could not say.
pub async fn reconcile(index: &impl Registry, ledger: &Registrations) -> Result<bool, StateFault> {
    let mut known = BTreeMap::<String, Vec<Vec<u8>>>::new();
    for found in ledger.all() {
        let (key, entry) = found?;
        if !entry.id.is_empty() {
            known.entry(entry.id).or_default().push(key);
        }
    }
    let ids: BTreeSet<String> = known.keys().cloned().collect();
    let Ok(Present { missing, strays }) = index.present(&ids).await else { return Ok(false) };
    for key in missing.iter().filter_map(|id| known.get(id)).flatten() {
        match ledger.get(key)? {
            Some(entry) if entry.standing == Standing::Registered => ledger.put(key, &Entry::wanted())?,
            Some(_) => ledger.forget(key)?,
            None => {}
        }
    }
    let mut removed = 0_usize;
    let mut all = true;
    for id in strays.iter().take(MOST_AT_ONCE) {
        match index.remove(id).await {
            Ok(()) => removed += 1,
            Err(_) => {
                all = false;
                break;
            }
        }
    }
    ledger.commit().await?;
    if !missing.is_empty() || removed > 0 {
        warn!(nvi.missing = missing.len(), nvi.strays = removed, "the index and the ledger differed");
    }
    Ok(all && strays.len() <= MOST_AT_ONCE)
}
