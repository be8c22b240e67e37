//! Rob van Dam, 64, referee. A new knee, planned; comes from another region and is known at
//! the hospital only.

use super::words::*;

pub const STORY: Story = Story {
    person: &Person {
        bsn: "999995340",
        given: "Robert",
        called: "Rob",
        prefix: "van",
        family: "Dam",
        gender: Gender::Male,
        born: "1962-07-17",
        street: "Sportlaan",
        house_number: "66",
        city: "Oeverzand",
        phone: "+31 99 700 6101",
    },
    chapters: &[at(HOSPITAL, "zm431190", hospital)],
};

const PARACETAMOL: Medicine = (medicine::PARACETAMOL, "paracetamol tablet 500 mg");
const OXYCODONE: Medicine = (medicine::OXYCODONE, "oxycodon tablet 5 mg");
const APIXABAN: Medicine = (medicine::APIXABAN, "apixaban tablet 2,5 mg");

fn hospital(chart: &mut Chart) {
    chart.by("vanloon");
    let knee =
        chart.problem(problem::OSTEOARTHRITIS, "2018").specified("rechterknie").right().link("Artrose rechterknie");
    chart
        .encounter(Contact::Inpatient, "2026-11-17T07:00:00+01:00", Some("2026-11-19T13:00:00+01:00"))
        .because(&knee)
        .admitted_from(place::HOME, Some(place::HOME));
    chart.procedure(procedure::TOTAL_KNEE_REPLACEMENT, "2026-11-17").because(&knee).at(body::KNEE).right();
    chart.procedure(procedure::ECG, "2026-11-03").note("Preoperatief, sinusritme 58.");
    chart.lab(&lab::HAEMOGLOBIN, "2026-11-18T07:00:00+01:00", 7.8);
    chart.agreed(PARACETAMOL, daily(4, 2.0), "2026-11-17").because(&knee);
    chart.agreed(OXYCODONE, daily(4, 1.0).as_needed("bij pijn"), "2026-11-17").until("2026-11-24");
    chart.agreed(APIXABAN, daily(2, 1.0), "2026-11-18").until("2026-11-30").note("Tromboseprofylaxe.");
    chart.wants(procedure::RESUSCITATION, "2026-11-17");
    chart.by("koster");
    chart.pain("2026-11-19T08:00:00+01:00", 4);
    chart.blood_pressure("2026-11-19T08:00:00+01:00", 132, 82);
    chart.temperature("2026-11-19T08:00:00+01:00", 37.2);
    chart.ability("2026-11-19", &ability::STAIRS_WITH_HELP);
    chart.weight("2026-11-03", 86.0);
    chart.contact_person("Ineke van Dam", ("WIFE", "Echtgenote"), "+31 99 700 6102");
    chart.nursing(procedure::WOUND_DRESSING, "2026-11-17", "bij doorlekken", "Drukverband 24 uur, daarna pleister.");
}
