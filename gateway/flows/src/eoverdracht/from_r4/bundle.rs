//! The Bundle: its form, its entries, and whether what was made of them says all that came.

use fhir::json::{Limits, Node};
use fhir::{Resource, structure};

use super::around::{Around, Contained, text};
use super::place::Place;
use super::turn::Turn;
use super::unmapped::{MOST, NotConverted, Unmapped};
use super::{Way, Why, living_will, plain, reference, rows};

/// A Bundle in R4 as one in STU3. The same bytes make the same.
///
/// # Errors
/// Why it is none: with every element that has no place, up to a bound.
pub fn to_stu3(pushed: &Resource) -> Result<Resource, NotConverted> {
    both_ways(Way::ToStu3, pushed)
}

/// A Bundle in STU3 as one in R4: the same tables read the other way.
///
/// # Errors
/// Why it is none: with every element that has no place, up to a bound.
pub fn to_r4(handoff: &Resource) -> Result<Resource, NotConverted> {
    both_ways(Way::ToR4, handoff)
}

/// One way, and back to see that nothing was lost.
fn both_ways(way: Way, bundle: &Resource) -> Result<Resource, NotConverted> {
    let back = match way {
        Way::ToStu3 => Way::ToR4,
        Way::ToR4 => Way::ToStu3,
    };
    let came = entries_of(bundle)?;
    structure::check(way.from(), bundle)?;
    if bundle.root().get("signature").is_some() {
        // What was signed is what came, and not what is made of it.
        let signature = Unmapped { place: "Bundle.signature".to_owned(), why: Why::Element };
        return Err(NotConverted::Unmapped(vec![signature]));
    }
    let (came, made) = one_way(way, came, true)?;
    // What came need not have all that its version requires.
    let returned = one_way(back, made.clone(), false).map(|(_, returned)| returned);
    let mut faults = Vec::new();
    for (at, entry) in came.iter().enumerate() {
        let is_same = returned.as_ref().is_ok_and(|all| all.get(at).map(plain::ordered) == Some(plain::ordered(entry)));
        if !is_same && faults.len() < MOST {
            faults.push(Unmapped { place: format!("Bundle.entry[{at}]"), why: Why::Altered });
        }
    }
    if !faults.is_empty() {
        return Err(NotConverted::Unmapped(faults));
    }
    let made = rebuilt(bundle, made)?;
    structure::check(way.to(), &made)?;
    Ok(made)
}

fn entries_of(bundle: &Resource) -> Result<Vec<Node>, NotConverted> {
    if bundle.resource_type() != "Bundle" {
        return Err(NotConverted::NoBundle);
    }
    Ok(bundle.root().all("entry").into_iter().map(|entry| entry.to_node()).collect())
}

/// The entries, saying once what they say twice, and what is made of them.
fn one_way(way: Way, mut entries: Vec<Node>, requires: bool) -> Result<(Vec<Node>, Vec<Node>), NotConverted> {
    if way == Way::ToStu3 {
        let around = Around::of(&entries);
        for entry in &mut entries {
            let contained = entry.get("resource").map(Contained::of).unwrap_or_default();
            plain::said_once(entry, &around, &contained);
            each_consent(entry, &mut living_will::said_once);
        }
    }
    let around = Around::of(&entries);
    let (mut made, mut faults) = (Vec::new(), Vec::new());
    for (at, entry) in entries.iter().enumerate() {
        let contained = entry.get("resource").map(Contained::of).unwrap_or_default();
        let place = Place::at(format!("Bundle.entry[{at}]"));
        let mut turn = Turn { way, around: &around, contained, requires, place, faults: Vec::new() };
        made.extend(turn.entry(entry));
        faults.extend(turn.faults);
        if faults.len() >= MOST {
            break;
        }
    }
    if faults.is_empty() {
        return Ok((entries, made));
    }
    faults.truncate(MOST);
    Err(NotConverted::Unmapped(faults))
}

/// Every Consent in a value.
fn each_consent(node: &mut Node, see: &mut impl FnMut(&mut Node)) {
    if text(node, "resourceType") == Some("Consent") {
        see(node);
    }
    match node {
        Node::Object(members) => {
            let holding = members.iter_mut().filter(|(name, _)| matches!(name.as_str(), "resource" | "contained"));
            holding.for_each(|(_, member)| each_consent(member, see));
        }
        Node::List(items) => items.iter_mut().for_each(|item| each_consent(item, see)),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
    }
}

impl Turn<'_> {
    fn entry(&mut self, entry: &Node) -> Option<Node> {
        let Node::Object(members) = entry else { return None };
        let kind = entry.get("resource").and_then(|resource| text(resource, "resourceType")).unwrap_or_default();
        let there = rows::resource(self.way, kind).unwrap_or(kind);
        let mut made = Vec::new();
        for (name, member) in members {
            let length = self.place.enter(name);
            let member = match (name.as_str(), member) {
                ("modifierExtension", _) => {
                    self.fault(Why::Modifier);
                    None
                }
                ("resource", resource) => self.resource(resource),
                ("fullUrl", Node::Text(url)) => {
                    Some(Node::text(reference::in_url(url, kind, there).as_deref().unwrap_or(url)))
                }
                ("request", request) => Some(requested(request, kind, there)),
                (_, member) => Some(member.clone()),
            };
            self.place.leave(length);
            made.extend(member.map(|member| (name.clone(), member)));
        }
        Some(Node::Object(made))
    }
}

/// What a transaction asks to be done with the resource, by the name of its type in the other version.
fn requested(request: &Node, kind: &str, there: &str) -> Node {
    let mut request = request.clone();
    let url = text(&request, "url").and_then(|url| match url.strip_prefix(kind) {
        Some(rest) if !kind.is_empty() && (rest.is_empty() || rest.starts_with('/')) => Some(format!("{there}{rest}")),
        _ => None,
    });
    if let Some(url) = url {
        request.set("url", Node::text(url));
    }
    request
}

/// The Bundle with these entries: of its envelope, what says which form it has and whether it is whole.
fn rebuilt(bundle: &Resource, entries: Vec<Node>) -> Result<Resource, NotConverted> {
    let mut members = vec![("resourceType".to_owned(), Node::text("Bundle"))];
    for name in ["type", "link"] {
        members.extend(bundle.root().get(name).map(|member| (name.to_owned(), member.to_node())));
    }
    if !entries.is_empty() {
        members.push(("entry".to_owned(), Node::List(entries)));
    }
    let text = Node::Object(members).write();
    let limits = Limits { bytes: text.len(), ..Limits::default() };
    Resource::parse(text.into(), &limits).map_err(|_| NotConverted::TooLarge)
}
