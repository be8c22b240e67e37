//! `kill -9` of a node while it registers what its source holds: in the end every patient is registered once, and when the data
//! is gone nobody is.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::time::{Duration, Instant};

use conformance::ca::{CertificateAuthority, Profile, Subject, Validity};
use conformance::national::{
    INDEX_AUDIENCE, NationalHandle, NationalOptions, NationalServer, Organisation, PSEUDONYM_AUDIENCE, RECIPIENT,
};
use conformance::ready::Node;
use conformance::region;
use conformance::source_server::{FhirVersion, SourceServer};

use crate::program::{Program, Served, random};

const ROUNDS: usize = 6;
const OIN: &str = "00000099000000002000";
const WITHIN: Duration = Duration::from_secs(60);

pub async fn survive_kills() {
    let any = ([127, 0, 0, 1], 0).into();
    let source = SourceServer::start(FhirVersion::R4, region::resources("hospital"), any).unwrap();
    let address = source.base_url.trim_start_matches("http://").trim_end_matches("/fhir").parse().unwrap();
    let tried = Program::try_out(&[&source.base_url], "r4");
    let ready = tried.ready();
    let _state = tried.into_state();
    let node = &ready.nodes[0];
    let services = services_beside(node);
    for _ in 0..ROUNDS {
        let mut served = Served::start(&node.config_file, &node.inner);
        tokio::time::sleep(Duration::from_millis(random() % 700)).await;
        served.kill();
    }
    let _served = Served::start(&node.config_file, &node.inner);
    let patients = region::patients();
    let (own, others): (Vec<_>, Vec<_>) =
        patients.iter().map(|patient| (patient.bsn, patient.known_at.contains(&"hospital"))).partition(|(_, own)| *own);
    for (bsn, _) in &own {
        until(&services, bsn, 1).await;
    }
    for (bsn, _) in &others {
        until(&services, bsn, 0).await;
    }
    // The source loses everything; what went is known when everything is looked at.
    source.stop();
    let _emptied = SourceServer::start(FhirVersion::R4, Vec::new(), address).unwrap();
    for (bsn, _) in &own {
        until(&services, bsn, 0).await;
    }
    assert_eq!(services.reused(), 0, "a patient token came twice");
    eprintln!("registrations: {} patients registered once each over {ROUNDS} kills, and taken away again", own.len());
}

/// Waits until so many registrations of a patient are there.
async fn until(services: &NationalHandle, bsn: &str, count: usize) {
    let begun = Instant::now();
    loop {
        let known = services.known(bsn);
        assert!(known.len() <= 1, "a patient is registered {} times", known.len());
        if known.len() == count {
            return;
        }
        assert!(begun.elapsed() < WITHIN, "{} registrations of a patient, not {count}", known.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Starts the services, and has the node register there.
fn services_beside(node: &Node) -> NationalHandle {
    let folder = node.config_file.parent().unwrap();
    let authority = CertificateAuthority::new("National").unwrap();
    authority.write(folder, "national").unwrap();
    let subject = Subject { name: "x", dns_names: &[] };
    let own = authority.issue_without_ura(&subject).unwrap().write(folder, "nvi").unwrap();
    let profile = Profile::PkiOverheid { oin: OIN.to_owned() };
    authority.issue(&profile, &subject, Validity::Now).unwrap().write(folder, "oin").unwrap();
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/nvi-categories.toml");
    fs::copy(table, folder.join("nvi-categories.toml")).unwrap();
    let any = ([127, 0, 0, 1], 0).into();
    let options = NationalOptions {
        address: any,
        control: any,
        certificate: own.certificate,
        key: own.key,
        authorities: folder.join("national.pem"),
        organisations: vec![Organisation { oin: OIN.to_owned(), ura: node.ura.clone() }],
    };
    let services = NationalServer::start(&options, &[]).unwrap();
    let config = format!(
        "\n[registers.nvi]\nbase = \"{}\"\nsearch_by = \"query\"\nsource_id = \"EPD-1\"\ncertificate_file = \"oin.pem\"\n\
         key_file = \"oin-key.pem\"\nauthorities_file = \"national.pem\"\ncategories_file = \"nvi-categories.toml\"\n\
         [registers.nvi.tokens]\nendpoint = \"{}\"\nindex_audience = \"{INDEX_AUDIENCE}\"\n\
         pseudonym_audience = \"{PSEUDONYM_AUDIENCE}\"\npseudonym_organisation = \"{OIN}\"\n\
         [registers.nvi.prs]\nbase = \"{}\"\nrecipient = \"{RECIPIENT}\"\n\
         [registers.nvi.registrations]\nevery_seconds = 1\nreconcile_seconds = 2\n",
        services.list_url, services.token_endpoint, services.prs_url
    );
    OpenOptions::new().append(true).open(&node.config_file).unwrap().write_all(config.as_bytes()).unwrap();
    services
}
