//! A Nuts node of our own as wallet: it presents the provider's credentials to a partner's authorization server and hands us
//! the token (its internal API, which is never public).
//!
//! Such a token speaks for the organisation, and for nobody there and no patient: none of that is told to the node.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder};
use serde::Serialize;

use crate::http::{HttpClient, WebAddress};

/// The node, and who we are there.
pub struct NutsWallet {
    http: HttpClient,
    api: WebAddress,
    subject: String,
}

#[derive(Serialize)]
struct Asked<'a> {
    authorization_server: &'a str,
    scope: &'a str,
    token_type: &'a str,
}

impl NutsWallet {
    /// `api` is the base of the node's internal API, `subject` our name there.
    pub fn new(http: HttpClient, api: WebAddress, subject: String) -> Self {
        NutsWallet { http, api, subject }
    }

    pub(crate) fn http(&self) -> &HttpClient {
        &self.http
    }

    /// The question for a token of this authorization server.
    pub(crate) fn request(&self, authorization_server: &WebAddress, scope: &str) -> Option<RequestBuilder> {
        let url = self.api.below(["internal", "auth", "v2", &self.subject, "request-service-access-token"]);
        let server = authorization_server.to_string();
        let asked = Asked { authorization_server: &server, scope, token_type: "Bearer" };
        let body = serde_json::to_string(&asked).ok()?;
        let request = self.http.request(Method::POST, url);
        Some(request.header(CONTENT_TYPE, "application/json").header(ACCEPT, "application/json").body(body))
    }
}
