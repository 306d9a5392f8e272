//! What anyone can find out about a code, an identifier or a file.

mod bombs;
mod files;
mod numbers;
