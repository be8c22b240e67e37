//! A session rests on something that can be withdrawn while the session lives, a statement or a card: it is asked about again
//! and again.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use connectors::identity::Sessions;
use connectors::identity::sessions::Way;
use time::OffsetDateTime;

use super::measures;

/// So often in a row it may not be found out before the session ends.
const PATIENCE: u32 = 2;

/// Why it may not be in force any more; fixed words.
pub(super) enum Doubt {
    /// It is not.
    Over(&'static str),
    /// It could not be found out.
    Unknown(&'static str),
}

/// Looks after the session of this id until it ends: a task of its own, which ends with it.
pub(super) fn begin<A, F>(way: Way, every: Duration, sessions: &Arc<Sessions>, id: &str, ask: A)
where
    A: Fn() -> F + 'static,
    F: Future<Output = Result<(), Doubt>> + 'static,
{
    let (sessions, id) = (sessions.clone(), id.to_owned());
    actix_web::rt::spawn(async move {
        let mut unknown = 0;
        loop {
            tokio::time::sleep(every).await;
            if !sessions.is_live(&id, OffsetDateTime::now_utc()) {
                return;
            }
            let reason = match ask().await {
                Ok(()) => {
                    unknown = 0;
                    continue;
                }
                Err(Doubt::Unknown(_)) if unknown < PATIENCE => {
                    unknown += 1;
                    continue;
                }
                Err(Doubt::Over(reason) | Doubt::Unknown(reason)) => reason,
            };
            sessions.end(&id);
            let way = measures::name(way);
            tracing::warn!(log_in.way = way, log_in.result = "ended", log_in.reason = reason, "log-in");
            return;
        }
    });
}
