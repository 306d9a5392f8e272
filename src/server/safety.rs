//! What works and is unsafe all the same: told by `doctor`, each with what to do.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use base::{Fault, ListPage};
use ipnet::IpNet;
use oidc::client::{self, ClientId};
use records::{Database, installation};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    archive, foundation,
    report::Report,
    settings::{self, SettingKind, Settings},
};

/// A network of trusted proxies is no larger than this: prefixes of IPv4 and IPv6.
const PREFIX_MIN: (u8, u8) = (8, 32);

/// Lets no core of this process be written: keys and passwords would be in it.
pub fn leave_no_core() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // Refusing it is nothing that a program under a strict supervisor should end for; `doctor` tells.
    let _ = setrlimit(Resource::Core, none);
}

/// Looks at what needs no database.
pub(crate) fn look(settings: &Settings, report: &mut Report) {
    if let Ok(networks) = foundation::trusted_proxies(settings) {
        for network in networks.iter().filter(|network| is_everybody(network)) {
            let wrong = format!("trusted_proxies has {network}: whoever is in it says where a request comes from");
            report.line("safety", Err(wrong));
        }
    }
    // What cannot be used is told by who opens it.
    let way = foundation::database_settings(settings).map(|found| found.is_safe_on_the_way());
    if let Ok(Ok(false)) = way {
        let wrong = "the way to PostgreSQL is not proven by a certificate: sslmode=verify-full in the URL";
        report.line("safety", Err(wrong.to_owned()));
    }
    if settings.flag(&settings::LOOPBACK_CLIENTS) && !settings.flag(&settings::DEMONSTRATION) {
        let wrong = "oidc.loopback_clients_allowed is on: it is for demonstrations and tests only";
        report.line("safety", Err(wrong.to_owned()));
    }
    if getrlimit(Resource::Core).current != Some(0) {
        let wrong = "a core with keys in it would be written when the program dies: LimitCORE=0 in its unit";
        report.line("safety", Err(wrong.to_owned()));
    }
    for path in private_paths(settings) {
        let Some(mode) = mode_of(&path).filter(|mode| mode & 0o077 != 0) else { continue };
        let chmod = if path.is_dir() { "700" } else { "600" };
        let wrong = format!("{} is open to others (mode {mode:04o}): `chmod {chmod} {0}`", path.display());
        report.line("safety", Err(wrong));
    }
}

/// Looks at what is in the database.
///
/// # Errors
///
/// When it is out of reach.
pub(crate) async fn look_inside(settings: &Settings, database: &Database, report: &mut Report) -> Result<(), Fault> {
    let is_demonstration = installation::is_demonstration(&mut database.read().await?).await?;
    if is_demonstration && !settings.flag(&settings::DEMONSTRATION) {
        let wrong = "the database is a demonstration's, and `serve` refuses it: a city begins with a fresh one";
        report.line("safety", Err(wrong.to_owned()));
    }
    if is_demonstration {
        return Ok(());
    }
    let mut page = ListPage::first(ListPage::<ClientId>::LIMIT_MAX);
    loop {
        let clients = client::list(&mut database.read().await?, &page).await?;
        for client in clients.items.iter().filter(|client| client.enabled && client.is_on_this_machine()) {
            let id = client.client_id.as_str();
            let wrong = format!(
                "the application {id} is sent to the machine that asks: `guosuo client disable {id} --reason TEXT`"
            );
            report.line("safety", Err(wrong));
        }
        match clients.next {
            Some(next) => page = ListPage::after(next, page.limit),
            None => return Ok(()),
        }
    }
}

/// Whether a network is so large that anybody may be in it.
fn is_everybody(network: &IpNet) -> bool {
    match network {
        IpNet::V4(network) => network.prefix_len() < PREFIX_MIN.0,
        // All inner networks together are one of seven bits.
        IpNet::V6(network) => network.prefix_len() < PREFIX_MIN.1 && !network.network().is_unique_local(),
    }
}

/// What nobody else may look into.
fn private_paths(settings: &Settings) -> Vec<PathBuf> {
    let keys = foundation::keys_folder(settings);
    let archive = archive::folder(settings);
    let mut paths = vec![foundation::data_folder(settings), foundation::envelope_file(settings), keys.clone(), archive];
    if let Ok(found) = foundation::database_settings(settings)
        && let Some(file) = foundation::sqlite_file(found.url.expose())
    {
        paths.extend(["", "-wal", "-shm"].map(|behind| PathBuf::from(format!("{}{behind}", file.display()))));
    }
    let secrets = settings::ALL.iter().filter(|setting| setting.kind == SettingKind::SecretFile);
    paths.extend(secrets.map(|setting| settings.text(setting)).filter(|text| !text.is_empty()).map(PathBuf::from));
    let files = fs::read_dir(&keys).into_iter().flatten().flatten();
    paths.extend(files.map(|entry| entry.path()));
    paths.sort();
    paths.dedup();
    paths
}

fn mode_of(path: &Path) -> Option<u32> {
    Some(fs::metadata(path).ok()?.mode() & 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_in_which_anybody_may_be_is_no_proxy_of_ours() {
        let check = |text: &str, everybody| assert_eq!(is_everybody(&text.parse().unwrap()), everybody, "{text}");
        check("0.0.0.0/0", true);
        check("0.0.0.0/1", true);
        check("10.0.0.0/8", false);
        check("127.0.0.1/32", false);
        check("::/0", true);
        check("2000::/3", true);
        check("2001:db8::/32", false);
        check("fd00::/8", false);
    }
}
