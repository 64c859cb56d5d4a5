//! An in-memory emulator of Bandwidth's Dashboard user-management API.
//!
//! Its behaviour follows a profile. In a profile, every open question about the real API is a
//! behaviour with a chosen option and its evidence. See the README for the command line; this
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
//!
//! A test needs none of the features: with `default-features = false` the server is built without
//! the command line (`cli`), without TLS (`tls`) and without `variants`.

mod address;
mod admin;
mod app;
#[cfg(feature = "cli")]
mod arguments;
mod charset;
#[cfg(feature = "cli")]
pub mod cli;
mod clock;
mod codec;
mod config;
mod control;
mod deadline;
mod domain;
mod embedded;
mod fault;
mod generate;
mod host;
mod http;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod journal;
mod jwt;
mod logins;
mod metrics;
mod peer;
mod proxy;
mod random;
#[cfg(feature = "traffic")]
#[doc(hidden)]
pub mod record;
#[cfg(feature = "trials")]
mod rehearse;
mod server;
mod service;
mod store;
mod stream;
mod text;
mod timer;
#[cfg_attr(not(feature = "tls"), path = "tls/absent.rs")]
mod tls;
#[cfg(feature = "traffic")]
#[doc(hidden)]
pub mod traffic;
#[cfg(feature = "trials")]
mod trial;
#[cfg(feature = "trials")]
mod variants;
mod wire;

pub use admin::openapi::json as openapi;
pub use bandwidth_fixtures::Operation;
pub use config::ConfigError;
pub use embedded::{
    Account, AccountBuilder, AccountError, ArmedFaultHandle, Builder, MockServer, RequestPattern,
    StartError, Times,
};
pub use journal::{
    Header, RecordedAssumed, RecordedBehaviour, RecordedFault, RecordedMessage, RecordedRefusal,
    RecordedRequest, RecordedWhy,
};
