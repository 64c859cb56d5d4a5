//! A connection that is plain or TLS, on the same port.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::tls::{self, Tls, TlsStream};

/// The first byte of a TLS handshake (RFC 8446, section 5.1). No HTTP request starts with it.
const HANDSHAKE: u8 = 22;

/// Up to this size in bytes, copying head and body together costs less than a vectored write.
const SMALL: usize = 1024;

/// A connection.
#[derive(Debug)]
pub enum Stream {
    /// As it is.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream>),
}

impl Stream {
    /// Looks at the first byte, where there is TLS, to see which it is.
    pub async fn open(stream: TcpStream, tls: Option<&Tls>) -> io::Result<Self> {
        let Some(tls) = tls else {
            return Ok(Self::Plain(stream));
        };
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] == HANDSHAKE {
            return Ok(Self::Tls(Box::new(tls.accept(stream).await?)));
        }
        Ok(Self::Plain(stream))
    }

    /// The socket below.
    pub fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => tls::socket(stream),
        }
    }
}

/// The slices as one, if they fit into `whole`.
fn joined<'w>(slices: &[io::IoSlice<'_>], whole: &'w mut [u8]) -> Option<&'w [u8]> {
    let mut end = 0;
    for slice in slices {
        let start = end;
        end += slice.len();
        whole.get_mut(start..end)?.copy_from_slice(slice);
    }
    Some(&whole[..end])
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => {
                let mut whole = [0; SMALL];
                match joined(slices, &mut whole) {
                    Some(bytes) => Pin::new(stream).poll_write(context, bytes),
                    None => Pin::new(stream).poll_write_vectored(context, slices),
                }
            }
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;

    use super::{SMALL, joined};

    #[test]
    fn slices_are_joined_up_to_the_limit_and_in_order() {
        let mut whole = [0; SMALL];
        let long = [b'x'; SMALL];
        let slices = |rest| [IoSlice::new(b"head"), IoSlice::new(b""), IoSlice::new(rest)];
        assert_eq!(joined(&slices(b"body"), &mut whole), Some(&b"headbody"[..]));
        let fits = &long[4..];
        assert_eq!(joined(&slices(fits), &mut whole).unwrap().len(), SMALL);
        assert_eq!(joined(&slices(&long[3..]), &mut whole), None);
    }
}
