//! What the medication overview costs: blocks of one patient from twelve sources, with copies of a third of them, computed
//! and told; how that grows with their number, and how much memory it takes at most beside the blocks themselves.
//!
//! `cargo bench -p flows --bench medication`, with numbers of blocks behind `--` for only those. The best of several rounds
//! says most, since a busy machine only adds; beside it stands what the same costs on one processor.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "prints what it measured, and stops when its own set-up is wrong"
)]

use std::hint::black_box;
use std::time::Instant;

use fhir::Resource;
use fhir::json::Limits;
use flows::medication::{Moment, Received, Treatments, Windows, treatments};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 +1);
const SOURCES: usize = 12;
/// Agreements, stops and uses of one treatment.
const PER_TREATMENT: usize = 8;

fn main() {
    let one_alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    println!("on {} processors, and on one; wall clock", rayon::current_num_threads());
    println!(
        "{:<30} {:>8} {:>8} {:>9} {:>9} {:>9} {:>11}",
        "", "blocks", "lines", "ms, best", "us/block", "ms on one", "peak, MB"
    );
    let mut sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        sizes.extend([1_000, 10_000, 100_000]);
    }
    for blocks in &sizes {
        measure("many treatments", &many(*blocks), &one_alone);
    }
    for blocks in &sizes {
        measure("one treatment of everything", &one(*blocks), &one_alone);
    }
}

fn measure(what: &str, blocks: &[(usize, Resource)], one_alone: &rayon::ThreadPool) {
    let received: Vec<Received<'_>> =
        blocks.iter().map(|(source, resource)| Received { source: *source, resource }).collect();
    let compute = || treatments(&received, false, Moment::from(NOW), Windows::default());
    let peak = peak_of(|| {
        black_box(compute());
    });
    let lines = counted(&compute());
    let (mut shared, mut alone) = (f64::MAX, f64::MAX);
    // In turn, so that what else the machine does meets both.
    for _ in 0..(300_000 / received.len()).clamp(5, 60) {
        shared = shared.min(took(compute));
        alone = alone.min(one_alone.install(|| took(compute)));
    }
    println!(
        "{what:<30} {:>8} {lines:>8} {shared:>9.2} {:>9.2} {alone:>9.2} {:>11}",
        received.len(),
        shared * 1_000.0 / received.len() as f64,
        peak.map_or_else(|| "-".to_owned(), |kilobytes| format!("{:.1}", kilobytes as f64 / 1_000.0))
    );
}

/// Milliseconds until it is told; what was told is set free afterwards, as an answer would be.
fn took(compute: impl Fn() -> Treatments) -> f64 {
    let began = Instant::now();
    let told = black_box(compute());
    let took = began.elapsed().as_secs_f64() * 1_000.0;
    drop(told);
    took
}

/// By how many kilobytes this raises what the process holds, at most; only Linux says so (proc(5): VmHWM, set back by a 5 in
/// clear_refs). What is set free before stays in the allocator and is used again, so the first row says most.
fn peak_of(work: impl FnOnce()) -> Option<u64> {
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    let before = held("VmRSS:")?;
    work();
    Some(held("VmHWM:")?.saturating_sub(before))
}

fn held(what: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(what))?.split_whitespace().next()?.parse().ok()
}

fn counted(found: &Treatments) -> usize {
    found.shown.iter().map(|treatment| treatment.lines.len()).sum()
}

fn day(offset: i64) -> String {
    (NOW + Duration::days(offset)).date().to_string()
}

/// A medication agreement or administration agreement, with the elements that real ones carry.
fn block(kind: &str, id: usize, treatment: usize, start: i64, more: &str) -> String {
    let (resource_type, category, extra) = match kind {
        "MA" => ("MedicationRequest", "33633005", r#""intent":"order","requester":{"display":"A. Arts"},"#),
        "TA" => ("MedicationDispense", "422037009", r#""performer":[{"actor":{"display":"Apotheek"}}],"#),
        _ => ("MedicationStatement", "422979000", ""),
    };
    let period = match kind {
        "MGB" => format!(
            r#""effectivePeriod":{{"start":"{}"}},"dateAsserted":"{}T08:00:00+01:00","#,
            day(start),
            day(start + 1)
        ),
        _ => String::new(),
    };
    format!(
        r#"{{"resourceType":"{resource_type}","id":"r{kind}{id}","meta":{{"profile":["http://nictiz.nl/fhir/StructureDefinition/mp-x"]}},
        "extension":[{{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-RenderedDosageInstruction","valueString":"Vanaf {0}, 1 maal per dag 1 stuk, oraal"}},
        {{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-TimeInterval.Period","valuePeriod":{{"start":"{0}T00:00:00+01:00"{more}}}}},
        {{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-RegistrationDateTime","valueDateTime":"{0}T08:00:00+01:00"}},
        {{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-PharmaceuticalTreatment.Identifier","valueIdentifier":{{"system":"urn:oid:2.16.840.1.113883.2.4.3.11.999.77.1.1","value":"mbh-{treatment}"}}}}],
        "identifier":[{{"system":"urn:oid:2.16.840.1.113883.2.4.3.11.999.77.{category}.1","value":"{kind}-{id}"}}],
        "status":"unknown",{extra}{period}"category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"{category}"}}]}}],
        "medicationReference":{{"reference":"Medication/p{treatment}","display":"OMEPRAZOL 20MG CAPSULE MSR"}},
        "subject":{{"reference":"Patient/1","display":"Patient"}},
        "dosageInstruction":[{{"timing":{{"repeat":{{"frequency":1,"period":1,"periodUnit":"d"}}}},
        "route":{{"coding":[{{"system":"urn:oid:2.16.840.1.113883.2.4.4.9","code":"9","display":"Oraal"}}]}},
        "doseAndRate":[{{"doseQuantity":{{"value":1,"unit":"stuk","system":"http://unitsofmeasure.org","code":"1"}}}}]}}]}}"#,
        day(start)
    )
}

fn parse(text: String) -> Resource {
    Resource::parse(text.into_bytes().into(), &Limits::default()).unwrap()
}

/// Treatments of some agreements each; a third of the blocks are copies of others.
fn many(count: usize) -> Vec<(usize, Resource)> {
    let mut blocks = Vec::with_capacity(count);
    let mut number = 0;
    while blocks.len() < count {
        let treatment = number / PER_TREATMENT;
        let place = number % PER_TREATMENT;
        let start = -400 + 40 * i64::try_from(place).unwrap();
        let kind = ["MA", "TA", "MA", "TA", "MA", "TA", "MA", "MGB"][place];
        let text = block(kind, number, treatment, start, "");
        if number % 3 == 0 && kind == "MA" && blocks.len() + 1 < count {
            let copy = text.replace(r#""intent":"order","#, r#""intent":"order","reportedBoolean":true,"#);
            blocks.push(((number + 5) % SOURCES, parse(copy)));
        }
        blocks.push((number % SOURCES, parse(text)));
        number += 1;
    }
    blocks
}

/// The worst shape: all agreements in one treatment, each in the place of the one before.
fn one(count: usize) -> Vec<(usize, Resource)> {
    let span = i64::try_from(count).unwrap();
    (0..count)
        .map(|number| {
            let start = (i64::try_from(number).unwrap() - span) / 8;
            let kind = if number % 2 == 0 { "MA" } else { "TA" };
            (number % SOURCES, parse(block(kind, number, 0, start, "")))
        })
        .collect()
}
