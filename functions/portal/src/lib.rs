//! The portal: pages for the people of the establishments, for reviewers, operators and the public,
//! rendered here and whole without JavaScript.
//!
//! ```text
//! handler     what the kernel of `shared::api`, which has the order of things, asks of this function
//!   ├── routes        every page: who may see it, what it reads
//!   ├── session       who is logged in, shown by a cookie; forms that only our pages may send
//!   ├── login         to the provider and back, and out again
//!   ├── school        what the members of an establishment do
//!   │     ├── establishment its imports, as a member sees them
//!   │     ├── joining       an invitation becomes a membership
//!   │     ├── calendar      the dates by which the register is read
//!   │     ├── access        managers see who has access, invite, change roles and end them
//!   │     ├── keys          and make, renew and revoke the keys that its software sends with
//!   │     ├── student       a student is looked for among what it sent
//!   │     ├── by_hand       one enrolment is entered, corrected or cancelled
//!   │     ├── fields        the fields of that form, by the rules of files
//!   │     ├── sending       what a file holds, before it is sent
//!   │     ├── deposit       where it is dropped, and how far its import has come
//!   │     ├── mapping       which column of a file is which
//!   │     ├── report        what was recognised, and problems by their cause
//!   │     ├── rejected      the rejected rows, as a file to correct
//!   │     ├── confirming    a trial is confirmed by its numbers
//!   │     ├── followed      an import that has ended, and what became of its rows
//!   │     └── identities    what was found about their identity
//!   ├── reviewing     what reviewers do
//!   │     ├── cases         the doubts that wait, and the next one
//!   │     └── case          one doubt, and what a person answers
//!   ├── own           what is a student's own
//!   │     ├── login         in by FranceConnect, and out by it
//!   │     ├── found         which student of the register somebody is; the trace of what they are told
//!   │     ├── page          what is told of them, what is known and who said it
//!   │     ├── known, told   the same, as it is shown
//!   │     ├── accesses      who consulted it, when, for whom and why
//!   │     ├── shares        codes that they give to whoever may read their status
//!   │     ├── reading       and the page where one is read
//!   │     ├── export        a copy of all that is held of them
//!   │     ├── recipients    who was told of them, and a letter to each
//!   │     └── rights        what they ask by their rights, and how far it is
//!   ├── requests      those who answer that
//!   │     ├── list          what waits, those due first before the others
//!   │     ├── one           one request, and what may be done
//!   │     ├── answering     it is done
//!   │     └── words         the same, as it is said
//!   ├── attesting     a QR that is verified off-line
//!   │     ├── making        a student makes one, and revokes it
//!   │     ├── signer        the keys at KMS
//!   │     ├── published     public keys and status list, which verifying takes
//!   │     └── verifier      the page that verifies one, off-line too
//!   ├── national      an operator sees who feeds the register, invites, and looks alarms up
//!   ├── public        what anybody may read
//!   │     ├── coverage      who feeds the register, and when they last did
//!   │     ├── format        what a file is made of: a dictionary and templates
//!   │     ├── documentation the APIs, from their own descriptions
//!   │     └── notices       the mandatory pages
//!   ├── assets        style, script and icon, under names that change with them
//!   ├── view          what every page has: title, menu, who is logged in
//!   ├── words         numbers, hours and states as people say them
//!   └── refusal       every end but a page, in plain words with what to do
//! ```

pub mod context;
pub mod handler;

mod assets;
mod attesting;
mod login;
mod metrics;
mod national;
mod own;
mod public;
mod refusal;
mod requests;
mod reviewing;
mod routes;
mod school;
mod session;
mod view;
mod words;
