//! Everything HTTP: pages, protocol endpoints, the API.
//!
//! A request passes [`kit::edge`] (request id, limits, language, the rendering of problems, headers), then the row of the
//! [`kit::access`] table that its route stands in (who may call it, where forged forms end), then one handler.

pub mod kit;

mod me;
mod public;
mod sign_in;
mod staff;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[cfg(test)]
mod tests;

pub use kit::{app::App, page::Page, problem::Problem};

use kit::{access, edge};

/// Every route of the product, each with who may call it. A folder's routes are added here once.
fn table(app: &App) -> access::Table {
    let table = access::Table::new(app);
    let table = public::routes(table);
    let table = sign_in::routes(table);
    let table = staff::routes(table);
    me::routes(table)
}

/// The whole product as one service. It expects the peer's address as `ConnectInfo<SocketAddr>` in the request.
pub fn router(app: App) -> axum::Router {
    edge::wrap(table(&app).into_router(), app)
}
