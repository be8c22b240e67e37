//! Has this node's checkpoints cosigned, by each witness on its own: one submission at a time, a wait that grows while it
//! does not answer, and no belief without its signature.

use std::sync::Arc;
use std::time::Duration;

use connectors::witnesses::Submitted;
use store::proof::{ProofFault, PublicKey, SignedCheckpoint, Submission};

use super::state::Alarm;
use super::{Partner, Witnessing, blocking};
use crate::log::published::Given;

/// How often it is looked whether there is anything to be cosigned, and the first wait after trouble.
const ROUND: Duration = Duration::from_secs(1);
/// A witness that says where the proof should begin is asked again at once; one that keeps saying so is not.
const TRIES: usize = 2;

/// Why a checkpoint was not cosigned.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Passing(String),
    Alarm(Alarm),
}

pub(super) async fn run(all: Arc<Witnessing>, number: usize) {
    let mut wait = ROUND;
    loop {
        tokio::time::sleep(wait).await;
        wait = match all.have_cosigned(number).await {
            Ok(()) => ROUND,
            Err(_) => (wait * 2).min(all.every.max(ROUND)),
        };
    }
}

impl Witnessing {
    /// Has the last checkpoint cosigned by one witness, unless it is already.
    pub(super) async fn have_cosigned(self: &Arc<Self>, number: usize) -> Result<(), Trouble> {
        let Some(partner) = self.partners.get(number) else { return Ok(()) };
        let Some(witness) = &partner.witness else { return Ok(()) };
        let result = self.ask(partner, witness).await;
        match &result {
            Ok(()) => {}
            Err(Trouble::Passing(why)) => self.states().not_cosigned(witness.name(), why),
            Err(Trouble::Alarm(alarm)) => {
                if self.states().alarmed(witness.name(), *alarm) {
                    tracing::error!(witness.name = %witness.name(), witness.alarm = %alarm, "this log is not what was witnessed");
                }
            }
        }
        result
    }

    async fn ask(self: &Arc<Self>, partner: &Partner, witness: &PublicKey) -> Result<(), Trouble> {
        let Some(given) = self.published.given() else { return Ok(()) };
        let last = self.cosigned().of(witness).map(|last| (last.size(), last.root()));
        let mut known = last.map_or(0, |(size, _)| size);
        // What it cosigned lies beside the log. If the log was put back without it, nobody need be asked.
        if let Some((size, root)) = last {
            self.continues(&given, size, root)?;
            if size == given.size {
                return Ok(());
            }
        }
        for _ in 0..TRIES {
            let (all, of) = (self.clone(), given.clone());
            let made = blocking(move || all.submission(&of, known)).await;
            let submission = made.ok_or_else(|| passing("making the proof broke off"))?.map_err(passing)?;
            match partner.client.submit(submission.write()).await.map_err(passing)? {
                Submitted::Cosigned(lines) => return self.take(submission.checkpoint, &lines, witness).await,
                Submitted::Conflict(size) if size > given.size => {
                    return Err(Trouble::Alarm(Alarm::RolledBack { witnessed: size, own: given.size }));
                }
                // It begins there, too, and still does not want it: it has another tree of the same size.
                Submitted::Conflict(size) if size == known => {
                    return Err(Trouble::Alarm(Alarm::Rewritten { witnessed: size, own: given.size }));
                }
                Submitted::Conflict(size) => known = size,
                Submitted::Unproven => {
                    return Err(Trouble::Alarm(Alarm::Rewritten { witnessed: known, own: given.size }));
                }
                Submitted::Refused(status) => return Err(passing(format!("it answers with status {status}"))),
            }
        }
        Err(passing("it does not say where the proof should begin"))
    }

    fn continues(&self, given: &Given, size: u64, root: store::proof::Hash) -> Result<(), Trouble> {
        if size > given.size {
            return Err(Trouble::Alarm(Alarm::RolledBack { witnessed: size, own: given.size }));
        }
        if given.root(size).map_err(passing)? != root {
            return Err(Trouble::Alarm(Alarm::Rewritten { witnessed: size, own: given.size }));
        }
        Ok(())
    }

    fn submission(&self, given: &Given, known: u64) -> Result<Submission, ProofFault> {
        let checkpoint = SignedCheckpoint::read(&given.note)?.believed(&self.trust())?;
        Ok(Submission { old: known, proof: given.consistency(known)?, checkpoint })
    }

    async fn take(
        self: &Arc<Self>,
        mut checkpoint: SignedCheckpoint,
        lines: &[u8],
        witness: &PublicKey,
    ) -> Result<(), Trouble> {
        let at =
            checkpoint.accept(lines, witness).ok_or_else(|| passing("it does not sign with the key it is known by"))?;
        let (all, by) = (self.clone(), witness.clone());
        let kept = blocking(move || {
            let kept = all.cosigned().put(&by, checkpoint);
            all.publish();
            kept
        });
        kept.await.ok_or_else(|| passing("keeping the cosignature broke off"))?.map_err(passing)?;
        self.states().cosigned(witness.name(), at);
        Ok(())
    }
}

fn passing(why: impl ToString) -> Trouble {
    Trouble::Passing(why.to_string())
}
