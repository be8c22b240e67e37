//! The narrative's XHTML (FHIR narrative.html, invariants txt-1 and txt-2): which elements and attributes it may have,
//! and that it says something. It is scanned, not parsed: nothing is built, no entity is expanded.

/// What is wrong with a div.
pub(super) type Wrong = &'static str;

const ELEMENTS: [&str; 54] = [
    "a",
    "abbr",
    "acronym",
    "address",
    "area",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "kbd",
    "li",
    "map",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "strike",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

const ATTRIBUTES: [&str; 62] = [
    "abbr",
    "accesskey",
    "align",
    "alt",
    "axis",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "char",
    "charoff",
    "charset",
    "cite",
    "class",
    "clear",
    "color",
    "colspan",
    "compact",
    "coords",
    "datetime",
    "dir",
    "face",
    "frame",
    "headers",
    "height",
    "href",
    "hreflang",
    "hspace",
    "id",
    "ismap",
    "lang",
    "longdesc",
    "name",
    "nohref",
    "noshade",
    "nowrap",
    "rel",
    "rev",
    "rowspan",
    "rules",
    "scope",
    "shape",
    "size",
    "span",
    "src",
    "start",
    "style",
    "summary",
    "tabindex",
    "target",
    "title",
    "type",
    "usemap",
    "valign",
    "value",
    "vspace",
    "width",
    "xml:base",
    "xml:lang",
    "xml:space",
    "xmlns",
    "profile",
];

const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

/// Checks the text of `Narrative.div`.
pub(super) fn check(div: &str) -> Result<(), Wrong> {
    let mut open: Vec<&str> = Vec::new();
    let mut says_something = false;
    let mut rest = div.trim();
    if !rest.starts_with("<div") {
        return Err("is not a div");
    }
    while let Some(at) = rest.find('<') {
        says_something |= !rest[..at].trim().is_empty();
        if open.is_empty() && !rest[..at].is_empty() {
            return Err("has text outside its div");
        }
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").ok_or("has a comment without an end")?.1;
            continue;
        }
        if rest.starts_with("<!") || rest.starts_with("<?") {
            return Err("has a declaration or a processing instruction");
        }
        let end = tag_end(rest).ok_or("has a tag without an end")?;
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name.trim_end()) {
                return Err("has tags that do not match");
            }
            if open.is_empty() && !rest.trim().is_empty() {
                return Err("has something after its div");
            }
            continue;
        }
        let (tag, closed) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name_end = tag.find(|c: char| c.is_whitespace()).unwrap_or(tag.len());
        let (name, attributes) = tag.split_at(name_end);
        if !ELEMENTS.contains(&name) {
            return Err("has an element that narratives may not have");
        }
        says_something |= name == "img";
        let namespace = attributes_of(attributes)?;
        if open.is_empty() && namespace != Some(NAMESPACE) {
            return Err("is not in the XHTML namespace");
        }
        if !closed {
            if open.len() >= 256 {
                return Err("is nested too deep");
            }
            open.push(name);
        }
    }
    if !open.is_empty() || !rest.trim().is_empty() {
        return Err("has tags that do not match");
    }
    if says_something { Ok(()) } else { Err("says nothing") }
}

/// Where a tag ends: the first `>` outside quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Checks a tag's attributes; the default namespace that it sets.
fn attributes_of(mut rest: &str) -> Result<Option<&str>, Wrong> {
    let mut namespace = None;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(namespace);
        }
        let (name, after) = rest.split_once('=').ok_or("has an attribute without a value")?;
        let name = name.trim_end();
        let after = after.trim_start();
        let quote =
            after.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or("has an attribute without quotes")?;
        let (value, left) = after[1..].split_once(quote).ok_or("has an attribute without an end")?;
        if !ATTRIBUTES.contains(&name) && !name.starts_with("xmlns:") {
            return Err("has an attribute that narratives may not have");
        }
        if matches!(name, "href" | "src")
            && value.trim_start().get(..11).is_some_and(|s| s.eq_ignore_ascii_case("javascript:"))
        {
            return Err("has a link that runs a script");
        }
        if name == "xmlns" {
            namespace = Some(value);
        }
        rest = left;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn div(content: &str) -> Result<(), Wrong> {
        check(&format!("<div xmlns=\"{NAMESPACE}\">{content}</div>"))
    }

    #[test]
    fn a_narrative_formats_text_and_nothing_more() {
        for good in [
            "x",
            "<p class='a'>x &lt; y</p><br/>",
            "<table><tr><td colspan=\"2\">x</td></tr></table>",
            "<img src=\"#i\" alt=\"\"/>",
            "<!-- c --> x",
            "<a href=\"https://x.example\">x</a>",
        ] {
            assert_eq!(div(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("<script>x</script>", "has an element that narratives may not have"),
            ("<p onclick=\"x\">x</p>", "has an attribute that narratives may not have"),
            ("<a href=\"javascript:x\">x</a>", "has a link that runs a script"),
            ("  ", "says nothing"),
            ("<p/>", "says nothing"),
            ("<p>x", "has tags that do not match"),
            ("<p>x</b>", "has tags that do not match"),
            ("<p x>x</p>", "has an attribute without a value"),
            ("<!DOCTYPE x>x", "has a declaration or a processing instruction"),
        ] {
            assert_eq!(div(bad), Err(why), "{bad}");
        }
        assert_eq!(check("<div>x</div>"), Err("is not in the XHTML namespace"));
        assert_eq!(check("x"), Err("is not a div"));
        assert!(check("<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>y").is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_scan_fall_over(text in "<div[<>=\"' /a-zé!-]{0,40}") {
            let _ = check(&text);
        }
    }
}
