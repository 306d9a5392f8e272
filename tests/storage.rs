//! What both databases have to do alike.

mod both_databases;
mod connections_closed;
mod database_gone;
mod plans;
mod postgres_promoted;
