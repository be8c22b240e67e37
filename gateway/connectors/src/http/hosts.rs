//! Lists of hosts that may be asked, for addresses that others choose.

use url::Url;

/// Whether this is a host, with or without a port.
pub fn is_host(text: &str) -> bool {
    let parsed = Url::parse(&format!("http://{text}/")).ok();
    parsed.is_some_and(|url| {
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        bare && url.username().is_empty() && url.password().is_none() && !text.contains(['/', '@', '?', '#', '\\', ' '])
    })
}

/// Whether a place is at one of these hosts (`host` or `host:port`) over the web, with no name or password in it.
pub(crate) fn is_listed(place: &Url, hosts: &[String]) -> bool {
    let Some(host) = place.host_str() else { return false };
    let web = matches!(place.scheme(), "http" | "https") && place.username().is_empty() && place.password().is_none();
    let with_port = place.port_or_known_default().map(|port| format!("{host}:{port}"));
    // A host without a port stands for the usual port of the scheme.
    web && hosts.iter().any(|listed| {
        (listed.eq_ignore_ascii_case(host) && place.port().is_none())
            || with_port.as_ref().is_some_and(|with_port| listed.eq_ignore_ascii_case(with_port))
    })
}
