//! How much of a resource is shown (FHIR search, summary and elements). What must be there and what changes the
//! meaning of the rest always stays, and the resource is marked as not whole.

use crate::elements::{Child, TypeDef, TypeKind, type_of};
use crate::json::{Kind, Node, Value};
use crate::resource::Resource;
use crate::version::FhirVersion;

/// `_summary`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Summary {
    /// `true`: what the standard marks as part of the summary.
    Marked,
    /// `text`: narrative, id, meta and what is mandatory.
    Text,
    /// `data`: all but the narrative.
    Data,
    /// `count`: no resources at all.
    Count,
    /// `false`, or not asked.
    #[default]
    Whole,
}

impl Summary {
    pub(super) fn read(code: &str) -> Option<Self> {
        Some(match code {
            "true" => Summary::Marked,
            "text" => Summary::Text,
            "data" => Summary::Data,
            "count" => Summary::Count,
            "false" => Summary::Whole,
            _ => return None,
        })
    }

    /// Whether this element of the resource itself belongs in it.
    fn has(self, child: Option<&Child>, name: &str) -> bool {
        match self {
            Summary::Marked => child.is_some_and(|child| child.element.is_summary),
            Summary::Text => name == "text",
            Summary::Data => name != "text",
            Summary::Count | Summary::Whole => true,
        }
    }
}

/// The resource with only what the summary and the listed elements leave, marked `SUBSETTED`; the resource itself
/// when all of it is wanted.
pub(super) fn shape(
    version: FhirVersion,
    resource: &Resource,
    summary: Summary,
    listed: Option<&[String]>,
) -> Resource {
    if listed.is_none() && matches!(summary, Summary::Whole | Summary::Count) {
        return resource.clone();
    }
    let of = type_of(version, &resource.resource_type());
    let mut members = Vec::new();
    for (name, value) in resource.root().members() {
        let plain = name.strip_prefix('_').unwrap_or(&name);
        let child = of.and_then(|of| of.child(plain));
        let element = child.map_or(plain, |child| child.element.name.trim_end_matches("[x]"));
        let is_listed = listed.is_none_or(|listed| listed.iter().any(|wanted| wanted == plain || wanted == element));
        let always = matches!(plain, "resourceType" | "id" | "meta")
            || child.is_some_and(|child| child.element.min > 0 || child.element.is_modifier);
        let wanted = is_listed && summary.has(child, plain);
        if !always && !wanted {
            continue;
        }
        let node = match child.and_then(|child| child.type_def()) {
            Some(inner) if summary == Summary::Marked && inner.kind == TypeKind::Backbone => marked(inner, value),
            _ => value.to_node(),
        };
        members.push((name.into_owned(), node));
    }
    let mut node = Node::Object(members);
    mark(version, &mut node);
    Resource::from_node(&node)
}

/// What the standard marks as part of the summary within an element that is part of it; data types stay whole.
fn marked(of: &TypeDef, value: Value<'_>) -> Node {
    match value.kind() {
        Kind::List => Node::List(value.items().map(|item| marked(of, item)).collect()),
        Kind::Object => {
            let member = |(name, value): (std::borrow::Cow<'_, str>, Value<'_>)| {
                let child = of.child(name.strip_prefix('_').unwrap_or(&name))?;
                let element = child.element;
                let stays = element.is_summary || element.is_modifier || element.min > 0 || name == "id";
                let node = match child.type_def() {
                    Some(inner) if inner.kind == TypeKind::Backbone => marked(inner, value),
                    _ => value.to_node(),
                };
                stays.then(|| (name.into_owned(), node))
            };
            Node::Object(value.members().filter_map(member).collect())
        }
        Kind::Null | Kind::Bool | Kind::Number | Kind::Text => value.to_node(),
    }
}

/// Adds the tag that says that this is not all of it (FHIR search, summary; the code system by its URL of the version).
fn mark(version: FhirVersion, resource: &mut Node) {
    const CODE: &str = "SUBSETTED";
    let system = match version {
        FhirVersion::Stu3 => "http://hl7.org/fhir/v3/ObservationValue",
        FhirVersion::R4 => "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    };
    let mut meta = resource.get("meta").cloned().unwrap_or_else(|| Node::Object(Vec::new()));
    let mut tags = match meta.get("tag") {
        Some(Node::List(tags)) => tags.clone(),
        _ => Vec::new(),
    };
    let is_mark =
        |tag: &Node| tag.get("code") == Some(&Node::text(CODE)) && tag.get("system") == Some(&Node::text(system));
    if !tags.iter().any(is_mark) {
        tags.push(Node::Object(vec![("system".to_owned(), Node::text(system)), ("code".to_owned(), Node::text(CODE))]));
    }
    meta.set("tag", Node::List(tags));
    resource.set("meta", meta);
}
