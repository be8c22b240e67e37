//! Titles, anchors and labels of what is shown.

use flows::overview::{Aspect, SectionKind};

pub(crate) fn section_title(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Alerts => "Waarschuwingen",
        SectionKind::Allergies => "Allergieën en intoleranties",
        SectionKind::Problems => "Problemen",
        SectionKind::Medication => "Medicatie",
        SectionKind::Directives => "Behandelaanwijzingen en wilsverklaringen",
        SectionKind::Measurements => "Metingen en uitslagen",
        SectionKind::Care => "Zorgplannen en doelen",
        SectionKind::Procedures => "Verrichtingen",
        SectionKind::Vaccinations => "Vaccinaties",
        SectionKind::Encounters => "Contacten en episodes",
        SectionKind::Other => "Overig",
        SectionKind::Supporting => "Meegestuurd",
    }
}

/// The id of a section on the page.
pub(crate) fn anchor(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Alerts => "waarschuwingen",
        SectionKind::Allergies => "allergieen",
        SectionKind::Problems => "problemen",
        SectionKind::Medication => "medicatie",
        SectionKind::Directives => "behandelaanwijzingen",
        SectionKind::Measurements => "metingen",
        SectionKind::Care => "zorgplannen",
        SectionKind::Procedures => "verrichtingen",
        SectionKind::Vaccinations => "vaccinaties",
        SectionKind::Encounters => "contacten",
        SectionKind::Other => "overig",
        SectionKind::Supporting => "meegestuurd",
    }
}

pub(crate) fn aspect(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Value => "Waarde",
        Aspect::Interpretation => "Duiding",
        Aspect::ReferenceRange => "Referentie",
        Aspect::Missing => "Geen waarde",
        Aspect::Dosage => "Dosering",
        Aspect::Quantity => "Hoeveelheid",
        Aspect::Decision => "Besluit",
        Aspect::Criticality => "Mate van kritiek zijn",
        Aspect::Severity => "Ernst",
        Aspect::Reaction => "Reactie",
        Aspect::Site => "Plaats op het lichaam",
        Aspect::Reason => "Reden",
        Aspect::Result => "Uitkomst",
        Aspect::Target => "Doel",
        Aspect::Activity => "Activiteiten",
        Aspect::Members => "Onderdelen",
        Aspect::By => "Door",
        Aspect::Place => "Plaats",
        Aspect::Category => "Soort",
        Aspect::Until => "Tot",
        Aspect::Description => "Omschrijving",
        Aspect::Note => "Toelichting",
    }
}
