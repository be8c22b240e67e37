//! The Consents of a patient at a server: all of them, or not known.

use super::*;
use crate::registers::ConsentRecords;

fn consent(id: &str, patient: &str) -> serde_json::Value {
    json!({"resourceType": "Consent", "id": id, "status": "active",
        "patient": {"reference": format!("Patient/{patient}")}})
}

async fn told(stub: &Stub, change: impl FnOnce(&mut FhirSourceConfig)) -> Result<Vec<String>, NotFoundOut> {
    let patient = bsn();
    let all = source_with(stub, change).about(&patient).await?;
    Ok(all.iter().filter_map(|one| Some(one.id()?.into_owned())).collect())
}

#[tokio::test]
async fn the_consents_of_the_patient_are_had_and_nobody_elses() {
    let stub = knowing(|_| Reply::fhir(&searchset(&[consent("c1", "p1"), consent("c2", "p9")], None))).await;
    assert_eq!(told(&stub, |_| ()).await, Ok(vec!["c1".to_owned()]));
    assert!(stub.asked().iter().all(|asked| !asked.path().contains(BSN)));
}

#[tokio::test]
async fn a_server_that_does_not_tell_all_of_them_tells_none() {
    let few = Bounds { max_resources: 1, ..Bounds::default() };
    let stub = knowing(|_| Reply::fhir(&searchset(&[consent("c1", "p1"), consent("c2", "p1")], None))).await;
    assert_eq!(told(&stub, move |config| config.bounds = few).await, Err(NotFoundOut::Unusable));
    assert_eq!(told(&stub, |config| config.version = FhirVersion::Stu3).await, Err(NotFoundOut::Unusable));
    for (status, why) in
        [(500, NotFoundOut::Unreachable), (503, NotFoundOut::Unreachable), (404, NotFoundOut::Unusable)]
    {
        let ill = knowing(move |_| Reply::status(status)).await;
        assert_eq!(told(&ill, |_| ()).await, Err(why), "{status}");
    }
}
