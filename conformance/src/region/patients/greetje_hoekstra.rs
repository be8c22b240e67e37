//! Greetje Hoekstra, 88. Alzheimer's disease; lives in De Linde's house with the garden, and
//! waits each afternoon at four for a bus to a school where she no longer teaches.

use super::words::*;

pub const STORY: Story = Story {
    person: &Person {
        bsn: "172642863",
        given: "Margaretha",
        called: "Greetje",
        prefix: "",
        family: "Hoekstra",
        gender: Gender::Female,
        born: "1938-06-19",
        street: "Lindelaan",
        house_number: "1",
        city: "Maasdal",
        phone: "+31 99 700 2000",
    },
    chapters: &[
        at(NURSING_HOME, "dl1630", nursing_home),
        at(GENERAL_PRACTICE, "brink0007", general_practice),
        at(PHARMACY, "veer2203", pharmacy),
    ],
};

const RIVASTIGMINE: Medicine = (medicine::RIVASTIGMINE, "rivastigmine pleister 9,5 mg/24 uur");
const LEVOTHYROXINE: Medicine = (medicine::LEVOTHYROXINE, "levothyroxine tablet 50 ug");
const MACROGOL: Medicine = (medicine::MACROGOL, "macrogol/elektrolyten poeder voor drank");
const PARACETAMOL: Medicine = (medicine::PARACETAMOL, "paracetamol tablet 500 mg");
const CITALOPRAM: Medicine = (medicine::CITALOPRAM, "citalopram tablet 10 mg");

fn nursing_home(chart: &mut Chart) {
    chart.by("winter");
    let husband = chart
        .contact_person("Sjoerd Hoekstra", ("HUSB", "Echtgenoot"), "+31 99 700 5501")
        .link("Sjoerd Hoekstra, echtgenoot");
    let alzheimer = chart
        .problem(problem::ALZHEIMER, "2019-03")
        .note("Vergevorderd; herkent haar man nog.")
        .link("Ziekte van Alzheimer");
    chart
        .encounter(Contact::Inpatient, "2023-05-08T10:00:00+02:00", None)
        .admitted_from(place::HOME, None)
        .because(&alzheimer);
    chart.problem(problem::HYPOTHYROIDISM, "2008");
    chart.problem(problem::CONSTIPATION, "2024-02").complaint();
    chart.problem(problem::INCONTINENCE, "2024-09").of_functioning();
    chart.does_not_want(procedure::RESUSCITATION, "2023-05-15");
    chart
        .does_not_want(procedure::HOSPITAL_ADMISSION, "2025-11-20")
        .note("Alleen bij een breuk die pijn doet; besproken met echtgenoot.");
    chart.wants(procedure::ANTIBIOTICS, "2025-11-20").note("Als het haar klachten verlicht.");
    chart.advance_directive(Directive::Mandate, "2020-02-01").represented_by(&husband);
    chart.used(RIVASTIGMINE, daily(1, 1.0).on_the_skin(), "2023-05-08");
    chart.used(LEVOTHYROXINE, daily(1, 1.0), "2023-05-08");
    chart.used(MACROGOL, daily(1, 1.0), "2024-02-20");

    chart.by("bos");
    chart.barthel("2026-10-01", 4);
    chart.snaq_rc("2026-10-01", 1);
    chart.ability("2026-10-01", &ability::CANNOT_WASH);
    chart.ability("2026-10-01", &ability::CANNOT_DRESS);
    chart.ability("2026-10-01", &ability::GROOMS_WITH_HELP).note("Krullen horen zondags in model.");
    chart.ability("2026-10-01", &ability::EATS_WITH_HELP).note("Met aanmoediging; houdt van vla.");
    chart.ability("2026-10-01", &ability::WALKS_WITH_HELP).note("Loopt achter een stoel als men niet oplet.");
    chart.weight("2026-11-02", 49.8);
    chart.weight("2026-08-03", 51.6);
    chart
        .nursing(
            procedure::REASSURANCE,
            "2023-06-01",
            "dagelijks rond vier uur",
            "Samen op het bankje bij de bushalte in de tuin wachten; daarna thee.",
        )
        .because(&alzheimer);
    chart.nursing(procedure::FLUID_INTAKE, "2024-07-01", "8 maal per dag", "Drinken aanbieden in het blauwe kopje.");
    chart.goal("Rust in de middag, geen zo nodig medicatie nodig", "2027-01-01").because(&alzheimer);
    chart.care_team("Huis met de tuin", &[&husband]);
    chart
        .allergy(allergy::MORPHINE, Against::Medication, "2016")
        .reaction(allergy::NAUSEA, Severity::Moderate, "Braken en verwardheid na een galoperatie.")
        .note("Verteld door echtgenoot.");
}

fn general_practice(chart: &mut Chart) {
    chart.by("deboer");
    chart.problem(problem::ALZHEIMER, "2019-03-12").note("Geheugenpoli. Sinds mei 2023 opgenomen in De Linde.");
    chart.problem(problem::HYPOTHYROIDISM, "2008-10");
    chart.problem(problem::DEPRESSION, "2018").resolved("2021").note("Na overlijden van haar zus.");
    chart.agreed(CITALOPRAM, daily(1, 1.0), "2018-04-04").stopped("2021-06-01", "Goed hersteld.");
    chart.agreed(LEVOTHYROXINE, daily(1, 1.5), "2022-01-10").note("75 ug sinds januari 2022.");
    chart.lab(&lab::TSH, "2023-01-09T08:00:00+01:00", 2.1);
    chart.blood_pressure("2023-04-12T10:00:00+02:00", 134, 72);
    chart.tobacco("2019-03-12", smoking::NEVER);
    chart.does_not_want(procedure::RESUSCITATION, "2020-02-01");
    chart.contact_person("Sjoerd Hoekstra", ("HUSB", "Echtgenoot"), "+31 99 700 5501");
}

fn pharmacy(chart: &mut Chart) {
    chart.by("timmer");
    chart.administered(RIVASTIGMINE, daily(1, 1.0).on_the_skin(), "2023-05-08").in_weekly_box();
    chart
        .administered(LEVOTHYROXINE, daily(1, 1.0), "2023-05-08")
        .in_weekly_box()
        .note("50 ug volgens specialist ouderengeneeskunde.");
    chart.administered(MACROGOL, daily(1, 1.0), "2024-02-20");
    chart.administered(PARACETAMOL, daily(3, 2.0).as_needed("bij pijn"), "2025-03-03");
    chart.by("lopes");
    chart.handed_out(RIVASTIGMINE, "2026-11-09T08:00:00+01:00", 30, 30);
    chart.handed_out(LEVOTHYROXINE, "2026-11-09T08:00:00+01:00", 14, 14).in_weekly_box();
    chart.handed_out(MACROGOL, "2026-10-12T08:00:00+02:00", 40, 40);
}
