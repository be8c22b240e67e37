//! Henk Dijkstra, 71, retired skipper. COPD that wakes him at night, and a pack of cigarettes
//! that he has given up at his general practitioner's but not yet at the hospital.

use super::words::*;

pub const STORY: Story = Story {
    person: &Person {
        bsn: "999910930",
        given: "Hendrik",
        called: "Henk",
        prefix: "",
        family: "Dijkstra",
        gender: Gender::Male,
        born: "1955-08-02",
        street: "Schippersweg",
        house_number: "3a",
        city: "Veerdam",
        phone: "+31 99 700 5201",
    },
    chapters: &[
        at(HOSPITAL, "zm288034", hospital),
        at(GENERAL_PRACTICE, "brink0211", general_practice),
        at(PHARMACY, "veer6120", pharmacy),
    ],
};

const TIOTROPIUM: Medicine = (medicine::TIOTROPIUM, "tiotropium inhalatiepoeder 18 ug");
const SALBUTAMOL: Medicine = (medicine::SALBUTAMOL, "salbutamol aerosol 100 ug/dosis");
const BUDESONIDE: Medicine = (medicine::BUDESONIDE, "budesonide inhalatiepoeder 400 ug");
const PREDNISOLONE: Medicine = (medicine::PREDNISOLONE, "prednisolon tablet 30 mg");
const DOXYCYCLINE: Medicine = (medicine::DOXYCYCLINE, "doxycycline tablet 100 mg");
const ATORVASTATIN: Medicine = (medicine::ATORVASTATIN, "atorvastatine tablet 40 mg");

fn hospital(chart: &mut Chart) {
    chart.by("tan");
    let copd =
        chart.problem(problem::COPD, "2014").note("GOLD 3, groep E; twee exacerbaties in 2026.").link("COPD GOLD 3");
    let flare = chart
        .problem(problem::COPD_EXACERBATION, "2026-10-08")
        .resolved("2026-10-19")
        .note("Opname vijf dagen, prednisolon en vernevelen.")
        .link("Exacerbatie COPD");
    chart
        .encounter(Contact::Inpatient, "2026-10-08T23:10:00+02:00", Some("2026-10-13T11:00:00+02:00"))
        .because(&flare)
        .admitted_from(place::HOME, Some(place::HOME));
    chart.encounter(Contact::Ambulatory, "2026-11-10T09:40:00+01:00", Some("2026-11-10T10:00:00+01:00")).because(&copd);
    chart
        .procedure(procedure::SPIROMETRY, "2026-11-10")
        .because(&copd)
        .note("FEV1 41 % van voorspeld, geen reversibiliteit.");
    chart.procedure(procedure::X_RAY, "2026-10-08").note("X-thorax: hyperinflatie, geen infiltraat.");
    chart
        .tobacco("2026-11-10", smoking::SOMETIMES)
        .note("Rookt nog \"bij de koffie\", zegt hij; echtgenote zegt vijf per dag.");
    chart.saturation("2026-10-08T23:20:00+02:00", 84).note("Zonder zuurstof.");
    chart.saturation("2026-11-10T09:45:00+01:00", 92);
    chart.alert(problem::MRSA_CARRIER, "2026-10-11").note("Neuskweek bij opname; contactisolatie bij heropname.");
    chart.weight("2026-11-10", 71.5);
    chart.lab(&lab::CRP, "2026-10-08T23:40:00+02:00", 46.0);
    chart.lab(&lab::LEUKOCYTES, "2026-10-08T23:40:00+02:00", 13.2);
    chart.agreed(TIOTROPIUM, daily(1, 1.0).inhaled(), "2019-06-03").because(&copd);
    chart
        .agreed(BUDESONIDE, daily(2, 1.0).inhaled(), "2026-10-13")
        .because(&copd)
        .note("Gestart na tweede exacerbatie.");
    chart.agreed(PREDNISOLONE, daily(1, 1.0), "2026-10-09").until("2026-10-16").because(&flare);
    chart.wants(procedure::RESUSCITATION, "2026-10-09");
    chart.does_not_want(procedure::VENTILATION, "2026-10-09").note("Geen invasieve beademing; masker mag wel.");
    chart.by("koster");
    chart.nursing(
        procedure::REASSURANCE,
        "2026-10-09",
        "bij benauwdheid",
        "Ademhalingsoefeningen, rust, ventilator aan.",
    );
}

fn general_practice(chart: &mut Chart) {
    chart.by("vos");
    let copd = chart.problem(problem::COPD, "2014-02-20").link("COPD");
    chart.problem(problem::HIGH_CHOLESTEROL, "2012");
    chart.problem(problem::BREATHLESSNESS, "2026-03").complaint().note("Kan de dijk niet meer op.");
    chart.tobacco("2026-02-11", smoking::FORMERLY).note("Gestopt sinds nieuwjaar, trots.");
    chart.drinks_alcohol("2026-02-11").note("Twee glazen per dag.");
    chart.agreed(TIOTROPIUM, daily(1, 1.0).inhaled(), "2019-06-03").because(&copd);
    chart.agreed(SALBUTAMOL, daily(4, 2.0).inhaled().as_needed("bij benauwdheid"), "2015-01-09").because(&copd);
    chart.agreed(ATORVASTATIN, daily(1, 1.0), "2012-09-01");
    chart.agreed(DOXYCYCLINE, daily(1, 1.0), "2026-03-02").until("2026-03-09").note("Eerste exacerbatie van dit jaar.");
    chart.vaccination(medicine::INFLUENZA_VACCINE, "2026-10-21");
    chart.by("maas");
    chart.blood_pressure("2026-11-03T11:00:00+01:00", 138, 84);
    chart.weight("2026-11-03", 72.0);
    chart.saturation("2026-11-03T11:00:00+01:00", 93);
    chart.lab(&lab::LDL, "2026-02-09T08:10:00+01:00", 2.3);
    chart.consultation(
        "2026-11-03",
        "Controle na opname",
        Soap {
            subjective: "Slaapt slecht, ophoesten gaat beter. Wil niet over roken praten.",
            objective: "Saturatie 93 %, piepend verlengd exspirium.",
            evaluation: "COPD, herstellend van exacerbatie.",
            plan: "Inhalatietechniek geoefend. Longfysiotherapie. Over vier weken terug.",
        },
    );
}

fn pharmacy(chart: &mut Chart) {
    chart.by("timmer");
    chart.administered(TIOTROPIUM, daily(1, 1.0).inhaled(), "2019-06-03");
    chart.administered(SALBUTAMOL, daily(4, 2.0).inhaled().as_needed("bij benauwdheid"), "2015-01-09");
    chart.administered(ATORVASTATIN, daily(1, 1.0), "2012-09-01");
    chart.by("lopes");
    chart.handed_out(TIOTROPIUM, "2026-09-07T10:12:00+02:00", 90, 90);
    chart
        .handed_out(SALBUTAMOL, "2026-10-30T16:30:00+01:00", 1, 25)
        .note("Vierde aerosol sinds juli: veel zo nodig gebruik.");
    chart.handed_out(ATORVASTATIN, "2026-09-07T10:12:00+02:00", 90, 90);
    chart.handed_out(PREDNISOLONE, "2026-10-13T12:20:00+02:00", 3, 3);
    chart.handed_out(DOXYCYCLINE, "2026-03-02T17:02:00+01:00", 8, 7);
    chart
        .used(BUDESONIDE, daily(1, 1.0).inhaled(), "2026-10-14")
        .not_as_agreed()
        .note("Neemt het eenmaal per dag, 's avonds vergeet hij het.");
}
