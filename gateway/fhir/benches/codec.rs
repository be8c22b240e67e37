//! What reading and writing cost per megabyte, beside two baselines of the same run: a plain copy of the same bytes, and
//! `serde_json::Value`. Only the ratios mean something: machines differ, and this one may be busy.
//!
//! `cargo bench -p fhir`, or `cargo bench -p fhir -- FILE…` for texts of your own (`.json`, `.xml`).

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints what it measured, and stops when its own text is wrong"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fhir::json::Limits;
use fhir::{Bundle, FhirVersion, Resource};

/// Rounds; in each everything is measured once, so that all share what the machine is busy with.
const ROUNDS: usize = 15;
/// How long one measurement repeats its work.
const AT_LEAST: Duration = Duration::from_millis(40);

/// What is measured: its name, how many bytes it is about, and the work itself.
type Work = (&'static str, usize, Box<dyn Fn()>);

fn main() {
    let files: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if files.is_empty() {
        for entries in [4, 400, 2000] {
            let text = searchset(entries);
            measure(&format!("searchset of {entries} observations"), text);
        }
    }
    for file in files {
        let text = std::fs::read(&file).unwrap();
        let text = if file.ends_with(".xml") { json_of(&text) } else { Bytes::from(text) };
        measure(&file, text);
    }
}

fn json_of(xml: &[u8]) -> Bytes {
    fhir::xml::read(FhirVersion::R4, xml, &Limits::default()).unwrap().bytes()
}

/// One line per piece of work: the median over the rounds, per megabyte, and its ratio to the two baselines.
fn measure(what: &str, json: Bytes) {
    let resource = Resource::parse(json.clone(), &Limits::default()).unwrap();
    let xml = fhir::xml::write(FhirVersion::R4, &resource).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let bundle = Bundle::read(&resource).ok();
    let node = resource.to_node();
    let mut works: Vec<Work> = vec![
        ("copy", json.len(), {
            let json = json.clone();
            Box::new(move || drop(black_box(json.to_vec())))
        }),
        ("serde_json::Value, read", json.len(), {
            let json = json.clone();
            Box::new(move || drop(black_box(serde_json::from_slice::<serde_json::Value>(&json).unwrap())))
        }),
        (
            "serde_json::Value, write",
            json.len(),
            Box::new(move || drop(black_box(serde_json::to_vec(&value).unwrap()))),
        ),
        ("resource, read", json.len(), {
            let json = json.clone();
            Box::new(move || drop(black_box(Resource::parse(json.clone(), &Limits::default()).unwrap())))
        }),
        ("resource, write as it was", json.len(), {
            let resource = resource.clone();
            Box::new(move || drop(black_box(resource.bytes())))
        }),
        ("tree, write", json.len(), Box::new(move || drop(black_box(node.write())))),
        ("XML, read", xml.len(), {
            let xml = xml.clone();
            Box::new(move || drop(black_box(fhir::xml::read(FhirVersion::R4, &xml, &Limits::default()).unwrap())))
        }),
        ("XML, write", xml.len(), {
            let resource = resource.clone();
            Box::new(move || drop(black_box(fhir::xml::write(FhirVersion::R4, &resource).unwrap())))
        }),
    ];
    if let Some(bundle) = bundle {
        works.push(("Bundle, split", json.len(), Box::new(move || drop(black_box(Bundle::read(&resource).unwrap())))));
        works.push(("Bundle, write", json.len(), Box::new(move || drop(black_box(bundle.write())))));
    }
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); works.len()];
    for _ in 0..ROUNDS {
        for (times, (_, _, work)) in times.iter_mut().zip(&works) {
            times.push(seconds(work));
        }
    }
    let per_megabyte: Vec<f64> = times
        .iter_mut()
        .zip(&works)
        .map(|(times, (_, bytes, _))| median(times) * 1e6 / (*bytes as f64 / 1e6))
        .collect();
    println!("{what}: {} bytes of JSON, {} of XML", json.len(), xml.len());
    println!("  {:<26} {:>12} {:>10} {:>22}", "", "us per MB", "of copy", "of serde_json's same");
    for ((name, _, _), cost) in works.iter().zip(&per_megabyte) {
        let same = if name.contains("write") { per_megabyte[2] } else { per_megabyte[1] };
        println!("  {name:<26} {cost:>12.1} {:>10.2} {:>22.2}", cost / per_megabyte[0], cost / same);
    }
}

/// How long one repetition takes.
fn seconds(work: &dyn Fn()) -> f64 {
    let began = Instant::now();
    let mut times = 0u32;
    while began.elapsed() < AT_LEAST {
        work();
        times += 1;
    }
    began.elapsed().as_secs_f64() / f64::from(times)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A searchset the way sources answer it: narrative, codings, a quantity, an extension.
fn searchset(entries: usize) -> Bytes {
    let entry = |number: usize| {
        format!(
            r#"{{"fullUrl":"https://source.example/fhir/Observation/o{number}","resource":{{"resourceType":"Observation","id":"o{number}","meta":{{"versionId":"1","lastUpdated":"2026-11-02T10:{:02}:00.000+01:00","profile":["http://nictiz.nl/fhir/StructureDefinition/nl-core-BloodPressure"]}},"text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><table><tr><td>Bloeddruk</td><td>{}/80 mmHg</td></tr><tr><td>Houding</td><td>zittend &amp; rustig</td></tr></table></div>"}},"extension":[{{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-CopyIndicator","valueBoolean":false}}],"identifier":[{{"system":"urn:oid:2.16.840.1.113883.2.4.3.11.999","value":"bp-{number}"}}],"status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure panel"}}]}},"subject":{{"reference":"Patient/p1","type":"Patient","display":"patiënt"}},"effectiveDateTime":"2026-11-02T10:15:00+01:00","component":[{{"code":{{"coding":[{{"system":"http://loinc.org","code":"8480-6"}}]}},"valueQuantity":{{"value":{}.0,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}}},{{"code":{{"coding":[{{"system":"http://loinc.org","code":"8462-4"}}]}},"valueQuantity":{{"value":80.50,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}}}]}},"search":{{"mode":"match"}}}}"#,
            number % 60,
            110 + number % 50,
            110 + number % 50,
        )
    };
    let entries: Vec<String> = (0..entries).map(entry).collect();
    let text = format!(
        r#"{{"resourceType":"Bundle","type":"searchset","total":{},"entry":[{}]}}"#,
        entries.len(),
        entries.join(",")
    );
    text.into()
}
