//! What is known of one request before anyone looks at what it asks for.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, OnceLock},
};

use axum::extract::{ConnectInfo, FromRequestParts};
use base::{
    Instant, Language, Secret,
    id::{Ids, RequestId},
    secret,
};
use http::{HeaderMap, header, request::Parts};
use identity::Session;
use ipnet::IpNet;
use records::{Actor, Context};
use tokio::sync::OnceCell;

use crate::{
    App, Problem,
    kit::{app::Settings, cookies, limits::FORWARDED_MAX, shares, switched},
};

/// The circumstances of one request. An extractor; made by `edge`, shared by everything that answers the request.
pub struct Visit {
    /// The number that stands in the answer's `x-request-id`, on error pages and in log lines.
    pub(crate) request_id: RequestId,
    /// When it came: the one instant of this request.
    pub at: Instant,
    /// Identifiers for what is written down in this request.
    pub(crate) ids: Ids,
    /// The browser's or the calling system's address.
    pub address: IpAddr,
    /// Who has a share of what all clients use: the address's network. None for a proxy of ours that does not say for whom
    /// it asks.
    pub(crate) client: Option<IpAddr>,
    /// The language to answer in.
    pub language: Language,
    /// Whether large type and few choices were asked for.
    pub(crate) elder: bool,
    /// Path and query as sent.
    pub(crate) target: String,
    /// Whether the same address gives the same page again: not what answers a form.
    pub(crate) is_opened: bool,
    /// Whether errors are told as JSON.
    pub(crate) wants_json: bool,
    /// The value of the session cookie; whether it means anything only the database knows.
    pub(crate) session_token: Option<Secret<String>>,
    /// The session, once somebody has looked for it (see [`crate::kit::session`]).
    pub(crate) session: OnceCell<Option<Arc<Session>>>,
    /// The page with the form that this request sends.
    stands_on: OnceLock<String>,
    /// When the form was sent that this request opens from an address.
    sent_at: OnceLock<Instant>,
    /// When the same page was seen first, by whoever has it now in another language or size.
    switched: OnceLock<Instant>,
    /// When what is shown was written down as seen.
    looked_at: OnceLock<Instant>,
    browser: OnceLock<String>,
    browser_is_new: bool,
}

impl Visit {
    /// Reads the circumstances off a request. No database, no waiting.
    pub(crate) fn of(app: &App, request: &axum::extract::Request) -> Self {
        let headers = request.headers();
        let at = app.clock.now();
        let secure = app.settings.is_secure();
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
        let browser = cookies::find(headers, &cookies::host_name(cookies::BROWSER, secure));
        let session_token = cookies::find(headers, &cookies::host_name(cookies::SESSION, secure));
        let ids = Ids::default();
        let trusted = &app.settings.trusted_proxies;
        let target = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let (target, seen) = switched::apart(target);
        let address = client_address(peer, headers, trusted);
        let visit = Self {
            request_id: ids.next(at, &*app.entropy),
            at,
            ids,
            address,
            client: shares::client(address, trusted),
            language: language(request),
            elder: cookies::find(headers, cookies::APPEARANCE) == Some("elder"),
            target,
            is_opened: request.method().is_safe(),
            wants_json: wants_json(request.uri().path(), headers),
            session_token: session_token.map(|token| Secret::new(token.to_owned())),
            session: OnceCell::new(),
            stands_on: OnceLock::new(),
            sent_at: OnceLock::new(),
            switched: OnceLock::new(),
            looked_at: OnceLock::new(),
            browser: browser.map_or_else(OnceLock::new, |value| OnceLock::from(value.to_owned())),
            browser_is_new: browser.is_none(),
        };
        if let Some(at) = seen.filter(|_| visit.is_opened).and_then(|code| switched::since(app, &visit, &code)) {
            let _ = visit.switched.set(at);
            let _ = visit.looked_at.set(at);
        }
        visit
    }

    /// Whether this page was seen a little while ago, and is had again in another language or size.
    pub(crate) fn is_switched(&self) -> bool {
        self.switched.get().is_some()
    }

    /// Says that what is shown was written down as seen.
    pub(crate) fn looked(&self) {
        let _ = self.looked_at.set(self.at);
    }

    /// When what is shown was written down as seen, if it was.
    pub(crate) fn looked_at(&self) -> Option<Instant> {
        self.looked_at.get().copied()
    }

    /// Says when the form was sent that was opened from an address.
    pub(crate) fn was_sent(&self, at: Instant) {
        let _ = self.sent_at.set(at);
    }

    /// Whether a form is opened from its address, where it does nothing.
    pub(crate) fn opens_a_form(&self) -> bool {
        self.sent_at.get().is_some()
    }

    /// When what is answered was typed and sent: a page that is opened again is no other search.
    pub(crate) fn sent_at(&self) -> Instant {
        self.sent_at.get().copied().unwrap_or(self.at)
    }

    /// Says on which page the form stands that was sent.
    pub(crate) fn stands_on(&self, page: Option<String>) {
        if let Some(page) = page {
            let _ = self.stands_on.set(page);
        }
    }

    /// Where something is had by opening it that the answer is about: the page itself, or the one with the form.
    pub(crate) fn opened_at(&self) -> Option<String> {
        if self.is_opened { Some(self.target.clone()) } else { self.stands_on.get().cloned() }
    }

    /// The browser's identifier; makes one if the browser brought none.
    pub(crate) fn browser(&self, app: &App) -> &str {
        self.browser.get_or_init(|| crypto::encoding::base64url(&app.entropy.bytes::<24>()))
    }

    /// The browser's identifier if one was made during this request and the answer has to set the cookie.
    pub(crate) fn new_browser(&self) -> Option<&str> {
        if self.browser_is_new { self.browser.get().map(String::as_str) } else { None }
    }

    /// The token that every form of this browser carries in its hidden field `csrf`.
    pub(crate) fn csrf(&self, app: &App) -> String {
        let mac = crypto::mac::hmac_sha256(app.key.expose(), &[b"csrf\0", self.browser(app).as_bytes()]);
        crypto::encoding::base64url(&mac)
    }

    /// Whether a token is the one of this browser. A browser without a cookie has none.
    pub(crate) fn csrf_matches(&self, app: &App, token: &str) -> bool {
        !self.browser_is_new && secret::equal(self.csrf(app).as_bytes(), token.as_bytes())
    }
}

impl App {
    /// Who acts, when, for which request.
    pub fn context(&self, visit: &Visit, actor: Actor) -> Context {
        let (request, entropy) = (Some(visit.request_id.clone()), Arc::clone(&self.entropy));
        Context { actor, at: visit.at, request, entropy, ids: visit.ids.clone() }
    }
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visit").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

/// The visit as an argument of a handler.
pub type SharedVisit = Arc<Visit>;

/// Extracts the [`Visit`] that `edge` made.
#[derive(Clone, Debug)]
pub struct Of(pub SharedVisit);

impl FromRequestParts<App> for Of {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        of(parts).map(Self)
    }
}

/// The visit of a request that came through `edge`.
///
/// # Errors
///
/// [`Problem::Fault`] when it did not, which is a mistake in the wiring.
pub fn of(parts: &Parts) -> Result<SharedVisit, Problem> {
    parts.extensions.get::<SharedVisit>().cloned().ok_or_else(missing)
}

pub(crate) fn missing() -> Problem {
    Problem::Fault(base::Fault::broken("a request did not come through the edge"))
}

fn language(request: &axum::extract::Request) -> Language {
    let asked = request.uri().query().and_then(|query| {
        let value = query.split('&').find_map(|pair| pair.strip_prefix("ui_locales="))?;
        Language::preferred(&value.replace(['+'], " ").replace("%20", " "))
    });
    let headers = request.headers();
    asked
        .or_else(|| cookies::find(headers, cookies::LANGUAGE).and_then(Language::preferred))
        .or_else(|| {
            let accepted = headers.get(header::ACCEPT_LANGUAGE)?;
            Language::preferred(accepted.to_str().ok()?)
        })
        .unwrap_or_default()
}

/// Programs are told in JSON what browsers are told in a page.
fn wants_json(path: &str, headers: &HeaderMap) -> bool {
    let machine = ["/api/", "/token", "/userinfo", "/jwks", "/.well-known/", "/openapi.json"];
    if machine.iter().any(|prefix| path.starts_with(prefix)) {
        return true;
    }
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("json") && !accept.contains("text/html")
}

/// Whether the request means this host: by its `Host`, or by what the trusted proxy in front of us says that it was
/// asked for. A proxy that hands the name on appends it, so the last one counts.
pub(crate) fn means_host(request: &axum::extract::Request, settings: &Settings) -> bool {
    let headers = request.headers();
    let is_ours = |host: &str| settings.is_host(host.trim());
    let Some(host) = headers.get(header::HOST) else { return true };
    if host.to_str().is_ok_and(is_ours) {
        return true;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let is_trusted =
        peer.is_some_and(|peer| settings.trusted_proxies.iter().any(|range| range.contains(&peer.to_canonical())));
    let forwarded = headers.get_all("x-forwarded-host").iter().next_back().and_then(|value| value.to_str().ok());
    is_trusted && forwarded.and_then(|hosts| hosts.rsplit(',').next()).is_some_and(is_ours)
}

/// The address a request came from. What a trusted proxy says counts, from the right, up to the first hop that is
/// not trusted; what anyone else says is ignored, and a name is never looked up.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(&address));
    let mut address = peer.to_canonical();
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .collect();
    for hop in forwarded.iter().rev().take(FORWARDED_MAX) {
        if !is_trusted(address) {
            break;
        }
        let Some(earlier) = hop_address(hop.trim()) else { break };
        address = earlier.to_canonical();
    }
    address
}

/// The address of a hop. Some proxies (Azure's, HAProxy's, IIS) write the port behind it, and some brackets around an IPv6
/// address: with the port every connection would be another visitor, and without the address all would be one.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_forwarded_host_counts_only_from_trusted_proxies() {
        let mut settings = crate::testing::settings("https://sso.example.gov.cn");
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let check = |peer: &str, host: &str, forwarded: &[&'static str], expected| {
            let mut request = axum::extract::Request::new(axum::body::Body::empty());
            let peer: SocketAddr = format!("{peer}:4711").parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(peer));
            request.headers_mut().insert(header::HOST, HeaderValue::from_str(host).unwrap());
            for line in forwarded {
                request.headers_mut().append("x-forwarded-host", HeaderValue::from_static(line));
            }
            assert_eq!(means_host(&request, &settings), expected, "{peer} {host} {forwarded:?}");
        };
        check("203.0.113.9", "SSO.example.gov.cn", &[], true);
        check("203.0.113.9", "sso.example.gov.cn:443", &[], true);
        for other in
            ["sso.example.gov.cn:80", "sso.example.gov.cn:8443", "sso.example.gov.cn:", "sso.example.gov.cn:443:443"]
        {
            check("203.0.113.9", other, &[], false);
        }
        check("10.0.0.1", "127.0.0.1:8080", &["sso.example.gov.cn:443"], true);
        check("203.0.113.9", "127.0.0.1:8080", &["sso.example.gov.cn"], false);
        check("10.0.0.1", "127.0.0.1:8080", &["sso.example.gov.cn"], true);
        check("10.0.0.1", "127.0.0.1:8080", &["evil.example, sso.example.gov.cn"], true);
        check("10.0.0.1", "127.0.0.1:8080", &["evil.example", "sso.example.gov.cn"], true);
        check("10.0.0.1", "127.0.0.1:8080", &["sso.example.gov.cn, evil.example"], false);
        check("10.0.0.1", "127.0.0.1:8080", &[], false);
        check("10.0.0.1", "evil.example", &["evil.example"], false);
    }

    #[test]
    fn forwarded_addresses_count_only_from_trusted_proxies() {
        let check = |peer: &str, forwarded: &'static str, expected: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_static(forwarded));
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            let address = client_address(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(address.to_string(), expected, "{peer} {forwarded}");
        };
        check("203.0.113.9", "198.51.100.1", "203.0.113.9");
        check("10.0.0.1", "198.51.100.1", "198.51.100.1");
        check("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1");
        check("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1");
        check("10.0.0.1", "198.51.100.1:51004", "198.51.100.1");
        check("10.0.0.1", "1.1.1.1:80, 198.51.100.1:1, 10.0.0.2:65535", "198.51.100.1");
        check("10.0.0.1", "2400:3200::1", "2400:3200::1");
        check("10.0.0.1", "[2400:3200::1]", "2400:3200::1");
        check("10.0.0.1", "[2400:3200::1]:51004", "2400:3200::1");
        check("10.0.0.1", "[::ffff:198.51.100.1]:51004", "198.51.100.1");
        // No address: the proxy itself is all that is known.
        for not in
            ["198.51.100.1:", "198.51.100.1:x", "198.51.100.1:99999", "[2400:3200::1]:", "[2400:3200::1", "_hidden:80"]
        {
            check("10.0.0.1", not, "10.0.0.1");
        }
        check("10.0.0.1", "evil.example", "10.0.0.1");
        check("10.0.0.1", "1.1.1.1, unknown", "10.0.0.1");
        check("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1");
    }
}
