//! The few lines of HTTP that the authority's server needs, down to the socket: it must be able to fall silent and to
//! break off in the middle.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The largest request that is read.
const LARGEST: usize = 64 << 10;
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a slow server makes one wait.
const SLOW: Duration = Duration::from_secs(20);

/// A request.
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

/// What goes back.
pub(super) enum Reply {
    Whole(u16, &'static str, Vec<u8>),
    /// Half of what was promised.
    Torn(Vec<u8>),
    /// Nothing, and the connection ends.
    Nothing,
    /// Nothing for a long time, and then nothing.
    Slow,
}

impl Reply {
    pub(super) fn json(value: &serde_json::Value) -> Self {
        Reply::Whole(200, "application/json", value.to_string().into_bytes())
    }

    pub(super) fn status(status: u16) -> Self {
        Reply::Whole(status, "text/plain", Vec::new())
    }
}

/// Reads one request, if one comes whole and in time.
pub(super) fn read(stream: &mut TcpStream) -> Option<Asked> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let (mut buffer, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(buffer.get(..at)?).into_owned();
            let mut lines = head.split("\r\n");
            let mut first = lines.next()?.split(' ');
            let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
            let length = lines
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(Some(0), |(_, value)| value.trim().parse::<usize>().ok())?;
            if let Some(body) = buffer.get(at + 4..at + 4 + length) {
                return Some(Asked { method, path, body: body.to_vec() });
            }
        }
        let read = stream.read(&mut chunk).ok()?;
        if read == 0 || buffer.len() + read > LARGEST {
            return None;
        }
        buffer.extend_from_slice(chunk.get(..read)?);
    }
}

/// Sends it; a caller that went away is none of this server's business.
pub(super) fn send(stream: &mut TcpStream, reply: &Reply) {
    let (status, kind, body, shown) = match reply {
        Reply::Whole(status, kind, body) => (*status, *kind, body.as_slice(), body.len()),
        Reply::Torn(body) => (200, "application/octet-stream", body.as_slice(), body.len() / 2),
        Reply::Nothing => return,
        Reply::Slow => return std::thread::sleep(SLOW),
    };
    let head = format!(
        "HTTP/1.1 {status} .\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.get(..shown).unwrap_or_default()));
}
