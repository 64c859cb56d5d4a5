//! A server that is broken deliberately: a proxy in front of the emulator that changes what passes.

use std::{
    io::{self, BufReader, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::{
    catalogue::Mutant,
    message::{Answer, Ask, Memory, read_head},
};

/// A proxy; ends when dropped.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Proxy {
    /// In front of that server.
    pub(crate) fn start(mutant: &'static Mutant, server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let over = Arc::new(AtomicBool::new(false));
        let memory = Arc::new(Mutex::new(Memory {
            server: Some(server),
            ..Memory::default()
        }));
        let ends = Arc::clone(&over);
        thread::spawn(move || {
            for client in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(client) = client else { return };
                let memory = Arc::clone(&memory);
                thread::spawn(move || {
                    // A connection that breaks off is part of some tests.
                    let _ = connection(mutant, client, server, &memory);
                });
            }
        });
        Self { address, over }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn connection(
    mutant: &Mutant,
    client: TcpStream,
    server: SocketAddr,
    memory: &Mutex<Memory>,
) -> io::Result<()> {
    let upstream = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    upstream.set_nodelay(true)?;
    let (mut to_client, mut to_server) = (client.try_clone()?, upstream.try_clone()?);
    let (mut client, mut upstream) = (BufReader::new(client), BufReader::new(upstream));
    while let Some(head) = read_head(&mut client)? {
        let Some(mut ask) = Ask::of_head(&head) else {
            to_server.write_all(&head)?;
            return pass(client, to_server, upstream, to_client);
        };
        // A request that waits for `100 Continue` is rejected without it, or passes unchanged.
        let waits = !ask.headers.get("expect").is_empty();
        if !waits {
            ask.read_body(&mut client)?;
        }
        let original = ask.clone();
        if waits {
            to_server.write_all(&head)?;
        } else {
            let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
            (mutant.before)(&mut ask, &mut memory);
            drop(memory);
            to_server.write_all(&ask.to_bytes())?;
        }
        let Some(head) = read_head(&mut upstream)? else {
            break;
        };
        if head.starts_with(b"HTTP/1.1 100 ") {
            to_client.write_all(&head)?;
            return pass(client, to_server, upstream, to_client);
        }
        let mut answer = Answer::read(&head, &mut upstream, &ask.method)?;
        {
            let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
            (mutant.after)(&original, &mut answer, &mut memory);
        }
        to_client.write_all(&answer.to_bytes(&original.method))?;
        if waits
            || answer
                .headers
                .get("connection")
                .eq_ignore_ascii_case("close")
            || original
                .headers
                .get("connection")
                .eq_ignore_ascii_case("close")
        {
            break;
        }
    }
    to_client.shutdown(Shutdown::Both)
}

/// Lets everything pass as it is.
fn pass(
    mut client: BufReader<TcpStream>,
    mut to_server: TcpStream,
    mut upstream: BufReader<TcpStream>,
    mut to_client: TcpStream,
) -> io::Result<()> {
    let sending = thread::spawn(move || {
        let _ = io::copy(&mut client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    io::copy(&mut upstream, &mut to_client)?;
    to_client.shutdown(Shutdown::Both)?;
    let _ = sending.join();
    Ok(())
}
