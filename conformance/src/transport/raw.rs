//! Raw TCP: the bytes of a request exactly as given, and a small strict reader of the response.

use std::{fmt::Write as _, mem, sync::Arc, time::Duration};

use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{Endpoint, MAX_BODY, Request, Response, TransportError};
use crate::target::Scheme;

/// The head of a response is far below this, and so is the line before a chunk.
const MAX_HEAD: usize = 64 * 1024;

/// The bytes of `request`, for a connection of its own to `authority`.
pub fn to_bytes(request: &Request, authority: &str, user_agent: &str) -> Vec<u8> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {user_agent}\r\nConnection: close\r\n",
        request.method, request.path
    );
    for (name, value) in &request.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !request.body.is_empty() {
        let _ = write!(head, "Content-Length: {}\r\n", request.body.len());
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&request.body);
    bytes
}

/// Sends bytes over a new connection and reads one response, within `most`. `method` decides
/// whether a response has a body.
pub async fn send(
    endpoint: &Endpoint,
    method: &str,
    bytes: &[u8],
    most: Duration,
) -> Result<Response, TransportError> {
    timeout(most, exchange(endpoint, method, bytes))
        .await
        .unwrap_or(Err(TransportError::Timeout(most)))
}

async fn exchange(
    endpoint: &Endpoint,
    method: &str,
    bytes: &[u8],
) -> Result<Response, TransportError> {
    let target = &endpoint.target;
    let stream = match target.loopback {
        Some(address) => TcpStream::connect(address).await,
        None => TcpStream::connect((target.host.as_str(), target.port)).await,
    };
    let stream = stream.map_err(|error| TransportError::connect(&error))?;
    match target.scheme {
        Scheme::Http => talk(stream, method, bytes).await,
        Scheme::Https => {
            let name = ServerName::try_from(target.host.clone())
                .map_err(|error| TransportError::connect(&error))?;
            let connector = TlsConnector::from(Arc::clone(&endpoint.tls));
            let stream = connector.connect(name, stream).await;
            let stream = stream.map_err(|error| TransportError::connect(&error))?;
            talk(stream, method, bytes).await
        }
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite,
    method: &str,
    bytes: &[u8],
) -> Result<Response, TransportError> {
    let (incoming, mut outgoing) = tokio::io::split(stream);
    // A server may answer, and stop reading, before it has the whole request: what it answered
    // counts, so a failed write is not an error of its own.
    let write = async {
        if outgoing.write_all(bytes).await.is_ok() {
            let _ = outgoing.flush().await;
        }
    };
    let read = read_response(incoming, method);
    tokio::pin!(write, read);
    tokio::select! {
        biased;
        response = &mut read => response,
        () = &mut write => read.await,
    }
}

/// A connection's input, and the bytes that were read and not used yet.
struct Incoming<R> {
    stream: R,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Incoming<R> {
    /// Reads what is there. Returns whether the stream continues.
    async fn fill(&mut self) -> Result<bool, TransportError> {
        let read = self.stream.read_buf(&mut self.buffer).await;
        read.map(|count| count > 0)
            .map_err(|_| TransportError::Closed)
    }

    /// Reads more of something that is not whole yet.
    async fn more(&mut self) -> Result<(), TransportError> {
        if self.fill().await? {
            Ok(())
        } else {
            Err(TransportError::Closed)
        }
    }

    /// Reads up to `mark`, and drops the mark. `endless` is the error if there is none.
    async fn take_until(&mut self, mark: &[u8], endless: &str) -> Result<Vec<u8>, TransportError> {
        loop {
            let mut windows = self.buffer.windows(mark.len());
            if let Some(at) = windows.position(|window| window == mark) {
                let rest = self.buffer.split_off(at + mark.len());
                let mut taken = mem::replace(&mut self.buffer, rest);
                taken.truncate(at);
                return Ok(taken);
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(not_http(endless));
            }
            self.more().await?;
        }
    }

    /// Takes that many bytes.
    async fn take(&mut self, length: usize) -> Result<Vec<u8>, TransportError> {
        while self.buffer.len() < length {
            self.more().await?;
        }
        let rest = self.buffer.split_off(length);
        Ok(mem::replace(&mut self.buffer, rest))
    }

    async fn body(mut self, response: &Response) -> Result<Vec<u8>, TransportError> {
        if response.header("transfer-encoding").is_some() {
            return self.chunks().await;
        }
        if let Some(length) = response.header("content-length") {
            let length = length.parse();
            let length = length.map_err(|_| not_http("Content-Length is not a number"))?;
            if length > MAX_BODY {
                return Err(TransportError::TooLong);
            }
            return self.take(length).await;
        }
        while self.fill().await? {
            if self.buffer.len() > MAX_BODY {
                return Err(TransportError::TooLong);
            }
        }
        Ok(self.buffer)
    }

    async fn chunks(&mut self) -> Result<Vec<u8>, TransportError> {
        const NO_SIZE: &str = "a chunk has no size";
        let mut body = Vec::new();
        loop {
            let line = self.take_until(b"\r\n", NO_SIZE).await?;
            let line = String::from_utf8_lossy(&line);
            let digits = line.split(';').next().unwrap_or("").trim();
            let size = usize::from_str_radix(digits, 16).map_err(|_| not_http(NO_SIZE))?;
            if size > MAX_BODY - body.len() {
                return Err(TransportError::TooLong);
            }
            let chunk = self.take(size + 2).await?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
}

async fn read_response(
    stream: impl AsyncRead + Unpin,
    method: &str,
) -> Result<Response, TransportError> {
    let mut incoming = Incoming {
        stream,
        buffer: Vec::new(),
    };
    loop {
        let head = incoming.take_until(b"\r\n\r\n", "the head does not end");
        let (status, headers) = parse_head(&head.await?)?;
        if (100..200).contains(&status) {
            continue;
        }
        let mut response = Response {
            status,
            headers,
            body: Vec::new(),
        };
        if method != "HEAD" && status != 204 && status != 304 {
            response.body = incoming.body(&response).await?;
        }
        return Ok(response);
    }
}

fn not_http(what: &str) -> TransportError {
    TransportError::NotHttp(what.to_owned())
}

fn parse_head(head: &[u8]) -> Result<(u16, Vec<(String, String)>), TransportError> {
    let head = std::str::from_utf8(head).map_err(|_| not_http("the head is not text"))?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .filter(|line| line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 "))
        .and_then(|line| line.split(' ').nth(1)?.parse().ok())
        .ok_or_else(|| not_http("there is no status line"))?;
    let headers = lines
        .map(|line| {
            line.split_once(':')
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .ok_or_else(|| not_http("a header has no colon"))
        })
        .collect::<Result<_, _>>()?;
    Ok((status, headers))
}

#[cfg(test)]
mod tests {
    use super::{MAX_BODY, Response, TransportError, read_response};

    fn read(bytes: &[u8], method: &str) -> Result<Response, TransportError> {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(read_response(bytes, method))
    }

    #[test]
    fn reads_bodies_by_length_by_chunks_and_to_the_end() {
        for (bytes, body) in [
            (
                &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcd"[..],
                &b"ab"[..],
            ),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
                b"abc",
            ),
            (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nabc", b"abc"),
            (b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\nabc", b"abc"),
        ] {
            assert_eq!(read(bytes, "GET").unwrap().body, body);
        }
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(read(head, "HEAD").unwrap().body, b"");
    }

    #[test]
    fn a_response_that_is_cut_is_no_response() {
        for bytes in [
            &b""[..],
            b"HTTP/1.1 200 OK\r\nConte",
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        ] {
            assert!(matches!(read(bytes, "GET"), Err(TransportError::Closed)));
        }
        for bytes in [&b"SSH-2.0\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\nx\r\n\r\n"] {
            assert!(matches!(
                read(bytes, "GET"),
                Err(TransportError::NotHttp(_))
            ));
        }
    }

    #[test]
    fn a_body_that_is_too_long_is_not_read() {
        let ending = |head: &str| {
            let head = format!("HTTP/1.1 200 OK\r\n{head}\r\n");
            [head.as_bytes(), &vec![b'a'; MAX_BODY + 1]].concat()
        };
        for bytes in [
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc"
                .to_vec(),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3ffffff\r\nabc"
                .to_vec(),
            b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nabc".to_vec(),
            ending(""),
        ] {
            assert!(matches!(read(&bytes, "GET"), Err(TransportError::TooLong)));
        }
        for bytes in [
            ending("Transfer-Encoding: chunked\r\n"),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n".to_vec(),
        ] {
            assert!(matches!(
                read(&bytes, "GET"),
                Err(TransportError::NotHttp(_))
            ));
        }
    }
}
