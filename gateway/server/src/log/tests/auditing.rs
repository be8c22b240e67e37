//! What an auditor does besides: exports, proofs, witnesses, and logs of which nothing can be told.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use store::proof::{Hash, InclusionProof, holds_inclusion, leaf_hash, read_history};

use super::{NAME, World, record};
use crate::log::export::{ExportOptions, Format, export};
use crate::log::filter::Period;
use crate::log::prove::{ProveOptions, prove};
use crate::log::verify::{VerifyOptions, verify};

#[test]
fn an_export_is_as_good_as_the_log_and_as_easily_found_out() {
    let world = World::new();
    let mut text = Vec::new();
    let options =
        ExportOptions { folder: world.own.records.clone(), format: Format::Ndjson, period: Period::default() };
    export(&options, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let said = |text: &str, kept: Vec<PathBuf>| {
        let file = world.folder.path().join("export");
        fs::write(&file, text).unwrap();
        let key = Some(world.key.clone());
        verify(&VerifyOptions { export: Some(file), key, kept, ..VerifyOptions::default() })
            .map(|verdict| verdict.sentences())
    };
    for kept in [world.kept.clone(), world.history()] {
        assert_eq!(said(&text, vec![kept.clone()]), Ok(vec![]));
        let changed = said(&text.replacen("own-25", "own-26", 1), vec![kept.clone()]).unwrap();
        assert!(!changed.is_empty());
        let mut lines: Vec<&str> = text.lines().collect();
        lines.remove(7);
        let dropped = said(&lines.join("\n"), vec![kept]).unwrap();
        assert_eq!(dropped[0], "from record 7 on the log cannot be read: record 8 comes next");
    }
    assert!(said(&text, vec![]).is_err_and(|fault| fault.contains("no checkpoint at all")));
    assert!(said("no record\n", vec![world.kept.clone()]).is_err_and(|fault| fault.contains("line 1")));
}

#[test]
fn what_cannot_be_told_is_neither_good_nor_bad() {
    let world = World::new();
    let fault = |options| verify(&options).err().unwrap_or_else(|| panic!("this cannot be told"));
    let folder = Some(world.own.records.clone());
    let witness = "witness.test+";
    assert!(
        fault(VerifyOptions { folder: folder.clone(), witness: vec![witness.into()], ..Default::default() })
            .contains("--witness")
    );
    let own = VerifyOptions { folder: folder.clone(), witness: vec![world.key.clone()], ..Default::default() };
    assert!(fault(own).contains("not of a witness"));
    let witness = store::proof::WitnessKey::open_or_make(&world.folder.path().join("w"), "witness.test").unwrap();
    let unseen = VerifyOptions {
        folder: folder.clone(),
        witness: vec![witness.public().to_string()],
        kept: vec![world.kept.clone()],
        ..Default::default()
    };
    assert!(fault(unseen).contains("bears the signature of the witness"));
    let mut seen = read_history(&world.history()).unwrap().pop().unwrap();
    seen.cosign(&witness, 1_793_000_000).unwrap();
    let file = world.folder.path().join("seen");
    fs::write(&file, seen.write()).unwrap();
    let options = VerifyOptions {
        folder: folder.clone(),
        witness: vec![witness.public().to_string()],
        kept: vec![file],
        ..Default::default()
    };
    let verdict = verify(&options).unwrap();
    assert!(verdict.is_good() && verdict.to_string().contains("seen by witness.test up to 60 records"));
    fs::remove_file(world.history()).unwrap();
    let alone = || VerifyOptions { folder: folder.clone(), ..VerifyOptions::default() };
    assert!(fault(alone()).contains("no checkpoint at all"));
    fs::remove_dir_all(&world.own.proof).unwrap();
    assert!(fault(alone()).contains("no such folder"));
}

#[test]
fn a_proof_leads_from_the_record_to_the_checkpoint() {
    let world = World::new();
    let options = |index, since| ProveOptions { index, folder: world.own.records.clone(), since };
    let document: Value = serde_json::from_str(&prove(&options(33, Some(40))).unwrap()).unwrap();
    let hash = |text: &Value| Hash(STANDARD.decode(text.as_str().unwrap()).unwrap().try_into().unwrap());
    let hashes = document["inclusion"].as_array().unwrap().iter().map(hash).collect();
    let proof = InclusionProof { index: 33, size: 60, hashes };
    let leaf = leaf_hash(&record("own", 33));
    assert_eq!(hash(&document["leaf_hash"]), leaf);
    assert!(holds_inclusion(&proof, leaf, hash(&document["root"])));
    assert!(document["checkpoint"].as_str().unwrap().starts_with(&format!("{NAME}\n60\n")));
    let older = &read_history(&world.history()).unwrap()[1];
    assert_eq!((older.size(), older.root()), (40, hash(&document["consistency"]["root"])));
    assert!(!document.to_string().contains("own-33"), "a proof says nothing of the record");
    assert!(prove(&options(60, None)).is_err_and(|fault| fault.contains("not signed for")));
    world.change(|all| all[33][40] ^= 1);
    assert!(prove(&options(33, None)).is_err_and(|fault| fault.contains("log verify")));
}
