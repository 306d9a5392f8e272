//! Everything HTTP: pages, protocol endpoints, the API.
//!
//! A request passes `kit::edge` (request id, limits, language, the rendering of problems, headers), then the row of the
//! access `kit::table` that its route stands in (who may call it, where forged forms end), then one handler.

pub mod kit;

mod me;
mod public;
mod sign_in;
mod staff;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[cfg(test)]
mod tests;

pub use kit::app::App;

pub(crate) use kit::{page::Page, problem::Problem};

use kit::{
    access::{Row, Surface},
    edge, everywhere,
    table::Table,
};

/// Every route of some surfaces, each with who may call it. A folder's routes are added here once.
fn table(surfaces: &[Surface]) -> Table {
    surfaces.iter().fold(everywhere::routes(), |table, surface| {
        let own = Table::new(*surface);
        table.and(match surface {
            Surface::SignIn => sign_in::routes(own),
            Surface::Me => me::routes(own),
            Surface::Staff => staff::routes(own),
            Surface::Public => public::routes(own),
        })
    })
}

/// Every row of the access table.
pub fn rows() -> Vec<Row> {
    table(&Surface::ALL).rows().to_vec()
}

/// Some surfaces as one service, which knows nothing of the others. It expects the peer's address as
/// `ConnectInfo<SocketAddr>` in the request.
pub fn router(app: App, surfaces: &[Surface]) -> axum::Router {
    edge::wrap(table(surfaces).into_router(), app)
}
