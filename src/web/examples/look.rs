//! Serves the pages, and samples with invented content, on a fresh database: `cargo run -p web --example look
//! --features testing`, then open `http://127.0.0.1:8099/sample/parts`.

use std::net::SocketAddr;

#[tokio::main]
#[allow(clippy::unwrap_used, reason = "a developer's tool: failing loudly is what it should do")]
async fn main() {
    let fresh = records::testing::fresh().await.unwrap();
    let app = web::testing::app(&fresh, "http://127.0.0.1:8099").await.unwrap();
    let router = web::testing::router_with_samples(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8099").await.unwrap();
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
}
