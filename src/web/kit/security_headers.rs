//! Headers that every answer carries unless its handler had a reason for others.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Only our own files, no inline script or style, nobody may frame us.
///
/// `form-action` is missing on purpose: browsers apply it to the redirects that follow a form, and the answer to
/// a consent form leads to the client's own site.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// The pages of a sign-in that an application may have opened in a window of its own, with where their forms and links lead.
/// One answer on the way that cuts the window off from its opener is enough, and the application waits for ever (0061).
const IN_A_WINDOW_OF_AN_APPLICATION: [&str; 10] = [
    "/appearance",
    "/authorize",
    "/authorize/continue",
    "/consent",
    "/language",
    "/logout",
    "/logout/confirm",
    "/sign-in",
    "/sign-in/choose",
    "/signed-out",
];

static ALWAYS: [(HeaderName, HeaderValue); 7] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ),
];

/// Two years, as browsers' preload lists ask for.
const STRICT_TRANSPORT: &str = "max-age=63072000";

/// Adds what the handler did not set itself. Answers are not stored unless somebody said they may be.
pub fn complete(headers: &mut HeaderMap, path: &str, secure: bool, cacheable: bool) {
    headers.reserve(ALWAYS.len() + 2);
    if IN_A_WINDOW_OF_AN_APPLICATION.contains(&path) {
        headers.entry(OPENER_POLICY).or_insert(HeaderValue::from_static("unsafe-none"));
    }
    for (name, value) in &ALWAYS {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT_TRANSPORT));
    }
    if !cacheable {
        headers.entry(header::CACHE_CONTROL).or_insert_with(|| HeaderValue::from_static("no-store"));
    }
}
