//! Dutch words of the medication overview, as a pharmacist or nurse says them.

use flows::medication::{Analyte, Because, Kind, Line, Medication, Moment, Named, Section, Stop};

use super::moments::short_day;
use audit::hints::in_amsterdam;

pub(crate) fn title(section: Section) -> &'static str {
    match section {
        Section::Current => "Actueel",
        Section::Interrupted => "Onderbroken",
        Section::Planned => "Gepland",
        Section::RecentlyStopped => "Recent gestopt",
        Section::Unclear => "Onduidelijk: zelf beoordelen",
        Section::Later => "Later gepland",
        Section::History => "Eerder gestopt",
    }
}

pub(crate) fn anchor(section: Section) -> &'static str {
    match section {
        Section::Current => "actueel",
        Section::Interrupted => "onderbroken",
        Section::Planned => "gepland",
        Section::RecentlyStopped => "gestopt",
        Section::Unclear => "onduidelijk",
        Section::Later => "later",
        Section::History => "eerder",
    }
}

/// Said of an empty section. Never "there is none": only what was or was not received.
pub(crate) fn empty(complete: bool) -> &'static str {
    if complete { "Niets ontvangen." } else { "Niets ontvangen, maar niet alle bronnen hebben alles geleverd." }
}

pub(crate) fn block(kind: Kind) -> &'static str {
    match kind {
        Kind::MedicationAgreement => "medicatieafspraak",
        Kind::AdministrationAgreement => "toedieningsafspraak",
        Kind::VariableDosingRegimen => "wisselend doseerschema",
        Kind::MedicationUse => "medicatiegebruik",
        Kind::DispenseRequest => "verstrekkingsverzoek",
        Kind::MedicationDispense => "verstrekking",
        Kind::MedicationAdministration => "toediening",
    }
}

/// `23-11-2026`, by the Dutch calendar.
pub(crate) fn day(moment: Moment) -> String {
    moment.to_utc().map_or_else(|| "onbekend".to_owned(), |at| short_day(in_amsterdam(at).date()))
}

/// From when to when a line holds, in words that say which of it is over.
pub(crate) fn period(line: &Line, now: Moment) -> String {
    let (start, end) = (line.said.start, line.said.end);
    match (start, end) {
        (Some(start), Some(end)) if end < now => format!("{} t/m {}", day(start), day(end)),
        (Some(start), Some(end)) => format!("Van {} t/m {}", day(start), day(end)),
        (Some(start), None) if start > now => format!("Vanaf {}, geen einddatum", day(start)),
        (Some(start), None) => format!("Sinds {}, geen einddatum", day(start)),
        (None, Some(end)) => format!("T/m {}, begin niet vermeld", day(end)),
        (None, None) => "Geen periode vermeld".to_owned(),
    }
}

/// That and how it was ended.
pub(crate) fn stopped(line: &Line) -> Option<String> {
    let how = match line.said.stop? {
        Stop::Definitive if line.section == Section::Current => "Stopt",
        Stop::Definitive => "Gestopt",
        Stop::Interrupted => "Onderbroken",
        Stop::Cancelled => "Geannuleerd",
        Stop::Unknown => "Beëindigd (soort niet bekend)",
    };
    Some(line.said.end.map_or_else(|| how.to_owned(), |end| format!("{how} per {}", day(end))))
}

/// What a block is about, as a reader knows it: the product, with the kind of the block where that is all there is.
pub(crate) fn about(found: &Medication, block: &Named) -> String {
    let lines = found.treatments.shown.iter().flat_map(|treatment| &treatment.lines);
    let shown = lines.filter(|line| *line.said.name == *block).find_map(|line| line.said.product.clone());
    let aside = || found.treatments.aside.iter().find(|aside| *aside.name == *block)?.product.clone();
    match shown.or_else(aside) {
        Some(product) => format!("{product}, {}", block.kind.abbreviation()),
        None => named(block),
    }
}

/// A block by its kind and identifier, as an expert finds it back.
pub(crate) fn named(named: &Named) -> String {
    let id = named.id.as_ref().map_or(&*named.reference, |id| &*id.value);
    format!("{} {id}", named.kind.abbreviation())
}

/// What a rule found, in a sentence.
pub(crate) fn because(because: Because, line: Option<&Line>) -> &'static str {
    use Because as B;
    let stops = line.is_some_and(|line| line.said.stop.is_some());
    match because {
        B::SourceMissing => "Een bron die meer kan weten, heeft niet alles geleverd",
        B::EnteredInError => "Ingetrokken door de bron (foutief ingevoerd)",
        B::CopyOnly => "Alleen een kopie ontvangen; het origineel kan intussen anders zijn",
        B::VersionsDiffer => "Bronnen leveren verschillende versies van ditzelfde gegeven",
        B::CopyDiffers => "Een kopie bij een andere bron heeft een andere periode of stopt niet",
        B::NoTreatmentIdentifier => "Zonder identificatie van de behandeling",
        B::ProductsDiffer => "Verschillende middelen onder één behandeling",
        B::SubstancesDiffer => "Andere werkzame stof dan bovenaan deze behandeling staat",
        B::SameSubstanceOtherName => {
            "Zelfde werkzame stof, maar anders genoemd dan bovenaan: vergelijk sterkte en vorm, geen code zegt of het hetzelfde \
             middel is"
        }
        B::NamesDiffer => {
            "Anders genoemd dan bovenaan, en zonder code om te vergelijken: ga na of het hetzelfde middel en dezelfde sterkte is"
        }
        B::SameProductElsewhere => {
            "Hetzelfde middel of dezelfde werkzame stof staat ook in een andere behandeling: mogelijk dubbel"
        }
        B::ReplacedBy => "Vervangen door een nieuwere afspraak",
        B::StoppedBy => "Beëindigd door een stopafspraak",
        B::CancelledBy => "Geannuleerd voor het begon",
        B::StopWithoutTarget => "Stopafspraak zonder de afspraak die stopt: die is niet ontvangen",
        B::UnknownStopType => "Stopsoort onbekend",
        B::UnresolvedReference if stops => "Verwijst naar een afspraak die niet is ontvangen",
        B::UnresolvedReference => "Verwijst naar een gegeven dat niet is ontvangen",
        B::HoldsNow => "Geldt nu",
        B::Planned => "Begint binnen de termijn voor geplande medicatie",
        B::PlannedLater => "Begint later dan de termijn voor geplande medicatie",
        B::EndedRecently => "Geëindigd binnen de termijn voor recent gestopt",
        B::EndedLongAgo => "Geëindigd voor de termijn voor recent gestopt",
        B::Interrupted => "Tijdelijk onderbroken",
        B::LaterStartCounts => "Er gelden twee afspraken tegelijk; de laatst begonnen staat hier",
        B::Followed => "Opgevolgd door wat nu getoond wordt",
        B::ChangePlanned => "Wordt daarna vervangen door een nieuwe afspraak",
        B::OfShownAgreement => "Hoort bij deze medicatieafspraak",
        B::InForceWith => "Noemt geen medicatieafspraak; begon toen deze gold",
        B::AgreementNotShown => "Hoort bij een medicatieafspraak die niet meer geldt",
        B::AnotherRuns => "Een andere toedieningsafspraak loopt",
        B::NoAgreement => "De medicatieafspraak van de voorschrijver is niet ontvangen",
        B::NotAligned => "De apotheek gaat nog uit van een eerdere afspraak en loopt niet gelijk met de voorschrijver",
        B::UnderCurrentAgreement => "Doseerschema bij een lopende afspraak",
        B::NotUnderCurrentAgreement => "Doseerschema zonder lopende afspraak",
        B::NotTheRegimenOfNow => "Niet het doseerschema van nu",
        B::NewestOfItsAuthor => "Laatste opgave van deze auteur",
        B::NewerOfSameAuthor => "Er is een nieuwere opgave van dezelfde auteur",
        B::OlderThanAgreement => "Ouder dan de laatste wijziging van de afspraak",
        B::OfWhatIsNotShown => "Gaat over een afspraak die niet meer geldt",
        B::OnlyUse => "Alleen gebruik bekend, geen afspraak",
        B::AgreementUnclear => "De afspraak hierbij is niet te dateren; die staat bij Onduidelijk",
        B::SaysNotUsed => "Wordt volgens deze opgave niet gebruikt",
        B::NoTime => "Zonder begin, eind of moment van vastleggen",
        B::OnlyCondition => "Periode alleen in woorden; beoordeel zelf of het nog geldt",
        B::EndsBeforeItBegins => "Eindigt volgens de gegevens voor het begin",
        B::DependsOnVersion => "Welke versie klopt, bepaalt of dit nog geldt",
        B::OnlySupplied => "Alleen verstrekt of toegediend; geen afspraak ontvangen",
        B::Leads => "Bepaalt waar de behandeling staat",
    }
}

pub(crate) fn analyte(analyte: Analyte) -> &'static str {
    match analyte {
        Analyte::Egfr => "eGFR (nierfunctie)",
        Analyte::Creatinine => "Kreatinine",
        Analyte::Potassium => "Kalium",
        Analyte::Sodium => "Natrium",
        Analyte::Inr => "INR",
    }
}

/// How old a result is.
pub(crate) fn age(days: i64) -> String {
    match days {
        0 => "vandaag".to_owned(),
        1 => "1 dag".to_owned(),
        2..=60 => format!("{days} dagen"),
        61..=730 => format!("{} maanden", days / 30),
        _ => format!("{} jaar", days / 365),
    }
}

/// A number as one writes it here: a comma, and no more decimals than it has.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').replace('.', ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ages_read_as_in_the_netherlands() {
        for (value, shown) in [(135.0, "135"), (4.0, "4"), (2.9, "2,9"), (0.126, "0,13"), (100.0, "100")] {
            assert_eq!(number(value), shown);
        }
        for (days, shown) in
            [(0, "vandaag"), (1, "1 dag"), (21, "21 dagen"), (61, "2 maanden"), (400, "13 maanden"), (800, "2 jaar")]
        {
            assert_eq!(age(days), shown);
        }
    }
}
