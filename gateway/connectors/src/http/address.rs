//! An address from configuration: where a party is called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use url::{Host, Url};

/// An absolute `http` or `https` URL without user information, query or fragment. Its path never ends in a slash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WebAddress(Url);

/// Why a text is no web address; a sentence for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressFault {
    #[error("not an absolute URL")]
    NotAUrl,
    #[error("the scheme is neither https nor http")]
    Scheme,
    #[error("an address holds no user name or password; secrets come by file")]
    UserInformation,
    #[error("an address has no query and no fragment")]
    QueryOrFragment,
}

impl WebAddress {
    /// Reads an address as it stands in configuration.
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        let mut url = Url::parse(text).map_err(|_| AddressFault::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressFault::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressFault::UserInformation);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressFault::QueryOrFragment);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(WebAddress(url))
    }

    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The address of something below this one; every segment is encoded.
    pub fn below<'s>(&self, segments: impl IntoIterator<Item = &'s str>) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Plain HTTP to another machine: only development may do that.
    pub fn is_plain_off_loopback(&self) -> bool {
        self.0.scheme() == "http" && !self.is_on_loopback()
    }

    /// This very machine.
    pub fn is_on_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl FromStr for WebAddress {
    type Err = AddressFault;

    fn from_str(text: &str) -> Result<Self, AddressFault> {
        WebAddress::parse(text)
    }
}

impl fmt::Debug for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl Serialize for WebAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for WebAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        WebAddress::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_place_and_nothing_else() {
        for good in ["https://a.example", "http://127.0.0.1:8080/fhir/", "https://a.example/fhir/r4"] {
            assert!(WebAddress::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("/fhir", AddressFault::NotAUrl),
            ("ftp://a.example", AddressFault::Scheme),
            ("file:///etc/passwd", AddressFault::Scheme),
            ("https://u:p@a.example", AddressFault::UserInformation),
            ("https://a.example?x=1", AddressFault::QueryOrFragment),
            ("https://a.example#x", AddressFault::QueryOrFragment),
        ] {
            assert_eq!(WebAddress::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn what_lies_below_is_joined_with_one_slash() {
        for base in ["https://a.example/fhir", "https://a.example/fhir/"] {
            let base = WebAddress::parse(base).unwrap();
            assert_eq!(base.below(["Patient", "_search"]).as_str(), "https://a.example/fhir/Patient/_search");
        }
        let root = WebAddress::parse("https://a.example").unwrap();
        assert_eq!(root.below(["Patient"]).as_str(), "https://a.example/Patient");
        assert_eq!(root.below(["a/b?c"]).as_str(), "https://a.example/a%2Fb%3Fc");
    }

    #[test]
    fn plain_http_is_noticed_off_loopback_only() {
        for (address, plain) in [
            ("http://127.0.0.1:1/x", false),
            ("http://[::1]:1/x", false),
            ("http://localhost/x", false),
            ("http://10.0.0.1/x", true),
            ("http://localhost.example/x", true),
            ("https://10.0.0.1/x", false),
        ] {
            assert_eq!(WebAddress::parse(address).unwrap().is_plain_off_loopback(), plain, "{address}");
        }
        let on_loopback = |address| WebAddress::parse(address).unwrap().is_on_loopback();
        assert!(
            on_loopback("https://localhost:1/x") && on_loopback("https://127.0.0.2") && on_loopback("https://[::1]")
        );
        assert!(!on_loopback("https://localhost.example") && !on_loopback("https://10.0.0.1"));
    }
}
