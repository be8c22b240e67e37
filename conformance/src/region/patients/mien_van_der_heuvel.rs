//! Mien van der Heuvel, 84. A widow who lived alone above the old harbour of Veerdam, with
//! atrial fibrillation and brittle bones, until she slipped on the bathroom floor at the end
//! of October. A new hip, a delirium, and then to De Linde to learn to walk again. Everybody
//! in the region knows her, and not everybody knows the same.

use super::words::*;

pub const STORY: Story = Story {
    person: &Person {
        bsn: "999911120",
        given: "Wilhelmina Johanna",
        called: "Mien",
        prefix: "van der",
        family: "Heuvel",
        gender: Gender::Female,
        born: "1942-03-14",
        street: "Havenkade",
        house_number: "12",
        city: "Veerdam",
        phone: "+31 99 700 5101",
    },
    chapters: &[
        at(HOSPITAL, "zm300417", hospital),
        at(NURSING_HOME, "dl2188", nursing_home),
        at(GENERAL_PRACTICE, "brink0093", general_practice),
        at(PHARMACY, "veer7741", pharmacy),
    ],
};

const METOPROLOL_50: Medicine = (medicine::METOPROLOL, "metoprolol retard tablet 50 mg");
const METOPROLOL_100: Medicine = (medicine::METOPROLOL, "metoprolol retard tablet 100 mg");
const APIXABAN_2_5: Medicine = (medicine::APIXABAN, "apixaban tablet 2,5 mg");
const APIXABAN_5: Medicine = (medicine::APIXABAN, "apixaban tablet 5 mg");
const PARACETAMOL: Medicine = (medicine::PARACETAMOL, "paracetamol tablet 500 mg");
const OXYCODONE: Medicine = (medicine::OXYCODONE, "oxycodon tablet 5 mg");
const MACROGOL: Medicine = (medicine::MACROGOL, "macrogol/elektrolyten poeder voor drank");
const COLECALCIFEROL: Medicine = (medicine::COLECALCIFEROL, "colecalciferol capsule 800 IE");
const ALENDRONATE: Medicine = (medicine::ALENDRONATE, "alendroninezuur tablet 70 mg");
const HALOPERIDOL: Medicine = (medicine::HALOPERIDOL, "haloperidol tablet 0,5 mg");
const FUROSEMIDE: Medicine = (medicine::FUROSEMIDE, "furosemide tablet 40 mg");
const TEMAZEPAM: Medicine = (medicine::TEMAZEPAM, "temazepam capsule 10 mg");

/// Eight days in the orthopaedic ward. Nobody asked about penicillin.
fn hospital(chart: &mut Chart) {
    chart.by("vanloon");
    let fracture = chart
        .problem(problem::FEMORAL_NECK_FRACTURE, "2026-10-28")
        .left()
        .note("Uitgegleden in de badkamer, mediale collumfractuur links, geen hoofdletsel.")
        .link("Heupfractuur links");
    chart
        .encounter(Contact::Inpatient, "2026-10-28T11:20:00+01:00", Some("2026-11-05T10:30:00+01:00"))
        .because(&fracture)
        .admitted_from(place::HOME, Some(place::NURSING_HOME))
        .note("Opname via de spoedeisende hulp, ontslag naar revalidatieafdeling De Linde.");
    chart.procedure(procedure::X_RAY, "2026-10-28").because(&fracture).note("X-bekken en heup links.");
    chart
        .procedure(procedure::TOTAL_HIP_REPLACEMENT, "2026-10-29")
        .because(&fracture)
        .note("Totale heupprothese links, spinaal, ongecompliceerd, 300 ml bloedverlies.");
    chart
        .wound(problem::SURGICAL_WOUND, body::THIGH, "2026-10-29")
        .left()
        .note("Wond droog, hechtingen verwijderen op 12 november.");

    chart.by("koster");
    chart.dos("2026-10-31T22:00:00+01:00", 6).note("Plukkerig, ziet beestjes, slaapt overdag.");
    chart.dos("2026-11-04T22:00:00+01:00", 1);
    chart.pain("2026-11-04T14:00:00+01:00", 4).note("Bij staan en draaien.");
    chart.weight("2026-10-29", 54.2);
    chart.height("2026-10-29", 161.0);
    chart.blood_pressure("2026-10-28T11:40:00+01:00", 168, 92).note("Pijnlijk en angstig.");
    chart.blood_pressure("2026-11-05T08:10:00+01:00", 124, 70);
    chart.heart_rate("2026-11-05T08:10:00+01:00", 84).note("Irregulair.");
    chart.temperature("2026-11-05T08:10:00+01:00", 36.8);
    chart.saturation("2026-11-05T08:10:00+01:00", 96);

    chart.by("vanloon");
    chart
        .problem(problem::DELIRIUM, "2026-10-30")
        .complication()
        .resolved("2026-11-03")
        .note("Postoperatief delier, goed gereageerd op haloperidol en aanwezigheid van haar dochter.");
    chart.problem(problem::ATRIAL_FIBRILLATION, "2017");
    chart.lab(&lab::HAEMOGLOBIN, "2026-10-28T12:00:00+01:00", 7.6);
    chart.lab(&lab::HAEMOGLOBIN, "2026-11-04T07:30:00+01:00", 6.3).note("Geen transfusie, asymptomatisch.");
    chart.lab(&lab::EGFR, "2026-11-04T07:30:00+01:00", 48.0);
    chart.lab(&lab::SODIUM, "2026-11-04T07:30:00+01:00", 136.0);
    chart.lab(&lab::CRP, "2026-11-04T07:30:00+01:00", 38.0);
    chart.wants(procedure::RESUSCITATION, "2026-10-28").note("Op de spoedeisende hulp besproken: volledig beleid.");
    chart
        .agreed(METOPROLOL_50, daily(1, 1.0), "2022-03-01")
        .named("mien-metoprolol-2")
        .of_treatment("mien-metoprolol")
        .stops("mien-metoprolol-1", Stopping::ForGood, "2026-10-29")
        .registered("2026-10-30T14:10:00+01:00");
    chart
        .agreed(METOPROLOL_100, daily(1, 1.0), "2026-10-30")
        .named("mien-metoprolol-3")
        .of_treatment("mien-metoprolol")
        .registered("2026-10-30T14:10:00+01:00")
        .note("Verhoogd tijdens opname bij snel boezemfibrilleren.");
    // As a treatment of its own: nobody looked what she took already.
    chart
        .agreed(APIXABAN_5, daily(2, 1.0), "2026-10-30")
        .named("mien-apixaban-ziekenhuis-1")
        .of_treatment("mien-apixaban-ziekenhuis")
        .registered("2026-10-30T14:15:00+01:00");
    chart
        .agreed(PARACETAMOL, daily(4, 2.0), "2026-10-28")
        .of_treatment("mien-paracetamol")
        .registered("2026-10-28T13:00:00+01:00")
        .because(&fracture);
    chart
        .agreed(PARACETAMOL, daily(2, 2.0), "2027-01-04")
        .of_treatment("mien-paracetamol")
        .registered("2026-11-05T09:30:00+01:00")
        .note("Afbouwen na de controle op de poli.");
    chart
        .agreed(OXYCODONE, daily(4, 1.0).as_needed("bij pijn"), "2026-10-29")
        .of_treatment("mien-oxycodon")
        .until("2026-11-12")
        .because(&fracture);
    chart.agreed(HALOPERIDOL, daily(2, 1.0), "2026-10-31").named("mien-haloperidol-1").of_treatment("mien-haloperidol");
    chart
        .agreed(HALOPERIDOL, daily(2, 1.0), "2026-10-31")
        .named("mien-haloperidol-2")
        .of_treatment("mien-haloperidol")
        .stops("mien-haloperidol-1", Stopping::ForGood, "2026-11-04")
        .registered("2026-11-04T10:00:00+01:00")
        .note("Delier in remissie.");
    // What the cardiologist elsewhere agreed, as she told it at admission.
    chart
        .agreed(FUROSEMIDE, daily(1, 1.0), "2026-06-02")
        .named("mien-furosemide-1")
        .of_treatment("mien-furosemide")
        .copied();
    chart.contact_person("Carla van der Heuvel", ("DAUC", "Dochter"), "+31 99 700 5102");
}

/// Learning to walk again. They did ask about penicillin, and about resuscitation.
fn nursing_home(chart: &mut Chart) {
    chart.by("winter");
    let daughter = chart
        .contact_person("Carla van der Heuvel", ("DAUC", "Dochter"), "+31 99 700 5102")
        .link("Carla van der Heuvel, dochter");
    chart
        .encounter(Contact::Inpatient, "2026-11-05T11:15:00+01:00", None)
        .admitted_from(place::HOSPITAL, None)
        .note("Geriatrische revalidatie na heupprothese.");
    let mobility = chart
        .problem(problem::REDUCED_MOBILITY, "2026-11-05")
        .of_functioning()
        .note("Status na heupprothese links 29 oktober; mag volledig belasten.")
        .link("Verminderde mobiliteit na heupprothese");
    chart.problem(problem::AT_RISK_FOR_FALLS, "2026-11-05").of_functioning();
    chart
        .allergy(allergy::PENICILLIN, Against::Medication, "1968")
        .reaction(
            allergy::URTICARIA,
            Severity::Moderate,
            "Galbulten over het hele lichaam na een kuur bij een longontsteking.",
        )
        .note("Verteld door mevrouw en haar dochter bij opname.");
    chart
        .does_not_want(procedure::RESUSCITATION, "2026-11-06")
        .note("Besproken met mevrouw en dochter; mevrouw is hier stellig in.");
    chart.wants(procedure::HOSPITAL_ADMISSION, "2026-11-06").note("Wel insturen als herstel te verwachten is.");
    chart
        .advance_directive(Directive::NotToResuscitate, "2019-04-02")
        .represented_by(&daughter)
        .note("Penning aanwezig, kopie in het dossier.");
    chart.used(METOPROLOL_100, daily(1, 1.0), "2026-11-05").of_treatment("mien-metoprolol").under("mien-metoprolol-3");
    chart
        .used(APIXABAN_5, daily(2, 1.0), "2026-11-05")
        .of_treatment("mien-apixaban-ziekenhuis")
        .under("mien-apixaban-ziekenhuis-1");
    chart.used(PARACETAMOL, daily(4, 2.0), "2026-11-05").of_treatment("mien-paracetamol");
    chart
        .used(MACROGOL, daily(1, 1.0), "2026-11-07")
        .of_treatment("mien-macrogol")
        .note("Gestart bij obstipatie onder oxycodon.");
    chart
        .agreed(MACROGOL, daily(1, 1.0), "2026-11-07")
        .of_treatment("mien-macrogol")
        .for_as_long_as("zolang mevrouw oxycodon gebruikt");
    chart
        .agreed(TEMAZEPAM, daily(1, 1.0).as_needed("bij slapeloosheid"), "2024-02-12")
        .named("mien-temazepam-2")
        .of_treatment("mien-temazepam")
        .stops("mien-temazepam-1", Stopping::ForAWhile, "2026-11-06")
        .registered("2026-11-06T16:00:00+01:00")
        .note("Onderbroken vanwege valrisico; opnieuw bespreken voor ontslag.");
    let steps = chart
        .goal("Zelfstandig met rollator naar de eetzaal (40 meter)", "2026-12-04")
        .because(&mobility)
        .link("Lopen met rollator");
    chart.goal("Weer thuis wonen met thuiszorg", "2026-12-18").because(&mobility);

    chart.by("bos");
    chart.barthel("2026-11-06T09:00:00+01:00", 9);
    chart.barthel("2026-11-19T09:00:00+01:00", 13).note("Loopt met begeleiding van één persoon.");
    chart.ability("2026-11-19", &ability::WALKS_WITH_HELP);
    chart.ability("2026-11-19", &ability::TRANSFERS_WITH_HELP);
    chart.ability("2026-11-19", &ability::WASHES_WITH_HELP);
    chart.ability("2026-11-19", &ability::DRESSES_WITH_HELP).note("Kousen lukken niet alleen.");
    chart.ability("2026-11-19", &ability::EATS_ALONE);
    chart.ability("2026-11-19", &ability::CANNOT_CLIMB_STAIRS);
    chart.snaq_rc("2026-11-06", 3).note("Vijf kilo afgevallen sinds de zomer; diëtist in consult.");
    chart.weight("2026-11-16", 53.1);
    chart.blood_pressure("2026-11-18T08:00:00+01:00", 108, 62).note("Duizelig bij opstaan.");
    chart.heart_rate("2026-11-18T08:00:00+01:00", 56);
    chart
        .wound(problem::SURGICAL_WOUND, body::THIGH, "2026-10-29")
        .left()
        .note("Hechtingen verwijderd op 12 november, wond gesloten.");
    chart
        .pressure_ulcer(1, body::HEEL, "2026-11-06")
        .right()
        .note("Niet wegdrukbare roodheid, ontstaan in het ziekenhuis.");
    chart
        .nursing(
            procedure::CHANGE_OF_POSITION,
            "2026-11-06",
            "elke 3 uur",
            "Hielen vrijleggen, wisselligging 's nachts.",
        )
        .because(&mobility);
    chart
        .nursing(procedure::GIVING_MEDICATION, "2026-11-05", "4 maal per dag", "Medicatie aanreiken uit de weekdoos.")
        .towards(&steps);
    chart.aid(device::WHEELCHAIR, "2026-11-05").note("Voor langere afstanden; rollator op de kamer.");
    chart.aid(device::HEARING_AID, "2021").note("Links, batterij elke donderdag.");
}

/// Thirty years of knowing her.
fn general_practice(chart: &mut Chart) {
    chart.by("deboer");
    chart.allergy(allergy::PENICILLIN, Against::Medication, "1968").reaction(
        allergy::URTICARIA,
        Severity::Moderate,
        "Urticaria na penicillinekuur.",
    );
    let fibrillation =
        chart.problem(problem::ATRIAL_FIBRILLATION, "2017-05-11").note("CHA2DS2-VASc 4.").link("Atriumfibrilleren");
    chart.problem(problem::HYPERTENSION, "2004");
    let bones = chart.problem(problem::OSTEOPOROSIS, "2019-02").note("T-score heup -3,1.").link("Osteoporose");
    chart.problem(problem::OSTEOARTHRITIS, "2011").specified("beide knieën");
    chart.problem(problem::INSOMNIA, "2024").complaint();
    chart.problem(problem::FEMORAL_NECK_FRACTURE, "2026-10-28").left().note("Bericht ziekenhuis: THP links.");
    chart
        .agreed(METOPROLOL_50, daily(1, 1.0), "2022-03-01")
        .named("mien-metoprolol-1")
        .of_treatment("mien-metoprolol")
        .because(&fibrillation)
        .note("Hogere dosering gaf in 2022 bradycardie en duizeligheid.");
    chart
        .agreed(APIXABAN_2_5, daily(2, 1.0), "2023-01-16")
        .named("mien-apixaban-1")
        .of_treatment("mien-apixaban")
        .because(&fibrillation)
        .note("Verlaagd in overleg met cardioloog: ouder dan 80 en gewicht onder 60 kg.");
    chart
        .agreed(COLECALCIFEROL, daily(1, 1.0), "2019-03-01")
        .named("mien-colecalciferol-1")
        .of_treatment("mien-colecalciferol")
        .because(&bones);
    chart
        .agreed(ALENDRONATE, weekly(1, 1.0), "2019-03-01")
        .of_treatment("mien-alendroninezuur")
        .because(&bones)
        .stopped("2024-03-01", "Na vijf jaar gestopt.");
    chart
        .agreed(TEMAZEPAM, daily(1, 1.0).as_needed("bij slapeloosheid"), "2024-02-12")
        .named("mien-temazepam-1")
        .of_treatment("mien-temazepam");
    chart.does_not_want(procedure::RESUSCITATION, "2019-04-02").note("Bij jaarlijks gesprek in 2025 herbevestigd.");
    chart.does_not_want(procedure::INTENSIVE_CARE, "2025-04-08");
    chart.advance_directive(Directive::NotToResuscitate, "2019-04-02").note("Draagt een penning.");
    chart.blood_pressure("2026-09-15T10:20:00+02:00", 142, 80);
    chart.weight("2026-09-15", 58.0);
    chart.lab(&lab::EGFR, "2026-09-14T08:00:00+02:00", 52.0);
    chart.lab(&lab::POTASSIUM, "2026-09-14T08:00:00+02:00", 4.4);
    chart.vaccination(medicine::INFLUENZA_VACCINE, "2026-10-14");
    chart.tobacco("2019-04-02", smoking::NEVER);
    chart.lives_in("2026-09-15", "BOVENW", "Bovenwoning").note("Steile trap; wil niet verhuizen.");
    chart.consultation(
        "2026-09-15",
        "Jaarcontrole",
        Soap {
            subjective: "Gaat redelijk. Eén keer bijna gevallen in de badkamer. Eet weinig, alleen koken is niet leuk.",
            objective: "Drie kilo lichter dan vorig jaar, RR 142/80, pols irregulair 72.",
            evaluation: "Valrisico en dreigende ondervoeding.",
            plan: "Ergotherapeut voor de badkamer, maaltijdservice besproken, terug over drie maanden.",
        },
    );
}

/// What was really handed out over the counter: the general practitioner's doses.
fn pharmacy(chart: &mut Chart) {
    chart.by("timmer");
    chart
        .allergy(allergy::PENICILLIN, Against::Medication, "1968")
        .reaction(allergy::URTICARIA, Severity::Moderate, "Urticaria.")
        .note("Overgenomen van huisarts.");
    chart
        .contraindication(concept("urn:oid:2.16.840.1.113883.2.4.4.1.902.40", "72", "Hartfalen"), "2017-05-12")
        .note("Ten onrechte geregistreerd bij start metoprolol? Nagaan bij huisarts.");
    chart
        .administered(METOPROLOL_50, daily(1, 1.0), "2022-03-01")
        .of_treatment("mien-metoprolol")
        .under("mien-metoprolol-1")
        .in_weekly_box();
    chart
        .administered(APIXABAN_2_5, daily(2, 1.0), "2023-01-16")
        .of_treatment("mien-apixaban")
        .under("mien-apixaban-1")
        .in_weekly_box();
    chart
        .administered(COLECALCIFEROL, daily(1, 1.0), "2019-03-01")
        .of_treatment("mien-colecalciferol")
        .under("mien-colecalciferol-1")
        .in_weekly_box();
    chart
        .administered(TEMAZEPAM, daily(1, 1.0).as_needed("bij slapeloosheid"), "2024-02-12")
        .of_treatment("mien-temazepam")
        .under("mien-temazepam-1");
    chart
        .agreed(APIXABAN_2_5, daily(2, 1.0), "2023-01-16")
        .named("mien-apixaban-1")
        .of_treatment("mien-apixaban")
        .copied();
    chart.by("lopes");
    chart
        .handed_out(METOPROLOL_50, "2026-10-19T15:05:00+02:00", 14, 14)
        .of_treatment("mien-metoprolol")
        .in_weekly_box();
    chart.handed_out(APIXABAN_2_5, "2026-10-19T15:05:00+02:00", 28, 14).of_treatment("mien-apixaban").in_weekly_box();
    chart
        .handed_out(COLECALCIFEROL, "2026-10-19T15:05:00+02:00", 14, 14)
        .of_treatment("mien-colecalciferol")
        .in_weekly_box();
    chart
        .handed_out(TEMAZEPAM, "2026-10-02T11:40:00+02:00", 10, 30)
        .of_treatment("mien-temazepam")
        .note("Derde keer dit jaar.");
}
