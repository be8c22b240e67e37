//! The real binary from outside: the demo region, `try` in front of other servers, a node that is killed under load, and
//! configurations that must not start. What is asked over the wire stands in `conformance::suites`; here the programs are
//! run, and ended.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests may panic, and tell what they counted"
)]

mod configuration;
mod counts;
mod crash;
mod formats;
mod full_disk;
mod handoffs;
mod limits;
mod program;
mod proof;
mod referrals;
mod registrations;
mod rollover;
mod siem;
mod surface;

use conformance::callers::InnerCaller;
use conformance::ready::Ready;
use conformance::region;
use conformance::source_server::{FhirVersion, SourceHandle, SourceServer};
use conformance::suites::{self, Overview, Setting, Verdict};
use program::{Program, ZORGSLUIS};
use tokio::sync::Mutex;

/// One set-up at a time: a node that is loaded until it dies would make the others late, which they would truly say.
static ALONE: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn the_demo_region_keeps_its_promises() {
    let _alone = ALONE.lock().await;
    let demo = Program::demo();
    let setting = Setting::of_program(demo.ready(), ZORGSLUIS.into());
    configuration::of_the_demo_is_good(&setting.ready);
    configuration::unsafe_ones_are_refused(&setting.ready);
    hold(&setting).await;
    formats::of_the_demo(&setting).await;
    one_node_killed(&setting).await;
    let pids: Vec<u32> = setting.ready.nodes.iter().map(|node| node.pid).collect();
    // Its state stays, to be looked at: one node was killed, the others stopped.
    let _state = demo.into_state();
    for pid in pids {
        assert!(!program::runs(pid), "a node outlived the demo");
    }
    for node in &setting.ready.nodes {
        proof::holds(&node.log_folder, &[]);
    }
    proof::is_searched(&setting.ready.nodes[0].log_folder, region::patients()[0].bsn);
}

#[tokio::test]
async fn try_presents_two_r4_servers_as_one_and_reads_and_writes_through_the_whole_stack() {
    let _alone = ALONE.lock().await;
    let [first, second] = [source(FhirVersion::R4), source(FhirVersion::R4)];
    let tried = Program::try_out(&[&first.base_url, &second.base_url], "r4");
    let ready = tried.ready();
    configuration::of_try_is_good_and_for_development_only(&ready);
    let setting = Setting::new(ready, suites::log_by_program(ZORGSLUIS.into()));
    hold(&setting).await;
    second.stop();
    one_upstream_gone(&setting).await;
    tried.stop();
}

#[tokio::test]
async fn try_speaks_json_and_xml_in_front_of_an_r4_server() {
    let _alone = ALONE.lock().await;
    let upstream = source(FhirVersion::R4);
    let tried = Program::try_out(&[&upstream.base_url], "r4");
    formats::of_try(&Setting::new(tried.ready(), suites::log_by_program(ZORGSLUIS.into()))).await;
    tried.stop();
}

#[tokio::test]
async fn try_reads_and_writes_through_an_stu3_server() {
    let _alone = ALONE.lock().await;
    let upstream = source(FhirVersion::Stu3);
    let tried = Program::try_out(&[&upstream.base_url], "stu3");
    let ready = tried.ready();
    let bases = &ready.nodes[0].fhir;
    assert!(bases.outer.r4.is_none() && bases.inner.stu3.as_deref().unwrap().ends_with("/fhir/stu3"));
    let setting = Setting::new(ready, suites::log_by_program(ZORGSLUIS.into()));
    hold(&setting).await;
    formats::of_try(&setting).await;
    tried.stop();
}

#[tokio::test]
async fn every_query_of_the_bgz_and_mp9_lists_gets_the_expected_counts() {
    let _alone = ALONE.lock().await;
    counts::every_query().await;
}

#[tokio::test]
async fn the_fhir_surface_holds_in_both_versions_over_both_kinds_of_source() {
    let _alone = ALONE.lock().await;
    surface::holds().await;
}

#[tokio::test]
async fn who_asks_too_much_waits_and_strangers_do_not_fill_the_log() {
    let _alone = ALONE.lock().await;
    limits::hold().await;
}

#[tokio::test]
async fn every_answer_that_a_client_received_has_its_record_after_kill_9() {
    let _alone = ALONE.lock().await;
    crash::rounds().await;
}

#[tokio::test]
async fn what_is_registered_at_the_index_is_so_once_however_often_the_node_is_killed() {
    let _alone = ALONE.lock().await;
    registrations::survive_kills().await;
}

#[tokio::test]
async fn a_node_whose_disk_is_full_refuses_and_says_so_and_goes_on_when_there_is_room() {
    let _alone = ALONE.lock().await;
    full_disk::survived().await;
}

#[tokio::test]
async fn a_rollover_of_the_authority_under_load_costs_no_request_and_a_revoked_peer_is_asked_no_more() {
    let _alone = ALONE.lock().await;
    let demo = Program::demo();
    let setting = Setting::of_program(demo.ready(), ZORGSLUIS.into());
    let serial = rollover::under_load(&setting).await;
    rollover::a_peer_is_revoked(&setting, &serial).await;
    demo.stop();
}

/// Holds what is running against the suite that fits it.
async fn hold(setting: &Setting) {
    let findings = suites::run(&suites::fitting(&setting.ready), setting, |_| {}).await;
    let amiss: Vec<_> = findings.iter().filter(|finding| finding.verdict != Verdict::Holds).collect();
    let (passed, failed) = suites::tally(&findings);
    eprintln!("suite of {}: {passed} passed, {failed} failed", setting.ready.kind);
    assert!(failed == 0 && passed > 0, "{amiss:#?}");
}

/// With one node gone the overview still answers, and names that provider.
async fn one_node_killed(setting: &Setting) {
    let ready: &Ready = &setting.ready;
    program::kill(ready.node("pharmacy").unwrap().pid);
    let caller = setting.person("koster").unwrap();
    let overview = Overview::ask(setting, "hospital", &caller, region::patients()[0].bsn).await.unwrap();
    assert_eq!(overview.shows(setting, "pharmacy", "unreachable"), Ok(()));
    assert!(overview.items(setting, "pharmacy").unwrap().is_empty());
    for provider in ["hospital", "nursing-home", "general-practice"] {
        assert_eq!(overview.shows(setting, provider, "answered"), Ok(()));
        assert!(!overview.items(setting, provider).unwrap().is_empty());
    }
}

/// With one server gone the other's data still comes, and nobody is told that this is all.
async fn one_upstream_gone(setting: &Setting) {
    let caller = setting.ready.callers.iter().find(|caller| caller.bearer_token.is_some()).unwrap();
    let caller = InnerCaller::of(&setting.ready, &caller.name).unwrap();
    let base = setting.inner("try").unwrap();
    let read = caller.get(&format!("{base}/Patient/nowhere")).await.unwrap();
    assert_eq!(read.status, 502, "what is on the server that is gone cannot be known");
    let search = caller.get(&format!("{base}/Patient?_count=10")).await.unwrap();
    let bundle = search.json().unwrap();
    assert_eq!((search.status, bundle.get("total")), (200, None));
    let modes: Vec<_> = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["search"]["mode"]).collect();
    assert!(modes.len() > 1 && modes.last().unwrap().as_str() == Some("outcome"), "{modes:?}");
}

fn source(version: FhirVersion) -> SourceHandle {
    SourceServer::start(version, Vec::new(), ([127, 0, 0, 1], 0).into()).unwrap()
}
