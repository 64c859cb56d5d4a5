//! Serves until a stop is requested, then stops at once.

mod sockets;

use std::{
    error::Error as _,
    future::poll_fn,
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{TryFutureExt as _, future::join_all};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

pub use self::sockets::{Addresses, BindError, Sockets};
use crate::{
    app::App,
    http::{Hangup, LINGER},
    peer::{Peer, Serves},
    proxy::Tunnel,
    service::{Answers, Service},
    stream::Stream,
    timer::ConnectionTimer,
    tls::Certificates,
};

/// Time that responses under way have after the stop.
const GRACE: Duration = Duration::from_millis(50);

/// First bytes of a client that uses HTTP/2 without an upgrade (RFC 9113, section 3.4).
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The response to such a client. Its HTTP library reports at least that this is not HTTP/2.
const NOT_HTTP_2: Bytes = Bytes::from_static(
    b"HTTP/1.1 505 HTTP Version Not Supported\r\nConnection: close\r\n\
      Content-Type: text/plain\r\n\r\n\
      This server speaks HTTP/1.1; switch HTTP/2 with prior knowledge off in your client.\n",
);

/// State that the connections of a socket share.
struct Listening<S> {
    service: Arc<S>,
    /// Answers in tunnels.
    hosts: Arc<S>,
    certificates: Certificates,
    stop: watch::Receiver<bool>,
}

/// Serves until the app is asked to stop. A socket accepts plain HTTP, and TLS if there is a
/// certificate.
pub async fn serve(sockets: Sockets, app: Arc<App>, certificates: Certificates) -> io::Result<()> {
    let service = |serves| Arc::new(Service::new(Arc::clone(&app), serves));
    let serves = if sockets.admin.is_empty() {
        Serves::Both
    } else {
        Serves::Emulated
    };
    let services = Services {
        api: service(serves),
        admin: service(Serves::Admin),
        hosts: service(Serves::Hosts),
    };
    serve_with(sockets, services, certificates, app.stopping()).await
}

/// The services of a server's sockets and tunnels.
#[derive(Debug)]
pub struct Services<S> {
    /// At those of the API.
    pub api: Arc<S>,
    /// The services of the control API's sockets.
    pub admin: Arc<S>,
    /// In tunnels to Bandwidth's hosts.
    pub hosts: Arc<S>,
}

/// The same with other services.
pub async fn serve_with<S: Answers>(
    sockets: Sockets,
    services: Services<S>,
    certificates: Certificates,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut accepting = Vec::new();
    for (sockets, service) in [(sockets.api, services.api), (sockets.admin, services.admin)] {
        let listening = Arc::new(Listening {
            service,
            hosts: Arc::clone(&services.hosts),
            certificates: certificates.clone(),
            stop: stop.clone(),
        });
        for socket in sockets {
            accepting.push(accept(
                TcpListener::from_std(socket)?,
                Arc::clone(&listening),
            ));
        }
    }
    join_all(accepting).await;
    Ok(())
}

async fn accept<S: Answers>(listener: TcpListener, listening: Arc<Listening<S>>) {
    let mut stop = listening.stop.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    // Small answers go out at once.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection(stream, peer, Arc::clone(&listening)));
                }
                // Out of file descriptors, or a client that was gone already: continue.
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the app is gone, which is the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn connection<S: Answers>(stream: TcpStream, peer: SocketAddr, listening: Arc<Listening<S>>) {
    let timeout = listening.service.read_timeout();
    let mut stop = listening.stop.clone();
    let opened = tokio::select! {
        opened = tokio::time::timeout(timeout, Stream::open(stream, listening.certificates.own())) => opened,
        () = stopped(&mut stop) => return,
    };
    let stream = match opened {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "no TLS came about"),
        Err(_) => return tracing::debug!("a connection said nothing"),
    };
    let service = Arc::clone(&listening.service);
    let Some((Stream::Plain(stream), Tunnel(host))) = speak(stream, peer, service, &mut stop).await
    else {
        return;
    };
    let Some(tls) = listening.certificates.of_host(host) else {
        return;
    };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(timeout, tls.accept(stream)) => shaken,
        () = stopped(&mut stop) => return,
    };
    match shaken {
        Ok(Ok(stream)) => {
            let stream = Stream::Tls(Box::new(stream));
            speak(stream, peer, Arc::clone(&listening.hosts), &mut stop).await;
        }
        Ok(Err(error)) => tracing::warn!(
            %error, host,
            "a client ended the TLS handshake in its tunnel; it must trust the CA of --ca-out"
        ),
        Err(_) => tracing::debug!(host, "a tunnel said nothing"),
    }
}

/// Serves the requests of a connection until it ends, or becomes a tunnel.
async fn speak<S: Answers>(
    stream: Stream,
    peer: SocketAddr,
    service: Arc<S>,
    stop: &mut watch::Receiver<bool>,
) -> Option<(Stream, Tunnel)> {
    let timeout = service.read_timeout();
    let peer = Peer {
        address: peer,
        tls: matches!(stream, Stream::Tls(_)),
    };
    let tunnel = Arc::new(OnceLock::new());
    let answer = {
        let tunnel = Arc::clone(&tunnel);
        service_fn(move |request| {
            let tunnel = Arc::clone(&tunnel);
            service.answer(request, peer).inspect_ok(move |reply| {
                if let Some(opened) = reply.extensions().get::<Tunnel>() {
                    let _ = tunnel.set(*opened);
                }
            })
        })
    };
    let mut connection = http1::Builder::new()
        .timer(ConnectionTimer::default())
        .header_read_timeout(timeout)
        // A client that has said all may close its side before it reads, as `nc -N` does.
        .half_close(true)
        // As the real one writes them; a client that compares names exactly is wrong, but exists.
        .title_case_headers(true)
        .preserve_header_case(S::KEEPS_CASE)
        .serve_connection(TokioIo::new(stream), answer);
    let outcome = tokio::select! {
        outcome = poll_fn(|context| connection.poll_without_shutdown(context)) => outcome,
        () = stopped(stop) => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|context| connection.poll_without_shutdown(context)).await
        }
    };
    let parts = connection.into_parts();
    let stream = parts.io.into_inner();
    match (outcome, tunnel.get()) {
        // A client that sends more before the answer does not wait for its tunnel.
        (Ok(()), Some(tunnel)) if parts.read_buf.is_empty() => return Some((stream, *tunnel)),
        (Ok(()), _) => linger(stream).await,
        (Err(error), _) => {
            let hangup = error.source().and_then(|source| source.downcast_ref());
            if let Some(hangup) = hangup {
                hang_up(stream, hangup).await;
            } else if parts.read_buf.starts_with(HTTP_2) {
                tracing::warn!("a client sent HTTP/2 with prior knowledge, which is not supported");
                let bytes = NOT_HTTP_2;
                let reset = false;
                hang_up(stream, &Hangup { bytes, reset }).await;
            } else {
                tracing::debug!(%error, "a connection ended early");
            }
        }
    }
    None
}

/// Ends a connection as a fault requires.
async fn hang_up(mut stream: Stream, hangup: &Hangup) {
    if hangup.reset {
        // With no time to linger, the close that follows is a reset.
        let _ = stream.socket().set_zero_linger();
        return;
    }
    let _ = stream.write_all(&hangup.bytes).await;
    linger(stream).await;
}

/// Closes a connection, and drops further bytes of the client: otherwise the close would be a
/// reset, which can discard the response.
async fn linger(mut stream: Stream) {
    let _ = stream.shutdown().await;
    let _ = tokio::time::timeout(LINGER, async {
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await.is_ok_and(|count| count > 0) {}
    })
    .await;
}
