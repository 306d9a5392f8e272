//! How much of anything a request may hold.

use std::time::Duration;

/// How long the database may take to answer whoever asks whether this node is ready.
pub const DATABASE_ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// How often the database is asked for that, whoever wants to know.
pub const DATABASE_ASKED_EVERY: Duration = Duration::from_secs(1);

/// Turns of a task that fail one after the other, and for how long, before that is more than a mishap.
pub const TURNS_FAILED: u32 = 3;
pub const FAILING_AFTER: Duration = Duration::from_secs(5);

/// Bytes of path and query. Authorization requests are the longest honest ones.
pub const URI_BYTES_MAX: usize = 16 * 1024;

/// Bytes of all header names and values together.
pub const HEADER_BYTES_MAX: usize = 32 * 1024;

/// Bytes of a form's body, and of a JSON body.
pub const FORM_BYTES_MAX: usize = 64 * 1024;

/// Fields of a form or a query.
pub const FIELDS_MAX: usize = 200;

/// Bytes of a field's name.
pub const FIELD_NAME_BYTES_MAX: usize = 64;

/// Bytes of an uploaded file.
pub const UPLOAD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes of an upload that are handed to the reader of forms at once.
pub const PIECE_BYTES_MAX: usize = 16 * 1024;

/// Bytes of an upload in front of the content of a field.
pub const PART_HEAD_BYTES_MAX: usize = 64 * 1024;

/// How long the whole of an upload may take to come.
pub const UPLOAD_TIME_MAX: Duration = Duration::from_mins(2);

/// How long nothing may come of an upload that is on its way.
pub const SILENCE_MAX: Duration = Duration::from_secs(10);

/// Bytes that all uploads of one process may hold at once.
pub const UPLOADS_BYTES_MAX: usize = 8 * UPLOAD_BYTES_MAX;

/// The most of those bytes that one client may hold: two of the largest files.
pub const UPLOADS_BYTES_EACH_MAX: usize = 2 * UPLOAD_BYTES_MAX;

/// How long whoever signed in with a password that was handed out may think of another one, in seconds.
pub const CHOOSING_SECONDS_MAX: i64 = 15 * 60;

/// How long after the number of a person was typed at the counter a reset may be filed for that person, in seconds: the
/// document is compared with the face meanwhile.
pub const SEARCHED_SECONDS_MAX: i64 = 30 * 60;

/// Bytes of an address with a form in it: the line of a request that proxies take is 8 KiB long, and what switches the
/// language repeats the address in its own.
pub const ASKED_BYTES_MAX: usize = 6 * 1024;

/// How long a page that a form asked for is had again at its address, in seconds.
pub const ASKED_SECONDS_MAX: i64 = 30 * 60;

/// How long what is shown once is shown again in another language or size, in seconds: as long as somebody writes it down.
pub const SHOWN_SECONDS_MAX: i64 = 10 * 60;

/// How long a look counts as the same one in another language or size, in seconds.
pub const SWITCHED_SECONDS_MAX: i64 = 10 * 60;

/// How long the page to which an act leads says that it was done, in seconds.
pub const SAID_SECONDS_MAX: i64 = 60;

/// How often a form that is sent twice at once looks for the answer of the first, before it is told to come again.
pub const ONCE_TRIES_MAX: u32 = 40;

/// Files of one client that wait to be examined or are.
pub const FILES_EACH_MAX: usize = 32;

/// Files of one client that are examined at once: so few that another's shares a core with no more.
pub const FILES_AT_ONCE_EACH_MAX: usize = 2;

/// Requests of one client that are answered at once. Many people may be behind one address.
pub const REQUESTS_EACH_MAX: usize = 256;

/// Sign-ins of one client that wait for their turn, or have it: a quarter of all that may wait, and half of the requests of
/// the client, so that its other requests are answered meanwhile. Whoever comes after them waits on a page.
pub const SIGN_INS_EACH_MAX: usize = 128;

/// Bodies of requests that are waited for at once. Those that come with their heads are not among them.
pub const BODIES_MAX: usize = 1024;

/// The most of them that one client may have.
pub const BODIES_EACH_MAX: usize = 64;

/// How long a sign-in waits for its turn altogether, page after page; then its form has to be filled in anew.
pub const SIGN_IN_WAITS_SECONDS_MAX: i64 = 120;

/// When to come again who had too many requests or bodies on their way.
pub const COME_AGAIN_SECONDS: u32 = 5;

/// Bytes of a path that a link or a form asks to return to: a request that waits for a sign-in is in it
/// ([`oidc::limits`]), and the address with it stays within [`URI_BYTES_MAX`].
pub const RETURN_PATH_BYTES_MAX: usize = 14 * 1024;

/// Addresses of an `X-Forwarded-For` header that are looked at, from the right.
pub const FORWARDED_MAX: usize = 16;

/// Bytes of one of our cookies' values.
pub const COOKIE_VALUE_BYTES_MAX: usize = 256;

/// How deep a JSON body may be nested.
pub const JSON_DEPTH_MAX: usize = 16;

/// Bytes of an `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;

/// Characters of a code or an identifier that a system asks about: a QR's whole text fits.
pub const NUMBER_CHARACTERS_MAX: usize = 512;

/// How long an answer stays on the counter's screen when nobody touches anything: it tells about a person.
pub const ANSWER_SECONDS: &str = "30";

/// How often one address may look at public answers within [`LOOKS_SECONDS`].
pub const LOOKS_MAX: u32 = 120;

/// The period of [`LOOKS_MAX`].
pub const LOOKS_SECONDS: i64 = 60;
