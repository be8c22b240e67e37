//! One neighbour's log and witness, below one address.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, StatusCode, Url};
use thiserror::Error;

use crate::http::{FetchFault, Fetched, HttpClient, Limits, WebAddress};

/// A checkpoint with its cosignatures, or a witness's answer: some hundred bytes each signature.
const SMALL: Limits = Limits { bytes: 16 << 10, patience: Duration::from_secs(10) };
/// A whole tile: 256 hashes (C2SP tlog-tiles).
const TILE: Limits = Limits { bytes: 256 * 32, patience: Duration::from_secs(10) };
/// The media type of a witness's answer that the proof begins elsewhere (C2SP tlog-witness, "add-checkpoint").
const SIZE: &str = "text/x.tlog.size";

/// Another node, as keeper of its log and as a witness of ours.
#[derive(Clone, Debug)]
pub struct NeighbourLog {
    http: HttpClient,
    base: WebAddress,
}

/// What a witness answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// Lines of signatures.
    Cosigned(Bytes),
    /// The size of the last that it cosigned.
    Conflict(u64),
    /// The proof does not hold, it says.
    Unproven,
    /// Anything else, by its status.
    Refused(u16),
}

/// Why nothing was had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotHad {
    #[error(transparent)]
    Fault(#[from] FetchFault),
    #[error("it answers with status {0}")]
    Status(u16),
}

impl NeighbourLog {
    /// Below this address are its checkpoint, its tiles, and `witness` as the submission prefix.
    pub fn new(http: HttpClient, base: WebAddress) -> Self {
        NeighbourLog { http, base }
    }

    /// Asks for a cosignature: `POST witness/add-checkpoint`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn submit(&self, body: Vec<u8>) -> Result<Submitted, FetchFault> {
        let url = self.base.below(["witness", "add-checkpoint"]);
        let request = self.http.request(Method::POST, url).header("content-type", "text/plain; charset=utf-8");
        let answer = self.http.fetch(request.body(body), SMALL).await?;
        Ok(match answer.status {
            StatusCode::OK => Submitted::Cosigned(answer.body),
            StatusCode::CONFLICT => match size(&answer) {
                Some(known) => Submitted::Conflict(known),
                None => Submitted::Refused(StatusCode::CONFLICT.as_u16()),
            },
            StatusCode::UNPROCESSABLE_ENTITY => Submitted::Unproven,
            other => Submitted::Refused(other.as_u16()),
        })
    }

    /// The last checkpoint that it gave out.
    ///
    /// # Errors
    /// When there is none.
    pub async fn checkpoint(&self) -> Result<Bytes, NotHad> {
        self.get(self.base.below(["checkpoint"]), SMALL).await
    }

    /// A tile of hashes by its path below `tile/`.
    ///
    /// # Errors
    /// When there is none.
    pub async fn tile(&self, path: &str) -> Result<Bytes, NotHad> {
        self.get(self.base.below(std::iter::once("tile").chain(path.split('/'))), TILE).await
    }

    async fn get(&self, url: Url, limits: Limits) -> Result<Bytes, NotHad> {
        let answer = self.http.fetch(self.http.request(Method::GET, url), limits).await?;
        if answer.status == StatusCode::OK { Ok(answer.body) } else { Err(NotHad::Status(answer.status.as_u16())) }
    }
}

/// A decimal number and a line end.
fn size(answer: &Fetched) -> Option<u64> {
    let body = answer.body_as(&[SIZE]).ok()?;
    let text = std::str::from_utf8(&body).ok()?.strip_suffix('\n')?;
    text.parse().ok().filter(|size: &u64| size.to_string() == text)
}
