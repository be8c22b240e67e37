//! An authority on a socket: its list and its responder, and beside them a way to drive it (issue, revoke, begin anew with
//! a new root, fail on order), which a real one has not.

use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answers::Manner;
use super::http::{self, Asked, Reply};
use super::{CertificateAuthority, LIST, Profile, Subject, Validity};

/// How it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CaFault {
    #[serde(default)]
    pub kind: CaFaultKind,
    /// Only the list, or only the responder.
    #[serde(default)]
    pub only: Option<Part>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaFaultKind {
    #[default]
    None,
    /// Connections end without a word.
    Down,
    Slow,
    Torn,
    /// Of yesterday, and over.
    Stale,
    WronglySigned,
    /// 404.
    Absent,
    /// The responder does not know the certificate.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    List,
    Responder,
}

/// What is wanted of the authority.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Order {
    #[serde(flatten)]
    profile: Profile,
    #[serde(default)]
    name: String,
    #[serde(default)]
    validity: Validity,
    /// The revocation list that it stands on once it is revoked; the common one when nothing is said.
    list: Option<String>,
}

struct World {
    base: String,
    /// All roots so far; the last one issues.
    roots: Mutex<Vec<Arc<CertificateAuthority>>>,
    revoked: Mutex<BTreeSet<Vec<u8>>>,
    fault: Mutex<CaFault>,
    lists: AtomicU64,
    answers: AtomicU64,
    ended: AtomicBool,
}

/// Starts servers.
pub struct AuthorityServer;

/// A running server; it ends with this handle.
pub struct AuthorityHandle {
    world: Arc<World>,
    address: SocketAddr,
    /// Where it lists and answers, without a slash at the end.
    pub base_url: String,
    /// Where it is driven.
    pub control_url: String,
}

impl AuthorityServer {
    /// A new root, and its list and responder at this address.
    ///
    /// # Errors
    /// The address is taken, or the cryptography fails.
    pub fn start(name: &str, address: SocketAddr) -> io::Result<AuthorityHandle> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let base = format!("http://{address}");
        let first = CertificateAuthority::new_at(name, &format!("{base}/0")).map_err(io::Error::other)?;
        let world = Arc::new(World {
            base: base.clone(),
            roots: Mutex::new(vec![Arc::new(first)]),
            revoked: Mutex::default(),
            fault: Mutex::default(),
            lists: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        });
        let serving = world.clone();
        std::thread::Builder::new().name("authority".into()).spawn(move || serve(&listener, &serving))?;
        let control_url = format!("{base}/_control");
        Ok(AuthorityHandle { world, address, base_url: base, control_url })
    }
}

impl AuthorityHandle {
    /// The root that issues now.
    pub fn authority(&self) -> Option<Arc<CertificateAuthority>> {
        self.world.issuing()
    }

    /// Host and port, as a node is told which hosts it may ask.
    pub fn host(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for AuthorityHandle {
    fn drop(&mut self) {
        self.world.ended.store(true, Ordering::SeqCst);
        // The last connection wakes the listener.
        let _ = std::net::TcpStream::connect(self.address);
    }
}

fn serve(listener: &TcpListener, world: &Arc<World>) {
    for stream in listener.incoming() {
        if world.ended.load(Ordering::SeqCst) {
            return;
        }
        let (Ok(mut stream), world) = (stream, world.clone()) else { continue };
        let answering = std::thread::Builder::new().name("authority-answer".into());
        // A connection for which there is no thread ends unanswered, as one at a busy server does.
        let _ = answering.spawn(move || {
            if let Some(asked) = http::read(&mut stream) {
                http::send(&mut stream, &world.answer(&asked));
            }
        });
    }
}

impl World {
    fn answer(&self, asked: &Asked) -> Reply {
        let segments: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
        match (asked.method.as_str(), segments.as_slice()) {
            (method, ["_control", what]) => self.control(method, what, &asked.body),
            ("GET", [root, list]) if list.ends_with(".crl") => {
                let name = list.trim_end_matches(".crl");
                self.lists.fetch_add(1, Ordering::Relaxed);
                self.acted(Part::List, |manner| {
                    Some(self.root(root)?.list(name, &self.revoked(), manner).ok())
                        .map(|list| (list, "application/pkix-crl"))
                })
            }
            ("POST", [root, "ocsp"]) => {
                self.answers.fetch_add(1, Ordering::Relaxed);
                self.acted(Part::Responder, |manner| {
                    let answer = self.root(root)?.answer(&asked.body, &self.revoked(), manner).ok();
                    Some((answer, "application/ocsp-response"))
                })
            }
            _ => Reply::status(404),
        }
    }

    /// The answer that `made` makes, or what the fault makes of it.
    fn acted(&self, part: Part, made: impl Fn(Manner) -> Option<(Option<Vec<u8>>, &'static str)>) -> Reply {
        let fault = *locked(&self.fault);
        let kind = if fault.only.is_none_or(|only| only == part) { fault.kind } else { CaFaultKind::None };
        let manner = Manner {
            stale: kind == CaFaultKind::Stale,
            wrongly_signed: kind == CaFaultKind::WronglySigned,
            unknown: kind == CaFaultKind::Unknown,
        };
        match kind {
            CaFaultKind::Down => return Reply::Nothing,
            CaFaultKind::Slow => return Reply::Slow,
            CaFaultKind::Absent => return Reply::status(404),
            CaFaultKind::None
            | CaFaultKind::Torn
            | CaFaultKind::Stale
            | CaFaultKind::WronglySigned
            | CaFaultKind::Unknown => {}
        }
        match made(manner) {
            Some((Some(bytes), _)) if kind == CaFaultKind::Torn => Reply::Torn(bytes),
            Some((Some(bytes), media)) => Reply::Whole(200, media, bytes),
            Some((None, _)) => Reply::status(500),
            None => Reply::status(404),
        }
    }

    fn control(&self, method: &str, what: &str, body: &[u8]) -> Reply {
        let unusable = || Reply::status(400);
        match (method, what) {
            ("PUT", "fault") => match serde_json::from_slice(body) {
                Ok(fault) => {
                    *locked(&self.fault) = fault;
                    Reply::status(204)
                }
                Err(_) => unusable(),
            },
            ("POST", "issue") => self.issue(body).unwrap_or_else(unusable),
            // Serial numbers, as `issue` gave them.
            ("POST", "revoke") => match unhex(body) {
                Some(serial) => {
                    locked(&self.revoked).insert(serial);
                    Reply::status(204)
                }
                None => unusable(),
            },
            ("POST", "rollover") => self.roll_over().unwrap_or_else(|| Reply::status(500)),
            ("GET", "counts") => Reply::json(&json!({
                "lists": self.lists.load(Ordering::Relaxed),
                "answers": self.answers.load(Ordering::Relaxed),
            })),
            _ => Reply::status(404),
        }
    }

    fn issue(&self, body: &[u8]) -> Option<Reply> {
        let order: Order = serde_json::from_slice(body).ok()?;
        let subject = Subject { name: &order.name, dns_names: &[] };
        let list = order.list.as_deref().unwrap_or(LIST);
        if list.is_empty() || !list.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let issued = self.issuing()?.issue_on(list, &order.profile, &subject, order.validity).ok()?;
        Some(Reply::json(&json!({
            "certificate": issued.certificate_pem, "key": issued.key_pem, "serial": hex(&issued.serial),
        })))
    }

    /// A new root; the old one goes on to list and answer.
    fn roll_over(&self) -> Option<Reply> {
        let mut roots = locked(&self.roots);
        let number = roots.len();
        let base = format!("{}/{number}", self.base);
        let root = CertificateAuthority::new_at(&format!("Zorgsluis demo authority {number}"), &base).ok()?;
        let answer = Reply::json(&json!({"certificate": root.certificate_pem()}));
        roots.push(Arc::new(root));
        Some(answer)
    }

    fn root(&self, number: &str) -> Option<Arc<CertificateAuthority>> {
        locked(&self.roots).get(number.parse::<usize>().ok()?).cloned()
    }

    fn issuing(&self) -> Option<Arc<CertificateAuthority>> {
        locked(&self.roots).last().cloned()
    }

    fn revoked(&self) -> BTreeSet<Vec<u8>> {
        locked(&self.revoked).clone()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let pairs = text.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    pairs.collect::<Option<Vec<u8>>>().filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests;
