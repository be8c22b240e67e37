//! What a page changes: which version of a resource is the newer one, whatever the order in which a server tells them.
//!
//! The standard has histories newest first; servers, pages and overlapping runs do not always. So a version counts when it is
//! newer by its own moment; where there is none, the first that a run tells.

use std::collections::HashMap;

use super::keys::{self, SourceId};
use super::moments::Millis;
use super::page::Entry;
use super::record::{Record, RefusedBecause, Standing};
use super::report::{Refused, Report};
use super::shelf::{Shelf, ShelfChange, ShelfFault};

/// Longest record that is kept, in bytes; the store holds a little more.
const LONGEST_RECORD: usize = 12 << 10;

/// In which run something was told.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub run: u64,
    /// The run tells everything that there is, so that it wins over what is kept whatever its moment: a directory may have
    /// been put back to an earlier state.
    pub full: bool,
}

/// The changes that a page makes, with what they are counted as.
pub fn changes(
    shelf: &dyn Shelf,
    source: &SourceId,
    entries: Vec<Entry>,
    told: Told,
    report: &mut Report,
) -> Result<Vec<ShelfChange>, ShelfFault> {
    let mut kept: HashMap<String, Option<Record>> = HashMap::new();
    let mut order = Vec::new();
    let mut before: HashMap<String, Option<Record>> = HashMap::new();
    for Entry { name, at, standing } in entries {
        let known = match kept.get(&name) {
            Some(known) => known,
            None => {
                let stored = shelf.get(&keys::key(source, &name))?.and_then(|value| Record::read(&value));
                before.insert(name.clone(), stored.clone());
                kept.entry(name.clone()).or_insert(stored)
            }
        };
        if !supersedes(at, known.as_ref(), told) {
            continue;
        }
        let mut record = Record { run: told.run, at, standing };
        if record.write().len() > LONGEST_RECORD {
            record.standing = Standing::Refused { ura: None, because: RefusedBecause::TooLarge };
        }
        if known.as_ref() != Some(&record) {
            order.push(name.clone());
        }
        kept.insert(name, Some(record));
    }
    order.sort_unstable();
    order.dedup();
    let mut changes = Vec::with_capacity(order.len());
    for name in order {
        let Some(Some(record)) = kept.remove(&name) else { continue };
        count(report, &name, before.remove(&name).flatten().as_ref(), &record);
        changes.push(ShelfChange::Put {
            key: keys::key(source, &name),
            terms: record.terms(source),
            value: record.write(),
        });
    }
    Ok(changes)
}

/// Whether what is told of a resource is to take the place of what is kept.
pub fn supersedes(at: Option<Millis>, kept: Option<&Record>, told: Told) -> bool {
    let Some(kept) = kept else { return true };
    let strictly_newer = || at.zip(kept.at).is_some_and(|(at, kept)| at > kept);
    if kept.run == told.run {
        return strictly_newer();
    }
    told.full || at.zip(kept.at).is_none_or(|(at, kept)| at >= kept)
}

fn count(report: &mut Report, name: &str, before: Option<&Record>, after: &Record) {
    let was_here = before.is_some_and(|before| before.facts().is_some());
    let was_refused = before.is_some_and(Record::is_refused);
    if was_refused && !after.is_refused() {
        report.taken_back += 1;
    }
    match (&after.standing, was_here) {
        (Standing::Here(_), false) => report.created += 1,
        (Standing::Here(facts), true) if before.and_then(Record::facts) != Some(facts) => report.updated += 1,
        (Standing::Here(_), true) => report.unchanged += 1,
        (Standing::Deleted, true) => report.deleted += 1,
        (Standing::Deleted, false) => {}
        // What was refused before was reported before.
        (Standing::Refused { .. }, _) if was_refused => {}
        (Standing::Refused { ura, because }, _) => {
            report.refuse(Refused { name: name.to_owned(), ura: ura.clone(), because: *because });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(run: u64, at: Option<Millis>) -> Record {
        Record { run, at, standing: Standing::Deleted }
    }

    #[test]
    fn the_newer_version_counts_in_whatever_order_they_come() {
        let delta = Told { run: 7, full: false };
        let full = Told { run: 7, full: true };
        for (at, kept, told, expected) in [
            (Some(1), None, delta, true),
            (Some(2), Some(record(6, Some(1))), delta, true),
            // The same version again, from an overlap: it is put once more and nothing changes.
            (Some(1), Some(record(6, Some(1))), delta, true),
            (Some(0), Some(record(6, Some(1))), delta, false),
            (None, Some(record(6, Some(1))), delta, true),
            // Within a run, the first that is told is the newest unless their moments say otherwise.
            (Some(1), Some(record(7, Some(1))), delta, false),
            (Some(2), Some(record(7, Some(1))), delta, true),
            (None, Some(record(7, Some(1))), delta, false),
            (Some(2), Some(record(7, None)), delta, false),
            // A full run wins over everything of before.
            (Some(0), Some(record(6, Some(1))), full, true),
            (Some(0), Some(record(7, Some(1))), full, false),
        ] {
            assert_eq!(supersedes(at, kept.as_ref(), told), expected, "{at:?} {kept:?} {told:?}");
        }
    }
}
