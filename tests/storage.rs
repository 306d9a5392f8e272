//! What both databases have to do alike.

mod both_databases;
mod database_gone;
