mod two;

use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use exchange::ports::BoxFuture;
use futures_util::FutureExt;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;

use super::super::did_web::DidWebResolver;
use super::super::status::StatusLists;
use super::super::x509::tests::{Authority, Issued, OTHER_NAME, did};
use super::super::x509::{X509Authorities, X509Fault};
use super::*;
use crate::http::{HttpClient, HttpSettings, Trust};
use crate::identity::testing::InMemory;
use crate::identity::vetting::{Part, Standing, Unknown, Vet};

const ISSUER: &str = "https://maasdal.example.nl/oauth2/90000902";
const ENDPOINT: &str = "https://maasdal.example.nl/oauth/token";
const HOLDER: &str = "did:web:delinde.example.nl";

/// A holder with a certificate of a trusted authority, and whoever verifies it.
struct World {
    verifier: PresentationVerifier,
    vets: Arc<Says>,
    used: Arc<dyn UsedOnce>,
    authority: Authority,
    certificate: Issued,
    holder: rcgen::KeyPair,
    now: OffsetDateTime,
}

/// Says the same of every certificate, and keeps what it was asked about.
struct Says(Mutex<(Standing, Vec<Vec<u8>>)>);

impl Vet for Says {
    fn vet<'a>(&'a self, _: Part, leaf: &'a [u8], shown: &'a [Arc<[u8]>]) -> BoxFuture<'a, Standing> {
        let mut held = self.0.lock().unwrap();
        held.1.push(leaf.to_vec());
        assert_eq!(shown.len(), 1, "what was shown behind the leaf is told too");
        Box::pin(std::future::ready(held.0))
    }
}

/// What is presented, to be changed before it is signed.
struct Shown {
    header: Value,
    claims: Value,
    credential_header: Value,
    credential: Value,
    submission: Value,
}

impl World {
    fn new() -> Self {
        let authority = Authority::new("UZI");
        let certificate = authority.issue(OTHER_NAME, "De Linde", 10);
        let holder = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let http =
            HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap();
        let holders = DidWebResolver::new(http.clone(), true);
        holders.remember(HOLDER, &document(HOLDER, &holder));
        let authorities = X509Authorities::new(std::slice::from_ref(&authority.der)).unwrap();
        let vets = Arc::new(Says(Mutex::new((Standing::Good, Vec::new()))));
        let lists = StatusLists::new(http, vec!["status.example.nl".to_owned()]);
        let trust = CredentialTrust { authorities, vets: vets.clone(), holders, lists };
        World {
            verifier: PresentationVerifier::new(ISSUER.to_owned(), ENDPOINT.to_owned(), trust),
            vets,
            used: InMemory::with_share(100),
            authority,
            certificate,
            holder,
            now: OffsetDateTime::now_utc(),
        }
    }

    fn shown(&self) -> Shown {
        let issuer = did(&self.authority, &format!("san:otherName:{OTHER_NAME}::subject:O:De%20Linde"));
        let now = self.now.unix_timestamp();
        let chain = [&self.certificate.der, &self.authority.der].map(|der| STANDARD.encode(der));
        Shown {
            header: json!({"typ": "JWT", "alg": "ES256", "kid": format!("{HOLDER}#0")}),
            claims: json!({"iss": HOLDER, "sub": HOLDER, "aud": ISSUER, "nbf": now, "exp": now + 5,
                "nonce": uuid::Uuid::new_v4().to_string(), "jti": uuid::Uuid::new_v4().to_string(),
                "vp": {"@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiablePresentation"]}}),
            credential_header: json!({"typ": "JWT", "alg": "ES256", "kid": format!("{issuer}#0"), "x5c": chain}),
            credential: json!({"iss": issuer, "sub": HOLDER, "nbf": now - 3600, "exp": now + 3600,
                "jti": format!("{issuer}#1"),
                "vc": {"@context": ["https://www.w3.org/2018/credentials/v1"],
                    "type": ["VerifiableCredential", "X509Credential"],
                    "credentialSubject": [{"id": HOLDER, "san": {"otherName": OTHER_NAME}, "subject": {"O": "De Linde"}}]}}),
            submission: json!({"id": "1", "definition_id": "organisation", "descriptor_map": [
                {"id": "x509-credential", "format": "jwt_vc", "path": "$.verifiableCredential[0]"}]}),
        }
    }

    /// Signs what is shown: the credential with the certificate's key, the presentation with the holder's.
    fn sign(&self, shown: &Shown) -> String {
        let credential = signed(&shown.credential_header, &shown.credential, &self.certificate.key);
        let mut claims = shown.claims.clone();
        if claims["vp"].get("verifiableCredential").is_none() {
            claims["vp"]["verifiableCredential"] = json!([credential]);
        }
        signed(&shown.header, &claims, &self.holder)
    }

    fn present(&self, assertion: &str, submission: &Value, ura: &str) -> Result<(), PresentationFault> {
        let organisation = Ura::parse(ura).unwrap();
        let submission = submission.to_string();
        let verify = self.verifier.verify(assertion, &submission, &organisation, &self.used, self.now);
        verify.now_or_never().unwrap()
    }

    fn try_with(&self, change: impl FnOnce(&mut Shown)) -> Result<(), PresentationFault> {
        let mut shown = self.shown();
        change(&mut shown);
        self.present(&self.sign(&shown), &shown.submission, "90000901")
    }
}

fn document(did: &str, key: &rcgen::KeyPair) -> Value {
    let (x, y) = key.public_key_raw()[1..].split_at(32);
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
    let method = json!({"id": format!("{did}#0"), "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk});
    json!({"id": did, "verificationMethod": [method], "assertionMethod": [format!("{did}#0")]})
}

fn signed(header: &Value, claims: &Value, key: &rcgen::KeyPair) -> String {
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = EncodingKey::from_ec_pem(key.serialize_pem().as_bytes()).unwrap();
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::ES256).unwrap();
    format!("{message}.{signature}")
}

#[test]
fn an_organisation_that_presents_its_own_certificate_is_believed_once() {
    let world = World::new();
    let shown = world.shown();
    let assertion = world.sign(&shown);
    assert_eq!(world.present(&assertion, &shown.submission, "90000901"), Ok(()));
    assert_eq!(world.present(&assertion, &shown.submission, "90000901"), Err(PresentationFault::Replayed));
    let (nonce, jti) = (shown.claims["nonce"].clone(), shown.claims["jti"].clone());
    let same_nonce = world.try_with(|shown| shown.claims["nonce"] = nonce);
    assert_eq!(same_nonce, Err(PresentationFault::Replayed));
    assert_eq!(world.try_with(|shown| shown.claims["jti"] = jti), Err(PresentationFault::Replayed));
    let other = world.shown();
    let of_another = world.present(&world.sign(&other), &other.submission, "90000902");
    assert_eq!(of_another, Err(PresentationFault::OtherOrganisation), "the TLS certificate is of 90000902");
}

#[test]
fn a_certificate_that_does_not_stand_now_gives_nothing_and_uses_nothing_up() {
    let world = World::new();
    let shown = world.shown();
    let assertion = world.sign(&shown);
    for (standing, fault) in [
        (Standing::Revoked, X509Fault::Revoked),
        (Standing::NotTrusted, X509Fault::NotTrusted),
        (Standing::NotFoundOut(Unknown::TimedOut), X509Fault::NotFoundOut),
        (Standing::NotFoundOut(Unknown::NoPlace), X509Fault::NotFoundOut),
    ] {
        world.vets.0.lock().unwrap().0 = standing;
        let found = world.present(&assertion, &shown.submission, "90000901");
        assert_eq!(found, Err(PresentationFault::Credential(CredentialFault::X509(fault))), "{standing:?}");
    }
    world.vets.0.lock().unwrap().0 = Standing::Good;
    assert_eq!(world.present(&assertion, &shown.submission, "90000901"), Ok(()), "it was not used up");
    let asked = &world.vets.0.lock().unwrap().1;
    assert_eq!(*asked, vec![world.certificate.der.to_vec(); 5]);
}

#[test]
fn nobody_is_asked_about_a_certificate_for_whoever_does_not_hold_its_credential() {
    let world = World::new();
    let stranger = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let mut shown = world.shown();
    let credential = signed(&shown.credential_header, &shown.credential, &world.certificate.key);
    shown.claims["vp"]["verifiableCredential"] = json!([credential]);
    let assertion = signed(&shown.header, &shown.claims, &stranger);
    let found = world.present(&assertion, &shown.submission, "90000901");
    assert_eq!(found, Err(PresentationFault::Signature));
    assert!(world.vets.0.lock().unwrap().1.is_empty());
}

#[test]
fn every_claim_of_a_presentation_is_looked_at() {
    use PresentationFault::*;
    type Change = fn(&mut Shown, i64);
    let cases: Vec<(&str, Change, Option<PresentationFault>)> = vec![
        ("as it should be", |_, _| {}, None),
        (
            "issued instead of not before",
            |shown, now| {
                shown.claims["iat"] = json!(now);
                drop_claim(shown, "nbf")
            },
            None,
        ),
        ("a clock that is ahead by 5 s", |shown, now| times(shown, now + 5, now + 10), None),
        ("a clock that is ahead by 6 s", |shown, now| times(shown, now + 6, now + 11), Some(Times)),
        ("a clock that is behind by 5 s", |shown, now| times(shown, now - 10, now - 5), None),
        ("expired", |shown, now| times(shown, now - 11, now - 6), Some(Times)),
        ("a life of 6 s", |shown, now| times(shown, now, now + 6), Some(Times)),
        ("a life of nothing", |shown, now| times(shown, now, now), Some(Times)),
        ("an end without a beginning", |shown, _| drop_claim(shown, "nbf"), Some(Times)),
        ("no end", |shown, _| drop_claim(shown, "exp"), Some(Malformed)),
        ("another audience", |shown, _| shown.claims["aud"] = json!("https://other.example"), Some(Audience)),
        ("a slash more", |shown, _| shown.claims["aud"] = json!(format!("{ISSUER}/")), Some(Audience)),
        ("ours and another", |shown, _| shown.claims["aud"] = json!([ISSUER, "x"]), Some(Audience)),
        ("no nonce", |shown, _| drop_claim(shown, "nonce"), Some(Identifier)),
        ("an empty nonce", |shown, _| shown.claims["nonce"] = json!(""), Some(Identifier)),
        ("no jti", |shown, _| drop_claim(shown, "jti"), Some(Malformed)),
        ("another subject", |shown, _| shown.claims["sub"] = json!("did:web:x.example"), Some(Holder)),
        ("another's kid", |shown, _| shown.header["kid"] = json!("did:web:x.example#0"), Some(Holder)),
        ("no kid", |shown, _| shown.header["kid"] = Value::Null, Some(Holder)),
        (
            "a kid that is not there",
            |shown, _| shown.header["kid"] = json!(format!("{HOLDER}#1")),
            Some(Did(DidFault::NoKey)),
        ),
        ("another holder", |shown, _| shown.claims["vp"]["holder"] = json!("did:web:x.example"), Some(Holder)),
        ("an access token's type", |shown, _| shown.header["typ"] = json!("at+jwt"), Some(Malformed)),
        ("critical", |shown, _| shown.header["crit"] = json!(["exp"]), Some(Malformed)),
        ("another algorithm", |shown, _| shown.header["alg"] = json!("ES384"), Some(Signature)),
        ("none", |shown, _| shown.header["alg"] = json!("none"), Some(Signature)),
        ("no presentation", |shown, _| shown.claims["vp"]["type"] = json!("VerifiableCredential"), Some(Malformed)),
        ("no credential", |shown, _| shown.claims["vp"]["verifiableCredential"] = json!([]), Some(Malformed)),
        (
            "a submission for another definition",
            |shown, _| shown.submission["definition_id"] = json!("x"),
            Some(Submission(NotAnAnswer)),
        ),
    ];
    for (case, change, fault) in cases {
        let world = World::new();
        let now = world.now.unix_timestamp();
        assert_eq!(world.try_with(|shown| change(shown, now)).err(), fault, "{case}");
    }
    let world = World::new();
    let by_another = {
        let shown = world.shown();
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let credential = signed(&shown.credential_header, &shown.credential, &world.certificate.key);
        let mut claims = shown.claims.clone();
        claims["vp"]["verifiableCredential"] = json!(credential);
        world.present(&signed(&shown.header, &claims, &other), &shown.submission, "90000901")
    };
    assert_eq!(by_another, Err(Signature), "signed with a key that is not the holder's");
}

#[test]
fn every_claim_of_a_credential_is_looked_at() {
    use CredentialFault::*;
    type Change = fn(&mut Shown, i64);
    let cases: Vec<(&str, Change, Option<CredentialFault>)> = vec![
        (
            "dates as texts",
            |shown, _| shown.credential["vc"]["issuanceDate"] = json!("2020-01-01T00:00:00Z"),
            Some(NotValid),
        ),
        (
            "an end as text",
            |shown, _| shown.credential["vc"]["expirationDate"] = json!("2020-01-01T00:00:00Z"),
            Some(NotValid),
        ),
        (
            "an end that is no date",
            |shown, _| shown.credential["vc"]["expirationDate"] = json!("soon"),
            Some(Malformed),
        ),
        (
            "one subject, not in a list",
            |shown, _| {
                let one = shown.credential["vc"]["credentialSubject"][0].clone();
                shown.credential["vc"]["credentialSubject"] = one
            },
            None,
        ),
        ("the draft's type", |shown, _| shown.credential["vc"]["type"][1] = json!("NutsX509Credential"), None),
        (
            "another type",
            |shown, _| shown.credential["vc"]["type"][1] = json!("NutsOrganizationCredential"),
            Some(Type),
        ),
        ("expired", |shown, now| shown.credential["exp"] = json!(now), Some(NotValid)),
        ("not yet", |shown, now| shown.credential["nbf"] = json!(now + 6), Some(NotValid)),
        (
            "from before its certificate",
            |shown, now| shown.credential["nbf"] = json!(now - 11 * 86_400),
            Some(NotValid),
        ),
        (
            "longer than its certificate",
            |shown, now| shown.credential["exp"] = json!(now + 11 * 86_400),
            Some(Outlives),
        ),
        (
            "about another",
            |shown, _| shown.credential["vc"]["credentialSubject"][0]["id"] = json!("did:web:x.example"),
            Some(Subject),
        ),
        ("another subject", |shown, _| shown.credential["sub"] = json!("did:web:x.example"), Some(Subject)),
        (
            "two subjects",
            |shown, _| {
                let one = shown.credential["vc"]["credentialSubject"][0].clone();
                shown.credential["vc"]["credentialSubject"] = json!([one, one])
            },
            Some(Malformed),
        ),
        (
            "a name that the issuer does not state",
            |shown, _| shown.credential["vc"]["credentialSubject"][0]["subject"]["O"] = json!("Ander"),
            Some(Claims),
        ),
        (
            "a claim more",
            |shown, _| shown.credential["vc"]["credentialSubject"][0]["subject"]["L"] = json!("Utrecht"),
            Some(Claims),
        ),
        (
            "a group more",
            |shown, _| shown.credential["vc"]["credentialSubject"][0]["role"] = json!("doctor"),
            Some(Claims),
        ),
        (
            "a status that is not understood",
            |shown, _| shown.credential["vc"]["credentialStatus"] = json!({"id": "x", "type": "StatusList2021Entry"}),
            Some(Status),
        ),
        (
            "a status at a host that is not configured",
            |shown, _| shown.credential["vc"]["credentialStatus"] = status("https://elsewhere.example.nl/1"),
            Some(Status),
        ),
        (
            "another issuer within",
            |shown, _| shown.credential["vc"]["issuer"] = json!("did:web:x.example"),
            Some(Issuer),
        ),
        (
            "another issuer in its kid",
            |shown, _| shown.credential_header["kid"] = json!("did:web:x.example#0"),
            Some(Issuer),
        ),
        (
            "an issuer of another kind",
            |shown, _| {
                shown.credential["iss"] = json!(HOLDER);
                shown.credential_header["kid"] = json!(format!("{HOLDER}#0"))
            },
            Some(X509(X509Fault::Malformed)),
        ),
        ("no chain", |shown, _| shown.credential_header["x5c"] = json!([]), Some(X509(X509Fault::Chain))),
        ("another algorithm", |shown, _| shown.credential_header["alg"] = json!("PS256"), Some(Signature)),
        ("none", |shown, _| shown.credential_header["alg"] = json!("none"), Some(Signature)),
        ("critical", |shown, _| shown.credential_header["crit"] = json!(["exp"]), Some(Malformed)),
    ];
    for (case, change, fault) in cases {
        let world = World::new();
        let now = world.now.unix_timestamp();
        let found = world.try_with(|shown| change(shown, now)).err();
        assert_eq!(found, fault.map(PresentationFault::Credential), "{case}");
    }
}

#[test]
fn a_did_that_does_not_speak_of_the_organisation_names_none() {
    let world = World::new();
    let found = world.try_with(|shown| {
        let issuer = did(&world.authority, "subject:O:De%20Linde");
        shown.credential["iss"] = json!(issuer);
        shown.credential_header["kid"] = json!(format!("{issuer}#0"));
        shown.credential["vc"]["credentialSubject"][0] = json!({"id": HOLDER, "subject": {"O": "De Linde"}});
    });
    assert_eq!(found, Err(PresentationFault::Credential(CredentialFault::NoOrganisation)));
}

#[test]
fn the_definition_names_the_authorities_that_are_trusted() {
    let world = World::new();
    let fields = &world.verifier.definition()["input_descriptors"][0]["constraints"]["fields"];
    let pattern = fields[1]["filter"]["pattern"].as_str().unwrap();
    assert_eq!(pattern, format!("^did:x509:0:sha256:({})::.*$", world.authority.fingerprint()));
}

fn status(list: &str) -> Value {
    json!({"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1",
        "statusListCredential": list})
}

fn times(shown: &mut Shown, from: i64, until: i64) {
    shown.claims["nbf"] = json!(from);
    shown.claims["exp"] = json!(until);
}

fn drop_claim(shown: &mut Shown, name: &str) {
    shown.claims.as_object_mut().unwrap().remove(name);
}
