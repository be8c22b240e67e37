//! The `Authorization` header of a bearer token (RFC 6750, section 2.1).

/// No token of ours is longer; a longer one is not looked at.
const MAX_TOKEN: usize = 512;

/// The token of a header value, when it is a well-formed bearer token.
pub(crate) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && token.len() <= MAX_TOKEN && is_token(token)).then_some(token)
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
    fn only_a_well_formed_bearer_token_is_taken() {
        assert_eq!(bearer("Bearer abc-._~+/09=="), Some("abc-._~+/09=="));
        assert_eq!(bearer("bearer abc"), Some("abc"), "schemes know no case (RFC 9110, section 11.1)");
        let long = format!("Bearer {}", "a".repeat(MAX_TOKEN + 1));
        for bad in
            ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearer a b", "Bearer  abc", "Bearer =", "Bearer a,b", &long]
        {
            assert_eq!(bearer(bad), None, "{bad}");
        }
    }
}
