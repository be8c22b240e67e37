//! Two presentations (GFI-004).

use super::*;
use crate::identity::nuts::SoftwareConfig;

const SUPPLIER: &str = "did:web:leverancier.example.nl";
const OPERATOR: &str = "did:web:stelselhouder.example.nl";

/// A supplier whose software the holder asks with, and the operator who says that it may.
struct Framework {
    world: World,
    supplier: rcgen::KeyPair,
    operator: rcgen::KeyPair,
    software: SoftwareConfig,
}

/// What is sent, to be changed before it is signed.
struct Sent {
    grant: Shown,
    client_header: Value,
    client: Value,
    credential_header: Value,
    credential: Value,
}

impl Framework {
    fn new() -> Self {
        let world = World::new();
        let key = || rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let (supplier, operator) = (key(), key());
        for (did, key) in [(SUPPLIER, &supplier), (OPERATOR, &operator)] {
            world.verifier.trust.holders.remember(did, &document(did, key));
        }
        let software = SoftwareConfig {
            client: SUPPLIER.to_owned(),
            issuer: OPERATOR.to_owned(),
            services: vec!["gbc-client".to_owned()],
        };
        Framework { world, supplier, operator, software }
    }

    fn sent(&self) -> Sent {
        let now = self.world.now.unix_timestamp();
        let mut grant = self.world.shown();
        for claim in ["nonce", "sub", "nbf"] {
            drop_claim(&mut grant, claim);
        }
        grant.claims["iat"] = json!(now);
        grant.claims["exp"] = json!(now + 60);
        Sent {
            grant,
            client_header: json!({"typ": "JWT", "alg": "ES256", "kid": format!("{SUPPLIER}#0")}),
            client: json!({"iss": SUPPLIER, "aud": ENDPOINT, "iat": now, "exp": now + 60,
                "jti": uuid::Uuid::new_v4().to_string(),
                "vp": {"@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiablePresentation"]}}),
            credential_header: json!({"typ": "JWT", "alg": "ES256", "kid": format!("{OPERATOR}#0")}),
            // As the credential catalogue of NGF writes it.
            credential: json!({"iss": OPERATOR, "sub": SUPPLIER, "nbf": now - 3600, "exp": now + 3600,
                "jti": "urn:uuid:9f1c2e34-5a67-4b8a-91c0-123456789abc",
                "vc": {"@context": ["https://www.w3.org/2018/credentials/v1", "http://gis-nl.example/"],
                    "type": ["VerifiableCredential", "ServiceProviderCredential"],
                    "credentialSubject": {"id": SUPPLIER, "@type": "ServiceProvider", "name": "Voorbeeld B.V.",
                        "services": ["gbc-client"]}}}),
        }
    }

    fn sign(&self, sent: &Sent) -> (String, String) {
        let mut claims = sent.client.clone();
        if claims["vp"].get("verifiableCredential").is_none() {
            let credential = signed(&sent.credential_header, &sent.credential, &self.operator);
            claims["vp"]["verifiableCredential"] = json!([credential]);
        }
        (self.world.sign(&sent.grant), signed(&sent.client_header, &claims, &self.supplier))
    }

    fn present(&self, grant: &str, client: &str, ura: &str) -> Result<(), OneOfTwo> {
        let (organisation, world) = (Ura::parse(ura).unwrap(), &self.world);
        let verify = world.verifier.verify_two((grant, client), &self.software, &organisation, &world.used, world.now);
        verify.now_or_never().unwrap()
    }

    fn try_with(&self, change: impl FnOnce(&mut Sent)) -> Result<(), OneOfTwo> {
        let mut sent = self.sent();
        change(&mut sent);
        let (grant, client) = self.sign(&sent);
        self.present(&grant, &client, "90000901")
    }
}

#[test]
fn an_organisation_that_asks_with_its_own_software_is_believed_once() {
    let framework = Framework::new();
    let (grant, client) = framework.sign(&framework.sent());
    assert_eq!(framework.present(&grant, &client, "90000901"), Ok(()));
    let (fresh, _) = framework.sign(&framework.sent());
    let replayed = PresentationFault::Replayed;
    assert_eq!(framework.present(&fresh, &client, "90000901"), Err(OneOfTwo::Client(replayed)));
    let (_, fresh) = framework.sign(&framework.sent());
    assert_eq!(framework.present(&grant, &fresh, "90000901"), Err(OneOfTwo::Grant(replayed)));
    let (grant, client) = framework.sign(&framework.sent());
    let other = framework.present(&grant, &client, "90000902");
    assert_eq!(other, Err(OneOfTwo::Grant(PresentationFault::OtherOrganisation)));
    assert_eq!(framework.present(&client, &grant, "90000901"), Err(OneOfTwo::Client(PresentationFault::OtherClient)));
    assert_eq!(framework.present(&grant, &grant, "90000901"), Err(OneOfTwo::Client(PresentationFault::OtherClient)));
    assert_eq!(framework.present(&grant, &client, "90000901"), Ok(()), "what was refused was not used up");
}

#[test]
fn every_claim_of_both_presentations_is_looked_at() {
    use CredentialFault::*;
    use OneOfTwo::{Client, Grant};
    use PresentationFault as Fault;
    type Change = fn(&mut Sent, i64);
    let cases: Vec<(&str, Change, Option<OneOfTwo>)> = vec![
        ("as it should be", |_, _| {}, None),
        ("with a nonce too", |sent, _| sent.client["nonce"] = json!("a"), None),
        ("with its sub", |sent, _| sent.client["sub"] = json!(SUPPLIER), None),
        ("meant for the authorization server", |sent, _| sent.client["aud"] = json!(ISSUER), None),
        ("meant for the token endpoint", |sent, _| sent.grant.claims["aud"] = json!(ENDPOINT), None),
        ("meant for both", |sent, _| sent.client["aud"] = json!([ISSUER, ENDPOINT]), Some(Client(Fault::Audience))),
        ("meant for another", |sent, _| sent.client["aud"] = json!("https://x.example"), Some(Client(Fault::Audience))),
        (
            "a grant meant for another",
            |sent, _| sent.grant.claims["aud"] = json!("https://x.example"),
            Some(Grant(Fault::Audience)),
        ),
        ("no iat", |sent, _| drop(sent.client.as_object_mut().unwrap().remove("iat")), Some(Client(Fault::Times))),
        ("a grant without iat", |sent, _| drop_claim(&mut sent.grant, "iat"), Some(Grant(Fault::Times))),
        ("expired", |sent, now| sent.client["exp"] = json!(now - 6), Some(Client(Fault::Times))),
        ("from later", |sent, now| sent.client["nbf"] = json!(now + 6), Some(Client(Fault::Times))),
        ("for six minutes", |sent, now| sent.client["exp"] = json!(now + 360), Some(Client(Fault::Times))),
        ("of another subject", |sent, _| sent.client["sub"] = json!(OPERATOR), Some(Client(Fault::Holder))),
        (
            "of a client that is not known",
            |sent, _| {
                sent.client["iss"] = json!(OPERATOR);
                sent.client_header["kid"] = json!(format!("{OPERATOR}#0"))
            },
            Some(Client(Fault::OtherClient)),
        ),
        (
            "signed by another than it says",
            |sent, _| sent.client_header["alg"] = json!("ES384"),
            Some(Client(Fault::Signature)),
        ),
        ("with an empty jti", |sent, _| sent.client["jti"] = json!(""), Some(Client(Fault::Identifier))),
        (
            "a credential with a JSON-LD proof",
            |sent, _| sent.client["vp"]["verifiableCredential"] = json!([{"proof": {"type": "JsonWebSignature2020"}}]),
            Some(Client(Fault::Malformed)),
        ),
        (
            "a credential of another type",
            |sent, _| sent.credential["vc"]["type"][1] = json!("ServiceProviderDelegationCredential"),
            Some(Client(Fault::Credential(Type))),
        ),
        (
            "a credential that the supplier gave itself",
            |sent, _| {
                sent.credential["iss"] = json!(SUPPLIER);
                sent.credential_header["kid"] = json!(format!("{SUPPLIER}#0"))
            },
            Some(Client(Fault::Credential(IssuerNotTrusted))),
        ),
        (
            "a credential about another",
            |sent, _| sent.credential["vc"]["credentialSubject"]["id"] = json!(HOLDER),
            Some(Client(Fault::Credential(Subject))),
        ),
        (
            "a credential for other services",
            |sent, _| sent.credential["vc"]["credentialSubject"]["services"] = json!(["gbc-server"]),
            Some(Client(Fault::Credential(NoService))),
        ),
        (
            "a credential for no services",
            |sent, _| sent.credential["vc"]["credentialSubject"]["services"] = Value::Null,
            Some(Client(Fault::Credential(NoService))),
        ),
        (
            "a credential that is over",
            |sent, now| sent.credential["exp"] = json!(now),
            Some(Client(Fault::Credential(NotValid))),
        ),
        (
            "a credential that its issuer did not sign",
            |sent, _| sent.credential_header["alg"] = json!("none"),
            Some(Client(Fault::Credential(Signature))),
        ),
        (
            "a credential signed with a key that is not there",
            |sent, _| sent.credential_header["kid"] = json!(format!("{OPERATOR}#1")),
            Some(Client(Fault::Credential(Did(DidFault::NoKey)))),
        ),
        (
            "a status at a host that is not configured",
            |sent, _| sent.credential["vc"]["credentialStatus"] = status("https://x.example/1"),
            Some(Client(Fault::Credential(Status))),
        ),
        (
            "a grant with the supplier's credential",
            |sent, _| sent.grant.credential["vc"]["type"][1] = json!("ServiceProviderCredential"),
            Some(Grant(Fault::Credential(Type))),
        ),
    ];
    for (case, change, fault) in cases {
        let framework = Framework::new();
        let now = framework.world.now.unix_timestamp();
        assert_eq!(framework.try_with(|sent| change(sent, now)).err(), fault, "{case}");
    }
}

#[test]
fn the_certificate_of_the_organisation_is_asked_about_here_too() {
    let framework = Framework::new();
    framework.world.vets.0.lock().unwrap().0 = Standing::Revoked;
    let revoked = PresentationFault::Credential(CredentialFault::X509(X509Fault::Revoked));
    assert_eq!(framework.try_with(|_| {}), Err(OneOfTwo::Grant(revoked)));
}

#[test]
fn software_that_can_never_be_right_is_no_configuration() {
    let good = Framework::new().software;
    assert_eq!(good.check(), Ok(()));
    for bad in [
        SoftwareConfig { client: "leverancier".to_owned(), ..good.clone() },
        SoftwareConfig { issuer: "did:x509:0".to_owned(), ..good.clone() },
        SoftwareConfig { services: Vec::new(), ..good.clone() },
        SoftwareConfig { services: vec![String::new()], ..good },
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
}
