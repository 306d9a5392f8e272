//! What is read, and what holds of every input.

mod cms;
mod der;
mod form;
mod jose;
mod multipart;
mod pdf;
mod qr;
