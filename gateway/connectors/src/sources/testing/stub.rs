//! A server of a few lines that answers as it is told and remembers what it was asked.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::http::WebAddress;

/// One request, as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Json(u16, String),
    Full {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// Says nothing, for ever.
    Hang,
    /// Closes without a word.
    Drop,
    /// Promises a long body, sends some of it and closes.
    Torn,
    /// Sends a byte now and then, for ever.
    Trickle,
    /// Sends as much as is taken, without saying how much.
    Flood,
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

/// The server; it ends with the run time of its test.
pub(crate) struct Stub {
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The decoded parameters of the body or the query.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let text =
            if self.body.is_empty() { self.target.split_once('?').map_or("", |(_, query)| query) } else { &self.body };
        url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
    }

    pub fn parameter(&self, name: &str) -> Option<String> {
        self.parameters().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl Reply {
    pub fn fhir(value: &serde_json::Value) -> Self {
        Reply::Json(200, value.to_string())
    }

    pub fn status(status: u16) -> Self {
        Reply::Json(status, r#"{"resourceType":"OperationOutcome","issue":[{"diagnostics":"source-text"}]}"#.into())
    }
}

impl Stub {
    pub async fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let seen = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), seen.clone()));
            }
        });
        Stub { address, asked }
    }

    pub fn base(&self) -> WebAddress {
        WebAddress::parse(&format!("{}/fhir", self.address)).unwrap()
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// `POST /fhir/Patient/_search` and so on.
    pub fn lines(&self) -> Vec<String> {
        self.asked().iter().map(|asked| format!("{} {}", asked.method, asked.target)).collect()
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Script>, seen: Arc<Mutex<Vec<Asked>>>) {
    let mut buffer = Vec::new();
    while let Some(asked) = read(&mut stream, &mut buffer).await {
        seen.lock().unwrap().push(asked.clone());
        if !answer(&mut stream, script(&asked)).await {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Asked> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..head_end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let mut request = lines.next()?.split(' ');
    let (method, target) = (request.next()?.to_owned(), request.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    while buffer.len() < head_end + 4 + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(buffer[head_end + 4..head_end + 4 + length].to_vec()).ok()?;
    buffer.drain(..head_end + 4 + length);
    Some(Asked { method, target, headers, body })
}

/// Whether the connection lives on.
async fn answer(stream: &mut TcpStream, reply: Reply) -> bool {
    let head = |status: u16, length: usize, kind: &str| {
        format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n")
    };
    match reply {
        Reply::Json(status, body) => {
            let text = format!("{}\r\n{body}", head(status, body.len(), "application/fhir+json; charset=utf-8"));
            stream.write_all(text.as_bytes()).await.is_ok()
        }
        Reply::Full { status, headers, body } => {
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let text = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(text.as_bytes()).await.is_ok()
        }
        Reply::Hang => std::future::pending().await,
        Reply::Drop => false,
        Reply::Torn => {
            let text = format!("{}\r\n{{\"resourceType\":", head(200, 10_000, "application/fhir+json"));
            let _ = stream.write_all(text.as_bytes()).await;
            false
        }
        Reply::Trickle => {
            let _ = stream.write_all(format!("{}\r\n", head(200, 10_000, "application/fhir+json")).as_bytes()).await;
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            false
        }
        Reply::Flood => {
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\ncontent-type: application/fhir+json\r\n\r\n").await;
            while stream.write_all(&[b' '; 4096]).await.is_ok() {}
            false
        }
    }
}
