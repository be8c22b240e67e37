//! Jan Willem Bakker, 77, retired teacher and singer in the choir. Heart failure after a heart
//! attack; weighs himself every morning and writes it in a booklet.

use super::words::*;

pub const STORY: Story = Story {
    person: &Person {
        bsn: "900203638",
        given: "Jan Willem",
        called: "Jan Willem",
        prefix: "",
        family: "Bakker",
        gender: Gender::Male,
        born: "1949-05-30",
        street: "Kerkplein",
        house_number: "7",
        city: "Maasdal",
        phone: "+31 99 700 5401",
    },
    chapters: &[
        at(HOSPITAL, "zm199250", hospital),
        at(GENERAL_PRACTICE, "brink0048", general_practice),
        at(PHARMACY, "veer5017", pharmacy),
    ],
};

const FUROSEMIDE: Medicine = (medicine::FUROSEMIDE, "furosemide tablet 40 mg");
const SPIRONOLACTONE: Medicine = (medicine::SPIRONOLACTONE, "spironolacton tablet 25 mg");
const ENALAPRIL_20: Medicine = (medicine::ENALAPRIL, "enalapril tablet 20 mg");
const ENALAPRIL_10: Medicine = (medicine::ENALAPRIL, "enalapril tablet 10 mg");
const METOPROLOL: Medicine = (medicine::METOPROLOL, "metoprolol retard tablet 100 mg");
const ATORVASTATIN: Medicine = (medicine::ATORVASTATIN, "atorvastatine tablet 80 mg");
const PANTOPRAZOLE: Medicine = (medicine::PANTOPRAZOLE, "pantoprazol tablet 40 mg");
const NAPROXEN: Medicine = (medicine::NAPROXEN, "naproxen tablet 250 mg");

fn hospital(chart: &mut Chart) {
    chart.by("okafor");
    let failure = chart
        .problem(problem::HEART_FAILURE, "2020-01")
        .note("Linkerventrikelfunctie 32 %, NYHA III.")
        .link("Hartfalen met verminderde ejectiefractie");
    chart.problem(problem::HEART_ATTACK, "2019-11-03").resolved("2019-11-10").note("Voorwand, stent in de LAD.");
    chart
        .encounter(Contact::Emergency, "2026-09-27T03:15:00+02:00", Some("2026-09-27T09:00:00+02:00"))
        .because(&failure)
        .note("Benauwd wakker geworden, vier kilo aangekomen in een week.");
    chart
        .encounter(Contact::Ambulatory, "2026-10-20T10:00:00+02:00", Some("2026-10-20T10:25:00+02:00"))
        .because(&failure);
    chart.procedure(procedure::ECG, "2026-09-27").note("Sinusritme 96, oud voorwandinfarct.");
    chart.aid(device::PACEMAKER, "2020-03-04").note("Biventriculair, batterij tot 2029.");
    chart
        .procedure(procedure::ECHOCARDIOGRAPHY, "2026-10-20")
        .because(&failure)
        .note("EF 30 %, matige mitralisinsufficiëntie.");
    chart.lab(&lab::NT_PRO_BNP, "2026-09-27T03:40:00+02:00", 5480.0);
    chart.lab(&lab::NT_PRO_BNP, "2026-10-19T08:00:00+02:00", 2150.0);
    chart.lab(&lab::POTASSIUM, "2026-10-19T08:00:00+02:00", 5.3);
    chart.lab(&lab::EGFR, "2026-10-19T08:00:00+02:00", 41.0);
    chart.blood_pressure("2026-10-20T10:05:00+02:00", 104, 60);
    chart.weight("2026-10-20", 81.2);
    chart
        .agreed(FUROSEMIDE, daily(2, 1.0), "2026-09-27")
        .because(&failure)
        .note("Verdubbeld; bij meer dan 2 kg erbij bellen.");
    chart.agreed(SPIRONOLACTONE, daily(1, 1.0), "2020-02-01").because(&failure);
    chart.agreed(ENALAPRIL_20, daily(1, 1.0), "2020-02-01").because(&failure);
    chart.agreed(METOPROLOL, daily(1, 1.0), "2019-11-10");
    chart.agreed(ATORVASTATIN, daily(1, 1.0), "2019-11-10");
    chart.wants(procedure::RESUSCITATION, "2026-10-20");
    chart.goal("Gewicht tussen 79 en 81 kg", "2027-04-01").because(&failure);
    chart.allergy(allergy::ASPIRIN, Against::Medication, "2019-12").reaction(
        allergy::BRONCHOSPASM,
        Severity::Severe,
        "Benauwd na de eerste tabletten, sindsdien clopidogrel en later niets.",
    );
}

fn general_practice(chart: &mut Chart) {
    chart.by("vos");
    let failure = chart.problem(problem::HEART_FAILURE, "2020-01-15").link("Hartfalen");
    chart.problem(problem::HEART_ATTACK, "2019-11-03").resolved("2019-11-10");
    chart.problem(problem::OSTEOARTHRITIS, "2022").specified("duimbasis beiderzijds");
    chart.agreed(FUROSEMIDE, daily(1, 1.0), "2020-02-01").because(&failure);
    chart
        .agreed(ENALAPRIL_10, daily(1, 1.0), "2025-07-01")
        .because(&failure)
        .note("Verlaagd wegens duizeligheid tijdens de hitte.");
    chart.agreed(METOPROLOL, daily(1, 1.0), "2019-11-10");
    chart
        .agreed(NAPROXEN, daily(2, 1.0).as_needed("bij duimpijn"), "2026-10-26")
        .note("Kort, tien dagen.")
        .until("2026-11-05");
    chart.vaccination(medicine::INFLUENZA_VACCINE, "2026-10-14");
    chart.by("maas");
    chart.blood_pressure("2026-11-12T08:50:00+01:00", 112, 66);
    chart.weight("2026-11-12", 83.9).note("Drie kilo boven streefgewicht.");
    chart.lab(&lab::POTASSIUM, "2026-11-11T08:00:00+01:00", 5.6);
    chart.tobacco("2020-01-15", smoking::FORMERLY);
    chart.consultation(
        "2026-11-12",
        "Weer dikke enkels",
        Soap {
            subjective: "Sinds twee weken dikke enkels, kan in bed niet plat liggen. Zingt niet meer mee.",
            objective: "83,9 kg, pitting oedeem tot halverwege de kuiten, basaal crepitaties.",
            evaluation: "Toename hartfalen, mogelijk door naproxen.",
            plan: "Naproxen gestopt. Furosemide ophogen in overleg met cardioloog, kalium morgen over.",
        },
    );
}

fn pharmacy(chart: &mut Chart) {
    chart.by("timmer");
    chart.contraindication(concept("urn:oid:2.16.840.1.113883.2.4.4.1.902.40", "72", "Hartfalen"), "2020-02-01");
    chart.administered(FUROSEMIDE, daily(2, 1.0), "2026-09-28");
    chart.administered(SPIRONOLACTONE, daily(1, 1.0), "2020-02-01");
    chart.administered(ENALAPRIL_10, daily(1, 1.0), "2025-07-02");
    chart.administered(METOPROLOL, daily(1, 1.0), "2019-11-11");
    chart.by("lopes");
    chart.handed_out(FUROSEMIDE, "2026-09-28T09:31:00+02:00", 180, 90);
    chart.handed_out(ENALAPRIL_10, "2026-09-28T09:31:00+02:00", 90, 90);
    chart.handed_out(PANTOPRAZOLE, "2026-08-03T14:00:00+02:00", 90, 90);
    chart
        .handed_out(NAPROXEN, "2026-10-26T16:45:00+01:00", 20, 10)
        .note("Signaal hartfalen en NSAID: gebeld met praktijk, arts wenst kortdurend gebruik.");
}
