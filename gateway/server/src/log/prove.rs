//! `zorgsluis log prove`: that one record is in the log, for whoever has the record and a checkpoint (RFC 6962, section
//! 2.1). The proof says nothing of what the record says, and is given of an erased record as well: its leaf is left.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::json;
use store::access_log;
use store::proof::{
    HISTORY, Hash, ProofFault, SignedCheckpoint, Tree, holds_consistency, holds_inclusion, leaf_of, read_last,
};

use super::places::Places;

#[derive(Args)]
pub struct ProveOptions {
    /// The record's index.
    pub index: u64,
    /// The log's folder: `log` in the folder of `store.folder`.
    #[arg(long)]
    pub folder: PathBuf,
    /// Proves as well that the log of so many records is the beginning of this one.
    #[arg(long)]
    pub since: Option<u64>,
}

/// The proof as JSON. It was checked before it is given out.
///
/// # Errors
/// When the record is not signed for yet, or the tree does not lead from it to the last checkpoint.
pub fn prove(options: &ProveOptions) -> Result<String, String> {
    let places = Places::of_log(&options.folder);
    let said = |fault: ProofFault| fault.to_string();
    let checkpoint = read_last(&places.proof.join(HISTORY)).map_err(said)?;
    let checkpoint = checkpoint.ok_or_else(|| format!("{}: there is no checkpoint", places.proof.display()))?;
    let (index, size) = (options.index, checkpoint.size());
    if index >= size {
        return Err(format!("record {index} is not signed for: the last checkpoint speaks of {size} records"));
    }
    let record = access_log::read_from(&places.records, index).next();
    let (found, content) = record.ok_or("the log ends before this record")?.map_err(|fault| fault.to_string())?;
    let tree = Tree::look(&places.proof, size).map_err(said)?;
    let leaf = leaf_of(&content);
    let proof = tree.inclusion(index, size).map_err(said)?;
    if found != index || !holds_inclusion(&proof, leaf, checkpoint.root()) {
        return Err(format!("record {index} is not the one that was signed for: see `zorgsluis log verify`"));
    }
    let mut document = json!({
        "origin": checkpoint.origin(),
        "index": index,
        "leaf_hash": text(leaf),
        "size": size,
        "root": text(checkpoint.root()),
        "inclusion": texts(&proof.hashes),
        "checkpoint": String::from_utf8_lossy(&checkpoint.write()),
    });
    if content.record().is_none() {
        document["erased"] = true.into();
    }
    if let Some(older) = options.since {
        document["consistency"] = consistency(&tree, older, &checkpoint)?;
    }
    Ok(format!("{document:#}"))
}

fn consistency(tree: &Tree, older: u64, checkpoint: &SignedCheckpoint) -> Result<serde_json::Value, String> {
    let said = |fault: ProofFault| fault.to_string();
    let root = tree.root(older).map_err(said)?;
    let proof = tree.consistency(older, checkpoint.size()).map_err(said)?;
    if !holds_consistency(&proof, (older, root), (checkpoint.size(), checkpoint.root())) {
        return Err("the tree does not hold: see `zorgsluis log verify`".into());
    }
    Ok(json!({ "since": older, "root": text(root), "proof": texts(&proof) }))
}

fn text(hash: Hash) -> String {
    STANDARD.encode(hash.0)
}

fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().copied().map(text).collect()
}
