//! The keys with which the nodes sign their logs and cosign each other's.

use std::path::Path;

use store::proof::{CheckpointKey, WitnessKey};

use super::said;
use crate::log::keeping::{Origin, witness_name};
use crate::log::places::Places;

/// A node makes its keys at its first start. These four want each other's before that, so they are made here.
pub fn make(folder: &Path, outer: &str, ura: &str) -> Result<(String, String), String> {
    let places = Places::of_store(&folder.join("store"));
    let log = match said(CheckpointKey::open(&places.key))? {
        // Of an earlier run, perhaps on other ports: a log keeps its name.
        Some(key) => key,
        None => said(CheckpointKey::open_or_make(&places.key, &Origin::of(None, outer, ura).usual))?,
    };
    let witness = match said(WitnessKey::open(&places.witness_key()))? {
        Some(key) => key,
        None => said(WitnessKey::open_or_make(&places.witness_key(), &witness_name(outer, ura)))?,
    };
    Ok((log.public().to_string(), witness.public().to_string()))
}
