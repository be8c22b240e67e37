//! `zorgsluis policy`: the policies at the command line. All of it reads only, and may be used while the node runs.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command line answers on its standard streams

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use exchange::record::AccessRecord;
use policy::cases::CaseInput;
use policy::{Denial, Permit, UseCases};
use serde_json::json;
use store::access_log;

use super::explain;
use super::past::{self, Own};
use crate::config::{Mode, NodeConfig};
use crate::log::filter::{Filter, Period};
use crate::log::places::Places;
use crate::{profiles, registers, wiring};

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Runs the policy cases of a configuration's use cases.
    Test {
        #[arg(long)]
        config: PathBuf,
        /// Another profiles folder than the configuration's: a release that is not in force yet.
        #[arg(long)]
        profiles: Option<PathBuf>,
    },
    /// Says whether a request would be allowed, and which rule, relation and consent decide it. The national consent
    /// register is not asked: a question of this kind is no exchange.
    Explain {
        #[arg(long)]
        config: PathBuf,
        /// The question as JSON, as the `input` of a policy case; on standard input when left out. It names the patient.
        #[arg(long)]
        question: Option<PathBuf>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Decides logged exchanges again and prints those that would be decided otherwise, a JSON document a line. Ends with
    /// 0 when there are none, with 1 when there are.
    Replay(ReplayOptions),
    /// Prints the logged exchanges in which a policy that is only tried (in `shadow`) differed from the one in force.
    Differences {
        /// The log's folder: `log` in the folder of `store.folder`.
        #[arg(long)]
        folder: PathBuf,
        #[command(flatten)]
        period: Period,
    },
}

#[derive(Args)]
pub struct ReplayOptions {
    #[arg(long)]
    config: PathBuf,
    /// Another profiles folder than the configuration's: the version to decide by.
    #[arg(long)]
    profiles: Option<PathBuf>,
    /// Only this record, of which everything is printed.
    #[arg(long)]
    record: Option<u64>,
    #[command(flatten)]
    period: Period,
}

/// Runs what the command line says.
pub fn run(command: PolicyCommand) -> ExitCode {
    let done = match command {
        PolicyCommand::Test { config, profiles } => test(&config, profiles),
        PolicyCommand::Explain { config, question, json } => explained(&config, question.as_deref(), json),
        PolicyCommand::Replay(options) => replayed(&options),
        PolicyCommand::Differences { folder, period } => differences(&folder, &period),
    };
    match done {
        Ok(code) => code,
        Err(trouble) => {
            eprintln!("zorgsluis: {trouble}");
            ExitCode::from(2)
        }
    }
}

/// The use cases of a configuration, or of another folder under its rules; how many cases passed.
fn use_cases(config: &NodeConfig, folder: Option<PathBuf>) -> Result<(UseCases, usize), String> {
    let mut settings = config.profiles.clone();
    if let Some(folder) = folder {
        settings.folder = folder;
    }
    profiles::checked(&settings, config.mode == Mode::Development)
}

fn test(config: &Path, folder: Option<PathBuf>) -> Result<ExitCode, String> {
    let (use_cases, cases) = use_cases(&NodeConfig::load(config)?, folder)?;
    for use_case in use_cases.all() {
        println!("{} {} (sha256 {})", use_case.id(), use_case.policy().version, use_case.policy().digest);
    }
    println!("{cases} policy cases pass");
    Ok(ExitCode::SUCCESS)
}

fn explained(config: &Path, question: Option<&Path>, as_json: bool) -> Result<ExitCode, String> {
    let config = NodeConfig::load(config)?;
    let text = match question {
        Some(file) => std::fs::read_to_string(file).map_err(|fault| format!("{}: {fault}", file.display()))?,
        None => std::io::read_to_string(std::io::stdin().lock()).map_err(|fault| format!("standard input: {fault}"))?,
    };
    // What is wrong is told by its place: the text names a patient.
    let question: CaseInput = serde_json::from_str(&text)
        .map_err(|fault| format!("the question cannot be read (line {}, column {})", fault.line(), fault.column()))?;
    let (use_cases, _) = use_cases(&config, None)?;
    let explaining = async {
        let witnesses = if config.registers.evidence.is_some() { wiring::witnesses(&config)? } else { Vec::new() };
        let (relations, consents) = registers::own_knowledge(&config, witnesses);
        explain::explain(&question, &use_cases, relations.as_ref(), consents.as_ref()).await
    };
    let explanation = actix_web::rt::System::new().block_on(explaining)?;
    if as_json {
        println!("{:#}", json!(explanation));
    } else {
        print!("{explanation}");
    }
    Ok(if explanation.permitted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn replayed(options: &ReplayOptions) -> Result<ExitCode, String> {
    let config = NodeConfig::load(&options.config)?;
    let (use_cases, _) = use_cases(&config, options.profiles.clone())?;
    let own = Own { holder: policy::DataHolder(config.provider.ura.clone()), kind: config.provider.kind.clone() };
    let (mut decided, mut differing, mut passed_over) = (0_u64, 0_u64, 0_u64);
    let places = Places::of_store(&config.store.folder);
    each(&places, &options.period, options.record, |index, record| match past::replay(record, &use_cases, &own) {
        Ok(replayed) => {
            decided += 1;
            let otherwise = replayed.now.is_ok() != replayed.was_permitted;
            differing += u64::from(otherwise);
            if otherwise || options.record.is_some() {
                println!("{}", told(index, replayed.was_permitted, &replayed.now));
            }
        }
        Err(why) => {
            passed_over += 1;
            if options.record.is_some() {
                println!("{}", json!({"record": index, "not_decided": why}));
            }
        }
    })?;
    eprintln!("{decided} exchanges were decided again, {differing} otherwise; {passed_over} could not be");
    Ok(if differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn told(index: u64, was: bool, now: &Result<Permit, Denial>) -> serde_json::Value {
    match now {
        Ok(permit) => json!({
            "record": index, "was_permitted": was, "permitted": true, "use_case": permit.use_case(),
            "policy": permit.policy(), "reasons": permit.reasons(), "obligations": permit.obligations(),
        }),
        Err(denial) => json!({
            "record": index, "was_permitted": was, "permitted": false, "denial": denial.code,
            "use_case": denial.use_case, "policy": denial.policy, "reasons": denial.reasons,
        }),
    }
}

fn differences(folder: &Path, period: &Period) -> Result<ExitCode, String> {
    let mut found = 0_u64;
    each(&Places::of_log(folder), period, None, |index, record| {
        let Some((decision, shadow)) =
            record.decision.as_ref().and_then(|decision| Some((decision, decision.shadow.as_ref()?)))
        else {
            return;
        };
        found += 1;
        let line = json!({
            "record": index, "use_case": decision.use_case, "policy": decision.policy, "permitted": decision.permitted,
            "shadow": shadow,
        });
        println!("{line}");
    })?;
    eprintln!("{found} exchanges differ");
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Goes through the records of the log. What was erased, or is no exchange, is passed over.
fn each(
    places: &Places,
    period: &Period,
    one: Option<u64>,
    mut what: impl FnMut(u64, &AccessRecord),
) -> Result<(), String> {
    let filter = Filter::during(period);
    for found in access_log::read_from(&places.records, one.unwrap_or(0)) {
        let (index, content) = found.map_err(|fault| format!("{}: {fault}", places.records.display()))?;
        if one.is_some_and(|one| one != index) {
            break;
        }
        let Some(bytes) = content.record() else { continue };
        let Ok(record) = AccessRecord::read(bytes) else { continue };
        let fits = filter.is_open() || serde_json::from_slice(bytes).is_ok_and(|read| filter.takes(&read));
        if fits {
            what(index, &record);
        }
    }
    Ok(())
}
