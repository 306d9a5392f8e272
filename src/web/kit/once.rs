//! A form that was sent twice acts once: whoever goes back to it, or presses its button twice, is led to where it led first.
//!
//! Each form of staff carries a key of its own; a page that is opened from an address with a form in it has the
//! same one each time. What the form said under that key is remembered for a day, with where it led. What was refused may be
//! sent again, and what was changed meanwhile is another form.

use std::time::Duration;

use base::{Fault, Instant};
use http::StatusCode;
use identity::Session;
use records::{
    Database,
    idempotency::{self, Claim},
};

use crate::{
    App, Page, Problem,
    kit::{
        form::{CSRF, Fields, ONCE},
        limits::ONCE_TRIES_MAX,
        said,
        visit::Visit,
    },
};

/// How long to wait for the answer to the same form, each time.
const PAUSE: Duration = Duration::from_millis(100);

impl Page {
    /// The key of a form that is shown now; nothing for who has no office. What a citizen does to what is their own, such as
    /// ending a session, acts each time, and nobody keeps where a consent or a sign-in led.
    pub fn once(&self) -> String {
        if self.session.as_ref().is_none_or(|session| session.staff.is_none()) {
            return String::new();
        }
        let app = self.app();
        if !self.visit.opens_a_form() {
            return crypto::encoding::base64url(&app.entropy.bytes::<16>());
        }
        let address = self.visit.target.as_bytes();
        let code = crypto::mac::hmac_sha256(app.key.expose(), &[b"once\0", address]);
        crypto::encoding::base64url(code.first_chunk::<16>().unwrap_or(&[0; 16]))
    }
}

/// A form that acts, as it is remembered: whose it is, and its key with what it says.
pub struct Once {
    caller: String,
    key: String,
    digest: String,
    at: Instant,
}

/// What becomes of it.
pub enum Turn {
    /// It is sent for the first time.
    First,
    /// It led there before.
    Led(String),
}

impl Once {
    /// A form with a key, as this person sends it to this path.
    pub fn of(app: &App, visit: &Visit, session: &Session, (path, fields): (&str, &Fields)) -> Option<Self> {
        let key = fields.text(ONCE);
        if OFTEN.contains(&path) || key.len() != KEY_BYTES || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        // Keyed, for a password may be among what it says.
        let said = fields.pairs().filter(|(name, _)| ![CSRF, ONCE].contains(name));
        let said = serde_json::to_vec(&said.collect::<Vec<_>>()).ok()?;
        let digest = crypto::mac::hmac_sha256(app.key.expose(), &[b"sent once\0", path.as_bytes(), b"\0", &said]);
        let digest = crypto::encoding::base64url(&digest);
        let caller = session.person_id.to_string();
        Some(Self { caller, key: format!("{key}.{digest}"), digest, at: visit.at })
    }

    /// Whose turn it is: one form acts at a time, and the same one waits for its answer.
    ///
    /// # Errors
    ///
    /// [`Problem::Busy`] when the same form is not answered yet; [`Fault`] when the database is out of reach.
    pub async fn turn(&self, database: &Database) -> Result<Turn, Problem> {
        for _ in 0..ONCE_TRIES_MAX {
            let mut tx = database.housekeeping().await?;
            let claim = {
                let of = (self.caller.as_str(), self.key.as_str());
                idempotency::claim_for(&mut tx, of, &self.digest, self.at, HELD_SECONDS).await?
            };
            tx.commit().await?;
            match claim {
                Claim::Fresh => return Ok(Turn::First),
                Claim::Answered { body, .. } => return Ok(Turn::Led(body)),
                // The digest is in the key.
                Claim::OtherRequest => return Err(Fault::broken("a key of a form says two things").into()),
                Claim::InFlight => tokio::time::sleep(PAUSE).await,
            }
        }
        Err(Problem::Busy { retry_after_seconds: 1 })
    }

    /// Remembers where it led; what led nowhere may be sent again. Best effort: a claim ends by itself.
    pub async fn answered(&self, database: &Database, led_to: Option<String>) {
        // That it was done is said once.
        let led_to = led_to.map(|to| said::without(&to).to_owned());
        let kept: Result<(), Fault> = async {
            let mut tx = database.housekeeping().await?;
            match led_to {
                Some(to) => {
                    let status = StatusCode::SEE_OTHER.as_u16();
                    idempotency::complete(&mut tx, &self.caller, &self.key, status, &to).await?;
                }
                None => idempotency::release(&mut tx, &self.caller, &self.key).await?,
            }
            tx.commit().await
        }
        .await;
        if let Err(fault) = kept {
            tracing::warn!(%fault, "the answer to a form was not remembered; sent again, it is looked at anew");
        }
    }
}

/// So long nobody takes over what another one is at: longer than any answer takes, and clocks of nodes differ.
const HELD_SECONDS: i64 = 60;

/// Of sixteen bytes in base64url.
const KEY_BYTES: usize = 22;

/// What makes something each time it is sent, and leads to no page.
const OFTEN: [&str; 2] = ["/desk", "/desk/holder"];
