//! Every published search of the BgZ and of medication transfer through the real binary, over both kinds of source, in
//! JSON and in XML. Needs the national fixtures; says so when they are not there.

use std::env;
use std::path::{Path, PathBuf};

use conformance::counts::{Counting, Set, SourceKind, judged, passing};

use crate::program::ZORGSLUIS;

fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = env::var_os("ZORGSLUIS_SHARED").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    folder.join("conformance/definitions").is_dir().then_some(folder)
}

/// Asks, prints the table, and holds that nothing differs without an explanation.
pub async fn every_query() {
    let Some(shared) = shared() else {
        eprintln!("SKIPPED: the published searches were not asked, ZORGSLUIS_SHARED names no fixtures");
        return;
    };
    let state = tempfile::tempdir().unwrap();
    let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    let counting = Counting {
        shared,
        program: ZORGSLUIS.into(),
        profiles: profiles.canonicalize().unwrap(),
        state: state.path().to_owned(),
        kinds: SourceKind::ALL.to_vec(),
        sets: Set::ALL.to_vec(),
    };
    let report = counting.run(|progress| eprintln!("{progress}")).await.unwrap();
    let (text, unexplained) = judged(&report);
    eprintln!("{text}");
    assert!(report.rows.len() >= 1610, "only {} questions were read", report.rows.len());
    // The others are the Specimens that no fixture is.
    assert!(report.evaluation.same >= 1370 && report.evaluation.other.iter().all(|what| what.contains("Specimen")));
    assert!(report.sending.sent >= 226 && report.sending.flaws.is_empty(), "{}", report.sending);
    let mp9 = passing(&report, Set::Mp9);
    assert!(mp9.all >= 278 && mp9.everywhere == mp9.all, "{}", mp9.told(Set::Mp9));
    assert_eq!(unexplained, 0, "answers differ without an explanation");
}
