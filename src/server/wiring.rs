//! Puts the product together from its settings, starts it, stops it.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use base::{Clock, Entropy, Fault, Instant, Secret, Text};
use documents::Fonts;
use identity::{PasswordGate, Vault};
use licence::Library;
use oidc::{
    Provider, ProviderSettings,
    keys::{self, KeyUse, TokenKey},
    logout,
};
use pki::{Custody, CustodySettings, KeyState, Purpose};
use records::{Actor, Database, DatabaseSettings, jobs::Claimed};
use seal::Cabinet;
use tokio::{net::TcpListener, sync::watch};
use web::app::{AddressRange, Parts, Site};

use crate::{
    fetch::Outside,
    jobs::{Beside, Runner},
    listen,
    settings::{self, Settings},
    system::{OsEntropy, SystemClock},
};

/// How often every node looks whether another one changed something that it keeps in memory.
const REVISIONS_EVERY: Duration = Duration::from_millis(500);

/// How often interrupted issues are looked for.
const RECOVERY_EVERY: Duration = Duration::from_secs(5);

/// How often lists are renewed and what is over is removed.
const HOUSE_EVERY: Duration = Duration::from_mins(1);

/// The demonstration has licences from the past, which need authorities that were there before them.
const DEMONSTRATION_BACKDATE_SECONDS: i64 = 10 * 366 * 86_400;

/// What the rest of the world gives the program: replaced by tests only.
#[derive(Clone)]
pub struct World {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for World {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy::new()) }
    }
}

impl World {
    /// The context of an act by this actor, now.
    pub fn context(&self, actor: records::Actor) -> records::Context {
        records::Context { actor, at: self.clock.now(), request: None, entropy: Arc::clone(&self.entropy) }
    }
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
        std::fs::read_to_string(file).with_context(|| format!("reading {file}"))?.trim().to_owned()
    };
    let mut database = DatabaseSettings::new(url);
    database.connections_max = u32::try_from(settings.integer(&settings::DATABASE_CONNECTIONS))?;
    database.acquire_timeout = Duration::from_millis(settings.integer(&settings::DATABASE_ACQUIRE_MS).unsigned_abs());
    Ok(database)
}

/// The data folder.
pub fn data_folder(settings: &Settings) -> PathBuf {
    PathBuf::from(settings.text(&settings::DATA_FOLDER))
}

/// Opens the database and brings its schema up to date.
///
/// # Errors
///
/// What is wrong with the database, in its own words.
pub async fn open_database(settings: &Settings) -> anyhow::Result<Database> {
    let folder = data_folder(settings);
    std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let database = Database::open(&database_settings(settings)?).await.context("opening the database")?;
    let applied = records::migrate::migrate(&database).await.context("bringing the schema up to date")?;
    for name in applied {
        tracing::info!(migration = name, "schema changed");
    }
    Ok(database)
}

/// Reads the envelope key, or makes it on the first start.
///
/// # Errors
///
/// A file that cannot be read or written, or that does not hold 32 bytes in hexadecimal.
pub fn envelope_key(settings: &Settings, entropy: &dyn Entropy) -> anyhow::Result<Secret<[u8; 32]>> {
    let configured = settings.text(&settings::ENVELOPE_KEY_FILE);
    let path = if configured.is_empty() { data_folder(settings).join("keys/envelope.key") } else { configured.into() };
    if !path.exists() {
        let folder = path.parent().context("the envelope key's file needs a folder")?;
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let key = entropy.bytes::<32>();
        write_secret(&path, &crypto::digest::hex(&key)).with_context(|| format!("writing {}", path.display()))?;
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let Some(key) = parse_key(text.trim()) else {
        bail!("{} does not hold 32 bytes in hexadecimal", path.display());
    };
    Ok(Secret::new(key))
}

fn parse_key(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        (0..32).map(|place| u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()).collect();
    bytes?.try_into().ok()
}

/// Writes a file that only its owner may read, all of it or nothing, and never over another one.
fn write_secret(path: &std::path::Path, text: &str) -> anyhow::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

/// A key for one purpose, derived from the envelope key: it is the same on every node and after every start.
pub fn derived_key(envelope: &Secret<[u8; 32]>, purpose: &str) -> [u8; 32] {
    crypto::mac::hmac_sha256(envelope.expose(), &[b"guosuo-derived-key", purpose.as_bytes()])
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

/// The product, put together and not yet listening.
pub struct Product {
    /// What handlers reach.
    pub app: web::App,
    /// The database.
    pub database: Database,
    /// Time and randomness.
    pub world: World,
}

/// Puts the product together.
///
/// # Errors
///
/// What is missing or unsafe.
pub async fn build(settings: &Settings, world: World) -> anyhow::Result<Product> {
    let public_url = settings.text(&settings::PUBLIC_URL).trim_end_matches('/').to_owned();
    ensure!(
        public_url.starts_with("https://") || public_url.starts_with("http://"),
        "public_url must begin with https:// (or http:// on loopback)"
    );
    let database = open_database(settings).await?;
    let envelope = envelope_key(settings, &*world.entropy)?;
    let mut trusted_proxies = Vec::new();
    for text in settings.list(&settings::TRUSTED_PROXIES) {
        let range = AddressRange::parse(&text).with_context(|| format!("trusted_proxies: {text} is no address"))?;
        trusted_proxies.push(range);
    }
    let cores = match settings.integer(&settings::PASSWORD_CHECKS) {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        number => usize::try_from(number)?,
    };
    let wait = Duration::from_millis(settings.integer(&settings::PASSWORD_WAIT_MS).unsigned_abs());
    let custody = Custody::open(
        &database,
        CustodySettings {
            folder: data_folder(settings).join("keys"),
            envelope: envelope.clone(),
            organisation: settings.text(&settings::SITE_ORGANISATION).to_owned(),
            crl_url: format!("{public_url}/crl/"),
            backdate_seconds: if settings.flag(&settings::DEMONSTRATION) { DEMONSTRATION_BACKDATE_SECONDS } else { 0 },
        },
    )
    .await
    .context("opening the keys")?;
    custody.ensure(world.context(Actor::Operator)).await.context("making the keys that are missing")?;
    let provider = Provider::new(&ProviderSettings {
        issuer_url: public_url.clone(),
        server_key: Secret::new(derived_key(&envelope, "oidc")),
        loopback_clients_allowed: settings.flag(&settings::LOOPBACK_CLIENTS),
    })?;
    provider.set_keys(token_keys(&custody, world.clock.now()))?;
    let library = open_library(settings, &custody, &envelope, &public_url)?;
    install_types(&database, &library, &world).await.context("the licence types")?;
    let app = web::App::new(Parts {
        database: database.clone(),
        clock: Arc::clone(&world.clock),
        entropy: Arc::clone(&world.entropy),
        settings: web::app::Settings {
            public_url,
            trusted_proxies,
            site: Site {
                city: Text::new(settings.text(&settings::CITY_ZH), settings.text(&settings::CITY_EN)),
                organisation: settings.text(&settings::SITE_ORGANISATION).to_owned(),
                phone: settings.text(&settings::SITE_PHONE).to_owned(),
                icp: settings.text(&settings::SITE_ICP).to_owned(),
                police_filing: settings.text(&settings::SITE_POLICE_FILING).to_owned(),
                demonstration: settings.flag(&settings::DEMONSTRATION),
            },
        },
        key: Secret::new(derived_key(&envelope, "pages")),
        vault: Vault::new(&derived_key(&envelope, "identity")),
        gate: PasswordGate::new(cores, wait),
        session_limits: identity::session::Limits {
            idle_seconds: settings.integer(&settings::SESSION_IDLE_MINUTES) * 60,
            absolute_seconds: settings.integer(&settings::SESSION_ABSOLUTE_HOURS) * 3600,
        },
        custody,
        provider,
        library,
    });
    Ok(Product { app, database, world })
}

/// Where licences are kept: fonts, seals, the keys that contents are sealed under at rest.
fn open_library(
    settings: &Settings,
    custody: &Custody,
    envelope: &Secret<[u8; 32]>,
    public_url: &str,
) -> anyhow::Result<Library> {
    let fonts = Fonts::load(&fonts_folder(settings)?)?;
    Ok(Library::new(licence::library::Parts {
        key: Secret::new(derived_key(envelope, "licences")),
        vault: Vault::new(&derived_key(envelope, "identity")),
        cabinet: Cabinet::new(custody.clone(), fonts.clone()),
        fonts,
        public_url: public_url.to_owned(),
    })?)
}

/// Puts the built-in licence types into a new catalogue and reads it.
async fn install_types(database: &Database, library: &Library, world: &World) -> anyhow::Result<()> {
    let mut work = database.begin(world.context(Actor::Operator)).await?;
    licence::licence_type::install_built_in(&mut work).await?;
    work.commit().await?;
    library.refresh(database).await?;
    Ok(())
}

/// The keys of tokens, as custody has them now.
fn token_keys(custody: &Custody, at: Instant) -> Vec<TokenKey> {
    let uses = [
        (Purpose::AccessToken, KeyUse::AccessToken),
        (Purpose::IdTokenRs256, KeyUse::IdToken),
        (Purpose::IdTokenEs256, KeyUse::IdToken),
    ];
    let keys = uses.into_iter().flat_map(|(purpose, key_use)| {
        custody.published(purpose, at).into_iter().filter_map(move |signer| {
            let state = match signer.state {
                KeyState::Active => keys::KeyState::Active,
                KeyState::PrePublished => keys::KeyState::Published,
                KeyState::Retired => keys::KeyState::Retired,
                KeyState::Revoked => return None,
            };
            let kid = signer.key_id.to_string();
            Some(TokenKey { kid, purpose: key_use, state, key: Arc::clone(&signer.key) })
        })
    });
    keys.collect()
}

/// The running product.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The product.
    pub product: Product,
    stop: watch::Sender<bool>,
    beside: Beside,
    server: tokio::task::JoinHandle<()>,
}

/// Starts listening and the tasks beside requests.
///
/// # Errors
///
/// A listener that cannot be used.
pub fn start(settings: &Settings, product: Product, listener: TcpListener) -> anyhow::Result<Running> {
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let mut beside = Beside::new(stopped.clone());
    beside.sequence(&product.database);
    let outside = Outside::new(settings.flag(&settings::LOOPBACK_CLIENTS))?;
    let runner = QueueRunner { app: product.app.clone(), world: product.world.clone(), outside };
    beside.queue(&product.database, &product.world.clock, &product.world.entropy, runner);
    watch_revisions(&mut beside, &product);
    keep_house(&mut beside, &product);
    let drain = Duration::from_secs(settings.integer(&settings::DRAIN_SECONDS).unsigned_abs());
    let router = web::router(product.app.clone());
    let server = tokio::spawn(listen::serve(listener, router, stopped, drain));
    Ok(Running { address, product, stop, beside, server })
}

/// What the queue's jobs do, by their kind.
struct QueueRunner {
    app: web::App,
    world: World,
    outside: Outside,
}

impl Runner for QueueRunner {
    async fn run(&self, job: Claimed) -> Result<(), String> {
        match job.kind.as_str() {
            oidc::logout::JOB => {
                let (provider, database) = (&self.app.provider, &self.app.database);
                let now = (&*self.world.entropy, self.world.clock.now());
                let delivered = logout::deliver(provider, database, now, &job.payload, &self.outside).await;
                delivered.map_err(|error| error.to_string())
            }
            other => Err(format!("no part of the program does jobs of the kind {other}")),
        }
    }
}

/// What another node or a command changed is seen here within a second.
fn watch_revisions(beside: &mut Beside, product: &Product) {
    let (app, world) = (product.app.clone(), product.world.clone());
    let seen = Arc::new(Mutex::new(Vec::new()));
    beside.repeat("revisions", REVISIONS_EVERY, move || {
        let (app, world, seen) = (app.clone(), world.clone(), Arc::clone(&seen));
        async move {
            let revisions = records::revision::all(&mut app.database.read().await?).await?;
            let before = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if before == revisions {
                return Ok(false);
            }
            app.custody.see(&revisions).await.map_err(Fault::broken)?;
            app.library.see(&app.database, &revisions).await?;
            app.provider.set_keys(token_keys(&app.custody, world.clock.now()))?;
            let of =
                |list: &[(String, i64)], name: &str| list.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
            if of(&before, oidc::REVISION) != of(&revisions, oidc::REVISION) {
                app.provider.forget_clients();
            }
            // Only now: what failed above is tried again in the next turn.
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = revisions;
            Ok(false)
        }
    });
}

/// What has to be done now and then: interrupted issues finished, lists renewed, what is over removed.
fn keep_house(beside: &mut Beside, product: &Product) {
    let (app, world) = (product.app.clone(), product.world.clone());
    beside.repeat("recovery", RECOVERY_EVERY, move || {
        let (app, world) = (app.clone(), world.clone());
        async move {
            let context = world.context(Actor::Job("licence.recover"));
            let recovered =
                licence::issue::recover(&app.database, &app.library, &context).await.map_err(Fault::broken)?;
            if recovered != licence::issue::Recovered::default() {
                tracing::info!(?recovered, "interrupted issues");
            }
            Ok(false)
        }
    });
    let (app, world) = (product.app.clone(), product.world.clone());
    beside.repeat("house", HOUSE_EVERY, move || {
        let (app, world) = (app.clone(), world.clone());
        async move {
            let at = world.clock.now();
            pki::crl::renew_due(&app.custody, world.context(Actor::Job("pki.crl"))).await.map_err(Fault::broken)?;
            let mut tx = app.database.housekeeping().await?;
            records::idempotency::expire(&mut tx, at).await?;
            identity::sign_in::expire(&mut tx, at).await?;
            identity::session::expire(&mut tx, at).await?;
            oidc::family::expire(&mut tx, at).await?;
            tx.commit().await?;
            Ok(false)
        }
    });
}

impl Running {
    /// Finishes running requests and tasks, then closes the database.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.server.await;
        self.beside.finish().await;
        self.product.database.close().await;
    }
}

/// Waits until the operator asks the program to stop: SIGTERM, or Ctrl-C.
///
/// # Errors
///
/// A signal handler that cannot be installed.
pub async fn asked_to_stop() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}
