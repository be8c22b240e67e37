use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SanType,
};
use time::Duration;

use super::*;

pub(crate) const OTHER_NAME: &str = "2.16.528.1.1007.99.2110-1-900012345-S-90000901-00.000-01234567";

/// An authority, and what it issues.
pub(crate) struct Authority {
    pub(crate) der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

pub(crate) struct Issued {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) key: KeyPair,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let der = params.self_signed(&key).unwrap().der().clone();
        Authority { der, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn fingerprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(fingerprint(&self.der))
    }

    pub(crate) fn issue(&self, other_name: &str, organisation: &str, days: i64) -> Issued {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new(vec!["node.example.nl".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::OtherName((vec![2, 5, 5, 5], other_name.into())));
        params.distinguished_name.push(DnType::OrganizationName, organisation);
        params.not_before = OffsetDateTime::now_utc() - Duration::days(10);
        params.not_after = OffsetDateTime::now_utc() + Duration::days(days);
        let der = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        Issued { der, key }
    }
}

pub(crate) fn did(authority: &Authority, policies: &str) -> String {
    format!("did:x509:0:sha256:{}::{policies}", authority.fingerprint())
}

fn header(chain: &[&CertificateDer<'static>]) -> X509Header {
    X509Header { x5c: chain.iter().map(|der| STANDARD.encode(der)).collect(), x5t: None, x5t_s256: None }
}

#[test]
fn the_policies_of_a_did_are_held_against_its_certificate() {
    let authority = Authority::new("UZI");
    let leaf = authority.issue(OTHER_NAME, "De Linde & Zn", 10);
    let trusted = X509Authorities::new(std::slice::from_ref(&authority.der)).unwrap();
    let shown = header(&[&leaf.der, &authority.der]);
    let now = OffsetDateTime::now_utc();
    let name = format!("san:otherName:{OTHER_NAME}");
    for (policies, fault) in [
        (name.as_str(), None),
        ("subject:O:De%20Linde%20%26%20Zn", None),
        ("san:dns:node.example.nl", None),
        (&format!("{name}::subject:O:De%20Linde%20%26%20Zn"), None),
        (&format!("san:dns:node.example.nl:otherName:{OTHER_NAME}"), None),
        ("subject:O:De%20Linde", Some(X509Fault::PolicyNotMet)),
        ("subject:O:de%20linde%20%26%20zn", Some(X509Fault::PolicyNotMet)),
        ("san:dns:other.example.nl", Some(X509Fault::PolicyNotMet)),
        (&format!("{name}::subject:L:Utrecht"), Some(X509Fault::PolicyNotMet)),
        ("subject:O:De+Linde+%26+Zn", Some(X509Fault::Malformed)),
        ("subject:O:De Linde", Some(X509Fault::Malformed)),
        ("subject:O:%", Some(X509Fault::Malformed)),
        ("subject:O:%ff", Some(X509Fault::Malformed)),
        ("subject:O", Some(X509Fault::Malformed)),
        ("subject", Some(X509Fault::Malformed)),
        ("subject:O:", Some(X509Fault::Malformed)),
        ("", Some(X509Fault::Malformed)),
        ("eku:1.3.6.1.5.5.7.3.2", Some(X509Fault::Malformed)),
        ("eku:x:1.3.6.1.5.5.7.3.2", Some(X509Fault::Policy)),
        ("san:ip:127.0.0.1", Some(X509Fault::Policy)),
        ("subject:DC:nl", Some(X509Fault::Policy)),
        ("fulcio-issuer:x:y", Some(X509Fault::Policy)),
    ] {
        let resolved = trusted.resolve(&did(&authority, policies), &shown, now);
        assert_eq!(resolved.err(), fault, "{policies}");
    }
    for other in [
        format!("did:x509:1:sha256:{}::{name}", authority.fingerprint()),
        format!("did:x509:0:sha512:{}::{name}", authority.fingerprint()),
        format!("did:x509:0:sha256:{}", authority.fingerprint()),
        format!("did:x509:0:sha256:abc::{name}"),
        format!("did:web:example.nl::{name}"),
    ] {
        assert_eq!(trusted.resolve(&other, &shown, now).err(), Some(X509Fault::Malformed), "{other}");
    }
}

#[test]
fn a_chain_must_lead_to_the_authority_that_the_did_names_and_that_is_trusted() {
    let (authority, other) = (Authority::new("UZI"), Authority::new("Other"));
    let (leaf, strange) = (authority.issue(OTHER_NAME, "De Linde", 10), other.issue(OTHER_NAME, "De Linde", 10));
    let expired = authority.issue(OTHER_NAME, "De Linde", -1);
    let both = X509Authorities::new(&[authority.der.clone(), other.der.clone()]).unwrap();
    let one = X509Authorities::new(std::slice::from_ref(&authority.der)).unwrap();
    let policies = format!("san:otherName:{OTHER_NAME}");
    let (named, named_other) = (did(&authority, &policies), did(&other, &policies));
    let now = OffsetDateTime::now_utc();
    let right = [&leaf.der, &authority.der];
    let cases: Vec<(&str, &X509Authorities, &str, X509Header, Option<X509Fault>)> = vec![
        ("as it should be", &both, &named, header(&right), None),
        (
            "an authority that is not trusted",
            &one,
            &named_other,
            header(&[&strange.der, &other.der]),
            Some(X509Fault::Authority),
        ),
        // Both are trusted, and the named one is shown, but did not issue the leaf.
        (
            "another trusted authority's certificate",
            &both,
            &named,
            header(&[&strange.der, &other.der, &authority.der]),
            Some(X509Fault::NotTrusted),
        ),
        ("the authority is not in the chain", &both, &named, header(&[&leaf.der, &other.der]), Some(X509Fault::Chain)),
        ("the leaf alone", &both, &named, header(&[&leaf.der]), Some(X509Fault::Chain)),
        ("nothing", &both, &named, header(&[]), Some(X509Fault::Chain)),
        (
            "the authority as leaf",
            &both,
            &named,
            header(&[&authority.der, &authority.der]),
            Some(X509Fault::NotTrusted),
        ),
        ("an expired leaf", &both, &named, header(&[&expired.der, &authority.der]), Some(X509Fault::NotTrusted)),
        ("too long a chain", &both, &named, header(&[&leaf.der; 6]), Some(X509Fault::Chain)),
        (
            "rubbish in the chain",
            &both,
            &named,
            X509Header { x5c: vec!["%".into(), "%".into()], ..X509Header::default() },
            Some(X509Fault::Chain),
        ),
        (
            "a thumbprint of another certificate",
            &both,
            &named,
            X509Header { x5t_s256: Some(authority.fingerprint()), ..header(&right) },
            Some(X509Fault::Thumbprint),
        ),
        (
            "an old thumbprint of another certificate",
            &both,
            &named,
            X509Header { x5t: Some("x".into()), ..header(&right) },
            Some(X509Fault::Thumbprint),
        ),
        (
            "right thumbprints",
            &both,
            &named,
            X509Header { x5t_s256: Some(URL_SAFE_NO_PAD.encode(fingerprint(&leaf.der))), ..header(&right) },
            None,
        ),
    ];
    for (case, trusted, did, shown, fault) in cases {
        assert_eq!(trusted.resolve(did, &shown, now).err(), fault, "{case}");
    }
}
