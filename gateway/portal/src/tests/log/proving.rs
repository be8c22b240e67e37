//! The state of the proof, in words.

use super::*;

async fn shown(change: impl FnOnce(&mut ProofState)) -> Page {
    let desk = changed(Kind::Auditor, |log| change(&mut log.proof));
    let page = call(&desk, false, signed_in(get("/portal/log/proof"))).await;
    assert_eq!((page.status, asked_of(&desk)), (200, vec![Asked::Proof]));
    is_safe(&page);
    page
}

#[actix_web::test]
async fn a_proof_that_is_well_shows_its_checkpoint_key_witnesses_and_neighbours() {
    let page = shown(|_| {}).await;
    says(
        &page,
        &[
            "In orde",
            "zorgsluis.example/log/90000901",
            "9 records van de 10; de rest volgt",
            "23-11-2026 11:30, 35 minuten geleden",
            "q6urq6urq6ur…",
            "+1a2b3c4d+",
            "Apotheek De Brug 9 records 23-11-2026 11:31 34 minuten geleden geen",
            "Huisartsenpraktijk Beekzicht 4 records 23-11-2026 11:31 34 minuten geleden 5 records Was bij de laatste poging niet bereikbaar.",
            "De Linde nog niets nog nooit 9 records",
            "De Linde 1200 records",
        ],
    );
    assert!(!page.words().contains("alarm ") && !page.text.contains("q6urq6urq6urq6ur"));
}

#[actix_web::test]
async fn each_alarm_is_told_in_plain_words_with_what_to_do() {
    for (alarm, expected) in [
        (Alarm::Fork { known: 800, shown: 810 }, "ondertekende twee controlepunten, van 800 en van 810 records"),
        (
            Alarm::Rollback { known: 1200, shown: 900 },
            "toont een log van 900 records, terwijl wij er eerder 1200 kenden",
        ),
        (Alarm::Unproven { known: 9, shown: 12 }, "kon niet aantonen dat die volgen op de 9 die wij al kenden"),
    ] {
        let page = shown(|proof| {
            proof.neighbours[0].name = "De <b>Linde</b>".to_owned();
            proof.neighbours[0].alarms = vec![alarm];
        })
        .await;
        says(&page, &["Alarm over een ander log", "Ons eigen bewijs is in orde. 1 alarm", expected]);
        says(&page, &["Neem contact op met De &lt;b&gt;Linde&lt;/b&gt;, niet via deze node."]);
        assert!(!page.words().contains("In orde"));
    }
}

#[actix_web::test]
async fn what_ails_our_own_proof_comes_before_everything_else() {
    let page = shown(|proof| {
        proof.trouble = Some("Het log is korter dan <b>wat</b> is ondertekend.".to_owned());
        proof.neighbours[0].alarms = vec![Alarm::Unproven { known: 9, shown: 12 }];
    })
    .await;
    says(&page, &["Met ons bewijs is iets mis", "Het log is korter dan &lt;b&gt;wat&lt;/b&gt; is ondertekend."]);
    assert!(!page.words().contains("Ons eigen bewijs is in orde"));

    let begun = shown(|proof| {
        (proof.signed, proof.size, proof.records) = (None, 0, 1);
        proof.witnesses.clear();
        proof.neighbours.clear();
    })
    .await;
    says(
        &begun,
        &[
            "Nog niets ondertekend",
            "nog geen",
            "Er zijn geen getuigen ingesteld.",
            "Wij zijn van geen ander log getuige.",
        ],
    );
}
