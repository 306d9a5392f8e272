//! Nothing of its own: what comes from outside, in one set of features.
//!
//! Cargo chooses the features of a dependency for what it is asked to build. Asked for one crate it would choose fewer
//! than for all of them, and build half of the outside world a second time. Every crate's tests depend on this one, so
//! there is one choice (decision 0032).
