//! `zorgsluis log erase`: erases what need not be kept any more, of a node that is stopped. For how long records are kept
//! is said by the node's configuration and nothing else.

use std::path::PathBuf;

use clap::Args;
use store::access_log::{AccessLog, AccessLogOptions};
use time::OffsetDateTime;

use super::places::Places;
use super::retention::{self, Report};
use crate::config::NodeConfig;

#[derive(Args)]
pub struct EraseOptions {
    /// The node's configuration: it says where the log is, whose it is, and for how long records are kept.
    #[arg(long)]
    pub config: PathBuf,
    /// The log's folder, when it is not the one of the configuration.
    #[arg(long)]
    pub folder: Option<PathBuf>,
    /// Says what is due, and erases nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Erases; says what was done.
///
/// # Errors
/// When the configuration or the log cannot be used: a sentence for the operator.
pub fn erase(options: &EraseOptions) -> Result<String, String> {
    let config = NodeConfig::load(&options.config)?;
    let places = match &options.folder {
        Some(folder) => Places::of_log(folder),
        None => Places::of_store(&config.store.folder),
    };
    if !places.records.is_dir() {
        return Err(format!("{}: there is no such folder", places.records.display()));
    }
    let log = AccessLog::open(AccessLogOptions::new(&places.records)).map_err(|fault| fault.to_string())?;
    let (kept, now) = (&config.log.retention, OffsetDateTime::now_utc());
    if options.dry_run {
        let plan = retention::due(&log, kept, now)?;
        let more = if plan.is_full() { ", and more after them" } else { "" };
        return Ok(format!("{} records are due{more} (kept: {}); nothing was erased", plan.records(), kept.years()));
    }
    let mut all = Report::default();
    loop {
        let report = retention::round(&log, &places.index, kept, &config.provider.ura.to_string(), now)?;
        all.announced.extend(report.announced);
        all.records += report.records;
        all.segments += report.segments;
        if !report.more {
            break;
        }
    }
    log.close().map_err(|fault| fault.to_string())?;
    let Report { announced, records, segments, .. } = all;
    let told = announced.len();
    Ok(format!(
        "{records} records were erased in {segments} segments, after {told} announcements (kept: {})",
        kept.years()
    ))
}
