//! Kees Mulder, 69, beekeeper. Lung cancer that can no longer be cured. He wants to die at
//! home, in the room that looks out on the hives, and has put in writing how.

use super::words::*;

pub const STORY: Story = Story {
    person: &Person {
        bsn: "999992132",
        given: "Cornelis Antonius",
        called: "Kees",
        prefix: "",
        family: "Mulder",
        gender: Gender::Male,
        born: "1957-02-03",
        street: "Heideweg",
        house_number: "90",
        city: "Maasdal",
        phone: "+31 99 700 5801",
    },
    chapters: &[
        at(HOSPITAL, "zm275561", hospital),
        at(NURSING_HOME, "dl2301", home_care),
        at(GENERAL_PRACTICE, "brink0122", general_practice),
    ],
};

const FENTANYL_25: Medicine = (medicine::FENTANYL, "fentanyl pleister 25 ug/uur");
const FENTANYL_50: Medicine = (medicine::FENTANYL, "fentanyl pleister 50 ug/uur");
const MORPHINE: Medicine = (medicine::MORPHINE, "morfine drank 5 mg");
const MIDAZOLAM: Medicine = (medicine::MIDAZOLAM, "midazolam injectievloeistof 5 mg");
const HALOPERIDOL: Medicine = (medicine::HALOPERIDOL, "haloperidol tablet 1 mg");
const MACROGOL: Medicine = (medicine::MACROGOL, "macrogol/elektrolyten poeder voor drank");

/// The last outpatient visit; here the policy is still complete.
fn hospital(chart: &mut Chart) {
    chart.by("tan");
    let cancer = chart
        .problem(problem::LUNG_CANCER, "2024-11")
        .note("Stadium IV, progressie onder tweedelijnsbehandeling. Geen tumorgerichte opties meer.")
        .link("Niet-kleincellig longcarcinoom, stadium IV");
    chart
        .encounter(Contact::Ambulatory, "2026-09-29T15:00:00+02:00", Some("2026-09-29T15:40:00+02:00"))
        .because(&cancer)
        .note("Gesprek met patiënt en echtgenote: behandeling gestaakt, zorg terug naar huisarts.");
    chart.procedure(procedure::X_RAY, "2026-09-22").because(&cancer).note("Toename pleuravocht rechts.");
    chart.lab(&lab::HAEMOGLOBIN, "2026-09-22T08:30:00+02:00", 6.8);
    chart.lab(&lab::CRP, "2026-09-22T08:30:00+02:00", 64.0);
    chart.weight("2026-09-29", 63.5);
    chart.pain("2026-09-29T15:05:00+02:00", 5).note("Rechterflank.");
    chart.agreed(FENTANYL_25, weekly(2, 1.0).on_the_skin(), "2026-09-29").because(&cancer);
    chart.wants(procedure::HOSPITAL_ADMISSION, "2026-03-10").note("Beleid tijdens behandeling.");
    chart.does_not_want(procedure::RESUSCITATION, "2026-09-29");
    chart.goal("Comfort; geen levensverlengende behandeling", "2026-12-31").because(&cancer);
    chart.tobacco("2024-11-20", smoking::FORMERLY);
}

/// Morning, noon and night in the room with the view.
fn home_care(chart: &mut Chart) {
    chart.by("kaya");
    let wife =
        chart.contact_person("Lia Mulder", ("WIFE", "Echtgenote"), "+31 99 700 5802").link("Lia Mulder, echtgenote");
    let pain = chart.problem(problem::PAIN, "2026-09").complaint().note("Rechterflank en schouder.").link("Pijn");
    chart.encounter(Contact::Home, "2026-11-19T21:30:00+01:00", Some("2026-11-19T22:10:00+01:00")).because(&pain);
    chart.pain("2026-11-18T21:40:00+01:00", 6);
    chart.pain("2026-11-19T21:40:00+01:00", 3).note("Na ophogen van de pleister.");
    chart.barthel("2026-11-16", 5);
    chart.ability("2026-11-16", &ability::WASHES_WITH_HELP);
    chart.ability("2026-11-16", &ability::CANNOT_TRANSFER);
    chart.ability("2026-11-16", &ability::CANNOT_WALK);
    chart.ability("2026-11-16", &ability::EATS_WITH_HELP).note("Kleine hapjes, honing in de thee.");
    chart.pressure_ulcer(2, body::TAILBONE, "2026-11-10").note("Blaar, schuimverband, wisselligging.");
    chart.nursing(
        procedure::CHANGE_OF_POSITION,
        "2026-11-10",
        "elke 3 uur",
        "Samen met echtgenote; niet op rechterzij.",
    );
    chart
        .nursing(
            procedure::GIVING_MEDICATION,
            "2026-10-05",
            "3 maal per dag",
            "Pleister wisselen op maandag en donderdag, morfine zo nodig.",
        )
        .because(&pain);
    chart.help("2026-10-05", "3 maal per dag", "Wassen op bed, mondzorg, waken waar nodig.");
    chart.used(FENTANYL_50, weekly(2, 1.0).on_the_skin(), "2026-11-19").note("Opgehoogd door de huisarts.");
    chart.used(MORPHINE, daily(6, 1.0).as_needed("bij doorbraakpijn"), "2026-10-12");
    chart
        .does_not_want(procedure::HOSPITAL_ADMISSION, "2026-10-12")
        .note("Wil thuis sterven, uitzicht op de bijenkasten.");
    chart.does_not_want(procedure::RESUSCITATION, "2026-10-12");
    chart.care_team("Palliatieve thuiszorg", &[&wife]);
    chart.aid(device::INDWELLING_CATHETER, "2026-11-14");
}

fn general_practice(chart: &mut Chart) {
    chart.by("deboer");
    let cancer = chart
        .problem(problem::LUNG_CANCER, "2024-11-12")
        .note("Palliatieve fase, levensverwachting weken.")
        .link("Longcarcinoom");
    chart.problem(problem::CONSTIPATION, "2026-10").complaint();
    let wife =
        chart.contact_person("Lia Mulder", ("WIFE", "Echtgenote"), "+31 99 700 5802").link("Lia Mulder, echtgenote");
    chart.does_not_want(procedure::RESUSCITATION, "2026-10-12");
    chart.does_not_want(procedure::INTENSIVE_CARE, "2026-10-12");
    chart.does_not_want(procedure::HOSPITAL_ADMISSION, "2026-10-12");
    chart.does_not_want(procedure::ANTIBIOTICS, "2026-11-16");
    chart
        .advance_directive(Directive::Euthanasia, "2026-10-20")
        .represented_by(&wife)
        .note("Besproken; SCEN-arts nog niet geraadpleegd.");
    chart.advance_directive(Directive::TreatmentProhibition, "2026-10-20").represented_by(&wife);
    chart.agreed(FENTANYL_50, weekly(2, 1.0).on_the_skin(), "2026-11-19").because(&cancer);
    chart.agreed(MORPHINE, daily(6, 1.0).as_needed("bij doorbraakpijn"), "2026-10-12").because(&cancer);
    chart.agreed(HALOPERIDOL, daily(2, 1.0).as_needed("bij misselijkheid"), "2026-10-12");
    chart.agreed(MACROGOL, daily(2, 1.0), "2026-10-12");
    chart
        .agreed(MIDAZOLAM, daily(4, 1.0).injected().as_needed("in acute nood"), "2026-11-16")
        .note("Ligt klaar in huis, alleen na overleg met arts.");
    chart.encounter(Contact::Home, "2026-11-19T17:00:00+01:00", Some("2026-11-19T17:45:00+01:00")).because(&cancer);
    chart.consultation(
        "2026-11-19",
        "Visite",
        Soap {
            subjective: "Meer pijn 's nachts. Hij is helder, zij is moe. Wil de kasten nog winterklaar zien.",
            objective: "Cachectisch, rustige ademhaling, decubitus graad 2 stuit.",
            evaluation: "Toename pijn, laatste weken.",
            plan: "Fentanyl naar 50, nachtzorg geregeld, morgen bellen.",
        },
    );
}
