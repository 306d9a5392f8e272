//! Calls to addresses that clients registered. The only place where the server itself goes out.

use std::{
    error::Error,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use oidc::{client::uri::UriPolicy, logout::Fetch};
use reqwest::{
    Certificate, Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header, redirect,
};

/// How long a call may take altogether.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The one HTTP client that calls out.
///
/// It follows no redirects, uses no proxy, and connects only where it may: a name is resolved once and the connection goes
/// to exactly the addresses that were checked, so that a name cannot change its meaning in between.
#[derive(Clone)]
pub struct Outside {
    http: Client,
    reach: Arc<Reach>,
}

/// Where calls may go.
#[derive(Clone, Debug)]
pub enum Reach {
    /// Anywhere: whoever runs the product said where.
    Anywhere,
    /// To public addresses, and to what of the inside the policy opens: applications said where.
    Registered(UriPolicy),
}

impl Reach {
    fn allows(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Registered(policy) => policy.may_call(host, address),
        }
    }
}

/// What a call says whose other end has a certificate of an authority that this machine does not know.
const UNTRUSTED: &str = "its certificate is not trusted: `tls.extra_roots_file` names further authorities";

impl Outside {
    /// A client that calls what is in its reach, and trusts these authorities besides those of the machine.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn new(reach: Reach, roots: Vec<Certificate>) -> anyhow::Result<Self> {
        // A second provider in one process is refused, which is fine: then one is installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let reach = Arc::new(reach);
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .dns_resolver(Arc::new(Checked { reach: Arc::clone(&reach) }))
            .tls_certs_merge(roots)
            .build()?;
        Ok(Self { http, reach })
    }

    fn check(&self, url: &str) -> Result<Url, String> {
        let url = Url::parse(url).map_err(|error| error.to_string())?;
        let host = url.host_str().unwrap_or_default();
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) if !self.reach.allows(host, address) => Err("the address is not a public one".to_owned()),
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
                Err(error) if is_about_the_certificate(&error) => Err(UNTRUSTED.to_owned()),
                Err(error) if error.is_connect() => Err("cannot connect".to_owned()),
                Err(_) => Err("the call failed".to_owned()),
            }
        })
    }
}

/// Whether a call failed because of who the other end says it is.
fn is_about_the_certificate(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return matches!(tls, rustls::Error::InvalidCertificate(_));
        }
        // An error of input and output passes over what it holds when it is asked for its cause.
        cause = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    false
}

/// Resolves names and keeps only addresses that may be called.
struct Checked {
    reach: Arc<Reach>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = Arc::clone(&self.reach);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|found| reach.allows(name.as_str(), found.ip())).collect();
            if allowed.is_empty() {
                return Err("the name leads to no address that may be called".into());
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
        let outside = Outside::new(Reach::Registered(UriPolicy::default()), Vec::new()).unwrap();
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
        let here = UriPolicy { loopback_allowed: true, ..UriPolicy::default() };
        let outside = Outside::new(Reach::Registered(here), Vec::new()).unwrap();
        let answer = outside.post_form(&format!("http://127.0.0.1:{port}/there"), String::new()).await;
        assert_eq!(answer, Ok(303));
        server.abort();
    }

    #[tokio::test]
    async fn a_name_that_is_not_opened_leads_nowhere_inside_and_one_that_is_not_beyond_it() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let opened = ["localhost.intranet", "10.0.0.0/8"].map(str::to_owned);
        let extranet = oidc::client::extranet::Extranet::parse(&opened).unwrap();
        let outside =
            Outside::new(Reach::Registered(UriPolicy { loopback_allowed: false, extranet }), Vec::new()).unwrap();
        // The machine resolves the first to itself, whatever follows it: opened by name, and not opened by address.
        for host in ["localhost", "127.0.0.1", "169.254.169.254", "192.168.0.1"] {
            let refused = outside.post_form(&format!("http://{host}:{port}/"), String::new()).await;
            assert!(refused.is_err(), "{host}");
        }
        let reach = &outside.reach;
        assert!(reach.allows("localhost.intranet", "10.1.2.3".parse().unwrap()));
        assert!(!reach.allows("localhost.intranet", "127.0.0.1".parse().unwrap()));
        assert!(!reach.allows("rebound.example.com", "10.1.2.3".parse().unwrap()));
        let waiting = listener.into_std().unwrap().accept();
        assert_eq!(waiting.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "somebody connected");
    }

    /// Answers one call on this machine over TLS, as `localhost`; the certificate that vouches for it comes back.
    fn over_tls(listener: std::net::TcpListener) -> Certificate {
        use std::io::{Read, Write};
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let private = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let config = rustls::ServerConfig::builder().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(vec![made.der().clone()], private).unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().take(2) {
                let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
                if stream.read(&mut [0; 4096]).is_ok() {
                    stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
                }
            }
        });
        Certificate::from_der(made.der()).unwrap()
    }

    #[tokio::test]
    async fn a_certificate_of_an_unknown_authority_is_told_with_what_to_set_and_a_known_one_is_trusted() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}/out", listener.local_addr().unwrap().port());
        let root = over_tls(listener);
        let told = Outside::new(Reach::Anywhere, Vec::new()).unwrap().post_form(&url, String::new()).await;
        assert_eq!(told, Err(UNTRUSTED.to_owned()));
        let told = Outside::new(Reach::Anywhere, vec![root]).unwrap().post_form(&url, String::new()).await;
        assert_eq!(told, Ok(204));
    }
}
