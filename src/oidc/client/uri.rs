//! Which addresses a client may register. They are compared byte for byte later, so everything that two readers could
//! read differently is refused here.

use std::net::IpAddr;

use super::extranet::Extranet;
use crate::{Error, limits};

/// What is allowed beyond public https addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UriPolicy {
    /// Whether clients on this very machine may be registered, with plain http: for the demonstration and for
    /// development, where nobody else reaches the machine's loopback.
    pub loopback_allowed: bool,
    /// What of inner networks an operator opened.
    pub extranet: Extranet,
}

impl UriPolicy {
    /// Whether the product itself may connect to this address for a URI with this host. The address is the one that the
    /// connection really goes to: a name can be moved after it was registered, so only the names that an operator opened
    /// lead inside, and only to what was opened with them.
    pub fn may_call(&self, host: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address)
            || (self.loopback_allowed && is_loopback(host) && address.is_loopback())
            || (self.extranet.opens(host) && self.extranet.contains(address))
    }
}

/// What an address is registered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// We call it ourselves.
    BackChannel,
    /// The browser is sent there.
    Browser,
    /// A program on the person's own machine listens there (RFC 8252).
    Native,
}

/// Checks one address of a client.
///
/// # Errors
///
/// [`Error::Registration`] that names the field, when the policy does not allow it.
pub fn check(field: &'static str, uri: &str, purpose: Use, policy: &UriPolicy) -> Result<(), Error> {
    flaw(uri, purpose, policy).map_or(Ok(()), |flaw| Err(Error::Registration { field, flaw }))
}

fn flaw(uri: &str, purpose: Use, policy: &UriPolicy) -> Option<&'static str> {
    if uri.len() > limits::URI_LENGTH_MAX {
        return Some("the URI is too long");
    }
    if !authority(uri).is_ascii() {
        return Some("the host is not in its xn-- form");
    }
    if !uri.bytes().all(|byte| byte.is_ascii_graphic() && !br#"\"<>^`{|}"#.contains(&byte)) {
        return Some("the URI has a character that must be percent-encoded");
    }
    if uri.contains('#') {
        return Some("the URI has a fragment");
    }
    let Some((scheme, rest)) = uri.split_once("://") else { return Some("the URI is not an https address") };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    if let Some(flaw) = target_flaw(target) {
        return Some(flaw);
    }
    let Some((host, _)) = host_and_port(authority) else { return Some("the host is not a plain host name") };
    match scheme {
        "https" | "http" if is_loopback(host) => {
            let allowed =
                policy.loopback_allowed || (purpose == Use::Native && scheme == "http" && host != "localhost");
            (!allowed).then_some("addresses of this machine are not allowed")
        }
        "https" if policy.extranet.opens(host) => None,
        "https" => name_flaw(host),
        _ => Some("the URI is not an https address"),
    }
}

/// What stands between the scheme and the path.
fn authority(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

/// Path and query: nothing that a proxy or a browser would rewrite.
fn target_flaw(target: &str) -> Option<&'static str> {
    let path = target.split('?').next().unwrap_or_default();
    let lower = target.to_ascii_lowercase();
    let bytes = target.as_bytes();
    let broken = bytes.iter().enumerate().any(|(place, byte)| {
        *byte == b'%' && !bytes.get(place + 1..place + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    });
    if broken {
        return Some("a percent sign is not followed by two digits");
    }
    if ["%00", "%0a", "%0d", "%2e", "%2f", "%5c"].iter().any(|encoded| lower.contains(encoded)) {
        return Some("the URI hides a separator behind a percent sign");
    }
    if path.contains("//") || path.contains(';') || path.split('/').any(|segment| segment == "." || segment == "..") {
        return Some("the path has a segment that is rewritten on the way");
    }
    None
}

/// A host in lower case and a port; no user information.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        let (host, rest) = authority.split_at(end);
        (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let well_formed = host.starts_with('[')
        || (!host.is_empty()
            && host.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            }));
    let port = match port {
        None => None,
        Some(text) => Some(text.parse::<u16>().ok().filter(|port| *port > 0 && port.to_string() == text)?),
    };
    well_formed.then_some((host, port))
}

/// Whether an address leads to the machine that follows it.
pub(crate) fn is_of_this_machine(uri: &str) -> bool {
    host_and_port(authority(uri)).is_some_and(|(host, _)| is_loopback(host))
}

/// Exactly the three names of this machine; other spellings are refused as hosts.
fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "[::1]" | "localhost")
}

fn name_flaw(host: &str) -> Option<&'static str> {
    const RESERVED: [&str; 8] = ["localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa"];
    let last = host.rsplit('.').next().unwrap_or_default();
    if host.starts_with('[') || last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        return Some("the host is an address and not a name");
    }
    if !host.contains('.') || RESERVED.contains(&last) {
        return Some("the host is a name of an inner network");
    }
    None
}

/// Whether an address belongs to the public internet. Whoever connects to an address that a client registered checks
/// the address it really connects to, because names can be moved after registration.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            !(a == 0
                || a == 10
                || a == 127
                || a >= 224
                || (a == 100 && (64..128).contains(&b))
                || (a == 169 && b == 254)
                || (a == 172 && (16..32).contains(&b))
                || (a == 192 && b == 168)
                || (a == 192 && b == 0 && (c == 0 || c == 2))
                || (a == 198 && (b == 18 || b == 19 || (b == 51 && c == 100)))
                || (a == 203 && b == 0 && c == 113))
        }
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            // Only global unicast, without documentation, Teredo and 6to4, which carry other addresses inside.
            (first & 0xe000) == 0x2000 && first != 0x2002 && !(first == 0x2001 && (second == 0x0db8 || second == 0))
        }
    }
}

/// Whether a redirect URI is a registered one: byte for byte, but for the port of a native client's loopback address
/// (RFC 8252 §7.3).
pub(crate) fn is_registered(registered: &[String], native: bool, uri: &str) -> bool {
    registered.iter().any(|known| known == uri)
        || (native
            && without_loopback_port(uri).is_some_and(|given| {
                registered.iter().any(|known| without_loopback_port(known).is_some_and(|known| known == given))
            }))
}

/// Host and target of `http://127.0.0.1:PORT/…`; none for every other address.
fn without_loopback_port(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let (host, _) = host_and_port(authority)?;
    matches!(host, "127.0.0.1" | "[::1]").then_some((host, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_addresses_may_be_registered() {
        let check = |uri: &str, good: bool| {
            assert_eq!(flaw(uri, Use::Browser, &UriPolicy::default()).is_none(), good, "{uri}");
        };
        for good in [
            "https://rp.gov.cn/cb",
            "https://rp.gov.cn",
            "https://rp.gov.cn/cb?x=1",
            "https://rp.gov.cn:8443/a/b-c_d.e~f/%E5%BC%A0",
            "https://xn--fiqs8s.cn/cb",
        ] {
            check(good, true);
        }
        for bad in [
            "",
            "https://",
            "https:///cb",
            "http://rp.gov.cn/cb",
            "HTTPS://rp.gov.cn/cb",
            "https:/rp.gov.cn/cb",
            "//rp.gov.cn/cb",
            "javascript:alert(1)",
            "JaVaScRiPt://rp.gov.cn/%0aalert(1)",
            "data:text/html,x",
            "vbscript://rp.gov.cn",
            "file:///etc/passwd",
            "ftp://rp.gov.cn/cb",
            "gopher://rp.gov.cn/cb",
            "cn.gov.rp:/cb",
            "cn.gov.rp://cb",
            "https://rp.gov.cn/cb#",
            "https://rp.gov.cn/cb#x",
            "https://a@rp.gov.cn/cb",
            "https://a:b@rp.gov.cn/cb",
            "https://a@b@rp.gov.cn/cb",
            "https://rp.gov.cn@evil.com",
            "https://rp.gov.cn./cb",
            "https://RP.gov.cn/cb",
            "https://rp.gov.cn:0/cb",
            "https://rp.gov.cn:/cb",
            "https://rp.gov.cn:065/cb",
            "https://rp.gov.cn:65536/cb",
            "https://rp.gov.cn:x/cb",
            "https://rp..gov.cn/cb",
            "https://-rp.gov.cn/cb",
            "https://rp_.gov.cn/cb",
            "https://政府.cn/cb",
            "https://rp.gov.cn/a b",
            "https://rp.gov.cn/\\cb",
            "https://rp.gov.cn\\cb",
            "https://rp.gov.cn/\"",
            "https://rp.gov.cn/<",
            "https://rp.gov.cn/cb\r\nx",
            "https://rp.gov.cn/cb\0",
            "https://rp.gov.cn//cb",
            "https://rp.gov.cn/a/../cb",
            "https://rp.gov.cn/a/..",
            "https://rp.gov.cn/./cb",
            "https://rp.gov.cn/a/..;/cb",
            "https://rp.gov.cn/%2e%2e/cb",
            "https://rp.gov.cn/%2E/cb",
            "https://rp.gov.cn/a%2fb",
            "https://rp.gov.cn/a%5cb",
            "https://rp.gov.cn/a%0d%0ab",
            "https://rp.gov.cn/a%00",
            "https://rp.gov.cn/a%",
            "https://rp.gov.cn/a%4",
            "https://rp.gov.cn/a%zz",
            "https://localhost/cb",
            "https://127.0.0.1/cb",
            "https://[::1]/cb",
            "https://[::ffff:127.0.0.1]/cb",
            "https://2130706433/cb",
            "https://0x7f.1/cb",
            "https://127.1/cb",
            "https://0177.0.0.1/cb",
            "https://10.0.0.1/cb",
            "https://169.254.169.254/latest",
            "https://192.168.1.1/cb",
            "https://0.0.0.0/cb",
            "https://8.8.8.8/cb",
            "https://rp/cb",
            "https://rp.local/cb",
            "https://rp.internal/cb",
            "https://a.localhost/cb",
            "http://localhost:3000/cb",
            "http://127.0.0.1:3000/cb",
        ] {
            check(bad, false);
        }
    }

    #[test]
    fn loopback_needs_a_demonstration_or_a_native_client() {
        let check = |uri: &str, purpose, loopback_allowed, good: bool| {
            let policy = UriPolicy { loopback_allowed, ..UriPolicy::default() };
            assert_eq!(flaw(uri, purpose, &policy).is_none(), good, "{uri} {purpose:?}");
        };
        for purpose in [Use::Browser, Use::BackChannel] {
            check("http://127.0.0.1:9/cb", purpose, true, true);
            check("http://localhost:9/cb", purpose, true, true);
            check("http://127.0.0.1:9/cb", purpose, false, false);
            check("http://127.0.0.2:9/cb", purpose, true, false);
            check("http://localhost.evil.com/cb", purpose, true, false);
            check("http://10.0.0.1/cb", purpose, true, false);
        }
        check("http://127.0.0.1/cb", Use::Native, false, true);
        check("http://[::1]/cb", Use::Native, false, true);
        check("http://localhost/cb", Use::Native, false, false);
        check("http://rp.gov.cn/cb", Use::Native, false, false);
        check("https://rp.gov.cn/cb", Use::Native, false, true);
        check("https://rp.gov.cn:8443/out", Use::BackChannel, false, true);
        check("http://rp.gov.cn:8080/out", Use::BackChannel, false, false);
        check("https://rp.gov.cn/out", Use::BackChannel, false, true);
    }

    #[test]
    fn the_longest_address_is_accepted_and_one_longer_is_not() {
        let of = |length: usize| {
            let uri = format!("https://rp.gov.cn/{}", "a".repeat(length - 18));
            flaw(&uri, Use::Browser, &UriPolicy::default()).is_none()
        };
        assert!(of(limits::URI_LENGTH_MAX));
        assert!(!of(limits::URI_LENGTH_MAX + 1));
    }

    #[test]
    fn only_the_exact_bytes_are_the_registered_address() {
        let registered = ["https://rp.gov.cn/cb".to_owned(), "https://rp.gov.cn/q?a=1".to_owned()];
        let check = |uri: &str, good| assert_eq!(is_registered(&registered, false, uri), good, "{uri}");
        check("https://rp.gov.cn/cb", true);
        check("https://rp.gov.cn/q?a=1", true);
        for other in [
            "https://rp.gov.cn/cb?x=1",
            "https://rp.gov.cn/cb?",
            "https://rp.gov.cn/cb/",
            "https://rp.gov.cn/cb/x",
            "https://rp.gov.cn/cb/..",
            "https://rp.gov.cn/cb/../cb",
            "https://rp.gov.cn/./cb",
            "https://rp.gov.cn//cb",
            "https://rp.gov.cn/c%62",
            "https://rp.gov.cn/CB",
            "https://rp.gov.cn/q",
            "https://rp.gov.cn/q?a=2",
            "https://rp.gov.cn/q?a=1&b=2",
            "https://rp.gov.cn/q?b=2&a=1",
            "https://rp.gov.cn/q?a=1#",
            "https://rp.gov.cn/cb#",
            "https://rp.gov.cn/cb#frag",
            "https://rp.gov.cn:443/cb",
            "https://rp.gov.cn:8443/cb",
            "https://RP.gov.cn/cb",
            "HTTPS://rp.gov.cn/cb",
            "https://rp.gov.cn./cb",
            "https://rp.gov.cn.evil.com/cb",
            "https://rp.gov.cn.evil.com",
            "https://rp.gov.cn@evil.com/cb",
            "https://evil.com@rp.gov.cn/cb",
            "https://a@b@evil.com/cb",
            "https://evil.com/https://rp.gov.cn/cb",
            "https://evil.com#https://rp.gov.cn/cb",
            "https://evil.com?https://rp.gov.cn/cb",
            "https://evilrp.gov.cn/cb",
            "https://x.rp.gov.cn/cb",
            "https://gov.cn/cb",
            "http://rp.gov.cn/cb",
            "//rp.gov.cn/cb",
            "/cb",
            "rp.gov.cn/cb",
            "https:/rp.gov.cn/cb",
            "https:rp.gov.cn/cb",
            "https:\\\\rp.gov.cn\\cb",
            "https://rp.gov.cn\\cb",
            "https://rp.gov.cn\\@evil.com/cb",
            "https://rp.gov.cn/cb\\",
            "https://rp.gov.cn/cb%5c",
            "https://rp.gov.cn/cb%00",
            "https://rp.gov.cn/cb%0d%0aX:1",
            "https://rp.gov.cn/cb%2f..%2f",
            "https://rp.gov.cn/cb/..;/evil",
            "https://rp.gov.cn/cb/%2e%2e/",
            "https://rp.gov.cn/cb;x",
            "https://rp.gov.cn/cb ",
            " https://rp.gov.cn/cb",
            "https://rp.gov.cn/cb\t",
            "https://rp。gov.cn/cb",
            "https://ｒp.gov.cn/cb",
            "https://rp.gov.cn／cb",
            "javascript:alert(1)",
            "javascript://rp.gov.cn/cb",
            "data:text/html,https://rp.gov.cn/cb",
            "file:///cb",
            "https://[::1]/cb",
            "https://127.0.0.1/cb",
            "https://",
            "*",
            "null",
            "",
        ] {
            check(other, false);
        }
    }

    #[test]
    fn only_the_port_of_a_native_client_may_differ() {
        let registered = ["http://127.0.0.1/cb".to_owned(), "http://[::1]/cb".to_owned()];
        let check = |uri: &str, good| assert_eq!(is_registered(&registered, true, uri), good, "{uri}");
        check("http://127.0.0.1/cb", true);
        check("http://127.0.0.1:51004/cb", true);
        check("http://[::1]:51004/cb", true);
        check("http://localhost:51004/cb", false);
        check("http://127.0.0.1:51004/cb2", false);
        check("http://127.0.0.1:51004/cb?x", false);
        check("http://127.0.0.1:51004@evil.com/cb", false);
        check("http://127.0.0.1.evil.com:51004/cb", false);
        check("https://127.0.0.1:51004/cb", false);
        check("http://127.0.0.1:0/cb", false);
        assert!(!is_registered(&registered, false, "http://127.0.0.1:51004/cb"));
    }

    fn opened() -> UriPolicy {
        let opened = ["10.0.0.0/8", "fd00:1::/32", "*.intranet", "oa.binjiang.gov.cn"].map(str::to_owned);
        UriPolicy { extranet: Extranet::parse(&opened).unwrap(), ..UriPolicy::default() }
    }

    #[test]
    fn what_an_operator_opened_may_be_registered_and_nothing_else_inside() {
        let check = |uri: &str, good: bool| {
            for purpose in [Use::Browser, Use::BackChannel] {
                assert_eq!(flaw(uri, purpose, &opened()).is_none(), good, "{uri}");
            }
            // The one name of them that is not of an inner network.
            let is_public_name = flaw(uri, Use::Browser, &UriPolicy::default()).is_none();
            assert_eq!(is_public_name, uri == "https://oa.binjiang.gov.cn/cb", "{uri} without a setting");
        };
        for good in [
            "https://tax.intranet/cb",
            "https://a.b.intranet:8443/cb",
            "https://10.1.2.3/cb",
            "https://10.1.2.3:9443/cb",
            "https://[fd00:1::7]/cb",
            "https://oa.binjiang.gov.cn/cb",
        ] {
            check(good, true);
        }
        for bad in [
            "http://tax.intranet/cb",
            "http://10.1.2.3/cb",
            "https://intranet/cb",
            "https://intranet.evil/x/../cb",
            "https://tax.intranet.lan/cb",
            "https://taxintranet/cb",
            "https://tax.corp/cb",
            "https://11.1.2.3/cb",
            "https://010.1.2.3/cb",
            "https://10.1.515/cb",
            "https://0xa.1.2.3/cb",
            "https://167838211/cb",
            "https://[fd00:2::7]/cb",
            "https://[FD00:1::7]/cb",
            "https://[fd00:1:0::7]/cb",
            "https://[::ffff:10.1.2.3]/cb",
            "https://172.16.0.1/cb",
            "https://169.254.169.254/cb",
            "https://127.0.0.1/cb",
        ] {
            check(bad, false);
        }
    }

    #[test]
    fn a_name_leads_inside_only_where_an_operator_opened_both_the_name_and_the_address() {
        let check = |policy: &UriPolicy, host: &str, address: &str, expected| {
            assert_eq!(policy.may_call(host, address.parse().unwrap()), expected, "{host} {address}");
        };
        let opened = opened();
        check(&opened, "tax.intranet", "10.1.2.3", true);
        check(&opened, "oa.binjiang.gov.cn", "10.1.2.3", true);
        check(&opened, "10.1.2.3", "10.1.2.3", true);
        check(&opened, "tax.intranet", "::ffff:10.1.2.3", true);
        check(&opened, "tax.intranet", "8.8.8.8", true);
        check(&opened, "rp.gov.cn", "8.8.8.8", true);
        // A name that its owner moved inside.
        check(&opened, "rp.gov.cn", "10.1.2.3", false);
        check(&opened, "intranet.evil.com", "10.1.2.3", false);
        for inner in ["127.0.0.1", "169.254.169.254", "192.168.0.1", "172.16.0.1", "0.0.0.0", "::1", "fd00:2::1"] {
            check(&opened, "tax.intranet", inner, false);
        }
        let closed = UriPolicy::default();
        check(&closed, "tax.intranet", "10.1.2.3", false);
        check(&closed, "localhost", "127.0.0.1", false);
        let here = UriPolicy { loopback_allowed: true, ..UriPolicy::default() };
        check(&here, "localhost", "127.0.0.1", true);
        check(&here, "[::1]", "::1", true);
        check(&here, "localhost", "10.1.2.3", false);
        check(&here, "rp.gov.cn", "127.0.0.1", false);
    }

    #[test]
    fn inner_addresses_are_never_called() {
        let check = |address: &str, public| assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        for inner in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
        ] {
            check(inner, false);
        }
        for public in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2400:3200::1"] {
            check(public, true);
        }
    }
}
