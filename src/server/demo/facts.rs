//! What a script is told about the city, and what is printed for people.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context;
use base::{Text, id::LicenceId};
use licence::register;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::relying_parties::{self, RelyingParty, RelyingPartyPorts};
use crate::wiring::Product;

/// The file that keeps the facts between starts. It holds passwords and secrets of invented people.
const KEPT: &str = "city.json";

/// Somebody who can sign in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountFacts {
    /// What is typed.
    pub username: String,
    /// What is typed after it.
    pub password: String,
    /// Who it is.
    pub name: String,
    /// What the person may do as a member of staff; empty for citizens.
    pub roles: Vec<String>,
    /// The number of the person's identity card.
    pub identity_number: String,
}

/// A registered application.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientFacts {
    /// Its identifier.
    pub client_id: String,
    pub client_secret: Option<String>,
    /// How it gets tokens.
    pub grants: Vec<String>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// Where it wants its answers.
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub id_token_signed_response_alg: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LicenceFacts {
    /// Our identifier.
    pub id: String,
    /// 证照标识.
    pub identifier: String,
    /// The national code of its type.
    #[serde(rename = "type")]
    pub type_code: String,
    /// The digits of its QR.
    pub code: String,
    /// Where its document is, in the folder.
    pub pdf_path: PathBuf,
}

/// What is kept between starts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CityFacts {
    /// Staff first.
    pub accounts: Vec<AccountFacts>,
    /// The relying parties first.
    pub clients: Vec<ClientFacts>,
    /// In the order of issue.
    pub licences: Vec<LicenceFacts>,
    /// A body that `POST /api/v1/licences` accepts.
    pub issue_example: Value,
}

impl CityFacts {
    /// The city kept in a folder.
    pub fn kept(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = folder.join(KEPT);
        match std::fs::read(&path) {
            Ok(bytes) => {
                Ok(Some(serde_json::from_slice(&bytes).with_context(|| format!("reading {}", path.display()))?))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// Keeps the city in a folder.
    pub fn keep(&self, folder: &Path) -> anyhow::Result<()> {
        write_private(&folder.join(KEPT), &serde_json::to_vec_pretty(self)?)
    }
}

/// Everything about the running city.
#[derive(Clone, Debug)]
pub struct DemoFacts {
    city: CityFacts,
    issuer: String,
    apps: Vec<(Text, String)>,
    statuses: Vec<&'static str>,
    trust_roots_pem: String,
}

impl DemoFacts {
    /// What is kept of the city.
    #[cfg(test)]
    pub fn city(&self) -> &CityFacts {
        &self.city
    }

    /// Puts together what is kept and what depends on this start: addresses, and how each licence stands now.
    pub async fn gather(product: &Product, ports: &RelyingPartyPorts, city: CityFacts) -> anyhow::Result<Self> {
        let at = product.world.clock.now();
        let mut tx = product.database.read().await?;
        let mut statuses = Vec::new();
        for facts in &city.licences {
            let found = register::by_id(&mut tx, &LicenceId::parse(&facts.id)?).await?;
            let found = found.context("the city of this folder is in another database")?;
            statuses.push(found.standing(at).context("a licence of the city was never issued")?.as_str());
        }
        let apps = ports
            .all()
            .iter()
            .filter_map(|place| Some((relying_parties::relying_party(&place.key)?.name.clone(), place.url())))
            .collect();
        Ok(Self {
            city,
            issuer: product.app.settings.public_url.clone(),
            apps,
            statuses,
            trust_roots_pem: product.app.custody.roots_pem(),
        })
    }

    /// The registration of a relying party.
    pub fn relying_party(&self, key: &str) -> Option<RelyingParty> {
        let known = relying_parties::relying_party(key)?;
        let registered = self.city.clients.iter().find(|client| client.client_id == known.client_id)?;
        let scopes = registered.scopes.iter().filter(|scope| *scope != oidc::scope::OPENID).cloned().collect();
        Some(RelyingParty {
            name: known.name.clone(),
            client_id: registered.client_id.clone(),
            client_secret: registered.client_secret.clone(),
            scopes,
        })
    }

    /// Writes the file that a script waits for, whole or not at all.
    ///
    /// # Errors
    ///
    /// A folder that cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        write_private(path, &serde_json::to_vec_pretty(&self.json(path.parent().unwrap_or(Path::new("."))))?)
    }

    fn json(&self, folder: &Path) -> Value {
        let issuer = &self.issuer;
        let licences: Vec<Value> = self
            .city
            .licences
            .iter()
            .zip(&self.statuses)
            .map(|(facts, status)| {
                json!({
                    "id": facts.id, "identifier": facts.identifier, "type": facts.type_code, "status": status,
                    "code": facts.code, "pdf_url": format!("{issuer}/api/v1/licences/{}/file.pdf", facts.id),
                    "pdf_path": folder.join(&facts.pdf_path),
                })
            })
            .collect();
        let apps: Vec<Value> = self.apps.iter().map(|(name, url)| json!({ "name": name.zh, "url": url })).collect();
        json!({
            "issuer": issuer,
            "urls": {
                "me": format!("{issuer}/me"),
                "console": format!("{issuer}/console"),
                "desk": format!("{issuer}/desk"),
                "public": format!("{issuer}/"),
                "api": format!("{issuer}/api"),
            },
            "apps": apps,
            "accounts": self.city.accounts,
            "clients": self.city.clients,
            "licences": licences,
            "issue_example": self.city.issue_example,
            "trust_roots_pem": self.trust_roots_pem,
        })
    }

    /// What to open and whose password to use.
    pub fn page(&self, folder: &Path) -> String {
        let mut page = String::new();
        let mut line = |text: &str| {
            // Writing into a text does not fail.
            let _ = writeln!(page, "{text}");
        };
        let issuer = &self.issuer;
        line("");
        line("过所已启动：滨江市（虚构）。按 Ctrl-C 停止。");
        line("Guosuo runs with an invented city. Ctrl-C stops it.");
        line("");
        for (name, url) in &self.apps {
            line(&format!("  {url:<38} {}  {}", name.zh, name.en));
        }
        for (path, zh, en) in [
            ("/me", "我的证照", "my licences"),
            ("/console", "工作台：申请、审核、签发", "console: apply, review, issue"),
            ("/desk", "核验窗口", "counter desk"),
            (
                "/operator/people",
                "运维：人员、应用、单位、密钥",
                "operators: people, applications, organisations, keys",
            ),
            ("/audit", "审计", "audit"),
            ("/", "公众核验", "public verification"),
            ("/api", "接口说明", "API"),
        ] {
            line(&format!("  {:<38} {zh}  {en}", format!("{issuer}{path}")));
        }
        line("");
        line(&format!("  所有账号的密码 / every password: {}", super::names::PASSWORD));
        let citizen = self.city.accounts.iter().find(|account| account.roles.is_empty());
        let staff = ["clerk", "reviewer", "counter", "counter-2", "keeper", "auditor", "operator", "operator-2"]
            .into_iter()
            .filter_map(|name| self.city.accounts.iter().find(|account| account.username == name));
        for account in citizen.into_iter().chain(staff) {
            let roles = if account.roles.is_empty() { "市民 citizen".to_owned() } else { account.roles.join(", ") };
            // What a counter clerk types who looks for a citizen (README, step 7).
            let number = if account.roles.is_empty() { account.identity_number.as_str() } else { "" };
            line(format!("  {:<14} {}  {roles}  {number}", account.username, account.name).trim_end());
        }
        line("");
        line(&format!("  {}", folder.join("demo.json").display()));
        line("");
        line("  在这座城市上运行命令 / commands on this city:");
        line(&format!("  guosuo audit --set data_folder={}", folder.display()));
        line("");
        page
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    records::disk::write(path, [bytes]).with_context(|| format!("writing {}", path.display()))
}
