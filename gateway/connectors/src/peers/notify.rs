//! Tells a peer that there is something for it: the notification of a notified pull, in the shape that the peer takes.
//!
//! A notification names a Task and no patient. It can be sent again at any time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use exchange::ports::SourceFault;
use policy::UseCaseId;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use serde::{Deserialize, Serialize};

use super::{PeerConfig, Token};
use crate::http::{FetchFault, HttpClient, Limits, WebAddress};
use crate::identity::oauth::TokenClient;

/// The longest answer to a notification that is read, in bytes.
const MAX_ANSWER: usize = 64 << 10;
const FHIR_JSON: &str = "application/fhir+json";

/// The shapes of a notification that are in use beside one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotificationShape {
    /// `POST [base]/[Task.id]` without a body, answered with 202 (Nuts eOverdracht, Nictiz).
    EmptyPost,
    /// `POST [base]/Task` with a Notification Task, answered with 201 (TA Notified Pull, Twiin-01).
    NotificationTask,
}

/// What is told, as its shape wants it.
#[derive(Clone, Debug)]
pub enum Notification {
    /// The id of the Task.
    EmptyPost { task: String },
    /// The Notification Task, as JSON.
    NotificationTask(Bytes),
}

/// Why a notification was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTaken {
    NoToken(SourceFault),
    NoAnswer(FetchFault),
    /// It was answered with this status.
    Answered(u16),
    Unusable(&'static str),
}

/// Sends notifications to peers.
#[derive(Clone)]
pub struct Notifier {
    http: HttpClient,
    tokens: Arc<TokenClient>,
    use_case: UseCaseId,
    patience: Duration,
}

impl Notifier {
    /// `use_case` is the scope of the tokens that notifications go with. Nothing is waited for longer than `patience`.
    pub fn new(http: HttpClient, tokens: Arc<TokenClient>, use_case: UseCaseId, patience: Duration) -> Self {
        Notifier { http, tokens, use_case, patience }
    }

    /// Tells the peer, at the base of its notification endpoint. Returns when it said that it took the notification.
    ///
    /// # Errors
    /// It did not say so. It may have taken it all the same.
    pub async fn notify(
        &self,
        peer: &PeerConfig,
        base: &WebAddress,
        notification: &Notification,
        correlation_id: &str,
    ) -> Result<(), NotTaken> {
        if base.is_plain_off_loopback() {
            return Err(NotTaken::Unusable("the notification endpoint is plain HTTP"));
        }
        let token = self.tokens.of_ourselves(peer, &self.use_case).await.map_err(NotTaken::NoToken)?;
        let (url, expected) = match notification {
            Notification::EmptyPost { task } => (base.below([task.as_str()]), 202),
            Notification::NotificationTask(_) => (base.below(["Task"]), 201),
        };
        let request = self.http.request(Method::POST, url.clone()).header(AUTHORIZATION, bearing(&token)?);
        let request = match HeaderValue::from_str(correlation_id) {
            Ok(value) => request.header("x-correlation-id", value),
            Err(_) => request,
        };
        let request = match token.prove("POST", url.as_str()) {
            Some(proof) => request.header("dpop", proof),
            None => request,
        };
        let request = match notification {
            Notification::EmptyPost { .. } => request.header(CONTENT_LENGTH, 0),
            Notification::NotificationTask(task) => {
                request.header(CONTENT_TYPE, FHIR_JSON).header(ACCEPT, FHIR_JSON).body(task.clone())
            }
        };
        let limits = Limits { bytes: MAX_ANSWER, patience: self.patience };
        let answer = self.http.fetch(request, limits).await.map_err(NotTaken::NoAnswer)?;
        let status = answer.status.as_u16();
        if status == expected { Ok(()) } else { Err(NotTaken::Answered(status)) }
    }
}

fn bearing(token: &Token) -> Result<HeaderValue, NotTaken> {
    let mut value = HeaderValue::from_str(&format!("{} {}", token.scheme(), token.secret()))
        .map_err(|_| NotTaken::Unusable("the token is no header text"))?;
    value.set_sensitive(true);
    Ok(value)
}
