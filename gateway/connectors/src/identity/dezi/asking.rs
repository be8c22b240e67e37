//! The questions to Dezi's endpoints, each within its bounds.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use url::form_urlencoded;
use zeroize::{Zeroize, Zeroizing};

use super::{Dezi, DeziFault, Refused};
use crate::http::{FetchFault, Fetched};
use crate::identity::oauth::is_token;

impl Dezi {
    /// The code for tokens (RFC 6749, 4.1.3; no client authentication).
    pub(super) async fn redeem(&self, code: &str, verifier: &str) -> Result<TokenAnswer, DeziFault> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("client_id", &self.config.client_id)
            .append_pair("code_verifier", verifier)
            .finish();
        let request = self
            .http
            .request(Method::POST, self.config.issuer.below(["token"]))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(form);
        let fetched = self.http.fetch(request, self.limits()).await.map_err(|fault| unavailable("token", fault))?;
        match fetched.status {
            StatusCode::OK => {}
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => return Err(Refused::CodeNotAccepted.into()),
            _ => return Err(DeziFault::Unavailable("token")),
        }
        let answer: TokenAnswer = serde_json::from_slice(&fetched.body).map_err(|_| Refused::Malformed)?;
        let bearer = answer.token_type.eq_ignore_ascii_case("bearer") && is_token(&answer.access_token);
        if bearer { Ok(answer) } else { Err(Refused::Malformed.into()) }
    }

    pub(super) async fn user_info(&self, access_token: &str) -> Result<Zeroizing<String>, DeziFault> {
        let request = self
            .http
            .request(Method::GET, self.config.issuer.below(["userinfo"]))
            .header(ACCEPT, "application/jwt")
            .bearer_auth(access_token);
        let fetched = self.http.fetch(request, self.limits()).await.map_err(|fault| unavailable("userinfo", fault))?;
        match fetched.status {
            StatusCode::OK => text(&fetched),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Refused::CodeNotAccepted.into()),
            _ => Err(DeziFault::Unavailable("userinfo")),
        }
    }

    /// Whether the statement is in force now. No answer is no.
    ///
    /// # Errors
    /// It is not, or that could not be found out.
    pub async fn in_force(&self, id: &str) -> Result<(), DeziFault> {
        #[derive(Deserialize)]
        struct Status {
            #[serde(rename = "verklaringId")]
            id: String,
            status: String,
        }
        let request = self.http.request(Method::GET, self.status_address(id)).header(ACCEPT, "application/json");
        let fetched = self.http.fetch(request, self.limits()).await.map_err(|fault| unavailable("status", fault))?;
        match fetched.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(Refused::Revoked.into()),
            _ => return Err(DeziFault::Unavailable("status")),
        }
        let status: Status = serde_json::from_slice(&fetched.body).map_err(|_| DeziFault::Unavailable("status"))?;
        if status.id != id {
            return Err(DeziFault::Unavailable("status"));
        }
        if status.status != "actief" {
            return Err(Refused::Revoked.into());
        }
        let Some(revocations) = &self.revocations else { return Ok(()) };
        match revocations.has(self, id, time::OffsetDateTime::now_utc()).await? {
            false => Ok(()),
            true => Err(Refused::Revoked.into()),
        }
    }

    pub(super) fn status_address(&self, id: &str) -> Url {
        self.config.issuer.below(["status", "v1", "verklaring", id])
    }
}

/// An answer of the token endpoint.
#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: String,
    token_type: String,
    pub(super) id_token: String,
}

fn text(fetched: &Fetched) -> Result<Zeroizing<String>, DeziFault> {
    match std::str::from_utf8(&fetched.body) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(Refused::Malformed.into()),
    }
}

fn unavailable(what: &'static str, _: FetchFault) -> DeziFault {
    DeziFault::Unavailable(what)
}

impl Drop for TokenAnswer {
    fn drop(&mut self) {
        self.access_token.zeroize();
    }
}
