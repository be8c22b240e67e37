//! `zorgsluis policy`: the policies at the command line. All of it reads only, and may be used while the node runs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line answers on its standard streams")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use connectors::bundles::{self, BundleAlgorithm, BundleSigner};
use exchange::explanation::explain;
use exchange::record::AccessRecord;
use exchange::replay::{Own, replay};
use policy::cases::CaseInput;
use policy::{Denial, Permit, UseCaseId, UseCases};
use serde_json::json;
use store::access_log;

use super::source::PolicySource;
use crate::config::{Mode, NodeConfig, ProfilesConfig};
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
        /// A bundle that is not in force yet: an archive, held against the keys of the configuration.
        #[arg(long, conflicts_with = "profiles")]
        bundle: Option<PathBuf>,
    },
    /// Makes a signed bundle of use cases (profiles.bundle) from their folders. Their cases are not run: `test` does that.
    Bundle(BundleOptions),
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
pub struct BundleOptions {
    /// The profiles folder.
    #[arg(long)]
    profiles: PathBuf,
    /// A use case that goes in; several times for several.
    #[arg(long = "use-case", required = true)]
    use_cases: Vec<String>,
    /// Numbers with dots or dashes between them; later than that of the bundle before.
    #[arg(long)]
    revision: String,
    #[arg(long)]
    scope: Option<String>,
    /// The private key (PEM, PKCS #8).
    #[arg(long)]
    key: PathBuf,
    /// The key's id and algorithm, as in the configuration of those who take the bundle.
    #[arg(long)]
    key_id: String,
    #[arg(long, default_value = "ES256")]
    algorithm: String,
    /// Where the archive is written.
    #[arg(long)]
    out: PathBuf,
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
        PolicyCommand::Test { config, profiles, bundle } => test(&config, profiles, bundle.as_deref()),
        PolicyCommand::Bundle(options) => bundled(&options),
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
    match folder {
        Some(folder) => {
            let settings = ProfilesConfig { folder, bundle: None, ..config.profiles.clone() };
            profiles::checked(&settings, config.mode == Mode::Development)
        }
        None => PolicySource::of(config)?.tried().map(|next| (next.use_cases, next.cases)),
    }
}

fn test(config: &Path, folder: Option<PathBuf>, bundle: Option<&Path>) -> Result<ExitCode, String> {
    let config = NodeConfig::load(config)?;
    let (use_cases, cases) = match bundle {
        Some(file) => match PolicySource::of(&config)? {
            PolicySource::Bundle(bundled) => bundled.tried(file).map(|next| (next.use_cases, next.cases))?,
            PolicySource::Folders { .. } => return Err("the configuration has no profiles.bundle with keys".into()),
        },
        None => use_cases(&config, folder)?,
    };
    for use_case in use_cases.all() {
        let policy = use_case.policy();
        let bundle = policy.bundle.as_ref().map_or_else(String::new, |revision| format!(", bundle {revision}"));
        println!("{} {} (sha256 {}{bundle})", use_case.id(), policy.version, policy.digest);
    }
    println!("{cases} policy cases pass");
    Ok(ExitCode::SUCCESS)
}

fn bundled(options: &BundleOptions) -> Result<ExitCode, String> {
    let algorithm = BundleAlgorithm::parse(&options.algorithm).ok_or("there is no such algorithm for bundles")?;
    let signer = BundleSigner::load(options.key_id.clone(), algorithm, &options.key)?;
    let mut files = BTreeMap::new();
    for id in &options.use_cases {
        let id = UseCaseId::try_from(id.clone()).map_err(|what| format!("{id}: {what}"))?;
        files.extend(profiles::files(&options.profiles, &id)?);
    }
    let archive = bundles::pack(files, &options.revision, options.scope.as_deref(), Some(&signer))?;
    super::bundled::write(&options.out, &archive)?;
    println!("{}: {} use case(s), revision {}", options.out.display(), options.use_cases.len(), options.revision);
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
        let (witnesses, consents) = wiring::knowing(&config)?;
        let (relations, consents) = registers::own_knowledge(&config, witnesses, consents);
        let patience = Duration::from_millis(config.bounds.finding_ms);
        let (relations, consents) = (relations.as_ref(), consents.as_ref());
        Ok::<_, String>(explain(question.request()?, &use_cases, relations, consents, patience).await)
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
    each(&places, &options.period, options.record, |index, record| match replay(record, &use_cases, &own) {
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
