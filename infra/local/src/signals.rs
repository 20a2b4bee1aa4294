//! The signals that ask to stop.

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

/// Completes at the first Ctrl-C, `SIGTERM` or closing of the terminal.
///
/// The handlers are in place when this returns, before anything is started. Later signals are
/// ignored: stopping is bounded in time by itself.
pub(crate) fn first() -> Result<impl Future<Output = ()>> {
    let mut listeners = Vec::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        listeners.push(signal(kind).context("the system refused to install a signal handler")?);
    }
    Ok(std::future::poll_fn(move |context| {
        let asked = listeners.iter_mut().any(|listener| listener.poll_recv(context).is_ready());
        if asked { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    }))
}
