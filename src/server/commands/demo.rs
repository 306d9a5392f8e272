//! `demo`: the whole product on this machine with a seeded city.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use departments::{DepartmentConfig, OtherDepartment, Theme};
use records::disk;
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};
use web::kit::access::Surface;

use crate::{
    demo::{self, RelyingPartyPorts},
    foundation,
    settings::{self, Settings},
    surfaces::Listener,
    wiring::{self, StopSignal, World},
};

/// How long a relying party may take to listen.
const DEPARTMENT_TIMEOUT: Duration = Duration::from_secs(20);

/// Where and how.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder that keeps everything for the next start; without it a temporary one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The port to listen on, instead of what the setting `listen` says; 0 takes any that is free.
    #[arg(long)]
    port: Option<u16>,
    /// Where browsers reach the product, when that is not the port itself.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// PostgreSQL instead of SQLite in the data folder: `postgres://…`.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Seeds a city if there is none yet, starts everything, prints what to open, serves until asked to stop.
///
/// # Errors
///
/// A port in use, a database that cannot be opened, a folder of another database.
pub async fn run(mut settings: Settings, arguments: Arguments) -> anyhow::Result<()> {
    let world = World::default();
    let folder = match arguments.data {
        Some(folder) => folder,
        None => std::env::temp_dir().join(format!("guosuo-demo-{}", crypto::digest::hex(&world.entropy.bytes::<6>()))),
    };
    demo::check_folder(&folder)?;
    foundation::make_private_folder(&folder)?;
    let folder = folder.canonicalize()?;
    // Before the port is taken and the facts of the other one are removed.
    let taken = format!("a demonstration is running in {} already", folder.display());
    let _demonstration = foundation::hold(&folder.join(demo::LOCK), &taken)?;
    let configured = settings.text(&settings::LISTEN);
    let listen = arguments.port.map_or_else(|| configured.to_owned(), |port| format!("127.0.0.1:{port}"));
    let listener =
        TcpListener::bind(&listen).await.with_context(|| format!("{listen} cannot be used; try --port 0"))?;
    let facts_file = folder.join("demo.json");
    // A script waits for this file: one from an earlier run must not be taken for ready.
    let _ = std::fs::remove_file(&facts_file);
    let address = listener.local_addr()?;
    let public_url = arguments.public_url.unwrap_or_else(|| format!("http://{address}"));
    settings.set("data_folder", &folder.display().to_string())?;
    settings.set("listen", &address.to_string())?;
    settings.set("public_url", &public_url)?;
    settings.set("site.demonstration", "true")?;
    // Nobody stands in front who would have to be told.
    settings.set("leave_seconds", "0")?;
    if let Some(database) = arguments.database {
        settings.set("database.url", &database)?;
    }
    demo::check_database(&settings, &folder).await?;
    let _alone = foundation::alone(&settings)?;
    let product = wiring::build(&settings, world.clone()).await?;
    let ports = RelyingPartyPorts::in_folder(&folder).await?;
    let facts = demo::seed(&product, &folder, &ports).await.context("seeding the city")?;
    let mut signal = StopSignal::listen()?;
    let running =
        wiring::start(&settings, product, vec![Listener { socket: listener, surfaces: Surface::ALL.to_vec() }])?;
    let mut children = Vec::new();
    let (issuer, roots) = (foundation::public_url(&settings)?, foundation::extra_roots_file(&settings));
    for config in department_configs(&facts, &ports, &issuer, roots.as_deref()) {
        children.push(start_department(&folder, &config).await?);
    }
    facts.write(&facts_file)?;
    super::print(&facts.page(&folder))?;
    let ended = tokio::select! {
        () = signal.asked() => Ok(()),
        ended = any_child_ended(&mut children) => Err(ended),
    };
    let _ = std::fs::remove_file(&facts_file);
    for child in &mut children {
        let _ = child.start_kill();
        let _ = child.wait().await;
    }
    tokio::select! {
        () = running.stop() => ended,
        () = signal.asked() => bail!("asked to stop a second time: running requests were cut off"),
    }
}

fn department_configs(
    facts: &demo::DemoFacts,
    ports: &RelyingPartyPorts,
    issuer: &str,
    extra_roots: Option<&Path>,
) -> Vec<DepartmentConfig> {
    let all: Vec<_> = ports.all().iter().filter_map(|place| Some((place, facts.relying_party(&place.key)?))).collect();
    all.iter()
        .map(|(place, registered)| DepartmentConfig {
            key: place.key.clone(),
            name: registered.name.zh.clone().into_owned(),
            name_en: registered.name.en.clone().into_owned(),
            theme: match place.key.as_str() {
                "property" => Theme::Property,
                "social" => Theme::SocialInsurance,
                _ => Theme::Portal,
            },
            listen: place.address(),
            public_url: place.url(),
            issuer: issuer.to_owned(),
            client_id: registered.client_id.clone(),
            client_secret: registered.client_secret.clone(),
            extra_roots: extra_roots.map(Path::to_owned),
            scopes: registered.scopes.clone(),
            others: all
                .iter()
                .filter(|(other, _)| other.key != place.key)
                .map(|(other, registered)| OtherDepartment {
                    key: other.key.clone(),
                    name: registered.name.zh.clone().into_owned(),
                    url: other.url(),
                })
                .collect(),
        })
        .collect()
}

/// Starts one relying party as a process of its own and waits until it listens.
async fn start_department(folder: &Path, config: &DepartmentConfig) -> anyhow::Result<Child> {
    let path = folder.join(format!("department-{}.json", config.key));
    disk::write(&path, [serde_json::to_vec_pretty(config)?.as_slice()])?;
    let mut child = Command::new(std::env::current_exe()?)
        .arg("department")
        .arg(&path)
        // Its end of this pipe closes when we end, even by kill -9; then it ends too and frees its port.
        .arg("--until-input-ends")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("starting a relying party")?;
    let listening = async {
        while TcpStream::connect(&config.listen).await.is_err() {
            if let Some(status) = child.try_wait()? {
                bail!("the relying party {} ended with {status}", config.name);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    };
    tokio::time::timeout(DEPARTMENT_TIMEOUT, listening)
        .await
        .with_context(|| format!("the relying party {} does not listen", config.name))??;
    Ok(child)
}

async fn any_child_ended(children: &mut [Child]) -> anyhow::Error {
    loop {
        for child in &mut *children {
            if let Ok(Some(status)) = child.try_wait() {
                return anyhow::anyhow!("a relying party ended with {status}");
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// One relying party, until it is ended.
///
/// # Errors
///
/// A configuration that cannot be read, or an address that cannot be listened on.
pub async fn department(config: &Path, until_input_ends: bool) -> anyhow::Result<()> {
    let bytes = std::fs::read(config).with_context(|| format!("reading {}", config.display()))?;
    let running = departments::run(serde_json::from_slice(&bytes)?);
    if !until_input_ends {
        return running.await;
    }
    let (ended, end) = tokio::sync::oneshot::channel();
    // A thread of its own: the runtime would wait for a blocking read before it lets the process go.
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    });
    tokio::select! {
        outcome = running => outcome,
        _ = end => Ok(()),
    }
}
