//! What all ports have in common, so that an adapter consists only of its own routes.
//!
//! - in: [`Json`], [`Path`], [`Query`], [`List`], [`IfMatch`], [`IfNoneMatch`],
//!   [`Who`];
//! - out: [`Json`], [`Page`], [`Tagged`], [`Digested`], [`Created`], [`Problem`];
//! - around: [`Policy`], which each route states; [`served`], which adds roles, idempotency, limits
//!   and strict queries to a service's routes, and [`service_router`], which adds documents,
//!   health, metrics, request ids, problem documents and compression to a port.
//!
//! Handlers return `Result<_, Problem>`; `?` turns every `Failure` of `services` into its problem
//! document. No handler chooses an error's status.

mod accept;
mod client;
mod compress;
mod created;
mod etag;
mod extract;
mod health;
mod idempotency;
mod input;
mod korean;
mod language;
mod limit;
mod list;
mod observe;
mod openapi;
mod policy;
mod problem;
mod query;
mod service;
mod store_nothing;
mod who;
mod words;

pub(crate) use accept::{Offer, preferred, weighted};
pub(crate) use client::Caller;
#[cfg(test)]
pub(crate) use client::believe;
pub use client::{ClientAddress, TrustedProxies};
pub use compress::Compressible;
pub use created::{Accepted, Created, Location, NoContent};
pub use etag::{Digested, IfMatch, IfMatchHeader, IfNoneMatch, IfNoneMatchHeader, Tagged};
pub use extract::{Json, Path, Query, SlowBody};
pub(crate) use extract::{check_query, not_utf8, unreadable};
pub use health::MetricsToken;
pub use idempotency::OfferedKey;
pub(crate) use language::{InLanguage, Language};
pub use list::{List, ListQuery, NumberListQuery, Page};
pub use observe::RequestId;
pub(crate) use observe::TRACEPARENT;
pub(crate) use openapi::operations;
pub use openapi::{FileBytes, Position, ProblemBody, ProblemFault, document};
pub(crate) use policy::Operations;
pub use policy::{Noun, Opens, Placing, Policy};
pub(crate) use problem::OauthError;
pub use problem::Problem;
pub use service::{ServiceSpec, counted, served, service_router};
pub use who::{Session, Who};
pub(crate) use words::UPSTREAM_LOST;
