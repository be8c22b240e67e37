//! Element paths of search parameters: member names, with conditions on neighbours where the definition has them.

use crate::json::Value;

/// Every element at one of the paths (separated by `|`) below a value.
pub(super) fn elements<'d>(root: Value<'d>, paths: &str) -> Vec<Value<'d>> {
    paths.split('|').flat_map(|path| at(root, path)).collect()
}

/// Every element at one path: `name.name`, `name[member=text].name`, or `$this`.
fn at<'d>(root: Value<'d>, path: &str) -> Vec<Value<'d>> {
    if path == "$this" {
        return vec![root];
    }
    let mut reached = vec![root];
    let mut rest = path;
    while !rest.is_empty() && !reached.is_empty() {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        reached = reached.iter().filter_map(|value| value.get(name)).flat_map(|value| value.each()).collect();
        rest = after;
        if let Some((condition, after)) = rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
            let (member, text) = condition.split_once('=').unwrap_or((condition, ""));
            reached.retain(|value| value.all(member).iter().any(|found| found.as_text().is_some_and(|is| is == text)));
            rest = after;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Document, Limits};

    #[test]
    fn a_condition_chooses_among_neighbours() {
        let text = r#"{"telecom":[{"system":"phone","value":"1"},{"system":"email","value":"2"},{"value":"3"}],
            "extension":[{"url":"http://a.example/b.c","valueString":"x","extension":[{"url":"y"}]},{"url":"z"}],"id":"i"}"#;
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let texts = |path: &str| -> Vec<String> {
            elements(document.root(), path).iter().map(|value| value.raw().to_owned()).collect()
        };
        for (path, expected) in [
            ("telecom[system=phone].value", vec![r#""1""#]),
            ("telecom[system=fax].value", vec![]),
            ("telecom.value", vec![r#""1""#, r#""2""#, r#""3""#]),
            ("extension[url=http://a.example/b.c].valueString", vec![r#""x""#]),
            ("extension[extension.url=y].url|id", vec![r#""http://a.example/b.c""#, r#""i""#]),
            ("extension[url=z].valueString", vec![]),
            ("nothing.at.all", vec![]),
        ] {
            assert_eq!(texts(path), expected, "{path}");
        }
        assert_eq!(elements(document.root(), "$this").len(), 1);
    }
}
