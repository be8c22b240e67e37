//! The real binary from outside: the demo region, `try` in front of other servers, a node that is killed under load, and
//! configurations that must not start. What is asked over the wire stands in `conformance::suites`; here the programs are
//! run, and ended.
// Tests may panic, and tell what they counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod configuration;
mod crash;
mod program;

use conformance::ready::Ready;
use conformance::region;
use conformance::source_server::{FhirVersion, SourceHandle, SourceServer};
use conformance::suites::{self, Overview, Setting, Verdict};
use program::{Program, ZORGSLUIS};

#[tokio::test]
async fn the_demo_region_keeps_its_promises() {
    let demo = Program::demo();
    let setting = Setting::new(demo.ready(), suites::log_by_program(ZORGSLUIS.into()));
    configuration::of_the_demo_is_good(&setting.ready);
    configuration::unsafe_ones_are_refused(&setting.ready);
    hold(&setting).await;
    one_node_killed(&setting).await;
    let pids: Vec<u32> = setting.ready.nodes.iter().map(|node| node.pid).collect();
    demo.stop();
    for pid in pids {
        assert!(!program::runs(pid), "a node outlived the demo");
    }
}

#[tokio::test]
async fn try_presents_two_r4_servers_as_one_and_reads_and_writes_through_the_whole_stack() {
    let upstreams = [source(FhirVersion::R4), source(FhirVersion::R4)];
    let tried = Program::try_out(&[&upstreams[0].base_url, &upstreams[1].base_url], "r4");
    let ready = tried.ready();
    configuration::of_try_is_good_and_for_development_only(&ready);
    hold(&Setting::new(ready, suites::log_by_program(ZORGSLUIS.into()))).await;
    tried.stop();
}

#[tokio::test]
async fn try_reads_and_writes_through_an_stu3_server() {
    let upstream = source(FhirVersion::Stu3);
    let tried = Program::try_out(&[&upstream.base_url], "stu3");
    let ready = tried.ready();
    let bases = &ready.nodes[0].fhir;
    assert!(bases.outer.r4.is_none() && bases.inner.stu3.as_deref().unwrap().ends_with("/fhir/stu3"));
    hold(&Setting::new(ready, suites::log_by_program(ZORGSLUIS.into()))).await;
    tried.stop();
}

#[tokio::test]
async fn every_answer_that_a_client_received_has_its_record_after_kill_9() {
    crash::rounds().await;
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

fn source(version: FhirVersion) -> SourceHandle {
    SourceServer::start(version, Vec::new(), ([127, 0, 0, 1], 0).into()).unwrap()
}
