//! A Nuts node of a provider's own, played on loopback, as far as it says what a token stands for (RFC 7662). Tokens are taken
//! to be whatever it is told that they are; what it must not do, it does on demand ([`Fault`]).

mod fault;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::header;
use actix_web::web::{self, Bytes, Data, Json};
use actix_web::{App, HttpResponse, HttpServer};
use futures_util::stream;
use serde_json::{Value, json};
use time::OffsetDateTime;

pub use fault::Fault;

/// Where a Nuts node answers, as its internal interface has it.
const PATH: &str = "/internal/auth/v2/accesstoken/introspect";
/// The pieces in which too large an answer is sent.
const PIECE: usize = 1 << 20;

/// The node. Only a place to start one from; the running one is a [`NutsNodeHandle`].
pub struct NutsNode;

/// A running node. Dropping it stops it.
pub struct NutsNodeHandle {
    pub introspection_endpoint: String,
    /// Where it is told what to do, over the wire.
    pub control_url: String,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct World {
    fault: Mutex<Fault>,
    /// Questions, and visits to where nobody should come by.
    asked: AtomicU64,
    sunk: AtomicU64,
}

impl NutsNode {
    /// # Errors
    /// The address cannot be bound.
    pub fn start(address: SocketAddr) -> io::Result<NutsNodeHandle> {
        let listener = TcpListener::bind(address)?;
        let base = format!("http://{}", listener.local_addr()?);
        let (tell, told) = mpsc::channel();
        let thread = std::thread::Builder::new().name("nuts-node".to_owned()).spawn(move || run(listener, &tell))?;
        let server = told.recv().map_err(|_| io::Error::other("the node's thread ended before it listened"))??;
        Ok(NutsNodeHandle {
            introspection_endpoint: format!("{base}{PATH}"),
            control_url: format!("{base}/_control"),
            server,
            thread: Some(thread),
        })
    }
}

impl Drop for NutsNodeHandle {
    fn drop(&mut self) {
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(listener: TcpListener, tell: &mpsc::Sender<io::Result<ServerHandle>>) {
    actix_web::rt::System::new().block_on(async {
        let world = Data::from(Arc::new(World::default()));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(world.clone())
                .route(PATH, web::post().to(introspect))
                .route("/_control/fault", web::put().to(set_fault))
                .route("/_control/counts", web::get().to(counts))
                .default_service(web::route().to(sink))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener);
        match server {
            Ok(server) => {
                let server = server.run();
                if tell.send(Ok(server.handle())).is_ok() {
                    // An error here is a listener torn down while stopping; nobody is left to tell.
                    let _ = server.await;
                }
            }
            Err(error) => {
                let _ = tell.send(Err(error));
            }
        }
    });
}

/// What the token stands for, or what the fault makes of that.
async fn introspect(world: Data<World>) -> HttpResponse {
    world.asked.fetch_add(1, Ordering::Relaxed);
    let fault = world.fault.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let good = |ura: &str, scope: &str| {
        let exp = OffsetDateTime::now_utc().unix_timestamp() + 300;
        json!({"active": true, "iss": "did:web:nuts.example", "client_id": "x", "scope": scope, "exp": exp,
            "organization_ura": ura, "organization_name": "x"})
    };
    let with = |name: &str, value: Value| {
        let mut answer = good("90010090", "health-overview");
        answer[name] = value;
        answer
    };
    let answer = match fault {
        Fault::None => json!({"active": false}),
        Fault::Active { ura, scope } => good(&ura, &scope),
        Fault::ActiveText => with("active", json!("true")),
        Fault::ActiveNumber => with("active", json!(1)),
        Fault::WithoutExp => with("exp", Value::Null),
        Fault::Over => with("exp", json!(1)),
        Fault::ExpText => with("exp", json!("9999999999")),
        Fault::OtherOrganisation => with("organization_ura", json!("90010002")),
        Fault::BoundOtherwise => with("cnf", json!({"x5t#S256": "x"})),
        Fault::List => json!([good("90010090", "health-overview")]),
        Fault::Empty => return HttpResponse::Ok().content_type("application/json").finish(),
        Fault::Html => return HttpResponse::Ok().content_type("text/html").body("<p>active</p>"),
        Fault::Status { code } => {
            let status = actix_web::http::StatusCode::from_u16(code).unwrap_or_default();
            return HttpResponse::build(status).json(good("90010090", "health-overview"));
        }
        Fault::Slow { ms } => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            good("90010090", "health-overview")
        }
        Fault::Redirect => {
            return HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, "/sink")).finish();
        }
        Fault::Huge { bytes } => {
            let pieces = (0..bytes.div_ceil(PIECE)).map(|_| Ok::<_, actix_web::Error>(Bytes::from(vec![b' '; PIECE])));
            return HttpResponse::Ok().content_type("application/json").streaming(stream::iter(pieces));
        }
    };
    HttpResponse::Ok().json(answer)
}

async fn set_fault(fault: Json<Fault>, world: Data<World>) -> HttpResponse {
    *world.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault.into_inner();
    HttpResponse::NoContent().finish()
}

async fn counts(world: Data<World>) -> HttpResponse {
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    HttpResponse::Ok().json(json!({"asked": of(&world.asked), "sunk": of(&world.sunk)}))
}

async fn sink(world: Data<World>) -> HttpResponse {
    world.sunk.fetch_add(1, Ordering::Relaxed);
    let exp = OffsetDateTime::now_utc().unix_timestamp() + 300;
    HttpResponse::Ok()
        .json(json!({"active": true, "scope": "health-overview", "exp": exp, "organization_ura": "90010090"}))
}
