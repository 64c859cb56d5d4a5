//! The peer of a connection, and the service of its socket.

use std::net::SocketAddr;

/// The APIs that a socket serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serves {
    /// The control API below `/__admin`, and the emulated API everywhere else.
    Both,
    /// The emulated API.
    Emulated,
    /// The control API.
    Admin,
    /// The emulated API, under the names of Bandwidth's hosts.
    Hosts,
}

/// The peer of a connection, as an extension of its requests.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The client's address.
    pub address: SocketAddr,
    /// True if it came by TLS.
    pub tls: bool,
}
