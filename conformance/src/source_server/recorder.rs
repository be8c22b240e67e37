//! What a source was asked, for the tests that must show what it was not asked.
//!
//! Bodies and credentials are not kept: a record may be printed by a failing test.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

/// The oldest requests are forgotten beyond this.
const KEPT: usize = 20_000;

/// The headers a test may want to see. Of `authorization` only the scheme is kept.
const OF_INTEREST: [&str; 9] = [
    "accept",
    "authorization",
    "content-type",
    "if-match",
    "if-none-match",
    "prefer",
    "traceparent",
    "x-correlation-id",
    "x-request-id",
];

/// One request as it reached the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    pub method: String,
    /// The path with its query, exactly as it was sent.
    pub path: String,
    /// Bytes of the body.
    pub body_length: usize,
    /// Header names in lower case.
    pub headers: BTreeMap<String, String>,
}

/// The list of them, bounded.
#[derive(Default)]
pub struct Recorder {
    requests: VecDeque<Recorded>,
}

impl Recorder {
    pub fn add(&mut self, request: Recorded) {
        if self.requests.len() == KEPT {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }

    pub fn all(&self) -> Vec<Recorded> {
        self.requests.iter().cloned().collect()
    }

    pub fn clear(&mut self) {
        self.requests.clear();
    }
}

/// Keeps the headers of interest and reduces a credential to its scheme.
pub fn headers_of_interest<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    headers
        .filter(|(name, _)| OF_INTEREST.contains(name))
        .map(|(name, value)| {
            let kept =
                if name == "authorization" { value.split_whitespace().next().unwrap_or_default() } else { value };
            (name.to_owned(), kept.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_never_kept() {
        let kept =
            headers_of_interest([("authorization", "Bearer secret"), ("accept", "*/*"), ("cookie", "x=y")].into_iter());
        assert_eq!(kept.get("authorization").map(String::as_str), Some("Bearer"));
        assert_eq!(kept.get("accept").map(String::as_str), Some("*/*"));
        assert_eq!(kept.len(), 2);
    }

    #[test]
    fn the_oldest_request_makes_room() {
        let mut recorder = Recorder::default();
        for n in 0..=KEPT {
            recorder.add(Recorded {
                method: "GET".into(),
                path: n.to_string(),
                body_length: 0,
                headers: BTreeMap::new(),
            });
        }
        let all = recorder.all();
        assert_eq!((all.len(), all[0].path.as_str()), (KEPT, "1"));
    }
}
