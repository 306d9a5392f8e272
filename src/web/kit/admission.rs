//! Who may call a route, as types: a handler that asks for what its row does not give does not compile.

use axum::{
    body::Bytes,
    extract::{Path, Request, State},
};
use http::{HeaderMap, Uri, request::Parts};
use identity::Role;

use crate::{
    App,
    kit::{
        access::{AssuranceLevel, Who},
        caller::Caller,
        form::{Fields, Query},
        page::Page,
        session::{Citizen, Staff},
        visit,
    },
};

/// Everybody.
#[derive(Clone, Copy, Debug)]
pub struct Anyone;

/// A department's system with an access token of its own that has this scope.
#[derive(Clone, Copy, Debug)]
pub struct Scope(pub &'static str);

/// A person who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn(pub AssuranceLevel);

/// A member of staff with one of these roles.
#[derive(Clone, Copy, Debug)]
pub struct Roles(pub &'static [Role], pub AssuranceLevel);

impl From<Anyone> for Who {
    fn from(_: Anyone) -> Self {
        Self::Anyone
    }
}

impl From<Scope> for Who {
    fn from(Scope(scope): Scope) -> Self {
        Self::Client(scope)
    }
}

impl From<SignedIn> for Who {
    fn from(SignedIn(level): SignedIn) -> Self {
        Self::SignedIn(level)
    }
}

impl From<Roles> for Who {
    fn from(Roles(roles, level): Roles) -> Self {
        Self::Staff(roles, level)
    }
}

/// An argument that a handler may have in a row that admits `W`.
#[diagnostic::on_unimplemented(message = "a row that admits `{W}` gives its handler no `{Self}`")]
pub trait GivenTo<W> {}

impl GivenTo<Scope> for Caller {}
impl GivenTo<SignedIn> for Citizen {}
impl GivenTo<Roles> for Staff {}

/// Does not compile when a row that admits `$who` gives its handler `$argument`: then there are two ways to read the
/// underscore.
macro_rules! not_given {
    ($($argument:ty, $who:ty;)+) => {
        $(const _: fn() = || {
            trait Once<Way> {
                fn is_meant() {}
            }
            struct Given;
            impl<T: ?Sized> Once<()> for T {}
            impl<T: ?Sized + GivenTo<$who>> Once<Given> for T {}
            <$argument as Once<_>>::is_meant();
        };)+
    };
}

not_given! {
    Caller, Anyone;
    Caller, SignedIn;
    Caller, Roles;
    Citizen, Anyone;
    Citizen, Scope;
    Citizen, Roles;
    Staff, Anyone;
    Staff, Scope;
    Staff, SignedIn;
}

// What is in the request itself, whoever calls.
impl<W> GivenTo<W> for Bytes {}
impl<W> GivenTo<W> for Fields {}
impl<W> GivenTo<W> for HeaderMap {}
impl<W> GivenTo<W> for Page {}
impl<W> GivenTo<W> for Parts {}
impl<W, T> GivenTo<W> for Path<T> {}
impl<W> GivenTo<W> for Query {}
impl<W> GivenTo<W> for Request {}
impl<W> GivenTo<W> for State<App> {}
impl<W> GivenTo<W> for Uri {}
impl<W> GivenTo<W> for visit::Of {}
impl<W, T: GivenTo<W>> GivenTo<W> for Option<T> {}

/// Several arguments as one, for handlers that differ by one word.
impl<W, A, B, C, D, E> GivenTo<W> for (A, B, C, D, E)
where
    A: GivenTo<W>,
    B: GivenTo<W>,
    C: GivenTo<W>,
    D: GivenTo<W>,
    E: GivenTo<W>,
{
}

/// The arguments of a handler, as axum writes them down: each is given in a row that admits `W`.
pub trait AllGivenTo<W> {}

impl<W> AllGivenTo<W> for ((),) {}

macro_rules! all_given {
    ($($argument:ident)+) => {
        impl<W, M, $($argument: GivenTo<W>),+> AllGivenTo<W> for (M, $($argument,)+) {}
    };
}

all_given!(A);
all_given!(A B);
all_given!(A B C);
all_given!(A B C D);
all_given!(A B C D E);
all_given!(A B C D E F);
