//! Who is at the other end of a connection, and what its socket serves.

use std::net::SocketAddr;

/// What a socket serves.
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

/// Who is at the other end, as an extension of its requests.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The client's address.
    pub address: SocketAddr,
    /// Whether it came by TLS.
    pub tls: bool,
}
