//! PgBouncer before PostgreSQL: a session of one's own is enough, one that is lent out for a transaction is not.

use reqwest::StatusCode;
use tests::{browser::client, installation::Installation, pooler::Pooler, postgres::Postgres};

const PASSED_OVER: &str = "ignore_startup_parameters = extra_float_digits";

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_refused_with_what_to_do_and_one_in_session_mode_works() {
    let postgres = Postgres::start();
    let refused = |settings: &[&str], part: &str| {
        let pooler = Pooler::start(&postgres, settings);
        let installation = Installation::on(Some(postgres.url_at("geheim", pooler.address)));
        for command in ["migrate", "serve"] {
            let ran = installation.run(&[command]);
            assert_eq!(ran.code, Some(1), "{settings:?} {ran:?}");
            assert!(ran.err.contains(part) && !ran.err.contains("geheim"), "{settings:?}: {}", ran.err);
        }
    };
    refused(&["pool_mode = transaction"], PASSED_OVER);
    refused(&["pool_mode = transaction", PASSED_OVER], "a pooler in transaction mode");
    refused(&["pool_mode = transaction", PASSED_OVER, "server_reset_query_always = 1"], "is forgotten: a pooler");

    let pooler = Pooler::start(&postgres, &["pool_mode = session", PASSED_OVER]);
    let installation = Installation::on(Some(postgres.url_at("geheim", pooler.address)));
    installation.bootstrap();
    let server = installation.serve().await;
    let page = client().get(installation.url("/sign-in")).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(installation.must(&["audit"]).starts_with("sound: "), "beside the server");
    assert_eq!(server.stop(), Some(0), "{}", installation.log_text());
}
