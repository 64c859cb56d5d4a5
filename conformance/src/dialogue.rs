//! The interface of a case: drafts, requests, and checks of a reply.

mod ask;
mod context;
mod created;
mod domain_draft;
pub mod identity;
pub mod managed;
mod oauth;
pub mod reply;
pub mod run;
mod subject;

pub use self::{
    ask::Ask,
    context::{Answered, Context},
    created::Created,
    oauth::{ClientIn, GRANT},
};
