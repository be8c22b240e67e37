use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::*;

fn tgz(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in files {
        let mut header = Header::new_gnu();
        // Written by hand: the library refuses to make a path that leads outside.
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_entry_type(EntryType::Regular);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    let mut encoder = builder.into_inner().unwrap();
    encoder.flush().unwrap();
    encoder.finish().unwrap()
}

const MANIFEST: &[u8] = br#"{"name":"demo","version":"1.0.0","fhirVersions":["3.0.2"]}"#;
const SET: &[u8] = br#"{"resourceType":"ValueSet","url":"urn:vs","compose":{"include":[{"system":"urn:s","concept":[{"code":"a"}]}]}}"#;

#[test]
fn a_package_is_read_as_it_is_published() {
    let system = br#"{"resourceType":"CodeSystem","url":"urn:s","content":"complete","concept":[{"code":"a","concept":[{"code":"b"}]}]}"#;
    let definition = br#"{"resourceType":"StructureDefinition","url":"urn:p","fhirVersion":"3.0.1","kind":"resource","type":"Patient",
        "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","differential":{"element":[
        {"id":"x1","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"closed"}},
        {"id":"x2","path":"Patient.identifier","sliceName":"bsn","min":1,"max":"1"},
        {"id":"x3","path":"Patient.identifier.system","fixedUri":"urn:b"},
        {"id":"Patient.deceased[x]:deceasedBoolean","path":"Patient.deceasedBoolean","max":"0"}]}}"#;
    let archive = tgz(&[
        ("package/a.json", SET),
        ("package/package.json", MANIFEST),
        ("package/.index.json", b"{}"),
        ("package/b.json", system),
        ("package/c.json", definition),
        ("package/d.json", b"{"),
        ("package/e.xml", b"<CodeSystem xmlns=\"http://hl7.org/fhir\"><url value=\"urn:x\"/><content value=\"fragment\"/></CodeSystem>"),
        ("package/other/f.json", SET),
    ]);
    let package = Package::read_tgz(&archive, &PackageLimits::default()).unwrap();
    assert_eq!(package.name.as_deref(), Some("demo"));
    assert_eq!(package.fhir, Some(FhirVersion::Stu3));
    assert_eq!((package.profiles.len(), package.value_sets.len(), package.code_systems.len()), (1, 1, 2));
    assert_eq!(package.refused.len(), 1);
    let ids: Vec<_> = package.profiles[0].rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "Patient.identifier",
            "Patient.identifier:bsn",
            "Patient.identifier:bsn.system",
            "Patient.deceased[x]:deceasedBoolean"
        ]
    );
    assert_eq!(package.code_systems[0].concepts[1].parents, [0]);
    let mut registry = Registry::default();
    package.add_to(&mut registry);
    assert_eq!(registry.counts(), (1, 1, 2));
    assert!(registry.profile(FhirVersion::Stu3, "urn:p|9").is_some());
    assert!(registry.profile(FhirVersion::R4, "urn:p").is_none());
}

#[test]
fn a_hostile_package_is_refused_whole() {
    let limits = PackageLimits { files: 3, file: 4096, total: 8192 };
    let zeros = vec![b' '; 5000];
    type Case<'c> = (&'c [(&'c str, &'c [u8])], PackageFault);
    let cases: [Case<'_>; 6] = [
        (&[("package/../../x.json", SET)], PackageFault::Outside),
        (&[("/package/x.json", SET)], PackageFault::Outside),
        (&[("package/x.json", &zeros)], PackageFault::FileTooLarge(4096)),
        (&[("a", &zeros), ("b", &zeros)], PackageFault::TooLarge(8192)),
        (&[("a", b""), ("b", b""), ("c", b""), ("d", b"")], PackageFault::TooManyFiles(3)),
        (&[("package/package.json", MANIFEST)], PackageFault::Empty),
    ];
    for (files, fault) in cases {
        assert_eq!(Package::read_tgz(&tgz(files), &limits).unwrap_err(), fault);
    }
    assert_eq!(Package::read_tgz(b"no archive", &limits).unwrap_err(), PackageFault::NotAnArchive);
    let r5 = tgz(&[("package/package.json", br#"{"fhirVersions":["5.0.0"]}"#)]);
    assert_eq!(Package::read_tgz(&r5, &limits).unwrap_err(), PackageFault::OtherVersion);
}
