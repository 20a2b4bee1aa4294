//! The functions behind API Gateway, all that they have in common: routes, the order of a request,
//! errors, headers, and one line of metrics for each request.
//!
//! ```text
//! kernel     the order of things: route → caller → handler → answer or error → headers → metrics
//!   ├── route    declaring a route, once
//!   ├── error    every end but a success
//!   ├── body     a request's body, before anything in it is read
//!   ├── reply    responses that are the same whatever the contract
//!   └── metrics  the line of each request
//! ```

pub mod body;
pub mod error;
pub mod metrics;
pub mod reply;
pub mod route;

mod kernel;

pub use kernel::{Api, RequestContext, Service};
#[doc(hidden)]
pub use pastey;
