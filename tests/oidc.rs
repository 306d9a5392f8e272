//! OpenID Connect as a client of other people's making meets it.

mod code_flow;
mod discovery;
mod logout;
mod plain_pages;
mod token;
