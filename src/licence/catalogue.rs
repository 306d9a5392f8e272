//! The types that licences are of: what each asks for, and who may issue it.

pub mod built_in;
pub mod field;
pub mod licence_type;
