//! The product as an operator meets it: commands, settings, starting, stopping, trouble.

mod accountable;
mod archive;
mod backup;
mod bad_input;
mod behind_a_proxy;
mod beside_a_server;
mod commands;
mod demonstration;
mod founding;
mod listeners;
mod office;
mod postgres_behind_a_pooler;
mod postgres_killed;
mod postgres_not_there_yet;
mod postgres_silent;
mod postgres_two_clocks;
mod postgres_with_a_standby;
mod rotation;
mod safety;
mod shares;
mod stopping;
mod two_nodes;
mod wire;
mod witness;
