//! Who the caller is, when it shows a signed token or a FranceConnect one.
//!
//! ```text
//! token (our issuer's JWT)    france_connect (introspection, v1 and v2)
//!    │                             │        │
//!    └── jwks (cached keys) ───────┘       jwe (decryption)
//!            │                     │
//!            └────── http ─────────┘
//! ```
//!
//! Nothing here ever prints a token or what it says.

pub mod france_connect;
pub mod http;
pub mod jwe;
pub mod jwks;
pub mod oidc;
pub mod token;
