//! Issuing and what follows, on a real database, with real keys, seals and fonts.

mod applications;
mod city;
mod crashes;
mod ended;
mod holding;
mod issuing;
mod lifecycle;
mod order;
mod verifying;
