//! Calls to addresses that clients registered. The only place where the server itself goes out.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use oidc::{client::uri::is_public, logout::Fetch};
use reqwest::{
    Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header, redirect,
};

/// How long a call may take altogether.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The one HTTP client that calls out.
///
/// It follows no redirects, uses no proxy, and connects only to addresses that are public: a name is resolved once
/// and the connection goes to exactly the addresses that were checked, so that a name cannot change its meaning in
/// between. The demonstration, whose clients live on loopback, allows inner addresses.
#[derive(Clone)]
pub struct Outside {
    http: Client,
    inner_allowed: bool,
}

impl Outside {
    /// A client that may (or may not) call inner addresses.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn new(inner_allowed: bool) -> anyhow::Result<Self> {
        // A second provider in one process is refused, which is fine: then one is installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .dns_resolver(Arc::new(Checked { inner_allowed }))
            .build()?;
        Ok(Self { http, inner_allowed })
    }

    fn check(&self, url: &str) -> Result<Url, String> {
        let url = Url::parse(url).map_err(|error| error.to_string())?;
        let literal = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        match literal {
            Some(address) if !self.inner_allowed && !is_public(address) => {
                Err("the address is not a public one".to_owned())
            }
            _ => Ok(url),
        }
    }
}

impl Fetch for Outside {
    fn post_form<'a>(
        &'a self,
        url: &'a str,
        body: String,
    ) -> Pin<Box<dyn Future<Output = Result<u16, String>> + Send + 'a>> {
        Box::pin(async move {
            let request = self
                .http
                .post(self.check(url)?)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body);
            // Only the kind of failure is kept: an error text would hold the address and what it answered.
            match request.send().await {
                Ok(answer) => Ok(answer.status().as_u16()),
                Err(error) if error.is_timeout() => Err("no answer in time".to_owned()),
                Err(error) if error.is_connect() => Err("cannot connect".to_owned()),
                Err(_) => Err("the call failed".to_owned()),
            }
        })
    }
}

/// Resolves names and keeps only addresses that may be called.
struct Checked {
    inner_allowed: bool,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let inner_allowed = self.inner_allowed;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| inner_allowed || is_public(address.ip())).collect();
            if allowed.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_inner_address_is_refused_before_connecting() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let outside = Outside::new(false).unwrap();
        for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0.0.0.0"] {
            let answer = outside.post_form(&format!("http://{host}:{port}/"), String::new()).await;
            assert!(answer.is_err(), "{host}");
        }
        // Asked of the kernel itself: whoever connected stands in its queue.
        let waiting = listener.into_std().unwrap().accept();
        assert_eq!(waiting.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "somebody connected");
    }

    #[tokio::test]
    async fn the_demonstration_may_call_its_own_machine_and_redirects_are_not_followed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = axum::Router::new()
            .route("/there", axum::routing::post(async || axum::response::Redirect::to("/elsewhere")))
            .route("/elsewhere", axum::routing::get(async || "followed"));
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let outside = Outside::new(true).unwrap();
        let answer = outside.post_form(&format!("http://127.0.0.1:{port}/there"), String::new()).await;
        assert_eq!(answer, Ok(303));
        server.abort();
    }
}
