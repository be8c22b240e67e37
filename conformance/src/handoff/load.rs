//! Many handoffs through both nodes: how many a second, how long each takes from the push to the end at both sides, and what
//! memory both nodes have for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{Parties, fresh, handoff};
use crate::callers::InnerCaller;
use crate::region::{HOSPITAL, NURSING_HOME};
use crate::suites::{Flaw, Setting};

/// How much is put through, and how.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many handoffs.
    pub count: usize,
    /// Of how many resources each.
    pub resources: usize,
    /// How many are pushed, or taken, at once.
    pub at_once: usize,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub took: Duration,
    /// From the push until both sides say that it is complete, each; in order.
    pub each: Vec<Duration>,
    /// Of the largest handoff as it is pushed, in bytes.
    pub bytes: usize,
    /// By node: resident memory before, at most while it ran, and after, in KiB.
    pub memory: Vec<(&'static str, [u64; 3])>,
}

/// How often both lists are looked at.
const LOOKS: Duration = Duration::from_millis(500);
/// Nothing that is under way takes longer.
const WITHIN: Duration = Duration::from_secs(900);

impl Outcome {
    /// The time within which so many of a hundred were complete.
    pub fn percentile(&self, of_hundred: usize) -> Duration {
        let at = (self.each.len() * of_hundred).div_ceil(100).saturating_sub(1);
        self.each.get(at).copied().unwrap_or_default()
    }

    /// For people.
    pub fn lines(&self) -> Vec<String> {
        let seconds = self.took.as_secs_f64();
        let mut lines = vec![format!(
            "{} handoffs of {} bytes in {seconds:.1} s: {:.1} per second",
            self.each.len(),
            self.bytes,
            self.each.len() as f64 / seconds.max(f64::MIN_POSITIVE),
        )];
        let of = |part: usize| format!("p{part} {:.2} s", self.percentile(part).as_secs_f64());
        lines.push(format!("push to complete at both sides: {}, {}, {}, {}", of(50), of(90), of(99), of(100)));
        for (node, [before, most, after]) in &self.memory {
            let mib = |kib: &u64| kib / 1024;
            lines.push(format!(
                "{node}: {} MiB before, {} MiB at most, {} MiB after",
                mib(before),
                mib(most),
                mib(after)
            ));
        }
        lines
    }
}

/// A handoff of so many resources: the sample, and measurements of the patient.
pub fn large(bsn: &str, run: &str, resources: usize) -> Value {
    let mut bundle = handoff(bsn, run);
    let Some(entries) = bundle["entry"].as_array_mut() else { return bundle };
    let mut more = Vec::new();
    for number in entries.len()..resources {
        let id = format!("overdracht-meting-{number}");
        more.push(json!({"reference": format!("Observation/{id}"), "display": "Bloeddruk"}));
        entries.push(json!({"resource": {
            "resourceType": "Observation", "id": id, "status": "final",
            "meta": {"profile": ["http://nictiz.nl/fhir/StructureDefinition/zib-BloodPressure"]},
            "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9", "display": "Blood pressure panel"}]},
            "subject": {"reference": "Patient/overdracht-patient", "display": "J. van der Berg"},
            "effectiveDateTime": format!("2026-11-{:02}T08:15:00+01:00", 1 + number % 28),
            "performer": [{"reference": "Practitioner/overdracht-verpleegkundige", "display": "P. Jansen"}],
            "component": [
                {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic"}]},
                 "valueQuantity": {"value": 100 + number % 60, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}},
                {"code": {"coding": [{"system": "http://loinc.org", "code": "8462-4", "display": "Diastolic"}]},
                 "valueQuantity": {"value": 60 + number % 30, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}},
            ],
        }}));
    }
    let sections = bundle["entry"][0]["resource"]["section"].as_array_mut().into_iter().flatten();
    let clinical = sections.filter(|section| section["code"]["coding"][0]["code"] == "371524004");
    let inner = clinical.filter_map(|section| section["section"].as_array_mut()).flatten();
    for section in inner.filter(|section| section["code"]["coding"][0]["code"] == "363788007") {
        if let Some(found) = section["entry"].as_array_mut() {
            found.append(&mut more);
        }
    }
    bundle
}

/// Puts them through, each taken by the nursing home's nurse as soon as it is offered.
///
/// # Errors
/// One is not taken, or does not come to its end in time.
pub async fn put_through(setting: &Setting, load: Load, mut tell: impl FnMut(String)) -> Result<Outcome, Flaw> {
    let parties = Arc::new(Parties::of(setting)?);
    let patient = setting.ready.patients.iter().find(|patient| patient.known_at.iter().any(|key| key == HOSPITAL.key));
    let bsn = patient.map(|patient| patient.bsn.clone()).ok_or_else(|| Flaw::NotRun("no patient".to_owned()))?;
    let before = memory(setting)?;
    let (mut most, run) = (before.clone(), fresh());
    let bytes = large(&bsn, &format!("{run}-{}", load.count), load.resources).to_string().len();
    let began = Instant::now();
    let pushing = {
        let (parties, bsn, run) = (parties.clone(), bsn.clone(), run.clone());
        async move {
            let pushes = (0..load.count).map(|number| {
                let bundle = large(&bsn, &format!("{run}-{number}"), load.resources);
                let parties = parties.clone();
                async move {
                    let since = Instant::now();
                    let answer = parties.push_bundle(&bundle).await?;
                    let task = answer.json().unwrap_or_default()["task"].as_str().map(str::to_owned);
                    match task {
                        Some(task) if answer.status == 201 => Ok((task, since)),
                        _ => Err(Flaw::Broken(format!("a push is answered with {}", answer.status))),
                    }
                }
            });
            stream::iter(pushes).buffer_unordered(load.at_once).collect::<Vec<Result<_, Flaw>>>().await
        }
    };
    let mut pushing = std::pin::pin!(pushing);
    let mut pushed: Option<BTreeMap<String, Instant>> = None;
    let mut ends: BTreeMap<String, (Option<Instant>, Option<Instant>)> = BTreeMap::new();
    loop {
        if pushed.is_none() {
            // The pushes go on while both lists are looked at.
            let waited = tokio::time::timeout(LOOKS, &mut pushing).await;
            if let Ok(all) = waited {
                pushed = Some(all.into_iter().collect::<Result<_, _>>()?);
                tell(format!("all are pushed after {:.1} s", began.elapsed().as_secs_f64()));
            }
        } else {
            tokio::time::sleep(LOOKS).await;
        }
        let received = listed(&parties.ecd, &format!("{}/handoffs/received", parties.receiver_inner)).await?;
        let offered: Vec<String> = received
            .iter()
            .filter(|one| one["state"] == "offered")
            .filter_map(|one| one["id"].as_str().map(str::to_owned))
            .collect();
        let takes = offered.iter().map(|id| parties.take(id));
        for taken in stream::iter(takes).buffer_unordered(load.at_once).collect::<Vec<_>>().await {
            taken?;
        }
        let sent = listed(&parties.epd, &format!("{}/handoffs/sent", parties.sender_inner)).await?;
        let now = Instant::now();
        let done = |one: &&Value| one["state"] == "completed";
        let task = |one: &Value| one["task"].as_str().unwrap_or_default().to_owned();
        for one in received.iter().filter(done) {
            ends.entry(task(one)).or_default().1.get_or_insert(now);
        }
        for one in sent.iter().filter(done).filter(|one| one["told"] == true) {
            ends.entry(task(one)).or_default().0.get_or_insert(now);
        }
        for (at, (_, kib)) in memory(setting)?.into_iter().enumerate() {
            most[at].1 = most[at].1.max(kib);
        }
        if let Some(pushed) = &pushed {
            let both = |task: &String| ends.get(task).and_then(|(sent, received)| Some((*sent)?.max((*received)?)));
            let ended: Vec<_> =
                pushed.iter().filter_map(|(task, since)| Some(both(task)?.duration_since(*since))).collect();
            if ended.len() == load.count {
                let mut each = ended;
                each.sort_unstable();
                let after = memory(setting)?;
                let memory = before.iter().zip(&most).zip(&after);
                let memory = memory.map(|((before, most), after)| (before.0, [before.1, most.1, after.1]));
                return Ok(Outcome { took: began.elapsed(), each, bytes, memory: memory.collect() });
            }
            tell(format!(
                "{} of {} are complete after {:.1} s",
                ended.len(),
                load.count,
                began.elapsed().as_secs_f64()
            ));
        }
        if began.elapsed() > WITHIN {
            return Err(Flaw::Broken("not all of them come to their end".to_owned()));
        }
    }
}

async fn listed(system: &InnerCaller, first: &str) -> Result<Vec<Value>, Flaw> {
    let (mut all, mut url) = (Vec::new(), first.to_owned());
    loop {
        let page = super::json(system.get(&url).await?)?;
        all.extend(page["transfers"].as_array().cloned().unwrap_or_default());
        let Some(next) = page["next"].as_str() else { return Ok(all) };
        url = format!("{first}?behind={next}");
    }
}

/// Resident memory of both nodes, in KiB.
fn memory(setting: &Setting) -> Result<Vec<(&'static str, u64)>, Flaw> {
    [HOSPITAL, NURSING_HOME]
        .into_iter()
        .map(|provider| {
            let pid = setting.node(provider.key)?.pid;
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
            Ok((provider.key, kib.ok_or_else(|| Flaw::NotRun(format!("no memory is told of {}", provider.key)))?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::by_name;
    use super::*;

    #[test]
    fn a_large_handoff_has_as_many_resources_as_were_wanted_and_refers_to_each() {
        let bundle = large("999911120", "load", 150);
        let (there, text) = (by_name(&bundle), bundle["entry"][0].to_string());
        assert_eq!(there.len(), 150);
        let measured = there.keys().filter(|name| name.starts_with("Observation/overdracht-meting-"));
        assert!(measured.clone().count() == 130 && measured.clone().all(|name| text.contains(name.as_str())));
    }

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let each = (1..=200).map(Duration::from_secs).collect();
        let outcome = Outcome { took: Duration::from_secs(100), each, bytes: 1, memory: Vec::new() };
        let of = |part| outcome.percentile(part).as_secs();
        assert_eq!([of(50), of(99), of(100)], [100, 198, 200]);
        assert!(outcome.lines()[0].ends_with("2.0 per second"));
    }
}
