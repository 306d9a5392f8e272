//! What of inner networks an operator opened: a city's departments are often reached over the government's extranet alone.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::limits;

/// Names and networks inside, such as `*.intranet` and `10.0.0.0/8`. Nothing is opened by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extranet {
    networks: Vec<IpNet>,
    /// Without the `*` of those that stand for all names below; these begin with a dot.
    names: Vec<String>,
}

/// The ranges that private networks have (RFC 1918, RFC 6598, RFC 4193). Loopback and link-local addresses are not among
/// them: behind those are this machine and what a cloud tells its machines.
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];

impl Extranet {
    /// Reads what a setting lists.
    ///
    /// # Errors
    ///
    /// Which entry is neither a name, nor all names below one, nor a private network.
    pub fn parse(entries: &[String]) -> Result<Self, String> {
        if entries.len() > limits::EXTRANET_MAX {
            return Err(format!("more than {} names and networks", limits::EXTRANET_MAX));
        }
        let mut opened = Self::default();
        for entry in entries {
            let network = entry.parse().ok().or_else(|| entry.parse::<IpAddr>().ok().map(IpNet::from));
            match network {
                Some(network) if is_private(&network) => opened.networks.push(network.trunc()),
                Some(_) => return Err(format!("{entry} is not within {}", PRIVATE.join(", "))),
                None => opened.names.push(name(entry).ok_or_else(|| {
                    format!("{entry} is neither a network such as 10.0.0.0/8 nor names such as *.intranet")
                })?),
            }
        }
        Ok(opened)
    }

    /// Whether a host stands in what was opened: by its name, or as an address in its one spelling.
    pub(super) fn opens(&self, host: &str) -> bool {
        let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match literal.parse::<IpAddr>() {
            Ok(address) => {
                address.to_string() == literal && address.is_ipv6() == host.starts_with('[') && self.contains(address)
            }
            Err(_) => self.names.iter().any(|name| {
                if name.starts_with('.') {
                    host.len() > name.len() && host.ends_with(name.as_str())
                } else {
                    host == name
                }
            }),
        }
    }

    /// Whether an address is in an opened network.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

fn is_private(network: &IpNet) -> bool {
    PRIVATE.iter().filter_map(|range| range.parse::<IpNet>().ok()).any(|range| range.contains(network))
}

/// A name as it is compared.
fn name(entry: &str) -> Option<String> {
    let (dot, plain) = entry.strip_prefix("*.").map_or(("", entry), |rest| (".", rest));
    let is_label = |label: &str| {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = plain.rsplit('.').next().unwrap_or_default();
    let is_name = plain.split('.').all(is_label) && !last.starts_with(|first: char| first.is_ascii_digit());
    (is_name && last != "localhost").then(|| format!("{dot}{plain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_private_networks_and_plain_names_are_opened() {
        let check = |entry: &str, good| assert_eq!(Extranet::parse(&[entry.to_owned()]).is_ok(), good, "{entry}");
        for good in
            ["10.0.0.0/8", "10.20.0.0/16", "10.0.0.7", "192.168.1.0/24", "fd00::/8", "*.intranet", "oa.city.gov.cn"]
        {
            check(good, true);
        }
        for bad in [
            "",
            "*",
            "*.",
            "*.*",
            "*intranet",
            "INTRANET",
            "a..b",
            "-a.b",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/7",
            "127.0.0.0/8",
            "127.0.0.1",
            "169.254.169.254",
            "8.8.8.0/24",
            "::1",
            "fe80::/10",
            "10.0.0.0/33",
            "10.0.0",
            "*.10",
            "localhost",
            "*.localhost",
            "政务.cn",
            "https://a.intranet",
            "a.intranet:443",
        ] {
            check(bad, false);
        }
        let many = |count: usize| Extranet::parse(&vec!["a.intranet".to_owned(); count]).is_ok();
        assert!(many(limits::EXTRANET_MAX));
        assert!(!many(limits::EXTRANET_MAX + 1));
    }
}
