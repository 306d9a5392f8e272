//! One SQL text on two databases.

use std::fs;

use records::testing;
use tests::source::{self, root};

#[tokio::test]
async fn every_statement_is_accepted_by_this_database() {
    let fresh = testing::fresh().await.unwrap();
    let mut checked = 0;
    let mut wrong = Vec::new();
    for file in source::rust_files("src").into_iter().filter(|file| !source::is_test_file(file)) {
        for statement in source::statements(&fs::read_to_string(&file).unwrap()) {
            // A text with a brace is a template that its own crate fills in and tests.
            if statement.contains('{') {
                continue;
            }
            assert!(!source::is_rest(&statement), "{}: no macro that we can read begins {statement}", file.display());
            let mut tx = fresh.database.read().await.unwrap();
            if let Err(fault) = tx.check_statement(&statement).await {
                wrong.push(format!("{}\n{statement}\n{fault:?}", file.strip_prefix(root()).unwrap().display()));
            }
            checked += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(checked > 30, "only {checked} statements were found");
}
