//! Tokens for verifiable presentations (Nuts RFC021): found by metadata, asked for with an X509Credential, and refused for
//! whatever is not right about one.

use std::path::Path;

use serde_json::{Value, json};

use super::assertions::{one_event_each, refused};
use super::outer_gate::{CLINIC, USE_CASE};
use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, OuterCaller, Presented, Wallet};

const NODE: &str = "hospital";
/// Of the region too, with a certificate of its own.
const NEIGHBOUR: &str = "90010002";

/// Spoils one thing of a good presentation.
type Spoil = fn(&mut Presented);

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("the authorization server's metadata is that of the issuer that was asked for", |setting| {
            Box::pin(metadata(setting))
        }),
        Check::new("a presentation of an X509Credential gets a token, once", |setting| Box::pin(given(setting))),
        Check::new("ATT-58, ATT-59: a presentation that is spoilt gets no token", |setting| Box::pin(spoilt(setting))),
        Check::new("ATT-61: a presentation of another organisation, or as something else, gets nothing", |setting| {
            Box::pin(misused(setting))
        }),
    ]
}

/// The clinic with its wallet, and what the node says of itself.
pub(super) struct Holder {
    caller: OuterCaller,
    pub(super) wallet: Wallet,
    issuer: String,
    definition: Value,
}

impl Holder {
    pub(super) async fn new(setting: &Setting, ura: &str) -> Result<Self, Flaw> {
        let missing = || Flaw::NotRun(format!("{ura} has no certificate and key"));
        let entry = setting.ready.organisation(ura).ok_or_else(missing)?;
        let (Some(certificate), Some(key)) = (&entry.certificate_file, &entry.key_file) else { return Err(missing()) };
        Holder::with(setting, ura, certificate, key).await
    }

    /// The organisation, with a credential of another certificate than it has itself.
    pub(super) async fn with(setting: &Setting, ura: &str, certificate: &Path, key: &Path) -> Result<Self, Flaw> {
        let caller = setting.organisation(ura, NODE)?;
        let wallet = Wallet::open(&setting.ready.ca_file, certificate, key)?;
        let node = setting.node(NODE)?;
        let metadata = described(&caller, &node.outer, &node.ura).await?;
        let issuer = metadata["issuer"].as_str().unwrap_or_default().to_owned();
        let endpoint = metadata["presentation_definition_endpoint"].as_str().unwrap_or_default();
        let definition = caller.get(&format!("{endpoint}?scope={USE_CASE}")).await?;
        ensure(definition.status == 200, || format!("the definition answers {}", definition.status))?;
        Ok(Holder { caller, wallet, issuer, definition: definition.json().unwrap_or_default() })
    }

    pub(super) fn presents(&self) -> Presented {
        self.wallet.presents(&self.issuer).answering(&self.definition)
    }

    pub(super) async fn ask(&self, presented: &Presented) -> Result<Answer, Flaw> {
        self.ask_as(&self.caller, &self.wallet.sign(presented)?, &presented.submission).await
    }

    async fn ask_as(&self, caller: &OuterCaller, assertion: &str, submission: &Value) -> Result<Answer, Flaw> {
        let submission = submission.to_string();
        let form = [
            ("grant_type", "vp_token-bearer"),
            ("assertion", assertion),
            ("presentation_submission", &submission),
            ("scope", USE_CASE),
        ];
        Ok(caller.post_form(caller.token_endpoint(), &form).await?)
    }
}

/// Metadata by path insertion (RFC 8414, section 3.1).
async fn described(caller: &OuterCaller, outer: &str, subject: &str) -> Result<Value, Flaw> {
    let url = format!("{outer}/.well-known/oauth-authorization-server/oauth2/{subject}");
    let answer = caller.get(&url).await?;
    ensure(answer.status == 200, || format!("the metadata answers {}", answer.status))?;
    Ok(answer.json().unwrap_or_default())
}

async fn metadata(setting: &Setting) -> Judgement {
    let node = setting.node(NODE)?;
    let caller = setting.organisation(CLINIC, NODE)?;
    let told = described(&caller, &node.outer, &node.ura).await?;
    let issuer = format!("{}/oauth2/{}", node.outer, node.ura);
    ensure(told["issuer"] == *issuer, || format!("the issuer is {}", told["issuer"]))?;
    ensure(told["token_endpoint"] == *node.token_endpoint, || "another token endpoint".to_owned())?;
    for member in ["token_endpoint", "presentation_definition_endpoint"] {
        let own = told[member].as_str().is_some_and(|url| url.starts_with(&format!("{}/", node.outer)));
        ensure(own, || format!("{member} is of another origin"))?;
    }
    for member in ["vp_formats", "dpop_signing_alg_values_supported"] {
        ensure(told.get(member).is_some(), || format!("there is no {member}"))?;
    }
    let root = caller.get(&format!("{}/.well-known/oauth-authorization-server", node.outer)).await?;
    ensure(root.json().unwrap_or_default()["issuer"] == *node.outer, || "another issuer at the root".to_owned())?;
    for subject in ["90010002", "x", ""] {
        let url = format!("{}/.well-known/oauth-authorization-server/oauth2/{subject}", node.outer);
        let status = caller.get(&url).await?.status;
        ensure(status == 404, || format!("a subject that is not ours answers {status}"))?;
    }
    let endpoint = told["presentation_definition_endpoint"].as_str().unwrap_or_default();
    let unknown = caller.get(&format!("{endpoint}?scope=nothing")).await?;
    ensure(unknown.status == 400 && unknown.json().unwrap_or_default()["error"] == "invalid_scope", || {
        format!("a scope that is not there answers {}", unknown.status)
    })
}

async fn given(setting: &Setting) -> Judgement {
    let holder = Holder::new(setting, CLINIC).await?;
    let presented = holder.presents();
    let answer = holder.ask(&presented).await?;
    let body = answer.json().unwrap_or_default();
    ensure(answer.status == 200 && body["scope"] == USE_CASE, || format!("it answers {} {body}", answer.status))?;
    // It names no person and no patient, so it opens nothing that takes a treatment relation; but it is a token.
    let token = body["access_token"].as_str().unwrap_or_default();
    let mark = setting.mark(NODE).await?;
    let used = holder.caller.with_token(token).get(&format!("{}/Condition", setting.outer(NODE)?)).await;
    let status = used.as_ref().map_or(0, |answer| answer.status);
    ensure(matches!(status, 403 | 404), || format!("without a patient it answers {status}"))?;
    setting.refused(&mark, NODE, status, used).await?;
    refused(&holder.ask(&presented).await?, "invalid_verifiable_presentation")
}

async fn spoilt(setting: &Setting) -> Judgement {
    let holder = Holder::new(setting, CLINIC).await?;
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    let (presentation, submission, credentials) =
        ("invalid_verifiable_presentation", "invalid_presentation_submission", "invalid_verifiable_credentials");
    let ways: [(&str, Spoil); 17] = [
        (presentation, |shown| shown.claims["aud"] = json!("https://elsewhere.example/oauth2/x")),
        (presentation, |shown| shift(shown, -3600)),
        (presentation, |shown| shift(shown, 3600)),
        (presentation, |shown| shown.claims["exp"] = json!(shown.claims["nbf"].as_i64().unwrap_or_default() + 60)),
        (presentation, |shown| shown.claims["nonce"] = json!("")),
        (presentation, |shown| shown.claims["jti"] = Value::Null),
        (presentation, |shown| shown.claims["sub"] = json!("did:web:elsewhere.example")),
        (presentation, |shown| shown.header["alg"] = json!("none")),
        (presentation, |shown| shown.header["alg"] = json!("HS256")),
        (presentation, |shown| shown.header["kid"] = json!("did:web:elsewhere.example#0")),
        (presentation, |shown| shown.header["crit"] = json!(["exp"])),
        (submission, |shown| shown.submission["definition_id"] = json!("another")),
        (credentials, |shown| {
            shown.credential["vc"]["credentialSubject"][0]["id"] = json!("did:web:elsewhere.example")
        }),
        (credentials, |shown| shown.credential["exp"] = json!(1)),
        (credentials, |shown| shown.credential["vc"]["credentialStatus"] = json!({"type": "StatusList2021Entry"})),
        (credentials, |shown| shown.credential["vc"]["credentialSubject"][0]["subject"] = json!({"O": "Ander"})),
        (credentials, |shown| shown.credential_header["x5c"] = json!([])),
    ];
    for (error, spoil) in ways {
        let mut shown = holder.presents();
        spoil(&mut shown);
        refused(&holder.ask(&shown).await?, error)?;
    }
    one_event_each(setting, events, ways.len()).await?;
    setting.no_source_was_asked(&mark).await
}

fn shift(shown: &mut Presented, seconds: i64) {
    for claim in ["nbf", "exp"] {
        shown.claims[claim] = json!(shown.claims[claim].as_i64().unwrap_or_default() + seconds);
    }
}

async fn misused(setting: &Setting) -> Judgement {
    let holder = Holder::new(setting, CLINIC).await?;
    let neighbour = setting.organisation(NEIGHBOUR, NODE)?;
    let shown = holder.presents();
    let borrowed = holder.ask_as(&neighbour, &holder.wallet.sign(&shown)?, &shown.submission).await?;
    refused(&borrowed, "invalid_verifiable_credentials")?;
    // As a client assertion, and as an access token.
    let presentation = holder.wallet.sign(&holder.presents())?;
    refused(&holder.caller.present(&presentation, USE_CASE).await?, "invalid_client")?;
    let mark = setting.mark(NODE).await?;
    let answer = holder.caller.with_token(&presentation).get(&format!("{}/Condition", setting.outer(NODE)?)).await;
    setting.refused(&mark, NODE, 401, answer).await?;
    // And an assertion as a presentation.
    let assertion = holder.caller.signed_assertion(None)?;
    let shown = holder.presents();
    let answer = holder.ask_as(&holder.caller, &assertion, &shown.submission).await?;
    refused(&answer, "invalid_verifiable_presentation")
}
