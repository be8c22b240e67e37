//! Ahmet Yıldız, 49, bus driver. Known at his general practitioner's only, where nobody has
//! asked him yet whether others may look.

use super::words::*;

pub const STORY: Story = Story {
    person: &Person {
        bsn: "999993215",
        given: "Ahmet",
        called: "Ahmet",
        prefix: "",
        family: "Yıldız",
        gender: Gender::Male,
        born: "1977-12-01",
        street: "Stationsweg",
        house_number: "114",
        city: "Maasdal",
        phone: "+31 99 700 5901",
    },
    chapters: &[at(GENERAL_PRACTICE, "brink0702", general_practice)],
};

const CITALOPRAM: Medicine = (medicine::CITALOPRAM, "citalopram tablet 20 mg");
const PANTOPRAZOLE: Medicine = (medicine::PANTOPRAZOLE, "pantoprazol tablet 20 mg");

fn general_practice(chart: &mut Chart) {
    chart.by("vos");
    let depression = chart
        .problem(problem::DEPRESSION, "2026-02-17")
        .note("Na een aanrijding met zijn bus, buiten zijn schuld.")
        .link("Depressieve stoornis");
    chart.problem(problem::INSOMNIA, "2026-01").complaint();
    chart.agreed(CITALOPRAM, daily(1, 1.0), "2026-02-24").because(&depression);
    chart.agreed(PANTOPRAZOLE, daily(1, 1.0), "2025-09-09");
    chart.blood_pressure("2026-11-02T16:00:00+01:00", 136, 86);
    chart.weight("2026-11-02", 92.0);
    chart.tobacco("2026-11-02", smoking::DAILY).note("Een pakje per dag, wil minderen.");
    chart
        .encounter(Contact::Virtual, "2026-10-05T12:00:00+02:00", Some("2026-10-05T12:15:00+02:00"))
        .because(&depression);
    chart.consultation(
        "2026-11-02",
        "Vervolg somberheid",
        Soap {
            subjective: "Slaapt weer door. Rijdt halve dagen. Schrikt nog van fietsers.",
            objective: "Verzorgd, moduleert, lacht een keer.",
            evaluation: "Depressie in gedeeltelijke remissie.",
            plan: "Citalopram door tot mei, gesprekken bij de praktijkondersteuner.",
        },
    );
}
