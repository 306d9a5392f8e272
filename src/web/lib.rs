//! Everything HTTP: pages, protocol endpoints, the API.
//!
//! A request passes [`edge`] (request id, limits, language, the rendering of problems, headers), then the row of the
//! [`access`] table that its route stands in (who may call it, where forged forms end), then one handler.

pub mod access;
pub mod app;
pub mod assets;
pub mod cookies;
pub mod edge;
pub mod form;
pub mod limits;
pub mod links;
pub mod page;
pub mod problem;
pub mod security_headers;
pub mod session;
pub mod text;
pub mod upload;
pub mod visit;

mod api;
mod console;
mod desk;
mod me;
mod oidc;
mod public;
mod sign_in;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[cfg(test)]
mod style_tests;
#[cfg(test)]
mod tests;

pub use app::App;
pub use page::Page;
pub use problem::Problem;

/// Every route of the product, each with who may call it. A folder's routes are added here once.
fn table(app: &App) -> access::Table {
    let table = access::Table::new(app);
    let table = public::routes(table);
    let table = desk::routes(table);
    let table = sign_in::routes(table);
    let table = self::oidc::routes(table);
    let table = api::routes(table);
    let table = console::routes(table);
    me::routes(table)
}

/// The whole product as one service. It expects the peer's address as `ConnectInfo<SocketAddr>` in the request.
pub fn router(app: App) -> axum::Router {
    edge::wrap(table(&app).into_router(), app)
}
