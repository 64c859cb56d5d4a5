//! Instead of `tls.rs` where the feature `tls` is off: a server has no certificate.

use std::io;

use tokio::net::TcpStream;

pub type TlsStream = TcpStream;

pub fn socket(stream: &TlsStream) -> &TcpStream {
    stream
}

#[derive(Debug)]
pub enum Certificate {}

#[derive(Debug, Clone)]
pub struct Certificates {
    own: Option<Tls>,
}

impl Certificates {
    #[expect(clippy::unnecessary_wraps, reason = "the one of `tls.rs` can fail")]
    pub fn load(own: Option<&Certificate>, _proxy: bool) -> Result<Self, TlsError> {
        let own = own.map(|own| match *own {});
        Ok(Self { own })
    }

    pub fn own(&self) -> Option<&Tls> {
        self.own.as_ref()
    }

    pub fn of_host(&self, _host: &str) -> Option<&Tls> {
        self.own.as_ref()
    }

    pub fn ca_pem(&self) -> Option<&str> {
        self.own.as_ref().map(|own| match *own {})
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
}
