//! The relying parties: who they are, and where they listen.

use std::path::Path;

use anyhow::Context;
use base::Text;
use oidc::client::Consent;
use records::disk;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// Where one relying party listens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Port {
    /// `property`, `social` or `portal`.
    pub key: String,
    /// The loopback port, kept for the next start because the registered addresses name it.
    pub port: u16,
}

impl Port {
    /// What it listens on.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How a browser reaches it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }
}

/// Where the relying parties listen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RelyingPartyPorts(Vec<Port>);

impl RelyingPartyPorts {
    /// The ports kept in the folder, or three free ports, which are then kept.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read or written.
    pub async fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("places.json");
        if path.exists() {
            let bytes = std::fs::read(&path)?;
            return serde_json::from_slice(&bytes).with_context(|| format!("reading {}", path.display()));
        }
        let mut ports = Vec::new();
        // All are held until the last one is found, so that they differ.
        let mut held = Vec::new();
        for key in ["property", "social", "portal"] {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            ports.push(Port { key: key.to_owned(), port: listener.local_addr()?.port() });
            held.push(listener);
        }
        let ports = Self(ports);
        disk::write(&path, [serde_json::to_vec(&ports)?.as_slice()])?;
        Ok(ports)
    }

    /// All of them.
    pub fn all(&self) -> &[Port] {
        &self.0
    }
}

/// A registered relying party of the demonstration.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    pub name: Text,
    /// Its identifier at the provider.
    pub client_id: String,
    pub client_secret: Option<String>,
    /// What it asks for besides `openid`.
    pub scopes: Vec<String>,
}

/// What is known of a relying party before it is registered.
pub struct KnownParty {
    /// The key of its place.
    pub key: &'static str,
    /// Its identifier.
    pub client_id: &'static str,
    pub name: Text,
    pub(super) purpose: Text,
    pub(super) department: &'static str,
    pub(super) scopes: &'static str,
    pub(super) consent: Consent,
    pub(super) identity_number_approved: bool,
}

static PARTIES: [KnownParty; 3] = [
    KnownParty {
        key: "property",
        client_id: "property",
        name: Text::fixed("不动产登记网上办", "Property registration online"),
        purpose: Text::fixed("办理不动产登记，需要核对申请人身份", "To register property it must know who applies"),
        department: "land",
        scopes: "openid profile phone address identity_number",
        consent: Consent::Ask,
        identity_number_approved: true,
    },
    KnownParty {
        key: "social",
        client_id: "social",
        name: Text::fixed("社保网上办", "Social insurance online"),
        purpose: Text::fixed("查询和办理社会保险业务", "To look up and settle social insurance"),
        department: "social",
        scopes: "openid profile phone",
        consent: Consent::Implied,
        identity_number_approved: false,
    },
    KnownParty {
        key: "portal",
        client_id: "portal",
        name: Text::fixed("滨江市民门户", "Binjiang citizen portal"),
        purpose: Text::fixed("汇集个人和企业可以办理的事项", "To gather what people and companies can do"),
        department: "service",
        scopes: "openid profile email phone org",
        consent: Consent::Implied,
        identity_number_approved: false,
    },
];

/// The relying party at a place.
pub fn relying_party(key: &str) -> Option<&'static KnownParty> {
    PARTIES.iter().find(|party| party.key == key)
}
