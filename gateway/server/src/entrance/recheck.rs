//! A session rests on a statement that can be withdrawn while the session lives: it is asked again and again.

use std::sync::Arc;

use connectors::identity::{Dezi, DeziFault, Sessions};
use time::OffsetDateTime;

/// So often in a row the statement's status may not be found out before the session ends.
const PATIENCE: u32 = 2;

/// Looks after the session of this id until it ends: a task of its own, which ends with it.
pub(super) fn begin(dezi: &Arc<Dezi>, sessions: &Arc<Sessions>, id: &str, statement: String) {
    let (dezi, sessions, id) = (dezi.clone(), sessions.clone(), id.to_owned());
    actix_web::rt::spawn(async move {
        let mut unknown = 0;
        loop {
            tokio::time::sleep(dezi.recheck()).await;
            if !sessions.is_live(&id, OffsetDateTime::now_utc()) {
                return;
            }
            match dezi.in_force(&statement).await {
                Ok(()) => unknown = 0,
                Err(DeziFault::Unavailable(_)) if unknown < PATIENCE => unknown += 1,
                Err(fault) => {
                    sessions.end(&id);
                    let reason = match fault {
                        DeziFault::Refused(why) => why.code(),
                        DeziFault::Unavailable(what) => what,
                    };
                    tracing::warn!(log_in.way = "dezi", log_in.result = "ended", log_in.reason = reason, "log-in");
                    return;
                }
            }
        }
    });
}
