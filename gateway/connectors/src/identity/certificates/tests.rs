use jsonwebtoken::Algorithm;
use rcgen::{ExtendedKeyUsagePurpose as Purpose, KeyUsagePurpose as Usage};

use super::*;
use crate::identity::testing::{KeyType, TestCertificate};

fn name_of(ura: &str) -> String {
    format!("2.16.528.1.1007.99.2110-1-900012345-S-{ura}-00.000-01234567")
}

#[test]
fn a_certificate_of_the_test_branch_shows_as_one() {
    for (name, for_tests) in
        [(name_of("90000901"), true), ("2.16.528.1.1007.3.3-1-900012345-S-90000901-00.000-01234567".to_owned(), false)]
    {
        let issued = TestCertificate::with_names(&[&name], KeyType::P256);
        assert_eq!(issued.read().for_tests, for_tests, "{name}");
    }
}

#[test]
fn organisation_key_and_validity_come_from_the_certificate() {
    for (kind, algorithm) in
        [(KeyType::P256, Algorithm::ES256), (KeyType::P384, Algorithm::ES384), (KeyType::Rsa, Algorithm::PS256)]
    {
        let made = TestCertificate::new("90000901", kind);
        let read = Certificate::read(&made.der).unwrap();
        assert_eq!(read.ura, Ura::parse("90000901").ok());
        assert_eq!(read.organisation.as_deref(), Some("Zorginstelling 90000901"));
        assert_eq!(read.thumbprint, Thumbprint::of(&made.der));
        assert_eq!(read.key.algorithm(), algorithm);
        assert!(read.valid_at(read.not_before) && read.valid_at(read.not_after));
        assert!(!read.valid_at(read.not_after + time::Duration::SECOND));
        assert!(!read.valid_at(read.not_before - time::Duration::SECOND));
    }
}

#[test]
fn one_organisation_may_be_named_twice_but_not_two() {
    let twice = TestCertificate::with_names(&[&name_of("90000901"), &name_of("90000901")], KeyType::P256);
    assert_eq!(Certificate::read(&twice.der).unwrap().ura, Ura::parse("90000901").ok());
    let two = TestCertificate::with_names(&[&name_of("90000901"), &name_of("90000902")], KeyType::P256);
    assert_eq!(Certificate::read(&two.der).unwrap_err(), CertificateFault::SeveralOrganisations);
}

#[test]
fn a_certificate_without_a_uzi_name_has_no_ura() {
    let none = TestCertificate::with_names(&["someone@example.nl"], KeyType::P256);
    assert_eq!(Certificate::read(&none.der).unwrap().ura, None);
}

#[test]
fn what_is_no_certificate_is_unreadable() {
    let mut longer = TestCertificate::new("90000901", KeyType::P256).der;
    let shorter = longer[..longer.len() - 1].to_vec();
    longer.push(0);
    for (case, bytes) in [
        ("nothing", Vec::new()),
        ("rubbish", vec![0x30, 0x82, 0xff, 0xff, 1]),
        ("a byte too many", longer),
        ("a byte too few", shorter),
        ("too large", vec![0; MAX_CERTIFICATE + 1]),
    ] {
        assert_eq!(Certificate::read(&bytes).unwrap_err(), CertificateFault::Unreadable, "{case}");
    }
}

#[test]
fn a_key_that_cannot_sign_assertions_is_refused() {
    let other = TestCertificate::new("90000901", KeyType::Ed25519);
    assert_eq!(Certificate::read(&other.der).unwrap_err(), CertificateFault::KeyNotSupported);
}

#[test]
fn a_thumbprint_reads_back_from_its_text() {
    let thumbprint = Thumbprint::of(b"certificate");
    assert_eq!(Thumbprint::parse(&thumbprint.to_string()), Some(thumbprint));
    assert_eq!(Thumbprint::parse("short"), None);
}

#[test]
fn a_persons_card_names_the_person_and_does_not_speak_for_the_organisation() {
    let card = "2.16.528.1.1003.1.3.5.5.2-1-000012345-Z-90000901-01.015-01004567";
    let read = TestCertificate::with_names(&[card], KeyType::Rsa).read();
    assert_eq!((read.ura, read.profile), (None, Profile::UziPerson));
    let name = read.uzi.unwrap();
    assert_eq!((name.pass, name.role.as_deref()), (UziPass::Professional, Some("01.015")));
    let both = TestCertificate::with_names(&[card, &name_of("90000901")], KeyType::P256);
    assert_eq!(Certificate::read(&both.der).unwrap_err(), CertificateFault::SeveralHolders);
}

#[test]
fn an_uzi_name_of_another_type_is_no_uzi_name() {
    // A user principal name: many a directory lets its users choose one.
    let upn = TestCertificate::shaped(|params| {
        let name = name_of("90000901").as_str().into();
        params.subject_alt_names.push(rcgen::SanType::OtherName((vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 3], name)));
    });
    assert_eq!(upn.read().ura, None);
}

#[test]
fn a_permanent_identifier_must_agree_with_the_uzi_name_and_alone_names_nobody() {
    let permanent = |ura: &str| {
        // SEQUENCE { UTF8String }, in the [0] that rcgen cannot write: the whole extension is ours.
        let value = [&[0x30, 0x0a, 0x0c, 0x08], ura.as_bytes()].concat();
        let tagged = [&[0xa0, 0x0c][..], &value].concat();
        let kind = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x03];
        [&[0xa0, 0x18][..], &kind, &tagged].concat()
    };
    let uzi = |ura: &str| {
        let name = name_of(ura);
        let text = [&[0x0c, u8::try_from(name.len()).unwrap()][..], name.as_bytes()].concat();
        let tagged = [&[0xa0, u8::try_from(text.len()).unwrap()][..], &text].concat();
        let kind = [0x06, 0x03, 0x55, 0x05, 0x05];
        [&[0xa0, u8::try_from(kind.len() + tagged.len()).unwrap()][..], &kind, &tagged].concat()
    };
    let certificate = |names: &[Vec<u8>]| {
        let all = names.concat();
        let extension = [&[0x30, u8::try_from(all.len()).unwrap()][..], &all].concat();
        TestCertificate::shaped(|params| {
            params.subject_alt_names.clear();
            params.custom_extensions.push(rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 17], extension));
        })
    };
    let agreeing = certificate(&[uzi("90000901"), permanent("90000901")]);
    assert_eq!(agreeing.read().ura, Ura::parse("90000901").ok());
    let two = certificate(&[uzi("90000901"), permanent("90000902")]);
    assert_eq!(Certificate::read(&two.der).unwrap_err(), CertificateFault::SeveralOrganisations);
    assert_eq!(certificate(&[permanent("90000901")]).read().ura, None);
}

#[test]
fn what_the_certificate_is_for_is_read_from_its_usages() {
    let cases: [(&[Usage], &[Purpose], bool); 6] = [
        (&[], &[], true),
        (&[Usage::DigitalSignature], &[Purpose::ClientAuth], true),
        (&[Usage::DigitalSignature], &[Purpose::ServerAuth, Purpose::ClientAuth], true),
        (&[Usage::DigitalSignature], &[Purpose::ServerAuth], false),
        (&[Usage::ContentCommitment], &[Purpose::ClientAuth], false),
        (&[Usage::KeyEncipherment], &[], false),
    ];
    for (usages, purposes, good) in cases {
        let made = TestCertificate::shaped(|params| {
            params.key_usages = usages.to_vec();
            params.extended_key_usages = purposes.to_vec();
        });
        assert_eq!(made.read().for_clients, good, "{usages:?} {purposes:?}");
    }
}

#[test]
fn a_pkioverheid_certificate_shows_its_policy_and_its_oin() {
    let serial = |text: &'static str| {
        move |params: &mut rcgen::CertificateParams| {
            params.distinguished_name.push(rcgen::DnType::CustomDnType(vec![2, 5, 4, 5]), text);
            // CertificatePolicies with the policy 2.16.528.1.1003.1.2.5.6 (Programma van Eisen, part 3e: services, server).
            let policy = [0x06, 0x0a, 0x60, 0x84, 0x10, 0x01, 0x87, 0x6b, 0x01, 0x02, 0x05, 0x06];
            let policies = [&[0x30, 0x0e, 0x30, 0x0c][..], &policy].concat();
            let extension = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 32], policies);
            params.custom_extensions.push(extension);
        }
    };
    let read = TestCertificate::shaped(serial("00000001123456780000")).read();
    assert_eq!((read.profile, read.oin, read.ura), (Profile::PkiOverheid, Oin::parse("00000001123456780000"), None));
    assert_eq!(TestCertificate::shaped(serial("990000901")).read().oin, None);
    assert_eq!(TestCertificate::with_names(&[], KeyType::P256).read().profile, Profile::Other);
}
