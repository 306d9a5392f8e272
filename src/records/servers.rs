//! Which servers a database URL names, which of them is wanted, and how patient we are with each.
//!
//! PostgreSQL's own library knows URLs with several hosts, and parameters about connections that break. Our driver knows
//! neither and lets nobody reach its sockets, so what they are there for is done here: every server is tried, every wait
//! has an end, and a connection that was quiet for a while shows a sign of life before it is trusted.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use base::{Fault, fault::FaultKind};
use sqlx::{ConnectOptions, any::AnyConnectOptions};

use crate::{
    dialect::{Dialect, Session},
    limits::{CONNECT_SECONDS_MAX, CONNECT_WITHIN, SERVERS_MAX, SIGN_OF_LIFE_WITHIN},
};

/// The servers of one database.
#[derive(Debug)]
pub(crate) struct Servers {
    each: Vec<AnyConnectOptions>,
    wanted: Wanted,
    pub patience: Patience,
    /// The place of the one that let us in last: it is tried first.
    last: AtomicUsize,
}

/// Which servers will do, as `target_session_attrs` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Any,
    Primary,
    ReadWrite,
}

/// How long anything may take before a statement is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
    /// How long one server may take to let us in.
    pub connect: Duration,
    /// How long a sign of life may take.
    pub sign_of_life: Duration,
}

/// What the driver takes. Anything else it would leave aside, and say so with the value.
const OF_THE_DRIVER: [&str; 15] = [
    "application_name",
    "dbname",
    "options",
    "password",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// What is about the sockets' own timers. They ask for less than is done anyhow.
const KEEPALIVES: [&str; 4] = ["keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval"];

/// The parameters behind the question mark.
struct Parameters {
    connect_seconds: u32,
    user_timeout_ms: u32,
    wanted: Option<Wanted>,
    /// Hosts named here stand in place of the one before them.
    hosts: Option<Vec<String>>,
    ports: Vec<String>,
    rest: Vec<(String, String)>,
}

impl Servers {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// [`Fault`] that says what is wrong with it, and repeats nothing: a password may stand anywhere in it.
    pub fn of(url: &str, dialect: Dialect) -> Result<Self, Fault> {
        let url = dialect.connect_url(url);
        let mut servers = if dialect.is_elsewhere() {
            Self::named_by(&url)?
        } else {
            let patience = Patience { connect: CONNECT_WITHIN, sign_of_life: SIGN_OF_LIFE_WITHIN };
            Self { each: vec![read(&url)?], wanted: Wanted::Any, patience, last: AtomicUsize::new(0) }
        };
        for options in &mut servers.each {
            // A statement's text is no secret, but thousands of lines a second help nobody.
            *options = options.clone().disable_statement_logging();
        }
        Ok(servers)
    }

    fn named_by(url: &str) -> Result<Self, Fault> {
        let (before, hosts, after) = around_hosts(url);
        let one_each = hosts.split(',').map(|host| read(&format!("{before}{host}{after}")));
        let named: Vec<AnyConnectOptions> = one_each.collect::<Result<_, _>>()?;
        let Some(first) = named.first() else { return Err(wrong("it names no host")) };
        let parameters = Parameters::of(first)?;
        let mut each = match &parameters.hosts {
            None => named.iter().map(|options| (options.clone(), None)).collect::<Vec<_>>(),
            Some(hosts) => hosts.iter().map(|host| (first.clone(), Some(host.as_str()))).collect(),
        };
        if each.len() > SERVERS_MAX {
            return Err(wrong(&format!("it names more than {SERVERS_MAX} hosts")));
        }
        let is_empty = match &parameters.hosts {
            None => each.len() > 1 && hosts.split(',').any(str::is_empty),
            Some(hosts) => hosts.iter().any(String::is_empty),
        };
        if is_empty {
            return Err(wrong("one of its hosts is empty"));
        }
        let ports = &parameters.ports;
        if ports.len() > 1 && ports.len() != each.len() {
            return Err(wrong("it needs one port, or one for each host"));
        }
        for (place, (options, host)) in each.iter_mut().enumerate() {
            let port = ports.get(place).or(ports.first());
            options.database_url.set_query(None);
            let mut pairs = options.database_url.query_pairs_mut();
            pairs.extend_pairs(&parameters.rest);
            pairs.extend_pairs(host.map(|host| ("host", host)));
            pairs.extend_pairs(port.map(|port| ("port", port)));
        }
        let default = if each.len() > 1 { Wanted::ReadWrite } else { Wanted::Any };
        let each = each.into_iter().map(|(options, _)| options).collect();
        let (wanted, patience) = (parameters.wanted.unwrap_or(default), parameters.patience());
        Ok(Self { each, wanted, patience, last: AtomicUsize::new(0) })
    }

    /// Whether each is on this machine, or proves by a certificate who it is before anything is told to it.
    pub fn are_safe_on_the_way(&self) -> bool {
        self.each.iter().all(|options| {
            let url = &options.database_url;
            let parameter = |names: &[&str]| {
                let found = url.query_pairs().filter(|(name, _)| names.contains(&name.as_ref()));
                found.last().map(|(_, value)| value.into_owned())
            };
            // A socket's folder stands in the place of a host, with its slashes escaped.
            let host =
                parameter(&["host", "hostaddr"]).or_else(|| url.host_str().map(str::to_owned)).unwrap_or_default();
            let is_socket = host.is_empty() || host.starts_with('/') || host.to_ascii_lowercase().starts_with("%2f");
            let name = host.trim_start_matches('[').trim_end_matches(']');
            let is_here = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
            let mode = parameter(&["sslmode", "ssl-mode"]).unwrap_or_default();
            is_socket || is_here || ["verify-ca", "verify-full"].contains(&mode.as_str())
        })
    }

    /// Every server with its place, the one that let us in last before the others.
    pub fn in_turn(&self) -> impl Iterator<Item = (usize, &AnyConnectOptions)> {
        let last = self.last.load(Ordering::Relaxed);
        let (before, from) = self.each.split_at(last.min(self.each.len()));
        from.iter().enumerate().map(move |(place, options)| (place + last, options)).chain(before.iter().enumerate())
    }

    /// Remembers who let us in.
    pub fn found(&self, place: usize) {
        self.last.store(place, Ordering::Relaxed);
    }

    /// Whether a session will do.
    ///
    /// # Errors
    ///
    /// [`Fault`] when its server is not one that is wanted, or somebody else has it too.
    pub fn check(&self, session: Session) -> Result<(), Fault> {
        if session.is_shared {
            return Err(Fault::broken(
                "a pooler in transaction mode stands before the database: connect to PostgreSQL itself, or through a \
                 pooler in session mode",
            ));
        }
        match self.wanted {
            Wanted::Primary if session.is_standby => Err(Fault::unavailable("the server is a standby")),
            Wanted::ReadWrite if session.is_standby || session.is_read_only => {
                Err(Fault::unavailable("the server takes no changes"))
            }
            _ => Ok(()),
        }
    }
}

/// What all of them said, when none let us in. It is final when all of them said something final.
pub(crate) fn all_refused(mut faults: Vec<(usize, Fault)>) -> Fault {
    if faults.len() == 1
        && let Some((_, fault)) = faults.pop()
    {
        return fault;
    }
    let said: Vec<String> = faults.iter().map(|(place, fault)| format!("host {}: {fault}", place + 1)).collect();
    let is_final = faults.iter().all(|(_, fault)| fault.kind() == FaultKind::Broken);
    if is_final { Fault::broken(said.join("; ")) } else { Fault::unavailable(said.join("; ")) }
}

impl Parameters {
    fn of(options: &AnyConnectOptions) -> Result<Self, Fault> {
        let mut parameters = Self {
            connect_seconds: 0,
            user_timeout_ms: 0,
            wanted: None,
            hosts: None,
            ports: Vec::new(),
            rest: Vec::new(),
        };
        let list = |value: &str| value.split(',').map(str::to_owned).collect::<Vec<_>>();
        for (name, value) in options.database_url.query_pairs() {
            match &*name {
                "connect_timeout" => parameters.connect_seconds = number("connect_timeout", &value)?,
                "tcp_user_timeout" => parameters.user_timeout_ms = number("tcp_user_timeout", &value)?,
                "target_session_attrs" => parameters.wanted = Some(wanted(&value)?),
                "host" | "hostaddr" => parameters.hosts = Some(list(&value)),
                "port" => parameters.ports = list(&value),
                known if OF_THE_DRIVER.contains(&known) || known.starts_with("options[") => {
                    parameters.rest.push((known.to_owned(), value.into_owned()));
                }
                timer => match KEEPALIVES.iter().find(|known| **known == timer) {
                    Some(known) => drop(number(known, &value)?),
                    None => {
                        return Err(wrong(&format!(
                            "it has a parameter that does nothing here; these do something: connect_timeout, host, \
                             hostaddr, port, target_session_attrs, tcp_user_timeout, {}, {}",
                            KEEPALIVES.join(", "),
                            OF_THE_DRIVER.join(", "),
                        )));
                    }
                },
            }
        }
        Ok(parameters)
    }

    fn patience(&self) -> Patience {
        let connect = match self.connect_seconds {
            0 => CONNECT_WITHIN,
            seconds => Duration::from_secs(seconds.min(CONNECT_SECONDS_MAX).into()),
        };
        let sign_of_life = match self.user_timeout_ms {
            0 => SIGN_OF_LIFE_WITHIN,
            ms => Duration::from_millis(ms.into()).min(SIGN_OF_LIFE_WITHIN),
        };
        Patience { connect, sign_of_life }
    }
}

fn wanted(value: &str) -> Result<Wanted, Fault> {
    match value {
        "any" => Ok(Wanted::Any),
        "primary" => Ok(Wanted::Primary),
        "read-write" => Ok(Wanted::ReadWrite),
        _ => Err(wrong(
            "its target_session_attrs must be any, primary or read-write: there is always something to write",
        )),
    }
}

/// A whole number; nought, and what is below, says nothing, as in PostgreSQL's own library.
fn number(name: &str, value: &str) -> Result<u32, Fault> {
    let number: i32 = value.trim().parse().map_err(|_| wrong(&format!("its {name} must be a whole number")))?;
    Ok(u32::try_from(number).unwrap_or(0))
}

fn read(url: &str) -> Result<AnyConnectOptions, Fault> {
    url.parse().map_err(|error| Fault::broken(format!("the database URL cannot be read: {error}")))
}

fn wrong(what: &str) -> Fault {
    Fault::broken(format!("the database URL cannot be used: {what}"))
}

/// A URL in three parts, of which the second names hosts and ports.
fn around_hosts(url: &str) -> (&str, &str, &str) {
    let start = url.find("://").map_or(0, |place| place + 3);
    let rest = url.get(start..).unwrap_or_default();
    let end = start + rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (before, after) = url.split_at(end);
    // A password may hold an at sign.
    let start = before.rfind('@').map_or(start, |place| place + 1);
    let (before, hosts) = before.split_at(start);
    (before, hosts, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(url: &str) -> Result<Servers, Fault> {
        Servers::of(url, Dialect::Postgres)
    }

    #[test]
    fn a_url_names_one_server_or_several() {
        let check = |url: &str, expected: &[&str], wanted| {
            let servers = servers(url).unwrap();
            let each: Vec<&str> = servers.each.iter().map(|options| options.database_url.as_str()).collect();
            assert_eq!(each, expected, "{url}");
            assert_eq!(servers.wanted, wanted, "{url}");
        };
        let (any, write) = (Wanted::Any, Wanted::ReadWrite);
        check("postgres://u:p@db/x", &["postgres://u:p@db/x?"], any);
        check("postgres://u:p@a:1,b:2/x", &["postgres://u:p@a:1/x?", "postgres://u:p@b:2/x?"], write);
        check("postgres://u:p@s@a,b/x", &["postgres://u:p%40s@a/x?", "postgres://u:p%40s@b/x?"], write);
        check(
            "postgres://[::1]:5,b/x?sslmode=disable",
            &["postgres://[::1]:5/x?sslmode=disable", "postgres://b/x?sslmode=disable"],
            write,
        );
        check(
            "postgres://a,b/x?port=7&target_session_attrs=any",
            &["postgres://a/x?port=7", "postgres://b/x?port=7"],
            any,
        );
        check(
            "postgres://a,b/x?target_session_attrs=primary",
            &["postgres://a/x?", "postgres://b/x?"],
            Wanted::Primary,
        );
        let by_parameter = ["postgres:///x?user=u&host=a&port=1", "postgres:///x?user=u&host=b&port=2"];
        check("postgres:///x?host=a,b&port=1,2&user=u", &by_parameter, write);
        check("postgres:///x?host=/run/postgresql", &["postgres:///x?host=%2Frun%2Fpostgresql"], any);
        check("postgres://%2Frun%2Fpostgresql/x", &["postgres://%2Frun%2Fpostgresql/x?"], any);
    }

    #[test]
    fn parameters_about_broken_connections_are_read_or_refused_and_no_value_is_repeated() {
        let ms = Duration::from_millis;
        let check = |parameters: &str, connect, sign_of_life| {
            let servers = servers(&format!("postgres://db/x?{parameters}")).unwrap();
            assert_eq!(servers.patience, Patience { connect, sign_of_life }, "{parameters}");
        };
        check("", CONNECT_WITHIN, SIGN_OF_LIFE_WITHIN);
        check("connect_timeout=2", ms(2000), SIGN_OF_LIFE_WITHIN);
        check("connect_timeout=0", CONNECT_WITHIN, SIGN_OF_LIFE_WITHIN);
        check("connect_timeout=-1&tcp_user_timeout=0", CONNECT_WITHIN, SIGN_OF_LIFE_WITHIN);
        check("connect_timeout=60", ms(60_000), SIGN_OF_LIFE_WITHIN);
        check("connect_timeout=61", ms(60_000), SIGN_OF_LIFE_WITHIN);
        check("tcp_user_timeout=500", CONNECT_WITHIN, ms(500));
        check("tcp_user_timeout=30000", CONNECT_WITHIN, SIGN_OF_LIFE_WITHIN);
        check(
            "keepalives=1&keepalives_idle=30&keepalives_interval=5&keepalives_count=3",
            CONNECT_WITHIN,
            SIGN_OF_LIFE_WITHIN,
        );
        let refused = |url: &str, part: &str| {
            let said = servers(url).unwrap_err().to_string();
            assert!(said.contains(part) && !said.contains("geheim"), "{url}: {said}");
        };
        refused("postgres://db/x?connect_timeout=geheim", "connect_timeout");
        refused("postgres://db/x?keepalives_idle=geheim", "keepalives_idle");
        refused("postgres://db/x?tcp_user_timeout=", "tcp_user_timeout");
        refused("postgres://db/x?target_session_attrs=standby", "read-write");
        refused("postgres://db/x?target_session_attrs=geheim", "read-write");
        refused("postgres://db/x?keepalive=1", "does nothing here");
        refused("postgres://u:12?geheim=1@db/x", "does nothing here");
        refused("postgres://a,,b/x", "empty");
        refused("postgres:///x?host=a,", "empty");
        refused("postgres://a,b/x?port=1,2,3", "one for each host");
        refused(&format!("postgres://{}/x", ["a"; SERVERS_MAX + 1].join(",")), "more than 16");
        assert!(servers(&format!("postgres://{}/x", ["a"; SERVERS_MAX].join(","))).is_ok());
    }

    #[test]
    fn who_stands_on_the_way_is_kept_out_by_a_certificate_or_by_there_being_no_way() {
        let check = |url: &str, safe| assert_eq!(servers(url).unwrap().are_safe_on_the_way(), safe, "{url}");
        check("postgres://u:p@10.0.0.1/x", false);
        check("postgres://u:p@db.example/x?sslmode=prefer", false);
        check("postgres://u:p@db.example/x?sslmode=require", false);
        check("postgres://u:p@db.example/x?sslmode=verify-full", true);
        check("postgres://u:p@db.example/x?ssl-mode=verify-ca", true);
        check("postgres://u:p@127.0.0.1:5432/x", true);
        check("postgres://u:p@[::1]:5432/x", true);
        check("postgres://u:p@localhost/x", true);
        check("postgres://u:p@localhost.example/x", false);
        check("postgres://%2Frun%2Fpostgresql/x", true);
        check("postgres:///x?host=/run/postgresql&user=u", true);
        check("postgres://u:p@127.0.0.1,10.0.0.2/x", false);
        check("postgres://u:p@a,b/x?sslmode=verify-full", true);
        check("postgres://u:p@127.0.0.1/x?host=10.0.0.2", false);
    }

    #[test]
    fn the_server_that_let_us_in_last_is_tried_first() {
        let servers = servers("postgres://a,b,c/x").unwrap();
        let order = |servers: &Servers| servers.in_turn().map(|(place, _)| place).collect::<Vec<_>>();
        assert_eq!(order(&servers), [0, 1, 2]);
        servers.found(2);
        assert_eq!(order(&servers), [2, 0, 1]);
        servers.found(1);
        assert_eq!(order(&servers), [1, 2, 0]);
    }

    #[test]
    fn what_all_servers_said_is_final_when_each_was() {
        let kind = |faults: Vec<Fault>| all_refused(faults.into_iter().enumerate().collect()).kind();
        let (lasts, passes) = (|| Fault::broken("password"), || Fault::unavailable("refused"));
        assert_eq!(kind(vec![lasts(), lasts()]), FaultKind::Broken);
        assert_eq!(kind(vec![lasts(), passes()]), FaultKind::Unavailable);
        assert_eq!(kind(vec![lasts()]), FaultKind::Broken);
    }
}
