//! The access log as the stack's port, and as text for an operator.
// Prints the log on standard output: that is what it is asked for.
#![allow(clippy::print_stdout)]

use std::io::Write;
use std::path::Path;
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

/// Prints the records from number `from` on, one JSON document a line, up to the durable end.
pub fn print(folder: &Path, from: u64) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    for record in access_log::read_from(folder, from) {
        let (index, bytes) = record.map_err(|fault| format!("{}: {fault}", folder.display()))?;
        let written = write!(out, "{{\"index\":{index},\"record\":")
            .and_then(|()| out.write_all(&bytes))
            .and_then(|()| out.write_all(b"}\n"));
        match written {
            Ok(()) => {}
            Err(fault) if fault.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            Err(fault) => return Err(format!("cannot print: {fault}")),
        }
    }
    Ok(())
}
