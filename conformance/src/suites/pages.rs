//! Answers that leave page by page: all of it, to the one who asked, and to nobody else.

use std::collections::BTreeSet;

use serde_json::Value;

use super::outer_gate::{CLINIC, Gate, USE_CASE, acting};
use super::overview::SHOWCASE;
use super::setting::{Setting, names_a_patient, outcome_of};
use super::{Check, Flaw, Judgement, ensure};
use crate::region::{self, SourceKind};

/// More pages than any patient of the region fills.
const PAGES: usize = 200;

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("the pages of an answer are together the whole answer, over a server and over files", |setting| {
            Box::pin(whole(setting))
        }),
        Check::new("a page is for the caller and the patient it was made for, and cannot be made up", |setting| {
            Box::pin(bound(setting))
        }),
        Check::new("an unknown parameter is refused by its name, over a server and over files", |setting| {
            Box::pin(unknown(setting))
        }),
    ]
}

/// A provider of each kind of source.
fn both_kinds() -> Result<[&'static str; 2], Flaw> {
    let of = |kind: fn(&SourceKind) -> bool| {
        let found = region::providers().into_iter().find(|provider| kind(&provider.source));
        found.map(|provider| provider.key).ok_or_else(|| Flaw::NotRun("the region lacks a kind of source".to_owned()))
    };
    Ok([of(|kind| matches!(kind, SourceKind::FhirServer))?, of(|kind| matches!(kind, SourceKind::Files))?])
}

fn next(bundle: &Value) -> Option<String> {
    let links = bundle["link"].as_array()?;
    links.iter().find(|link| link["relation"] == "next")?["url"].as_str().map(str::to_owned)
}

/// `Type/id` and mode of every entry.
fn entries(bundle: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |entry: &Value| {
        let resource = &entry["resource"];
        let name = format!("{}/{}", text(&resource["resourceType"]), text(&resource["id"]));
        (name, text(&entry["search"]["mode"]))
    };
    bundle["entry"].as_array().into_iter().flatten().map(of).collect()
}

async fn whole(setting: &Setting) -> Judgement {
    for node in both_kinds()? {
        let gate = Gate::open(setting, node, SHOWCASE).await?;
        for kind in ["Observation", "MedicationRequest"] {
            let include = ("_include", "MedicationRequest:medication");
            let parameters: &[(&str, &str)] = if kind == "MedicationRequest" { &[include] } else { &[] };
            let all = gate.search(kind, parameters).await?.json().unwrap_or_default();
            let all: BTreeSet<_> = entries(&all).into_iter().collect();
            let mut small = parameters.to_vec();
            small.push(("_count", "1"));
            let mut page = gate.search(kind, &small).await?.json().unwrap_or_default();
            let total = page["total"].as_u64();
            let mut seen = BTreeSet::new();
            let mut pages = 0;
            loop {
                pages += 1;
                ensure(page["type"] == "searchset" && pages < PAGES, || format!("page {pages} is none"))?;
                ensure(page["total"].as_u64() == total, || "the total changes from page to page".to_owned())?;
                let here = entries(&page);
                let matches: Vec<_> = here.iter().filter(|(_, mode)| mode == "match").collect();
                ensure(matches.len() <= 1, || format!("a page of one has {} matches", matches.len()))?;
                let new = matches.iter().all(|entry| !seen.contains(*entry));
                ensure(new, || "a match comes twice".to_owned())?;
                seen.extend(here);
                let Some(url) = next(&page) else { break };
                ensure(url.starts_with(&gate.base) && !names_a_patient(&url), || {
                    "a page link tells too much".to_owned()
                })?;
                let answer = gate.wire.get(&url).await?;
                ensure(answer.status == 200, || format!("page {} answers {}", pages + 1, answer.status))?;
                page = answer.json().unwrap_or_default();
            }
            ensure(seen == all, || format!("{kind} at {node}: {} entries on pages, {} in all", seen.len(), all.len()))?;
        }
    }
    Ok(())
}

async fn bound(setting: &Setting) -> Judgement {
    let node = "hospital";
    let gate = Gate::open(setting, node, SHOWCASE).await?;
    let first = gate.search("Observation", &[("_count", "1")]).await?.json().unwrap_or_default();
    let url = next(&first).ok_or_else(|| Flaw::NotRun("the patient has one observation only".to_owned()))?;
    let other = region::patients().iter().map(|patient| patient.bsn).find(|bsn| *bsn != SHOWCASE);
    let other = other.ok_or_else(|| Flaw::NotRun("the region has one patient".to_owned()))?;
    let stranger = region::providers().iter().find(|provider| provider.key != node).map(|provider| provider.ura);
    let stranger = stranger.ok_or_else(|| Flaw::NotRun("the region has one provider".to_owned()))?;
    let for_another = gate.caller.signed_in(USE_CASE, Some(&acting(other))).await?;
    let colleague = setting.organisation(stranger, node)?.signed_in(USE_CASE, Some(&acting(SHOWCASE))).await?;
    // The last letter of a signature may hold spare bits; one in the middle does not.
    let middle = url.len() - 20;
    let letter = if url.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let forged = format!("{}{letter}{}", &url[..middle], &url[middle + 1..]);
    let made_up = format!("{}/Observation?_page=made-up", gate.base);
    let elsewhere = url.replace("/Observation?", "/Condition?");
    for (what, wire, url) in [
        ("another patient's token", &for_another, &url),
        ("another organisation", &colleague, &url),
        ("a forged link", &gate.wire, &forged),
        ("a made-up link", &gate.wire, &made_up),
        ("a link of another type", &gate.wire, &elsewhere),
    ] {
        let mark = setting.mark(node).await?;
        let refused = setting.refused(&mark, node, 410, wire.get(url).await).await;
        refused.map_err(|flaw| Flaw::Broken(format!("{what} of {CLINIC}: {flaw:?}")))?;
    }
    let answer = gate.wire.get(&url).await?;
    ensure(answer.status == 200, || format!("after all that the page answers {}", answer.status))
}

async fn unknown(setting: &Setting) -> Judgement {
    for node in both_kinds()? {
        let gate = Gate::open(setting, node, SHOWCASE).await?;
        for (kind, name, value) in [("Condition", "shoe-size", "43"), ("Condition", "_has:Flag:subject:code", "1")] {
            let mark = setting.mark(node).await?;
            let answer = gate.search(kind, &[(name, value)]).await?;
            let status = answer.status;
            ensure(matches!(status, 400 | 403), || format!("{name} at {node} answers {status}"))?;
            let refused = setting.refused(&mark, node, status, Ok(answer)).await?;
            let word = name.split(':').next().unwrap_or(name);
            ensure(refused.says.contains(word), || format!("the refusal at {node} does not name {word}"))?;
        }
        // A modifier of a known parameter is refused as well, whoever is the one to find out.
        let answer = gate.search("Observation", &[("code:above", "x")]).await?;
        let says = outcome_of(&answer, 400)?;
        ensure(says.contains("code"), || format!("the refusal at {node} does not name the parameter"))?;
    }
    Ok(())
}
