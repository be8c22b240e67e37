//! What came back, in JSON or XML, as one form to judge: entries with their resources, links, total.

use serde_json::{Map, Value};

use crate::xml::Element;

/// A page of an answer.
pub struct Page {
    pub kind: String,
    pub total: Option<usize>,
    /// Relation and address.
    pub links: Vec<(String, String)>,
    pub entries: Vec<Entry>,
}

pub struct Entry {
    pub full_url: String,
    /// `match`, `include` or `outcome`; empty when it is not said.
    pub mode: String,
    pub resource: Resource,
}

/// A resource in the form in which it came.
pub enum Resource {
    Json(Value),
    Xml(Element),
}

impl Page {
    /// # Errors
    /// Why it is no Bundle.
    pub fn of_json(body: &[u8]) -> Result<Self, String> {
        let mut bundle: Value = serde_json::from_slice(body).map_err(|_| "the answer is not JSON".to_owned())?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if bundle["resourceType"] != "Bundle" {
            return Err(format!("the answer is a {}", text(&bundle["resourceType"])));
        }
        let links = bundle["link"].as_array().into_iter().flatten();
        let links = links.map(|link| (text(&link["relation"]), text(&link["url"]))).collect();
        let (kind, total) = (text(&bundle["type"]), bundle["total"].as_u64().and_then(|total| total.try_into().ok()));
        let entries = bundle["entry"].as_array_mut().map(std::mem::take).unwrap_or_default();
        let entries = entries.into_iter().map(|mut entry| Entry {
            full_url: text(&entry["fullUrl"]),
            mode: text(&entry["search"]["mode"]),
            resource: Resource::Json(entry["resource"].take()),
        });
        Ok(Page { kind, total, links, entries: entries.collect() })
    }

    /// # Errors
    /// Why it is no Bundle.
    pub fn of_xml(body: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(body).map_err(|_| "the answer is not UTF-8".to_owned())?;
        let bundle = Element::read(text).map_err(|what| format!("the answer is not XML: {what}"))?;
        if bundle.name != "Bundle" {
            return Err(format!("the answer is a {}", bundle.name));
        }
        let owned = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let links = bundle.all("link").map(|link| (owned(link.value_of("relation")), owned(link.value_of("url"))));
        let mut entries = Vec::new();
        for entry in bundle.all("entry") {
            let resource = entry.first("resource").and_then(|resource| resource.elements().next());
            entries.push(Entry {
                full_url: owned(entry.value_of("fullUrl")),
                mode: owned(entry.first("search").and_then(|search| search.value_of("mode"))),
                resource: Resource::Xml(resource.ok_or("an entry has no resource")?.clone()),
            });
        }
        Ok(Page {
            kind: owned(bundle.value_of("type")),
            total: bundle.value_of("total").and_then(|total| total.parse().ok()),
            links: links.collect(),
            entries,
        })
    }

    pub fn link(&self, relation: &str) -> Option<&str> {
        self.links.iter().find(|(known, _)| known == relation).map(|(_, url)| url.as_str())
    }
}

impl Resource {
    pub fn kind(&self) -> &str {
        match self {
            Resource::Json(value) => value["resourceType"].as_str().unwrap_or_default(),
            Resource::Xml(element) => &element.name,
        }
    }

    pub fn id(&self) -> &str {
        match self {
            Resource::Json(value) => value["id"].as_str().unwrap_or_default(),
            Resource::Xml(element) => element.value_of("id").unwrap_or_default(),
        }
    }

    /// Whether it says what this resource says, but for the version that its server gave it.
    pub fn is(&self, expected: &Value) -> bool {
        let expected = without_version(expected);
        match self {
            Resource::Json(value) => without_version(value) == expected,
            Resource::Xml(element) => {
                let mut element = element.clone();
                strip_version(&mut element);
                expected.as_object().is_some_and(|object| object_says(object, &element))
            }
        }
    }
}

fn without_version(resource: &Value) -> Value {
    let mut resource = resource.clone();
    let meta = resource.get_mut("meta").and_then(Value::as_object_mut);
    let bare = meta.is_some_and(|meta| {
        for name in ["versionId", "lastUpdated", "source"] {
            meta.remove(name);
        }
        meta.is_empty()
    });
    if bare && let Some(object) = resource.as_object_mut() {
        object.remove("meta");
    }
    resource
}

fn strip_version(resource: &mut Element) {
    use crate::xml::Content;
    let named = |content: &Content, names: &[&str]| matches!(content, Content::Element(element) if names.contains(&element.name.as_str()));
    for content in &mut resource.content {
        if let Content::Element(meta) = content
            && meta.name == "meta"
        {
            meta.content.retain(|content| !named(content, &["versionId", "lastUpdated", "source"]));
        }
    }
    resource.content.retain(
        |content| !matches!(content, Content::Element(meta) if meta.name == "meta" && meta.elements().next().is_none()),
    );
}

/// Whether an element says what an object says: by the rules of FHIR's two forms, without knowing any type.
fn object_says(object: &Map<String, Value>, element: &Element) -> bool {
    let mut names: Vec<&str> = object.keys().map(|name| name.strip_prefix('_').unwrap_or(name)).collect();
    names.dedup();
    let kind = object.get("resourceType").and_then(Value::as_str);
    if kind.is_some_and(|kind| kind != element.name) {
        return false;
    }
    let in_attribute = |name: &str| {
        (name == "id" && kind.is_none())
            || (name == "url" && matches!(element.name.as_str(), "extension" | "modifierExtension"))
    };
    let known = |name: &str| name != "resourceType" && !in_attribute(name);
    let attributes_hold = ["id", "url"]
        .iter()
        .filter(|name| in_attribute(name))
        .all(|name| object.get(*name).and_then(Value::as_str) == element.attribute(name));
    attributes_hold
        && element.elements().all(|child| names.contains(&child.name.as_str()))
        && names.into_iter().filter(|name| known(name)).all(|name| {
            let children: Vec<&Element> = element.all(name).collect();
            let values = listed(object.get(name), children.len());
            let beside = listed(object.get(&format!("_{name}")), children.len());
            let (Some(values), Some(beside)) = (values, beside) else { return false };
            children
                .iter()
                .zip(values.iter().zip(beside))
                .all(|(child, (value, beside))| value_says(value, beside, child))
        })
}

/// The values of a member, as many as there are elements. A member that is not there is as many nothings.
fn listed(member: Option<&Value>, count: usize) -> Option<Vec<&Value>> {
    let values = match member {
        None => vec![&Value::Null; count],
        Some(Value::Array(list)) => list.iter().collect(),
        Some(value) => vec![value],
    };
    (values.len() == count).then_some(values)
}

fn value_says(value: &Value, beside: &Value, element: &Element) -> bool {
    match value {
        Value::Object(object) if object.contains_key("resourceType") => {
            let inner: Vec<&Element> = element.elements().collect();
            matches!(inner.as_slice(), [resource] if object_says(object, resource))
        }
        Value::Object(object) => object_says(object, element),
        Value::String(markup) if element.name == "div" => {
            Element::read(markup).is_ok_and(|expected| expected.says_the_same(element))
        }
        primitive => {
            let text = match primitive {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            let holds = match beside {
                Value::Object(object) => object_says(object, element),
                _ => element.elements().next().is_none(),
            };
            holds && same_primitive(text.as_deref(), element.value())
        }
    }
}

/// Texts are the same; numbers may be written `1.0` here and `1` there only when JSON could not tell them apart.
fn same_primitive(expected: Option<&str>, found: Option<&str>) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    match (expected, found) {
        (Some(expected), Some(found)) if expected != found => {
            number(expected).is_some_and(|expected| number(found) == Some(expected))
        }
        (expected, found) => expected == found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_forms_of_a_bundle_read_alike() {
        let json = br#"{"resourceType":"Bundle","type":"searchset","total":1,"link":[{"relation":"self","url":"u"}],
            "entry":[{"fullUrl":"f","resource":{"resourceType":"Patient","id":"p"},"search":{"mode":"match"}}]}"#;
        let xml = b"<Bundle xmlns='http://hl7.org/fhir'><type value='searchset'/><total value='1'/>\
            <link><relation value='self'/><url value='u'/></link><entry><fullUrl value='f'/>\
            <resource><Patient><id value='p'/></Patient></resource><search><mode value='match'/></search></entry></Bundle>";
        for page in [Page::of_json(json).unwrap(), Page::of_xml(xml).unwrap()] {
            assert_eq!((page.kind.as_str(), page.total, page.link("self")), ("searchset", Some(1), Some("u")));
            let entry = &page.entries[0];
            assert_eq!((entry.full_url.as_str(), entry.mode.as_str()), ("f", "match"));
            assert_eq!((entry.resource.kind(), entry.resource.id()), ("Patient", "p"));
            assert!(entry.resource.is(&json!({"resourceType": "Patient", "id": "p", "meta": {"versionId": "1"}})));
        }
        assert!(Page::of_json(b"{\"resourceType\":\"Patient\"}").is_err() && Page::of_xml(b"<Patient/>").is_err());
    }

    #[test]
    fn an_xml_resource_that_lost_or_gained_something_is_another() {
        let expected = json!({
            "resourceType": "Observation", "id": "o", "text": {"div": "<div xmlns='x'>a <b>c</b></div>"},
            "meta": {"versionId": "7", "profile": ["p"]},
            "category": [{"coding": [{"code": "1"}, {"code": "2"}]}],
            "valueQuantity": {"value": 1.50, "_unit": {"extension": [{"url": "u", "valueBoolean": true}]}},
            "contained": [{"resourceType": "Device", "id": "d"}]
        });
        let whole = "<Observation xmlns='http://hl7.org/fhir'><id value='o'/><meta><versionId value='1'/><profile value='p'/></meta>\
            <text><div xmlns='x'>a <b>c</b></div></text><contained><Device><id value='d'/></Device></contained>\
            <category><coding><code value='1'/></coding><coding><code value='2'/></coding></category>\
            <valueQuantity><value value='1.50'/><unit><extension url='u'><valueBoolean value='true'/></extension></unit></valueQuantity></Observation>";
        let is = |text: &str| Resource::Xml(Element::read(text).unwrap()).is(&expected);
        assert!(is(whole));
        for (part, other) in [
            ("<b>c</b>", ""),
            ("<profile value='p'/>", ""),
            ("<coding><code value='2'/></coding>", ""),
            ("url='u'", "url='v'"),
            ("value='1.50'", "value='1.51'"),
            ("<Device><id value='d'/></Device>", "<Device/>"),
            ("<id value='o'/>", "<id value='o'/><status value='final'/>"),
            ("<valueBoolean value='true'/>", "<valueBoolean value='false'/>"),
        ] {
            assert!(!is(&whole.replace(part, other)), "{part}");
        }
    }
}
