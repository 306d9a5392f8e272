//! Puts the product together from its settings, starts it, stops it.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use base::{Clock, Entropy, Fault, Instant, Secret, Text, id::Ids};
use examiner::Examiner;
use identity::{PasswordGate, Vault};
use licence::Library;
use oidc::{
    Provider, ProviderSettings,
    client::uri::UriPolicy,
    keys::{self, KeyUse, TokenKey},
    logout,
};
use pki::{Custody, CustodySettings, KeyState, Purpose};
use records::{Actor, Database, Kept, LogKey, SharedClock, guards, installation, jobs::Claimed};
use seal::Cabinet;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::JoinSet,
};
use web::kit::{
    app::{Parts, Site},
    health::Health,
    shares::Shared,
};

use crate::{
    archive::Archive,
    fetch::{Outside, Reach},
    foundation::{self, derived_key},
    heads::{Keeper, Kit},
    jobs::{Beside, Rhythm, Runner},
    kept_heads,
    listen::Server,
    name_keys,
    places::Places,
    removal::{Retention, remove_what_is_over},
    settings::{self, Settings},
    surfaces::Listener,
    system::{OsEntropy, SystemClock},
};

/// How often every node looks whether another one changed something that it keeps in memory.
const REVISIONS_EVERY: Duration = Duration::from_millis(500);

/// How often the clock is compared with the database's.
const CLOCK_EVERY: Duration = Duration::from_secs(10);

/// How often it is written down what strangers did wrong and what was only counted so far.
const COUNTED_EVERY: Duration = Duration::from_secs(10);

/// How often the head of the event log is kept outside of the database.
const HEADS_EVERY: Duration = Duration::from_mins(1);

/// How often it is looked whether a head waits for a witness.
const WITNESS_EVERY: Duration = Duration::from_secs(1);

/// How often interrupted issues are looked for.
const RECOVERY_EVERY: Duration = Duration::from_secs(5);

/// How often it is looked whether anything is old enough for the archive.
const ARCHIVE_EVERY: Duration = Duration::from_mins(10);

/// How often it is looked whether what guards the rows is as it was made.
const GUARDS_EVERY: Duration = Duration::from_mins(1);

/// How often lists are renewed and what is over is removed.
const HOUSE_EVERY: Duration = Duration::from_mins(1);

/// How long tasks beside requests may take to end, however short the drain is.
const TASKS_END_WITHIN: Duration = Duration::from_secs(1);

/// This program, also when a newer one has taken its place on the disk.
const PROGRAM: &str = "/proc/self/exe";
/// With which it reads strangers' files.
const EXAMINE: &[&str] = &["examine"];

/// The demonstration has licences from the past, which need authorities that were there before them.
const DEMONSTRATION_BACKDATE_SECONDS: i64 = 10 * 366 * 86_400;

/// What the rest of the world gives the program: replaced by tests only.
#[derive(Clone)]
pub(crate) struct World {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Who reads strangers' files.
    pub examiner: Examiner,
    /// Whether the time is the world's, and the database's is the same one. In a test it may be another.
    pub is_real: bool,
}

impl Default for World {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy::new()),
            examiner: Examiner::apart(Path::new(PROGRAM), EXAMINE),
            is_real: true,
        }
    }
}

impl World {
    /// The context of an act by this actor, now.
    pub fn context(&self, actor: records::Actor) -> records::Context {
        let (at, entropy) = (self.clock.now(), Arc::clone(&self.entropy));
        records::Context { actor, at, request: None, entropy, ids: Ids::default() }
    }
}

/// The product, put together and not yet listening.
pub(crate) struct Product {
    /// What handlers reach.
    pub app: web::App,
    pub database: Database,
    /// Time and randomness.
    pub world: World,
    /// The same time, and how far this machine's own clock is from it.
    shared_clock: SharedClock,
    /// While this lives, the keys of tokens that the provider has are those of custody.
    _token_keys: Kept<usize>,
}

impl Product {
    /// What keeping heads of the log needs.
    pub(crate) fn kit(&self) -> Kit {
        Kit { database: self.database.clone(), custody: self.app.custody.clone(), world: self.world.clone() }
    }
}

/// Puts the product together, on an empty database too.
///
/// # Errors
///
/// What is missing or unsafe.
pub async fn build(settings: &Settings, world: World) -> anyhow::Result<Product> {
    // Before anything is made: what is wrong with the settings leaves nothing behind.
    foundation::check(settings)?;
    let (database, applied) = foundation::found_database(settings).await?;
    if !applied.is_empty() {
        tracing::info!(applied = applied.join(", "), "schema brought up to date");
    }
    if !settings.flag(&settings::DEMONSTRATION) {
        let is_demonstration = installation::is_demonstration(&mut database.read().await?).await?;
        ensure!(
            !is_demonstration,
            "this database is a demonstration's, whose people have passwords that everybody knows: it is served with \
             site.demonstration = true alone, and a city begins with a fresh one"
        );
    }
    let product = assemble(settings, world, database).await?;
    tell_guards(&product.database).await.context("looking at what guards the rows")?;
    replace_what_ended(&product).await;
    Keeper::new(settings)?.look_back(&product).await.context("looking at the kept heads of the event log")?;
    Ok(product)
}

/// Says which guards of the rows are not as the migrations made them. It is served all the same: whoever took one away could
/// close the city's doors otherwise, and whatever he changes an audit names.
async fn tell_guards(database: &Database) -> Result<(), Fault> {
    for wrong in guards::look(database).await? {
        tracing::error!("{wrong}: somebody changed the schema past the product, and `guosuo audit` says more");
    }
    Ok(())
}

/// Replaces keys and seals that ended while nothing ran, before anybody asks for them. What cannot be is no reason to serve
/// nothing.
pub async fn replace_what_ended(product: &Product) {
    let context = product.world.context(Actor::Job("calendar"));
    if let Err(error) = seal::calendar::turn(&product.database, &product.app.custody, &context).await {
        tracing::error!(%error, "a key or a seal that ends was not replaced");
    }
}

/// Puts the product together on a database that was set up before, for commands beside a server.
///
/// # Errors
///
/// What is missing or unsafe.
pub async fn find(settings: &Settings, world: World) -> anyhow::Result<Product> {
    foundation::check(settings)?;
    let database = foundation::find_database(settings).await?;
    assemble(settings, world, database).await
}

async fn assemble(settings: &Settings, world: World, database: Database) -> anyhow::Result<Product> {
    let shared_clock = SharedClock::new(Arc::clone(&world.clock));
    if world.is_real {
        foundation::compare_clocks(&shared_clock, &database).await?;
    }
    let world = World { clock: Arc::new(shared_clock.clone()), ..world };
    let public_url = foundation::public_url(settings)?;
    let trusted_proxies = foundation::trusted_proxies(settings)?;
    let envelope = foundation::envelope_key(settings, &database, &*world.entropy).await?;
    let cores = match settings.integer(&settings::PASSWORD_CHECKS) {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        number => usize::try_from(number)?,
    };
    let wait = Duration::from_millis(settings.integer(&settings::PASSWORD_WAIT_MS).unsigned_abs());
    let custody = Custody::open(
        &database,
        CustodySettings {
            folder: foundation::keys_folder(settings),
            root_folder: foundation::root_key_folder(settings),
            envelope,
            organisation: settings.text(&settings::SITE_ORGANISATION).to_owned(),
            crl_url: format!("{public_url}/crl/"),
            backdate_seconds: if settings.flag(&settings::DEMONSTRATION) { DEMONSTRATION_BACKDATE_SECONDS } else { 0 },
        },
    )
    .await
    .context("opening the keys")?;
    let derivation = custody.derivation().await.context("opening the keys")?;
    // Before anything is written down.
    let log_key = LogKey::new(derived_key(&derivation, "log"));
    let was_protected = !kept_heads::files(&kept_heads::folder(settings))?.is_empty();
    records::protect(&database, log_key, was_protected).await.context("giving the event log its key")?;
    let older = records::mark_older(&database, &world.context(Actor::Job("marks"))).await;
    match older.context("marking the rows of an older version")? {
        0 => {}
        rows => tracing::info!(rows, "rows of an older version were marked"),
    }
    name_keys::fill(&database).await.context("giving names of an older version their keys")?;
    custody.ensure(world.context(Actor::Job("keys"))).await.context("making the keys that are missing")?;
    let provider = Provider::new(&ProviderSettings {
        issuer_url: public_url.clone(),
        server_key: Secret::new(derived_key(&derivation, "oidc")),
        uri_policy: uri_policy(settings, &database).await?,
    })?;
    let token_keys = kept_token_keys(&custody, &provider, &world.clock);
    let library = open_library(settings, &custody, &derivation, &public_url)?;
    // After custody, which keeps itself: each is refreshed after what it is made from.
    database.keep(&token_keys);
    provider.keep(&database);
    library.keep(&database);
    install_types(&database, &world).await.context("the licence types")?;
    // What was read before the log had its key here was not looked at.
    database.reload_kept().await?;
    let app = web::App::new(Parts {
        database: database.clone(),
        clock: Arc::clone(&world.clock),
        entropy: Arc::clone(&world.entropy),
        settings: web::kit::app::Settings {
            public_url,
            trusted_proxies,
            metrics_token: foundation::metrics_token(settings)?,
            backup_late_days: settings.integer(&settings::BACKUP_LATE_DAYS),
            site: Site {
                city: Text::new(settings.text(&settings::CITY_ZH), settings.text(&settings::CITY_EN)),
                organisation: organisation(settings),
                phone: settings.text(&settings::SITE_PHONE).to_owned(),
                icp: settings.text(&settings::SITE_ICP).to_owned(),
                police_filing: settings.text(&settings::SITE_POLICE_FILING).to_owned(),
                demonstration: settings.flag(&settings::DEMONSTRATION),
            },
        },
        key: Secret::new(derived_key(&derivation, "pages")),
        vault: Vault::new(&derived_key(&derivation, "identity")),
        gate: PasswordGate::new(cores, wait),
        session_limits: identity::session::Limits {
            idle_seconds: settings.integer(&settings::SESSION_IDLE_MINUTES) * 60,
            absolute_seconds: settings.integer(&settings::SESSION_ABSOLUTE_HOURS) * 3600,
        },
        custody,
        provider,
        examiner: world.examiner.clone(),
        library,
        health: Health::default(),
        shared: Shared::default(),
    });
    Ok(Product { app, database, world, shared_clock, _token_keys: token_keys })
}

/// Which addresses applications may be registered with. Those of a demonstration are on this machine, whoever asks.
async fn uri_policy(settings: &Settings, database: &Database) -> anyhow::Result<UriPolicy> {
    let is_demonstration =
        settings.flag(&settings::DEMONSTRATION) || installation::is_demonstration(&mut database.read().await?).await?;
    Ok(UriPolicy {
        loopback_allowed: is_demonstration || settings.flag(&settings::LOOPBACK_CLIENTS),
        extranet: foundation::extranet(settings)?,
    })
}

/// Who is responsible for the site, in both languages.
fn organisation(settings: &Settings) -> Text {
    let (zh, en) = (settings.text(&settings::SITE_ORGANISATION), settings.text(&settings::SITE_ORGANISATION_EN));
    Text::new(zh, if en.is_empty() { zh } else { en })
}

/// Where licences are kept: fonts, seals, the keys that contents are sealed under at rest.
fn open_library(
    settings: &Settings,
    custody: &Custody,
    derivation: &Secret<[u8; 32]>,
    public_url: &str,
) -> anyhow::Result<Library> {
    let fonts = foundation::open_fonts(settings)?;
    Ok(Library::new(licence::library::Parts {
        key: Secret::new(derived_key(derivation, "licences")),
        vault: Vault::new(&derived_key(derivation, "identity")),
        cabinet: Cabinet::new(custody.clone(), fonts.clone()),
        fonts,
        public_url: public_url.to_owned(),
    }))
}

/// Puts the built-in licence types into a new catalogue.
async fn install_types(database: &Database, world: &World) -> anyhow::Result<()> {
    let mut work = database.begin(world.context(Actor::Job("licence.types"))).await?;
    licence::built_in::install(&mut work).await?;
    Ok(work.commit().await?)
}

/// Gives the provider the keys that custody has for tokens, now and whenever they change.
fn kept_token_keys(custody: &Custody, provider: &Provider, clock: &Arc<dyn Clock>) -> Kept<usize> {
    let (custody, provider, clock) = (custody.clone(), provider.clone(), Arc::clone(clock));
    Kept::new(&[pki::REVISION], 0, move |_| {
        let keys = token_keys(&custody, clock.now());
        let count = keys.len();
        let set = provider.set_keys(keys);
        Box::pin(async move { set.map(|()| count) })
    })
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
            Some(TokenKey { kid, purpose: key_use, state, key: signer.key.clone() })
        })
    });
    keys.collect()
}

/// The running product.
pub struct Running {
    pub product: Product,
    keeper: Keeper,
    stop: watch::Sender<bool>,
    leave: Duration,
    drain: Duration,
    beside: Beside,
    servers: Vec<Server>,
}

/// Starts answering and the tasks beside requests.
///
/// # Errors
///
/// Another system's certificates that cannot be read.
pub fn start(settings: &Settings, product: Product, listeners: Vec<Listener>) -> anyhow::Result<Running> {
    let (stop, stopped) = watch::channel(false);
    let health = &product.app.health;
    let mut beside = Beside::new(health.clone(), stopped.clone());
    beside.sequence(&product.database);
    let reach = Reach::Registered(product.app.provider.uri_policy().clone());
    let outside = Outside::new(reach, foundation::extra_roots(settings)?)?;
    let runner = QueueRunner { app: product.app.clone(), world: product.world.clone(), outside };
    beside.queue(&product.database, &product.world.clock, &product.world.entropy, runner);
    watch_revisions(&mut beside, &product.database);
    watch_clock(&mut beside, &product);
    watch_guards(&mut beside, &product);
    let keeper = Keeper::new(settings)?;
    keep_heads(&mut beside, &product, &keeper);
    tell_witness(&mut beside, &product, &keeper);
    tell_counted(&mut beside, &product);
    keep_house(&mut beside, &product, Retention::of(settings));
    if settings.flag(&settings::ARCHIVE_BY_SERVER) {
        keep_archive(&mut beside, Archive::new(settings, &product));
    }
    let seconds = |setting| Duration::from_secs(settings.integer(setting).unsigned_abs());
    let (leave, drain) = (seconds(&settings::LEAVE_SECONDS), seconds(&settings::DRAIN_SECONDS));
    let connections = usize::try_from(settings.integer(&settings::DATABASE_CONNECTIONS))?;
    let places = Arc::new(Places::new(connections, product.app.settings.trusted_proxies.clone()));
    let servers = listeners.into_iter().map(|Listener { socket, surfaces }| {
        let router = web::router(product.app.clone(), &surfaces);
        Server::start(socket, router, &places, health, &stopped)
    });
    let servers = servers.collect();
    Ok(Running { product, keeper, stop, leave, drain, beside, servers })
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
fn watch_revisions(beside: &mut Beside, database: &Database) {
    let database = database.clone();
    beside.repeat("revisions", Rhythm::every(REVISIONS_EVERY).needed(), move || {
        let database = database.clone();
        async move { database.refresh_kept().await.map(|()| false) }
    });
}

/// The clock is compared with the database's now and then. One that went wrong is said once, and when it is right again.
fn watch_clock(beside: &mut Beside, product: &Product) {
    let (clock, database) = (product.shared_clock.clone(), product.database.clone());
    let was_wrong = Arc::new(AtomicBool::new(false));
    beside.repeat("clock", Rhythm::every(CLOCK_EVERY), move || {
        let (clock, database, was_wrong) = (clock.clone(), database.clone(), Arc::clone(&was_wrong));
        async move {
            let wrong = foundation::too_far(clock.compare(&database).await?);
            match (was_wrong.swap(wrong.is_some(), Ordering::Relaxed), wrong) {
                (false, Some(wrong)) => tracing::error!("{wrong}; until then this node goes by the database's"),
                (true, None) => tracing::info!("this machine's clock and the database's agree again"),
                _ => {}
            }
            Ok(false)
        }
    });
}

/// What strangers did wrong is written down when its minute is over.
fn tell_counted(beside: &mut Beside, product: &Product) {
    let (app, world) = (product.app.clone(), product.world.clone());
    beside.repeat("counted", Rhythm::every(COUNTED_EVERY), move || {
        let (app, world) = (app.clone(), world.clone());
        async move {
            let context = world.context(Actor::Anonymous);
            app.provider.tell_counted(&app.database, &context, false).await.map(|()| false)
        }
    });
}

/// The head of the log is kept outside, at once and each minute.
fn keep_heads(beside: &mut Beside, product: &Product, keeper: &Keeper) {
    let (keeper, kit) = (keeper.clone(), product.kit());
    beside.repeat("heads", Rhythm::signing_every(HEADS_EVERY), move || {
        let (keeper, kit) = (keeper.clone(), kit.clone());
        async move { keeper.keep(&kit).await.map(|()| false) }
    });
}

/// A witness hears of the heads that were kept, if there is one. It holds up nobody that does not answer.
fn tell_witness(beside: &mut Beside, product: &Product, keeper: &Keeper) {
    let (Some(witness), clock) = (keeper.witness().cloned(), Arc::clone(&product.world.clock)) else { return };
    beside.repeat("witness", Rhythm::every(WITNESS_EVERY), move || {
        let (witness, clock) = (witness.clone(), Arc::clone(&clock));
        async move { witness.turn(&*clock).await.map(|()| false) }
    });
}

/// What has to be done now and then: interrupted issues finished, lists renewed, what is over removed.
fn keep_house(beside: &mut Beside, product: &Product, kept: Retention) {
    let (app, world) = (product.app.clone(), product.world.clone());
    let recovery = Rhythm::signing_every(RECOVERY_EVERY);
    beside.repeat("recovery", recovery, move || {
        let (app, world) = (app.clone(), world.clone());
        async move {
            let context = world.context(Actor::Job("licence.recover"));
            let recovered =
                licence::issue::recover(&app.database, &app.library, &context).await.map_err(Fault::broken)?;
            if recovered != licence::issue::Recovered::default() {
                let licence::issue::Recovered { finished, voided, left } = recovered;
                tracing::info!(finished, voided, left, "interrupted issues");
            }
            Ok(false)
        }
    });
    let (app, world) = (product.app.clone(), product.world.clone());
    let house = Rhythm::signing_every(HOUSE_EVERY);
    beside.repeat("house", house, move || {
        let (app, world) = (app.clone(), world.clone());
        async move {
            let at = world.clock.now();
            let context = world.context(Actor::Job("calendar"));
            let turned = seal::calendar::turn(&app.database, &app.custody, &context).await;
            let removed = remove_what_is_over(&app.database, &kept, at).await;
            let keyed = name_keys::fill(&app.database).await;
            // What cannot be replaced keeps nothing from being removed.
            turned.map_err(Fault::broken)?;
            keyed?;
            removed.map(|()| false)
        }
    });
}

/// What guards the rows is looked at now and then, for whoever owns the database can take it away at any time.
fn watch_guards(beside: &mut Beside, product: &Product) {
    let database = product.database.clone();
    beside.repeat("guards", Rhythm::every(GUARDS_EVERY), move || {
        let database = database.clone();
        async move {
            let wrong = guards::look(&database).await?;
            if wrong.is_empty() { Ok(false) } else { Err(Fault::broken(wrong.join("; "))) }
        }
    });
}

/// What is older than it has to be at hand goes into files, one in a turn.
fn keep_archive(beside: &mut Beside, archive: Archive) {
    let archive = Arc::new(archive);
    beside.repeat("archive", Rhythm::signing_every(ARCHIVE_EVERY), move || {
        let archive = Arc::clone(&archive);
        async move {
            let turned = archive.turn().await?;
            turned.failed.map_or(Ok(turned.is_more), Err)
        }
    });
}

impl Running {
    /// Says that this node leaves and lets its place be taken, then finishes running requests and tasks, then closes the
    /// database. It takes no longer than the settings allow.
    pub async fn stop(self) {
        self.product.app.health.leave();
        tokio::time::sleep(self.leave).await;
        let until = tokio::time::Instant::now() + self.drain.max(TASKS_END_WITHIN);
        let _ = self.stop.send(true);
        self.product.database.hurry();
        let mut stopping: JoinSet<()> = self.servers.into_iter().map(|server| server.stop(self.drain)).collect();
        while stopping.join_next().await.is_some() {}
        if tokio::time::timeout_at(until, self.beside.finish()).await.is_err() {
            // What a task had not committed is undone, and a job is taken up again when its lease is over.
            tracing::warn!("a task beside requests was cut off");
        }
        // What was counted, and what requests wrote at the end, is kept too, as far as there is time.
        let Product { app, database, world, .. } = &self.product;
        let last = async {
            app.provider.tell_counted(database, &world.context(Actor::Anonymous), true).await?;
            self.keeper.keep(&self.product.kit()).await?;
            match self.keeper.witness() {
                Some(witness) => witness.turn(&*world.clock).await,
                None => Ok(()),
            }
        };
        if let Ok(Err(fault)) = tokio::time::timeout(TASKS_END_WITHIN, last).await {
            tracing::warn!(%fault, "the last head of the event log was not kept");
        }
        self.product.database.close().await;
    }
}

/// The operator's wish that the program stop: SIGTERM, or Ctrl-C.
#[derive(Debug)]
pub struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    /// Listens from now on: a signal that comes before anyone waits for it is not lost.
    ///
    /// # Errors
    ///
    /// A signal handler that cannot be installed.
    pub fn listen() -> anyhow::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for it.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{Request, StatusCode, header},
    };
    use oidc::events::ClientRefused;
    use tower::ServiceExt;
    use web::kit::access::Surface;

    use super::*;
    use crate::{
        commands::doctor::{self, Depth},
        testing::City,
    };

    #[tokio::test]
    async fn a_node_whose_log_can_be_numbered_no_more_is_not_ready_and_doctor_says_why() {
        let mut city = City::found().await;
        city.settings.set("leave_seconds", "0").unwrap();
        let product = city.start().await;
        let router = web::router(product.app.clone(), &Surface::ALL);
        let database = product.database.clone();
        let running = start(&city.settings, product, Vec::new()).unwrap();
        // A turn that was under way writes the head once more: it is changed until that is seen.
        let stands = async |status: StatusCode, set: &str| {
            let all = async {
                let ask = || Request::get("/healthz").body(Body::empty()).unwrap();
                while router.clone().oneshot(ask()).await.unwrap().status() != status {
                    records::testing::change_head(&database, set).await.unwrap();
                }
            };
            tokio::time::timeout(Duration::from_mins(1), all).await.unwrap_or_else(|_| panic!("it is never {status}"));
        };
        stands(StatusCode::OK, "mac = mac").await;
        stands(StatusCode::SERVICE_UNAVAILABLE, "mac = 'x' || replace(mac, 'x', '')").await;
        let said = doctor::look(&city.settings, &city.world, Depth::Quick).await.unwrap().text;
        assert!(said.contains("WRONG numbering: broken: the head of the event log was changed"), "{said}");
        stands(StatusCode::OK, "mac = replace(mac, 'x', '')").await;
        let said = doctor::look(&city.settings, &city.world, Depth::Quick).await.unwrap().text;
        assert!(said.contains("numbering: every event has its number"), "{said}");
        running.stop().await;
    }

    #[tokio::test]
    async fn wrong_secrets_are_told_with_their_number_when_their_minute_is_over() {
        let mut city = City::found().await;
        // Nobody else is to take its place.
        city.settings.set("leave_seconds", "0").unwrap();
        let product = city.start().await;
        let router = web::router(product.app.clone(), &Surface::ALL);
        for _ in 0..4 {
            let form = "grant_type=client_credentials&client_id=nobody&client_secret=wrong";
            let request = Request::post("/token").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let answer = router.clone().oneshot(request.body(Body::from(form)).unwrap()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        }
        let database = product.database.clone();
        let told = async || {
            let told = records::testing::told::<ClientRefused>(&database).await.unwrap();
            let mut counts: Vec<_> = told.into_iter().filter_map(|one| one.count).collect();
            counts.sort_unstable();
            counts
        };
        assert_eq!(told().await, [1], "the first at once, the others later");
        city.seconds_later(60);
        let running = start(&city.settings, product, Vec::new()).unwrap();
        let all = async {
            while told().await != [1, 3] {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), all).await.expect("nobody tells what was counted");
        running.stop().await;
    }
}
