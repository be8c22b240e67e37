//! Sanne de Graaf, 31, furniture maker, expecting her second child at the end of January.
//! Gestational diabetes this time.

use super::words::*;

pub const STORY: Story = Story {
    person: &Person {
        bsn: "999991073",
        given: "Sanne Maria",
        called: "Sanne",
        prefix: "de",
        family: "Graaf",
        gender: Gender::Female,
        born: "1995-10-12",
        street: "Werf",
        house_number: "5",
        city: "Veerdam",
        phone: "+31 99 700 5701",
    },
    chapters: &[at(HOSPITAL, "zm420077", hospital), at(GENERAL_PRACTICE, "brink0540", general_practice)],
};

const FERROUS: Medicine = (medicine::FERROUS_FUMARATE, "ferrofumaraat tablet 200 mg");
const FOLIC_ACID: Medicine = (medicine::FOLIC_ACID, "foliumzuur tablet 0,4 mg");
const NAPROXEN: Medicine = (medicine::NAPROXEN, "naproxen tablet 500 mg");

fn hospital(chart: &mut Chart) {
    chart.by("hendriks");
    let pregnancy = chart.problem(problem::PREGNANCY, "2026-05-01").link("Zwangerschap");
    let sugar = chart
        .problem(problem::GESTATIONAL_DIABETES, "2026-10-27")
        .complication()
        .note("Glucosetolerantietest afwijkend bij 26 weken; vooralsnog dieet.")
        .link("Zwangerschapsdiabetes");
    chart.problem(problem::IRON_DEFICIENCY, "2026-10-27");
    chart.pregnancy("2026-11-17", 29, 2, 1, "2027-01-31").note("Eerste kind 2023, spontaan, 3980 gram.");
    chart
        .encounter(Contact::Ambulatory, "2026-11-17T11:00:00+01:00", Some("2026-11-17T11:20:00+01:00"))
        .because(&pregnancy);
    chart
        .procedure(procedure::ULTRASOUND, "2026-11-17")
        .because(&pregnancy)
        .note("Groei op p85, ruim vruchtwater, hoofdligging.");
    chart.lab(&lab::GLUCOSE, "2026-10-26T08:30:00+01:00", 8.9);
    chart.lab(&lab::HAEMOGLOBIN, "2026-10-26T08:30:00+01:00", 6.4);
    chart.lab(&lab::FERRITIN, "2026-10-26T08:30:00+01:00", 9.0);
    chart.blood_pressure("2026-11-17T11:05:00+01:00", 122, 74);
    chart.weight("2026-11-17", 79.3);
    chart.agreed(FERROUS, daily(1, 1.0), "2026-10-27");
    chart.goal("Nuchtere glucose onder 5,3 mmol/l met dieet", "2026-12-01").because(&sugar);
    chart.contact_person("Bram Timmerman", ("DOMPART", "Partner"), "+31 99 700 5702");
}

fn general_practice(chart: &mut Chart) {
    chart.by("deboer");
    chart.problem(problem::PREGNANCY, "2026-05-01").note("Zorg bij gynaecoloog.");
    chart.allergy(allergy::IBUPROFEN, Against::Medication, "2014").reaction(
        allergy::RASH,
        Severity::Mild,
        "Vlekken op de romp na twee tabletten.",
    );
    chart.agreed(FOLIC_ACID, daily(1, 1.0), "2026-03-01").until("2026-07-24");
    chart.agreed(NAPROXEN, daily(2, 1.0).as_needed("bij rugpijn"), "2025-08-18").stopped("2026-05-20", "Zwanger.");
    chart.contraindication(concept("urn:oid:2.16.840.1.113883.2.4.4.1.902.40", "1320", "Zwangerschap"), "2026-05-20");
    chart.tobacco("2026-05-20", smoking::FORMERLY).note("Gestopt bij de eerste zwangerschap.");
    chart.blood_pressure("2026-05-20T10:10:00+02:00", 116, 70);
    chart.weight("2026-05-20", 71.0);
    chart.lab(&lab::HAEMOGLOBIN, "2026-05-20T10:30:00+02:00", 7.9);
    chart.consultation(
        "2026-05-20",
        "Zwanger",
        Soap {
            subjective: "Test positief, laatste menstruatie 24 april. Misselijk, blij.",
            objective: "RR 116/70.",
            evaluation: "Zwangerschap, vroeg.",
            plan: "Foliumzuur door, naproxen gestopt, verwijzing verloskundige zorg.",
        },
    );
}
