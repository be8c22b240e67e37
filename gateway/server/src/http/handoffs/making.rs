//! `POST /handoffs/from-sources`: a person of ours hands a patient over, and the node makes the handoff of what the provider's
//! own sources hold. The patient stands in the body, never in a URL.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use fhir::{Bsn, IssueCode, Ura};
use flows::eoverdracht::making::{self, Making, Provider, Release, Section};
use serde::Deserialize;

use super::super::inbound::broken_body;
use super::super::{endpoint, responder};
use super::printed::with_print;
use super::pushing::{offered, on_record, push_refused};
use super::routing::Within;
use super::{Entered, No, enter, json, no, refuse, text, unavailable, views};
use crate::handoffs::making::{Gathering, NoAnswer};
use crate::handoffs::{MAKING, PushFault, Runs, SENDER, names};
use crate::node::Node;

/// The longest name that a record system gives.
const LONGEST_NAME: usize = 128;
/// How many refusals are named in an answer.
const TOLD: usize = 10;

/// What is to be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The URA; not needed where a service is named by its identifier, and one provider has it.
    receiver: Option<String>,
    patient: Patient,
    /// What the record system calls it: the same one comes to no second handoff.
    name: String,
    /// When the patient goes: a date, or a moment with its zone.
    transfer: String,
    /// The release of eOverdracht whose sections it has; 4.1 when nothing is said.
    release: Option<String>,
    /// The sections, by their codes; all of that release when nothing is said.
    sections: Option<Vec<String>>,
    /// Whether one may be made of which sections are not known. They say so in the document.
    #[serde(default)]
    partial: bool,
    /// Whether it goes with itself in print (PDF/A).
    #[serde(default)]
    pdf: bool,
    /// Where it goes within the receiving organisation.
    service: Option<String>,
    location: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patient {
    bsn: String,
}

/// `POST /handoffs/from-sources`.
pub async fn make(request: HttpRequest, payload: Payload, node: Data<Node>) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let Entered { handoffs, caller, inbound, frame } = enter(&request, payload, &node, MAKING, "").await?;
    if let Some(refusal) = broken_body(&inbound) {
        return Err(no(responder::refuse(&frame, &refusal)));
    }
    if !caller.use_cases.iter().any(|held| held.as_str() == SENDER) {
        let says = format!("this caller does not hold the use case {SENDER}");
        return Err(refuse(StatusCode::FORBIDDEN, IssueCode::Forbidden, &says));
    }
    let Some(person) = caller.person.clone() else {
        let says = "a handoff is made by a person, and this caller is none";
        return Err(refuse(StatusCode::FORBIDDEN, IssueCode::Forbidden, says));
    };
    let wanted = read(&inbound.body)?;
    let (receiver, owned) = match &wanted.receiver {
        Some(receiver) => (receiver.clone(), None),
        None => wanted.within.owner(&node).await.map(|(receiver, routed)| (receiver, Some(routed)))?,
    };
    let known = names::of_made(&receiver, &wanted.patient, &wanted.name);
    // What was made before is not made again: no source is asked.
    if let Some(id) = handoffs.books.sent.named(&known).map_err(|fault| unavailable(&fault))? {
        let sent = handoffs.books.sent.get(id).map_err(|fault| unavailable(&fault))?;
        let sent = sent.ok_or_else(|| push_refused(&PushFault::Unavailable))?;
        return Ok(json(StatusCode::OK).body(text(&views::Sent::of(id, &sent, &handoffs))));
    }
    let receiver_name = handoffs.receiver_name(&receiver).ok_or_else(|| push_refused(&PushFault::Receiver))?;
    let routed = match owned {
        Some(routed) => Some(routed),
        None => wanted.within.look_up(&node, &receiver).await?,
    };
    let asked = node.clone();
    let runs: Runs = Arc::new(move |inbound| {
        let node = asked.clone();
        Box::pin(async move { endpoint::run(&node, inbound).await })
    });
    let correlation = &inbound.correlation_id;
    let gathering =
        Gathering { handoffs: &handoffs, runs: &runs, caller: &caller, patient: &wanted.patient, correlation };
    let patient = match gathering.patient().await {
        Ok(Some(patient)) => patient,
        Ok(None) => {
            let says = "the own sources have no Patient with this BSN, or more than one";
            return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, IssueCode::Processing, says));
        }
        Err(NoAnswer::Refused(refusal)) => return Err(no(responder::refuse(&frame, &refusal))),
        Err(NoAnswer::NotWhole(why)) => {
            return Err(refuse(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Incomplete, &why));
        }
    };
    let gathered = gathering.sections(&wanted.sections, wanted.release).await;
    if !wanted.partial && !gathered.unanswered.is_empty() {
        let each = gathered.unanswered.iter().take(TOLD).map(|one| format!("{} ({})", one.section, one.why));
        let says = format!("no whole handoff can be made now: {}", each.collect::<Vec<_>>().join("; "));
        return Err(refuse(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Incomplete, &says));
    }
    let (id, now) = (uuid::Uuid::new_v4().to_string(), handoffs.stamp());
    let of_ours = |what: &str| format!("{what}-{}", &id[..8]);
    let (sender_id, receiver_id, author_id) = (of_ours("afzender"), of_ours("ontvanger"), of_ours("overdrager"));
    let document = making::make(&Making {
        id: &id,
        now: &now,
        transfer: &wanted.transfer,
        patient: &patient,
        sender: Provider { ura: &handoffs.own.0, name: &handoffs.own.1, id: &sender_id },
        receiver: Provider { ura: &receiver, name: &receiver_name, id: &receiver_id },
        author: (person.name.as_deref().unwrap_or(&person.id), &author_id),
        answers: &gathered.answers,
    });
    let document = document.ok_or_else(|| push_refused(&PushFault::TooLarge))?;
    let prepared = handoffs.read(&document, offered(&node)).map_err(|fault| push_refused(&fault))?;
    let prepared = prepared.known_by(known).routed_to(routed);
    let prepared =
        if wanted.pdf { with_print(&handoffs, &receiver, prepared, offered(&node)).await? } else { prepared };
    on_record(&node, &inbound, &caller, "create", &prepared).await?;
    let pushed = handoffs.push(&receiver, &prepared, correlation).await.map_err(|fault| push_refused(&fault))?;
    tracing::info!(handoff.transfer = %names::shown(pushed.id), handoff.new = pushed.new, "a handoff was made");
    let status = if pushed.new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("{}/handoffs/sent/{}", node.inner_base(), names::shown(pushed.id));
    let view = views::Sent::of(pushed.id, &pushed.sent, &handoffs)
        .when_pushed(pushed.dangling, pushed.shortcomings)
        .when_made(gathered.unanswered, gathered.withheld);
    Ok(json(status).insert_header(("Location", location)).body(text(&view)))
}

/// What was wanted, understood.
struct Understood {
    receiver: Option<Ura>,
    patient: Bsn,
    name: String,
    transfer: String,
    release: Release,
    sections: Vec<&'static Section>,
    partial: bool,
    pdf: bool,
    within: Within,
}

fn read(body: &[u8]) -> Result<Understood, No> {
    let bad = |says: &str| refuse(StatusCode::BAD_REQUEST, IssueCode::Invalid, says);
    // What a parser says of it may repeat it.
    let wanted: Wanted = serde_json::from_slice(body).map_err(|_| {
        bad(
            "the body is not JSON with patient (bsn), name and transfer, perhaps receiver, release, sections, partial, \
             pdf, service or location, and nothing else",
        )
    })?;
    let receiver = wanted.receiver.as_deref().map(Ura::parse).transpose().map_err(|_| bad("receiver is no URA"))?;
    let patient = Bsn::parse(&wanted.patient.bsn).map_err(|_| bad("patient.bsn is no BSN"))?;
    let name = wanted.name.trim().to_owned();
    if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(bad("name is empty, or longer than 128 bytes, or no plain text"));
    }
    if !is_date_time(&wanted.transfer) {
        return Err(bad("transfer is no date (2026-11-30) and no moment with its zone"));
    }
    let release = wanted.release.as_deref().map_or(Some(Release::default()), Release::parse);
    let release = release.ok_or_else(|| bad("release is not 4.0, 4.1 or 4.2"))?;
    let sections = match &wanted.sections {
        None => making::of_release(release).collect(),
        Some(codes) => {
            let known = making::of_release(release).filter(|section| codes.iter().any(|code| code == section.code));
            let known: Vec<_> = known.collect();
            if known.is_empty() || codes.iter().any(|code| making::section_of(code, release).is_none()) {
                return Err(bad("sections names one that is not made of sources in this release, or none"));
            }
            known
        }
    };
    let Wanted { transfer, partial, pdf, service, location, .. } = wanted;
    let within = Within { service, location };
    Ok(Understood { receiver, patient, name, transfer, release, sections, partial, pdf, within })
}

fn is_date_time(text: &str) -> bool {
    use time::format_description::well_known::{Iso8601, Rfc3339};
    let date = text.len() == "2026-11-30".len() && time::Date::parse(text, &Iso8601::DATE).is_ok();
    date || time::OffsetDateTime::parse(text, &Rfc3339).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_read_whole_and_in_no_other_way() {
        let good = r#"{"receiver":"90010002","patient":{"bsn":"999911120"},"name":"opname-1","transfer":"2026-11-30"}"#;
        let read_good = read(good.as_bytes()).unwrap_or_else(|_| unreachable!("it is good"));
        assert_eq!((read_good.sections.len(), read_good.partial), (10, false));
        let with = |more: &str| good.replace(r#""name""#, &format!(r#"{more},"name""#));
        let two = read(with(r#""sections":["420134006","52870002"],"partial":true"#).as_bytes());
        let two = two.unwrap_or_else(|_| unreachable!("it is good"));
        let codes: Vec<_> = two.sections.iter().map(|section| section.code).collect();
        assert_eq!((codes, two.partial), (vec!["52870002", "420134006"], true), "in the order of the document");
        let newest = read(with(r#""release":"4.2""#).as_bytes()).unwrap_or_else(|_| unreachable!("it is good"));
        assert_eq!((newest.sections.len(), newest.release), (making::SECTIONS.len(), Release::V4_2));
        let without = good.replace(r#""receiver":"90010002","#, "");
        let by_service = read(without.as_bytes()).unwrap_or_else(|_| unreachable!("it is good"));
        assert_eq!((read_good.receiver.is_some(), by_service.receiver), (true, None));
        for bad in [
            with(r#""release":"4.3""#),
            with(r#""sections":["106076001"]"#),
            good.replace("90010002", "9001"),
            good.replace("999911120", "999911121"),
            good.replace("opname-1", " "),
            good.replace("opname-1", &"x".repeat(LONGEST_NAME + 1)),
            good.replace("2026-11-30", "2026-13-30"),
            good.replace("2026-11-30", "2026-11-30T10:00:00"),
            good.replace("2026-11-30", "30-11-2026"),
            with(r#""sections":[]"#),
            with(r#""sections":["52870002","1"]"#),
            with(r#""episode":"x""#),
            good.replace(r#""name":"opname-1","#, ""),
            String::new(),
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(read(good.replace("2026-11-30", "2026-11-30T10:00:00+01:00").as_bytes()).is_ok());
    }
}
