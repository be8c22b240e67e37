//! Introspection (RFC 7662) at the inner gate: a resource server of the provider's own learns what a token stands for, and
//! nobody else does.

use bytes::Bytes;
use reqwest::Method;

use super::outer_gate::{CLINIC, Gate, USE_CASE};
use super::overview::SHOWCASE;
use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, InnerCaller, Wire};

const NODE: &str = "hospital";
/// Its client id at every node of the demo.
const RESOURCE_SERVER: &str = "resource-server";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("a resource server of the provider's own learns what a token stands for", |setting| {
            Box::pin(told(setting))
        }),
        Check::new("whoever may not ask what a token stands for is told nothing", |setting| Box::pin(nobody(setting))),
    ]
}

fn url(setting: &Setting) -> Result<String, Flaw> {
    Ok(format!("{}/oauth/introspect", setting.node(NODE)?.inner))
}

fn resource_server(setting: &Setting) -> Result<InnerCaller, Flaw> {
    let ours = |caller: &&crate::ready::Caller| {
        caller.node.as_deref() == Some(NODE) && caller.client_id.as_deref() == Some(RESOURCE_SERVER)
    };
    let caller = setting.ready.callers.iter().find(ours);
    let caller = caller.ok_or_else(|| Flaw::NotRun("no resource server".to_owned()))?;
    Ok(InnerCaller::of(&setting.ready, &caller.name)?)
}

/// Holds when the answer says only that the token is not active.
fn inactive(answer: &Answer) -> Judgement {
    let said = String::from_utf8_lossy(&answer.body).into_owned();
    ensure(answer.status == 200 && said == r#"{"active":false}"#, || format!("it answers {} {said}", answer.status))
}

async fn told(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let (server, url) = (resource_server(setting)?, url(setting)?);
    let token = gate.wire.token().unwrap_or_default();
    let answer = server.post_form(&url, &[("token", token), ("token_type_hint", "access_token")]).await?;
    let told = answer.json().unwrap_or_default();
    ensure(answer.status == 200 && told["active"] == true, || format!("it answers {}", answer.status))?;
    ensure(answer.header("cache-control") == Some("no-store"), || "the answer may be stored".to_owned())?;
    ensure(told["organization_ura"] == CLINIC && told["scope"] == USE_CASE, || "it is another's".to_owned())?;
    ensure(told["cnf"]["x5t#S256"].is_string() && told["exp"].is_i64(), || "it is bound to nothing".to_owned())?;
    ensure(told["patient"] == SHOWCASE, || "it does not say about which patient".to_owned())?;
    // The token has the name by which the access log knows it, so that two logs can be told as one story.
    let mark = setting.mark(NODE).await?;
    gate.wire.get(&format!("{}/Condition", setting.outer(NODE)?)).await?;
    let named = setting.since(&mark, NODE)?.iter().any(|record| record["caller"]["token_id"] == told["jti"]);
    ensure(named && told["jti"].is_string(), || "it does not name the token as the access log does".to_owned())?;
    for junk in ["x", "a.b.c", "00000000-0000-0000-0000-000000000000"] {
        inactive(&server.post_form(&url, &[("token", junk)]).await?)?;
    }
    for form in [&[][..], &[("token", "")], &[("token", "a"), ("token", "b")]] {
        let answer = server.post_form(&url, form).await?;
        let error = answer.json().unwrap_or_default();
        ensure(answer.status == 400 && error["error"] == "invalid_request", || {
            format!("a request that is none answers {}", answer.status)
        })?;
    }
    Ok(())
}

async fn nobody(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let url = url(setting)?;
    let token = gate.wire.token().unwrap_or_default();
    let form = [("token", token)];
    let anyone = Wire::new(Some(&setting.ready.ca_file), None)?;
    let person = setting.person("koster")?;
    for (who, wire, status) in [
        ("anyone", &anyone, 401),
        ("a token's own holder", &anyone.with_token(token), 401),
        ("a person", &*person, 403),
    ] {
        let answer = wire.post_form(&url, &form).await?;
        ensure(answer.status == status, || format!("{who} gets {}", answer.status))?;
        ensure(answer.body.is_empty(), || format!("{who} is told something"))?;
        let challenged = answer.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer"));
        ensure(challenged == (status == 401), || format!("{who} is not challenged as it should be"))?;
    }
    let outer = format!("{}/oauth/introspect", setting.node(NODE)?.outer);
    let answer = gate.caller.raw(Method::POST, &outer, &[], Bytes::new()).await?;
    ensure(answer.status == 404, || format!("at the outer gate it answers {}", answer.status))
}
