//! JSON and XML over the wire, in and out: negotiation, bodies, pages, conditions, batches, preferences, a Binary as what
//! it holds, and the documents in which a node tells what it offers.

use bytes::Bytes;
use conformance::callers::{Answer, InnerCaller, Wire};
use conformance::suites::Setting;
use serde_json::{Value, json};

const XML: (&str, &str) = ("accept", "application/fhir+xml");
const XML_BODY: (&str, &str) = ("content-type", "application/fhir+xml");
const JSON_BODY: (&str, &str) = ("content-type", "application/fhir+json");

/// A node in front of one server that takes writes: the base of its inner gate and a caller of it.
struct Tried {
    wire: InnerCaller,
    base: String,
    /// `4.0` or `3.0`.
    release: &'static str,
}

/// Everything that a node in front of a server that takes writes must do, in its one version.
pub async fn of_try(setting: &Setting) {
    let caller = setting.ready.callers.iter().find(|caller| caller.bearer_token.is_some()).unwrap();
    let bases = &setting.ready.nodes[0].fhir.inner;
    let (base, release) = match (&bases.r4, &bases.stu3) {
        (Some(base), _) => (base, "4.0"),
        (None, base) => (base.as_ref().unwrap(), "3.0"),
    };
    let wire = InnerCaller::of(&setting.ready, &caller.name).unwrap();
    let tried = Tried { wire, base: base.clone(), release };
    tried.formats().await;
    tried.refusals().await;
    tried.pages().await;
    tried.batches().await;
    tried.binaries().await;
    tried.versions().await;
    tried.statements().await;
    openapi(setting, &tried.base).await;
}

/// What a node of the demo region tells of itself, to whom.
pub async fn of_the_demo(setting: &Setting) {
    let anyone = Wire::new(Some(&setting.ready.ca_file), None).unwrap();
    let node = setting.ready.node("hospital").unwrap();
    let outer = node.fhir.outer.r4.as_deref().unwrap();
    let smart = anyone.get(&format!("{outer}/.well-known/smart-configuration")).await.unwrap();
    let server = anyone.get(&format!("{}/.well-known/oauth-authorization-server", node.outer)).await.unwrap();
    for answer in [&smart, &server] {
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        let told = answer.json().unwrap();
        assert_eq!(told["token_endpoint"], format!("{}/oauth/token", node.outer));
        assert_eq!(told["grant_types_supported"], json!(["client_credentials"]));
        assert_eq!(told["token_endpoint_auth_methods_supported"], json!(["private_key_jwt"]));
        assert!(told.get("authorization_endpoint").is_none());
    }
    assert_eq!(server.json().unwrap()["issuer"], node.outer);
    assert_eq!(smart.json().unwrap()["capabilities"], json!([]));
    // At the inner gate there is no token endpoint to tell of.
    let inner = node.fhir.inner.r4.as_deref().unwrap();
    assert_ne!(anyone.get(&format!("{inner}/.well-known/smart-configuration")).await.unwrap().status, 200);

    // Who is identified reads what its own use cases offer; a token that is not accepted is not passed over.
    let person = setting.person("koster").unwrap();
    let mine = person.get(&format!("{inner}/metadata")).await.unwrap();
    assert!(mine.status == 200 && mine.json().unwrap()["rest"][0]["resource"].as_array().unwrap().len() > 20);
    let forged = anyone.with_token("no-token-of-this-node");
    assert_eq!(forged.get(&format!("{inner}/metadata")).await.unwrap().status, 401);
    openapi(setting, inner).await;
}

impl Tried {
    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers, String::new()).await
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let slash = if path.is_empty() { "" } else { "/" };
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{slash}{path}", self.base) };
        self.wire.raw(method.parse().unwrap(), &url, headers, Bytes::from(body)).await.unwrap()
    }

    /// An observation with what must not be lost: digits, an extension on a primitive, a narrative.
    fn observation(mark: &str) -> String {
        format!(
            "<Observation xmlns=\"http://hl7.org/fhir\"><text><status value=\"generated\"/>\
             <div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Gewicht &amp; lengte<br/>70,10 kg</p></div></text>\
             <identifier><system value=\"https://example.org/formats\"/><value value=\"{mark}\"/></identifier>\
             <status value=\"final\"><extension url=\"https://example.org/why\"><valueCode value=\"asked\"/></extension>\
             </status><code><text value=\"Gewicht\"/></code>\
             <valueQuantity><value value=\"70.1\"/><unit value=\"kg\"/></valueQuantity></Observation>"
        )
    }

    async fn create(&self, mark: &str) -> String {
        let created = self.ask("POST", "Observation", &[XML_BODY], Self::observation(mark)).await;
        assert_eq!(created.status, 201, "{}", text(&created));
        let location = created.header("location").unwrap();
        let below = location.strip_prefix(&format!("{}/", self.base)).unwrap();
        below.split("/_history").next().unwrap().to_owned()
    }

    /// What went in as XML comes out as JSON and as XML, with nothing lost.
    async fn formats(&self) {
        let place = self.create("formats").await;
        let version = format!("fhirVersion={}", self.release);
        let typed = |format: &str| format!("application/fhir+{format}; {version}; charset=utf-8");
        let read = self.get(&place, &[]).await;
        assert_eq!((read.status, read.header("content-type")), (200, Some(typed("json").as_str())));
        let resource = read.json().unwrap();
        assert_eq!(resource["valueQuantity"]["value"], 70.1);
        assert_eq!(resource["_status"]["extension"][0]["valueCode"], "asked");
        assert!(resource["text"]["div"].as_str().unwrap().contains("Gewicht &amp; lengte<br/>70,10 kg"));
        for (path, headers) in [
            (place.clone(), vec![XML]),
            (format!("{place}?_format=xml"), vec![]),
            (format!("{place}?_format=application/fhir%2Bxml"), vec![("accept", "application/fhir+json")]),
            (place.clone(), vec![("accept", "application/fhir+json;q=0.5, text/xml;q=0.6")]),
        ] {
            let answer = self.get(&path, &headers).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, Some(typed("xml").as_str())), "{path}");
            let xml = text(&answer);
            assert!(xml.contains("<Observation xmlns=\"http://hl7.org/fhir\""), "{path}: {xml}");
            assert!(xml.contains("<value value=\"70.1\"/>") && xml.contains("Gewicht &amp; lengte<br/>70,10 kg"));
        }
        let search = self.get("Observation?identifier=formats&_format=xml", &[]).await;
        let xml = text(&search);
        assert!(search.status == 200 && xml.contains("<type value=\"searchset\"/>"), "{xml}");
        assert!(xml.contains("<total value=\"1\"/>") && xml.contains("<mode value=\"match\"/>"), "{xml}");
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let posted = self.ask("POST", "Observation/_search", &form, "identifier=formats&_format=xml".to_owned()).await;
        assert!(posted.status == 200 && text(&posted).contains("<Bundle"), "{}", text(&posted));

        // An update in XML, of what was read in XML.
        let read = self.get(&place, &[XML]).await;
        let amended = text(&read).replace("<status value=\"final\"", "<status value=\"amended\"");
        let minimal = [XML_BODY, ("if-match", read.header("etag").unwrap()), ("prefer", "return=minimal")];
        let updated = self.ask("PUT", &place, &minimal, amended.clone()).await;
        assert_eq!((updated.status, updated.body.len()), (200, 0), "{}", text(&updated));
        let outcome = [XML_BODY, XML, ("prefer", "return=OperationOutcome")];
        let updated = self.ask("PUT", &place, &outcome, amended).await;
        assert!(updated.status == 200 && text(&updated).contains("<OperationOutcome"), "{}", text(&updated));
        assert_eq!(self.get(&place, &[]).await.json().unwrap()["status"], "amended");

        // What the caller has already is not sent again.
        let read = self.get(&place, &[]).await;
        let known = self.get(&place, &[("if-none-match", read.header("etag").unwrap())]).await;
        assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, read.header("etag")));
        let other = self.get(&place, &[("if-none-match", "W/\"another\"")]).await;
        assert_eq!(other.status, 200);
    }

    async fn refusals(&self) {
        let wrong = if self.release == "4.0" { "3.0" } else { "4.0" };
        let wanted = format!("application/fhir+json; fhirVersion={wrong}");
        for (path, accept) in
            [("Observation", "text/html"), ("Observation", &wanted), ("Observation?_format=ttl", "*/*")]
        {
            let answer = self.get(path, &[("accept", accept)]).await;
            assert_eq!((answer.status, outcome(&answer)), (406, Some("not-supported".to_owned())), "{path} {accept}");
        }
        let body = Self::observation("refused");
        let typed = format!("application/fhir+xml; fhirVersion={wrong}");
        for (kind, sent, status) in [
            (typed.as_str(), body.clone(), 415),
            ("application/fhir+xml; charset=iso-8859-1", body.clone(), 415),
            ("text/plain", body.clone(), 415),
            ("application/fhir+json", body.clone(), 400),
            ("application/fhir+xml", body.replace("</Observation>", ""), 400),
            ("application/fhir+xml", format!("<!DOCTYPE x [<!ENTITY e \"e\">]>{body}"), 400),
            ("application/fhir+xml", "{\"resourceType\":\"Observation\"}".to_owned(), 400),
            ("application/fhir+xml", body.replace("Observation", "Condition"), 400),
        ] {
            let answer = self.ask("POST", "Observation", &[("content-type", kind)], sent).await;
            assert_eq!(answer.status, status, "{kind}: {}", text(&answer));
            assert!(outcome(&answer).is_some(), "{kind}");
        }
        // A refusal in XML is XML.
        let answer = self.get("Observation?nonsense=1", &[XML]).await;
        let xml = text(&answer);
        assert!(answer.status >= 400 && xml.contains("<OperationOutcome xmlns=\"http://hl7.org/fhir\""), "{xml}");
        let found = self.get("Observation?identifier=refused", &[]).await.json().unwrap();
        assert_eq!(found["total"], 0, "something of it was written");
    }

    /// Pages link to each other within our own base, and together are the whole answer, once.
    async fn pages(&self) {
        let mut expected = Vec::new();
        for _ in 0..5 {
            expected.push(self.create("pages").await);
        }
        let mut seen = Vec::new();
        let mut next = Some("Observation?identifier=pages&_count=2&_format=json".to_owned());
        let mut number = 0;
        while let Some(url) = next {
            number += 1;
            let answer = self.get(&url, &[XML]).await;
            let page = answer.json().unwrap();
            assert_eq!((answer.status, &page["total"]), (200, &json!(5)), "{url}");
            let entries = page["entry"].as_array().unwrap();
            assert!(entries.len() <= 2);
            let place = |entry: &Value| entry["fullUrl"].as_str().unwrap()[self.base.len() + 1..].to_owned();
            seen.extend(entries.iter().map(place));
            let links = page["link"].as_array().unwrap();
            let link = |relation: &str| {
                let found = links.iter().find(|link| link["relation"] == relation)?;
                Some(found["url"].as_str().unwrap().to_owned())
            };
            assert!(links.iter().all(|link| link["url"].as_str().unwrap().starts_with(&self.base)), "{links:?}");
            assert!(link("self").is_some() && link("previous").is_some() == (number > 1), "{links:?}");
            next = link("next");
            assert!(next.iter().all(|url| url.contains("_page=") && url.ends_with("&_format=json")), "{next:?}");
        }
        seen.sort();
        expected.sort();
        assert_eq!((number, seen), (3, expected));
        assert_eq!(self.get("Observation?_page=forged", &[]).await.status, 410);
    }

    /// Batches in both formats; each entry is an exchange of its own.
    async fn batches(&self) {
        let place = self.create("batches").await;
        let etag = self.get(&place, &[]).await.header("etag").unwrap().to_owned();
        let observation = Self::observation("batch-in-xml");
        let batch = format!(
            "<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"batch\"/>\
             <entry><resource>{observation}</resource><request><method value=\"POST\"/><url value=\"Observation\"/>\
             </request></entry>\
             <entry><request><method value=\"GET\"/><url value=\"{}/{place}\"/></request></entry>\
             <entry><request><method value=\"GET\"/><url value=\"{place}\"/>\
             <ifNoneMatch value=\"{}\"/></request></entry>\
             <entry><request><method value=\"GET\"/><url value=\"https://elsewhere.example/{place}\"/></request></entry>\
             <entry><request><method value=\"GET\"/><url value=\"Observation?nonsense=1\"/></request></entry></Bundle>",
            self.base,
            etag.replace('"', "&quot;")
        );
        let answer = self.ask("POST", "", &[XML_BODY], batch.clone()).await;
        let bundle = answer.json().unwrap();
        assert_eq!((answer.status, &bundle["type"]), (200, &json!("batch-response")), "{}", text(&answer));
        let entries = bundle["entry"].as_array().unwrap();
        let statuses: Vec<_> = entries.iter().map(|entry| entry["response"]["status"].as_str().unwrap()).collect();
        assert_eq!(statuses[..3], ["201", "200", "304"], "{statuses:?}");
        assert!(statuses[3..].iter().all(|status| status.starts_with('4')), "{statuses:?}");
        assert!(entries[1]["resource"]["valueQuantity"].is_object() && entries[2].get("resource").is_none());
        assert!(entries[0]["response"]["location"].as_str().unwrap().starts_with(&self.base));
        assert!(entries[4]["response"]["outcome"].is_object());

        let answer = self.ask("POST", "", &[XML_BODY, XML], batch).await;
        let xml = text(&answer);
        assert!(answer.status == 200 && xml.contains("<type value=\"batch-response\"/>"), "{xml}");
        assert!(xml.contains("<status value=\"304\"/>") && xml.contains("<outcome><OperationOutcome"), "{xml}");
        let garbage = self.ask("POST", "", &[XML_BODY], "<Bundle xmlns=\"http://hl7.org/fhir\">".to_owned()).await;
        assert_eq!(garbage.status, 400);
    }

    /// A Binary is a resource unless its own type is what is asked for.
    async fn binaries(&self) {
        let data = if self.release == "4.0" { "data" } else { "content" };
        let binary = json!({ "resourceType": "Binary", "contentType": "application/pdf", data: "JVBERi0xLjc=" });
        let created = self.ask("POST", "Binary", &[JSON_BODY], binary.to_string()).await;
        assert_eq!(created.status, 201, "{}", text(&created));
        let location = created.header("location").unwrap().split("/_history").next().unwrap().to_owned();
        let native = self.get(&location, &[("accept", "application/pdf")]).await;
        assert_eq!((native.status, native.header("content-type")), (200, Some("application/pdf")));
        assert_eq!(&native.body[..], b"%PDF-1.7");
        assert!(native.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")));
        let resource = self.get(&location, &[]).await;
        assert_eq!(resource.json().unwrap()[data], "JVBERi0xLjc=");
        assert!(text(&self.get(&location, &[XML]).await).contains("<Binary"));
        let other = self.get(&location, &[("accept", "image/png")]).await;
        assert_eq!((other.status, outcome(&other)), (406, Some("not-supported".to_owned())));
    }

    /// A version is read by its own id.
    async fn versions(&self) {
        let place = self.create("versions").await;
        let read = self.get(&place, &[]).await;
        let mut resource = read.json().unwrap();
        resource["status"] = json!("amended");
        let updated = self.ask("PUT", &place, &[JSON_BODY], resource.to_string()).await;
        assert_eq!(updated.status, 200, "{}", text(&updated));
        let versioned = self.get(&format!("{place}/_history/2"), &[XML]).await;
        assert!(
            versioned.status == 200 && text(&versioned).contains("<status value=\"amended\""),
            "{}",
            text(&versioned)
        );
    }

    async fn statements(&self) {
        let statement = self.get("metadata", &[]).await.json().unwrap();
        assert_eq!(statement["format"], json!(["application/fhir+json", "application/fhir+xml"]));
        let xml = self.get("metadata", &[XML]).await;
        assert!(xml.status == 200 && text(&xml).contains("<CapabilityStatement xmlns=\"http://hl7.org/fhir\""));
        assert_eq!(self.get("metadata", &[("accept", "text/html")]).await.status, 406);
    }
}

/// The inner API tells of itself, with every type that the statement has.
async fn openapi(setting: &Setting, base: &str) {
    let anyone = Wire::new(Some(&setting.ready.ca_file), None).unwrap();
    let (root, version) = base.rsplit_once("/fhir/").unwrap();
    let document = anyone.get(&format!("{root}/openapi.json")).await.unwrap().json().unwrap();
    assert_eq!((&document["openapi"], &document["servers"][0]["url"]), (&json!("3.1.0"), &json!(root)));
    let statement = anyone.get(&format!("{base}/metadata")).await.unwrap().json().unwrap();
    for resource in statement["rest"][0]["resource"].as_array().unwrap() {
        let path = format!("/fhir/{version}/{}", resource["type"].as_str().unwrap());
        assert!(document["paths"][&path]["get"].is_object(), "{path}");
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// The code of the first issue, of a refusal in JSON.
fn outcome(answer: &Answer) -> Option<String> {
    let body = answer.json().filter(|body| body["resourceType"] == "OperationOutcome")?;
    Some(body["issue"][0]["code"].as_str()?.to_owned())
}
