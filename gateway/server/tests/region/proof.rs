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
