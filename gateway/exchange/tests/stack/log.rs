//! The access log of a test.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exchange::ports::{AccessLog, BoxFuture, LogUnavailable, Slot};
use serde_json::Value;

/// The log in memory.
#[derive(Default)]
pub struct MemoryLog {
    pub records: Arc<Mutex<Vec<Value>>>,
    pub open: Arc<AtomicUsize>,
    pub full: std::sync::atomic::AtomicBool,
    pub broken: std::sync::atomic::AtomicBool,
}

struct MemorySlot {
    records: Arc<Mutex<Vec<Value>>>,
    open: Arc<AtomicUsize>,
    broken: bool,
}

impl AccessLog for MemoryLog {
    fn reserve(&self) -> Result<Box<dyn Slot>, LogUnavailable> {
        if self.full.load(Ordering::SeqCst) {
            return Err(LogUnavailable);
        }
        self.open.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(MemorySlot {
            records: self.records.clone(),
            open: self.open.clone(),
            broken: self.broken.load(Ordering::SeqCst),
        }))
    }
}

impl Slot for MemorySlot {
    fn write(self: Box<Self>, record: Vec<u8>) -> BoxFuture<'static, Result<(), LogUnavailable>> {
        Box::pin(async move {
            // Durability takes a moment, so that a test can see whether anyone waits for it.
            tokio::time::sleep(Duration::from_millis(1)).await;
            if self.broken {
                return Err(LogUnavailable);
            }
            self.records.lock().unwrap().push(serde_json::from_slice(&record).unwrap());
            Ok(())
        })
    }
    fn hand_over(self: Box<Self>, record: Vec<u8>) {
        self.records.lock().unwrap().push(serde_json::from_slice(&record).unwrap());
    }
}

impl Drop for MemorySlot {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}
