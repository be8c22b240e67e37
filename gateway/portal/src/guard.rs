//! Who is at the page, and whether a form was really sent from one of our pages.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;

use crate::desk::{Desk, Session};

/// Bytes of a form token.
const TOKEN: usize = 24;

/// How long a browser may be away at an identity provider, in seconds.
const AWAY_SECONDS: i64 = 600;

/// How a node's cookies are made. Several nodes can share one host name, and browsers keep cookies of all its ports
/// together, so the names carry the provider.
pub(crate) struct Cookies {
    session: String,
    form: String,
    away: String,
    secure: bool,
}

impl Cookies {
    pub(crate) fn new(provider: &str, secure: bool) -> Self {
        let provider: String = provider.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        // Browsers take a cookie of this prefix from this very host only, over HTTPS, for the whole of it: neither plain
        // HTTP nor another host of the domain can plant one.
        let prefix = if secure { "__Host-" } else { "" };
        let name = |what: &str| format!("{prefix}zorgsluis-{provider}-{what}");
        Cookies { session: name("session"), form: name("form"), away: name("away"), secure }
    }

    /// The session that the request belongs to.
    pub(crate) fn session(&self, request: &HttpRequest, desk: &dyn Desk) -> Option<(String, Session)> {
        let id = self.session_id(request)?;
        let session = desk.session(&id)?;
        Some((id, session))
    }

    /// The id of a session, whether it lives or not.
    pub(crate) fn session_id(&self, request: &HttpRequest) -> Option<String> {
        Some(request.cookie(&self.session)?.value().to_owned())
    }

    /// The token of a form before there is a session.
    pub(crate) fn form_token(&self, request: &HttpRequest) -> Option<String> {
        let token = request.cookie(&self.form)?.value().to_owned();
        is_token(&token).then_some(token)
    }

    /// What this browser was given when it was sent to an identity provider.
    pub(crate) fn binding(&self, request: &HttpRequest) -> Option<String> {
        Some(request.cookie(&self.away)?.value().to_owned())
    }

    pub(crate) fn of_session(&self, id: String) -> Cookie<'static> {
        self.cookie(self.session.clone(), id)
    }

    pub(crate) fn of_form(&self, token: String) -> Cookie<'static> {
        self.cookie(self.form.clone(), token)
    }

    /// The way back from an identity provider begins on its pages, where a strict cookie does not come along.
    pub(crate) fn of_binding(&self, binding: String) -> Cookie<'static> {
        let mut cookie = self.cookie(self.away.clone(), binding);
        cookie.set_same_site(SameSite::Lax);
        cookie.set_max_age(Duration::seconds(AWAY_SECONDS));
        cookie
    }

    /// Makes the browser forget the session.
    pub(crate) fn no_session(&self) -> Cookie<'static> {
        let mut cookie = self.cookie(self.session.clone(), String::new());
        cookie.set_max_age(Duration::ZERO);
        cookie
    }

    /// Makes the browser forget that it was away.
    pub(crate) fn no_binding(&self) -> Cookie<'static> {
        let mut cookie = self.cookie(self.away.clone(), String::new());
        cookie.set_max_age(Duration::ZERO);
        cookie
    }

    fn cookie(&self, name: String, value: String) -> Cookie<'static> {
        Cookie::build(name, value)
            // The prefix asks for the whole host.
            .path(if self.secure { "/" } else { "/portal" })
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.secure)
            .finish()
    }
}

/// A new token for a form; nothing when the machine has no randomness to give.
pub(crate) fn token() -> Option<String> {
    let mut bytes = [0u8; TOKEN];
    rand::fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn is_token(text: &str) -> bool {
    text.len() == 2 * TOKEN && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a form carries the token that its page was given, and comes from a page of this origin as far as the
/// browser tells (Fetch Metadata). The token is compared in constant time.
pub(crate) fn is_ours(request: &HttpRequest, expected: &str, sent: &str) -> bool {
    let site = request.headers().get("sec-fetch-site").map(|site| site.as_bytes());
    let same_site = site.is_none_or(|site| site == b"same-origin");
    same_site && !expected.is_empty() && verify_slices_are_equal(expected.as_bytes(), sent.as_bytes()).is_ok()
}
