//! Truus Peters, 92, who wants no fuss. Falls now and then; De Linde helps her in the morning,
//! her neighbour in the evening.

use super::words::*;

pub const STORY: Story = Story {
    person: &Person {
        bsn: "999994268",
        given: "Geertruida",
        called: "Truus",
        prefix: "",
        family: "Peters",
        gender: Gender::Female,
        born: "1934-09-22",
        street: "Dijkhuisjes",
        house_number: "2",
        city: "Veerdam",
        phone: "+31 99 700 6001",
    },
    chapters: &[at(NURSING_HOME, "dl1977", home_care), at(GENERAL_PRACTICE, "brink0015", general_practice)],
};

const COLECALCIFEROL: Medicine = (medicine::COLECALCIFEROL, "colecalciferol capsule 800 IE");
const FUROSEMIDE: Medicine = (medicine::FUROSEMIDE, "furosemide tablet 20 mg");
const PARACETAMOL: Medicine = (medicine::PARACETAMOL, "paracetamol tablet 500 mg");

fn home_care(chart: &mut Chart) {
    chart.by("bos");
    let falls = chart
        .problem(problem::AT_RISK_FOR_FALLS, "2024-03")
        .of_functioning()
        .note("Drie keer gevallen in 2026, alarmknop in de la.")
        .link("Valrisico");
    chart.problem(problem::INCONTINENCE, "2025-01").of_functioning();
    chart.ability("2026-10-12", &ability::WASHES_WITH_HELP);
    chart.ability("2026-10-12", &ability::DRESSES_WITH_HELP);
    chart.ability("2026-10-12", &ability::EATS_ALONE);
    chart.ability("2026-10-12", &ability::TRANSFERS_ALONE);
    chart.ability("2026-10-12", &ability::WALKS_ALONE).note("Met rollator binnen, buiten niet meer.");
    chart.barthel("2026-10-12", 15);
    chart.help("2024-03-18", "dagelijks om half negen", "Steunkousen, wassen, koffie zetten.");
    chart.nursing(procedure::GIVING_MEDICATION, "2025-06-02", "wekelijks", "Medicatie uitzetten voor de week.");
    chart.goal("Thuis blijven wonen", "2027-10-01").because(&falls);
    chart.lives_in("2026-10-12", "EENGEZW", "Eengezinswoning").note("Slapen beneden; losse kleedjes mogen niet weg.");
    chart.contact_person("Nel Aarts", ("SIS", "Zuster"), "+31 99 700 6002");
    chart.used(COLECALCIFEROL, daily(1, 1.0), "2024-03-18");
    chart.used(FUROSEMIDE, daily(1, 1.0), "2025-06-02").not_as_agreed().note("Slaat over als ze naar de kapper gaat.");
    chart.aid(device::GLASSES, "2010");
    chart.by("prins");
    chart.functioning(
        "2026-11-05",
        concept("http://snomed.info/sct", "301438001", "vermogen tot mobiliteit"),
        "Opstaan uit stoel 22 seconden; oefent trouw.",
    );
}

fn general_practice(chart: &mut Chart) {
    chart.by("deboer");
    chart.problem(problem::OSTEOPOROSIS, "2016");
    chart.problem(problem::HYPERTENSION, "1999");
    chart.problem(problem::URINARY_INFECTION, "2026-06-11").resolved("2026-06-18");
    chart.agreed(COLECALCIFEROL, daily(1, 1.0), "2016-05-01");
    chart.agreed(FUROSEMIDE, daily(1, 1.0), "2025-06-02");
    chart.agreed(PARACETAMOL, daily(3, 2.0).as_needed("bij rugpijn"), "2023-02-01");
    chart.blood_pressure("2026-10-20T11:30:00+02:00", 150, 78);
    chart.weight("2026-10-20", 60.5);
    chart.lab(&lab::EGFR, "2026-06-11T09:00:00+02:00", 50.0);
    chart.does_not_want(procedure::RESUSCITATION, "2022-09-22").note("\"Als het gaat, dan gaat het.\"");
    chart.vaccination(medicine::INFLUENZA_VACCINE, "2026-10-20");
    chart
        .encounter(Contact::Home, "2026-10-20T11:20:00+02:00", Some("2026-10-20T11:45:00+02:00"))
        .note("Jaarlijkse visite, griepprik.");
}
