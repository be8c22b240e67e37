//! Daan Visser, 7, goalkeeper. Asthma and eczema; peanuts send him to hospital, which his
//! general practitioner's record calls "nuts, perhaps".

use super::words::*;

pub const STORY: Story = Story {
    person: &Person {
        bsn: "123456782",
        given: "Daan Pieter",
        called: "Daan",
        prefix: "",
        family: "Visser",
        gender: Gender::Male,
        born: "2019-04-09",
        street: "Boomgaard",
        house_number: "21",
        city: "Veerdam",
        phone: "+31 99 700 5601",
    },
    chapters: &[at(HOSPITAL, "zm402518", hospital), at(GENERAL_PRACTICE, "brink0615", general_practice)],
};

const FLUTICASONE_125: Medicine = (medicine::FLUTICASONE, "fluticason aerosol 125 ug/dosis");
const FLUTICASONE_50: Medicine = (medicine::FLUTICASONE, "fluticason aerosol 50 ug/dosis");
const SALBUTAMOL: Medicine = (medicine::SALBUTAMOL, "salbutamol aerosol 100 ug/dosis");
const CETIRIZINE: Medicine = (medicine::CETIRIZINE, "cetirizine drank 1 mg/ml, 5 ml");
const EPINEPHRINE: Medicine = (medicine::EPINEPHRINE, "epinefrine auto-injector 0,15 mg");

fn hospital(chart: &mut Chart) {
    chart.by("smits");
    chart
        .allergy(allergy::PEANUT, Against::Food, "2026-05-16")
        .reaction(
            allergy::ANAPHYLAXIS,
            Severity::Severe,
            "Tien minuten na een koekje op een verjaardag: galbulten, braken, benauwd.",
        )
        .last_seen("2026-05-16")
        .note("Actieplan meegegeven aan ouders en school.");
    let asthma = chart.problem(problem::ASTHMA, "2023").link("Astma");
    chart.problem(problem::ATOPIC_DERMATITIS, "2020");
    chart
        .encounter(Contact::Emergency, "2026-05-16T15:40:00+02:00", Some("2026-05-17T09:00:00+02:00"))
        .note("Anafylaxie na pinda; epinefrine door ambulance, nacht ter observatie.");
    chart
        .encounter(Contact::Ambulatory, "2026-10-06T09:00:00+02:00", Some("2026-10-06T09:30:00+02:00"))
        .because(&asthma);
    chart
        .procedure(procedure::SPIROMETRY, "2026-10-06")
        .because(&asthma)
        .note("FEV1 84 %, stijging 13 % na salbutamol.");
    chart
        .agreed(EPINEPHRINE, daily(1, 1.0).injected().as_needed("bij anafylaxie"), "2026-05-17")
        .note("Twee pennen: thuis en op school.");
    chart.agreed(FLUTICASONE_125, daily(2, 1.0).inhaled(), "2026-10-06").because(&asthma);
    chart.agreed(SALBUTAMOL, daily(4, 2.0).inhaled().as_needed("bij benauwdheid"), "2023-11-01").because(&asthma);
    chart.weight("2026-10-06", 24.1);
    chart.height("2026-10-06", 127.0);
    chart.saturation("2026-10-06T09:05:00+02:00", 98);
    chart.goal("Hele wedstrijd keepen zonder piepen", "2027-03-01").because(&asthma);
    chart.care_team("Kinderallergologie", &[]);
    chart.contact_person("Anouk Visser", ("MTH", "Moeder"), "+31 99 700 5601");
}

fn general_practice(chart: &mut Chart) {
    chart.by("vos");
    let asthma = chart
        .problem(problem::ASTHMA, "2023-10-02")
        .note("Waarschijnlijkheidsdiagnose, nog geen spirometrie.")
        .suspected()
        .link("Astma");
    chart.problem(problem::ATOPIC_DERMATITIS, "2020-02");
    chart
        .allergy(allergy::PEANUT, Against::Food, "2026-05-20")
        .unconfirmed()
        .note("Noten, mogelijk pinda; bericht kinderarts niet ontvangen.");
    chart.allergy(allergy::GRASS_POLLEN, Against::Environment, "2024-05").reaction(
        allergy::CONJUNCTIVITIS,
        Severity::Mild,
        "Rode jeukende ogen op het voetbalveld in mei.",
    );
    chart.agreed(FLUTICASONE_50, daily(2, 1.0).inhaled(), "2024-01-15").because(&asthma);
    chart.agreed(SALBUTAMOL, daily(4, 1.0).inhaled().as_needed("bij benauwdheid"), "2023-10-02").because(&asthma);
    chart.agreed(CETIRIZINE, daily(1, 1.0).as_needed("in het graspollenseizoen"), "2024-05-10");
    chart.tobacco("2024-01-15", smoking::PASSIVE).note("Vader rookt in huis.");
    chart.weight("2026-03-11", 22.8);
    chart.consultation(
        "2026-03-11",
        "Piept bij rennen",
        Soap {
            subjective: "Hoest 's nachts, stopt met keepen na een kwartier.",
            objective: "Licht expiratoir piepen, saturatie 98 %.",
            evaluation: "Astma onvoldoende onder controle, inhaleert zonder voorzetkamer.",
            plan: "Instructie voorzetkamer, verwijzing kinderarts voor spirometrie.",
        },
    );
}
