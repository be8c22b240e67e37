//! HTTP that no client library would send, straight on the socket of the inner gate: climbing paths and messages whose
//! end two readers could see in two places (RFC 9112, section 11.2).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::overview::SHOWCASE;
use super::setting::{Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};

const NODE: &str = "hospital";
/// A connection that says nothing more.
const QUIET: Duration = Duration::from_secs(3);

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("a path that climbs out of its base leads nowhere", |setting| Box::pin(climbing(setting))),
        Check::new("a message with two ends is not read as two", |setting| Box::pin(two_ends(setting))),
        Check::new("a request line or header that is no HTTP is answered with no data", |setting| {
            Box::pin(no_http(setting))
        }),
    ]
}

/// Sends these bytes and reads until the other side is done or quiet.
async fn exchange(setting: &Setting, bytes: &[u8]) -> Result<String, Flaw> {
    let cannot = |_| Flaw::Broken("the connection was not taken".to_owned());
    let address = setting.node(NODE)?.inner.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.map_err(cannot)?;
    stream.write_all(bytes).await.map_err(cannot)?;
    let mut told = Vec::new();
    let mut chunk = [0_u8; 16 * 1024];
    // Closed, reset and quiet are all an end.
    while let Ok(Ok(length @ 1..)) = tokio::time::timeout(QUIET, stream.read(&mut chunk)).await {
        told.extend_from_slice(chunk.get(..length).unwrap_or_default());
    }
    Ok(String::from_utf8_lossy(&told).into_owned())
}

fn statuses(told: &str) -> Vec<&str> {
    told.match_indices("HTTP/1.1 ").filter_map(|(at, found)| told.get(at + found.len()..at + found.len() + 3)).collect()
}

/// A request that ends the connection, with the token of a person who treats the showcase patient.
fn request(setting: &Setting, line: &str, headers: &str, body: &str) -> Result<Vec<u8>, Flaw> {
    let token = setting.ready.person("koster").and_then(|caller| caller.bearer_token.as_deref());
    let token = token.ok_or_else(|| Flaw::NotRun("no token".to_owned()))?;
    let rest = format!("Host: localhost\r\nAuthorization: Bearer {token}\r\n{headers}\r\n{body}");
    Ok(format!("{line} HTTP/1.1\r\n{rest}").into_bytes())
}

async fn climbing(setting: &Setting) -> Judgement {
    let mark = setting.mark(NODE).await?;
    for path in [
        "/fhir/r4/../../metrics",
        "/fhir/r4/Condition/../../../metrics",
        "/fhir/r4/%2e%2e/%2e%2e/metrics",
        "/fhir/r4/Condition/..%5c..%5cmetrics",
        "/fhir/r4/.../Condition",
    ] {
        let bytes = request(setting, &format!("GET {path}"), "Connection: close\r\n", "")?;
        let told = exchange(setting, &bytes).await?;
        let statuses = statuses(&told);
        ensure(statuses.len() == 1 && statuses.iter().all(|status| status.starts_with('4')), || {
            format!("{path} answers {}", statuses.join(", "))
        })?;
        ensure(!told.contains("zorgsluis_exchanges"), || format!("{path} reaches the metrics"))?;
    }
    setting.no_source_was_asked(&mark).await
}

async fn two_ends(setting: &Setting) -> Judgement {
    let form = format!("identifier=http://fhir.nl/fhir/NamingSystem/bsn|{SHOWCASE}");
    let hidden = String::from_utf8(request(
        setting,
        "POST /fhir/r4/Patient/$health-overview",
        &format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", form.len()),
        &form,
    )?)
    .map_err(|_| Flaw::NotRun("the hidden request is no text".to_owned()))?;
    let length = hidden.len();
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    for headers in [
        format!("{kind}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        format!("{kind}Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
        format!("{kind}Content-Length: 0\r\nContent-Length: {length}\r\n"),
        format!("{kind}Content-Length: {length}\r\nTransfer-Encoding: xchunked\r\n"),
        format!("{kind}Content-Length: +0\r\n"),
    ] {
        let mark = setting.mark(NODE).await?;
        let body = format!("0\r\n\r\n{hidden}");
        let bytes = request(setting, "POST /fhir/r4/Condition/_search", &headers, &body)?;
        let told = exchange(setting, &bytes).await?;
        let first = headers.replace(kind, "").replace("\r\n", "; ");
        ensure(!told.contains("\"searchset\"") && !names_a_patient(&told), || format!("{first} lets data out"))?;
        setting.no_source_was_asked(&mark).await?;
    }
    Ok(())
}

async fn no_http(setting: &Setting) -> Judgement {
    let mark = setting.mark(NODE).await?;
    let long = format!("GET /fhir/r4/Condition?code={} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X-A: a\r\n".repeat(5_000));
    for bytes in [
        &b"GET /fhir/r4/Condition\r\n\r\n"[..],
        b"GET /fhir/r4/Condition HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /fhir/r4/Condition HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
        long.as_bytes(),
        many.as_bytes(),
    ] {
        // Nothing at all is an answer too.
        let told = exchange(setting, bytes).await?;
        let good = statuses(&told).iter().any(|status| status.starts_with('2'));
        ensure(!good && !told.contains("\"searchset\""), || "it is answered with success".to_owned())?;
    }
    setting.no_source_was_asked(&mark).await
}
