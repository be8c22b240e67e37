//! Values of headers, made of what a resource says of itself.

/// A weak ETag of a version id, when it can stand in a header.
pub fn etag(version: &str) -> Option<String> {
    let plain = version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    (plain && !version.is_empty()).then(|| format!("W/\"{version}\""))
}

/// A FHIR instant as an HTTP date (RFC 9110, 5.6.7).
pub fn http_date(instant: &str) -> Option<String> {
    let moment = time::OffsetDateTime::parse(instant, &time::format_description::well_known::Rfc3339).ok()?;
    let moment = moment.to_offset(time::UtcOffset::UTC);
    let weekday = moment.weekday().to_string();
    let month = moment.month().to_string();
    Some(format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        weekday.get(..3)?,
        moment.day(),
        month.get(..3)?,
        moment.year(),
        moment.hour(),
        moment.minute(),
        moment.second()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_becomes_an_http_date() {
        assert_eq!(http_date("2026-11-22T21:03:04+01:00").as_deref(), Some("Sun, 22 Nov 2026 20:03:04 GMT"));
        assert_eq!(http_date("gisteren"), None);
    }

    #[test]
    fn an_etag_holds_no_foreign_characters() {
        assert_eq!(etag("3").as_deref(), Some("W/\"3\""));
        assert_eq!(etag("a\"b"), None);
        assert_eq!(etag(""), None);
    }
}
