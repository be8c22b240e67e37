//! `zorgsluis log export`: records for elsewhere. NDJSON keeps their exact bytes, so that the proof still holds; CSV is for
//! looking at.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::Value;
use store::access_log;

use super::csv::{self, Seen};
use super::filter::{Filter, Period};
use super::lines;
use super::places::Places;

#[derive(Args)]
pub struct ExportOptions {
    /// The log's folder: `log` in the folder of `store.folder`.
    #[arg(long)]
    pub folder: PathBuf,
    #[arg(long)]
    pub format: Format,
    #[command(flatten)]
    pub period: Period,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A JSON document a line, each with its index and the record as it stands in the log.
    Ndjson,
    /// Flat columns, a record a line.
    Csv,
}

/// Writes the records of the period. Those that are no JSON, or were erased, are in every period: nothing is
/// left out unseen.
///
/// # Errors
/// When the log cannot be read.
pub fn export(options: &ExportOptions, out: &mut (impl Write + ?Sized)) -> Result<(), String> {
    let filter = Filter::during(&options.period);
    let folder = Places::of_log(&options.folder).records;
    if options.format == Format::Csv {
        lines::put(out, csv::heading().as_bytes())?;
    }
    for record in access_log::read(&folder) {
        let (index, content) = record.map_err(|fault| format!("{}: {fault}", folder.display()))?;
        if options.format == Format::Ndjson && filter.is_open() {
            lines::write(out, index, &content)?;
            continue;
        }
        let read: Option<Value> = content.record().and_then(|record| serde_json::from_slice(record).ok());
        if read.as_ref().is_some_and(|read| !filter.takes(read)) {
            continue;
        }
        match (options.format, &read) {
            (Format::Ndjson, _) => lines::write(out, index, &content)?,
            (Format::Csv, Some(read)) => lines::put(out, csv::row(index, &Seen::Read(read)).as_bytes())?,
            (Format::Csv, None) => {
                let seen = if content.record().is_some() { Seen::Unreadable } else { Seen::Erased };
                lines::put(out, csv::row(index, &seen).as_bytes())?;
            }
        }
    }
    Ok(())
}
