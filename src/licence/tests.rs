//! Issuing and what follows, on a real database, with real keys, seals and fonts.

mod amending;
mod applications;
mod city;
mod counter;
mod crashes;
mod damaged;
mod documents;
mod ended;
mod holding;
mod issuing;
mod keeping;
mod lifecycle;
mod lists;
mod order;
mod own_affairs;
mod revocations;
mod sense;
mod verifying;
