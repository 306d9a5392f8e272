//! What the product stands on: its addresses, the database, the key that seals all others, the fonts.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    net::IpAddr,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use base::{Entropy, Fault, ListPage, Secret, fault::FaultKind, id::KeyId};
use documents::Fonts;
use ipnet::IpNet;
use oidc::{client::extranet::Extranet, parameters::append};
use pki::Custody;
use records::{Database, DatabaseSettings, Marked, MaybeFault, SharedClock, disk, migrate};
use reqwest::{Certificate, Url};
use web::kit::app::network;

use crate::settings::{self, Settings};

/// The rows that an audit holds against the log, of every crate.
static MARKED: &[&[Marked]] = &[
    identity::marked::MARKED,
    licence::marked::MARKED,
    oidc::marked::MARKED,
    pki::marked::MARKED,
    seal::marked::MARKED,
];

/// Characters that a token for the metrics has at least.
const METRICS_TOKEN_BYTES_MIN: usize = 16;

/// The envelope key's file, unless the settings name another.
pub const ENVELOPE_KEY: &str = "envelope.key";

/// A clock may differ by less than this from the database's.
const SKEW_SECONDS_MAX: u64 = 60;

/// Checks what can be checked before anything is made.
///
/// # Errors
///
/// The first setting that cannot be used.
pub fn check(settings: &Settings) -> anyhow::Result<()> {
    public_url(settings)?;
    trusted_proxies(settings)?;
    extranet(settings)?;
    extra_roots(settings)?;
    database_settings(settings)?;
    fonts_folder(settings).map(|_| ())
}

/// Where browsers reach the product, without a slash at the end.
///
/// # Errors
///
/// What is no address of a site, and one in clear text that leaves this machine: passwords and sessions would travel
/// where anyone on the way reads them. A demonstration has none that matter.
pub fn public_url(settings: &Settings) -> anyhow::Result<String> {
    let text = settings.text(&settings::PUBLIC_URL);
    let url = text.trim_end_matches('/');
    let Some((scheme @ ("https" | "http"), host)) = url.split_once("://") else {
        bail!("public_url must begin with https:// (or http:// on this machine), not {text:?}");
    };
    ensure!(
        !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control() || "/?#@\\".contains(c)),
        "public_url must be a scheme, a host and perhaps a port, and nothing more: {text:?}"
    );
    let name = if host.starts_with('[') { host.split_inclusive(']').next() } else { host.split(':').next() };
    let name = name.unwrap_or_default();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name).parse::<IpAddr>();
    let is_here = name == "localhost" || address.is_ok_and(|address| address.is_loopback());
    ensure!(
        scheme == "https" || is_here || settings.flag(&settings::DEMONSTRATION),
        "public_url {text} is neither https nor on this machine: passwords and sessions would travel in clear"
    );
    if url.is_ascii() {
        return Ok(url.to_owned());
    }
    // What browsers and applications send and compare is this form (RFC 5891): the name of the issuer has it too.
    let parsed = Url::parse(url).ok().and_then(|parsed| Some((parsed.host_str()?.to_owned(), parsed)));
    let Some((ascii, _)) = parsed.filter(|(ascii, _)| ascii.is_ascii() && !ascii.contains('%')) else {
        bail!("public_url {text} has a host that is no name of the internet");
    };
    let port = host.strip_prefix(name).unwrap_or_default();
    Ok(format!("{scheme}://{ascii}{port}"))
}

/// What of inner networks applications may be registered with.
///
/// # Errors
///
/// What is neither a private network nor a name.
pub fn extranet(settings: &Settings) -> anyhow::Result<Extranet> {
    Extranet::parse(&settings.list(&settings::EXTRANET)).map_err(|wrong| anyhow::anyhow!("oidc.extranet: {wrong}"))
}

/// The authorities that are trusted besides those of the machine.
///
/// # Errors
///
/// A file that cannot be read, or that has no certificate in it.
pub fn extra_roots(settings: &Settings) -> anyhow::Result<Vec<Certificate>> {
    let Some(path) = extra_roots_file(settings) else { return Ok(Vec::new()) };
    let of = || format!("{} (tls.extra_roots_file)", path.display());
    let pem = fs::read(&path).with_context(|| format!("reading {}", of()))?;
    let roots = Certificate::from_pem_bundle(&pem).with_context(of)?;
    ensure!(!roots.is_empty(), "{} has no certificate in it: -----BEGIN CERTIFICATE-----", of());
    Ok(roots)
}

/// The file with further authorities, if there is one.
pub fn extra_roots_file(settings: &Settings) -> Option<PathBuf> {
    let file = settings.text(&settings::EXTRA_ROOTS_FILE);
    (!file.is_empty()).then(|| PathBuf::from(file))
}

/// Whose forwarded headers count.
///
/// # Errors
///
/// What is neither an address nor a network.
pub fn trusted_proxies(settings: &Settings) -> anyhow::Result<Vec<IpNet>> {
    let parse = |text: String| {
        network(&text)
            .with_context(|| format!("trusted_proxies: {text} is neither an address nor a network such as 10.0.0.0/8"))
    };
    settings.list(&settings::TRUSTED_PROXIES).into_iter().map(parse).collect()
}

pub fn data_folder(settings: &Settings) -> PathBuf {
    PathBuf::from(settings.text(&settings::DATA_FOLDER))
}

/// The settings of the database.
///
/// # Errors
///
/// A file with the URL that cannot be read.
pub fn database_settings(settings: &Settings) -> anyhow::Result<DatabaseSettings> {
    let file = settings.text(&settings::DATABASE_URL_FILE);
    let url = if file.is_empty() {
        let url = settings.text(&settings::DATABASE_URL);
        if url.is_empty() {
            format!("sqlite://{}", data_folder(settings).join("guosuo.sqlite").display())
        } else {
            url.to_owned()
        }
    } else {
        let text = fs::read_to_string(file).with_context(|| format!("reading {file} (database.url_file)"))?;
        text.trim().to_owned()
    };
    let mut database = DatabaseSettings::new(trusting(url, extra_roots_file(settings)));
    database.consequences = consequences::TABLE;
    database.marked = MARKED;
    database.connections_max = u32::try_from(settings.integer(&settings::DATABASE_CONNECTIONS))?;
    let ms = |setting| Duration::from_millis(settings.integer(setting).unsigned_abs());
    database.acquire_timeout = ms(&settings::DATABASE_ACQUIRE_MS);
    database.statement_timeout = ms(&settings::DATABASE_STATEMENT_MS);
    Ok(database)
}

/// A database's URL by which further authorities are trusted, unless it names some itself.
fn trusting(url: String, roots: Option<PathBuf>) -> String {
    let Some(roots) = roots.filter(|_| url.starts_with("postgres")) else { return url };
    if ["sslrootcert=", "ssl-root-cert=", "ssl-ca="].iter().any(|known| url.contains(known)) {
        return url;
    }
    let joint = if url.contains('?') { '&' } else { '?' };
    let mut query = String::new();
    append(&mut query, "sslrootcert", &roots.display().to_string());
    format!("{url}{joint}{query}")
}

/// Opens the database, makes what is missing, brings its schema up to date; says what that changed.
///
/// # Errors
///
/// When it cannot be opened, in its own words.
pub async fn found_database(settings: &Settings) -> anyhow::Result<(Database, Vec<&'static str>)> {
    make_data_folder(settings)?;
    let database = open(&database_settings(settings)?).await?;
    let applied = migrate::migrate(&database).await.context("bringing the schema up to date")?;
    Ok((database, applied))
}

/// Opens a database that was set up before. A mistyped name is told instead of becoming an empty database.
///
/// # Errors
///
/// There is none, or its schema is another version's.
pub async fn find_database(settings: &Settings) -> anyhow::Result<Database> {
    let database = find_database_of_any_version(settings).await?;
    let is_current = migrate::is_current(&database).await.context("looking at the schema")?;
    ensure!(is_current, "the schema is not up to date: run `guosuo migrate`");
    Ok(database)
}

/// The same, also when its schema is an older version's.
///
/// # Errors
///
/// There is none, or it cannot be opened.
pub async fn find_database_of_any_version(settings: &Settings) -> anyhow::Result<Database> {
    let of_database = database_settings(settings)?;
    if let Some(file) = sqlite_file(of_database.url.expose()) {
        ensure!(
            file.exists(),
            "there is no database {}: check data_folder and database.url, or make it with `guosuo migrate`",
            file.display()
        );
    }
    open(&of_database).await
}

/// Makes sure that this process alone serves a database in a file, for as long as the answer lives: two would each hold
/// writers up that the other does not see. Commands beside it, and nodes on PostgreSQL, need nothing of the kind.
///
/// # Errors
///
/// A setting that cannot be used, another process that serves the file, or a lock beside it that cannot be made.
pub fn alone(settings: &Settings) -> anyhow::Result<Option<Held>> {
    // Before anything is made: what is wrong with the settings leaves nothing behind.
    check(settings)?;
    let of_database = database_settings(settings)?;
    let Some(file) = sqlite_file(of_database.url.expose()) else { return Ok(None) };
    make_data_folder(settings)?;
    let taken =
        format!("another guosuo serves {} already: several nodes need PostgreSQL (database.url)", file.display());
    hold(&file.with_extension("serving"), &taken).map(Some)
}

/// A lock that this process holds.
#[derive(Debug)]
pub struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing it is not enough: a process that another thread is just starting has it too until it runs its program.
        let _ = self.0.unlock();
    }
}

/// Holds a lock, whose file is made when it is not there, for as long as the answer lives: it goes with the process,
/// however that ends.
///
/// # Errors
///
/// `taken` when another process holds it; when it cannot be made.
pub fn hold(path: &Path, taken: &str) -> anyhow::Result<Held> {
    let making = || format!("making {}", path.display());
    let file = disk::open_to_append(path).with_context(making)?;
    match file.try_lock() {
        Ok(()) => Ok(Held(file)),
        Err(TryLockError::WouldBlock) => bail!("{taken}"),
        Err(TryLockError::Error(error)) => Err(error).with_context(making),
    }
}

fn make_data_folder(settings: &Settings) -> anyhow::Result<()> {
    make_private_folder(&data_folder(settings)).context("creating the data folder")
}

/// Makes a folder that nobody else looks into, and those above it, when they are not there.
///
/// # Errors
///
/// When it cannot be made.
pub fn make_private_folder(path: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("creating {}", path.display()))
}

/// Compares this machine's clock with the database's.
///
/// # Errors
///
/// They differ by more than nodes may: what one of them writes down would be over, or not begun, for another.
pub async fn compare_clocks(clock: &SharedClock, database: &Database) -> anyhow::Result<()> {
    let skew = clock.compare(database).await.context("comparing the clocks")?;
    match too_far(skew) {
        None => Ok(()),
        Some(wrong) => bail!("{wrong}"),
    }
}

/// What is wrong with a clock that differs from the database's by so many microseconds; nothing when they agree well
/// enough.
pub fn too_far(skew_micros: i64) -> Option<String> {
    let seconds = skew_micros.unsigned_abs() / 1_000_000;
    let which = if skew_micros > 0 { "behind" } else { "ahead of" };
    (seconds >= SKEW_SECONDS_MAX)
        .then(|| format!("this machine's clock is {seconds} seconds {which} the database's: set one of them right"))
}

/// Opens a database, and makes the file of one that is kept in a file.
///
/// # Errors
///
/// When it cannot be opened; its name is said, and no password.
pub async fn open(settings: &DatabaseSettings) -> anyhow::Result<Database> {
    let name = database_name(settings.url.expose());
    // What SQLite makes itself it makes for everybody to read; what it keeps beside has the same mode.
    if let Some(file) = sqlite_file(settings.url.expose()).filter(|file| !file.exists()) {
        let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&file);
        made.with_context(|| format!("making the database {}", file.display()))?;
    }
    Database::open(settings).await.with_context(|| format!("opening the database {name}"))
}

/// Whether nothing but time is needed to mend this: the database is elsewhere, and does not let us in now. A file that
/// cannot be opened stays so.
pub fn is_away_for_now(settings: &Settings, error: &anyhow::Error) -> bool {
    let is_elsewhere = database_settings(settings).is_ok_and(|found| sqlite_file(found.url.expose()).is_none());
    let is_for_now = |fault: &Fault| matches!(fault.kind(), FaultKind::Unavailable | FaultKind::Unknown);
    is_elsewhere && error.chain().any(|cause| fault_of(cause).is_some_and(is_for_now))
}

/// The fault that an error of putting the product together is, if it is one.
fn fault_of<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a Fault> {
    let of_keys = || cause.downcast_ref::<pki::Error>()?.fault();
    let of_types = || cause.downcast_ref::<licence::Error>()?.fault();
    cause.downcast_ref().or_else(of_keys).or_else(of_types)
}

/// A database's URL without what may be secret in it.
fn database_name(url: &str) -> String {
    let (scheme, _) = url.split_once("://").unwrap_or_default();
    let (url, rest) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
    if rest.contains('@') && !url.contains('@') {
        // What stands before the mark may be the beginning of a password, and nobody can tell.
        return format!("{scheme}://…");
    }
    match url.split_once("://") {
        // A password may hold anything, an at sign too.
        Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default()),
        None => url.rsplit('@').next().unwrap_or_default().to_owned(),
    }
}

/// The file that a database is kept in, unless it is elsewhere.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    Some(PathBuf::from(path.split('?').next().unwrap_or_default()))
}

/// Reads the envelope key, or makes it when the database has no keys yet.
///
/// # Errors
///
/// A file that is missing beside a database that needs it, that cannot be read or written, or that does not hold 32
/// bytes in hexadecimal.
pub async fn envelope_key(
    settings: &Settings,
    database: &Database,
    entropy: &dyn Entropy,
) -> anyhow::Result<Secret<[u8; 32]>> {
    let path = envelope_file(settings);
    if !path.exists() {
        // Another key would open nothing, and what it sealed nobody else could open.
        ensure!(
            !has_keys(database).await?,
            "the database has keys, and {} is not there to open them: check data_folder and keys.envelope_file",
            path.display()
        );
        let key = crypto::digest::hex(&entropy.bytes::<32>());
        write_secret(&path, &key).with_context(|| format!("writing {}", path.display()))?;
    }
    read_key(&path)
}

/// Where the envelope key lies.
pub fn envelope_file(settings: &Settings) -> PathBuf {
    let configured = settings.text(&settings::ENVELOPE_KEY_FILE);
    if configured.is_empty() { keys_folder(settings).join(ENVELOPE_KEY) } else { configured.into() }
}

/// Where the key files lie.
pub fn keys_folder(settings: &Settings) -> PathBuf {
    data_folder(settings).join("keys")
}

/// A new envelope key: the one in this file, which is made when it is not there.
///
/// # Errors
///
/// A file that cannot be read or written, or holds something else.
pub fn new_envelope_key(path: &Path, entropy: &dyn Entropy) -> anyhow::Result<Secret<[u8; 32]>> {
    if !path.exists() {
        let key = crypto::digest::hex(&entropy.bytes::<32>());
        write_secret(path, &key).with_context(|| format!("writing {}", path.display()))?;
    }
    read_key(path)
}

/// Reads a key of 32 bytes in hexadecimal.
///
/// # Errors
///
/// A file that is not there, that others may read, or that holds something else.
pub fn read_key(path: &Path) -> anyhow::Result<Secret<[u8; 32]>> {
    let mode = fs::metadata(path).with_context(|| format!("reading {}", path.display()))?.mode();
    ensure!(
        mode & 0o027 == 0,
        "{} is open to others (mode {:04o}): `chmod 600 {0}`, and think of whoever may have read it",
        path.display(),
        mode & 0o7777
    );
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let key = parse_key(text.trim());
    key.map(Secret::new).with_context(|| format!("{} does not hold 32 bytes in hexadecimal", path.display()))
}

/// Whether the first start was.
///
/// # Errors
///
/// When the database is out of reach.
pub async fn has_keys(database: &Database) -> anyhow::Result<bool> {
    let keys = Custody::list(&mut database.read().await?, &ListPage::<KeyId>::first(1)).await?;
    Ok(!keys.items.is_empty())
}

fn parse_key(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        (0..32).map(|place| u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()).collect();
    bytes?.try_into().ok()
}

/// Writes a file that only its owner may read, all of it or nothing, and never over another one: of two processes that
/// start at the same time, both use what the first one wrote.
///
/// # Errors
///
/// When the folder or the file cannot be made or written.
pub fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    Ok(disk::write_once(path, text.as_bytes())?)
}

/// The token with which a monitoring system may ask.
///
/// # Errors
///
/// A file that cannot be read, or a token that could be guessed.
pub fn metrics_token(settings: &Settings) -> anyhow::Result<Option<Secret<String>>> {
    let file = settings.text(&settings::METRICS_TOKEN_FILE);
    if file.is_empty() {
        return Ok(None);
    }
    let text = fs::read_to_string(file).with_context(|| format!("reading {file} (metrics.token_file)"))?;
    let token = text.trim();
    ensure!(token.len() >= METRICS_TOKEN_BYTES_MIN, "{file} (metrics.token_file) has less than 16 characters");
    Ok(Some(Secret::new(token.to_owned())))
}

/// Where the keys of roots are looked for that were taken off this machine.
pub fn root_key_folder(settings: &Settings) -> Option<PathBuf> {
    let folder = settings.text(&settings::ROOT_KEY_FOLDER);
    (!folder.is_empty()).then(|| folder.into())
}

/// A key for one purpose, derived from what custody has for that: it is the same on every node and after every start.
pub fn derived_key(derivation: &Secret<[u8; 32]>, purpose: &str) -> [u8; 32] {
    crypto::mac::hmac_sha256(derivation.expose(), &[b"guosuo-derived-key", purpose.as_bytes()])
}

/// The folder of the fonts: as set, else beside the program, else in the source tree it was built from.
///
/// # Errors
///
/// When there is none.
pub fn fonts_folder(settings: &Settings) -> anyhow::Result<PathBuf> {
    let configured = settings.text(&settings::FONTS_FOLDER);
    if !configured.is_empty() {
        return Ok(configured.into());
    }
    let beside = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join("fonts")));
    let source = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../documents/fonts"));
    let found = beside.into_iter().chain([source]).find(|folder| folder.is_dir());
    found.context("no folder of fonts: set fonts_folder")
}

/// The fonts that documents are printed in, with the further ones. From then on names are judged by what they print.
///
/// # Errors
///
/// When there is no folder of them, or a font that cannot be used.
pub fn open_fonts(settings: &Settings) -> anyhow::Result<Fonts> {
    let further = settings.text(&settings::FURTHER_FONTS_FOLDER);
    let further = (!further.is_empty()).then(|| Path::new(further));
    let fonts = Fonts::load_with(&fonts_folder(settings)?, further)?;
    if further.is_some() {
        base::name::also_prints(fonts.printed());
    }
    Ok(fonts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_free_when_it_is_let_go_although_a_process_that_begins_has_its_file_too() {
        let file = std::env::temp_dir().join(format!("guosuo-lock-{}", std::process::id()));
        let held = hold(&file, "taken").unwrap();
        // As a process has it between its beginning and the program it runs.
        let inherited = held.0.try_clone().unwrap();
        assert_eq!(hold(&file, "taken").unwrap_err().to_string(), "taken");
        drop(held);
        hold(&file, "taken").unwrap();
        drop(inherited);
        fs::remove_file(file).unwrap();
    }

    #[test]
    fn a_public_url_is_https_or_on_this_machine() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let settings = Settings::load(None, std::iter::empty(), &[format!("public_url={text}")]).unwrap();
            match (public_url(&settings), expected) {
                (Ok(url), Ok(expected)) => assert_eq!(url, expected, "{text}"),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{text}: {error}"),
                (other, _) => panic!("{text}: {other:?}"),
            }
        };
        check("https://sso.example.gov.cn", Ok("https://sso.example.gov.cn"));
        check("https://sso.example.gov.cn:8443/", Ok("https://sso.example.gov.cn:8443"));
        check("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080"));
        check("http://localhost", Ok("http://localhost"));
        check("http://[::1]:8080", Ok("http://[::1]:8080"));
        check("https://政务.滨江.中国:8443/", Ok("https://xn--zfr164b.xn--9swz7c.xn--fiqs8s:8443"));
        check("https://Größe.example", Ok("https://xn--gre-6ka8i.example"));
        check("https://政 务.cn", Err("nothing more"));
        check("https://政务..cn", Ok("https://xn--zfr164b..cn"));
        check("http://政务.cn", Err("in clear"));
        check("http://10.0.0.1", Err("in clear"));
        check("http://127.0.0.1.evil.example", Err("in clear"));
        check("http://localhost.evil.example", Err("in clear"));
        check("https://", Err("must be"));
        check("https://host/path", Err("nothing more"));
        check("https://name@host", Err("nothing more"));
        check("https://ho st", Err("nothing more"));
        check("ftp://host", Err("must begin"));
        check("sso.example.gov.cn", Err("must begin"));
    }

    #[test]
    fn a_clock_may_differ_by_less_than_a_minute() {
        assert_eq!(too_far(0), None);
        assert_eq!(too_far(59_999_999), None);
        assert_eq!(too_far(-59_999_999), None);
        assert!(too_far(60_000_000).unwrap().contains("60 seconds behind"));
        assert!(too_far(-3_600_000_000).unwrap().contains("3600 seconds ahead"));
    }

    #[test]
    fn the_name_of_a_database_holds_no_password() {
        let check = |url: &str, expected: &str| assert_eq!(database_name(url), expected, "{url}");
        check("postgres://guosuo:secret@db:5432/guosuo", "postgres://db:5432/guosuo");
        check("postgres://guosuo:se@cret@db/guosuo?password=secret", "postgres://db/guosuo");
        check("sqlite:///var/lib/guosuo.sqlite?mode=rwc", "sqlite:///var/lib/guosuo.sqlite");
        check("guosuo:secret@db", "db");
        check("postgres://guosuo:sec#ret@db/guosuo", "postgres://…");
        check("postgres://guosuo:sec?ret@db/guosuo", "postgres://…");
        check("postgres://guosuo:sec/ret@db/guosuo", "postgres://db/guosuo");
        check("postgres://db/guosuo?user=guosuo&password=sec@ret", "postgres://…");
        check("postgres://guosuo:sec@ret@a:1,[::1]:2,c/guosuo?connect_timeout=3", "postgres://a:1,[::1]:2,c/guosuo");
        check("postgres:///guosuo?host=a,b&user=guosuo&password=secret", "postgres:///guosuo");
    }

    #[test]
    fn a_secret_is_written_once() {
        let folder = std::env::temp_dir().join(format!("guosuo-secret-{}", std::process::id()));
        let path = folder.join("deep/envelope.key");
        write_secret(&path, "first").unwrap();
        write_secret(&path, "second").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        let names: Vec<_> =
            fs::read_dir(folder.join("deep")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["envelope.key"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn further_authorities_are_read_from_a_file_and_trusted_on_the_way_to_the_database_too() {
        let folder = std::env::temp_dir().join(format!("guosuo-roots-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (none, path) = (folder.join("none.pem"), folder.join("roots 1.pem"));
        fs::write(&none, "nothing").unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let root = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
        fs::write(&path, crypto::encoding::pem("CERTIFICATE", root.der()).repeat(2)).unwrap();
        let of = |path: &Path, url: &str| {
            let set = [format!("tls.extra_roots_file={}", path.display()), format!("database.url={url}")];
            Settings::load(None, std::iter::empty(), &set).unwrap()
        };
        let url = |path: &Path, url: &str| database_settings(&of(path, url)).unwrap().url.expose().clone();
        assert_eq!(extra_roots(&of(&path, "")).unwrap().len(), 2);
        assert!(extra_roots(&of(&none, "")).unwrap_err().to_string().contains("has no certificate in it"));
        let missing = extra_roots(&of(&folder.join("missing"), "")).unwrap_err().to_string();
        assert!(missing.contains("tls.extra_roots_file"), "{missing}");
        let expected = path.display().to_string().replace('/', "%2F").replace(' ', "%20");
        assert_eq!(url(&path, "postgres://db/g"), format!("postgres://db/g?sslrootcert={expected}"));
        assert_eq!(
            url(&path, "postgres://db/g?sslmode=require"),
            format!("postgres://db/g?sslmode=require&sslrootcert={expected}")
        );
        assert_eq!(url(&path, "postgres://db/g?sslrootcert=own"), "postgres://db/g?sslrootcert=own");
        assert_eq!(url(&path, "sqlite://x"), "sqlite://x");
        fs::remove_dir_all(folder).unwrap();
    }
}
