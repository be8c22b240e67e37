use super::*;
use std::os::unix::fs::PermissionsExt;
use x509_parser::prelude::*;

const DE_BRINK: Subject<'_> = Subject { name: "Huisartsenpraktijk De Brink", dns_names: &["brink.example"] };

fn with_certificate(pem: &str, test: impl FnOnce(&X509Certificate<'_>)) {
    let (_, pem) = parse_x509_pem(pem.as_bytes()).unwrap();
    test(&pem.parse_x509().unwrap());
}

fn signed_by(certificate: &X509Certificate<'_>, root: &X509Certificate<'_>) -> bool {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, root.public_key().subject_public_key.data.as_ref());
    key.verify(certificate.tbs_certificate.as_ref(), &certificate.signature_value.data).is_ok()
}

fn names(certificate: &X509Certificate<'_>) -> String {
    format!("{:?}", certificate.subject_alternative_name().unwrap().unwrap().value.general_names)
}

#[test]
fn a_server_certificate_names_its_organisation_as_the_register_does() {
    let ca = CertificateAuthority::new("Zorgsluis ontwikkel-CA").unwrap();
    let issued = ca.issue_server("90010003", &DE_BRINK).unwrap();
    let (_, root) = parse_x509_pem(ca.certificate_pem().as_bytes()).unwrap();
    let root = root.parse_x509().unwrap();
    with_certificate(&issued.certificate_pem, |certificate| {
        let san = certificate.subject_alternative_name().unwrap().unwrap().value;
        let other = san.general_names.iter().find_map(|name| match name {
            GeneralName::OtherName(kind, value) => Some((kind.to_id_string(), value.to_vec())),
            _ => None,
        });
        let (kind, value) = other.unwrap();
        assert_eq!(kind, "2.5.5.5");
        let text = String::from_utf8_lossy(&value).into_owned();
        assert!(text.ends_with("2.16.528.1.1007.99.2110-1-990010003-S-90010003-00.000-00000000"), "{text}");
        let names = names(certificate);
        assert!(names.contains("localhost") && names.contains("brink.example"), "{names}");
        let usage = certificate.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.server_auth && usage.client_auth);
        let organisation = certificate.subject().iter_organization().next().unwrap();
        assert_eq!(organisation.as_str().unwrap(), "Huisartsenpraktijk De Brink");
        assert!(certificate.validity().is_valid());
        assert!(signed_by(certificate, &root));
    });
}

#[test]
fn the_other_kinds_lack_what_they_are_named_for() {
    let ca = CertificateAuthority::new("echt").unwrap();
    let rogue = CertificateAuthority::new("vals").unwrap();
    with_certificate(&ca.issue_without_ura(&DE_BRINK).unwrap().certificate_pem, |certificate| {
        assert!(!names(certificate).contains("OtherName"));
    });
    with_certificate(&ca.issue_expired("90010003", &DE_BRINK).unwrap().certificate_pem, |certificate| {
        assert!(!certificate.validity().is_valid());
        assert!(certificate.validity().not_before < certificate.validity().not_after);
    });
    let (_, root) = parse_x509_pem(ca.certificate_pem().as_bytes()).unwrap();
    let root = root.parse_x509().unwrap();
    with_certificate(&rogue.issue_server("90010003", &DE_BRINK).unwrap().certificate_pem, |certificate| {
        assert!(!signed_by(certificate, &root));
    });
    for wrong in ["", "1234567", "123456789", "9001000x", "９0010003"] {
        assert!(matches!(ca.issue_server(wrong, &DE_BRINK), Err(CaError::Ura)), "{wrong}");
    }
}

#[test]
fn a_card_names_its_holder_and_is_of_no_use_to_a_server() {
    let ca = CertificateAuthority::new("echt").unwrap();
    let (ura, number, role) = ("90010003".to_owned(), "900100301".to_owned(), "01.015".to_owned());
    let profile = Profile::UziPerson { ura, pass: 'Z', number, role };
    let holder = Subject { name: "I. de Boer", dns_names: &[] };
    let issued = ca.issue(&profile, &holder, super::Validity::Now).unwrap();
    with_certificate(&issued.certificate_pem, |certificate| {
        let holder = certificate.subject().iter_common_name().next().unwrap();
        assert_eq!(holder.as_str().unwrap(), "I. de Boer");
        let usage = certificate.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.client_auth && !usage.server_auth);
        let names = certificate.subject_alternative_name().unwrap().unwrap().value;
        assert_eq!(names.general_names.len(), 1, "the register's identification, and no host");
    });
}

#[test]
fn a_key_file_is_for_its_owner_only_even_when_it_replaces_another() {
    let folder = tempfile::tempdir().unwrap();
    let ca = CertificateAuthority::new("Zorgsluis ontwikkel-CA").unwrap();
    fs::write(folder.path().join("ca-key.pem"), "old").unwrap();
    let files = ca.write(folder.path(), "ca").unwrap();
    let mode = fs::metadata(&files.key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(fs::read_to_string(&files.certificate).unwrap().contains("BEGIN CERTIFICATE"));
    assert!(fs::read_to_string(&files.key).unwrap().contains("PRIVATE KEY"));
}
