//! The grant of RFC 7523 in the two forms that partners are known to use: two presentations (NGF GFI-004), and the JWT of
//! Nuts v5 (RFC003). The clinic is configured for both, nobody else for either.

use std::path::PathBuf;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::assertions::{one_event_each, refused};
use super::outer_gate::{CLINIC, USE_CASE};
use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, NutsV5, OuterCaller, Presented, Wallet, Wire};
use crate::framework::{Party, SERVICE, Unsigned};

const NODE: &str = "hospital";
const NEIGHBOUR: &str = "90010002";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";
const PURPOSE: &str = "eOverdracht-receiver";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("GFI-004: an organisation that asks with its own software gets a token, once", |setting| {
            Box::pin(two_given(setting))
        }),
        Check::new("GFI-004: whatever is spoilt of either presentation, there is no token", |setting| {
            Box::pin(two_spoilt(setting))
        }),
        Check::new("Nuts v5: a grant of a known did:nuts gets a token of at most a minute, once", |setting| {
            Box::pin(v5_given(setting))
        }),
        Check::new("Nuts v5: a grant that is spoilt, or brings what cannot be verified, gets no token", |setting| {
            Box::pin(v5_spoilt(setting))
        }),
        Check::new("a partner that is configured for neither gets no token by this grant", |setting| {
            Box::pin(not_agreed(setting))
        }),
    ]
}

/// The region's framework of agreements, over its control interface.
pub(super) struct Framework {
    control: String,
    pub(super) base: String,
    pub(super) port: u16,
    wire: Wire,
}

/// What a supplier presents, before it is signed.
#[derive(Clone)]
pub(super) struct Supplied {
    pub(super) header: Value,
    pub(super) claims: Value,
    pub(super) credential_header: Value,
    pub(super) credential: Value,
    /// Who signs the credential.
    pub(super) issuer: Party,
}

impl Framework {
    pub(super) fn of(setting: &Setting) -> Result<Self, Flaw> {
        let missing = || Flaw::NotRun("the region has no framework of agreements".to_owned());
        let found = setting.ready.services.iter().find(|service| service.kind == "agreement-framework");
        let found = found.ok_or_else(missing)?;
        let port = found.base.rsplit(':').next().and_then(|port| port.parse().ok()).ok_or_else(missing)?;
        let wire = Wire::new(Some(&setting.ready.ca_file), None)?;
        Ok(Framework { control: found.control.clone(), base: found.base.clone(), port, wire })
    }

    pub(super) async fn sign(&self, party: Party, header: &Value, claims: &Value) -> Result<String, Flaw> {
        let unsigned = Unsigned { header: header.clone(), claims: claims.clone() };
        let name = json!(party);
        let url = format!("{}/sign/{}", self.control, name.as_str().unwrap_or_default());
        let answer = self.wire.post_json(&url, &json!(unsigned)).await?;
        ensure(answer.status == 200, || format!("the framework answers {}", answer.status))?;
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// Publishes a list under this name; says where.
    pub(super) async fn publish(&self, name: &str, list: String) -> Result<String, Flaw> {
        let url = format!("{}/status/{name}", self.control);
        let answer = self.wire.raw(Method::PUT, &url, &[], Bytes::from(list)).await?;
        ensure(answer.status == 204, || format!("the framework answers {}", answer.status))?;
        Ok(format!("{}/status/{name}", self.base))
    }

    /// A right presentation of the supplier, with a credential of the operator.
    pub(super) fn supplies(&self, audience: &str) -> Supplied {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let (supplier, operator) = (Party::Supplier.did(self.port), Party::Operator.did(self.port));
        Supplied {
            header: json!({"typ": "JWT", "alg": "ES256", "kid": format!("{supplier}#0")}),
            claims: json!({"iss": supplier, "aud": audience, "iat": now, "exp": now + 60,
                "jti": Uuid::new_v4().to_string(),
                "vp": {"@context": [CONTEXT], "type": ["VerifiablePresentation"]}}),
            credential_header: json!({"typ": "JWT", "alg": "ES256", "kid": format!("{operator}#0")}),
            credential: json!({"iss": operator, "sub": supplier, "nbf": now - 60, "exp": now + 3600,
                "jti": format!("urn:uuid:{}", Uuid::new_v4()),
                "vc": {"@context": [CONTEXT], "type": ["VerifiableCredential", "ServiceProviderCredential"],
                    "credentialSubject": {"id": supplier, "@type": "ServiceProvider", "name": "Leverancier B.V.",
                        "services": [SERVICE]}}}),
            issuer: Party::Operator,
        }
    }

    pub(super) async fn signed(&self, supplied: &Supplied) -> Result<String, Flaw> {
        let credential = self.sign(supplied.issuer, &supplied.credential_header, &supplied.credential).await?;
        let mut claims = supplied.claims.clone();
        claims["vp"]["verifiableCredential"] = json!([credential]);
        self.sign(Party::Supplier, &supplied.header, &claims).await
    }
}

/// The clinic, its wallet, and the supplier of its software.
pub(super) struct Clinic {
    pub(super) caller: OuterCaller,
    pub(super) wallet: Wallet,
    pub(super) framework: Framework,
    key_file: PathBuf,
    endpoint: String,
    node: String,
}

impl Clinic {
    pub(super) fn of(setting: &Setting) -> Result<Self, Flaw> {
        let missing = || Flaw::NotRun("the clinic has no certificate and key".to_owned());
        let entry = setting.ready.organisation(CLINIC).ok_or_else(missing)?;
        let (Some(certificate), Some(key)) = (&entry.certificate_file, &entry.key_file) else { return Err(missing()) };
        let node = setting.node(NODE)?;
        Ok(Clinic {
            caller: setting.organisation(CLINIC, NODE)?,
            wallet: Wallet::open(&setting.ready.ca_file, certificate, key)?,
            framework: Framework::of(setting)?,
            key_file: key.clone(),
            endpoint: node.token_endpoint.clone(),
            node: node.ura.clone(),
        })
    }

    /// The organisation's own presentation, as GFI-004 has it.
    fn presents(&self) -> Presented {
        let mut presented = self.wallet.presents(&self.endpoint);
        let now = presented.claims["nbf"].clone();
        presented.claims["iat"] = now;
        for claim in ["nonce", "nbf", "sub"] {
            presented.claims.as_object_mut().map(|claims| claims.remove(claim));
        }
        presented
    }

    pub(super) fn supplies(&self) -> Supplied {
        self.framework.supplies(&self.endpoint)
    }

    pub(super) async fn ask_with(&self, presented: &Presented, supplied: &Supplied) -> Result<Answer, Flaw> {
        let (grant, client) = (self.wallet.sign(presented)?, self.framework.signed(supplied).await?);
        self.send(&grant, &client, ASSERTION_TYPE).await
    }

    pub(super) async fn ask(&self, supplied: &Supplied) -> Result<Answer, Flaw> {
        self.ask_with(&self.presents(), supplied).await
    }

    async fn send(&self, grant: &str, client: &str, kind: &str) -> Result<Answer, Flaw> {
        let form = [
            ("grant_type", GRANT_TYPE),
            ("assertion", grant),
            ("client_assertion_type", kind),
            ("client_assertion", client),
            ("scope", USE_CASE),
        ];
        Ok(self.caller.post_form(&self.endpoint, &form).await?)
    }

    fn v5(&self) -> NutsV5 {
        NutsV5::new(CLINIC, &self.node, &self.endpoint, PURPOSE)
    }

    async fn ask_v5(&self, grant: &NutsV5, scope: &str) -> Result<Answer, Flaw> {
        let assertion = grant.sign(&self.key_file)?;
        let form = [("grant_type", GRANT_TYPE), ("assertion", &assertion), ("scope", scope)];
        Ok(self.caller.post_form(&self.endpoint, &form).await?)
    }

    /// Holds when this is a token, of the clinic and of nobody in particular, and of nobody else.
    async fn is_of_the_clinic(&self, setting: &Setting, answer: &Answer, longest: i64) -> Judgement {
        let body = answer.json().unwrap_or_default();
        ensure(answer.status == 200, || format!("it answers {} {}", answer.status, body["error"]))?;
        ensure(body["scope"] == USE_CASE, || format!("the scope is {}", body["scope"]))?;
        let life = body["expires_in"].as_i64().unwrap_or_default();
        ensure((1..=longest).contains(&life), || format!("it lives for {life} s"))?;
        let token = body["access_token"].as_str().unwrap_or_default();
        let url = format!("{}/Condition", setting.outer(NODE)?);
        let mark = setting.mark(NODE).await?;
        // It names no person and no patient, so it opens nothing that takes a treatment relation; but it is a token.
        let used = self.caller.with_token(token).get(&url).await;
        let status = used.as_ref().map_or(0, |answer| answer.status);
        ensure(matches!(status, 403 | 404), || format!("without a patient it answers {status}"))?;
        setting.refused(&mark, NODE, status, used).await?;
        // With the certificate of another it is none.
        let mark = setting.mark(NODE).await?;
        let stolen = setting.organisation(NEIGHBOUR, NODE)?.with_token(token).get(&url).await;
        setting.refused(&mark, NODE, 401, stolen).await.map(|_| ())
    }
}

async fn two_given(setting: &Setting) -> Judgement {
    let clinic = Clinic::of(setting)?;
    let (presented, supplied) = (clinic.presents(), clinic.supplies());
    let answer = clinic.ask_with(&presented, &supplied).await?;
    clinic.is_of_the_clinic(setting, &answer, 3600).await?;
    let replayed = clinic.ask_with(&presented, &clinic.supplies()).await?;
    refused(&replayed, "invalid_grant")?;
    let replayed = clinic.ask_with(&clinic.presents(), &supplied).await?;
    refused(&replayed, "invalid_client")
}

async fn two_spoilt(setting: &Setting) -> Judgement {
    type Spoil = fn(&mut Presented, &mut Supplied);
    let ways: [(&str, Spoil); 15] = [
        ("invalid_grant", |own, _| own.claims["aud"] = json!("https://elsewhere.example/oauth/token")),
        ("invalid_grant", |own, _| own.claims["exp"] = json!(1)),
        ("invalid_grant", |own, _| own.claims["iat"] = Value::Null),
        ("invalid_grant", |own, _| own.header["alg"] = json!("none")),
        ("invalid_grant", |own, _| own.credential["exp"] = json!(1)),
        ("invalid_grant", |own, _| own.credential_header["x5c"] = json!([])),
        ("invalid_client", |_, other| other.claims["aud"] = json!("https://elsewhere.example/oauth/token")),
        ("invalid_client", |_, other| other.claims["exp"] = json!(1)),
        ("invalid_client", |_, other| other.claims["exp"] = json!(9_000_000_000_i64)),
        ("invalid_client", |_, other| other.claims["jti"] = json!("")),
        ("invalid_client", |_, other| other.header["alg"] = json!("HS256")),
        ("invalid_client", |_, other| other.issuer = Party::Supplier),
        ("invalid_client", |_, other| other.credential["exp"] = json!(1)),
        ("invalid_client", |_, other| {
            other.credential["vc"]["credentialSubject"]["services"] = json!(["gbc-server"]);
        }),
        ("invalid_client", |_, other| other.credential["vc"]["type"][1] = json!("X509Credential")),
    ];
    let clinic = Clinic::of(setting)?;
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    for (error, spoil) in ways {
        let (mut presented, mut supplied) = (clinic.presents(), clinic.supplies());
        spoil(&mut presented, &mut supplied);
        refused(&clinic.ask_with(&presented, &supplied).await?, error)?;
    }
    // The two changed places, one of them twice, and a client that says nothing of how it proves itself.
    let grant = clinic.wallet.sign(&clinic.presents())?;
    let client = clinic.framework.signed(&clinic.supplies()).await?;
    refused(&clinic.send(&client, &grant, ASSERTION_TYPE).await?, "invalid_client")?;
    refused(&clinic.send(&grant, &grant, ASSERTION_TYPE).await?, "invalid_client")?;
    refused(&clinic.send(&grant, &client, "").await?, "invalid_client")?;
    one_event_each(setting, events, ways.len() + 3).await?;
    setting.no_source_was_asked(&mark).await
}

async fn v5_given(setting: &Setting) -> Judgement {
    let clinic = Clinic::of(setting)?;
    let grant = clinic.v5();
    let answer = clinic.ask_v5(&grant, "nuts").await?;
    clinic.is_of_the_clinic(setting, &answer, 60).await?;
    // Signed anew it is another text, and the same grant.
    refused(&clinic.ask_v5(&grant, "nuts").await?, "invalid_grant")
}

async fn v5_spoilt(setting: &Setting) -> Judgement {
    type Spoil = fn(&mut NutsV5);
    let ways: [Spoil; 12] = [
        |grant| grant.claims["aud"] = json!("https://elsewhere.example/oauth/token"),
        |grant| grant.claims["sub"] = json!("did:nuts:another"),
        |grant| grant.claims["iss"] = json!("did:nuts:another"),
        |grant| grant.claims["exp"] = json!(grant.claims["iat"].as_i64().unwrap_or_default() + 6),
        |grant| grant.claims["iat"] = json!(1),
        |grant| grant.claims["purposeOfUse"] = json!("eOverdracht-sender"),
        |grant| grant.claims["vcs"] = json!([{"type": ["VerifiableCredential", "NutsAuthorizationCredential"]}]),
        |grant| grant.claims["usi"] = json!("eyJ0eXBlIjoidXppIn0="),
        |grant| grant.header["kid"] = json!("did:nuts:another#0"),
        |grant| grant.header["alg"] = json!("none"),
        |grant| grant.header["alg"] = json!("HS256"),
        |grant| grant.header["crit"] = json!(["exp"]),
    ];
    let clinic = Clinic::of(setting)?;
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    for spoil in ways {
        let mut grant = clinic.v5();
        spoil(&mut grant);
        refused(&clinic.ask_v5(&grant, "nuts").await?, "invalid_grant")?;
    }
    refused(&clinic.ask_v5(&clinic.v5(), USE_CASE).await?, "invalid_scope")?;
    one_event_each(setting, events, ways.len() + 1).await?;
    setting.no_source_was_asked(&mark).await
}

async fn not_agreed(setting: &Setting) -> Judgement {
    let clinic = Clinic::of(setting)?;
    let neighbour = setting.organisation(NEIGHBOUR, NODE)?;
    let grant = clinic.wallet.sign(&clinic.presents())?;
    let client = clinic.framework.signed(&clinic.supplies()).await?;
    let two = [
        ("grant_type", GRANT_TYPE),
        ("assertion", grant.as_str()),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", client.as_str()),
        ("scope", USE_CASE),
    ];
    refused(&neighbour.post_form(&clinic.endpoint, &two).await?, "unauthorized_client")?;
    let v5 = clinic.v5().sign(&clinic.key_file)?;
    let v5 = [("grant_type", GRANT_TYPE), ("assertion", v5.as_str()), ("scope", "nuts")];
    refused(&neighbour.post_form(&clinic.endpoint, &v5).await?, "unauthorized_client")
}
