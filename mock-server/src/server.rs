//! Listening: binds before it returns, answers until it is told to stop, then stops at once.

use std::{
    error::Error as _,
    future::poll_fn,
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
    task::JoinSet,
};

use crate::{
    app::App,
    http::{Hangup, LINGER},
    peer::{Peer, Serves},
    service::Service,
    stream::Stream,
    timer::ConnectionTimer,
    tls::Tls,
};

/// How long answers that are being written may take after the stop.
const GRACE: Duration = Duration::from_millis(50);

/// How a client begins that speaks HTTP/2 without asking (RFC 9113, section 3.4).
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What it gets. Its HTTP library says at least that this is no HTTP/2.
const NOT_HTTP_2: Bytes = Bytes::from_static(
    b"HTTP/1.1 505 HTTP Version Not Supported\r\nConnection: close\r\n\
      Content-Type: text/plain\r\n\r\n\
      This server speaks HTTP/1.1; switch HTTP/2 with prior knowledge off in your client.\n",
);

/// The sockets of a server. Connections wait in their queues until they are served.
#[derive(Debug)]
pub struct Sockets {
    /// For the emulated API.
    pub api: TcpListener,
    /// For the control API, when it has one of its own.
    pub admin: Option<TcpListener>,
}

impl Sockets {
    /// Listens on these addresses. The error names the one that failed.
    pub fn bind(
        api: SocketAddr,
        admin: Option<SocketAddr>,
    ) -> Result<Self, (SocketAddr, io::Error)> {
        let bind = |address| {
            let listener = TcpListener::bind(address).map_err(|error| (address, error))?;
            listener
                .set_nonblocking(true)
                .map_err(|error| (address, error))?;
            Ok(listener)
        };
        Ok(Self {
            api: bind(api)?,
            admin: admin.map(bind).transpose()?,
        })
    }
}

/// Where the sockets of a server are.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// That of the emulated API.
    pub api: SocketAddr,
    /// That of the control API, which may be the same.
    pub admin: SocketAddr,
}

impl Sockets {
    /// The addresses, with the ports that were free.
    pub fn addresses(&self) -> io::Result<Addresses> {
        let api = self.api.local_addr()?;
        let admin = self
            .admin
            .as_ref()
            .map(TcpListener::local_addr)
            .transpose()?;
        Ok(Addresses {
            api,
            admin: admin.unwrap_or(api),
        })
    }
}

/// Answers until the app is told to stop. With `tls`, a socket takes TLS and plain HTTP.
pub async fn serve(sockets: Sockets, app: Arc<App>, tls: Option<Tls>) -> io::Result<()> {
    let api = tokio::net::TcpListener::from_std(sockets.api)?;
    let admin = sockets
        .admin
        .map(tokio::net::TcpListener::from_std)
        .transpose()?;
    let serves = match admin {
        Some(_) => Serves::Emulated,
        None => Serves::Both,
    };
    let stop = app.stopping();
    let admin = async {
        if let Some(admin) = admin {
            let service = Service::new(Arc::clone(&app), Serves::Admin);
            accept(admin, service, tls.clone(), stop.clone()).await;
        }
    };
    let service = Service::new(Arc::clone(&app), serves);
    tokio::join!(accept(api, service, tls.clone(), stop.clone()), admin);
    Ok(())
}

async fn accept(
    listener: tokio::net::TcpListener,
    service: Service,
    tls: Option<Tls>,
    mut stop: watch::Receiver<bool>,
) {
    let service = Arc::new(service);
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
                    let (service, tls) = (Arc::clone(&service), tls.clone());
                    connections.spawn(connection(stream, peer, service, tls, stop.clone()));
                }
                // Out of file descriptors, or a client that was gone already: go on.
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

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    service: Arc<Service>,
    tls: Option<Tls>,
    mut stop: watch::Receiver<bool>,
) {
    let timeout = service.read_timeout();
    let opened = tokio::select! {
        opened = tokio::time::timeout(timeout, Stream::open(stream, tls)) => opened,
        () = stopped(&mut stop) => return,
    };
    let stream = match opened {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "no TLS came about"),
        Err(_) => return tracing::debug!("a connection said nothing"),
    };
    let peer = Peer {
        address: peer,
        tls: matches!(stream, Stream::Tls(_)),
    };
    let service = service_fn(move |request| {
        let service = Arc::clone(&service);
        // Boxed, so that the connection can be taken apart when it ends.
        Box::pin(async move { service.answer(request, peer).await })
    });
    let mut connection = http1::Builder::new()
        .timer(ConnectionTimer::default())
        .header_read_timeout(timeout)
        // A client that has said all may close its side before it reads, as `nc -N` does.
        .half_close(true)
        // As the real one writes them; a client that compares names exactly is wrong, but exists.
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service);
    let outcome = tokio::select! {
        outcome = poll_fn(|context| connection.poll_without_shutdown(context)) => outcome,
        () = stopped(&mut stop) => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|context| connection.poll_without_shutdown(context)).await
        }
    };
    let parts = connection.into_parts();
    let stream = parts.io.into_inner();
    match outcome {
        Ok(()) => linger(stream).await,
        Err(error) => {
            let hangup = error.source().and_then(|source| source.downcast_ref());
            if let Some(hangup) = hangup {
                hang_up(stream, hangup).await;
            } else if parts.read_buf.starts_with(HTTP_2) {
                tracing::warn!("a client speaks HTTP/2 with prior knowledge, which is not served");
                let bytes = NOT_HTTP_2;
                let reset = false;
                hang_up(stream, &Hangup { bytes, reset }).await;
            } else {
                tracing::debug!(%error, "a connection ended early");
            }
        }
    }
}

/// Ends a connection as a fault asks for.
async fn hang_up(mut stream: Stream, hangup: &Hangup) {
    if hangup.reset {
        // With no time to linger, the close that follows is a reset.
        let _ = stream.socket().set_zero_linger();
        return;
    }
    let _ = stream.write_all(&hangup.bytes).await;
    linger(stream).await;
}

/// Closes a connection, and drops what the client still sends: else the close would be a reset, which
/// can take the answer with it.
async fn linger(mut stream: Stream) {
    let _ = stream.shutdown().await;
    let _ = tokio::time::timeout(LINGER, async {
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await.is_ok_and(|count| count > 0) {}
    })
    .await;
}
