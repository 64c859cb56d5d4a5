//! The sockets of a server, bound before anything is announced.

use std::{
    io::{self, ErrorKind},
    net::{Ipv6Addr, SocketAddr, TcpListener},
};

use crate::address::Listen;

/// Number of free ports of 127.0.0.1 that are tried until one is free on `::1` too.
const TRIES: u32 = 32;

/// The sockets of a server. Connections wait in their queues until they are served.
#[derive(Debug)]
pub struct Sockets {
    /// For the emulated API.
    pub(super) api: Vec<TcpListener>,
    /// For the control API; empty where it has none of its own.
    pub(super) admin: Vec<TcpListener>,
}

/// Addresses of the sockets of a server.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// The emulated API.
    pub api: SocketAddr,
    /// The second one of the emulated API: `::1` beside 127.0.0.1.
    #[cfg_attr(
        not(feature = "cli"),
        expect(dead_code, reason = "the announcement of the program names it")
    )]
    pub api_too: Option<SocketAddr>,
    /// The control API; possibly the same address.
    pub admin: SocketAddr,
}

/// An address that cannot be listened on.
#[derive(Debug)]
pub struct BindError {
    /// True for the control API's own address.
    pub admin: bool,
    pub address: SocketAddr,
    /// The system's error.
    pub error: io::Error,
}

impl BindError {
    /// The system's error, with the address.
    pub fn into_io(self) -> io::Error {
        let Self {
            admin,
            address,
            error,
        } = self;
        let what = if admin {
            "the control API"
        } else {
            "the emulated API"
        };
        io::Error::new(
            error.kind(),
            format!("cannot listen on {address} for {what}: {error}"),
        )
    }
}

impl Sockets {
    /// Listens there.
    pub fn bind(api: Listen, admin: Option<Listen>) -> Result<Self, BindError> {
        let bind = |listen, admin| {
            bind(listen, open).map_err(|(address, error)| BindError {
                admin,
                address,
                error,
            })
        };
        let admin = admin.map(|listen| bind(listen, true)).transpose()?;
        Ok(Self {
            api: bind(api, false)?,
            admin: admin.unwrap_or_default(),
        })
    }

    /// The addresses, with the ports that were free.
    pub fn addresses(&self) -> io::Result<Addresses> {
        let api = self.api[0].local_addr()?;
        let api_too = self.api.get(1).map(TcpListener::local_addr);
        let admin = self.admin.first().map(TcpListener::local_addr);
        Ok(Addresses {
            api,
            api_too: api_too.transpose()?,
            admin: admin.transpose()?.unwrap_or(api),
        })
    }
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Never returns an empty list. `open` opens one socket.
fn bind(
    listen: Listen,
    open: impl Fn(SocketAddr) -> io::Result<TcpListener>,
) -> Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let open = |address| open(address).map_err(|error| (address, error));
    let address = listen.first();
    let mut tries = match listen {
        Listen::At(_) => return Ok(vec![open(address)?]),
        Listen::Loopback(0) => TRIES,
        Listen::Loopback(_) => 1,
    };
    loop {
        let first = open(address)?;
        let port = first.local_addr().map_err(|error| (address, error))?.port();
        tries -= 1;
        match open(SocketAddr::from((Ipv6Addr::LOCALHOST, port))) {
            Ok(second) => return Ok(vec![first, second]),
            Err((_, error)) if error.kind() == ErrorKind::AddrInUse && tries > 0 => {}
            Err((address, error)) if error.kind() == ErrorKind::AddrInUse => {
                return Err((address, error));
            }
            // The machine has no ::1.
            Err(_) => return Ok(vec![first]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        io::{self, ErrorKind},
        net::{SocketAddr, TcpListener},
    };

    use super::{TRIES, bind};
    use crate::address::Listen;

    /// Number of sockets if `::1` rejects its first `failures` tries with that error.
    fn opened(port: u16, failures: u32, kind: ErrorKind) -> Result<usize, (SocketAddr, io::Error)> {
        let left = Cell::new(failures);
        let open = |address: SocketAddr| {
            if address.is_ipv4() {
                return TcpListener::bind(address);
            }
            if left.get() > 0 {
                left.set(left.get() - 1);
                return Err(kind.into());
            }
            // In place of ::1, which the machine of a test may lack.
            TcpListener::bind("127.0.0.1:0")
        };
        bind(Listen::Loopback(port), open).map(|sockets| sockets.len())
    }

    #[test]
    fn a_free_port_is_free_on_both_loopbacks() {
        assert_eq!(opened(0, 2, ErrorKind::AddrInUse).unwrap(), 2);
    }

    #[test]
    fn the_search_for_a_free_port_ends() {
        let (address, error) = opened(0, TRIES, ErrorKind::AddrInUse).unwrap_err();
        assert!(address.is_ipv6());
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    }

    #[test]
    fn a_chosen_port_must_be_free_on_both_loopbacks() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let (address, _) = opened(port, 1, ErrorKind::AddrInUse).unwrap_err();
        assert_eq!(address.to_string(), format!("[::1]:{port}"));
    }

    #[test]
    fn a_machine_without_ipv6_has_one_socket() {
        for kind in [ErrorKind::AddrNotAvailable, ErrorKind::Unsupported] {
            assert_eq!(opened(0, 1, kind).unwrap(), 1);
        }
    }
}
