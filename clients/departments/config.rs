//! What a department is told when it starts.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One department's application.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DepartmentConfig {
    /// A short word in lower-case letters: names the cookie, because cookies on one host are shared between ports.
    pub key: String,
    /// What the application is called, in Chinese.
    pub name: String,
    /// The same in English.
    pub name_en: String,
    /// What the application offers and how it looks.
    #[serde(default)]
    pub theme: Theme,
    /// The address to listen on, such as `127.0.0.1:8101`.
    pub listen: String,
    /// How a browser reaches it, without a slash at the end.
    pub public_url: String,
    /// The provider.
    pub issuer: String,
    /// Our registration there.
    pub client_id: String,
    /// Its secret; none for a public client.
    #[serde(default)]
    pub client_secret: Option<String>,
    /// A PEM file with the certificates of further authorities by which the provider may be known.
    #[serde(default)]
    pub extra_roots: Option<PathBuf>,
    /// What we ask for besides `openid`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// The other applications that the page leads to.
    #[serde(default)]
    pub others: Vec<OtherDepartment>,
}

/// Where else a person can go.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OtherDepartment {
    /// Its `key`: the link has the id `to-KEY`.
    pub key: String,
    pub name: String,
    /// Its address, without a slash at the end.
    pub url: String,
}

/// What an application offers.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// 滨江市民门户.
    #[default]
    Portal,
    /// 不动产登记网上办.
    Property,
    /// 社保网上办.
    SocialInsurance,
}

fn default_scopes() -> Vec<String> {
    vec!["profile".to_owned()]
}

impl DepartmentConfig {
    /// Where the provider sends the browser back to after signing in.
    pub fn redirect_uri(&self) -> String {
        format!("{}/callback", self.public_url)
    }

    /// Where the provider sends the browser back to after signing out.
    pub fn post_logout_redirect_uri(&self) -> String {
        format!("{}/signed-out", self.public_url)
    }

    /// The name of the cookie. `__Host-` needs https, which a loopback demonstration does not have.
    pub(crate) fn cookie_name(&self) -> String {
        if self.is_https() { format!("__Host-{}", self.key) } else { format!("department-{}", self.key) }
    }

    pub(crate) fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
