//! What clerks and reviewers do, and what they may get wrong.

mod applications;
