use reqwest::Method;
use serde_json::json;

use super::*;
use crate::callers::Wire;

#[actix_web::test]
async fn it_says_of_every_token_what_it_was_told_to() {
    let node = NutsNode::start(([127, 0, 0, 1], 0).into()).unwrap();
    let wire = Wire::new(None, None).unwrap();
    let ask = async || wire.post_form(&node.introspection_endpoint, &[("token", "x")]).await.unwrap();
    let order = async |fault: Value| {
        let kind = [("content-type", "application/json")];
        let url = format!("{}/fault", node.control_url);
        assert_eq!(wire.raw(Method::PUT, &url, &kind, fault.to_string().into()).await.unwrap().status, 204);
    };
    assert_eq!(ask().await.json().unwrap(), json!({"active": false}));
    order(json!({"kind": "active", "ura": "90010090", "scope": "a"})).await;
    let told = ask().await.json().unwrap();
    assert_eq!((told["active"].as_bool(), told["scope"].as_str()), (Some(true), Some("a")));
    order(json!({"kind": "active-text"})).await;
    assert_eq!(ask().await.json().unwrap()["active"], "true");
    order(json!({"kind": "huge", "bytes": 3_000_000})).await;
    assert!(ask().await.body.len() >= 3_000_000);
    order(json!({"kind": "redirect"})).await;
    assert_eq!(ask().await.status, 307);
    let counted = wire.get(&format!("{}/counts", node.control_url)).await.unwrap().json().unwrap();
    assert_eq!((counted["asked"].as_u64(), counted["sunk"].as_u64()), (Some(5), Some(0)));
}
