//! A bundle that is whole and signed is opened; every way of tampering with one is a row.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header as TarHeader};

use super::*;
use crate::http::WebAddress;
use crate::sources::testing::stub::{Reply, Stub};

const MANIFEST_TEXT: &str = r#"{ "revision": "1.4", "roots": ["health_overview"] }"#;

type Files = BTreeMap<String, Vec<u8>>;

struct Signer {
    key: rcgen::KeyPair,
    file: tempfile::NamedTempFile,
}

impl Signer {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(key.public_key_pem().as_bytes()).unwrap();
        Signer { key, file }
    }

    fn config(&self) -> BundleConfig {
        let (id, public_key_file) = ("region".to_owned(), self.file.path().to_owned());
        let keys = vec![BundleKeyConfig { id, algorithm: BundleAlgorithm::ES256, public_key_file }];
        let (file, url) = (Some("bundle.tar.gz".into()), None);
        BundleConfig { file, url, authorities_file: None, every_seconds: 1, scope: None, unsigned: false, keys }
    }

    fn keys(&self) -> BundleKeys {
        BundleKeys::load(&self.config()).unwrap()
    }

    fn sign(&self, payload: &Value) -> String {
        self.sign_as(payload, Some("region"))
    }

    fn sign_as(&self, payload: &Value, kid: Option<&str>) -> String {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(jsonwebtoken::Algorithm::ES256) };
        let key = EncodingKey::from_ec_pem(self.key.serialize_pem().as_bytes()).unwrap();
        encode(&header, payload, &key).unwrap()
    }
}

fn files() -> Files {
    let of = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
    BTreeMap::from([
        of(".manifest", MANIFEST_TEXT),
        of("health-overview/policy.rego", "package health_overview\n"),
        of("health-overview/cases/a.json", "{ }"),
    ])
}

fn payload(files: &Files) -> Value {
    let hash = |(path, content): (&String, &Vec<u8>)| {
        let hash = hash::of(path, content, &aws_lc_rs::digest::SHA256).unwrap();
        json!({"name": path, "hash": hash, "algorithm": "SHA-256"})
    };
    json!({"files": files.iter().map(hash).collect::<Vec<_>>()})
}

fn with(mut files: Files, token: &str) -> Files {
    files.insert(SIGNATURES.to_owned(), json!({"signatures": [token]}).to_string().into_bytes());
    files
}

fn packed(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, kind, content) in entries {
        let mut header = TarHeader::new_gnu();
        // Written by hand: the library refuses to make a path that leads outside.
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_entry_type(*kind);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn archive(files: &Files) -> Vec<u8> {
    let entries: Vec<_> =
        files.iter().map(|(path, content)| (path.as_str(), EntryType::Regular, content.as_slice())).collect();
    packed(&entries)
}

fn fault(archive: &[u8], keys: &BundleKeys) -> BundleFault {
    Bundle::open(archive, keys).map(|bundle| bundle.revision).unwrap_err()
}

#[test]
fn a_bundle_that_is_whole_and_signed_is_opened() {
    let signer = Signer::new();
    let bundle = Bundle::open(&archive(&with(files(), &signer.sign(&payload(&files())))), &signer.keys()).unwrap();
    assert_eq!(bundle.revision.as_str(), "1.4");
    assert_eq!(bundle.text("health-overview/policy.rego"), Some("package health_overview\n"));
    assert_eq!(bundle.names_in("health-overview/cases").collect::<Vec<_>>(), ["a.json"]);
    assert!(bundle.may_define("health_overview") && !bundle.may_define("bgz"));
    // What is only written otherwise says the same, and earlier releases of the format name the key in the payload.
    let mut rewritten = files();
    rewritten.insert(MANIFEST.to_owned(), br#"{"roots":["health_overview"],"revision":"1.4"}"#.to_vec());
    let mut payload = payload(&files());
    payload["keyid"] = json!("region");
    let token = signer.sign_as(&payload, None);
    assert!(Bundle::open(&archive(&with(rewritten, &token)), &signer.keys()).is_ok());
}

#[test]
fn whatever_is_not_as_it_was_signed_is_refused() {
    let signer = Signer::new();
    let keys = signer.keys();
    let token = signer.sign(&payload(&files()));
    let changed = |change: &dyn Fn(&mut Files)| {
        let mut changed = files();
        change(&mut changed);
        fault(&archive(&with(changed, &token)), &keys)
    };
    let rego = "health-overview/policy.rego";
    assert_eq!(changed(&|files| files.get_mut(rego).unwrap().push(b' ')), BundleFault::Changed(rego.into()));
    assert_eq!(
        changed(&|files| {
            files.insert(MANIFEST.into(), MANIFEST_TEXT.replace("1.4", "1.5").into());
        }),
        BundleFault::Changed(MANIFEST.into())
    );
    assert_eq!(
        changed(&|files| {
            files.insert("extra.rego".into(), Vec::new());
        }),
        BundleFault::Extra("extra.rego".into())
    );
    assert_eq!(
        changed(&|files| {
            files.remove(rego);
        }),
        BundleFault::Missing(rego.into())
    );
    assert_eq!(fault(&archive(&files()), &keys), BundleFault::Unsigned);
}

#[test]
fn a_signature_is_by_a_configured_key_and_its_algorithm_or_it_is_none() {
    let (signer, stranger) = (Signer::new(), Signer::new());
    let keys = signer.keys();
    let good = payload(&files());
    let of = |token: &str| fault(&archive(&with(files(), token)), &keys);
    assert_eq!(of(&stranger.sign(&good)), BundleFault::Signature);
    assert_eq!(of(&signer.sign_as(&good, Some("other"))), BundleFault::UnknownKey);
    let mut two = good.clone();
    two["keyid"] = json!("other");
    assert_eq!(of(&signer.sign(&two)), BundleFault::UnknownKey);
    let mut scoped = good.clone();
    scoped["scope"] = json!("elsewhere");
    assert_eq!(of(&signer.sign(&scoped)), BundleFault::Scope);
    // The public key as a shared secret, and no signature at all.
    let secret = EncodingKey::from_secret(signer.key.public_key_pem().as_bytes());
    let header = Header { kid: Some("region".into()), ..Header::new(jsonwebtoken::Algorithm::HS256) };
    assert_eq!(of(&encode(&header, &good, &secret).unwrap()), BundleFault::Algorithm);
    let part = crate::identity::jose::write_part;
    let none = format!("{}.{}.", part(&json!({"alg": "none", "kid": "region"})), part(&good));
    assert_eq!(of(&none), BundleFault::Algorithm);
    let claims = signer.sign(&good);
    let claims: Vec<&str> = claims.split('.').collect();
    let torn = format!("{}.{}.{}", claims[0], part(&json!({"files": []})), claims[2]);
    assert_eq!(of(&torn), BundleFault::Signature);
    for (member, value, expected) in [
        ("algorithm", json!("MD5"), BundleFault::HashKind(MANIFEST.into())),
        ("algorithm", Value::Null, BundleFault::Signatures),
        ("hash", json!(""), BundleFault::Changed(MANIFEST.into())),
        ("name", json!("health-overview/policy.rego"), BundleFault::Changed("health-overview/policy.rego".into())),
    ] {
        let mut wrong = good.clone();
        wrong["files"][0][member] = value;
        assert_eq!(of(&signer.sign(&wrong)), expected, "{member}");
    }
    let mut twice = good.clone();
    let first = twice["files"][0].clone();
    twice["files"].as_array_mut().unwrap().push(first);
    assert_eq!(of(&signer.sign(&twice)), BundleFault::Twice(MANIFEST.into()));
    for signatures in
        [json!({"signatures": []}), json!({"signatures": [signer.sign(&good), signer.sign(&good)]}), json!([])]
    {
        let mut files = files();
        files.insert(SIGNATURES.into(), signatures.to_string().into_bytes());
        assert_eq!(fault(&archive(&files), &keys), BundleFault::Signatures);
    }
}

#[test]
fn an_archive_that_is_torn_leads_outside_or_is_too_much_is_refused_whole() {
    let keys = BundleKeys::load(&BundleConfig { unsigned: true, keys: Vec::new(), ..Signer::new().config() }).unwrap();
    let regular = EntryType::Regular;
    let whole = archive(&files());
    assert!(Bundle::open(&whole, &keys).is_ok());
    for (entries, expected) in [
        (vec![("../x", regular, &b""[..])], BundleFault::Path),
        (vec![("a b", regular, b"")], BundleFault::Path),
        (vec![("x", EntryType::Symlink, b"")], BundleFault::NotAFile),
        (vec![("x", EntryType::Link, b"")], BundleFault::NotAFile),
        (vec![("x", regular, b"1"), ("./x", regular, b"2")], BundleFault::Twice("x".into())),
        (vec![("x", regular, b"1")], BundleFault::Manifest),
        (vec![(".manifest", regular, b"{}")], BundleFault::Manifest),
        (vec![(".manifest", regular, b"{\"revision\": \"abc\"}")], BundleFault::Manifest),
    ] {
        assert_eq!(fault(&packed(&entries), &keys), expected);
    }
    assert_eq!(fault(b"", &keys), BundleFault::NotAnArchive);
    for length in [10, whole.len() / 2, whole.len() - 20] {
        assert!(Bundle::open(&whole[..length], &keys).is_err(), "{length}");
    }
    let bomb = packed(&[("bomb", regular, &vec![0; 33 << 20])]);
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(fault(&bomb, &keys), BundleFault::TooLarge(_)));
}

#[test]
fn what_is_packed_and_signed_is_opened_with_its_key_and_scope_only() {
    let signer = Signer::new();
    let mut private = tempfile::NamedTempFile::new().unwrap();
    private.write_all(signer.key.serialize_pem().as_bytes()).unwrap();
    let load = |algorithm| BundleSigner::load("region".to_owned(), algorithm, private.path());
    let signs = load(BundleAlgorithm::ES256).unwrap();
    let mut files = files();
    files.remove(MANIFEST);
    let packed = pack(files, "2026-11-29.2", Some("care"), Some(&signs)).unwrap();
    let keys = |scope: Option<&str>| {
        BundleKeys::load(&BundleConfig { scope: scope.map(str::to_owned), ..signer.config() }).unwrap()
    };
    let bundle = Bundle::open(&packed, &keys(Some("care"))).unwrap();
    assert_eq!(bundle.revision.as_str(), "2026-11-29.2");
    assert!(bundle.may_define("health_overview") && !bundle.may_define("other"));
    assert_eq!(fault(&packed, &keys(None)), BundleFault::Scope);
    assert_eq!(fault(&packed, &Signer::new().keys()), BundleFault::Signature);
    assert!(load(BundleAlgorithm::RS256).is_err());
    assert!(pack(BTreeMap::new(), "next", None, None).is_err());
}

#[test]
fn of_two_revisions_it_is_known_which_is_the_later() {
    let of = |text: &str| Revision::parse(text).unwrap();
    for (later, earlier) in [("2", "1"), ("10", "9"), ("1.4.1", "1.4"), ("2026-11-29", "2026-11-28.9"), ("1.10", "1.9")]
    {
        assert!(of(later).is_later_than(&of(earlier)) && !of(earlier).is_later_than(&of(later)), "{later} {earlier}");
    }
    assert!(of("1.04").is_same_as(&of("1.4")));
    for bad in ["", "v1", "1..2", "1.", "a1b2c3", "-1", "1 ", &"1".repeat(65), "9999999999999999999"] {
        assert_eq!(Revision::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_configuration_that_would_take_what_nobody_signed_is_refused() {
    let signer = Signer::new();
    let good = signer.config();
    assert_eq!(good.check(false), Ok(()));
    let web = |text: &str| Some(WebAddress::parse(text).unwrap());
    for (config, says) in [
        (BundleConfig { unsigned: true, ..good.clone() }, "development"),
        (BundleConfig { keys: Vec::new(), ..good.clone() }, "keys"),
        (BundleConfig { file: None, ..good.clone() }, "either"),
        (BundleConfig { url: web("https://a.example/b"), ..good.clone() }, "either"),
        (BundleConfig { file: None, url: web("http://127.0.0.1/b"), ..good.clone() }, "https"),
        (BundleConfig { every_seconds: 0, ..good.clone() }, "every_seconds"),
    ] {
        assert!(config.check(false).unwrap_err().contains(says), "{says}");
    }
    let wrong = BundleAlgorithm::RS256;
    let keys = vec![BundleKeyConfig { algorithm: wrong, ..good.keys[0].clone() }];
    assert!(BundleKeys::load(&BundleConfig { keys, ..good.clone() }).err().unwrap().contains("not for RS256"));
    let twice = vec![good.keys[0].clone(), good.keys[0].clone()];
    assert!(BundleKeys::load(&BundleConfig { keys: twice, ..good }).err().unwrap().contains("twice"));
}

async fn fetched(reply: Reply) -> Result<Option<bytes::Bytes>, String> {
    let stub = Stub::start(move |_| reply.clone()).await;
    server(&stub).newer().await
}

fn server(stub: &Stub) -> BundleServer {
    let pem = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert.pem();
    let mut authorities = tempfile::NamedTempFile::new().unwrap();
    authorities.write_all(pem.as_bytes()).unwrap();
    let authorities_file = Some(authorities.path().to_owned());
    let config = BundleConfig { file: None, url: Some(stub.base()), authorities_file, ..Signer::new().config() };
    BundleServer::of(&config).unwrap().unwrap()
}

#[tokio::test]
async fn a_bundle_is_fetched_once_and_again_only_when_it_is_another() {
    let stub = Stub::start(|asked| match asked.header("if-none-match") {
        Some("\"1\"") => Reply::status(304),
        _ => Reply::Full { status: 200, headers: vec![("etag", "\"1\"".to_owned())], body: "archive".to_owned() },
    })
    .await;
    let mut server = server(&stub);
    assert_eq!(server.newer().await.unwrap().as_deref(), Some(&b"archive"[..]));
    assert_eq!(server.newer().await.unwrap(), None);
}

#[tokio::test]
async fn a_server_that_is_slow_wrong_torn_or_absent_gives_no_bundle_and_it_is_said() {
    for reply in [
        Reply::Hang,
        Reply::status(500),
        Reply::status(304),
        Reply::status(302),
        Reply::Torn,
        Reply::Drop,
        Reply::Flood,
    ] {
        let said = format!("{reply:?}");
        assert!(fetched(reply).await.is_err(), "{said}");
    }
}
