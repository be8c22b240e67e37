//! What a connection proves before any request on it: the client certificate, verified by rustls.

use std::any::Any;
use std::sync::Arc;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;

/// The client's leaf certificate, DER. rustls has verified the chain; what it names is read elsewhere.
pub struct ClientCertificate(pub Arc<[u8]>);

/// What was shown behind it: certificates of its issuers, DER.
pub struct ShownBehind(pub Vec<Arc<[u8]>>);

/// Most certificates behind the client's own that are looked at.
const MOST_BEHIND: usize = 8;

/// Called once per connection: keeps the client certificate and sends small answers at once.
pub fn on_connect(connection: &dyn Any, data: &mut Extensions) {
    if let Some(tls) = connection.downcast_ref::<TlsStream<TcpStream>>() {
        let (tcp, session) = tls.get_ref();
        send_at_once(tcp);
        if let Some((leaf, behind)) = session.peer_certificates().and_then(<[_]>::split_first) {
            data.insert(ClientCertificate(Arc::from(leaf.as_ref())));
            data.insert(ShownBehind(behind.iter().take(MOST_BEHIND).map(|der| Arc::from(der.as_ref())).collect()));
        }
    } else if let Some(tcp) = connection.downcast_ref::<TcpStream>() {
        send_at_once(tcp);
    }
}

/// Waiting for more to send costs 40 ms on a lone connection. A connection that refuses still works, slower.
fn send_at_once(tcp: &TcpStream) {
    let _ = tcp.set_nodelay(true);
}
