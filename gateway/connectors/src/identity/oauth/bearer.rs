//! The `Authorization` header of an access token: `Bearer` (RFC 6750, section 2.1) or `DPoP` (RFC 9449, section 7.1).

/// No token of ours is longer; a longer one is not looked at.
const MAX_TOKEN: usize = 512;

/// What an `Authorization` header comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown<'a> {
    /// There is none.
    Nothing,
    Bearer(&'a str),
    /// A token that comes with a proof of possession.
    Dpop(&'a str),
    /// Another scheme, or no token in it.
    Other,
}

impl<'a> Shown<'a> {
    pub(crate) fn read(header: &'a str) -> Self {
        let Some((scheme, token)) = header.split_once(' ') else { return Shown::Other };
        if token.len() > MAX_TOKEN || !is_token(token) {
            return Shown::Other;
        }
        match scheme {
            scheme if scheme.eq_ignore_ascii_case("bearer") => Shown::Bearer(token),
            scheme if scheme.eq_ignore_ascii_case("dpop") => Shown::Dpop(token),
            _ => Shown::Other,
        }
    }
}

/// Whether this is a `b64token` of RFC 6750: letters, digits, `-._~+/`, and `=` at the end only.
pub(crate) fn is_token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_token_is_taken() {
        assert_eq!(Shown::read("Bearer abc-._~+/09=="), Shown::Bearer("abc-._~+/09=="));
        assert_eq!(Shown::read("bearer abc"), Shown::Bearer("abc"), "schemes know no case (RFC 9110, section 11.1)");
        assert_eq!(Shown::read("DPoP abc"), Shown::Dpop("abc"));
        assert_eq!(Shown::read("dpop abc"), Shown::Dpop("abc"));
        let long = format!("Bearer {}", "a".repeat(MAX_TOKEN + 1));
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "DPoP",
            "DPoP ",
            "DPoP a b",
            "DPoPabc",
            "Basic abc",
            "abc",
            "Bearer a b",
            "Bearer  abc",
            "Bearer =",
            "Bearer a,b",
            &long,
        ] {
            assert_eq!(Shown::read(bad), Shown::Other, "{bad}");
        }
    }
}
