//! An in-memory emulator of Bandwidth's Dashboard user-management API.
//!
//! It behaves by a profile, in which every open question about the real API is an explicit,
//! switchable behaviour that says how it is known. See the README for the command line; this
//! library is the same server inside a process:
//!
//! ```
//! use bandwidth_mock::MockServer;
//!
//! let server = MockServer::start_blocking()?;
//! assert!(server.base_url().starts_with("http://127.0.0.1:"));
//! // Point the client under test at `server.base_url()`. Dropping the server stops it.
//! # Ok::<(), bandwidth_mock::StartError>(())
//! ```

mod admin;
mod app;
pub mod cli;
mod clock;
mod codec;
pub mod config;
mod domain;
mod embedded;
mod fault;
mod generate;
mod http;
mod random;
mod server;
mod store;
mod wire;

pub use embedded::{Builder, MockServer, StartError};
