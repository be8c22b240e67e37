//! An invented patient whose general practitioner, hospital, pharmacy and nursing home have each a part of the medication,
//! and do not agree about all of it. Nothing in it ends or begins near any day, so that it reads the same whenever it is read.

use policy::Finding;

use super::{Place, World, block, patient};

/// The region of that patient.
pub fn medication(bsn: &str) -> World {
    let person = |place: Place| place.holds(&patient("1", bsn, "Antje", "Zeilstra", "1938-02-11"));
    let practice = person(Place::new("90000901", "Huisartsenpraktijk De Terp"))
        .holds(
            &block("MA", "metoprolol-1")
                .treatment(Some("metoprolol"))
                .days(-400, None)
                .prk("3956")
                .text("2 maal per dag 1 stuk, oraal")
                .json(),
        )
        .holds(
            &block("MA", "digoxine-1")
                .treatment(Some("digoxine"))
                .days(-300, None)
                .text("1 maal per dag 1 stuk")
                .json(),
        )
        .holds(
            &block("TA", "digoxine-ta")
                .treatment(Some("digoxine"))
                .days(-299, None)
                .rests_on("MA", "digoxine-1")
                .text("1 maal per dag 1 stuk")
                .copy()
                .json(),
        )
        .holds(
            r#"{"resourceType":"AllergyIntolerance","id":"a1","patient":{"reference":"Patient/1"},
            "clinicalStatus":{"coding":[{"code":"active"}]},"code":{"text":"Penicilline"}}"#,
        )
        .holds(
            r#"{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"Patient/1"},
            "code":{"coding":[{"system":"http://loinc.org","code":"62238-1"}]},"effectiveDateTime":"2026-01-05",
            "valueQuantity":{"value":42,"unit":"ml/min/{1,73_m2}","code":"mL/min/{1,73_m2}"}}"#,
        );
    let hospital = person(Place::new("90000902", "Ziekenhuis Oostwal"))
        .holds(
            &block("MA", "metoprolol-1")
                .treatment(Some("metoprolol"))
                .days(-400, Some(-40))
                .at(-400, "08:00")
                .prk("3956")
                .text("1 maal per dag 1 stuk, oraal")
                .json(),
        )
        .holds(
            &block("MA", "digoxine-pauze")
                .treatment(Some("digoxine"))
                .days(-300, Some(-20))
                .at(-20, "10:00")
                .stop("interrupted")
                .prior("digoxine-1")
                .json(),
        )
        .holds(&block("MA", "kuur").treatment(Some("kuur")).condition("tot de wond dicht is").at(-3, "09:00").json());
    let pharmacy = person(Place::new("90000903", "Apotheek Het Anker"))
        .holds(
            &block("TA", "digoxine-ta")
                .treatment(Some("digoxine"))
                .days(-299, None)
                .rests_on("MA", "digoxine-1")
                .text("1 maal per dag 1 stuk")
                .json(),
        )
        .holds(&block("MA", "digoxine-1").treatment(Some("digoxine")).days(-300, None).copy().json());
    let home = person(Place::new("90000904", "Woonzorg De Haven"))
        .holds(
            &block("MGB", "digoxine-mgb")
                .treatment(Some("digoxine"))
                .days(-299, None)
                .at(-1, "08:00")
                .author("PractitionerRole")
                .rests_on("MA", "digoxine-1")
                .status("not-taken")
                .json(),
        )
        .holds(&block("MGB", "paracetamol").treatment(Some("paracetamol")).days(-50, None).author("Patient").json())
        .holds(
            &block("MGB", "paracetamol-eerder").treatment(Some("paracetamol")).days(-90, None).author("Patient").json(),
        )
        .holds(&block("TA", "oud").treatment(Some("oud")).days(-900, Some(-800)).json());
    World::new("90000901").with(practice).with(hospital).with(pharmacy).with(home).index(Finding::Found(3))
}
