//! The server as a client sees it: literal bytes over TCP, and the program itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod assumptions;
mod behaviours;
mod bodies;
mod clients;
mod command_line;
mod concurrency;
mod control;
mod described;
mod domains;
mod faults;
mod forms;
mod goldens;
mod hostile;
mod http;
mod identity;
mod inspector;
mod journal;
mod library;
mod linearizable;
mod management;
mod messages;
mod openapi;
mod program;
mod proxy;
mod record;
mod recorded;
mod rehearse;
mod retries;
mod robustness;
mod secrets;
mod secure;
mod tokens;
mod traffic;
mod variants;
mod wire;
mod worlds;
