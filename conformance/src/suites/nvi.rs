//! Where the data is: the index and what a node knows itself lead to every provider; whatever ails index or pseudonym service,
//! the overview says so and shows whom the node knows otherwise; what a node holds is registered and taken away; and nobody
//! who is no consent register is ever told a BSN.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::overview::{Overview, SHOWCASE};
use super::setting::{BSN_SYSTEM, Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{InnerCaller, Wire};
use crate::national::{Fault, Known, Recorded, Seeded};
use crate::region;

/// The provider that has the index alone, the one that asks it in the older dialect beside its own register, and the one that
/// registers.
const ALONE: &str = "general-practice";
const OLDER: &str = "hospital";
pub(super) const REGISTERS: &str = "nursing-home";
/// A provider that a request may name.
const ADDRESSEE: &str = "pharmacy";
/// Longer than a node waits.
const SLOW: Fault = Fault::Slow { ms: 30_000 };
/// Within this time what a node holds is registered, or taken away.
const PATIENCE: Duration = Duration::from_secs(30);
/// The outcome that tells of the search for sources.
const LOCALISATION: &str = "localisation";

pub fn checks() -> Vec<Check> {
    let mut all = vec![
        Check::new("the index alone leads to every provider that knows the patient, in either dialect", |setting| {
            Box::pin(found(setting))
        }),
        Check::new("a patient whom nobody registered is told to be known nowhere", |setting| {
            Box::pin(nowhere(setting))
        }),
        Check::new("whom a request names is asked, and nobody else", |setting| Box::pin(addressed(setting))),
        Check::new("ATT-143: who registers and is no partner is asked nowhere, and shown to be missing", |setting| {
            Box::pin(poisoned(setting))
        }),
    ];
    let faults: [(&'static str, &'static str, Fault); 16] = [
        ("an index that is slow beyond the deadline is told to be ill", "nvi", SLOW),
        ("an index that is absent is told to be ill", "nvi", Fault::Absent),
        ("an index that breaks off its JSON is told to be ill", "nvi", Fault::Malformed),
        ("an index that answers 500 is told to be ill", "nvi", Fault::Status { code: 500 }),
        ("an index that refuses is told to be ill", "nvi", Fault::Status { code: 403 }),
        ("an index that answers nothing is told to be ill", "nvi", Fault::Empty),
        ("an index that answers without end is told to be ill", "nvi", Fault::Huge { bytes: 4 << 20 }),
        ("an index whose answer breaks off is told to be ill", "nvi", Fault::Torn),
        ("an index that redirects is not followed and told to be ill", "nvi", Fault::Redirect),
        ("an index that answers a web page is told to be ill", "nvi", Fault::MediaType),
        ("an index that has more pages is told to be ill", "nvi", Fault::Paged),
        ("a pseudonym service that is slow is told as an ill index", "prs", SLOW),
        ("a pseudonym service that is absent is told as an ill index", "prs", Fault::Absent),
        ("a pseudonym service that answers 500 is told as an ill index", "prs", Fault::Status { code: 500 }),
        ("a pseudonym for another recipient is told as an ill index", "prs", Fault::OtherPatient),
        ("a pseudonym service that refuses is told as an ill index", "prs", Fault::Status { code: 403 }),
    ];
    all.extend(faults.into_iter().map(|(name, service, fault)| {
        Check::new(name, move |setting| {
            let fault = fault.clone();
            Box::pin(async move { ill(setting, service, &fault).await })
        })
    }));
    all.extend([
        Check::new("a record about another patient is dropped, and the rest is not taken for all", |setting| {
            Box::pin(another(setting))
        }),
        Check::new(
            "what is lost at the index is registered again, and what does not belong there is taken away",
            |setting| Box::pin(reconciled(setting)),
        ),
        Check::new("a patient's first data registers them, and when the last is gone it is taken away", |setting| {
            Box::pin(appears(setting))
        }),
        Check::new("who objects is found no more, until they object no more", |setting| Box::pin(objects(setting))),
        Check::new("the metrics tell how it goes with the index", |setting| Box::pin(measured(setting))),
        Check::new("neither index nor pseudonym service nor token endpoint was ever told a BSN", |setting| {
            Box::pin(told_no_number(setting))
        }),
        Check::new("no patient token came twice", |setting| Box::pin(no_token_twice(setting))),
    ]);
    all
}

/// The services, driven over the wire.
pub(super) struct Driven<'s> {
    setting: &'s Setting,
    wire: Wire,
}

impl<'s> Driven<'s> {
    pub(super) fn of(setting: &'s Setting) -> Result<Self, Flaw> {
        Ok(Driven { setting, wire: Wire::new(None, None)? })
    }

    fn control(&self, service: &str) -> Result<&'s str, Flaw> {
        let found = self.setting.ready.services.iter().find(|simulator| simulator.kind == service);
        found.map(|found| found.control.as_str()).ok_or_else(|| Flaw::NotRun(format!("no {service} is played")))
    }

    async fn put(&self, service: &str, what: &str, value: &impl serde::Serialize) -> Result<Value, Flaw> {
        let body = serde_json::to_vec(value).map_err(|fault| Flaw::NotRun(fault.to_string()))?;
        let url = format!("{}/{what}", self.control(service)?);
        let kind = [("Content-Type", "application/json")];
        let answer = self.wire.raw(Method::PUT, &url, &kind, body.into()).await?;
        ensure(answer.status < 300, || format!("{service} does not take the {what}: {}", answer.status))?;
        Ok(answer.json().unwrap_or_default())
    }

    async fn fault(&self, service: &str, fault: &Fault) -> Judgement {
        self.put(service, "fault", fault).await.map(|_| ())
    }

    /// Who is registered for a patient.
    async fn known(&self, bsn: &str) -> Result<Vec<Known>, Flaw> {
        let known = self.put("nvi", "known", &json!({"bsn": bsn})).await?;
        serde_json::from_value(known).map_err(|_| Flaw::NotRun("the index does not say whom it knows".to_owned()))
    }

    async fn requests(&self, service: &str) -> Result<Vec<Recorded>, Flaw> {
        let answer = self.wire.get(&format!("{}/requests", self.control(service)?)).await?;
        serde_json::from_slice(&answer.body).map_err(|_| Flaw::NotRun(format!("{service} does not tell its requests")))
    }

    /// Waits until a registration of a holder is there, or is not; its id when it is.
    pub(super) async fn until(&self, bsn: &str, holder: &str, there: bool) -> Result<Option<Known>, Flaw> {
        let ura = self.setting.node(holder)?.ura.clone();
        let begun = Instant::now();
        loop {
            let own = self.known(bsn).await?.into_iter().find(|known| known.ura == ura);
            if own.is_some() == there {
                return Ok(own);
            }
            let state = if there { "not registered" } else { "still registered" };
            ensure(begun.elapsed() < PATIENCE, || format!("{holder} is {state}"))?;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Makes everything well, and waits until the nodes have noticed.
    pub(super) async fn recovered(&self) -> Judgement {
        for service in ["nvi", "prs", "tokens"] {
            self.fault(service, &Fault::None).await?;
        }
        let begun = Instant::now();
        for node in [ALONE, OLDER] {
            while overview(self.setting, node).await?.fared.contains_key(LOCALISATION) {
                ensure(begun.elapsed() < PATIENCE, || format!("{node} does not recover when the index does"))?;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        Ok(())
    }
}

/// Somebody of a provider who treats the patient.
fn treating(setting: &Setting, node: &str, bsn: &str) -> Result<InnerCaller, Flaw> {
    let treats = |caller: &&crate::ready::Caller| {
        caller.node.as_deref() == Some(node) && caller.treats.iter().any(|treated| treated == bsn)
    };
    let caller = setting.ready.callers.iter().filter(treats).find_map(|caller| caller.client_id.clone());
    let caller = caller.ok_or_else(|| Flaw::NotRun(format!("nobody of {node} treats the patient")))?;
    setting.person(&caller)
}

async fn overview(setting: &Setting, node: &str) -> Result<Overview, Flaw> {
    Overview::ask(setting, node, &*treating(setting, node, SHOWCASE)?, SHOWCASE).await
}

/// Holds when a provider was asked and gave something. How much, on a machine that is busy, is another check's.
fn took_part(setting: &Setting, overview: &Overview, node: &str) -> Judgement {
    let shown = overview.of(setting, node)?;
    ensure(shown.starts_with("answered") || shown.starts_with("partly"), || format!("{node} is shown as {shown}"))
}

async fn found(setting: &Setting) -> Judgement {
    Driven::of(setting)?.recovered().await?;
    for node in [ALONE, OLDER, REGISTERS] {
        let overview = overview(setting, node).await?;
        for provider in region::providers() {
            took_part(setting, &overview, provider.key)?;
        }
        ensure(!overview.fared.contains_key(LOCALISATION), || format!("{node} has a doubt about the index"))?;
    }
    Ok(())
}

/// A patient whom somebody of the provider with the index alone treats, and whom the provider that registers does not know.
fn elsewhere(setting: &Setting) -> Result<String, Flaw> {
    let not_there = region::patients().into_iter().filter(|patient| !patient.known_at.contains(&REGISTERS));
    let mut treated = not_there.filter(|patient| treating(setting, ALONE, patient.bsn).is_ok());
    treated
        .next()
        .map(|patient| patient.bsn.to_owned())
        .ok_or_else(|| Flaw::NotRun("there is no such patient".to_owned()))
}

async fn nowhere(setting: &Setting) -> Judgement {
    let index = Driven::of(setting)?;
    index.recovered().await?;
    let bsn = elsewhere(setting)?;
    let records = index.known(&bsn).await?;
    ensure(!records.is_empty(), || "nobody is registered from the beginning".to_owned())?;
    for record in &records {
        index.put("nvi", "lost", record).await?;
    }
    let caller = treating(setting, ALONE, &bsn)?;
    let overview = Overview::ask(setting, ALONE, &caller, &bsn).await;
    for Known { ura, source, .. } in records {
        index.put("nvi", "record", &Seeded { bsn: bsn.clone(), ura, source }).await?;
    }
    let fared = overview?.fared;
    ensure(fared.get(LOCALISATION).is_some_and(|words| words == &["known-nowhere"]), || format!("{fared:?}"))
}

async fn addressed(setting: &Setting) -> Judgement {
    let (pharmacy, stranger) = (setting.node(ADDRESSEE)?.ura.clone(), "90099999");
    let url = format!("{}/Patient/$health-overview", setting.inner(ALONE)?);
    let patient = format!("{BSN_SYSTEM}|{SHOWCASE}");
    let caller = treating(setting, ALONE, SHOWCASE)?;
    let before = Driven::of(setting)?.requests("nvi").await?.len();
    let form = [("identifier", patient.as_str()), ("holder", &pharmacy), ("holder", stranger)];
    let overview = Overview::read(caller.post_form(&url, &form).await?)?;
    let fared: Vec<_> = overview.fared.iter().map(|(whom, words)| format!("{whom} {}", words.join(" "))).collect();
    ensure(
        fared
            == [
                format!("{pharmacy} answered"),
                format!("{stranger} unreachable"),
                format!("{LOCALISATION} localisation-not-found-out"),
            ],
        || format!("{fared:?}"),
    )?;
    let after = Driven::of(setting)?.requests("nvi").await?;
    let asked = after.iter().skip(before).filter(|request| request.head.contains("subject%3Aidentifier")).count();
    ensure(asked == 0, || "the index was asked although the request names whom to ask".to_owned())?;
    let form = [("identifier", patient.as_str()), ("holder", "De Linde")];
    let refused = caller.post_form(&url, &form).await?.status;
    ensure(refused == 403 || refused == 400, || format!("what is no URA is answered {refused}"))
}

/// The records of the older dialect name an address besides, which leads nowhere; here somebody stands in the index whom no
/// configuration knows.
async fn poisoned(setting: &Setting) -> Judgement {
    let index = Driven::of(setting)?;
    index.recovered().await?;
    let (ura, source) = ("90098765".to_owned(), "x".to_owned());
    let seeded = Seeded { bsn: SHOWCASE.to_owned(), ura: ura.clone(), source: source.clone() };
    let id = index.put("nvi", "record", &seeded).await?;
    let overviews = (overview(setting, ALONE).await, overview(setting, OLDER).await);
    let id = id.as_str().unwrap_or_default().to_owned();
    index.put("nvi", "lost", &Known { id, ura: ura.clone(), source }).await?;
    for overview in [overviews.0?, overviews.1?] {
        let said = overview.fared.get(LOCALISATION);
        ensure(said.is_some_and(|words| words == &["not-placed"]), || format!("it says {said:?}"))?;
        ensure(!overview.fared.contains_key(&ura), || "who is no partner was asked".to_owned())?;
        for provider in region::providers() {
            took_part(setting, &overview, provider.key)?;
        }
    }
    Ok(())
}

async fn ill(setting: &Setting, service: &str, fault: &Fault) -> Judgement {
    let index = Driven::of(setting)?;
    index.recovered().await?;
    index.fault(service, fault).await?;
    let begun = Instant::now();
    let (alone, beside) = (overview(setting, ALONE).await, overview(setting, OLDER).await);
    let took = begun.elapsed();
    index.recovered().await?;
    let (alone, beside) = (alone?, beside?);
    for (whose, overview) in [(ALONE, &alone), (OLDER, &beside)] {
        let said = overview.fared.get(LOCALISATION);
        ensure(said.is_some_and(|words| words == &["index-unavailable"]), || format!("{whose} says {said:?}"))?;
        took_part(setting, overview, whose)?;
    }
    ensure(alone.fared.len() == 2, || format!("{ALONE} shows {} outcomes", alone.fared.len()))?;
    // Its own register knows the others.
    for provider in region::providers() {
        took_part(setting, &beside, provider.key)?;
    }
    ensure(took < Duration::from_secs(10), || format!("the callers waited {took:?}"))
}

async fn another(setting: &Setting) -> Judgement {
    let index = Driven::of(setting)?;
    index.recovered().await?;
    index.fault("nvi", &Fault::OtherPatient).await?;
    let alone = overview(setting, ALONE).await;
    index.recovered().await?;
    let alone = alone?;
    let said = alone.fared.get(LOCALISATION);
    ensure(said.is_some_and(|words| words == &["index-unavailable"]), || format!("it says {said:?}"))?;
    ensure(!alone.fared.contains_key("90009999"), || "the other patient's provider was asked".to_owned())?;
    for provider in region::providers() {
        took_part(setting, &alone, provider.key)?;
    }
    Ok(())
}

async fn reconciled(setting: &Setting) -> Judgement {
    let index = Driven::of(setting)?;
    index.recovered().await?;
    let own = index.until(SHOWCASE, REGISTERS, true).await?;
    let Known { id, ura, source } = own.ok_or_else(|| Flaw::Broken("not registered".to_owned()))?;
    index.put("nvi", "lost", &Known { id: id.clone(), ura: ura.clone(), source: source.clone() }).await?;
    let again = index.until(SHOWCASE, REGISTERS, true).await?;
    ensure(again.is_some_and(|known| known.id != id), || "the lost registration was never lost".to_owned())?;
    let stranger = elsewhere(setting)?;
    index.put("nvi", "record", &Seeded { bsn: stranger.clone(), ura, source }).await?;
    index.until(&stranger, REGISTERS, false).await.map(|_| ())
}

/// Where the provider that registers keeps its files.
fn folder(setting: &Setting) -> Result<PathBuf, Flaw> {
    let config = &setting.node(REGISTERS)?.config_file;
    config.parent().map(PathBuf::from).ok_or_else(|| Flaw::NotRun("the node has no folder".to_owned()))
}

fn write(file: &PathBuf, value: &Value) -> Judgement {
    std::fs::write(file, value.to_string()).map_err(|fault| Flaw::NotRun(format!("a file cannot be written: {fault}")))
}

async fn appears(setting: &Setting) -> Judgement {
    let index = Driven::of(setting)?;
    index.recovered().await?;
    let bsn = elsewhere(setting)?;
    index.until(&bsn, REGISTERS, false).await?;
    let records = folder(setting)?.join("records");
    let (person, finding) = (records.join("zz-patient.json"), records.join("zz-condition.json"));
    let patient =
        json!({"resourceType": "Patient", "id": "zz-new", "identifier": [{"system": BSN_SYSTEM, "value": bsn}]});
    write(&person, &patient)?;
    let condition = json!({"resourceType": "Condition", "id": "zz-new", "subject": {"reference": "Patient/zz-new"},
        "code": {"text": "Nieuw"}});
    write(&finding, &condition)?;
    let came = index.until(&bsn, REGISTERS, true).await;
    for file in [&finding, &person] {
        std::fs::remove_file(file).map_err(|fault| Flaw::NotRun(fault.to_string()))?;
    }
    came?;
    index.until(&bsn, REGISTERS, false).await.map(|_| ())
}

async fn objects(setting: &Setting) -> Judgement {
    let index = Driven::of(setting)?;
    index.recovered().await?;
    index.until(SHOWCASE, REGISTERS, true).await?;
    let list = folder(setting)?.join("registers").join("objections.json");
    write(&list, &json!([{"patient": SHOWCASE}]))?;
    let gone = index.until(SHOWCASE, REGISTERS, false).await;
    write(&list, &json!([]))?;
    gone?;
    index.until(SHOWCASE, REGISTERS, true).await.map(|_| ())
}

async fn measured(setting: &Setting) -> Judgement {
    for (node, lines) in [
        (ALONE, &["zorgsluis_nvi_messages_total{outcome=\"found\"}", "zorgsluis_nvi_breaker_open 0"][..]),
        (REGISTERS, &["zorgsluis_nvi_messages_total{outcome=\"registered\"}", "zorgsluis_nvi_waiting 0"]),
    ] {
        let text = Wire::new(None, None)?.get(&setting.node(node)?.metrics).await?.body;
        let text = String::from_utf8_lossy(&text).into_owned();
        for line in lines {
            ensure(text.contains(line), || format!("the metrics of {node} do not say {line}"))?;
        }
        ensure(!names_a_patient(&text), || "the metrics name a patient".to_owned())?;
    }
    Ok(())
}

async fn told_no_number(setting: &Setting) -> Judgement {
    let index = Driven::of(setting)?;
    for service in ["nvi", "prs", "tokens"] {
        let asked = index.requests(service).await?;
        ensure(!asked.is_empty(), || format!("{service} was asked nothing"))?;
        for request in asked {
            ensure(!names_a_patient(&request.head), || format!("a URL or header to {service} has a BSN"))?;
            ensure(!names_a_patient(&request.body), || format!("a body to {service} has a BSN"))?;
        }
    }
    Ok(())
}

async fn no_token_twice(setting: &Setting) -> Judgement {
    let index = Driven::of(setting)?;
    let answer = index.wire.get(&format!("{}/reused", index.control("nvi")?)).await?;
    let reused = answer.json().and_then(|count| count.as_u64());
    ensure(reused == Some(0), || format!("{reused:?} patient tokens were used again"))
}
