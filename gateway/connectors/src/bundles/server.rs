//! A server of bundles: asked for the archive, and only for one that it has not given yet (HTTP entity tags, RFC 9110).

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ETAG, HeaderValue, IF_NONE_MATCH};
use reqwest::{Method, StatusCode};

use super::archive::PACKED;
use super::config::BundleConfig;
use crate::http::{FetchFault, HttpClient, HttpSettings, Limits, Trust, WebAddress};

/// How long one fetch may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where bundles are fetched from.
pub struct BundleServer {
    http: HttpClient,
    address: WebAddress,
    /// Of the archive that was last given.
    tag: Option<HeaderValue>,
}

impl BundleServer {
    /// The server, where one is configured. Calls nobody yet.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn of(config: &BundleConfig) -> Result<Option<Self>, String> {
        let Some(address) = config.url.clone() else { return Ok(None) };
        let trust = match &config.authorities_file {
            Some(file) => {
                let pem =
                    std::fs::read(file).map_err(|fault| format!("{}: cannot be read ({fault})", file.display()))?;
                Trust::from_pem(&pem).map_err(|fault| format!("{}: {fault}", file.display()))?
            }
            None => Trust::Platform,
        };
        let http = HttpClient::new(HttpSettings { trust, ..HttpSettings::default() });
        let http = http.map_err(|fault| format!("profiles.bundle: {fault}"))?;
        Ok(Some(BundleServer { http, address, tag: None }))
    }

    /// The archive, when it is another than was given last.
    ///
    /// # Errors
    /// A sentence for the operator: why none was given.
    pub async fn newer(&mut self) -> Result<Option<Bytes>, String> {
        let mut request = self.http.request(Method::GET, self.address.url().clone());
        if let Some(tag) = &self.tag {
            request = request.header(IF_NONE_MATCH, tag.clone());
        }
        let bytes = usize::try_from(PACKED).unwrap_or(usize::MAX);
        let limits = Limits { bytes, patience: PATIENCE };
        let answer = self.http.fetch(request, limits).await.map_err(|fault: FetchFault| fault.to_string())?;
        match answer.status {
            StatusCode::OK => {
                self.tag = answer.headers.get(ETAG).cloned();
                Ok(Some(answer.body))
            }
            StatusCode::NOT_MODIFIED if self.tag.is_some() => Ok(None),
            status => Err(format!("the server of bundles answers {}", status.as_u16())),
        }
    }
}
