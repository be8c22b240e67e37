//! `zorgsluis log`: the command line of the access log. All of it but `erase` reads only, and may be used
//! while the node runs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line answers on its standard streams")]

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use store::access_log;
use store::proof::{CheckpointKey, WitnessKey};

use super::erase::{self, EraseOptions};
use super::export::{self, ExportOptions};
use super::lines;
use super::places::Places;
use super::prove::{self, ProveOptions};
use super::search::{self, PassedOver, SearchOptions};
use super::verify::{self, VerifyOptions};

/// What cannot be answered: neither good nor bad.
const UNUSABLE: u8 = 2;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LogLine {
    #[command(subcommand)]
    command: Option<Command>,
    /// The log's folder: `log` in the folder of `store.folder`. Without a command its records are printed.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The first record to print.
    #[arg(long, default_value_t = 0)]
    from: u64,
}

#[derive(Subcommand)]
enum Command {
    /// Prints the records, one JSON document a line.
    Print {
        #[arg(long)]
        folder: PathBuf,
        /// The first record to print.
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
    /// Holds the whole log against its checkpoints, offline: ends with 0 when it is good, with 1 when anything was
    /// tampered with, with 2 when that cannot be told.
    Verify(VerifyOptions),
    /// Prints the proof that a record is in the log, and with --since that an older log is the beginning of it, as JSON.
    Prove(ProveOptions),
    /// Prints the records that fit, one JSON document a line.
    Search(SearchOptions),
    /// Writes records out: as NDJSON, which `verify --export` reads, or as CSV for a spreadsheet.
    Export(ExportOptions),
    /// Erases the records whose retention is over, of a node that is stopped; announces it in the log before. Their places
    /// in the proof stay, so the log can be verified as before.
    Erase(EraseOptions),
    /// Prints the public key by which others check this log's checkpoints.
    Key {
        #[arg(long)]
        folder: PathBuf,
    },
    /// Prints the public key by which others check what this node cosigns for them.
    WitnessKey {
        #[arg(long)]
        folder: PathBuf,
    },
}

/// Runs what the command line says.
pub fn run(line: LogLine) -> ExitCode {
    let command = match (line.command, line.folder) {
        (Some(command), _) => command,
        (None, Some(folder)) => Command::Print { folder, from: line.from },
        (None, None) => return outcome(Err("log: give --folder, or a command (see --help)".into())),
    };
    match command {
        Command::Print { folder, from } => outcome(print(&Places::of_log(&folder), from)),
        Command::Verify(options) => verified(&options),
        Command::Prove(options) => outcome(prove::prove(&options).and_then(|proof| said(&proof))),
        Command::Search(options) => outcome(written(|out| search::search(&options, out)).map(notice)),
        Command::Export(options) => outcome(written(|out| export::export(&options, out))),
        Command::Erase(options) => outcome(erase::erase(&options).and_then(|done| said(&done))),
        Command::Key { folder } => outcome(public_key(&Places::of_log(&folder))),
        Command::WitnessKey { folder } => outcome(witness_key(&Places::of_log(&folder))),
    }
}

fn verified(options: &VerifyOptions) -> ExitCode {
    match verify::verify(options) {
        Ok(verdict) => {
            let text = if options.json { format!("{:#}", verdict.json()) } else { verdict.to_string() };
            match said(&text) {
                Ok(()) if verdict.is_good() => ExitCode::SUCCESS,
                Ok(()) => ExitCode::FAILURE,
                Err(trouble) => unusable(&trouble),
            }
        }
        Err(trouble) => unusable(&trouble),
    }
}

fn unusable(trouble: &str) -> ExitCode {
    eprintln!("zorgsluis: {trouble}");
    ExitCode::from(UNUSABLE)
}

fn print(places: &Places, from: u64) -> Result<(), String> {
    written(|out| {
        for record in access_log::read_from(&places.records, from) {
            let (index, content) = record.map_err(|fault| format!("{}: {fault}", places.records.display()))?;
            lines::write(out, index, &content)?;
        }
        Ok(())
    })
}

fn public_key(places: &Places) -> Result<(), String> {
    let file = places.public_key();
    if let Ok(text) = std::fs::read_to_string(&file) {
        return said(text.trim_end());
    }
    let key = CheckpointKey::open(&places.key).map_err(|fault| format!("{}: {fault}", places.key.display()))?;
    let key = key.ok_or_else(|| format!("{}: there is no key; a node makes it at its first start", file.display()))?;
    said(&key.public().to_string())
}

fn witness_key(places: &Places) -> Result<(), String> {
    let file = places.witness_key();
    let key = WitnessKey::open(&file).map_err(|fault| format!("{}: {fault}", file.display()))?;
    let key = key.ok_or_else(|| format!("{}: there is no key; a node makes it at its first start", file.display()))?;
    said(&key.public().to_string())
}

/// Says how many records could not be looked into.
fn notice(passed: PassedOver) {
    let PassedOver { unreadable, erased } = passed;
    if unreadable > 0 {
        eprintln!("zorgsluis: {unreadable} record(s) are no JSON and were passed over; `log print` shows them");
    }
    if erased > 0 {
        eprintln!("zorgsluis: {erased} record(s) were erased after their retention and say nothing any more");
    }
}

fn said(text: &str) -> Result<(), String> {
    written(|out| lines::put(out, text.as_bytes()).and_then(|()| lines::put(out, b"\n")))
}

/// Writes to standard output. Whoever stops reading there has had enough: that is no fault.
fn written<T: Default>(write: impl FnOnce(&mut dyn Write) -> Result<T, String>) -> Result<T, String> {
    let mut out = Hearer { out: BufWriter::new(io::stdout().lock()), gone: false };
    let result = write(&mut out).and_then(|done| out.flush().map(|()| done).map_err(|fault| fault.to_string()));
    if out.gone { Ok(T::default()) } else { result }
}

struct Hearer<W: Write> {
    out: W,
    gone: bool,
}

impl<W: Write> Write for Hearer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.note(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.note(flushed)
    }
}

impl<W: Write> Hearer<W> {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.gone |= result.as_ref().is_err_and(|fault| fault.kind() == io::ErrorKind::BrokenPipe);
        result
    }
}

fn outcome(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("zorgsluis: {trouble}");
            ExitCode::FAILURE
        }
    }
}
