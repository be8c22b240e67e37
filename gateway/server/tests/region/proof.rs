//! The proof of the access log, as an auditor and a neighbour meet it: the command line and the public routes.

use std::path::Path;
use std::process::{Command, Output};

use conformance::callers::Wire;
use serde_json::Value;

use crate::program::ZORGSLUIS;

fn log(arguments: &[&str], folder: &Path) -> Output {
    Command::new(ZORGSLUIS).arg("log").args(arguments).arg("--folder").arg(folder).output().unwrap()
}

/// The whole log is the one that was signed for. Says how many records.
pub fn holds(folder: &Path, more: &[&str]) -> u64 {
    let output = log(&[&["verify", "--json"], more].concat(), folder);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &said["verdict"]), (Some(0), &"good".into()), "{said:#} {errors}");
    assert!(said["checkpoints"].as_u64() > Some(0), "{said:#}");
    said["records"].as_u64().unwrap()
}

/// The log is searched and exported as it should be, and the patient's BSN is not on the command line.
pub fn is_searched(folder: &Path, bsn: &str) {
    let lines = |output: Output| {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let all = lines(log(&["print"], folder));
    let fitting = |fits: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        all.iter().filter(|line| fits(&line["record"])).cloned().collect()
    };
    let patient = folder.with_file_name("patient");
    std::fs::write(&patient, format!("{bsn}\n")).unwrap();
    let found = lines(log(&["search", "--patient-file", patient.to_str().unwrap()], folder));
    assert!(!found.is_empty() && found.len() < all.len());
    assert_eq!(found, fitting(&|record| record["patient"] == bsn));
    let refused = lines(log(&["search", "--result", "refused"], folder));
    assert!(!refused.is_empty());
    assert_eq!(refused, fitting(&|record| record["outcome"]["result"] == "refused"));
    let correlation = all[0]["record"]["correlation_id"].as_str().unwrap();
    let one = lines(log(&["search", "--correlation-id", correlation], folder));
    assert_eq!(one, fitting(&|record| record["correlation_id"] == correlation));
    assert_eq!(lines(log(&["export", "--format", "ndjson"], folder)), all);
    assert_eq!(lines(log(&["export", "--format", "ndjson", "--until", "2020-01-01"], folder)), [Value::Null; 0]);
    let csv = log(&["export", "--format", "csv"], folder);
    assert_eq!(String::from_utf8(csv.stdout).unwrap().matches("\r\n").count(), all.len() + 1);
    // An export holds like the log itself.
    let export = folder.with_file_name("export");
    std::fs::write(&export, log(&["export", "--format", "ndjson"], folder).stdout).unwrap();
    let key = String::from_utf8(log(&["key"], folder).stdout).unwrap();
    let proof = folder.with_file_name("log-proof");
    let verify = ["log", "verify", "--export", export.to_str().unwrap(), "--key", key.trim(), "--proof"];
    let verified = Command::new(ZORGSLUIS).args(verify).arg(proof).output().unwrap();
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
}

/// The running node of this log gives out its last checkpoint and the hashes below it, and nothing else of its log.
pub async fn is_given_out(folder: &Path, (wire, base): &(Wire, String)) {
    let root = base.split_once("/fhir/").unwrap().0;
    let checkpoint = wire.get(&format!("{root}/log/checkpoint")).await.unwrap();
    assert_eq!(checkpoint.status, 200);
    assert!(checkpoint.header("content-type").unwrap().starts_with("text/plain"));
    assert_eq!(checkpoint.header("cache-control"), Some("no-cache"));
    let kept = folder.with_file_name("kept");
    std::fs::write(&kept, &checkpoint.body).unwrap();
    let records = holds(folder, &["--kept", kept.to_str().unwrap()]);
    let text = String::from_utf8(checkpoint.body.to_vec()).unwrap();
    let size: u64 = text.lines().nth(1).unwrap().parse().unwrap();
    assert!((1..=records).contains(&size), "{size} of {records} records");
    let width = if size < 256 { format!("0/000.p/{size}") } else { "0/000".to_owned() };
    let tile = wire.get(&format!("{root}/log/tile/{width}")).await.unwrap();
    assert_eq!((tile.status, tile.header("content-type")), (200, Some("application/octet-stream")));
    assert!(tile.header("cache-control").unwrap().contains("immutable"));
    assert_eq!(tile.body.len() as u64, 32 * size.min(256));
    let proof: Value = serde_json::from_slice(&log(&["prove", "0"], folder).stdout).unwrap();
    let leaf = base64_of(&tile.body[..32]);
    assert_eq!(proof["leaf_hash"], leaf, "the first hash of the tile is that of the first record");
    for path in [
        "",
        "checkpoint/",
        "tile/",
        "tile/0/001000",
        "tile/0/000.p/0",
        "tile/entries/000",
        "tile/data/000",
        "00000000000000000000.log",
        "tile/0/x999/999",
    ] {
        let answer = wire.get(&format!("{root}/log/{path}")).await.unwrap();
        assert!(answer.status == 404, "{path}: {}", answer.status);
        assert!(answer.body.is_empty(), "{path}");
    }
    eprintln!("proof: {size} of {records} records signed for, checkpoint and tile given out");
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
