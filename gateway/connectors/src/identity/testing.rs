//! For tests: certificates in the form of UZI server certificates, made on the spot, and permits.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use exchange::ports::BoxFuture;
use fhir::{FhirVersion, Interaction, Method, Ura};
use policy::{
    Caller, Data, DataHolder, Direction, Finding, Findings, NotFoundOut, Organisation, PatientScope, Permit, Person,
    Request, TreatmentRelation, UseCase, UseCaseId, UseCases,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_ED25519, PKCS_RSA_SHA256, SanType,
};
use time::{Duration, OffsetDateTime};

use super::oauth::once::{Identifier, NotRemembered, Noted, UsedOnce};
use super::{Certificate, NodeKey};

/// The kind of key a test certificate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyType {
    P256,
    P384,
    Rsa,
    Ed25519,
}

/// A self-signed certificate and its key.
pub(crate) struct TestCertificate {
    pub(crate) der: Vec<u8>,
    pub(crate) key_pem: String,
}

impl TestCertificate {
    /// A certificate of the organisation with this URA.
    pub(crate) fn new(ura: &str, key: KeyType) -> Self {
        let name = format!("2.16.528.1.1007.99.2110-1-900012345-S-{ura}-00.000-01234567");
        Self::make(&[&name], &format!("Zorginstelling {ura}"), key)
    }

    /// A certificate with these otherNames.
    pub(crate) fn with_names(names: &[&str], key: KeyType) -> Self {
        Self::make(names, "Zorginstelling", key)
    }

    /// A certificate without otherNames that the caller shapes.
    pub(crate) fn shaped(shape: impl FnOnce(&mut CertificateParams)) -> Self {
        Self::make_shaped(&[], "Zorginstelling", KeyType::P256, shape)
    }

    fn make(names: &[&str], organisation: &str, key: KeyType) -> Self {
        Self::make_shaped(names, organisation, key, |_| {})
    }

    fn make_shaped(
        names: &[&str],
        organisation: &str,
        key: KeyType,
        shape: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let algorithm = match key {
            KeyType::P256 => &PKCS_ECDSA_P256_SHA256,
            KeyType::P384 => &PKCS_ECDSA_P384_SHA384,
            KeyType::Rsa => &PKCS_RSA_SHA256,
            KeyType::Ed25519 => &PKCS_ED25519,
        };
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::new(vec!["node.example.nl".to_owned()]).unwrap();
        for name in names {
            params.subject_alt_names.push(SanType::OtherName((vec![2, 5, 5, 5], (*name).into())));
        }
        params.distinguished_name.push(DnType::OrganizationName, organisation);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.not_before = OffsetDateTime::now_utc() - Duration::days(1);
        params.not_after = OffsetDateTime::now_utc() + Duration::days(30);
        shape(&mut params);
        let certificate = params.self_signed(&key).unwrap();
        TestCertificate { der: certificate.der().to_vec(), key_pem: key.serialize_pem() }
    }

    pub(crate) fn read(&self) -> Certificate {
        Certificate::read(&self.der).unwrap()
    }

    pub(crate) fn node_key(&self) -> NodeKey {
        NodeKey::new(&self.der, self.key_pem.as_bytes()).unwrap()
    }
}

/// A permit of the use case `bgz` to search Condition, for this person and with this treatment relation.
pub(crate) fn permit_for(
    direction: Direction,
    patient: PatientScope,
    person: Option<Person>,
    relation: Option<TreatmentRelation>,
) -> Permit {
    let capability = r#"{"title": "BgZ", "purpose": "TREAT", "patient": "any", "development": true, "versions":
        {"r4": {"interactions": [{"type": "Condition", "codes": ["search-type"], "search": []}]}}}"#;
    let policy =
        "package bgz\nimport rego.v1\ndefault allow := false\nallow if input.subject.client.id == \"portal\"\n";
    let release = "version = \"1.0.0\"\ntitle = \"BgZ\"\n";
    let id = UseCaseId::parse("bgz").unwrap();
    let own = Ura::parse("90000901").unwrap();
    let cases = UseCases::new(vec![UseCase::load("bgz", capability, policy, release, true).unwrap()]);
    let request = Request {
        caller: Caller {
            client_id: "portal".to_owned(),
            organisation: Organisation { ura: own.clone(), name: None, kind: None },
            person,
            responsible: None,
            use_cases: vec![id.clone()],
            patient: None,
            treatment_relation: None,
            emergency: None,
            token_id: None,
        },
        direction,
        holder: DataHolder(own),
        holder_kind: None,
        version: FhirVersion::R4,
        interaction: Interaction::read(FhirVersion::R4, Method::Get, "Condition", "", None).unwrap(),
        patient,
        data: Data::Sources,
        use_case: Some(id),
    };
    let admitted = cases.admissible(request).unwrap();
    let treatment_relation = relation.map_or(Finding::Absent, Finding::Found);
    let findings = Findings { treatment_relation, consent: Finding::NotFoundOut(NotFoundOut::NotAsked) };
    cases.decide(&admitted, &findings).unwrap()
}

/// What counts once, for as long as a test lasts: nothing expires.
pub(crate) struct InMemory {
    share: usize,
    broken: bool,
    known: Mutex<HashSet<([u8; 32], [u8; 32])>>,
}

impl InMemory {
    pub(crate) fn with_share(share: usize) -> Arc<Self> {
        Arc::new(InMemory { share, broken: false, known: Mutex::default() })
    }

    /// One that cannot write.
    pub(crate) fn broken() -> Arc<Self> {
        Arc::new(InMemory { share: 0, broken: true, known: Mutex::default() })
    }
}

impl UsedOnce for InMemory {
    fn note(&self, identifier: Identifier, _: i64) -> BoxFuture<'_, Result<Noted, NotRemembered>> {
        let mut known = self.known.lock().unwrap();
        let of_owner = known.iter().filter(|(owner, _)| *owner == identifier.owner).count();
        let key = (identifier.owner, identifier.id);
        let noted = match (self.broken, known.contains(&key), of_owner >= self.share) {
            (true, _, _) => Err(NotRemembered),
            (false, true, _) => Ok(Noted::Again),
            (false, false, true) => Ok(Noted::Full),
            (false, false, false) => Ok(Noted::First),
        };
        if noted == Ok(Noted::First) {
            known.insert(key);
        }
        Box::pin(std::future::ready(noted))
    }
}
