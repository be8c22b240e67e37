//! Lieke Jansen, 26, nurse in training. Epilepsy, free of seizures for two years. She does
//! not want colleagues to see at the pharmacy what she takes, and has said so.

use super::words::*;

pub const STORY: Story = Story {
    person: &Person {
        bsn: "900203651",
        given: "Lieke Anna",
        called: "Lieke",
        prefix: "",
        family: "Jansen",
        gender: Gender::Female,
        born: "2000-11-08",
        street: "Zeilmakershof",
        house_number: "17",
        city: "Maasdal",
        phone: "+31 99 700 6201",
    },
    chapters: &[at(GENERAL_PRACTICE, "brink0488", general_practice), at(PHARMACY, "veer8809", pharmacy)],
};

const LEVETIRACETAM: Medicine = (medicine::LEVETIRACETAM, "levetiracetam tablet 500 mg");
const LAMOTRIGINE: Medicine = (medicine::LAMOTRIGINE, "lamotrigine tablet 100 mg");
const FOLIC_ACID: Medicine = (medicine::FOLIC_ACID, "foliumzuur tablet 0,4 mg");

fn general_practice(chart: &mut Chart) {
    chart.by("vos");
    let epilepsy =
        chart.problem(problem::EPILEPSY, "2016-04").note("Focaal, laatste aanval augustus 2024.").link("Epilepsie");
    chart.agreed(LAMOTRIGINE, daily(2, 1.0), "2024-09-02").because(&epilepsy);
    chart
        .agreed(LEVETIRACETAM, daily(2, 1.0), "2017-01-09")
        .because(&epilepsy)
        .stopped("2024-11-01", "Prikkelbaar; overgezet op lamotrigine.");
    chart.agreed(FOLIC_ACID, daily(1, 1.0), "2026-09-14").note("Kinderwens.");
    chart.contraindication(concept("urn:oid:2.16.840.1.113883.2.4.4.1.902.40", "42", "Epilepsie"), "2016-04-20");
    chart.blood_pressure("2026-09-14T15:30:00+02:00", 118, 72);
    chart.weight("2026-09-14", 66.2);
    chart.tobacco("2026-09-14", smoking::NEVER);
    chart.consultation(
        "2026-09-14",
        "Kinderwens",
        Soap {
            subjective: "Wil stoppen met de pil. Bang voor aanvallen en voor de invloed van medicatie.",
            objective: "Geen bijzonderheden.",
            evaluation: "Kinderwens bij epilepsie onder lamotrigine.",
            plan: "Foliumzuur gestart, overleg neuroloog over spiegels.",
        },
    );
}

/// The old medicine is still on the list here.
fn pharmacy(chart: &mut Chart) {
    chart.by("timmer");
    chart.contraindication(concept("urn:oid:2.16.840.1.113883.2.4.4.1.902.40", "42", "Epilepsie"), "2016-04-21");
    chart.administered(LAMOTRIGINE, daily(2, 1.0), "2024-09-02");
    chart.administered(LEVETIRACETAM, daily(2, 1.0), "2017-01-09").note("Geen stopbericht ontvangen.");
    chart.by("lopes");
    chart.handed_out(LAMOTRIGINE, "2026-09-01T17:40:00+02:00", 180, 90);
    chart.handed_out(LAMOTRIGINE, "2026-06-02T17:20:00+02:00", 180, 90);
    chart.handed_out(LEVETIRACETAM, "2024-08-26T17:30:00+02:00", 180, 90);
    chart.handed_out(FOLIC_ACID, "2026-09-15T17:35:00+02:00", 90, 90);
}
