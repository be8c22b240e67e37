//! What it costs to hold an answer against the permit, per returned resource, beside a plain skim of the same JSON
//! (`serde_json`, everything ignored) and our own reading of it in the same run. Only the ratios mean something: machines
//! differ, and this one may be busy.
//!
//! `cargo bench -p exchange --bench answer_check`. Measured is the whole stack over a source that answers from memory with what
//! it has read already, less the same with nothing in the answer: the check of each resource, and what arranging and
//! recording it adds.

// Prints what it measured, and stops when its own set-up is wrong; the world of the tests knows a source that panics.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "prints what it measured, and stops when its own set-up is wrong"
)]

#[path = "../tests/stack/log.rs"]
mod log;
#[path = "../tests/stack/world.rs"]
#[expect(dead_code, reason = "the tests of the stack need more of it")]
mod world;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use exchange::ports::{
    AccessLog, Answer, BoxFuture, Item, Localisation, LogUnavailable, Question, Slot, Source, SourceFault, Whereabouts,
};
use exchange::{Handle, Stack};
use fhir::json::Limits;
use fhir::{Resource, SearchMode, Ura};
use policy::{Consent, ConsentDecision, DataHolder, Finding, Obligation, Permit, UseCase};
use serde::de::IgnoredAny;
use serde_json::json;

/// Rounds; in each everything is measured once, so that all share what the machine is busy with.
const ROUNDS: usize = 15;
/// How long one measurement repeats its work.
const AT_LEAST: Duration = Duration::from_millis(30);

/// A source that has read everything already.
struct Memory {
    holder: DataHolder,
    items: Vec<Resource>,
}

impl Source for Memory {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }
    fn name(&self) -> &str {
        "memory"
    }
    fn ask<'a>(&'a self, _: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        let items = self.items.iter().map(|resource| Item { resource: resource.clone(), mode: SearchMode::Match });
        let answer = Answer { items: items.collect(), patients: vec!["anna".into()], ..Answer::default() };
        Box::pin(std::future::ready(Ok(answer)))
    }
}

struct There(Arc<Memory>);

impl Localisation for There {
    fn locate<'a>(&'a self, _: &'a Permit) -> BoxFuture<'a, Whereabouts> {
        let places: Vec<Arc<dyn Source>> = vec![self.0.clone()];
        Box::pin(std::future::ready(Whereabouts { places, index: Finding::Found(0) }))
    }
}

/// A log that keeps nothing: its cost is measured elsewhere.
struct Nothing;

impl AccessLog for Nothing {
    fn reserve(&self) -> Result<Box<dyn Slot>, LogUnavailable> {
        Ok(Box::new(Nothing))
    }
}

impl Slot for Nothing {
    fn write(self: Box<Self>, record: Vec<u8>) -> BoxFuture<'static, Result<(), LogUnavailable>> {
        black_box(record);
        Box::pin(std::future::ready(Ok(())))
    }
    fn hand_over(self: Box<Self>, record: Vec<u8>) {
        black_box(record);
    }
}

/// A condition of about two kilobytes.
fn condition(number: usize) -> String {
    let coding = |code: usize| json!({"system": "http://snomed.info/sct", "code": code.to_string(), "display": "fractuur van collum femoris"});
    let extension: Vec<_> = (0..4)
        .map(|number| json!({"url": format!("http://example.org/fhir/StructureDefinition/ext-{number}"), "valueString": "links"}))
        .collect();
    json!({"resourceType": "Condition", "id": format!("c{number}"),
        "meta": {"versionId": "1", "lastUpdated": "2026-11-01T10:00:00Z",
            "profile": ["http://nictiz.nl/fhir/StructureDefinition/nl-core-Problem"],
            "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}]},
        "text": {"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div>", "Heup. ".repeat(60))},
        "extension": extension,
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
        "code": {"coding": [coding(5_913_000), coding(263_225_007)], "text": "Collumfractuur"},
        "subject": {"reference": "Patient/anna", "display": "A. Voorbeeld"},
        "onsetDateTime": "2026-10-28", "recordedDate": "2026-10-28T11:20:00+01:00",
        "bodySite": [{"coding": [coding(71_341_001)]}],
        "note": [{"text": "Uitgegleden in de badkamer, geen hoofdletsel. ".repeat(8)}]})
    .to_string()
}

fn stack(texts: &[String], duties: Vec<Obligation>) -> Stack {
    let world = world::World::in_order();
    let given = Consent { withhold: duties, ..world::consent(ConsentDecision::Permit) };
    *world.consent.lock().unwrap() = Finding::Found(given);
    let policy = world::POLICY.replace("PACKAGE", "test_reading");
    let release = "version = \"1.0.0\"\ntitle = \"Test\"\n";
    let use_case = UseCase::load("test-reading", world::CAPABILITY, &policy, release, false).unwrap();
    let items = texts.iter().map(|text| Resource::parse(text.clone().into(), &Limits::default()).unwrap()).collect();
    let holder = DataHolder(Ura::parse("90000111").unwrap());
    let mut wiring = world::wiring(&world, vec![use_case]);
    wiring.localisation = Arc::new(There(Arc::new(Memory { holder, items })));
    wiring.log = Arc::new(Nothing);
    exchange::stack(wiring)
}

/// Nanoseconds of one run of the work.
fn time(mut work: impl FnMut()) -> f64 {
    let began = Instant::now();
    let mut times = 0_u32;
    while began.elapsed() < AT_LEAST {
        work();
        times += 1;
    }
    began.elapsed().as_nanos() as f64 / f64::from(times)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ask = |stack: &Stack| {
        let recorded = runtime.block_on(stack.handle(world::about(world::ANNA, "Condition"))).unwrap();
        black_box(recorded.released().items().count())
    };
    let duties = || {
        vec![
            Obligation::MaskElements { elements: vec!["Condition.note".into()] },
            Obligation::WithholdCoded { system: "http://snomed.info/sct".into(), code: "1".into() },
        ]
    };
    println!(
        "{:<44} {:>10} {:>12} {:>12} {:>8} {:>8}",
        "", "resources", "check, us", "skim, us", "check/skim", "read/skim"
    );
    for (what, count, duties) in [
        ("one resource of 2 KB", 1, Vec::new()),
        ("a searchset of 200 KB", 100, Vec::new()),
        ("the same, masked and held against a code", 100, duties()),
    ] {
        let texts: Vec<String> = (0..count).map(condition).collect();
        let bytes: usize = texts.iter().map(String::len).sum();
        let (full, empty) = (stack(&texts, duties.clone()), stack(&[], duties));
        assert_eq!((ask(&full), ask(&empty)), (count, 0));
        let (mut checks, mut skims, mut reads) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let whole = time(|| _ = ask(&full));
            let nothing = time(|| _ = ask(&empty));
            checks.push((whole - nothing) / count as f64);
            let skim = time(|| {
                for text in &texts {
                    black_box(serde_json::from_str::<IgnoredAny>(text).unwrap());
                }
            });
            skims.push(skim / count as f64);
            let texts: Vec<Bytes> = texts.iter().map(|text| Bytes::from(text.clone())).collect();
            let read = time(|| {
                for text in &texts {
                    drop(black_box(Resource::parse(text.clone(), &Limits::default()).unwrap()));
                }
            });
            reads.push(read / count as f64);
        }
        let (check, skim, read) = (median(checks) / 1e3, median(skims) / 1e3, median(reads) / 1e3);
        println!(
            "{:<44} {count:>10} {check:>12.2} {skim:>12.2} {:>10.2} {:>9.2}",
            format!("{what} ({} bytes each)", bytes / count),
            check / skim,
            read / skim
        );
    }
}
