//! What handlers may reach.

use std::{net::IpAddr, ops::Deref, sync::Arc};

use base::{Clock, Entropy, Instant, Secret, Text};
use examiner::Examiner;
use identity::{PasswordGate, Vault};
use ipnet::IpNet;
use records::Database;

use crate::kit::{health::Health, shares::Shared};

/// Everything that lives as long as the program. Cloning it is cheap.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] is put together from: `server` does it for the product, `testing` for tests.
pub struct Parts {
    /// Where records are kept.
    pub database: Database,
    /// The time; read once per request, in `edge`.
    pub clock: Arc<dyn Clock>,
    /// Randomness for new identifiers and tokens.
    pub entropy: Arc<dyn Entropy>,
    /// What the operator decided.
    pub settings: Settings,
    /// The key of CSRF tokens and of what is sealed into links. All nodes share it.
    pub key: Secret<[u8; 32]>,
    /// Encrypts identity numbers and finds persons by them.
    pub vault: Vault,
    /// Where passwords wait for their turn.
    pub gate: PasswordGate,
    /// How long sessions last.
    pub session_limits: identity::session::Limits,
    /// The keys in custody.
    pub custody: pki::Custody,
    /// The OpenID Connect rules.
    pub provider: oidc::Provider,
    /// Where strangers' files are read.
    pub examiner: Examiner,
    /// Licence types, applications, licences.
    pub library: licence::Library,
    /// Whether requests may be sent here.
    pub health: Health,
    /// What clients share, and how much of it one may have.
    pub shared: Shared,
}

/// What pages and links depend on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://sso.example.gov.cn` without a slash at the end: the issuer, every link, the cookies' kind.
    pub public_url: String,
    /// Whose forwarded headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// With which token a monitoring system may ask; without one there are no metrics.
    pub metrics_token: Option<Secret<String>>,
    /// After how many days without a backup operators are told.
    pub backup_late_days: i64,
    /// What stands at the top and the foot of every page.
    pub site: Site,
}

/// The words that make the product one city's own.
#[derive(Clone, Debug)]
pub struct Site {
    pub city: Text,
    /// Who is responsible for the site (主办单位).
    pub organisation: Text,
    /// The help line.
    pub phone: String,
    /// The number of the ICP filing; empty when there is none.
    pub icp: String,
    /// The number of the public security filing; empty when there is none.
    pub police_filing: String,
    /// Whether this is a demonstration with invented people: every page then says so.
    pub demonstration: bool,
}

impl App {
    /// Puts the application together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The current instant, for what is not one request. Handlers use `visit.at`.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Settings {
    /// Whether browsers reach us by https, so that cookies are `Secure` and carry the `__Host-` prefix.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Whether this is the host of the public URL, as in a `Host` header: with the scheme's own port it is the same one
    /// (RFC 9110 §4.2.3).
    pub(crate) fn is_host(&self, host: &str) -> bool {
        let port = if self.is_secure() { ":443" } else { ":80" };
        let without_port = |host| str::strip_suffix(host, port).unwrap_or(host);
        without_port(host).eq_ignore_ascii_case(without_port(self.host()))
    }

    /// Host and port of the public URL.
    pub(crate) fn host(&self) -> &str {
        let rest = self.public_url.split_once("://").map_or(self.public_url.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// Scheme, host and port of the public URL, as in an `Origin` header.
    pub(crate) fn origin(&self) -> &str {
        let end = self.public_url.len() - self.public_url.split_once("://").map_or(0, |(_, rest)| rest.len())
            + self.host().len();
        self.public_url.get(..end).unwrap_or_default()
    }
}

/// Reads a network such as `10.0.0.0/8`, or one address.
pub fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_addresses_and_no_others() {
        let check = |range: &str, address: &str, inside| {
            let range = network(range).unwrap();
            assert_eq!(
                range.contains(&address.parse::<IpAddr>().unwrap().to_canonical()),
                inside,
                "{range:?} {address}"
            );
        };
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("10.0.0.1", "10.0.0.1", true);
        check("10.0.0.1", "10.0.0.2", false);
        check("10.0.0.0/8", "::ffff:10.1.1.1", true);
        check("fd00::/8", "fd12::1", true);
        check("fd00::/8", "10.0.0.1", false);
        check("0.0.0.0/0", "8.8.8.8", true);
        for text in ["10.0.0.0/33", "proxy", "", "10.0.0.0/x"] {
            assert_eq!(network(text), None, "{text}");
        }
    }
}
