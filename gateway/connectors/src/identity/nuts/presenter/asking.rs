//! What has to be known before a presentation is sent: the partner's authorization server as it describes itself (RFC 8414),
//! and which credentials its tokens take. Nothing that it says may send us to somebody else.

use exchange::ports::SourceFault;
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde::Deserialize;
use serde_json::json;
use url::{Origin, Url};

use super::Presenter;
use crate::http::{FetchFault, Fetched, HttpClient, Limits, WebAddress};
use crate::identity::nuts::GRANT_TYPE;
use crate::identity::secret::Secret;

/// The longest document that is read, in bytes.
const MAX_DOCUMENT: usize = 64 << 10;
/// How long a document may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);

/// Where a token is asked for, and with what.
pub(crate) struct Asked {
    pub(crate) token_endpoint: Url,
    /// The form in the body.
    pub(crate) form: Secret,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    token_endpoint: String,
    presentation_definition_endpoint: String,
}

#[derive(Deserialize)]
struct Definition {
    id: String,
    input_descriptors: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    id: String,
}

impl Presenter {
    /// What to send to this authorization server, named by its issuer, for a token of this scope.
    pub(crate) async fn asks(
        &self,
        http: &HttpClient,
        server: &WebAddress,
        scope: &str,
        now: impl Fn() -> time::OffsetDateTime,
    ) -> Result<Asked, SourceFault> {
        let issuer = server.to_string();
        let metadata: Metadata = get(http, described_at(server.url())).await?;
        if metadata.issuer != issuer {
            return Err(SourceFault::Unusable("the authorization server names itself otherwise"));
        }
        let own = server.url().origin();
        let token_endpoint = at(&metadata.token_endpoint, &own)?;
        let mut place = at(&metadata.presentation_definition_endpoint, &own)?;
        place.query_pairs_mut().append_pair("scope", scope);
        let definition: Definition = get(http, place).await?;
        // We have one credential. What takes more, such as one of a person, is for others to answer.
        let [descriptor] = definition.input_descriptors.as_slice() else {
            return Err(SourceFault::Unusable("the authorization server asks for credentials that this node has not"));
        };
        let submission = json!({
            "id": uuid::Uuid::new_v4().to_string(), "definition_id": definition.id,
            "descriptor_map": [{"id": descriptor.id, "format": "jwt_vc", "path": "$.verifiableCredential"}],
        });
        let presentation = self.present(&issuer, now());
        let presentation = presentation.ok_or(SourceFault::Unusable("no presentation can be made"))?;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", GRANT_TYPE)
            .append_pair("assertion", presentation.reveal())
            .append_pair("presentation_submission", &submission.to_string())
            .append_pair("scope", scope);
        Ok(Asked { token_endpoint, form: Secret::new(form.finish()) })
    }
}

/// RFC 8414, section 3.1: the well-known path goes before that of the issuer.
fn described_at(issuer: &Url) -> Url {
    let mut place = issuer.clone();
    place.set_path(&format!("/.well-known/oauth-authorization-server{}", issuer.path().trim_end_matches('/')));
    place
}

/// An endpoint of the same origin.
fn at(text: &str, own: &Origin) -> Result<Url, SourceFault> {
    let place = Url::parse(text).ok().filter(|place| place.origin() == *own && place.fragment().is_none());
    place.ok_or(SourceFault::Unusable("the authorization server names an endpoint of somebody else"))
}

async fn get<T: serde::de::DeserializeOwned>(http: &HttpClient, place: Url) -> Result<T, SourceFault> {
    let request = http.request(Method::GET, place).header(ACCEPT, "application/json");
    let fetched = http.fetch(request, Limits { bytes: MAX_DOCUMENT, patience: PATIENCE }).await.map_err(no_document)?;
    read(&fetched)
}

fn read<T: serde::de::DeserializeOwned>(fetched: &Fetched) -> Result<T, SourceFault> {
    match fetched.status.as_u16() {
        200 => {}
        500.. => return Err(SourceFault::Unreachable),
        _ => return Err(SourceFault::Unusable("the authorization server does not describe itself")),
    }
    let body = fetched.body_as(&["application/json"]).map_err(no_document)?;
    serde_json::from_slice(&body)
        .map_err(|_| SourceFault::Unusable("what the authorization server says of itself cannot be read"))
}

fn no_document(fault: FetchFault) -> SourceFault {
    match fault {
        FetchFault::TimedOut => SourceFault::TimedOut,
        FetchFault::Unreachable | FetchFault::Dropped => SourceFault::Unreachable,
        _ => SourceFault::Unusable("what the authorization server says of itself cannot be had"),
    }
}
