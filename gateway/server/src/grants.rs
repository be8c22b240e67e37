//! What receivers of our notifications may come back for, as the port `AuthorizationBases` of the token endpoint, kept in
//! the node's state. A grant is one transfer's: it says who may come, about whom, in which use case and on what ground.
//!
//! It knows nothing of how a transfer goes. Whoever leads one gives, changes and revokes its grant.

use std::sync::Arc;

use aws_lc_rs::digest;
use connectors::identity::oauth::{AuthorizationBases, Base, BasesUnavailable};
use exchange::ports::{BoxFuture, Clock};
use fhir::identifiers::Reader;
use fhir::{Bsn, Ura};
use policy::{TreatmentRelation, UseCaseId};
use serde::{Deserialize, Serialize};
use store::grants::{Grant, Grants, Owner};
use store::state::{State, StateFault};
use time::OffsetDateTime;

/// The tree of the state that they stand in.
const TREE: &str = "grants";

/// What one receiver may come back for.
#[derive(Clone, Debug)]
pub struct Granted {
    pub receiver: Ura,
    pub patient: Bsn,
    /// The one use case that it is for: the scope of the token.
    pub use_case: UseCaseId,
    /// The ground (a transfer, a referral).
    pub ground: TreatmentRelation,
    /// Its last moment.
    pub until: OffsetDateTime,
}

/// All grants of this node.
#[derive(Clone)]
pub struct GrantsPort {
    grants: Arc<Grants>,
    clock: Arc<dyn Clock>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    receiver: Ura,
    patient: String,
    use_case: UseCaseId,
    ground: TreatmentRelation,
}

impl GrantsPort {
    /// # Errors
    /// A sentence for the operator.
    pub fn open(state: Arc<State>, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let grants = Grants::open(state, TREE).map_err(|fault| format!("the grants: {fault}"))?;
        Ok(GrantsPort { grants: Arc::new(grants), clock })
    }

    /// Gives a transfer its grant, under these values, in the place of what it had. Resolves when it is durable.
    ///
    /// # Errors
    /// The state cannot be written. It is then not known whether the grant holds; to give it again is harmless.
    pub async fn give(&self, transfer: Owner, values: &[&str], granted: &Granted) -> Result<(), StateFault> {
        let kept = Kept {
            receiver: granted.receiver.clone(),
            patient: granted.patient.reveal_to(Reader::OwnRegister).to_owned(),
            use_case: granted.use_case.clone(),
            ground: granted.ground.clone(),
        };
        let grant = Grant {
            expires: granted.until.unix_timestamp(),
            values: values.iter().map(|value| digest_of(value)).collect(),
            content: serde_json::to_vec(&kept).map_err(|_| StateFault::Engine)?,
        };
        let now = self.clock.now().unix_timestamp();
        self.change(move |grants| grants.give(transfer, &grant, now)).await
    }

    /// Takes a transfer's grant back. Resolves when that is durable.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn revoke(&self, transfer: Owner) -> Result<(), StateFault> {
        self.change(move |grants| grants.revoke(transfer)).await
    }

    async fn change(
        &self,
        change: impl FnOnce(&Grants) -> Result<(), StateFault> + Send + 'static,
    ) -> Result<(), StateFault> {
        let grants = self.grants.clone();
        // It may wait for the disk, which is nothing for a thread that serves others.
        let changed = tokio::task::spawn_blocking(move || change(&grants)).await;
        changed.unwrap_or(Err(StateFault::Engine))?;
        self.grants.commit().await
    }

    fn look_up(&self, value: &str, receiver: &Ura) -> Result<Option<Base>, StateFault> {
        let found = self.grants.find(&digest_of(value), self.clock.now().unix_timestamp())?;
        let Some((_, grant)) = found else { return Ok(None) };
        let kept: Kept = serde_json::from_slice(&grant.content).map_err(|_| StateFault::Damaged)?;
        let patient = Bsn::parse(&kept.patient).map_err(|_| StateFault::Damaged)?;
        let base = Base { patient, use_case: kept.use_case, treatment_relation: kept.ground };
        // Whoever found the value of another learns nothing from it.
        Ok((kept.receiver == *receiver).then_some(base))
    }
}

impl AuthorizationBases for GrantsPort {
    fn base<'a>(&'a self, value: &'a str, receiver: &'a Ura) -> BoxFuture<'a, Result<Option<Base>, BasesUnavailable>> {
        Box::pin(std::future::ready(self.look_up(value, receiver).map_err(|fault| {
            tracing::error!(state.fault = %fault, "a grant cannot be looked up");
            BasesUnavailable
        })))
    }
}

fn digest_of(value: &str) -> store::once::Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, value.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Mutex;
    use std::time::Duration;

    use store::state::StateOptions;

    use super::*;

    const BSN: &str = "999911120";
    const TRANSFER: Owner = [7; 16];

    struct SetClock(Mutex<OffsetDateTime>);

    impl Clock for SetClock {
        fn now(&self) -> OffsetDateTime {
            *self.0.lock().unwrap()
        }
    }

    fn clock() -> Arc<SetClock> {
        Arc::new(SetClock(Mutex::new(OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap())))
    }

    fn port(folder: &Path, clock: &Arc<SetClock>) -> GrantsPort {
        // The thread that answered last may hold the state for a moment longer than its answer took.
        let mut tries = (0..500).map(|_| State::open(&StateOptions::new(folder)));
        let opened =
            tries.find_map(|opened| opened.inspect_err(|_| std::thread::sleep(Duration::from_millis(10))).ok());
        GrantsPort::open(Arc::new(opened.unwrap()), clock.clone()).unwrap()
    }

    fn ura(text: &str) -> Ura {
        Ura::parse(text).unwrap()
    }

    fn granted(kind: &str, until: OffsetDateTime) -> Granted {
        Granted {
            receiver: ura("90000904"),
            patient: Bsn::parse(BSN).unwrap(),
            use_case: UseCaseId::parse("eoverdracht-sender").unwrap(),
            ground: TreatmentRelation { kind: kind.to_owned(), reference: "transfer-1".to_owned(), age_days: None },
            until,
        }
    }

    #[tokio::test]
    async fn a_grant_is_its_receivers_until_it_is_changed_revoked_or_over_also_after_a_restart() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        let grants = port(folder.path(), &clock);
        let kind = |grants: &GrantsPort, value: &str, receiver: &str| {
            let base = grants.look_up(value, &ura(receiver)).unwrap()?;
            assert_eq!((base.patient, base.use_case.as_str()), (Bsn::parse(BSN).unwrap(), "eoverdracht-sender"));
            Some(base.treatment_relation.kind)
        };
        let until = clock.now() + Duration::from_secs(60);
        grants.give(TRANSFER, &["task-id", "secret"], &granted("transfer", until)).await.unwrap();
        for value in ["task-id", "secret"] {
            assert_eq!(kind(&grants, value, "90000904"), Some("transfer".to_owned()));
            assert_eq!(kind(&grants, value, "90000902"), None, "it is nobody else's");
        }
        assert_eq!(kind(&grants, "another", "90000904"), None);
        grants.give(TRANSFER, &["task-id", "secret"], &granted("transfer-ended", until)).await.unwrap();
        drop(grants);
        let grants = port(folder.path(), &clock);
        assert_eq!(kind(&grants, "secret", "90000904"), Some("transfer-ended".to_owned()));
        *clock.0.lock().unwrap() = until + Duration::from_secs(1);
        assert_eq!(kind(&grants, "secret", "90000904"), None);
        *clock.0.lock().unwrap() = until;
        grants.revoke(TRANSFER).await.unwrap();
        assert_eq!(kind(&grants, "secret", "90000904"), None);
    }

    #[tokio::test]
    async fn what_was_never_put_there_is_not_found_out_and_no_grant() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        let grants = port(folder.path(), &clock);
        let expires = clock.now().unix_timestamp();
        let strange = Grant { expires, values: vec![digest_of("secret")], content: b"{}".to_vec() };
        grants.grants.give(TRANSFER, &strange, expires).unwrap();
        assert!(matches!(grants.base("secret", &ura("90000904")).await, Err(BasesUnavailable)));
        assert!(!format!("{:?}", granted("transfer", clock.now())).contains(BSN));
    }
}
