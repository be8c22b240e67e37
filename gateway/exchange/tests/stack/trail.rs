//! The trail closes itself: whatever becomes of an exchange, exactly one record is left.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::time::Duration;

use exchange::Handle;
use exchange::ports::SourceFault;
use futures_util::FutureExt;

use crate::world::*;

#[tokio::test]
async fn a_caller_who_goes_away_leaves_an_interrupted_record() {
    let world = World::in_order();
    *world.source().doing.lock().unwrap() = Doing::Hang;
    let stack = stack(&world);
    let gone = tokio::time::timeout(Duration::from_millis(20), stack.handle(about(ANNA, "Condition"))).await;
    assert!(gone.is_err(), "the caller left before the answer");
    let record = world.record();
    assert_eq!(record["outcome"]["result"], "interrupted");
    assert_eq!(record["patient"], ANNA, "what was known by then stands in it");
}

#[tokio::test]
async fn a_defect_in_a_connector_leaves_an_interrupted_record() {
    let world = World::in_order();
    *world.source().doing.lock().unwrap() = Doing::Panic;
    let stack = stack(&world);
    let broke = AssertUnwindSafe(stack.handle(about(ANNA, "Condition"))).catch_unwind().await;
    assert!(broke.is_err());
    assert_eq!(world.record()["outcome"]["result"], "interrupted");
}

#[tokio::test(start_paused = true)]
async fn more_exchanges_than_the_bound_are_refused_and_recorded() {
    let world = World::in_order();
    *world.source().doing.lock().unwrap() = Doing::Hang;
    let stack = stack(&world);
    let many = (0..6).map(|_| stack.handle(about(ANNA, "Condition")));
    let results = futures_util::future::join_all(many).await;
    let overloaded = results.iter().filter(|result| matches!(result, Err(exchange::Refusal::Overloaded))).count();
    assert_eq!(overloaded, 2, "four run at once");
    assert_eq!(world.log.records.lock().unwrap().len(), 6, "each left its record");
    assert_eq!(world.log.open.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn nothing_is_released_before_the_record_is_durable() {
    let world = World::in_order();
    let recorded = world.ask(about(ANNA, "Condition")).await;
    assert!(recorded.is_ok());
    assert_eq!(world.log.records.lock().unwrap().len(), 1, "the record was there when the answer came out");
}

#[tokio::test]
async fn a_refusing_source_leaves_its_status_in_the_record() {
    let world = World::in_order();
    *world.source().doing.lock().unwrap() = Doing::Fault(SourceFault::Refused);
    world.ask(about(ANNA, "Condition")).await.unwrap_err();
    assert_eq!(world.record()["sources"][0]["status"], "refused");
}
