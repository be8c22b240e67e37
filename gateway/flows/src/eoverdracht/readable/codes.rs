//! Codes that stand in an element alone, in Dutch. A code without words stays as it is.

use crate::words::{gender, status};

/// What a code says in this element.
pub(super) fn code(element: &str, code: &str) -> String {
    let told = match (element, code) {
        ("gender", code) => gender(code),
        ("criticality", "low") => "laag",
        ("criticality", "high") => "hoog",
        ("criticality", "unable-to-assess") => "niet te beoordelen",
        ("severity", "mild") => "licht",
        ("severity", "moderate") => "matig",
        ("severity", "severe") => "ernstig",
        ("type", "allergy") => "allergie",
        ("type", "intolerance") => "intolerantie",
        ("category", "food") => "voeding",
        ("category", "medication") => "medicatie",
        ("category", "environment") => "omgeving",
        ("category", "biologic") => "biologische stof",
        ("use", "home") => "thuis",
        ("use", "work") => "werk",
        ("use", "temp") => "tijdelijk",
        ("use", "old") => "oud",
        ("use", "mobile") => "mobiel",
        ("use", "official") => "officieel",
        ("use", "usual") => "gebruikelijk",
        ("use", "nickname") => "roepnaam",
        ("intent", "proposal") => "voorstel",
        ("intent", "plan") => "plan",
        ("intent", "order") => "opdracht",
        ("type", "has-member") => "onderdeel",
        ("type", "derived-from") => "afgeleid van",
        ("type", "sequel-to") => "vervolg op",
        ("type", "replaces") => "vervangt",
        ("type", "qualified-by") => "nader bepaald door",
        ("type", "interfered-by") => "beïnvloed door",
        ("taken", "y") => "ja",
        ("taken", "n") => "nee",
        ("taken", "unk") => "onbekend",
        ("taken", "na") => "niet van toepassing",
        ("clinicalStatus" | "verificationStatus" | "status" | "lifecycleStatus", code) => status(code),
        (_, other) => other,
    };
    told.to_owned()
}
