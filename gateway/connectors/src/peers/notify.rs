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
    /// The same one cancelled, and the query that names it: `PUT [base]/Task?identifier=…` (TA Notified Pull, Twiin-02).
    Cancellation { task: Bytes, query: String },
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
        match self.send(base, notification, correlation_id, &token).await {
            // It may have lost the token in a start of its own, long before the token's end.
            Err(NotTaken::Answered(401)) => {
                self.tokens.drop_of_ourselves(peer, &self.use_case, &token);
                let token = self.tokens.of_ourselves(peer, &self.use_case).await.map_err(NotTaken::NoToken)?;
                self.send(base, notification, correlation_id, &token).await
            }
            told => told,
        }
    }

    async fn send(
        &self,
        base: &WebAddress,
        notification: &Notification,
        correlation_id: &str,
        token: &Token,
    ) -> Result<(), NotTaken> {
        let (method, last, query, expected): (_, _, _, &[u16]) = match notification {
            Notification::EmptyPost { task } => (Method::POST, task.as_str(), None, &[202]),
            Notification::NotificationTask(_) => (Method::POST, "Task", None, &[201]),
            Notification::Cancellation { query, .. } => (Method::PUT, "Task", Some(query.as_str()), &[200, 201, 204]),
        };
        let bare = base.below([last]);
        let mut url = bare.clone();
        url.set_query(query);
        let request = self.http.request(method.clone(), url).header(AUTHORIZATION, bearing(token)?);
        let request = match HeaderValue::from_str(correlation_id) {
            Ok(value) => request.header("x-correlation-id", value),
            Err(_) => request,
        };
        let request = match token.prove(method.as_str(), bare.as_str()) {
            Some(proof) => request.header("dpop", proof),
            None => request,
        };
        let request = match notification {
            Notification::EmptyPost { .. } => request.header(CONTENT_LENGTH, 0),
            Notification::NotificationTask(task) | Notification::Cancellation { task, .. } => {
                request.header(CONTENT_TYPE, FHIR_JSON).header(ACCEPT, FHIR_JSON).body(task.clone())
            }
        };
        let limits = Limits { bytes: MAX_ANSWER, patience: self.patience };
        let answer = self.http.fetch(request, limits).await.map_err(NotTaken::NoAnswer)?;
        let status = answer.status.as_u16();
        if expected.contains(&status) { Ok(()) } else { Err(NotTaken::Answered(status)) }
    }
}

fn bearing(token: &Token) -> Result<HeaderValue, NotTaken> {
    let mut value = HeaderValue::from_str(&format!("{} {}", token.scheme(), token.secret()))
        .map_err(|_| NotTaken::Unusable("the token is no header text"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use exchange::ports::SystemClock;
    use serde_json::json;

    use super::*;
    use crate::identity::testing::{KeyType, TestCertificate};
    use crate::sources::fhir::tests::client;
    use crate::sources::testing::stub::{Reply, Stub};

    /// Tells a receiver that answers so, with a token endpoint beside it; what it was told.
    async fn told(
        reply: Reply,
        token: Reply,
        notification: Notification,
    ) -> (Result<(), NotTaken>, Vec<(String, String, Option<String>, String)>) {
        let replies = Mutex::new((reply, token));
        let stub = Stub::start(move |asked| {
            let replies = replies.lock().unwrap();
            if asked.path().ends_with("/token") { replies.1.clone() } else { replies.0.clone() }
        })
        .await;
        let base = |path: &str| WebAddress::parse(&format!("{}/{path}", stub.base())).unwrap();
        let peer: PeerConfig = serde_json::from_value(json!({
            "ura": "90000902", "name": "De Linde", "bases": {}, "token_endpoint": base("token"),
        }))
        .unwrap();
        let key = TestCertificate::new("90000901", KeyType::P256).node_key();
        let tokens = TokenClient::new(Arc::new(key), client(), Arc::new(SystemClock));
        let use_case = UseCaseId::parse("eoverdracht-receiver").unwrap();
        let notifier = Notifier::new(client(), Arc::new(tokens), use_case, Duration::from_millis(500));
        let result = notifier.notify(&peer, &base("notification"), &notification, "correlation-1").await;
        let asked = stub.asked().into_iter().filter(|asked| !asked.path().ends_with("/token"));
        let asked = asked.map(|asked| {
            let authorization = asked.header("authorization").map(ToOwned::to_owned);
            (asked.method.clone(), asked.path().to_owned(), authorization, asked.body.clone())
        });
        (result, asked.collect())
    }

    fn token() -> Reply {
        let body = json!({"access_token": "token-1", "token_type": "Bearer", "expires_in": 60}).to_string();
        Reply::Full { status: 200, headers: vec![("content-type", "application/json".to_owned())], body }
    }

    fn empty() -> Notification {
        Notification::EmptyPost { task: "t1".to_owned() }
    }

    #[tokio::test]
    async fn a_notification_is_told_in_the_shape_of_the_receiver_with_a_token() {
        let (result, asked) = told(Reply::status(202), token(), empty()).await;
        let bearer = || Some("Bearer token-1".to_owned());
        let expected = ("POST".to_owned(), "/fhir/notification/t1".to_owned(), bearer(), String::new());
        assert_eq!((result, asked), (Ok(()), vec![expected]));
        let body = r#"{"resourceType":"Task"}"#;
        let (result, asked) =
            told(Reply::status(201), token(), Notification::NotificationTask(Bytes::from_static(body.as_bytes())))
                .await;
        let expected = ("POST".to_owned(), "/fhir/notification/Task".to_owned(), bearer(), body.to_owned());
        assert_eq!((result, asked), (Ok(()), vec![expected]));
    }

    #[tokio::test]
    async fn a_cancellation_is_put_by_the_identifier_of_what_was_told() {
        let body = r#"{"resourceType":"Task","status":"cancelled"}"#;
        let cancellation = || Notification::Cancellation {
            task: Bytes::from_static(body.as_bytes()),
            query: "identifier=urn%3Aietf%3Arfc%3A3986%7Curn%3Auuid%3A1".to_owned(),
        };
        for (status, expected) in [(200, Ok(())), (201, Ok(())), (404, Err(NotTaken::Answered(404)))] {
            let (result, asked) = told(Reply::status(status), token(), cancellation()).await;
            assert_eq!(result, expected);
            let (method, path, _, sent) = &asked[0];
            assert_eq!((method.as_str(), sent.as_str()), ("PUT", body));
            assert!(path.ends_with("/notification/Task"), "{path}");
        }
    }

    #[tokio::test]
    async fn a_token_that_the_receiver_knows_no_more_is_asked_for_anew_once() {
        let (result, asked) = told(Reply::status(401), token(), empty()).await;
        assert_eq!((result, asked.len()), (Err(NotTaken::Answered(401)), 2), "the second time is the last");

        // A receiver that starts anew and with that forgets what it gave.
        let given = std::sync::atomic::AtomicUsize::new(0);
        let stub = Stub::start(move |asked| {
            if asked.path().ends_with("/token") {
                let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
                let body =
                    json!({"access_token": format!("token-{number}"), "token_type": "Bearer", "expires_in": 300});
                let headers = vec![("content-type", "application/json".to_owned())];
                return Reply::Full { status: 200, headers, body: body.to_string() };
            }
            Reply::status(if asked.header("authorization") == Some("Bearer token-1") { 401 } else { 202 })
        })
        .await;
        let base = |path: &str| WebAddress::parse(&format!("{}/{path}", stub.base())).unwrap();
        let peer: PeerConfig = serde_json::from_value(json!({
            "ura": "90000902", "name": "De Linde", "bases": {}, "token_endpoint": base("token"),
        }))
        .unwrap();
        let key = TestCertificate::new("90000901", KeyType::P256).node_key();
        let tokens = TokenClient::new(Arc::new(key), client(), Arc::new(SystemClock));
        let use_case = UseCaseId::parse("eoverdracht-receiver").unwrap();
        let notifier = Notifier::new(client(), Arc::new(tokens), use_case, Duration::from_millis(500));
        let endpoint = base("notification");
        for _ in 0..2 {
            assert_eq!(notifier.notify(&peer, &endpoint, &empty(), "correlation-1").await, Ok(()));
        }
        let times = |end: &str| stub.asked().iter().filter(|asked| asked.path().ends_with(end)).count();
        assert_eq!((times("/token"), times("/t1")), (2, 3));
    }

    #[tokio::test]
    async fn a_receiver_that_refuses_hangs_or_goes_away_has_not_taken_it() {
        for status in [200, 201, 204, 301, 400, 403, 404, 500, 503] {
            let (result, _) = told(Reply::status(status), token(), empty()).await;
            assert_eq!(result, Err(NotTaken::Answered(status)));
        }
        let (result, _) = told(Reply::Hang, token(), empty()).await;
        assert_eq!(result, Err(NotTaken::NoAnswer(FetchFault::TimedOut)));
        let (result, _) = told(Reply::Drop, token(), empty()).await;
        assert!(matches!(result, Err(NotTaken::NoAnswer(_))));
        let (result, asked) = told(Reply::status(202), Reply::status(403), empty()).await;
        assert_eq!((result, asked.len()), (Err(NotTaken::NoToken(SourceFault::Refused)), 0), "nobody is told without");
    }
}
