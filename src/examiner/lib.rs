//! Strangers' files are read in processes of their own: what a file can do there ends with the process, which has limits
//! for memory and files, and a time after which it is ended. Nothing but plain data comes back.

mod behind;
mod blocks;
mod examiner;
mod limits;
mod turn;
mod wire;
pub mod worker;

pub use blocks::Blocks;
pub use examiner::{Examiner, Refused};
