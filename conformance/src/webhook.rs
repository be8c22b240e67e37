//! A receiver of webhooks (Standard Webhooks), played on loopback over HTTPS: as a ticket system of a privacy officer takes notices.
//! It is strict about signature, moment and media type, keeps what it takes, and what it must not do it does on demand
//! ([`Fault`]).

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Bytes, Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::ca::{CertificateAuthority, Subject};
use crate::callers::CallError;
use crate::site;

/// Messages may be so old, or so much ahead, in seconds.
const TOLERANCE: i64 = 300;

/// What it does with the next messages, until it is changed again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    #[default]
    None,
    /// Takes nothing, and answers so.
    Status { code: u16 },
    /// Sends elsewhere.
    Redirect,
    /// Takes it, and answers after so long.
    Slow { ms: u64 },
}

/// A message that was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    pub id: String,
    /// The body as JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
    /// How often it came.
    pub times: usize,
}

/// The receiver. Only a place to start one from; the running one is a [`WebhookHandle`].
pub struct WebhookReceiver;

/// Ends with this.
pub struct WebhookHandle {
    pub url: String,
    pub control_url: String,
    /// What senders sign with, as they are told it.
    pub secret: String,
    server: ServerHandle,
}

struct World {
    key: hmac::Key,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    taken: BTreeMap<String, Taken>,
    /// Why messages were not: each is a defect of a sender.
    rejected: Vec<&'static str>,
    /// How often anything was asked of it, whatever became of it.
    asked: usize,
    fault: Fault,
}

impl WebhookReceiver {
    /// Starts one at this address of `localhost`, with a certificate of this authority and a fresh secret.
    ///
    /// # Errors
    /// The address cannot be bound, or a certificate or secret cannot be made.
    pub fn start(authority: &CertificateAuthority, address: SocketAddr) -> Result<WebhookHandle, CallError> {
        let wrong = |fault: &dyn std::fmt::Display| CallError::Certificate(fault.to_string());
        let subject = Subject { name: "Meldingen (nagespeeld)", dns_names: &[] };
        let issued = authority.issue_without_ura(&subject).map_err(|fault| wrong(&fault))?;
        let chain =
            vec![CertificateDer::from_pem_slice(issued.certificate_pem.as_bytes()).map_err(|fault| wrong(&fault))?];
        let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).map_err(|fault| wrong(&fault))?;
        let mut secret = [0; 32];
        rand::fill(&mut secret).map_err(|_| CallError::Certificate("no randomness".to_owned()))?;
        let listener = TcpListener::bind(address)?;
        let base = format!("https://localhost:{}", listener.local_addr()?.port());
        let world = World { key: hmac::Key::new(hmac::HMAC_SHA256, &secret), kept: Mutex::default() };
        let world = Data::from(Arc::new(world));
        let server = site::serve(listener, chain, key, move |app| {
            app.app_data(world.clone())
                .route("/notices", web::post().to(take))
                .route("/control/notices", web::get().to(tell))
                .route("/control/fault", web::put().to(set_fault));
        })?;
        Ok(WebhookHandle {
            url: format!("{base}/notices"),
            control_url: format!("{base}/control"),
            secret: format!("whsec_{}", STANDARD.encode(secret)),
            server,
        })
    }
}

impl Drop for WebhookHandle {
    fn drop(&mut self) {
        // The server's thread ends when it is told; nobody waits for that.
        drop(self.server.stop(false));
    }
}

impl World {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn take(world: Data<World>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let read = read(&world.key, &request, &body, OffsetDateTime::now_utc().unix_timestamp());
    let fault = {
        let mut kept = world.kept();
        kept.asked += 1;
        let fault = kept.fault.clone();
        match (read, &fault) {
            (Err(why), _) => {
                kept.rejected.push(why);
                return HttpResponse::BadRequest().finish();
            }
            (Ok(taken), Fault::None | Fault::Slow { .. }) => {
                kept.taken.entry(taken.id.clone()).or_insert(taken).times += 1;
            }
            (Ok(_), Fault::Status { .. } | Fault::Redirect) => {}
        }
        fault
    };
    match fault {
        Fault::None => {}
        Fault::Status { code } => return HttpResponse::build(StatusCode::from_u16(code).unwrap_or_default()).finish(),
        Fault::Redirect => {
            return HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, "/elsewhere")).finish();
        }
        Fault::Slow { ms } => tokio::time::sleep(Duration::from_millis(ms)).await,
    }
    HttpResponse::NoContent().finish()
}

/// Holds a message against the scheme.
fn read(key: &hmac::Key, request: &HttpRequest, body: &[u8], now: i64) -> Result<Taken, &'static str> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let id = header("webhook-id").filter(|id| !id.is_empty() && !id.contains('.')).ok_or("no webhook-id")?;
    let moment = header("webhook-timestamp").ok_or("no webhook-timestamp")?;
    let signatures = header("webhook-signature").ok_or("no webhook-signature")?;
    let signed = |signature: &str| {
        let octets = signature.strip_prefix("v1,").and_then(|encoded| STANDARD.decode(encoded).ok());
        let message = [id.as_bytes(), b".", moment.as_bytes(), b".", body].concat();
        octets.is_some_and(|octets| hmac::verify(key, &message, &octets).is_ok())
    };
    if !signatures.split(' ').any(signed) {
        return Err("no signature of ours");
    }
    let age = moment.parse::<i64>().map_err(|_| "the moment is none")?.abs_diff(now);
    if age > TOLERANCE.unsigned_abs() {
        return Err("the moment is not now");
    }
    if header("content-type") != Some("application/json") {
        return Err("it is no JSON");
    }
    let text = String::from_utf8(body.to_vec()).map_err(|_| "it is no text")?;
    let body: Value = serde_json::from_str(&text).map_err(|_| "it is no JSON")?;
    let shaped = body["type"].is_string() && body["timestamp"].is_string() && body["data"].is_object();
    shaped.then(|| Taken { id: id.to_owned(), body, text, times: 0 }).ok_or("it is no event")
}

async fn tell(world: Data<World>) -> HttpResponse {
    let kept = world.kept();
    let taken: Vec<&Taken> = kept.taken.values().collect();
    HttpResponse::Ok().json(json!({"taken": taken, "rejected": kept.rejected, "asked": kept.asked}))
}

async fn set_fault(fault: Json<Fault>, world: Data<World>) -> HttpResponse {
    world.kept().fault = fault.into_inner();
    HttpResponse::NoContent().finish()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn it_takes_what_is_signed_now_and_of_an_event_and_nothing_else() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret of at least 24 octets");
        let event = r#"{"type":"t","timestamp":"2026-11-23T08:00:00Z","data":{}}"#;
        let request = |moment: &str, body: &str, media: &str| {
            let message = format!("90010001-7.{moment}.{body}");
            let signature = format!("v1,AAAA v1,{}", STANDARD.encode(hmac::sign(&key, message.as_bytes())));
            TestRequest::post()
                .insert_header(("webhook-id", "90010001-7"))
                .insert_header(("webhook-timestamp", moment))
                .insert_header(("webhook-signature", signature))
                .insert_header(("content-type", media))
                .to_http_request()
        };
        let json = "application/json";
        let good = request("1000", event, json);
        assert_eq!(read(&key, &good, event.as_bytes(), 1_300).map(|taken| taken.id), Ok("90010001-7".to_owned()));
        for (request, body, now, why) in [
            (&good, "{}", 1_000, "no signature of ours"),
            (&good, event, 1_301, "the moment is not now"),
            (&good, event, 699, "the moment is not now"),
            (&request("1000", event, "text/plain"), event, 1_000, "it is no JSON"),
            (&request("1000", "{}", json), "{}", 1_000, "it is no event"),
            (&TestRequest::post().to_http_request(), event, 1_000, "no webhook-id"),
        ] {
            assert_eq!(read(&key, request, body.as_bytes(), now), Err(why));
        }
    }
}
