//! Whether an address that somebody else chose may be called at all (ATT-93).

use serde::{Deserialize, Serialize};
use url::Host;

use crate::http::{WebAddress, is_public};

/// Which networks a directory's addresses may lead into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Networks {
    /// The public internet only. Names are held against that again when they are connected to.
    Public,
    /// Also this machine and private networks: development.
    Any,
}

/// What is to be said of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AddressUse {
    Usable,
    /// No absolute URL of a place, or with a query, a fragment or a password.
    NoAddress,
    NotHttps,
    /// Of this machine or of a private network.
    NotPublic,
}

impl AddressUse {
    /// The address, when it may be called.
    pub fn of(text: &str, networks: Networks) -> Result<WebAddress, AddressUse> {
        let address = WebAddress::parse(text).map_err(|_| AddressUse::NoAddress)?;
        if address.url().scheme() != "https" {
            return Err(AddressUse::NotHttps);
        }
        let public = match address.url().host() {
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                name != "localhost" && !name.ends_with(".localhost") && name.contains('.')
            }
            Some(Host::Ipv4(number)) => is_public(number.into()),
            Some(Host::Ipv6(number)) => is_public(number.into()),
            None => false,
        };
        if public || networks == Networks::Any { Ok(address) } else { Err(AddressUse::NotPublic) }
    }

    /// The address of a directory, when it may be read: in development also over plain HTTP, on this machine.
    pub fn of_directory(text: &str, networks: Networks) -> Result<WebAddress, AddressUse> {
        match WebAddress::parse(text) {
            Ok(address) if networks == Networks::Any && address.is_on_loopback() => Ok(address),
            _ => AddressUse::of(text, networks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_to_the_public_internet_is_called() {
        for (text, said) in [
            ("https://a.example.org/fhir", None),
            ("https://145.7.1.1/fhir", None),
            ("http://a.example.org/fhir", Some(AddressUse::NotHttps)),
            ("gopher://a.example.org", Some(AddressUse::NoAddress)),
            ("https://u:p@a.example.org", Some(AddressUse::NoAddress)),
            ("https://a.example.org/?x=1", Some(AddressUse::NoAddress)),
            ("https://localhost/fhir", Some(AddressUse::NotPublic)),
            ("https://localhost./fhir", Some(AddressUse::NotPublic)),
            ("https://db.localhost/fhir", Some(AddressUse::NotPublic)),
            ("https://intranet/fhir", Some(AddressUse::NotPublic)),
            ("https://127.1/", Some(AddressUse::NotPublic)),
            ("https://0x7f000001/", Some(AddressUse::NotPublic)),
            ("https://2130706433/", Some(AddressUse::NotPublic)),
            ("https://[::1]:8443/", Some(AddressUse::NotPublic)),
            ("https://[::ffff:169.254.169.254]/latest", Some(AddressUse::NotPublic)),
            ("https://10.0.0.1/", Some(AddressUse::NotPublic)),
            ("Endpoint/1", Some(AddressUse::NoAddress)),
        ] {
            assert_eq!(AddressUse::of(text, Networks::Public).err(), said, "{text}");
        }
        assert!(AddressUse::of("https://localhost:1/fhir", Networks::Any).is_ok());
        assert_eq!(AddressUse::of("http://localhost:1/fhir", Networks::Any).err(), Some(AddressUse::NotHttps));
        let directory = |text, networks| AddressUse::of_directory(text, networks).err();
        assert_eq!(directory("http://localhost:1/fhir", Networks::Any), None);
        assert_eq!(directory("http://10.0.0.1/fhir", Networks::Any), Some(AddressUse::NotHttps));
        assert_eq!(directory("http://localhost:1/fhir", Networks::Public), Some(AddressUse::NotHttps));
    }
}
