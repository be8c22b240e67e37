use crate::http::{FetchFault, WebAddress};
use crate::sources::fhir::tests::client;
use crate::sources::testing::stub::{Reply, Stub};

use super::{NeighbourLog, NotHad, Submitted};

fn log(stub: &Stub) -> NeighbourLog {
    NeighbourLog::new(client(), WebAddress::parse(&format!("{}/log/", stub.address)).unwrap())
}

fn full(status: u16, kind: &str, body: &str) -> Reply {
    Reply::Full { status, headers: vec![("content-type", kind.to_owned())], body: body.to_owned() }
}

#[tokio::test]
async fn each_answer_of_a_witness_is_told_from_the_others() {
    let size = "text/x.tlog.size";
    for (reply, expected) in [
        (full(200, "text/plain", "— w AAAA\n"), Ok(Submitted::Cosigned("— w AAAA\n".into()))),
        (full(409, size, "17\n"), Ok(Submitted::Conflict(17))),
        (full(409, size, "0\n"), Ok(Submitted::Conflict(0))),
        (full(409, size, "017\n"), Ok(Submitted::Refused(409))),
        (full(409, size, "17"), Ok(Submitted::Refused(409))),
        (full(409, size, "99999999999999999999\n"), Ok(Submitted::Refused(409))),
        (full(409, "text/plain", "17\n"), Ok(Submitted::Refused(409))),
        (full(422, "text/plain", ""), Ok(Submitted::Unproven)),
        (full(403, "text/plain", ""), Ok(Submitted::Refused(403))),
        (full(302, "text/plain", ""), Ok(Submitted::Refused(302))),
        (full(200, "text/plain", &"a".repeat(20_000)), Err(FetchFault::TooLarge { limit: 16 << 10 })),
        (Reply::Drop, Err(FetchFault::Dropped)),
    ] {
        let stub = Stub::start(move |_| reply.clone()).await;
        assert_eq!(log(&stub).submit(b"old 0\n\nnote".to_vec()).await, expected);
        let asked = stub.asked().remove(0);
        assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/log/witness/add-checkpoint"));
        assert_eq!(asked.body, "old 0\n\nnote");
    }
}

#[tokio::test]
async fn checkpoint_and_tiles_are_had_from_below_the_address() {
    let stub = Stub::start(|asked| match asked.path() {
        "/log/checkpoint" => full(200, "text/plain", "note"),
        "/log/tile/0/x001/234.p/5" => full(200, "application/octet-stream", "hashes"),
        _ => full(404, "text/plain", ""),
    })
    .await;
    let log = log(&stub);
    assert_eq!(log.checkpoint().await, Ok("note".into()));
    assert_eq!(log.tile("0/x001/234.p/5").await, Ok("hashes".into()));
    assert_eq!(log.tile("0/000").await, Err(NotHad::Status(404)));
}
