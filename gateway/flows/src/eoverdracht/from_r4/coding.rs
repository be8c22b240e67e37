//! Codings: the code systems of HL7 go by other URLs in the two versions.

use fhir::elements::TypeDef;
use fhir::json::Node;

use super::Why;
use super::around::text;
use super::systems::{self, KnownSystem};
use super::turn::Turn;

impl Turn<'_> {
    /// One Coding. A code that only one version has in the system has no equal, and the version of a code system that goes by
    /// another URL is another version.
    pub(super) fn coding(&mut self, coding: &Node, from: &'static TypeDef, to: &'static TypeDef) -> Option<Node> {
        let mut made = self.object(coding, from, to);
        let Some(url) = text(coding, "system") else { return Some(made) };
        match systems::system(self.way, url) {
            KnownSystem::Unlisted => {}
            KnownSystem::OfTheOther => {
                self.fault_at("system", Why::Code);
                return None;
            }
            KnownSystem::As(other, alone) => {
                if text(coding, "code").is_some_and(|code| alone.contains(code)) {
                    self.fault_at("code", Why::Code);
                    return None;
                }
                if other != url && coding.get("version").is_some() {
                    self.fault_at("version", Why::Code);
                    return None;
                }
                made.set("system", Node::text(other));
            }
        }
        Some(made)
    }
}
