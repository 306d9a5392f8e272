//! Issuing and what follows, on a real database, with real keys, seals and fonts.

mod applications;
mod city;
mod counter;
mod crashes;
mod damaged;
mod ended;
mod holding;
mod issuing;
mod keeping;
mod lifecycle;
mod lists;
mod order;
mod own_affairs;
mod revocations;
mod verifying;
