//! `zorgsluis serve`: one node from its configuration until it is told to stop.

use std::net::TcpListener;
use std::sync::Arc;

use crate::certificates::Reloading;
use crate::config::NodeConfig;
use crate::desk::NodeDesk;
use crate::handoffs::Working;
use crate::http::listeners;
use crate::wiring;

/// Runs the node until SIGINT or SIGTERM, or until standard input ends.
pub fn run(config: NodeConfig, stop_with_input: bool) -> Result<(), String> {
    start_tracing();
    actix_web::rt::System::new().block_on(serve(config, stop_with_input))
}

/// Technical log lines as JSON on standard error; `RUST_LOG` sets how much. They hold no personal data.
pub fn start_tracing() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

async fn serve(config: NodeConfig, stop_with_input: bool) -> Result<(), String> {
    let bind = |address: std::net::SocketAddr| {
        let listener = TcpListener::bind(address).map_err(|fault| format!("cannot listen on {address}: {fault}"))?;
        listener.set_nonblocking(true).map_err(|fault| format!("cannot listen on {address}: {fault}"))?;
        Ok::<_, String>(listener)
    };
    let outer_listener = bind(config.outer.address)?;
    let inner_listener = bind(config.inner.address)?;
    let card_listener = config.cards.as_ref().map(|cards| bind(cards.address)).transpose()?;
    let wired = wiring::node(&config)?;
    let node = Arc::new(wired.node);
    let (outer_tls, inner_tls) = node.certificates().listeners()?;
    let _young = node.certificates().keep_young();
    let _reloading = Reloading::start(node.certificates().clone(), config.clone());
    let desk = config.inner.portal.then(|| Arc::new(NodeDesk::new(node.clone())));
    node.witnessing().start();
    let referring = node.referrals().map(|referrals| crate::referrals::Working::start(&node, referrals));
    let handing_over = node.handoffs().map(|handoffs| Working::start(&node, handoffs));
    let workers = config.bounds.workers;
    let trouble = |fault: std::io::Error| format!("cannot serve: {fault}");
    let outer = listeners::outer(node.clone(), outer_listener, outer_tls, workers).map_err(trouble)?;
    let inner = listeners::inner(node.clone(), desk, inner_listener, inner_tls, workers).map_err(trouble)?;
    let cards = match (card_listener, node.certificates().card_listener()?) {
        (Some(listener), Some(tls)) => Some(listeners::cards(node.clone(), listener, tls).map_err(trouble)?),
        _ => None,
    };
    tracing::info!(
        node.provider = node.provider(),
        node.outer = %config.outer.address,
        node.inner = %config.inner.address,
        node.records = node.access_log().length(),
        "the node serves"
    );
    let handles: Vec<_> = [&outer, &inner].into_iter().chain(&cards).map(|server| server.handle()).collect();
    actix_web::rt::spawn(async move {
        stop_signal(stop_with_input).await;
        tracing::info!("the node stops");
        for handle in handles {
            handle.stop(true).await;
        }
    });
    let cards = async {
        match cards {
            Some(cards) => cards.await,
            None => Ok(()),
        }
    };
    let (outer, inner, cards) = tokio::join!(outer, inner, cards);
    drop((handing_over, referring));
    // After the last exchange: what is durable by now is signed for.
    drop(wired.addressing);
    drop(wired.reloading);
    drop(wired.erasing);
    drop(wired.streaming);
    drop(wired.indexing);
    drop(wired.keeping);
    outer.and(inner).and(cards).map_err(|fault| format!("a listener failed: {fault}"))
}

/// Resolves when the node is to stop.
pub async fn stop_signal(with_input: bool) {
    use tokio::signal::unix::{SignalKind, signal};
    let input = async {
        if !with_input {
            return std::future::pending::<()>().await;
        }
        // A blocking read on a thread of its own: it ends when the parent does.
        let _ = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await;
    };
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return input.await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = input => {}
    }
}
