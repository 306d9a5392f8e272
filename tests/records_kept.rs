//! What is written down, and what never is.

mod no_secrets;
mod order_of_events;
mod queue_is_empty;
