//! The sessions of one application, in memory: a visitor's cookie, the sign-ins under way, and who is signed in.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use openidconnect::CsrfToken;

/// The most visitors remembered; the one seen longest ago is forgotten first.
const VISITORS_MAX: usize = 10_000;
/// The most sign-ins under way in one browser, for example in several tabs.
const PENDING_MAX: usize = 8;
/// The most logout tokens remembered, so that none counts twice.
const TOKENS_MAX: usize = 10_000;

/// A sign-in that was sent to the provider and has not come back.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// Who is signed in here.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub subject: String,
    pub name: String,
    pub organisation: Option<String>,
    /// The provider's session, named by its back-channel logout.
    pub session: Option<String>,
    /// The ID token as it came: the hint when signing out.
    pub id_token: String,
}

#[derive(Debug, Default)]
struct Visitor {
    pending: Vec<Pending>,
    signed_in: Option<SignedIn>,
    seen: u64,
}

#[derive(Debug, Default)]
struct State {
    visitors: HashMap<String, Visitor>,
    logout_tokens: Vec<String>,
    now: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Visitors(Mutex<State>);

impl Visitors {
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // The state is only a map; a panic elsewhere does not make it wrong.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who is signed in with this cookie.
    pub fn signed_in(&self, cookie: Option<&str>) -> Option<SignedIn> {
        self.with(|state| {
            let now = state.tick();
            let visitor = state.visitors.get_mut(cookie?)?;
            visitor.seen = now;
            visitor.signed_in.clone()
        })
    }

    /// Remembers a sign-in; gives the cookie to set.
    pub fn begin(&self, cookie: Option<&str>, pending: Pending) -> String {
        self.with(|state| {
            let known = cookie.filter(|cookie| state.visitors.contains_key(*cookie));
            let cookie = known.map_or_else(new_cookie, str::to_owned);
            let now = state.tick();
            let visitor = state.visitors.entry(cookie.clone()).or_default();
            visitor.seen = now;
            if visitor.pending.len() >= PENDING_MAX {
                visitor.pending.remove(0);
            }
            visitor.pending.push(pending);
            state.forget_the_oldest();
            cookie
        })
    }

    /// The sign-in that this browser began with `state`: taken, so that an answer counts once.
    pub fn take_pending(&self, cookie: Option<&str>, answer: &str) -> Option<Pending> {
        self.with(|state| {
            let visitor = state.visitors.get_mut(cookie?)?;
            let place = visitor.pending.iter().position(|pending| pending.state == answer)?;
            Some(visitor.pending.remove(place))
        })
    }

    /// Signs in under a new cookie, so that a cookie planted before is worth nothing.
    pub fn sign_in(&self, old: Option<&str>, signed_in: SignedIn) -> String {
        self.with(|state| {
            let pending =
                old.and_then(|old| state.visitors.remove(old)).map(|visitor| visitor.pending).unwrap_or_default();
            let cookie = new_cookie();
            let seen = state.tick();
            state.visitors.insert(cookie.clone(), Visitor { pending, signed_in: Some(signed_in), seen });
            state.forget_the_oldest();
            cookie
        })
    }

    /// Ends the session of this browser.
    pub fn sign_out(&self, cookie: Option<&str>) -> Option<SignedIn> {
        self.with(|state| state.visitors.remove(cookie?)?.signed_in)
    }

    /// Ends the sessions that came from the provider's session, or all of a person when it names none. Tells how
    /// many ended; none if the token was seen before.
    pub fn sign_out_everywhere(&self, token: &str, session: Option<&str>, subject: Option<&str>) -> Option<usize> {
        self.with(|state| {
            if state.logout_tokens.iter().any(|seen| seen == token) {
                return None;
            }
            if state.logout_tokens.len() >= TOKENS_MAX {
                state.logout_tokens.remove(0);
            }
            state.logout_tokens.push(token.to_owned());
            let before = state.visitors.len();
            state.visitors.retain(|_, visitor| {
                let Some(signed_in) = &visitor.signed_in else { return true };
                let named = match session {
                    Some(session) => signed_in.session.as_deref() == Some(session),
                    None => subject == Some(signed_in.subject.as_str()),
                };
                !named
            });
            Some(before - state.visitors.len())
        })
    }
}

impl State {
    fn tick(&mut self) -> u64 {
        self.now += 1;
        self.now
    }

    fn forget_the_oldest(&mut self) {
        if self.visitors.len() > VISITORS_MAX {
            let oldest = self.visitors.iter().min_by_key(|(_, visitor)| visitor.seen).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                self.visitors.remove(&oldest);
            }
        }
    }
}

fn new_cookie() -> String {
    CsrfToken::new_random_len(32).into_secret()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(state: &str) -> Pending {
        Pending { state: state.to_owned(), nonce: "n".to_owned(), verifier: "v".to_owned() }
    }

    fn person(subject: &str, session: &str) -> SignedIn {
        SignedIn {
            subject: subject.to_owned(),
            name: "林晓".to_owned(),
            organisation: None,
            session: Some(session.to_owned()),
            id_token: String::new(),
        }
    }

    #[test]
    fn an_answer_counts_once_and_only_in_the_browser_that_asked() {
        let visitors = Visitors::default();
        let cookie = visitors.begin(None, pending("one"));
        let other = visitors.begin(None, pending("two"));
        assert!(visitors.take_pending(Some(&other), "one").is_none());
        assert!(visitors.take_pending(None, "one").is_none());
        assert!(visitors.take_pending(Some(&cookie), "one").is_some());
        assert!(visitors.take_pending(Some(&cookie), "one").is_none());
    }

    #[test]
    fn signing_in_changes_the_cookie() {
        let visitors = Visitors::default();
        let before = visitors.begin(None, pending("one"));
        let after = visitors.sign_in(Some(&before), person("a", "s1"));
        assert_ne!(before, after);
        assert!(visitors.signed_in(Some(&before)).is_none());
        assert_eq!(visitors.signed_in(Some(&after)).unwrap().subject, "a");
    }

    #[test]
    fn a_logout_token_ends_the_sessions_it_names_and_no_other_and_counts_once() {
        let visitors = Visitors::default();
        let one = visitors.sign_in(None, person("a", "s1"));
        let two = visitors.sign_in(None, person("a", "s2"));
        let three = visitors.sign_in(None, person("b", "s3"));
        assert_eq!(visitors.sign_out_everywhere("t1", Some("s1"), None), Some(1));
        assert!(visitors.signed_in(Some(&one)).is_none());
        assert!(visitors.signed_in(Some(&two)).is_some());
        assert_eq!(visitors.sign_out_everywhere("t1", Some("s2"), None), None);
        assert!(visitors.signed_in(Some(&two)).is_some());
        assert_eq!(visitors.sign_out_everywhere("t2", None, Some("a")), Some(1));
        assert!(visitors.signed_in(Some(&two)).is_none());
        assert!(visitors.signed_in(Some(&three)).is_some());
    }

    #[test]
    fn memory_is_bounded() {
        let visitors = Visitors::default();
        let first = visitors.begin(None, pending("first"));
        for _ in 0..VISITORS_MAX {
            visitors.begin(None, pending("more"));
        }
        assert!(visitors.take_pending(Some(&first), "first").is_none());
        let cookie = visitors.begin(None, pending("0"));
        for state in 1..=PENDING_MAX {
            visitors.begin(Some(&cookie), pending(&state.to_string()));
        }
        assert!(visitors.take_pending(Some(&cookie), "0").is_none());
        assert!(visitors.take_pending(Some(&cookie), "1").is_some());
    }
}
