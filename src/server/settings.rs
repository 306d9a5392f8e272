//! Settings: one definition each, from which the parser, the default, the reference page and `doctor` are made.
//!
//! Later sources win: defaults, the TOML file, the environment (`GUOSUO_` and the key in capitals, dots as
//! underscores), `--set key=value`. An unknown key is an error everywhere, because a mistyped one would silently
//! leave the default in force.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use anyhow::{Context, bail, ensure};

/// What a setting's value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// `true` or `false`.
    Flag,
    /// A whole number within these bounds.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// Texts; in the environment separated by commas.
    List,
    /// The path of a file or folder.
    Path,
    /// The path of a file that holds a secret: the secret itself never stands among the settings.
    SecretFile,
    /// Any text.
    Text,
}

#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its key, such as `database.url`.
    pub(crate) key: &'static str,
    /// What its value looks like.
    pub(crate) kind: SettingKind,
    /// The value when nobody says otherwise, as it would be written in the environment.
    pub(crate) default: &'static str,
    /// What it does, for the reference page.
    pub about: &'static str,
}

macro_rules! settings {
    ($($(#[doc = $about:literal])+ $name:ident = $key:literal, $kind:expr, $default:literal;)+) => {
        $(
            $(#[doc = $about])+
            pub const $name: Setting =
                Setting { key: $key, kind: $kind, default: $default, about: concat!($($about, "\n"),+) };
        )+

        /// Every setting, in the order of the reference page.
        pub const ALL: &[Setting] = &[$($name),+];
    };
}

settings! {
    /// Where browsers reach the product: decides the issuer, every link and whether cookies are `Secure`.
    PUBLIC_URL = "public_url", SettingKind::Text, "http://127.0.0.1:8080";
    /// Where the program listens, for every surface that has no address of its own.
    LISTEN = "listen", SettingKind::Text, "127.0.0.1:8080";
    /// Where signing in and OpenID Connect are answered and nothing else is; empty means on `listen`, with the others.
    LISTEN_SIGN_IN = "listen_sign_in", SettingKind::Text, "";
    /// The same for people's own pages, `/me`.
    LISTEN_ME = "listen_me", SettingKind::Text, "";
    /// The same for the console and the counter's desk: on an inner address the internet never reaches them.
    LISTEN_STAFF = "listen_staff", SettingKind::Text, "";
    /// The same for the home page, public answers, revocation lists and the API.
    LISTEN_PUBLIC = "listen_public", SettingKind::Text, "";
    /// Addresses of reverse proxies whose forwarded headers count; from anyone else they are ignored.
    TRUSTED_PROXIES = "trusted_proxies", SettingKind::List, "";
    /// Everything the program keeps beside the database: keys, and the database itself when it is SQLite.
    DATA_FOLDER = "data_folder", SettingKind::Path, "data";
    /// `sqlite://FILE` or `postgres://…`; empty means `guosuo.sqlite` in the data folder.
    DATABASE_URL = "database.url", SettingKind::Text, "";
    /// A file that holds the database URL, for a URL with a password. Wins over `database.url`.
    DATABASE_URL_FILE = "database.url_file", SettingKind::SecretFile, "";
    /// The most connections to the database; two more look at what was committed before, while an act goes on.
    DATABASE_CONNECTIONS = "database.connections", SettingKind::Integer { min: 2, max: 200 }, "10";
    /// How long a request waits for a connection before it is answered 503, in milliseconds.
    DATABASE_ACQUIRE_MS = "database.acquire_timeout_ms", SettingKind::Integer { min: 100, max: 60_000 }, "5000";
    /// How long a statement may take, in milliseconds: PostgreSQL itself ends it then. When nothing was heard two seconds
    /// later, the connection is given up and the request answered 503.
    DATABASE_STATEMENT_MS = "database.statement_timeout_ms", SettingKind::Integer { min: 500, max: 600_000 }, "15000";
    /// The file with the key that seals all other keys; empty means `keys/envelope.key` in the data folder.
    ENVELOPE_KEY_FILE = "keys.envelope_file", SettingKind::SecretFile, "";
    /// The folder in which the keys of roots are looked for that were taken off this machine; empty means nowhere.
    ROOT_KEY_FOLDER = "keys.root_folder", SettingKind::Path, "";
    /// The folder in which heads of the event log are kept, best on another disk or machine: with them an audit finds an
    /// older copy of the database, and a log that was cut off; empty means `heads` in the data folder.
    HEADS_FOLDER = "log.heads_folder", SettingKind::Path, "";
    /// Where a witness takes signed heads of the event log (a form with the field `head`); empty means that there is none.
    HEADS_WITNESS_URL = "log.witness_url", SettingKind::Text, "";
    /// The folder of the archive: files of events, receipts and revocation lists that are older than `retention` says. With
    /// several nodes one that all of them see; empty means `archive` in the data folder.
    ARCHIVE_FOLDER = "archive.folder", SettingKind::Path, "";
    /// Whether this server archives by itself. Where nodes see no folder together, one of them does.
    ARCHIVE_BY_SERVER = "archive.by_server", SettingKind::Flag, "true";
    /// How many days events stay in the database before they go into the archive: ten years. Pages list no older ones.
    RETENTION_EVENTS = "retention.events_days", SettingKind::Integer { min: 365, max: 36_500 }, "3650";
    /// How many days receipts of verifications can be opened before they go into the archive.
    RETENTION_RECEIPTS = "retention.receipts_days", SettingKind::Integer { min: 180, max: 36_500 }, "3650";
    /// How many days a revocation list stays after it has ended and another one took its place, before it goes into the
    /// archive. The newest of each authority always stays: old documents are judged by it.
    RETENTION_LISTS = "retention.lists_days", SettingKind::Integer { min: 30, max: 36_500 }, "730";
    /// How many days the row of a session is kept after its end, for questions of the kind “was that me?”; the log keeps
    /// when it began and ended.
    RETENTION_SESSIONS = "retention.sessions_days", SettingKind::Integer { min: 30, max: 3650 }, "180";
    /// How many days a password's reset at the counter is listed after it was filed; the log keeps it.
    RETENTION_RESETS = "retention.resets_days", SettingKind::Integer { min: 30, max: 3650 }, "180";
    /// How many days a proposal of an operator or a seal keeper is listed after it was made; the log keeps it.
    RETENTION_PROPOSALS = "retention.proposals_days", SettingKind::Integer { min: 30, max: 3650 }, "730";
    /// How many days a revocation that was filed is listed; the log keeps it.
    RETENTION_REVOCATIONS = "retention.revocations_days", SettingKind::Integer { min: 30, max: 3650 }, "180";
    /// Whom a command acts for: an operator's username, whose password is asked for; `--as` says the same. Empty means
    /// the operator that this machine account is bound to.
    OPERATOR_AS = "operator.as", SettingKind::Text, "";
    /// The file with that operator's password, for programs; empty means that it is asked for at the terminal.
    OPERATOR_PASSWORD_FILE = "operator.password_file", SettingKind::SecretFile, "";
    /// The file with the password that an operator chooses by `operator choose-password`.
    OPERATOR_NEW_PASSWORD_FILE = "operator.new_password_file", SettingKind::SecretFile, "";
    /// The file with the password of the second operator, who approves what one does not do alone.
    OPERATOR_SECOND_PASSWORD_FILE = "operator.second_password_file", SettingKind::SecretFile, "";
    /// The file with the key that binds this machine account to an operator; empty means `keys/operator.key` in the data
    /// folder.
    OPERATOR_KEY_FILE = "operator.key_file", SettingKind::SecretFile, "";
    /// The file with the token with which a monitoring system may ask `/metrics`; empty means that there are none.
    METRICS_TOKEN_FILE = "metrics.token_file", SettingKind::SecretFile, "";
    /// When the last whole backup is older than so many days, `doctor`, `/metrics` and the page of the operators say so.
    BACKUP_LATE_DAYS = "backup.late_after_days", SettingKind::Integer { min: 1, max: 366 }, "2";
    /// The folder of the fonts; empty means `fonts` beside the program, or the source tree's.
    FONTS_FOLDER = "fonts_folder", SettingKind::Path, "";
    /// A folder of further fonts (`*.ttf`), in which is looked for characters that the others have not: with those of
    /// Debian's `fonts-hanazono`, `/usr/share/fonts/truetype/hanazono`, every ideograph of GB 18030-2022 is printed. Names
    /// in such characters are registered only where it is set; empty means that there is none.
    FURTHER_FONTS_FOLDER = "further_fonts_folder", SettingKind::Path, "";
    /// The city's name, as pages show it.
    CITY_ZH = "site.city_zh", SettingKind::Text, "滨江市";
    /// The city's name in English.
    CITY_EN = "site.city_en", SettingKind::Text, "Binjiang";
    /// Who is responsible for the site (主办单位), in the footer.
    SITE_ORGANISATION = "site.organisation", SettingKind::Text, "滨江市行政审批服务局";
    /// Its name on the English pages; empty means the Chinese one.
    SITE_ORGANISATION_EN = "site.organisation_en", SettingKind::Text, "Binjiang Administrative Approval Service Bureau";
    /// The help line, in the footer.
    SITE_PHONE = "site.phone", SettingKind::Text, "12345";
    /// The number of the ICP filing, in the footer; empty when there is none.
    SITE_ICP = "site.icp", SettingKind::Text, "";
    /// The number of the public security filing, in the footer; empty when there is none.
    SITE_POLICE_FILING = "site.police_filing", SettingKind::Text, "";
    /// Whether this is a demonstration with invented people: every page then says so.
    DEMONSTRATION = "site.demonstration", SettingKind::Flag, "false";
    /// A session ends after so many minutes without a request.
    SESSION_IDLE_MINUTES = "session.idle_minutes", SettingKind::Integer { min: 1, max: 1440 }, "30";
    /// A session ends after so many hours in any case.
    SESSION_ABSOLUTE_HOURS = "session.absolute_hours", SettingKind::Integer { min: 1, max: 168 }, "12";
    /// How many passwords may be checked at the same time; 0 means one for each core. Each takes 19 MiB.
    PASSWORD_CHECKS = "sign_in.password_checks", SettingKind::Integer { min: 0, max: 256 }, "0";
    /// How long a sign-in waits for its turn before it is answered 503, in milliseconds.
    PASSWORD_WAIT_MS = "sign_in.password_wait_ms", SettingKind::Integer { min: 10, max: 30_000 }, "10000";
    /// Whether applications on this very machine (`localhost`, `127.0.0.1`, `[::1]`) may be registered: for tests only; a
    /// demonstration allows it by itself. For private addresses there is `oidc.extranet`.
    LOOPBACK_CLIENTS = "oidc.loopback_clients_allowed", SettingKind::Flag, "false";
    /// What of inner networks applications may be registered with and called at: private networks such as `10.0.0.0/8`, and
    /// the names that may lead there, such as `*.intranet`. A name that is not listed leads nowhere inside, whatever it
    /// resolves to; nothing opens this machine and link-local addresses.
    EXTRANET = "oidc.extranet", SettingKind::List, "";
    /// A PEM file with the certificates of further authorities that are trusted, besides those of the machine, in every
    /// connection that the product makes: to applications, to the witness, to PostgreSQL, and by the demonstration's
    /// applications to the product. Empty means none.
    EXTRA_ROOTS_FILE = "tls.extra_roots_file", SettingKind::Path, "";
    /// How long running requests may take to finish when the program is asked to stop, in seconds.
    DRAIN_SECONDS = "drain_seconds", SettingKind::Integer { min: 0, max: 600 }, "20";
    /// How long requests are still taken after the program was asked to stop and `/healthz` says so, in seconds: long
    /// enough for a load balancer to look and to send new ones elsewhere. 0 when nothing stands in front.
    LEAVE_SECONDS = "leave_seconds", SettingKind::Integer { min: 0, max: 600 }, "5";
    /// `text` for people, `json` for collectors.
    LOG_FORMAT = "log.format", SettingKind::Text, "text";
    /// Which log lines are written, such as `info` or `info,sqlx=warn`.
    LOG_FILTER = "log.filter", SettingKind::Text, "info";
}

/// The settings in force and where each came from.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    values: BTreeMap<&'static str, (String, Source)>,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The definition.
    Default,
    /// The TOML file.
    File,
    Environment,
    /// The command line.
    Flag,
}

impl Settings {
    /// Reads all sources.
    ///
    /// # Errors
    ///
    /// An unknown key or a value of the wrong kind, with the source and the key.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        flags: &[String],
    ) -> anyhow::Result<Self> {
        let mut settings = Self::default();
        for setting in ALL {
            settings.values.insert(setting.key, (setting.default.to_owned(), Source::Default));
        }
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            settings.read_toml(&text).with_context(|| format!("in {}", path.display()))?;
        }
        for (name, value) in environment {
            let Some(rest) = name.strip_prefix("GUOSUO_") else { continue };
            // The test command's own variables.
            if rest.starts_with("TEST_") {
                continue;
            }
            let setting = ALL.iter().find(|setting| environment_name(setting.key) == name);
            let Some(setting) = setting else { bail!("{name} is not the name of a setting") };
            settings.put(setting, value, Source::Environment).with_context(|| format!("in {name}"))?;
        }
        for flag in flags {
            let Some((key, value)) = flag.split_once('=') else { bail!("--set {flag}: expected key=value") };
            // Not the value: it may be a database URL with a password.
            settings.set(key, value).with_context(|| format!("in --set {key}"))?;
        }
        Ok(settings)
    }

    /// Sets one value as a flag does.
    ///
    /// # Errors
    ///
    /// An unknown key or a value of the wrong kind.
    pub fn set(&mut self, key: &str, value: &str) -> anyhow::Result<()> {
        let Some(setting) = ALL.iter().find(|setting| setting.key == key) else {
            bail!("{key} is not a setting");
        };
        self.put(setting, value.to_owned(), Source::Flag)
    }

    fn read_toml(&mut self, text: &str) -> anyhow::Result<()> {
        let table: toml::Table = text.parse().map_err(|error| unreadable(text, &error))?;
        let mut flat = Vec::new();
        flatten("", &table, &mut flat)?;
        for (key, value) in flat {
            let Some(setting) = ALL.iter().find(|setting| setting.key == key) else {
                bail!("{key} is not a setting");
            };
            self.put(setting, value, Source::File)?;
        }
        Ok(())
    }

    fn put(&mut self, setting: &Setting, value: String, source: Source) -> anyhow::Result<()> {
        // A flag and a variable may say a list as the file does, or with commas alone.
        let value = match setting.kind {
            SettingKind::List if value.trim_start().starts_with('[') => read_list(setting.key, &value)?,
            _ => value,
        };
        check(setting, &value)?;
        self.values.insert(setting.key, (value, source));
        Ok(())
    }

    /// A text, path or file name.
    pub fn text(&self, setting: &Setting) -> &str {
        self.values.get(setting.key).map_or(setting.default, |(value, _)| value)
    }

    /// A number.
    pub(crate) fn integer(&self, setting: &Setting) -> i64 {
        self.text(setting).parse().unwrap_or_default()
    }

    pub(crate) fn flag(&self, setting: &Setting) -> bool {
        self.text(setting) == "true"
    }

    pub(crate) fn list(&self, setting: &Setting) -> Vec<String> {
        self.text(setting).split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// Every setting with its value and where that came from, for `doctor`.
    pub(crate) fn in_force(&self) -> impl Iterator<Item = (&'static str, &str, Source)> {
        self.values.iter().map(|(key, (value, source))| (*key, value.as_str(), *source))
    }
}

fn read_list(key: &str, value: &str) -> anyhow::Result<String> {
    let table: toml::Table = format!("list = {value}").parse().map_err(|_| {
        anyhow::anyhow!("{key} must be a list such as [\"10.0.0.1\", \"10.1.0.0/16\"], or 10.0.0.1,10.1.0.0/16")
    })?;
    ensure!(table.len() == 1, "{key} must be one list");
    let mut flat = Vec::new();
    flatten("", &table, &mut flat)?;
    Ok(flat.into_iter().map(|(_, items)| items).collect::<Vec<_>>().join(","))
}

/// What is wrong with the file and in which line. The line itself is not repeated: it may hold a password.
fn unreadable(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let start = error.span().map_or(0, |span| span.start);
    let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
    anyhow::anyhow!("line {line}: {}", error.message())
}

fn environment_name(key: &str) -> String {
    format!("GUOSUO_{}", key.replace('.', "_").to_uppercase())
}

fn check(setting: &Setting, value: &str) -> anyhow::Result<()> {
    match setting.kind {
        SettingKind::Flag if value != "true" && value != "false" => {
            bail!("{} must be true or false, not {value:?}", setting.key)
        }
        SettingKind::Integer { min, max } => match value.parse::<i64>() {
            Ok(number) if (min..=max).contains(&number) => Ok(()),
            _ => bail!("{} must be a whole number from {min} to {max}, not {value:?}", setting.key),
        },
        _ => Ok(()),
    }
}

fn flatten(prefix: &str, table: &toml::Table, into: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, into)?,
            toml::Value::String(text) => into.push((key, text.clone())),
            toml::Value::Integer(number) => into.push((key, number.to_string())),
            toml::Value::Boolean(flag) => into.push((key, flag.to_string())),
            toml::Value::Array(items) => {
                let items: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
                let Some(items) = items else { bail!("{key} must be a list of texts") };
                into.push((key, items.join(",")));
            }
            _ => bail!("{key} has a value of a kind that no setting has"),
        }
    }
    Ok(())
}

/// The reference page: a TOML file with every setting at its default.
pub fn reference() -> String {
    let mut page = String::from(
        "# Every setting, with its default. Generated by `cargo xtask reference`; edit src/server/settings.rs instead.\n\
         # A file with any of these is given by --config. GUOSUO_DATABASE_URL in the environment sets database.url,\n\
         # and so on; --set database.url=… wins over both.\n",
    );
    for setting in ALL {
        page.push('\n');
        for line in setting.about.lines() {
            let _ = writeln!(page, "#{line}");
        }
        let value = match setting.kind {
            SettingKind::Flag | SettingKind::Integer { .. } => setting.default.to_owned(),
            SettingKind::List => "[]".to_owned(),
            _ => format!("{:?}", setting.default),
        };
        let _ = writeln!(page, "{} = {value}", setting.key);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(toml: &str, environment: &[(&str, &str)], flags: &[&str]) -> anyhow::Result<Settings> {
        let mut settings = Settings::load(None, std::iter::empty(), &[])?;
        settings.read_toml(toml)?;
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let late = Settings::load(None, environment, &flags)?;
        for (key, value, source) in late.in_force() {
            if source != Source::Default {
                settings.values.insert(key, (value.to_owned(), source));
            }
        }
        Ok(settings)
    }

    #[test]
    fn a_later_source_wins() {
        let settings = load(
            "listen = \"127.0.0.1:1\"\ndatabase.connections = 20\n",
            &[("GUOSUO_DATABASE_CONNECTIONS", "30"), ("HOME", "/root")],
            &["database.connections=40"],
        )
        .unwrap();
        assert_eq!(settings.text(&LISTEN), "127.0.0.1:1");
        assert_eq!(settings.integer(&DATABASE_CONNECTIONS), 40);
        assert_eq!(settings.integer(&DRAIN_SECONDS), 20);
    }

    #[test]
    fn an_unknown_key_is_an_error_in_every_source() {
        for (toml, environment, flags) in [
            ("databse.url = \"x\"", vec![], vec![]),
            ("", vec![("GUOSUO_DATABSE_URL", "x")], vec![]),
            ("", vec![], vec!["databse.url=x"]),
        ] {
            assert!(load(toml, &environment, &flags).is_err(), "{toml} {environment:?} {flags:?}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_names_the_setting_and_its_bounds() {
        let check = |flag: &str, part: &str| {
            let error = format!("{:#}", load("", &[], &[flag]).unwrap_err());
            assert!(error.contains(part), "{error}");
        };
        check("database.connections=1", "from 2 to 200");
        check("database.connections=201", "from 2 to 200");
        check("database.connections=many", "database.connections");
        check("oidc.loopback_clients_allowed=yes", "true or false");
    }

    #[test]
    fn a_time_that_is_too_short_is_refused_with_its_bounds() {
        let kept = ALL.iter().filter(|setting| setting.key.starts_with("retention."));
        let mut count = 0;
        for setting in kept {
            let SettingKind::Integer { min, .. } = setting.kind else { panic!("{}", setting.key) };
            for days in [0, min - 1] {
                let error = format!("{:#}", load("", &[], &[&format!("{}={days}", setting.key)]).unwrap_err());
                assert!(error.contains(&format!("{} must be a whole number from {min} to ", setting.key)), "{error}");
            }
            // No shorter than anything waits that the log is asked for: a week.
            assert!(min >= 30, "{}", setting.key);
            count += 1;
        }
        assert_eq!(count, 7);
    }

    #[test]
    fn a_list_is_said_as_in_the_file_or_with_commas() {
        let expected = ["127.0.0.1", "10.0.0.0/8"];
        let flag = |value: &str| load("", &[], &[&format!("trusted_proxies={value}")]);
        for value in ["127.0.0.1,10.0.0.0/8", r#"["127.0.0.1", "10.0.0.0/8"]"#, r#" [ '127.0.0.1', "10.0.0.0/8", ]"#] {
            assert_eq!(flag(value).unwrap().list(&TRUSTED_PROXIES), expected, "{value}");
            let variable = [("GUOSUO_TRUSTED_PROXIES", value)];
            assert_eq!(load("", &variable, &[]).unwrap().list(&TRUSTED_PROXIES), expected, "{value}");
        }
        assert_eq!(flag("[]").unwrap().list(&TRUSTED_PROXIES), [""; 0]);
        for value in [
            "[127.0.0.1]",
            r#"["127.0.0.1""#,
            "[1]",
            r#"["127.0.0.1"]
listen = "0.0.0.0:80""#,
        ] {
            assert!(flag(value).is_err(), "{value}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_repeating_a_value() {
        let check = |error: anyhow::Error, part: &str| {
            let error = format!("{error:#}");
            assert!(error.contains(part) && !error.contains("geheim"), "{error}");
        };
        check(load("\n\ndatabase.url = \"postgres://u:geheim@db\n", &[], &[]).unwrap_err(), "line 3");
        let flags = ["databse.url=postgres://u:geheim@db".to_owned()];
        check(Settings::load(None, std::iter::empty(), &flags).unwrap_err(), "in --set databse.url");
        let variable = ("GUOSUO_DATABSE_URL".to_owned(), "geheim".to_owned());
        check(Settings::load(None, std::iter::once(variable), &[]).unwrap_err(), "GUOSUO_DATABSE_URL");
    }

    #[test]
    fn every_default_is_a_valid_value_and_the_reference_reads_back() {
        for setting in ALL {
            check(setting, setting.default).unwrap();
        }
        let settings = load(&reference(), &[], &[]).unwrap();
        for setting in ALL {
            assert_eq!(settings.text(setting), setting.default, "{}", setting.key);
        }
    }
}
