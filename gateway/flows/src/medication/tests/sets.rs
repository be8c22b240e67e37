//! The consolidation sets 12a to 12m of MP9 3.0. No overview of them is published; what is held here is what was
//! worked out by hand from the rules, so that it stays as it was judged. Without the fixtures these tests say so.

use fhir::{FhirVersion, Resource};
use time::macros::datetime;
use time::{Date, Month};

use super::build::told;
use super::official::{entries, shared};
use crate::medication::{Moment, Received, Treatments, Windows, treatments};

fn set(name: &str) -> Option<Treatments> {
    let folder = shared("medication/mp9/testscripts/fixtures")?;
    let today = Date::from_calendar_date(2026, Month::November, 22).unwrap();
    let mut all: Vec<Resource> = Vec::new();
    for kind in ["MA", "TA", "MGB", "WDS"] {
        let file = folder.join(format!("mg-mp-mg-CONS-{kind}-Scenarioset{name}-v30.xml"));
        if file.exists() {
            all.extend(entries(FhirVersion::R4, &file, today));
        }
    }
    let received: Vec<Received<'_>> = all.iter().map(|resource| Received { source: 0, resource }).collect();
    let now = Moment::from(datetime!(2026-11-22 12:00 +1));
    Some(treatments(&received, false, now, Windows::default()))
}

/// The same with shorter names.
fn short(overview: &Treatments) -> String {
    let mut told = told(overview);
    for noise in ["-tmg", "MBH_300_", "MBH_3000_"] {
        told = told.replace(noise, "");
    }
    told
}

#[test]
fn the_consolidation_sets_come_out_as_judged() {
    for (name, expected) in [
        (
            "12a",
            "Current: gewijzigddoorander_MA_wijzigingdoorander gewijzigddoorander_TA_wijziging gewijzigddoorander_MGB_pat; \
             Current: gewijzigd_toekomst_MA_techstaken gewijzigd_toekomst_TA_techstaken; \
             Current: gewijzigd_MA_wijziging gewijzigd_TA_wijziging; \
             Current: andermans1_MA andermans1_TA andermans1_MGB_pat andermans1_MGB_zv; \
             Interrupted: onderbroken_MA_onderbreken onderbroken_TA_onderbreken; \
             Planned: toekomstig_MA toekomstig_TA; \
             Planned: gewijzigd_toekomst_MA_wijziging gewijzigd_toekomst_TA_wijziging; \
             RecentlyStopped: gestoptandermans_MA_staken gestoptandermans_TA_staken; \
             RecentlyStopped: gestopt_MA_staken gestopt_TA_staken; RecentlyStopped: gebruik_MGB; \
             History: andermans2_MA andermans2_TA",
        ),
        ("12b", "Current: NieuweMA_nieuw_MA NieuweMA_nieuw_TA NieuweMA_nieuw_MGB"),
        ("12c", "RecentlyStopped: OTCmedicatie_MA OTCmedicatie_TA OTCmedicatie_MGB_nieuw"),
        (
            "12d",
            "Current: ToekomstigEnNieuweMA_NieuwMA; \
             Planned: ToekomstigEnNieuweMA_ToekomstMA ToekomstigEnNieuweMA_ToekomstTA",
        ),
        (
            "12e",
            "Current: nieuweToekomstigeMA_startMA nieuweToekomstigeMA_startTA nieuweToekomstigeMA_startMGB; \
             Planned: nieuweToekomstigeMA_nieuwMA",
        ),
        ("12f", "Current: stopMA_zonder_referentie_startMA; Planned: stopMA_zonder_referentie_toekomstMA"),
        ("12g", "Current: WDS_MA WDS_WDS WDS_TA"),
        ("12h", "Current: WDS_nieuweWDS_MA WDS_nieuweWDS_WDS2 WDS_nieuweWDS_TA"),
        ("12i", "Current: WDS_wijzigWDS_MA WDS_wijzigWDS_WDS2 WDS_wijzigWDS_TA"),
        ("12j", "RecentlyStopped: WDS_stopMA_stopMA WDS_stopMA_TA"),
        ("12k", "Current: WDS_wijzigTA_MA WDS_wijzigTA_WDS WDS_wijzigTA_TA2"),
        ("12L", "Current: WDS_toekomstWDS_MA WDS_toekomstWDS_WDS1 WDS_toekomstWDS_WDS2 WDS_toekomstWDS_TA"),
        ("12m", "Interrupted: WDS_OnderbrokenMA_stopMA WDS_OnderbrokenMA_stopTA"),
    ] {
        let Some(overview) = set(name) else { return };
        assert_eq!(short(&overview), expected, "{name}");
    }
}
