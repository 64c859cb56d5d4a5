//! In the place of `tls.rs` where the feature `tls` is off: a server has no certificate.

use std::io;

use tokio::net::TcpStream;

pub type TlsStream = TcpStream;

pub fn socket(stream: &TlsStream) -> &TcpStream {
    stream
}

#[derive(Debug)]
pub enum Certificate {}

impl Certificate {
    pub fn load(&self) -> Result<Tls, TlsError> {
        match *self {}
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {}

#[derive(Debug, Clone)]
pub enum Tls {}

impl Tls {
    #[expect(clippy::unused_async, reason = "the one of `tls.rs` waits")]
    pub async fn accept(&self, _stream: TcpStream) -> io::Result<TlsStream> {
        match *self {}
    }

    pub fn ca_pem(&self) -> &str {
        match *self {}
    }
}
