//! What was typed while too many signed in: the page that waits brings it back by itself, so that nobody types it again.

use base::{Instant, Secret};
use crypto::{
    encoding::{base64url, base64url_decode},
    seal_box::SealBox,
};

use crate::{
    App,
    kit::{
        limits::{CHOOSING_SECONDS_MAX, SIGN_IN_WAITS_SECONDS_MAX},
        visit::Visit,
    },
};

/// A password on its way, and since when.
pub struct Typed {
    pub password: Secret<String>,
    /// When the form was sent first.
    pub since: Instant,
}

impl Typed {
    /// Seals it for this browser and this name: for anybody else, and after a while, it is worth nothing.
    pub fn sealed(&self, app: &App, visit: &Visit, username: &str) -> String {
        let plain = [&self.since.as_micros().to_be_bytes()[..], self.password.expose().as_bytes()].concat();
        base64url(&seal_box(app).seal(&*app.entropy, &context(app, visit, username), &plain))
    }

    /// Reads one that this browser was given, however long ago.
    pub fn open(app: &App, visit: &Visit, username: &str, sealed: &str) -> Option<Self> {
        let plain = seal_box(app).open(&context(app, visit, username), &base64url_decode(sealed)?)?;
        let (since, password) = plain.split_first_chunk::<8>()?;
        let since = Instant::from_micros(i64::from_be_bytes(*since));
        let password = Secret::new(String::from_utf8(password.to_vec()).ok()?);
        Some(Self { password, since })
    }

    /// Whether another password may still be chosen with it.
    pub fn may_choose(&self, at: Instant) -> bool {
        at.seconds_since(self.since) < CHOOSING_SECONDS_MAX
    }

    /// Whether it may wait for another turn.
    pub fn may_wait(&self, at: Instant) -> bool {
        at.seconds_since(self.since) < SIGN_IN_WAITS_SECONDS_MAX
    }
}

fn seal_box(app: &App) -> SealBox {
    SealBox::new(&crypto::mac::hmac_sha256(app.key.expose(), &[b"sign-in that waits"]))
}

fn context(app: &App, visit: &Visit, username: &str) -> Vec<u8> {
    [b"password\0", visit.browser(app).as_bytes(), b"\0", username.as_bytes()].concat()
}
