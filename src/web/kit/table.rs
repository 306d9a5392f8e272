//! The table of routes. The router is built from its rows and from nothing else, so a route cannot exist without saying
//! who may call it, and the row is carried out before the handler, so a handler cannot forget it.

use std::sync::Arc;

use axum::{
    Extension, Router,
    handler::Handler,
    routing::{MethodFilter, on},
};
use http::Method;

use crate::{
    App,
    kit::{
        access::{Guard, Row, Surface, Who},
        admission::AllGivenTo,
        asked::{ALWAYS_ASKS, CONFIRMED},
        enforce::Enforced,
        pages::Pages,
    },
};

/// The routes so far.
pub struct Table {
    surface: Option<Surface>,
    rows: Vec<Row>,
    router: Router<App>,
}

impl Table {
    /// An empty table of one surface.
    pub fn new(surface: Surface) -> Self {
        Self { surface: Some(surface), rows: Vec::new(), router: Router::new() }
    }

    /// An empty table of what each surface answers.
    pub fn everywhere() -> Self {
        Self { surface: None, rows: Vec::new(), router: Router::new() }
    }

    /// A page or a document.
    pub fn get<W, H, T>(self, path: &'static str, who: W, handler: H) -> Self
    where
        W: Into<Who>,
        H: Handler<T, App>,
        T: AllGivenTo<W> + 'static,
    {
        self.add((Method::GET, MethodFilter::GET), path, who, Guard::Safe, handler)
    }

    /// An act.
    pub fn post<W, H, T>(self, path: &'static str, who: W, guard: Guard, handler: H) -> Self
    where
        W: Into<Who>,
        H: Handler<T, App>,
        T: AllGivenTo<W> + 'static,
    {
        self.add((Method::POST, MethodFilter::POST), path, who, guard, handler)
    }

    /// An act whose form asks for a page first, and acts with the field `acts` alone. The page is had at the second of these
    /// addresses by opening it; that is the first one with something behind it, or the same.
    pub fn asking<W, H, T>(
        self,
        (path, page): (&'static str, &'static str),
        who: W,
        acts: &'static str,
        handler: H,
    ) -> Self
    where
        W: Into<Who> + Copy,
        H: Handler<T, App>,
        T: AllGivenTo<W> + 'static,
    {
        self.asks((path, page), who, (acts, acts), handler)
    }

    /// The same for an act whose form says what is wrong with it at an address of its own: see [`Table::told`].
    pub fn asking_and_told<W, H, T>(
        self,
        (path, page): (&'static str, &'static str),
        who: W,
        acts: &'static str,
        handler: H,
    ) -> Self
    where
        W: Into<Who> + Copy,
        H: Handler<T, App>,
        T: AllGivenTo<W> + 'static,
    {
        // What acts is left in the form: who opens an address does nothing with it, whatever is in it.
        self.asks((path, page), who, (acts, ALWAYS_ASKS), handler)
    }

    /// The form with the field that acts, and its page, where another one is left out.
    fn asks<W, H, T>(
        self,
        (path, page): (&'static str, &'static str),
        who: W,
        (acts, left_out): (&'static str, &'static str),
        handler: H,
    ) -> Self
    where
        W: Into<Who> + Copy,
        H: Handler<T, App>,
        T: AllGivenTo<W> + 'static,
    {
        let at = page.strip_prefix(path).unwrap_or_default();
        self.add((Method::POST, MethodFilter::POST), path, who, Guard::Asking { acts, at }, handler.clone()).add(
            (Method::GET, MethodFilter::GET),
            page,
            who,
            Guard::Asked { acts: left_out },
            handler,
        )
    }

    /// An act whose form, when something is wrong with it, is shown again at the second of these addresses too, in another
    /// language or size: with what was typed and what is wrong, and it does nothing there
    /// (see [`crate::kit::session::Staff::attempt`]).
    pub fn told<W, H, T>(self, (path, page): (&'static str, &'static str), who: W, handler: H) -> Self
    where
        W: Into<Who> + Copy,
        H: Handler<T, App>,
        T: AllGivenTo<W> + 'static,
    {
        let at = page.strip_prefix(path).unwrap_or_default();
        self.add((Method::POST, MethodFilter::POST), path, who, Guard::Told { at }, handler.clone()).add(
            (Method::GET, MethodFilter::GET),
            page,
            who,
            Guard::Asked { acts: ALWAYS_ASKS },
            handler,
        )
    }

    /// The same for what follows from an act: the page that says so is at the act's own address.
    pub fn confirmed<W, H, T>(self, path: &'static str, who: W, handler: H) -> Self
    where
        W: Into<Who> + Copy,
        H: Handler<T, App>,
        T: AllGivenTo<W> + 'static,
    {
        self.asking((path, path), who, CONFIRMED, handler)
    }

    fn add<W, H, T>(
        mut self,
        (method, filter): (Method, MethodFilter),
        path: &'static str,
        who: W,
        guard: Guard,
        handler: H,
    ) -> Self
    where
        W: Into<Who>,
        H: Handler<T, App>,
        T: AllGivenTo<W> + 'static,
    {
        let row = Row { surface: self.surface, method, path, who: who.into(), guard };
        // Another method is answered 405 without reading a form or asking who calls.
        self.router = self.router.route(path, on(filter, Enforced { row: Arc::new(row.clone()), handler }));
        self.rows.push(row);
        self
    }

    /// The routes of both.
    pub fn and(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        self.router = self.router.merge(other.router);
        self
    }

    /// The rows, for tests and for the documentation.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The routes.
    pub fn into_router(self) -> Router<App> {
        self.router.layer(Extension(Pages::among(&self.rows)))
    }
}
