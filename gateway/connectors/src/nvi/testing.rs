//! For tests: a configuration, and an index that is asked at a stub.

use std::path::PathBuf;

use fhir::Ura;
use serde_json::{Value, json};

use super::categories::{IndexCategories, IndexCategoriesConfig, IndexCategoryConfig};
use super::config::{NviConfig, SearchBy};
use super::dialect::Dialect;
use super::index::{Nvi, NviSetup};
use crate::http::{HttpClient, HttpSettings, WebAddress};
use crate::identity::testing::{KeyType, TestCertificate};
use crate::national::{ClientKey, Grant, TokenConfig};
use crate::prs::{PrsCall, PrsConfig};
use crate::sources::testing::stub::{Asked, Reply, Stub};

/// A configuration in which every service is below one address.
pub(super) fn config(address: &str) -> NviConfig {
    let below = |path: &str| WebAddress::parse(&format!("{address}{path}")).unwrap();
    NviConfig {
        base: below("/fhir"),
        dialect: Dialect::List,
        search_by: SearchBy::Form,
        source_id: "EPD-1".to_owned(),
        certificate_file: PathBuf::new(),
        key_file: PathBuf::new(),
        authorities_file: PathBuf::new(),
        categories_file: PathBuf::new(),
        deadline_ms: 10_000,
        answer_bytes: 64 << 10,
        questions_at_once: 8,
        breaker_failures: 3,
        breaker_rest_ms: 60_000,
        tokens: TokenConfig {
            endpoint: below("/oauth/token"),
            grant: Grant::ClientCredentials,
            index_audience: "nvi".to_owned(),
            pseudonym_audience: "prs".to_owned(),
            pseudonym_organisation: Some("00000099000000002000".to_owned()),
            index_scope: None,
            pseudonym_scope: "prs:read".to_owned(),
        },
        prs: PrsConfig {
            base: below("/prs"),
            call: PrsCall::Eval,
            recipient: "oin:00000099000000001000".to_owned(),
            scope: "nationale-verwijsindex".to_owned(),
        },
        registrations: None,
    }
}

/// The encrypted answer of a pseudonym service that cannot be read by anybody.
pub(super) const JWE: &str = "eyJhbGciOiJSU0EtT0FFUCJ9.a2V5.aXY.dGV4dA.dGFn";

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    Tokens,
    Pseudonyms,
    Index,
}

/// For whom a request is, by its path.
pub(super) fn to(asked: &Asked) -> To {
    match asked.path() {
        "/oauth/token" => To::Tokens,
        path if path.starts_with("/prs/") => To::Pseudonyms,
        _ => To::Index,
    }
}

/// An answer that is no FHIR.
pub(super) fn plain(value: &Value) -> Reply {
    let headers = vec![("content-type", "application/json".to_owned())];
    Reply::Full { status: 200, headers, body: value.to_string() }
}

/// Tokens and pseudonyms as they should be.
pub(super) fn well(asked: &Asked) -> Option<Reply> {
    match to(asked) {
        To::Tokens => {
            let scope = asked.parameter("scope").unwrap();
            let answer = json!({"access_token": format!("t-{}", scope.replace(' ', "+")), "token_type": "Bearer", "expires_in": 300});
            Some(plain(&answer))
        }
        To::Pseudonyms => Some(plain(&json!({"jwe": JWE}))),
        To::Index => None,
    }
}

/// An index at a stub, with a certificate of the holder 90000901.
pub(super) fn index(stub: &Stub, shape: impl FnOnce(&mut NviConfig)) -> Nvi {
    let mut config = config(&stub.address);
    shape(&mut config);
    let certificate = TestCertificate::new("90000901", KeyType::P256);
    let category = |code: &str, kind: &str| IndexCategoryConfig {
        code: code.to_owned(),
        resource_types: vec![kind.to_owned()],
        observation_category: None,
    };
    let category = vec![category("Condition", "Condition"), category("MedicationRequest", "MedicationRequest")];
    let setup = NviSetup {
        categories: IndexCategories::check(IndexCategoriesConfig { category }).unwrap(),
        http: HttpClient::new(HttpSettings::default()).unwrap(),
        key: ClientKey::new(&certificate.der, certificate.key_pem.as_bytes()).unwrap(),
        holder: Ura::parse("90000901").unwrap(),
        address: "https://node.example/fhir/r4".to_owned(),
    };
    Nvi::new(config, setup)
}

/// A record in the dialect of the ministry's guide.
pub(super) fn list(id: &str, holder: &str, category: Option<&str>, patient: Option<&str>) -> Value {
    let mut list = json!({
        "resourceType": "List",
        "id": id,
        "status": "current",
        "mode": "working",
        "extension": [{
            "url": "http://minvws.github.io/generiekefuncties-docs/StructureDefinition/nl-gf-localization-custodian",
            "valueReference": {"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": holder}}
        }],
        "source": {"identifier": {"system": "urn:ietf:rfc:3986", "value": "https://example.com/device"}, "type": "Device"},
    });
    if let Some(code) = category {
        let system = "http://minvws.github.io/generiekefuncties-docs/CodeSystem/nl-gf-data-categories-cs";
        list["code"] = json!({"coding": [{"system": system, "code": code}]});
    }
    if let Some(patient) = patient {
        let system = "http://minvws.github.io/generiekefuncties-docs/NamingSystem/nvi-identifier";
        list["subject"] = json!({"identifier": {"system": system, "value": patient}});
    }
    list
}

/// A record in the older dialect.
pub(super) fn document(id: &str, holder: &str, patient: Option<&str>) -> Value {
    let mut document = json!({
        "resourceType": "DocumentReference",
        "id": id,
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "55188-7"}]},
        "custodian": {"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": holder}},
        "content": [{"attachment": {"contentType": "application/fhir+json", "url": "https://attacker.example/fhir"}}],
    });
    if let Some(patient) = patient {
        let system = "http://fhir.nl/fhir/NamingSystem/pseudo-bsn";
        document["subject"] = json!({"identifier": {"system": system, "value": patient}});
    }
    document
}

/// The answer of a search.
pub(super) fn found(records: &[Value]) -> Value {
    let entries: Vec<Value> = records.iter().map(|record| json!({"resource": record})).collect();
    json!({"resourceType": "Bundle", "type": "searchset", "total": entries.len(), "entry": entries})
}

/// The value behind the bar of a token parameter.
pub(super) fn token_of(asked: &Asked, parameter: &str) -> String {
    asked.parameter(parameter).unwrap().split_once('|').unwrap().1.to_owned()
}
