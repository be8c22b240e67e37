//! What a record system is told of a transfer: each step that it was well for, the newest when it was not, under one id each.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connectors::http::WebAddress;
use connectors::webhooks::WebhookConfig;
use flows::eoverdracht::Stage;
use serde_json::Value;

use super::callbacks::Round;
use super::testing::World;

/// What was told: the id of the message, and what it says.
pub(crate) type Heard = Arc<Mutex<Vec<(String, Value)>>>;

/// A record system that answers each message with the next of these statuses, and with 200 after them.
pub(crate) fn record_system(statuses: &[u16]) -> (WebhookConfig, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = WebAddress::parse(&format!("http://{}/in", listener.local_addr().unwrap())).unwrap();
    let heard = Heard::default();
    let (all, mut statuses) = (heard.clone(), VecDeque::from(statuses.to_vec()));
    std::thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
            while !request.ends_with(b"}") {
                match socket.read(&mut buffer) {
                    Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            let text = String::from_utf8(request).unwrap();
            let id = text.lines().find_map(|line| line.strip_prefix("webhook-id: ")).unwrap_or_default().to_owned();
            let body = text.split("\r\n\r\n").nth(1).and_then(|body| serde_json::from_str(body).ok());
            all.lock().unwrap().push((id, body.unwrap_or_default()));
            let status = statuses.pop_front().unwrap_or(200);
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = socket.write_all(answer.as_bytes());
        }
    });
    let (secret_file, nothing) = ("secret".into(), None);
    let config = WebhookConfig {
        url,
        secret_file,
        authorities_file: nothing.clone(),
        certificate_file: nothing.clone(),
        key_file: nothing,
        patience_ms: 20_000,
    };
    (config, heard)
}

pub(crate) fn states(heard: &Heard) -> Vec<(String, String)> {
    let heard = heard.lock().unwrap();
    let told = heard.iter().map(|(id, body)| (id.clone(), body["data"]["state"].as_str().unwrap_or("-").to_owned()));
    told.collect()
}

#[tokio::test]
async fn each_step_is_told_once_under_an_id_of_its_own_and_names_nobody() {
    let (config, heard) = record_system(&[]);
    let world = World::telling(true, Some(config));
    let id = world.told(1).await;
    assert_eq!(world.handoffs.tell_round().await.unwrap(), Round::Done);
    world.take(id).await;
    world.steps(id, 4).await;
    assert_eq!(world.stage(id), Stage::Completed);
    for _ in 0..3 {
        assert_eq!(world.handoffs.tell_round().await.unwrap(), Round::Done);
    }
    let told = states(&heard);
    let shown = super::names::shown(id);
    // Between the two rounds it went through several states: the newest is told.
    assert_eq!(told, [(format!("{shown}-1"), "offered".to_owned()), (format!("{shown}-4"), "completed".to_owned())]);
    for (_, body) in heard.lock().unwrap().iter() {
        assert_eq!(body["type"], "handoff.received.changed");
        assert_eq!((&body["data"]["id"], &body["data"]["given_up"]), (&shown.clone().into(), &false.into()));
        assert_eq!(body.as_object().unwrap().len(), 3);
    }
    assert_eq!(world.handoffs.books.received.owed().unwrap().count(9).unwrap(), 0);
}

#[tokio::test]
async fn a_record_system_that_is_ill_is_told_the_same_message_again_and_one_that_refuses_it_waits() {
    let (config, heard) = record_system(&[503, 400]);
    let world = World::telling(true, Some(config));
    let id = world.told(1).await;
    assert_eq!(world.handoffs.tell_round().await.unwrap(), Round::Away);
    let owed = || world.handoffs.books.received.owed().unwrap().due(world.handoffs.now(), 9).unwrap().len();
    assert_eq!(owed(), 1, "left alone, and still owed");
    assert_eq!(world.handoffs.tell_round().await.unwrap(), Round::Done);
    assert_eq!(
        (owed(), world.handoffs.books.received.owed().unwrap().count(9).unwrap()),
        (0, 1),
        "put off, and still owed"
    );
    // What is new is told at once.
    world.take(id).await;
    assert_eq!(world.handoffs.tell_round().await.unwrap(), Round::Done);
    let told = states(&heard);
    let (first, last) = (format!("{}-1", super::names::shown(id)), format!("{}-2", super::names::shown(id)));
    let said = |id: &str, state: &str| (id.to_owned(), state.to_owned());
    assert_eq!(told, [said(&first, "offered"), said(&first, "offered"), said(&last, "taking")]);
    assert_eq!(world.handoffs.books.received.owed().unwrap().count(9).unwrap(), 0);
}

#[tokio::test]
async fn what_is_given_up_is_told_and_what_is_forgotten_is_not() {
    let (config, heard) = record_system(&[]);
    let world = World::telling(true, Some(config));
    let gone = || exchange::ports::SourceFault::Unreachable;
    let id = world.told(0).await;
    for _ in 0..3 {
        world.sender.faults.lock().unwrap().insert("Task/t1".to_owned(), gone());
        world.steps(id, 1).await;
    }
    assert!(world.received(id).effort.given_up);
    assert_eq!(world.handoffs.tell_round().await.unwrap(), Round::Done);
    {
        let heard = heard.lock().unwrap();
        assert_eq!(
            (heard.len(), &heard[0].1["data"]["given_up"], &heard[0].1["data"]["state"]),
            (1, &true.into(), &"told".into())
        );
    }
    world.handoffs.books.received.owed().unwrap().note(id).unwrap();
    world.handoffs.books.received.forget(id).await.unwrap();
    let before = heard.lock().unwrap().len();
    assert_eq!(world.handoffs.tell_round().await.unwrap(), Round::Done);
    assert_eq!(heard.lock().unwrap().len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_step_that_is_made_while_others_are_told_is_told_as_well() {
    let (config, heard) = record_system(&[]);
    let world = World::telling(true, Some(config));
    let id = world.told(1).await;
    let handoffs = world.handoffs.clone();
    let changing = tokio::spawn(async move {
        for at in 0..300 {
            let changed = handoffs.books.received.change(id, move |received| {
                super::owed::Tells::telling_mut(received).changed(&format!("2026-01-01T00:00:{:02}Z", at % 60));
                super::book::Change::Noted(())
            });
            changed.await.unwrap().unwrap();
        }
    });
    while !changing.is_finished() {
        world.handoffs.tell_round().await.unwrap();
    }
    changing.await.unwrap();
    let owed = world.handoffs.books.received.owed().unwrap();
    while owed.count(9).unwrap() > 0 {
        world.handoffs.tell_round().await.unwrap();
    }
    let last = states(&heard).last().cloned().unwrap();
    assert_eq!(last.0, format!("{}-301", super::names::shown(id)), "the newest of all");
}
