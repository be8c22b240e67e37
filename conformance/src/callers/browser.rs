//! A browser: it keeps cookies as it is told, follows what it is sent to, and tells a page of its own site from a way in
//! from another (SameSite, RFC 6265bis, 5.6.7).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use url::form_urlencoded;

use super::CallError;
use super::wire::{Answer, Wire};

/// A browser with cookies of one host.
pub struct Browser {
    wire: Wire,
    cookies: Mutex<BTreeMap<String, Kept>>,
}

/// A cookie, with its attributes as they were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub value: String,
    /// In lower case.
    pub attributes: Vec<String>,
}

impl Browser {
    /// A new one, which trusts the roots of `ca_file`.
    ///
    /// # Errors
    /// The file cannot be read or holds no certificate.
    pub fn new(ca_file: &Path) -> Result<Self, CallError> {
        Ok(Browser { wire: Wire::new(Some(ca_file), None)?, cookies: Mutex::default() })
    }

    /// Opens an address from a page of the same site.
    ///
    /// # Errors
    /// No answer came.
    pub async fn open(&self, url: &str) -> Result<Answer, CallError> {
        self.ask(Method::GET, url, &[], true).await
    }

    /// Comes to an address from another site.
    ///
    /// # Errors
    /// No answer came.
    pub async fn arrive(&self, url: &str) -> Result<Answer, CallError> {
        self.ask(Method::GET, url, &[], false).await
    }

    /// Sends a form of a page of the same site.
    ///
    /// # Errors
    /// No answer came.
    pub async fn send(&self, url: &str, form: &[(&str, &str)]) -> Result<Answer, CallError> {
        self.ask(Method::POST, url, form, true).await
    }

    /// The cookie whose name ends so.
    pub fn cookie(&self, ends: &str) -> Option<(String, Kept)> {
        self.kept().iter().find(|(name, _)| name.ends_with(ends)).map(|(name, kept)| (name.clone(), kept.clone()))
    }

    /// Has the same cookies as another browser from now on, as if they had been stolen.
    pub fn takes_cookies_of(&self, other: &Browser) {
        let theirs = other.kept().clone();
        *self.kept() = theirs;
    }

    async fn ask(
        &self,
        method: Method,
        url: &str,
        form: &[(&str, &str)],
        same_site: bool,
    ) -> Result<Answer, CallError> {
        let cookies = self.cookies_to_send(same_site);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut headers: Vec<(&str, &str)> = Vec::new();
        if !cookies.is_empty() {
            headers.push((COOKIE.as_str(), &cookies));
        }
        if method == Method::POST {
            headers.push((CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded"));
        }
        let site = if same_site { "same-origin" } else { "cross-site" };
        headers.push(("sec-fetch-site", site));
        let answer = self.wire.raw(method, url, &headers, Bytes::from(body)).await?;
        for value in answer.headers.get_all(SET_COOKIE) {
            self.take(value.to_str().unwrap_or_default());
        }
        Ok(answer)
    }

    fn cookies_to_send(&self, same_site: bool) -> String {
        let kept = self.kept();
        let sent = kept
            .iter()
            .filter(|(_, cookie)| same_site || !cookie.attributes.iter().any(|one| one == "samesite=strict"));
        sent.map(|(name, cookie)| format!("{name}={}", cookie.value)).collect::<Vec<_>>().join("; ")
    }

    fn take(&self, text: &str) {
        let mut parts = text.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
        let mut kept = self.kept();
        if attributes.iter().any(|one| one == "max-age=0") {
            kept.remove(name);
        } else {
            kept.insert(name.to_owned(), Kept { value: value.to_owned(), attributes });
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value of the first field of this name on a page.
pub fn field(page: &Answer, name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(&page.body);
    let after = text.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
    after.split('"').next().map(str::to_owned)
}
