//! One connection to a receiver, for a thread that may wait: every wait has its end. Nothing is read from it but what TLS
//! itself says; a receiver of syslog says nothing.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use rustls::{ClientConnection, Error as TlsError};
use socket2::SockRef;
use thiserror::Error;

use super::config::{ReceiverConfig, Security, SetupFault};

/// What the operating system may hold of ours: what a receiver that dies can take with it at this end.
const SEND_BUFFER: usize = 256 << 10;
/// So much plain text is taken into TLS before it is written out.
const CHUNK: usize = 16 << 10;
/// Most octets of a receiver that are passed over at a look: it has nothing to say.
const PASSED_OVER: usize = 64 << 10;

/// Where messages go to.
#[derive(Clone, Debug)]
pub struct Receiver {
    host: String,
    port: u16,
    security: Security,
    connecting: Duration,
    writing: Duration,
}

/// An open connection.
pub struct Stream {
    socket: TcpStream,
    tls: Option<Box<ClientConnection>>,
    writing: Duration,
}

/// Why messages do not reach the receiver. Says nothing of what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StreamFault {
    #[error("its name is not known")]
    Unknown,
    #[error("it cannot be reached")]
    Unreachable,
    #[error("its certificate is not accepted")]
    Certificate,
    #[error("it does not accept the certificate of this node, or asks for one")]
    NotAccepted,
    #[error("it does not speak TLS as it should")]
    Tls,
    #[error("it took too long")]
    TimedOut,
    #[error("it closed the connection")]
    Closed,
}

impl Receiver {
    /// # Errors
    /// When its configuration, or a file of it, cannot be used.
    pub fn new(config: &ReceiverConfig) -> Result<Self, SetupFault> {
        Ok(Receiver {
            host: config.host.clone(),
            port: config.port,
            security: config.security()?,
            connecting: Duration::from_millis(config.connect_ms),
            writing: Duration::from_millis(config.write_ms),
        })
    }

    /// How long a batch may take.
    pub fn writing(&self) -> Duration {
        self.writing
    }

    /// Connects, TLS included.
    ///
    /// # Errors
    /// When it cannot be reached in time, or is not the one it should be.
    pub fn connect(&self) -> Result<Stream, StreamFault> {
        let until = Instant::now() + self.connecting;
        let socket = self.reach(until)?;
        let options = SockRef::from(&socket);
        // What is not confirmed for so long ends the connection: a receiver that went silent is noticed by that.
        let set = options
            .set_tcp_user_timeout(Some(self.writing))
            .and_then(|()| options.set_keepalive(true))
            .and_then(|()| options.set_send_buffer_size(SEND_BUFFER))
            .and_then(|()| socket.set_nodelay(true));
        set.map_err(|_| StreamFault::Unreachable)?;
        let mut stream = Stream { socket, tls: None, writing: self.writing };
        if let Some((config, name)) = &self.security.tls {
            let tls = ClientConnection::new(config.clone(), name.clone()).map_err(|_| StreamFault::Tls)?;
            stream.tls = Some(Box::new(tls));
            stream.shake_hands(until)?;
        }
        Ok(stream)
    }

    fn reach(&self, until: Instant) -> Result<TcpStream, StreamFault> {
        let addresses = (self.host.as_str(), self.port).to_socket_addrs().map_err(|_| StreamFault::Unknown)?;
        let addresses: Vec<SocketAddr> = addresses.collect();
        let mut last = StreamFault::Unknown;
        for address in addresses {
            match TcpStream::connect_timeout(&address, left(until)?) {
                Ok(socket) => return Ok(socket),
                Err(fault) if is_timeout(&fault) => last = StreamFault::TimedOut,
                Err(_) => last = StreamFault::Unreachable,
            }
        }
        Err(last)
    }
}

impl Stream {
    /// Writes all of it, in the time that a batch may take.
    ///
    /// # Errors
    /// When it is not taken in time, or the connection is lost. How much arrived is then not known.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StreamFault> {
        let until = Instant::now() + self.writing;
        let Some(tls) = &mut self.tls else { return write_all(&mut self.socket, bytes, until) };
        for chunk in bytes.chunks(CHUNK) {
            tls.writer().write_all(chunk).map_err(|_| StreamFault::Tls)?;
            flush(tls, &mut self.socket, until)?;
        }
        Ok(())
    }

    /// Whether the receiver is still there, as far as it has said. Does not wait.
    ///
    /// # Errors
    /// When it closed, or TLS broke off: with TLS 1.3 a receiver refuses our certificate only after we think that all is
    /// well.
    pub fn look(&mut self) -> Result<(), StreamFault> {
        self.socket.set_nonblocking(true).map_err(|_| StreamFault::Closed)?;
        let found = self.listen();
        self.socket.set_nonblocking(false).map_err(|_| StreamFault::Closed)?;
        found?;
        if let Some(tls) = &mut self.tls
            && tls.wants_write()
        {
            return flush(tls, &mut self.socket, Instant::now() + self.writing);
        }
        Ok(())
    }

    fn listen(&mut self) -> Result<(), StreamFault> {
        let mut passed_over = [0; 1024];
        for _ in 0..PASSED_OVER / passed_over.len() {
            let read = match &mut self.tls {
                None => self.socket.read(&mut passed_over),
                Some(tls) => tls.read_tls(&mut self.socket),
            };
            match read {
                Ok(0) => return Err(StreamFault::Closed),
                Ok(_) => {}
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
                Err(fault) => return Err(lost(&fault)),
            }
            if let Some(tls) = &mut self.tls {
                let state = tls.process_new_packets().map_err(|fault| of_tls(&fault))?;
                if state.peer_has_closed() {
                    return Err(StreamFault::Closed);
                }
                let mut unread = state.plaintext_bytes_to_read();
                while unread > 0 {
                    match tls.reader().read(&mut passed_over) {
                        Ok(0) | Err(_) => break,
                        Ok(read) => unread = unread.saturating_sub(read),
                    }
                }
            }
        }
        Ok(())
    }

    fn shake_hands(&mut self, until: Instant) -> Result<(), StreamFault> {
        let Some(tls) = &mut self.tls else { return Ok(()) };
        while tls.is_handshaking() {
            if tls.wants_write() {
                flush(tls, &mut self.socket, until)?;
                continue;
            }
            self.socket.set_read_timeout(Some(left(until)?)).map_err(|_| StreamFault::Unreachable)?;
            match tls.read_tls(&mut self.socket) {
                Ok(0) => return Err(StreamFault::Closed),
                Ok(_) => {}
                Err(fault) if fault.kind() == ErrorKind::Interrupted => continue,
                Err(fault) => return Err(lost(&fault)),
            }
            if let Err(fault) = tls.process_new_packets() {
                // Tells the receiver why, if it still listens.
                let _ = flush(tls, &mut self.socket, until);
                return Err(of_tls(&fault));
            }
        }
        flush(tls, &mut self.socket, until)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = flush(tls, &mut self.socket, Instant::now() + Duration::from_millis(200));
        }
        let _ = self.socket.shutdown(Shutdown::Write);
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream({})", if self.tls.is_some() { "tls" } else { "tcp" })
    }
}

fn flush(tls: &mut ClientConnection, socket: &mut TcpStream, until: Instant) -> Result<(), StreamFault> {
    while tls.wants_write() {
        socket.set_write_timeout(Some(left(until)?)).map_err(|_| StreamFault::Closed)?;
        match tls.write_tls(socket) {
            Ok(0) => return Err(StreamFault::Closed),
            Ok(_) => {}
            Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
            Err(fault) => return Err(lost(&fault)),
        }
    }
    Ok(())
}

fn write_all(socket: &mut TcpStream, mut bytes: &[u8], until: Instant) -> Result<(), StreamFault> {
    while !bytes.is_empty() {
        socket.set_write_timeout(Some(left(until)?)).map_err(|_| StreamFault::Closed)?;
        match socket.write(bytes) {
            Ok(0) => return Err(StreamFault::Closed),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
            Err(fault) => return Err(lost(&fault)),
        }
    }
    Ok(())
}

/// What is left of the time; nothing left is a fault.
fn left(until: Instant) -> Result<Duration, StreamFault> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(StreamFault::TimedOut) } else { Ok(left) }
}

fn is_timeout(fault: &io::Error) -> bool {
    matches!(fault.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn lost(fault: &io::Error) -> StreamFault {
    if is_timeout(fault) { StreamFault::TimedOut } else { StreamFault::Closed }
}

fn of_tls(fault: &TlsError) -> StreamFault {
    use rustls::AlertDescription as Alert;
    match fault {
        TlsError::InvalidCertificate(_) | TlsError::NoCertificatesPresented => StreamFault::Certificate,
        TlsError::AlertReceived(
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::CertificateRequired
            | Alert::UnknownCA
            | Alert::AccessDenied,
        ) => StreamFault::NotAccepted,
        _ => StreamFault::Tls,
    }
}
