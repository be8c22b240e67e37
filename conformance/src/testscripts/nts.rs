//! The sources that published TestScripts are made of (Nictiz TestScript, `nts`): a script that includes components with
//! parameters. Those of the negotiation phase are published in no other form any more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::xml::{Content, Element};

/// How deep components include one another.
const DEEPEST: usize = 16;
/// The target that is built where none is named.
const TARGET: &str = "#default";

/// Where components are.
pub struct Components {
    pub own: PathBuf,
    pub common: PathBuf,
}

type Parameters = BTreeMap<String, String>;

impl Components {
    /// The script with everything that it includes.
    ///
    /// # Errors
    /// A sentence about what it lacks.
    pub fn whole(&self, file: &Path) -> Result<Element, String> {
        let root = read(file)?;
        let mut built = root.clone();
        built.content = self.content(&root, &Parameters::new(), &self.own, DEEPEST)?;
        Ok(built)
    }

    /// What an element has, with parameters filled in and components in the place of what includes them.
    fn content(
        &self,
        of: &Element,
        parameters: &Parameters,
        here: &Path,
        depth: usize,
    ) -> Result<Vec<Content>, String> {
        let mut all = Vec::new();
        for content in &of.content {
            let Content::Element(element) = content else { continue };
            if !is_built(element, parameters) {
                continue;
            }
            if element.name == "include" {
                let component = element.attribute("value").ok_or("an include names no component")?;
                let folder = match element.attribute("scope") {
                    Some("common") => self.common.as_path(),
                    _ => here,
                };
                if depth == 0 {
                    return Err("components include one another without end".to_owned());
                }
                let component = read(&folder.join(format!("{component}.xml")))?;
                // What is not said anew is as it is where it is included.
                let mut inner = parameters.clone();
                for (name, value) in &element.attributes {
                    inner.insert(name.clone(), filled(value, parameters));
                }
                all.extend(self.content(&component, &inner, folder, depth - 1)?);
            } else {
                let mut built = element.clone();
                for (_, value) in &mut built.attributes {
                    *value = filled(value, parameters);
                }
                built.content = self.content(element, parameters, here, depth)?;
                all.push(Content::Element(built));
            }
        }
        Ok(all)
    }
}

fn is_built(element: &Element, parameters: &Parameters) -> bool {
    let in_target = element.attribute("in-targets").is_none_or(|targets| targets.split(' ').any(|one| one == TARGET));
    let set = element.attribute("ifset").is_none_or(|name| parameters.contains_key(name));
    let not_set = element.attribute("ifnotset").is_none_or(|name| !parameters.contains_key(name));
    in_target && set && not_set
}

fn filled(text: &str, parameters: &Parameters) -> String {
    let mut filled = text.to_owned();
    for (name, value) in parameters {
        filled = filled.replace(&format!("{{${name}}}"), value);
    }
    filled
}

fn read(file: &Path) -> Result<Element, String> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = std::fs::read_to_string(file).map_err(|fault| format!("{name}: {fault}"))?;
    Element::read(&text).map_err(|fault| format!("{name}: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_included_with_what_is_said_where_it_is_included_and_above() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let ns = "xmlns:nts=\"http://nictiz.nl/xsl/testscript\"";
        write(
            "script.xml",
            &format!(
                "<a {ns}><nts:include value=\"one\" name=\"x\"/><nts:include value=\"two\" nts:in-targets=\"other\"/></a>"
            ),
        );
        write(
            "one.xml",
            &format!(
                "<nts:component {ns}><b value=\"{{$name}}\"/><nts:include value=\"two\" more=\"y{{$name}}\"/></nts:component>"
            ),
        );
        write(
            "two.xml",
            &format!(
                "<nts:component {ns}><c nts:ifset=\"more\" value=\"{{$more}}{{$name}}\"/><d nts:ifset=\"nothing\"/></nts:component>"
            ),
        );
        let components = Components { own: folder.path().to_owned(), common: folder.path().to_owned() };
        let whole = components.whole(&folder.path().join("script.xml")).unwrap();
        let found: Vec<_> = whole.elements().map(|one| (one.name.as_str(), one.value().unwrap_or_default())).collect();
        assert_eq!(found, [("b", "x"), ("c", "yxx")]);
    }
}
