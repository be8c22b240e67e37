//! Fatima El Amrani, 58, school cook. Type 2 diabetes for eleven years, and since August a
//! wound under her right foot that De Linde's nurses dress at home every other day.

use super::words::*;

pub const STORY: Story = Story {
    person: &Person {
        bsn: "900184590",
        given: "Fatima",
        called: "Fatima",
        prefix: "",
        family: "El Amrani",
        gender: Gender::Female,
        born: "1968-01-27",
        street: "Molenstraat",
        house_number: "48",
        city: "Maasdal",
        phone: "+31 99 700 5301",
    },
    chapters: &[
        at(HOSPITAL, "zm311902", hospital),
        at(NURSING_HOME, "dl2240", home_care),
        at(GENERAL_PRACTICE, "brink0377", general_practice),
    ],
};

const METFORMIN_500: Medicine = (medicine::METFORMIN, "metformine tablet 500 mg");
const METFORMIN_1000: Medicine = (medicine::METFORMIN, "metformine tablet 1000 mg");
const GLICLAZIDE: Medicine = (medicine::GLICLAZIDE, "gliclazide tablet mga 30 mg");
const GLARGINE: Medicine = (medicine::INSULIN_GLARGINE, "insuline glargine 100 E/ml pen");
const EMPAGLIFLOZIN: Medicine = (medicine::EMPAGLIFLOZIN, "empagliflozine tablet 10 mg");
const ENALAPRIL: Medicine = (medicine::ENALAPRIL, "enalapril tablet 10 mg");
const ATORVASTATIN: Medicine = (medicine::ATORVASTATIN, "atorvastatine tablet 20 mg");
const CO_AMOXICLAV: Medicine = (medicine::AMOXICILLIN_CLAVULANATE, "amoxicilline/clavulaanzuur tablet 500/125 mg");

/// The foot clinic, which halved the metformin for her kidneys.
fn hospital(chart: &mut Chart) {
    chart.by("meijer");
    let ulcer = chart
        .wound(problem::DIABETIC_FOOT_ULCER, body::FOOT, "2026-08-20")
        .right()
        .note("Plantair onder het eerste kopje, 2,1 bij 1,4 cm, geen botcontact. Gipsschoen.")
        .link("Diabetisch voetulcus rechts");
    let diabetes = chart
        .problem(problem::DIABETES_2, "2015")
        .note("Met neuropathie en beginnende nierschade.")
        .link("Diabetes type 2");
    chart.problem(problem::CHRONIC_KIDNEY_DISEASE_3, "2026-09-02");
    chart
        .encounter(Contact::Ambulatory, "2026-09-02T13:30:00+02:00", Some("2026-09-02T14:10:00+02:00"))
        .because(&ulcer);
    chart
        .encounter(Contact::Ambulatory, "2026-11-04T13:30:00+01:00", Some("2026-11-04T13:50:00+01:00"))
        .because(&ulcer);
    chart.procedure(procedure::X_RAY, "2026-09-02").at(body::FOOT).note("Voet rechts: geen osteomyelitis.");
    chart.lab(&lab::HBA1C, "2026-09-01T08:00:00+02:00", 71.0);
    chart.lab(&lab::EGFR, "2026-09-01T08:00:00+02:00", 44.0);
    chart.lab(&lab::CREATININE, "2026-09-01T08:00:00+02:00", 122.0);
    chart.lab(&lab::ALBUMIN_CREATININE, "2026-09-01T08:00:00+02:00", 11.4);
    chart.lab(&lab::CRP, "2026-11-03T08:00:00+01:00", 8.0);
    chart.agreed(METFORMIN_500, daily(2, 1.0), "2026-09-02").because(&diabetes).note("Gehalveerd vanwege eGFR 44.");
    chart
        .agreed(GLARGINE, daily(1, 1.0).injected(), "2026-09-02")
        .because(&diabetes)
        .note("22 eenheden voor de nacht.");
    chart.agreed(EMPAGLIFLOZIN, daily(1, 1.0), "2026-09-02").because(&diabetes);
    chart.agreed(CO_AMOXICLAV, daily(3, 1.0), "2026-09-02").until("2026-09-12").because(&ulcer);
    chart.goal("Voetwond gesloten", "2026-12-15").because(&ulcer);
}

/// Every other day at nine, before her work.
fn home_care(chart: &mut Chart) {
    chart.by("kaya");
    let ulcer = chart
        .wound(problem::DIABETIC_FOOT_ULCER, body::FOOT, "2026-08-20")
        .right()
        .note("18 november: 1,2 bij 0,9 cm, rood wondbed, weinig vocht.")
        .link("Voetwond rechts");
    chart.encounter(Contact::Home, "2026-11-18T09:00:00+01:00", Some("2026-11-18T09:25:00+01:00")).because(&ulcer);
    chart
        .nursing(
            procedure::CHANGE_OF_DRESSING,
            "2026-09-03",
            "om de dag",
            "Spoelen, alginaat, absorberend verband, gipsschoen terug.",
        )
        .because(&ulcer);
    chart.nursing(
        procedure::GIVING_MEDICATION,
        "2026-09-03",
        "wekelijks",
        "Meekijken bij insuline spuiten en bij het dagboek.",
    );
    chart.help("2026-09-03", "om de dag, 's ochtends", "Wondzorg aan huis; mevrouw gaat daarna naar haar werk.");
    chart.ability("2026-09-03", &ability::WASHES_ALONE);
    chart.ability("2026-09-03", &ability::DRESSES_ALONE);
    chart.ability("2026-09-03", &ability::WALKS_ALONE).note("Met gipsschoen; staat te veel.");
    chart.pain("2026-11-18T09:10:00+01:00", 1).note("Voelt weinig in de voeten.");
    chart.lives_in("2026-09-03", "EENGEZW", "Eengezinswoning");
    chart.contact_person("Youssef El Amrani", ("SONC", "Zoon"), "+31 99 700 5302");
    chart
        .allergy(allergy::LATEX, Against::Substance, "2026-09-10")
        .reaction(allergy::CONTACT_ECZEMA, Severity::Mild, "Jeukende rode plekken onder het eerste verband.")
        .unconfirmed();
    chart
        .used(METFORMIN_1000, daily(2, 1.0), "2026-09-03")
        .not_as_agreed()
        .note("Gebruikt nog de oude tabletten van 1000 mg uit de kast.");
}

/// Prescribes what it always did; the hospital's letter lies unread.
fn general_practice(chart: &mut Chart) {
    chart.by("deboer");
    let diabetes = chart.problem(problem::DIABETES_2, "2015-06-01").link("Diabetes mellitus type 2");
    chart.problem(problem::HYPERTENSION, "2013");
    chart.problem(problem::DIABETIC_FOOT_ULCER, "2026-08-20").right().note("Verwezen naar voetenpoli.");
    chart.agreed(METFORMIN_1000, daily(2, 1.0), "2018-10-10").because(&diabetes);
    chart.agreed(GLICLAZIDE, daily(1, 2.0), "2021-05-03").because(&diabetes);
    chart.agreed(ENALAPRIL, daily(1, 1.0), "2013-11-01");
    chart.agreed(ATORVASTATIN, daily(1, 1.0), "2016-01-20");
    chart.by("maas");
    chart.lab(&lab::HBA1C, "2026-05-18T08:00:00+02:00", 66.0);
    chart.lab(&lab::EGFR, "2026-05-18T08:00:00+02:00", 55.0);
    chart.lab(&lab::LDL, "2026-05-18T08:00:00+02:00", 2.9);
    chart.blood_pressure("2026-05-20T09:15:00+02:00", 146, 88);
    chart.weight("2026-05-20", 88.4);
    chart.height("2026-05-20", 164.0);
    chart.tobacco("2026-05-20", smoking::NEVER);
    chart.goal("HbA1c onder 58 mmol/mol", "2027-01-31").because(&diabetes);
    chart.consultation(
        "2026-08-24",
        "Wond onder de voet",
        Soap {
            subjective: "Sinds een paar dagen vocht in de sok, geen pijn.",
            objective: "Ulcus plantair rechts 2 cm, monofilament niet gevoeld, pulsaties aanwezig.",
            evaluation: "Diabetisch voetulcus.",
            plan: "Spoedverwijzing voetenpoli, wondzorg door De Linde.",
        },
    );
}
