//! The published TestScripts of eOverdracht (Nictiz) against the region's nodes: the hospital's where the sender is tried, the
//! nursing home's where the receiver is. What the scripts call the simulator is the played partner.
//!
//! Scripts and fixtures are read from a folder that is named; none of them is part of this project.

mod fixtures;
mod historic;
mod nts;
mod path;
mod receiving;
mod script;
mod sending;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::handoff::{Parties, Partner};
use crate::suites::{Flaw, Setting};
use fixtures::Fixtures;
use script::{Action, Assert, Direction, Role, Script};

/// What became of one assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    Holds,
    Fails(String),
    /// It fails, and the script says that it may.
    Warns(String),
    /// What it wants cannot be judged here.
    NotJudged(String),
}

/// How one script came out.
#[derive(Clone, Debug)]
pub struct Finding {
    pub script: String,
    pub role: Role,
    /// Each assertion by what it says of itself.
    pub asserts: Vec<(String, Judged)>,
    /// Why it ended before its end.
    pub ended: Option<String>,
}

impl Finding {
    /// It came to its end, and no assertion fails.
    pub fn passes(&self) -> bool {
        self.ended.is_none() && !self.asserts.iter().any(|(_, judged)| matches!(judged, Judged::Fails(_)))
    }

    fn count(&self, is: impl Fn(&Judged) -> bool) -> usize {
        self.asserts.iter().filter(|(_, judged)| is(judged)).count()
    }

    /// For people: the script, how it came out, and what did not hold.
    pub fn lines(&self) -> Vec<String> {
        let verdict = if self.passes() { "pass" } else { "FAIL" };
        let holds = self.count(|judged| *judged == Judged::Holds);
        let mut lines = vec![format!("{verdict}  {} ({holds} of {} assertions hold)", self.script, self.asserts.len())];
        for (what, judged) in &self.asserts {
            match judged {
                Judged::Holds => {}
                Judged::Fails(why) => lines.push(format!("      fails: {what}: {why}")),
                Judged::Warns(why) => lines.push(format!("      warning: {what}: {why}")),
                Judged::NotJudged(why) => lines.push(format!("      not judged: {what}: {why}")),
            }
        }
        lines.extend(self.ended.iter().map(|why| format!("      ended: {why}")));
        lines
    }
}

/// What a request and its answer were.
#[derive(Clone, Debug, Default)]
struct Exchanged {
    request: Value,
    response: Value,
    status: u16,
}

/// Where everything is.
struct Stage<'s> {
    setting: &'s Setting,
    parties: Parties,
    partner: Partner,
    fixtures: Fixtures,
}

/// The scripts below a folder of shared data, in order; none when it has none.
pub fn files(shared: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for release in ["eoverdracht-4-0", "eoverdracht-4-1", "eoverdracht-4-2"] {
        let folder = shared.join("eoverdracht/nictiz-testscripts").join(release).join("Test/testscripts");
        fixtures::walk(&folder, &mut found);
    }
    found.sort();
    found
}

/// Runs every script; tells of each as soon as it is judged.
///
/// # Errors
/// The region is not set up for handoffs, or the definitions beside the scripts cannot be read.
pub async fn run(setting: &Setting, shared: &Path, mut tell: impl FnMut(&Finding)) -> Result<Vec<Finding>, Flaw> {
    let parties = Parties::of(setting)?;
    let stage = Stage { setting, parties, partner: Partner::of(setting)?, fixtures: Fixtures::read(shared)? };
    let mut findings = Vec::new();
    for file in files(shared) {
        let name = file.strip_prefix(shared).unwrap_or(&file).display().to_string();
        let short = name.replace("eoverdracht/nictiz-testscripts/", "").replace("Test/testscripts/", "");
        let finding = match Script::read(&file) {
            Ok(script) => stage.play(short, &script).await,
            Err(why) => Finding { script: short, role: Role::Sender, asserts: Vec::new(), ended: Some(why) },
        };
        tell(&finding);
        findings.push(finding);
    }
    Ok(findings)
}

/// Runs the scripts of the negotiation phase, which the standard had until January 2026, as far as this region is asked: those of
/// the receiver.
///
/// # Errors
/// The region is not set up for handoffs, or what lies beside the scripts cannot be read.
pub async fn run_historic(setting: &Setting, shared: &Path, tell: impl FnMut(&Finding)) -> Result<Vec<Finding>, Flaw> {
    let parties = Parties::of(setting)?;
    let mut stage = Stage { setting, parties, partner: Partner::of(setting)?, fixtures: Fixtures::read(shared)? };
    stage.negotiate(shared, tell).await
}

impl Stage<'_> {
    async fn play(&self, name: String, script: &Script) -> Finding {
        let mut finding = Finding { script: name, role: script.role, asserts: Vec::new(), ended: None };
        let played = match script.role {
            Role::Sender => self.try_sender(script, &mut finding.asserts).await,
            Role::Receiver => self.try_receiver(script, &mut finding.asserts).await,
        };
        finding.ended = played.err().map(|flaw| match flaw {
            Flaw::Broken(why) | Flaw::NotRun(why) => why,
        });
        finding
    }

    /// Judges an assertion by the last exchange.
    fn judge(&self, assert: &Assert, last: &Exchanged, script: &Script) -> Judged {
        let of = if assert.direction == Direction::Request { &last.request } else { &last.response };
        let judged = self.judged(assert, last, of, script);
        match judged {
            Err(why) => Judged::NotJudged(why),
            Ok(None) => Judged::Holds,
            Ok(Some(why)) if assert.warning_only => Judged::Warns(why),
            Ok(Some(why)) => Judged::Fails(why),
        }
    }

    /// What is wrong, if anything.
    fn judged(&self, assert: &Assert, last: &Exchanged, of: &Value, script: &Script) -> Result<Option<String>, String> {
        if let Some(codes) = &assert.codes {
            let good = codes.split(',').any(|code| code.trim() == last.status.to_string());
            return Ok((!good).then(|| format!("answered with {}", last.status)));
        }
        if let Some(kind) = &assert.resource {
            return Ok((of["resourceType"] != kind.as_str()).then(|| format!("it is a {}", of["resourceType"])));
        }
        if let Some(profile) = &assert.profile {
            let canonical = script.profiles.get(profile).ok_or("the script names no such profile")?;
            return self.validated(of, canonical);
        }
        if let Some(expression) = &assert.expression {
            let found = path::evaluate(expression, of)?;
            return Ok(match (assert.operator.as_deref(), &assert.value) {
                (Some("notEmpty"), _) => found.is_empty().then(|| "there is none".to_owned()),
                (_, Some(value)) => (!path::is_text(&found, value)).then(|| "it is another".to_owned()),
                _ => (!path::holds(&found)).then(|| "it does not hold".to_owned()),
            });
        }
        // A rule of the published tool that changes what is sent next; the runner does that itself.
        Ok(None)
    }

    /// Holds a resource against a profile with the nodes' own validator, which has a statement of it.
    fn validated(&self, resource: &Value, canonical: &str) -> Result<Option<String>, String> {
        let program = self.setting.program().map_err(|_| "the nodes' program is not known".to_owned())?;
        let folder = tempfile::tempdir().map_err(|fault| fault.to_string())?;
        let file = folder.path().join("resource.json");
        std::fs::write(&file, resource.to_string()).map_err(|fault| fault.to_string())?;
        let ran = std::process::Command::new(program)
            .args(["validate", "--fhir-version", "stu3", "--profile", canonical])
            .arg(&file)
            .output()
            .map_err(|fault| fault.to_string())?;
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        match ran.status.code() {
            Some(0) => Ok(None),
            Some(1) => Ok(Some(said.lines().take(3).collect::<Vec<_>>().join(" "))),
            _ => Err(format!("no statement of {canonical} is at hand")),
        }
    }

    /// Goes through the actions: what is done is done by `act`, what is asserted is judged by the last that was done.
    async fn go_through(
        &self,
        script: &Script,
        asserts: &mut Vec<(String, Judged)>,
        mut act: impl AsyncFnMut(&script::Operation) -> Result<Exchanged, Flaw>,
    ) -> Result<(), Flaw> {
        let mut last = Exchanged::default();
        for action in &script.actions {
            match action {
                Action::Operation(operation) => last = act(operation).await?,
                Action::Assert(assert) => {
                    let judged = self.judge(assert, &last, script);
                    let stop = assert.stop && matches!(judged, Judged::Fails(_));
                    asserts.push((assert.description.clone(), judged));
                    if stop {
                        return Err(Flaw::Broken("the script stops here".to_owned()));
                    }
                }
            }
        }
        Ok(())
    }
}
