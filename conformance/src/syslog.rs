//! A receiver of syslog, as a security monitoring system has one: RFC 5424 messages in octet-counted frames over mutual TLS
//! (RFC 5425). It is strict: what is not as the standards have it is a fault that it remembers. Its connections can be
//! broken, as those of a receiver that restarts are.

use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::ca::Issued;

/// Digits of the longest length that is taken, and the longest message (RFC 5425, section 4.3.1, asks for 2048 at least).
const LENGTH_DIGITS: usize = 4;
const LONGEST: usize = 8_192;
/// A sender that shakes no hands is left alone after so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// A message that came whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub facility: u8,
    pub severity: u8,
    pub timestamp: String,
    pub hostname: String,
    pub app_name: String,
    pub message_id: String,
    pub structured_data: String,
    pub text: String,
}

#[derive(Default)]
struct Kept {
    messages: Vec<Received>,
    faults: Vec<String>,
    connections: Vec<TcpStream>,
}

/// The receiver, for as long as the process lives.
pub struct SyslogReceiver {
    pub address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

impl SyslogReceiver {
    /// Listens on loopback with this certificate. Senders have to show one of this authority (PEM).
    ///
    /// # Errors
    /// When the certificates cannot be used, or nothing can be listened on.
    pub fn start(own: &Issued, authority_pem: &str) -> io::Result<Self> {
        let tls = Arc::new(tls(own, authority_pem)?);
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let kept = Arc::new(Mutex::new(Kept::default()));
        let all = kept.clone();
        thread::Builder::new().name("syslog".into()).spawn(move || {
            for socket in listener.incoming().flatten() {
                let (tls, all) = (tls.clone(), all.clone());
                // A connection that gets no thread is closed.
                let _ = thread::Builder::new().spawn(move || serve(socket, tls, &all));
            }
        })?;
        Ok(SyslogReceiver { address, kept })
    }

    /// Everything that came, in order of arrival.
    pub fn messages(&self) -> Vec<Received> {
        lock(&self.kept).messages.clone()
    }

    /// What was not as it should be. A frame that broke off with its connection is no fault.
    pub fn faults(&self) -> Vec<String> {
        lock(&self.kept).faults.clone()
    }

    /// Breaks all connections, wherever they are.
    pub fn break_connections(&self) {
        for connection in lock(&self.kept).connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tls(own: &Issued, authority_pem: &str) -> io::Result<ServerConfig> {
    let unusable = |fault: &dyn std::fmt::Display| io::Error::other(fault.to_string());
    let certificate = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|fault| unusable(&fault));
    let mut roots = RootCertStore::empty();
    roots.add(certificate(authority_pem)?).map_err(|fault| unusable(&fault))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|fault| unusable(&fault))?;
    let key = PrivateKeyDer::from_pem_slice(own.key_pem.as_bytes()).map_err(|fault| unusable(&fault))?;
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|fault| unusable(&fault))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate(&own.certificate_pem)?], key)
        .map_err(|fault| unusable(&fault))
}

fn serve(socket: TcpStream, tls: Arc<ServerConfig>, kept: &Mutex<Kept>) {
    let Ok(connection) = ServerConnection::new(tls) else { return };
    let Ok(copy) = socket.try_clone() else { return };
    if socket.set_read_timeout(Some(PATIENCE)).is_err() {
        return;
    }
    lock(kept).connections.push(copy);
    let mut stream = StreamOwned::new(connection, socket);
    while stream.conn.is_handshaking() {
        if stream.conn.complete_io(&mut stream.sock).is_err() {
            return;
        }
    }
    if stream.sock.set_read_timeout(None).is_err() {
        return;
    }
    loop {
        let Ok(octets) = frame(&mut stream) else { return };
        match read(&octets) {
            Ok(message) => lock(kept).messages.push(message),
            Err(fault) => {
                lock(kept).faults.push(fault.to_owned());
                return;
            }
        }
    }
}

/// `MSG-LEN SP SYSLOG-MSG`. Empty, which is no message, when the length is no length; an error when the connection ended.
fn frame(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = 0;
    for digits in 0..=LENGTH_DIGITS {
        let mut octet = [0];
        stream.read_exact(&mut octet)?;
        match octet[0] {
            b' ' if digits > 0 && length <= LONGEST => {
                let mut message = vec![0; length];
                stream.read_exact(&mut message)?;
                return Ok(message);
            }
            // The first digit is not zero.
            digit @ b'0'..=b'9' if digits > 0 || digit != b'0' => length = length * 10 + usize::from(digit - b'0'),
            _ => break,
        }
    }
    Ok(Vec::new())
}

/// The grammar of RFC 5424, section 6, as far as a sender of text needs it.
fn read(octets: &[u8]) -> Result<Received, &'static str> {
    let text = std::str::from_utf8(octets).map_err(|_| "a message is no UTF-8")?;
    let rest = text.strip_prefix('<').ok_or("a message or frame does not begin as one")?;
    let (priority, rest) = rest.split_once('>').ok_or("a priority does not end")?;
    let number: u8 = priority.parse().ok().filter(|number| *number <= 191).ok_or("a priority is none")?;
    if priority.len() > 1 && priority.starts_with('0') {
        return Err("a priority begins with zero");
    }
    let mut fields = rest.strip_prefix("1 ").ok_or("the version is not 1")?.splitn(6, ' ');
    let mut field = |longest: usize| {
        let field = fields.next().unwrap_or_default();
        let good = (1..=longest).contains(&field.len()) && field.bytes().all(|octet| octet.is_ascii_graphic());
        if good { Ok(field.to_owned()) } else { Err("a field of the header is empty, too long or not printable") }
    };
    let (timestamp, hostname, app_name) = (field(32)?, field(255)?, field(48)?);
    let (_process_id, message_id) = (field(128)?, field(32)?);
    let rest = fields.next().ok_or("there is no structured data")?;
    let end = structured(rest).ok_or("the structured data is not well-formed")?;
    let (data, rest) = rest.split_at_checked(end).ok_or("the structured data does not end")?;
    let text = match rest {
        "" => "",
        rest => rest.strip_prefix(' ').ok_or("there is no space before the text")?,
    };
    let good_time = timestamp == "-" || (timestamp.len() <= 27 && timestamp.ends_with('Z') && timestamp.contains('T'));
    if !good_time {
        return Err("a timestamp is none, or too precise");
    }
    Ok(Received {
        facility: number / 8,
        severity: number % 8,
        timestamp,
        hostname,
        app_name,
        message_id,
        structured_data: data.to_owned(),
        text: text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
    })
}

/// Where the structured data ends.
fn structured(text: &str) -> Option<usize> {
    if text.starts_with('-') {
        return Some(1);
    }
    let (mut inside, mut quoted, mut escaped, mut elements) = (false, false, false, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if inside => quoted = !quoted,
            ']' if quoted => return None,
            ']' if inside => (inside, elements) = (false, elements + 1),
            '[' if !inside => inside = true,
            _ if inside => {}
            _ => return (elements > 0).then_some(at),
        }
    }
    (!inside && elements > 0).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_and_what_is_none_is_said_not_to_be() {
        let good = "<110>1 2026-11-23T08:00:00.250000Z node.example app 7 kind [a x=\"\\\"\\]\\\\\"][b] {\"k\":1}";
        let read_back = read(good.as_bytes()).unwrap();
        assert_eq!((read_back.facility, read_back.severity), (13, 6));
        assert_eq!(read_back.structured_data, "[a x=\"\\\"\\]\\\\\"][b]");
        assert_eq!((read_back.message_id.as_str(), read_back.text.as_str()), ("kind", "{\"k\":1}"));
        assert_eq!(read(b"<0>1 - - - - - -").unwrap().text, "");
        assert_eq!(read("<0>1 - - - - - - \u{feff}é".as_bytes()).unwrap().text, "é");
        for bad in [
            "",
            "x",
            "<192>1 - - - - - -",
            "<010>1 - - - - - -",
            "<1>2 - - - - - -",
            "<1>1 - - - - -",
            "<1>1 -  - - - -",
            "<1>1 - - - - - [a",
            "<1>1 - - - - - [a x=\"]\"]",
            "<1>1 - - - - - -x",
            "<1>1 2026-11-23T08:00:00.250000123Z - - - - -",
            "<1>1 yesterday - - - - -",
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn frames_are_counted_and_what_is_no_length_is_a_fault() {
        let mut stream: &[u8] = b"3 abc10 0123456789";
        assert_eq!(frame(&mut stream).unwrap(), b"abc");
        assert_eq!(frame(&mut stream).unwrap(), b"0123456789");
        assert!(frame(&mut stream).is_err());
        assert!(frame(&mut &b"5 abc"[..]).is_err());
        for bad in [&b"03 abc"[..], b" abc", b"x", b"99999 x", b"9999 x"] {
            assert_eq!(frame(&mut &*bad).unwrap(), b"", "{bad:?}");
        }
    }
}
