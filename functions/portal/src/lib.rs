//! The portal: pages for the people of the establishments, for reviewers, operators and the public,
//! rendered here and whole without JavaScript.
//!
//! ```text
//! handler     what the kernel of `shared::api`, which has the order of things, asks of this function
//!   ├── routes        every page: who may see it, what it reads
//!   ├── session       who is logged in, shown by a cookie; forms that only our pages may send
//!   ├── login         to the provider and back, and out again
//!   ├── joining       an invitation becomes a membership
//!   ├── establishment what a member sees of an establishment
//!   ├── coverage      who feeds the register, and when they last did
//!   ├── documentation the APIs, from their own descriptions
//!   ├── notices       the mandatory pages
//!   ├── assets        style and icon, under names that change with them
//!   ├── view          what every page has: title, menu, who is logged in
//!   └── refusal       every end but a page, in plain words with what to do
//! ```

pub mod context;
pub mod handler;

mod assets;
mod coverage;
mod documentation;
mod establishment;
mod joining;
mod login;
mod metrics;
mod notices;
mod refusal;
mod routes;
mod session;
mod view;
