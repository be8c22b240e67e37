//! The body of a token request: a form in which no parameter comes twice (RFC 6749, section 3.2).

use std::borrow::Cow;

use percent_encoding::percent_decode;
use zeroize::Zeroizing;

/// The most a token request may take, in bytes: two presentations of 32 KiB and what goes with them.
pub const MAX_FORM: usize = 80 * 1024;
const MAX_PARAMETERS: usize = 32;

/// The parameters that a token endpoint looks at. Others are ignored, as the RFC has it.
#[derive(Default)]
pub(super) struct TokenForm {
    pub(super) grant_type: Option<Zeroizing<String>>,
    pub(super) client_assertion_type: Option<Zeroizing<String>>,
    pub(super) client_assertion: Option<Zeroizing<String>>,
    pub(super) client_id: Option<Zeroizing<String>>,
    pub(super) client_secret: Option<Zeroizing<String>>,
    pub(super) scope: Option<Zeroizing<String>>,
    /// Of notified pull.
    pub(super) authorization_base: Option<Zeroizing<String>>,
    /// Of the grants that are an assertion (RFC 7521, section 4.1).
    pub(super) assertion: Option<Zeroizing<String>>,
    /// Of Nuts RFC021, section 3.
    pub(super) presentation_submission: Option<Zeroizing<String>>,
    /// Of an introspection request (RFC 7662, section 2.1).
    pub(super) token: Option<Zeroizing<String>>,
}

/// Why a body is no token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormFault {
    TooLarge,
    Malformed,
    Twice,
}

impl TokenForm {
    /// Reads a form. A parameter without a value counts as absent.
    pub(super) fn read(body: &str) -> Result<Self, FormFault> {
        if body.len() > MAX_FORM {
            return Err(FormFault::TooLarge);
        }
        let mut form = TokenForm::default();
        for (count, pair) in body.split('&').filter(|pair| !pair.is_empty()).enumerate() {
            if count >= MAX_PARAMETERS {
                return Err(FormFault::TooLarge);
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            let place = match name.as_str() {
                "grant_type" => &mut form.grant_type,
                "client_assertion_type" => &mut form.client_assertion_type,
                "client_assertion" => &mut form.client_assertion,
                "client_id" => &mut form.client_id,
                "client_secret" => &mut form.client_secret,
                "scope" => &mut form.scope,
                "authorization_base" => &mut form.authorization_base,
                "assertion" => &mut form.assertion,
                "presentation_submission" => &mut form.presentation_submission,
                "token" => &mut form.token,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(FormFault::Twice);
            }
        }
        for place in [
            &mut form.grant_type,
            &mut form.client_assertion_type,
            &mut form.client_assertion,
            &mut form.client_id,
            &mut form.client_secret,
            &mut form.scope,
            &mut form.authorization_base,
            &mut form.assertion,
            &mut form.presentation_submission,
            &mut form.token,
        ] {
            place.take_if(|value| value.is_empty());
        }
        Ok(form)
    }
}

/// Decodes strictly: a broken escape or text that is not UTF-8 is a fault, not a guess.
fn decode(text: &str) -> Result<Zeroizing<String>, FormFault> {
    let bytes = text.as_bytes();
    for (place, byte) in bytes.iter().enumerate() {
        let escape = bytes.get(place + 1..place + 3);
        if *byte == b'%' && !escape.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err(FormFault::Malformed);
        }
    }
    let spaced: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8().map_err(|_| FormFault::Malformed)?;
    Ok(Zeroizing::new(decoded.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &Option<Zeroizing<String>>) -> Option<&str> {
        value.as_ref().map(|value| value.as_str())
    }

    #[test]
    fn parameters_are_decoded_and_unknown_ones_ignored() {
        let form =
            TokenForm::read("scope=bgz+health%2Doverview&x=1&x=2&grant_type=client_credentials&client_id=").unwrap();
        assert_eq!(text(&form.scope), Some("bgz health-overview"));
        assert_eq!(text(&form.grant_type), Some("client_credentials"));
        assert_eq!(text(&form.client_id), None, "without a value it is absent");
    }

    #[test]
    fn a_parameter_that_comes_twice_is_a_fault_also_in_disguise() {
        for body in ["scope=a&scope=a", "scope=a&%73cope=b", "scope=&scope=b", "scope&scope"] {
            assert_eq!(TokenForm::read(body).err(), Some(FormFault::Twice), "{body}");
        }
    }

    #[test]
    fn broken_escapes_and_oversize_are_faults() {
        for body in ["scope=%", "scope=%2", "scope=%zz", "scope=%ff", "%ff=1"] {
            assert_eq!(TokenForm::read(body).err(), Some(FormFault::Malformed), "{body}");
        }
        assert_eq!(TokenForm::read(&"a".repeat(MAX_FORM + 1)).err(), Some(FormFault::TooLarge));
        assert_eq!(TokenForm::read(&"a=1&".repeat(MAX_PARAMETERS + 1)).err(), Some(FormFault::TooLarge));
    }
}
