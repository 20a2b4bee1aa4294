//! The handler over an AWS of this process: each answer to the letter, what is stored, and what no
//! deployed stack can be made to do, such as dying between any two calls or losing a race.

mod attachments;
mod contract;
mod faults;
mod golden;
mod litigation;
mod world;
