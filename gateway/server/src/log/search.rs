//! `zorgsluis log search`: the records that fit, with the memory of one record.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use store::access_log;

use super::filter::{Filter, FilterOptions};
use super::lines;
use super::places::Places;

#[derive(Args)]
pub struct SearchOptions {
    /// The log's folder: `log` in the folder of `store.folder`.
    #[arg(long)]
    pub folder: PathBuf,
    #[command(flatten)]
    pub filter: FilterOptions,
}

/// How many records could not be looked into, and why.
#[derive(Default)]
pub struct PassedOver {
    /// They are no JSON.
    pub unreadable: u64,
    /// They were erased.
    pub erased: u64,
}

/// Writes the records that fit; says how many could not be looked into.
///
/// # Errors
/// When the log cannot be read, or the filter cannot be used.
pub fn search(options: &SearchOptions, out: &mut (impl Write + ?Sized)) -> Result<PassedOver, String> {
    let filter = Filter::new(&options.filter, std::io::stdin().lock())?;
    let folder = Places::of_log(&options.folder).records;
    let mut passed = PassedOver::default();
    for record in access_log::read(&folder) {
        let (index, content) = record.map_err(|fault| format!("{}: {fault}", folder.display()))?;
        match content.record().map(serde_json::from_slice::<Value>) {
            Some(Ok(read)) if filter.takes(&read) => lines::write(out, index, &content)?,
            Some(Ok(_)) => {}
            Some(Err(_)) => passed.unreadable += 1,
            None => passed.erased += 1,
        }
    }
    Ok(passed)
}
