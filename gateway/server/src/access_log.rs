//! The access log as the stack's port.

use std::sync::Arc;

use exchange::ports::{self, BoxFuture, LogUnavailable};
use store::access_log::{self, AccessLog};

/// The store's log behind the port of the stack.
pub struct LogPort(pub Arc<AccessLog>);

struct Place(access_log::Slot);

impl ports::AccessLog for LogPort {
    fn reserve(&self) -> Result<Box<dyn ports::Slot>, LogUnavailable> {
        match self.0.try_reserve() {
            Ok(slot) => Ok(Box::new(Place(slot))),
            Err(_) => Err(LogUnavailable),
        }
    }
}

impl ports::Slot for Place {
    fn write(self: Box<Self>, record: Vec<u8>) -> BoxFuture<'static, Result<(), LogUnavailable>> {
        let written = self.0.write(record);
        Box::pin(async move { written.await.map(|_| ()).map_err(|_| LogUnavailable) })
    }

    fn hand_over(self: Box<Self>, record: Vec<u8>) {
        if self.0.write_detached(record).is_err() {
            tracing::error!("the record of an interrupted exchange could not be handed to the access log");
        }
    }
}
