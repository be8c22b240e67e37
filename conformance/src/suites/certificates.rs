//! Certificates that must not be believed: over, not begun, of another authority, revoked, and of which nobody says whether
//! they were. The region's authority is driven over its control interface.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::outer_gate::{CLINIC, USE_CASE, acting};
use super::overview::SHOWCASE;
use super::setting::{AUTHORITY, Setting};
use super::{Check, Flaw, Judgement, ensure};
use crate::ca::{CertificateAuthority, Subject};
use crate::callers::{OuterCaller, Wire};

const NODE: &str = "hospital";
/// Longer than the region's nodes leave alone what they asked in vain.
pub(super) const LEFT_ALONE: Duration = Duration::from_millis(1_500);

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("a certificate that is good is believed, and its token answers", |setting| Box::pin(good(setting))),
        Check::new("a certificate that is over or has not begun does not get through the handshake", |setting| {
            Box::pin(out_of_time(setting))
        }),
        Check::new(
            "a certificate of an unknown authority does not get through the handshake, and is counted",
            |setting| Box::pin(unknown_authority(setting)),
        ),
        Check::new("a certificate that the responder says is revoked gets no token and no answer", |setting| {
            Box::pin(revoked_by_responder(setting))
        }),
        Check::new(
            "whatever is wrong with responder and list, what cannot be found out is refused as such",
            |setting| Box::pin(not_found_out(setting)),
        ),
        Check::new("a certificate that the issuer does not know is refused as one not found out", |setting| {
            Box::pin(not_known(setting))
        }),
        Check::new("a certificate on the revocation list is refused when no responder answers", |setting| {
            Box::pin(revoked_by_list(setting))
        }),
        Check::new("a person's card and a certificate without URA speak for no organisation", |setting| {
            Box::pin(others(setting))
        }),
    ]
}

/// The region's authority, and a folder for what it issues; gone when the check is.
pub(super) struct Authority<'s> {
    setting: &'s Setting,
    control: String,
    wire: Wire,
    folder: PathBuf,
}

/// Somebody with a certificate of it.
pub(super) struct Holder {
    pub(super) certificate_file: PathBuf,
    pub(super) key_file: PathBuf,
    caller: OuterCaller,
    serial: String,
}

impl<'s> Authority<'s> {
    pub(super) fn of(setting: &'s Setting) -> Result<Self, Flaw> {
        let found = setting.ready.simulators.iter().find(|simulator| simulator.kind == AUTHORITY);
        let control = found.ok_or_else(|| Flaw::NotRun("the region has no authority to drive".into()))?.control.clone();
        let folder = std::env::temp_dir().join(format!("conformance-{}", Uuid::new_v4()));
        Ok(Authority { setting, control, wire: Wire::new(None, None)?, folder })
    }

    async fn order(&self, method: Method, what: &str, body: String) -> Result<Option<Value>, Flaw> {
        let url = format!("{}/{what}", self.control);
        let answer = self.wire.raw(method, &url, &[], Bytes::from(body)).await?;
        ensure(matches!(answer.status, 200 | 204), || format!("the authority answers {} to {what}", answer.status))?;
        Ok(answer.json())
    }

    pub(super) async fn holder(&self, order: Value) -> Result<Holder, Flaw> {
        let issued = self.order(Method::POST, "issue", order.to_string()).await?.unwrap_or_default();
        let text = |name: &str| {
            let found = issued[name].as_str().map(str::to_owned);
            found.ok_or_else(|| Flaw::NotRun(format!("the authority gives no {name}")))
        };
        let serial = text("serial")?;
        let (certificate, key) =
            (self.folder.join(format!("{serial}.pem")), self.folder.join(format!("{serial}-key.pem")));
        std::fs::create_dir_all(&self.folder).map_err(cannot)?;
        std::fs::write(&certificate, text("certificate")?).map_err(cannot)?;
        std::fs::write(&key, text("key")?).map_err(cannot)?;
        let endpoint = &self.setting.node(NODE)?.token_endpoint;
        let caller = OuterCaller::new(&self.setting.ready.ca_file, &certificate, &key, CLINIC, endpoint)?;
        Ok(Holder { certificate_file: certificate, key_file: key, caller, serial })
    }

    /// Another certificate of the clinic that every node knows.
    pub(super) async fn clinic(&self) -> Result<Holder, Flaw> {
        self.holder(of_clinic("now")).await
    }

    /// The same on a revocation list that no node has read: what was read holds for a while, whatever is down meanwhile.
    async fn clinics_on_a_new_list<const N: usize>(&self) -> Result<[Holder; N], Flaw> {
        let mut order = of_clinic("now");
        order["list"] = json!(Uuid::new_v4().simple().to_string());
        let mut holders = Vec::with_capacity(N);
        for _ in 0..N {
            holders.push(self.holder(order.clone()).await?);
        }
        holders.try_into().map_err(|_| Flaw::NotRun("there are fewer holders than were asked for".to_owned()))
    }

    pub(super) async fn fails(&self, fault: Value) -> Judgement {
        self.order(Method::PUT, "fault", fault.to_string()).await.map(|_| ())
    }

    pub(super) async fn revoke(&self, holder: &Holder) -> Judgement {
        self.order(Method::POST, "revoke", holder.serial.clone()).await.map(|_| ())
    }
}

impl Drop for Authority<'_> {
    fn drop(&mut self) {
        // Nothing was written, or it is a leftover in the place for leftovers.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn of_clinic(validity: &str) -> Value {
    json!({"profile": "uzi-server", "ura": CLINIC, "name": "Kliniek De Proef", "validity": validity})
}

/// Holds when the holder gets no token and no answer, each with this status, and the record has this reason.
async fn refused(setting: &Setting, holder: &Holder, status: u16, error: &str, reason: &str) -> Judgement {
    let given = holder.caller.request_token(&holder.caller.assertion(Some(&acting(SHOWCASE))), USE_CASE).await?;
    let said = given.json().unwrap_or_default()["error"].clone();
    ensure(given.status == status && said == error, || format!("the token request answers {} {said}", given.status))?;
    let mark = setting.mark(NODE).await?;
    let answer = holder.caller.with_token("x").get(&format!("{}/Condition", setting.outer(NODE)?)).await;
    let refused = setting.refused(&mark, NODE, status, answer).await?;
    let recorded = &refused.record["outcome"]["reason"];
    ensure(recorded == reason, || format!("the record says {recorded}, not {reason}"))
}

async fn good(setting: &Setting) -> Judgement {
    let holder = Authority::of(setting)?.clinic().await?;
    let wire = holder.caller.signed_in(USE_CASE, Some(&acting(SHOWCASE))).await?;
    let url = format!("{}/Condition/_search", setting.outer(NODE)?);
    let name = format!("http://fhir.nl/fhir/NamingSystem/bsn|{SHOWCASE}");
    let answer = wire.post_form(&url, &[("patient.identifier", name.as_str())]).await?;
    ensure(answer.status == 200, || format!("the search answers {}", answer.status))
}

async fn handshakes_refused(setting: &Setting) -> Result<i64, Flaw> {
    let answer = Wire::new(None, None)?.get(&setting.node(NODE)?.metrics).await?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("zorgsluis_handshakes_refused "));
    let count = line.and_then(|count| count.trim().parse().ok());
    count.ok_or_else(|| Flaw::Broken("the metrics do not count refused handshakes".into()))
}

/// Holds when the handshake fails, an exchange is not begun, and the refusal is counted.
async fn not_let_in(setting: &Setting, caller: &OuterCaller) -> Judgement {
    let (mark, before) = (setting.mark(NODE).await?, handshakes_refused(setting).await?);
    let answer = caller.with_token("x").get(&format!("{}/Condition", setting.outer(NODE)?)).await;
    ensure(answer.is_err(), || "the handshake was not refused".to_owned())?;
    ensure(setting.since(&mark, NODE)?.is_empty(), || "an exchange was begun".to_owned())?;
    let after = handshakes_refused(setting).await?;
    ensure(after > before, || "the refusal was not counted".to_owned())
}

async fn out_of_time(setting: &Setting) -> Judgement {
    let authority = Authority::of(setting)?;
    for validity in ["expired", "not-yet"] {
        not_let_in(setting, &authority.holder(of_clinic(validity)).await?.caller).await?;
    }
    Ok(())
}

async fn unknown_authority(setting: &Setting) -> Judgement {
    let authority = Authority::of(setting)?;
    let rogue = CertificateAuthority::new("Zorgsluis demo authority").map_err(cannot)?;
    let issued = rogue.issue_server(CLINIC, &Subject { name: "Kliniek De Proef", dns_names: &[] }).map_err(cannot)?;
    let files = issued.write(&authority.folder, "vals").map_err(cannot)?;
    let endpoint = &setting.node(NODE)?.token_endpoint;
    let caller = OuterCaller::new(&setting.ready.ca_file, &files.certificate, &files.key, CLINIC, endpoint)?;
    not_let_in(setting, &caller).await
}

async fn revoked_by_responder(setting: &Setting) -> Judgement {
    let authority = Authority::of(setting)?;
    let holder = authority.clinic().await?;
    authority.revoke(&holder).await?;
    refused(setting, &holder, 401, "invalid_client", "certificate-revoked").await
}

async fn not_found_out(setting: &Setting) -> Judgement {
    let authority = Authority::of(setting)?;
    for kind in ["down", "slow", "torn", "stale", "wrongly-signed", "absent"] {
        let [holder] = authority.clinics_on_a_new_list().await?;
        authority.fails(json!({"kind": kind})).await?;
        let held = refused(setting, &holder, 503, "temporarily_unavailable", "certificate-status-unknown").await;
        authority.fails(json!({})).await?;
        held.map_err(|flaw| match flaw {
            Flaw::Broken(why) => Flaw::Broken(format!("{kind}: {why}")),
            other @ Flaw::NotRun(_) => other,
        })?;
    }
    Ok(())
}

async fn not_known(setting: &Setting) -> Judgement {
    let authority = Authority::of(setting)?;
    let [holder] = authority.clinics_on_a_new_list().await?;
    authority.fails(json!({"kind": "unknown"})).await?;
    let held = refused(setting, &holder, 503, "temporarily_unavailable", "certificate-status-unknown").await;
    authority.fails(json!({})).await?;
    held
}

async fn revoked_by_list(setting: &Setting) -> Judgement {
    let authority = Authority::of(setting)?;
    let [holder, other] = authority.clinics_on_a_new_list().await?;
    authority.revoke(&holder).await?;
    // A node leaves alone for a moment what it asked in vain, in the checks before this one.
    tokio::time::sleep(LEFT_ALONE).await;
    authority.fails(json!({"kind": "absent", "only": "responder"})).await?;
    let held = refused(setting, &holder, 401, "invalid_client", "certificate-revoked").await;
    let let_in = other.caller.signed_in(USE_CASE, Some(&acting(SHOWCASE))).await;
    authority.fails(json!({})).await?;
    held?;
    // And one that the same list does not name is good.
    let_in.map(|_| ()).map_err(Flaw::from)
}

async fn others(setting: &Setting) -> Judgement {
    let authority = Authority::of(setting)?;
    let person = json!({"profile": "uzi-person", "ura": CLINIC, "pass": "Z", "number": "900000017", "role": "01.015"});
    let overheid = json!({"profile": "pki-overheid", "oin": "00000001123456780000"});
    for order in [person, overheid, json!({"profile": "plain"})] {
        let holder = authority.holder(order).await?;
        let mark = setting.mark(NODE).await?;
        let answer = holder.caller.with_token("x").get(&format!("{}/Condition", setting.outer(NODE)?)).await;
        let refused = setting.refused(&mark, NODE, 403, answer).await?;
        let reason = &refused.record["outcome"]["reason"];
        ensure(reason == "unknown-organisation", || format!("the record says {reason}"))?;
    }
    Ok(())
}

fn cannot(fault: impl std::fmt::Display) -> Flaw {
    Flaw::NotRun(fault.to_string())
}
