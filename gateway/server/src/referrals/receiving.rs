//! The receiver's next step: read the Task, say what becomes of the referral, find out whom it is about, and ask for the parts
//! one by one; each is kept before it counts.

use connectors::http::WebAddress;
use fhir::compartment::{Whose, whose};
use fhir::json::Node;
use fhir::{Bsn, Bundle, BundleKind, Entry, Resource};
use flows::bgz::task::{self, TaskRead};
use flows::bgz::{Act, Outcome, Query, SECTIONS, Stage, TaskStatus, Told, VERSION, may_pull};
use store::transfers::Id;

use super::Referrals;
use super::asking::Asking;
use super::received::Received;
use crate::handoffs::Runs;
use crate::handoffs::book::{Change, Trouble};
use crate::handoffs::failure::Failure;
use crate::handoffs::names;
use crate::handoffs::owed::Tells;
use crate::handoffs::pool::Went;

/// What a step found out.
#[derive(Clone, Default)]
struct Found {
    event: Option<Told>,
    task: Option<OfTask>,
    patient: Option<Bsn>,
    /// Of the part that was asked for.
    part: Option<OfPart>,
}

/// What the Task says.
#[derive(Clone)]
struct OfTask {
    queries: Vec<Query>,
    not_in_the_list: usize,
    cut_short: bool,
    patient_id: String,
}

/// What became of a part.
#[derive(Clone)]
struct OfPart {
    at: usize,
    resources: usize,
    why: Option<String>,
}

impl From<Told> for Found {
    fn from(event: Told) -> Self {
        Found { event: Some(event), ..Found::default() }
    }
}

impl Referrals {
    /// Does what is due about one referral that we receive.
    pub(super) async fn receive_on(&self, runs: &Runs, id: Id) -> Result<Went, Trouble> {
        let Some(received) = self.books.received.get(id)? else { return Ok(Went::On) };
        let asking = Asking { runs, referrals: self, id, received: &received };
        let outcome = step(&asking).await;
        let (now, stamp, config) = (self.now(), self.stamp(), self.config.clone());
        let went = outcome.as_ref().err().map_or(Went::On, Failure::went);
        let done = self.books.received.change(id, move |received| {
            let Some(mut state) = received.receiving() else { return Change::Made(None, None) };
            let found = match &outcome {
                Ok(found) => found,
                Err(failure) => {
                    let due = received.effort.fail(failure.why(), now, &config);
                    if received.effort.given_up {
                        received.telling_mut().changed(&stamp);
                    }
                    return Change::Made(Some(false), due);
                }
            };
            let before = state.clone();
            if let Some(event) = found.event {
                state = state.after(event);
            }
            if let Some(task) = &found.task {
                received.not_in_the_list = task.not_in_the_list;
                received.cut_short = task.cut_short;
                received.patient_id.get_or_insert_with(|| task.patient_id.clone());
                if state.parts().len() == task.queries.len() && before.parts() != state.parts() {
                    received.ask(&task.queries);
                }
            }
            if let Some(patient) = &found.patient {
                received.is_about(patient);
            }
            if let Some(part) = &found.part
                && before.parts() != state.parts()
                && let Some(kept) = received.parts.get_mut(part.at)
            {
                kept.resources = part.resources;
                kept.why.clone_from(&part.why);
            }
            if let (Stage::Offered, Some(person)) = (state.stage(), &config.intake) {
                received.person = Some(person.clone().into());
                state = state.after(Told::Take);
            }
            received.put(&state, &stamp);
            if state.next().is_some() {
                return Change::Made(Some(true), Some(now));
            }
            // What failed is asked for again by itself, each time after twice as long.
            if state.stage() == Stage::Pulled && state.has_failed_parts() {
                let due = received.again.fail("parts failed", now, &config);
                if received.again.given_up {
                    received.telling_mut().changed(&stamp);
                }
                return Change::Made(Some(true), due);
            }
            received.again = Default::default();
            Change::Made(Some(true), None)
        });
        if done.await? != Some(Some(true)) {
            let sender = &received.sender;
            tracing::warn!(referral.id = %names::shown(id), referral.sender = %sender, "not received on yet");
        }
        Ok(went)
    }
}

async fn step(asking: &Asking<'_>) -> Result<Found, Failure> {
    let receiving = asking.received.receiving().ok_or("the record cannot be read")?;
    match receiving.next() {
        Some(Act::ReadTask) => read_task(asking, receiving.reasons().0).await,
        Some(Act::Put(status)) => put(asking, status, receiving.reasons().0).await,
        Some(Act::Pull(_)) if asking.received.patient().is_none() => find_out_who(asking).await,
        Some(Act::Pull(at)) => pull(asking, at).await,
        None if receiving.stage() == Stage::Pulled && receiving.has_failed_parts() => Ok(Told::Retry.into()),
        None => Ok(Found::default()),
    }
}

/// Reads the Task, and whether it is one for us.
async fn read_task(asking: &Asking<'_>, as_of: u32) -> Result<Found, Failure> {
    let task = asking.task().await?;
    Ok(match taken(asking, &task) {
        Some(read) => found_in(asking, &read, as_of),
        None => Told::NotForUs { as_of }.into(),
    })
}

/// What a Task says, when it is one that we may take: for us, and about whom it was about before.
fn taken(asking: &Asking<'_>, task: &Resource) -> Option<TaskRead> {
    let read = task::read(task).ok()?;
    let same = asking.received.patient_id.as_ref().is_none_or(|known| *known == read.patient);
    (same && read.owner == asking.referrals.own.0.as_str()).then_some(read)
}

fn found_in(asking: &Asking<'_>, read: &TaskRead, as_of: u32) -> Found {
    let partner = asking.referrals.partners.get(&asking.received.sender);
    let base = partner.and_then(|partner| partner.peer.bases.get(&VERSION)).map(WebAddress::to_string);
    let mut queries: Vec<Query> = Vec::new();
    let mut not_in_the_list = 0;
    for text in &read.asked {
        match Query::read(text, base.as_deref()) {
            Ok(query) if queries.contains(&query) => {}
            Ok(query) => queries.push(query),
            Err(_) => not_in_the_list += 1,
        }
    }
    // A Task that names nothing is a referral all the same: what there is of the data set is asked for.
    if read.asked.is_empty() {
        queries = SECTIONS.iter().filter_map(Query::of_section).collect();
    }
    let known = asking.received.parts.iter().map(|part| part.query.clone());
    let changed = !known.eq(queries.iter().map(Query::as_text));
    let event = Told::TaskRead { status: read.status, parts: queries.len(), changed, as_of };
    let task = OfTask { queries, not_in_the_list, cut_short: read.cut_short, patient_id: read.patient.clone() };
    Found { task: Some(task), ..event.into() }
}

/// Puts the Task back, as it is at the sender now, with this status. Where it is that already, our answer was lost; where it
/// is over, there is nothing to say any more.
async fn put(asking: &Asking<'_>, status: TaskStatus, as_of: u32) -> Result<Found, Failure> {
    let task = asking.task().await?;
    let Some(read) = taken(asking, &task) else { return Ok(Told::NotForUs { as_of }.into()) };
    if read.status == status || !may_pull(read.status) {
        return Ok(found_in(asking, &read, as_of));
    }
    let put = task::with_status(&task, status);
    let answer = asking.put(&put, asking.received.person.clone()).await?;
    let now = task::read(&answer).map_err(|fault| format!("the Task: {fault}"))?.status;
    if now != status && may_pull(now) {
        return Err(format!("the sender left the Task {now}").into());
    }
    Ok(Told::Answered(now).into())
}

/// Reads the Patient that the Task is for: only then is it known about whom the rest is asked.
async fn find_out_who(asking: &Asking<'_>) -> Result<Found, Failure> {
    let id = asking.received.patient_id.as_deref().ok_or("the Task names no patient")?;
    let person = asking.received.person.clone().ok_or("nobody takes it")?;
    let patient = asking.read("Patient", id, Some(person)).await?;
    let Whose::Patient { bsns, malformed_bsn: false, .. } = whose(VERSION, &patient) else {
        return Err("the Patient has no BSN".into());
    };
    let [bsn] = bsns.as_slice() else { return Err("the Patient has not one BSN".into()) };
    Ok(Found { patient: Some(bsn.clone()), ..Found::default() })
}

/// Asks for one part, and keeps it. That it cannot be had is what becomes of it, and the others go on.
async fn pull(asking: &Asking<'_>, at: usize) -> Result<Found, Failure> {
    let received: &Received = asking.received;
    let part = received.parts.get(at).ok_or("the record cannot be read")?;
    let patient = received.patient().ok_or("it is not known about whom")?;
    let person = received.person.clone().ok_or("nobody takes it")?;
    // What was kept is held against the list again: nothing else is ever asked.
    let query = Query::read(&part.query, None).map_err(|fault| Failure::from(fault.to_string()))?;
    let (outcome, resources, why) = match asking.search(query.path(), query.query(), person, &patient).await {
        Ok(whole) if whole.matches == 0 => (Outcome::Empty, 0, None),
        Ok(whole) => {
            let count = whole.resources.len();
            let number = u32::try_from(at).map_err(|_| "the record cannot be read")?;
            let kept = asking.referrals.books.received.keep(asking.id, number, bundle(whole.resources)).await;
            match kept {
                Ok(()) => (Outcome::Complete, count, None),
                Err(fault) => (Outcome::Failed, 0, Some(fault.to_string())),
            }
        }
        Err(failure) => (Outcome::Failed, 0, Some(failure.why().to_owned())),
    };
    let part = OfPart { at, resources, why };
    Ok(Found { part: Some(part), ..Told::Part(at, outcome).into() })
}

/// What came, as it is kept.
fn bundle(resources: Vec<Resource>) -> Vec<u8> {
    let mut bundle = Bundle::new(BundleKind::Collection);
    bundle.identifier = Some(Node::Object(vec![
        ("system".to_owned(), Node::text("urn:ietf:rfc:3986")),
        ("value".to_owned(), Node::text(uuid::Uuid::new_v4().urn().to_string())),
    ]));
    bundle.entries =
        resources.into_iter().map(|resource| Entry { resource: Some(resource), ..Entry::default() }).collect();
    bundle.write().to_vec()
}
