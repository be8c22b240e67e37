//! Configurations: those that the demo and `try` write are good, and what is not safe does not start.

use std::path::Path;

use conformance::ready::Ready;
use rcgen::{CertificateParams, KeyPair, SanType};
use toml::{Table, Value};

use crate::program;

/// A change that makes a good configuration a bad one, and a word that the refusal must have.
type Row = (&'static str, fn(&mut Table), &'static str);

pub fn of_the_demo_is_good(ready: &Ready) {
    for node in &ready.nodes {
        is_good(&node.config_file);
    }
}

pub fn of_try_is_good_and_for_development_only(ready: &Ready) {
    let config = &ready.nodes[0].config_file;
    is_good(config);
    is_refused(config, &("a development use case in production", with_tls_in_production, "development"));
}

pub fn unsafe_ones_are_refused(ready: &Ready) {
    let rows: [Row; 11] = [
        ("a key that is not known", |config| set(section(config, "provider"), "colour", "red"), "colour"),
        ("a section that is not known", |config| drop(config.insert("extra".into(), Table::new().into())), "extra"),
        ("plain HTTP off loopback", |config| set(section(config, "inner"), "address", "0.0.0.0:18402"), "loopback"),
        ("production without TLS inside", |config| set(config, "mode", "production"), "inner.tls"),
        (
            "the demo's test certificates in production",
            |config| {
                with_tls_in_production(config);
                config.remove("callers");
            },
            "test certificate",
        ),
        (
            "a Mitz that is played, in production",
            |config| {
                let mitz = section(config, "registers")["mitz"].clone();
                with_tls_in_production(config);
                section(config, "registers").insert("mitz".into(), mitz);
            },
            "registers.mitz.base is on loopback",
        ),
        ("static tokens in production", with_a_real_certificate, "token"),
        (
            "a source over plain HTTP off loopback",
            |config| {
                with_tls_in_production(config);
                config.remove("callers");
                let sources = config.get_mut("sources").and_then(Value::as_array_mut).unwrap();
                set(sources[0].as_table_mut().unwrap(), "base", "http://192.0.2.10/fhir");
            },
            "https",
        ),
        (
            "no use case",
            |config| drop(section(config, "profiles").insert("use_cases".into(), Value::Array(Vec::new()))),
            "use_cases",
        ),
        ("another provider's certificate", |config| set(section(config, "provider"), "ura", "90010003"), "90010003"),
        (
            "a bound of nothing",
            |config| drop(section(config, "bounds").insert("exchange_ms".into(), Value::Integer(0))),
            "exchange_ms",
        ),
    ];
    for row in &rows {
        is_refused(&ready.node("hospital").unwrap().config_file, row);
    }
}

fn is_good(config: &Path) {
    let checked = program::run(&["check"], config);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(said.contains("good") && !said.contains(" 0 policy cases"), "{said}");
}

/// Neither `check` nor `serve` takes it, and both say why.
fn is_refused(good: &Path, (what, spoil, word): &Row) {
    let mut config: Table = std::fs::read_to_string(good).unwrap().parse().unwrap();
    // The good node runs: its ports are taken, and that is not the point.
    for listener in ["outer", "inner", "cards"] {
        if let Some(listener) = config.get_mut(listener).and_then(Value::as_table_mut) {
            set(listener, "address", "127.0.0.1:0");
        }
    }
    spoil(&mut config);
    let spoilt = good.with_file_name("spoilt.toml");
    std::fs::write(&spoilt, config.to_string()).unwrap();
    for arguments in [&["check"][..], &["serve", "--stop-with-input"]] {
        let run = program::run(arguments, &spoilt);
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success(), "{what}: {arguments:?} takes it");
        let told = said.lines().any(|line| line.starts_with("zorgsluis: "));
        assert!(told && said.contains(word), "{what}: {arguments:?} says {said}");
        assert!(!said.contains("panicked"), "{what}: {said}");
    }
}

fn section<'c>(config: &'c mut Table, name: &str) -> &'c mut Table {
    config.get_mut(name).and_then(Value::as_table_mut).unwrap()
}

fn set(table: &mut Table, key: &str, value: &str) {
    table.insert(key.to_owned(), Value::String(value.to_owned()));
}

/// Production, with the inner listener on TLS and without national services that are played: what else is wrong comes to
/// light.
fn with_tls_in_production(config: &mut Table) {
    set(config, "mode", "production");
    for played in ["mitz", "nvi"] {
        section(config, "registers").remove(played);
    }
    let outer = section(config, "outer").clone();
    let files = ["certificate_file", "key_file", "authorities_file"];
    let tls: Table = files.into_iter().map(|name| (name.to_owned(), outer[name].clone())).collect();
    let inner = section(config, "inner");
    inner.insert("tls".into(), Value::Table(tls));
    set(inner, "public_base", "https://localhost:18402");
}

/// The same with a certificate that is not of the UZI register's test branch: self-made, but its form is right.
fn with_a_real_certificate(config: &mut Table) {
    with_tls_in_production(config);
    let outer = section(config, "outer");
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let identification = "2.16.528.1.1007.3.3-1-990010001-S-90010001-00.000-00000000";
    params.subject_alt_names.push(SanType::OtherName((vec![2, 5, 5, 5], identification.into())));
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let folder = Path::new(outer["certificate_file"].as_str().unwrap()).parent().unwrap().to_owned();
    for (name, file, text) in
        [("certificate_file", "real.pem", certificate.pem()), ("key_file", "real-key.pem", key.serialize_pem())]
    {
        std::fs::write(folder.join(file), text).unwrap();
        set(outer, name, folder.join(file).to_str().unwrap());
    }
}
