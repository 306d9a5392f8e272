//! What is written down, and what never is.

mod no_secrets;
mod queue_is_empty;
