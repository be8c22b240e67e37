//! A Binary as what it holds, when that is what the caller asked for (FHIR R4, binary.html#rest; STU3 alike): its
//! `contentType` is named in `Accept`. A caller that accepts anything gets the resource, like of every other type: what
//! a source calls `text/html` is not pushed at somebody who did not name it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use exchange::ports::SourceFault;
use exchange::{Refusal, ReleasedItem};
use fhir::{FhirVersion, Resource};

use super::{Body, Frame, Made, one, refused};

pub fn answer(frame: &Frame, item: &ReleasedItem) -> Made {
    let resource = item.resource();
    let content_type = resource.root().get("contentType").and_then(|value| value.as_text()).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    if frame.negotiated.wants_native(&content_type) && content_type.bytes().all(plain) {
        return match content(frame.version, resource) {
            Some(content) => {
                let body = Body::Native { content, content_type: content_type.into_owned() };
                Made { body, ..one(item) }
            }
            None => refused(&Refusal::Source(SourceFault::Unusable("a Binary whose content is no base64"))),
        };
    }
    if frame.negotiated.is_possible() { one(item) } else { refused(&Refusal::NotAcceptable) }
}

/// The content: `data` in R4, `content` in STU3. White space within it means nothing (`base64Binary`).
fn content(version: FhirVersion, binary: &Resource) -> Option<Bytes> {
    let name = match version {
        FhirVersion::Stu3 => "content",
        FhirVersion::R4 => "data",
    };
    let text = binary.root().get(name)?.as_text()?;
    let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(text).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use fhir::json::Node;

    use super::*;

    #[test]
    fn the_content_stands_where_the_version_has_it() {
        let binary = |text: &str| Resource::from_node(&Node::read(text).unwrap());
        let r4 = binary(r#"{"resourceType":"Binary","contentType":"application/pdf","data":"JVBE\n Rg=="}"#);
        let stu3 = binary(r#"{"resourceType":"Binary","contentType":"application/pdf","content":"JVBERg=="}"#);
        assert_eq!(content(FhirVersion::R4, &r4).as_deref(), Some(&b"%PDF"[..]));
        assert_eq!(content(FhirVersion::Stu3, &stu3).as_deref(), Some(&b"%PDF"[..]));
        assert_eq!(content(FhirVersion::R4, &stu3), None);
        assert_eq!(content(FhirVersion::R4, &binary(r#"{"resourceType":"Binary","data":"%%%"}"#)), None);
    }
}
