//! Behind a reverse proxy: the public address decides, and what the proxy forwards counts only if it is one of ours.

use reqwest::{
    Client, StatusCode,
    header::{HOST, HeaderMap, LOCATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY},
};
use serde_json::Value;
use tests::{
    browser::client,
    flow::claims,
    html,
    installation::{Installation, OWN_PASSWORD},
};

use super::commands::client_add;

const PUBLIC: &str = "https://sso.example.gov.cn";
const PUBLIC_HOST: &str = "sso.example.gov.cn";

/// What an attacker would send to have another address repeated in a link.
const FORGED: [(&str, &str); 5] = [
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-port", "81"),
    ("x-original-url", "http://evil.example/"),
    ("forwarded", "for=1.1.1.1;host=evil.example;proto=http"),
];

/// A proxy in front of the product, as small as can be: it knows the public name and says for whom it asks.
struct Proxy {
    installation: Installation,
    http: Client,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    /// The cookies that it was asked with.
    sent_with: String,
}

impl Answer {
    /// Names and values of what the browser shall keep, with all attributes.
    fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect()
    }

    fn everything(&self) -> String {
        format!("{:?}\n{}", self.headers, self.body)
    }
}

impl Proxy {
    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.http.get(self.installation.url(path)).header(HOST, PUBLIC_HOST);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer { status, headers, body: answer.text().await.unwrap(), sent_with: String::new() }
    }

    /// Signs in as a browser on the other side of the proxy does.
    async fn sign_in(&self, password: &str, headers: &[(&str, &str)]) -> Answer {
        let page = self.get("/sign-in?to=%2Fme", headers).await;
        let form = html::forms(&page.body).into_iter().find(|form| form.has("password")).unwrap();
        let form = form.set("username", "root-operator").set("password", password);
        let cookies: Vec<&str> = page.cookies().iter().filter_map(|line| line.split(';').next()).collect();
        let request = self.http.post(self.installation.url(&form.action)).header(HOST, PUBLIC_HOST);
        let sent_with = cookies.join("; ");
        let request = request.header("origin", PUBLIC).header("cookie", &sent_with).form(&form.fields);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer { status, headers, body: answer.text().await.unwrap(), sent_with }
    }

    /// Signs in with a password that was handed out, and chooses another one.
    async fn choose(&self, handed_out: &str, headers: &[(&str, &str)]) -> Answer {
        let page = self.sign_in(handed_out, headers).await;
        let form = html::forms(&page.body).into_iter().find(|form| form.has("new")).unwrap();
        let request = self.http.post(self.installation.url(&form.action)).header(HOST, PUBLIC_HOST);
        let cookies = page.sent_with.clone();
        let request = request.header("origin", PUBLIC).header("cookie", cookies);
        let request = request.form(&form.set("new", OWN_PASSWORD).fields);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer { status, headers, body: answer.text().await.unwrap(), sent_with: String::new() }
    }
}

/// An installation whose public address is https, served in clear to a proxy; and the operator's password.
async fn behind(trusted: &str) -> (Proxy, String) {
    let mut installation = Installation::new().await;
    installation.set("public_url", PUBLIC);
    installation.set("trusted_proxies", trusted);
    let password = installation.bootstrap();
    (Proxy { installation, http: client() }, password)
}

#[tokio::test]
async fn issuer_links_and_cookies_come_from_the_public_address_whatever_headers_say() {
    let (proxy, password) = behind("[\"127.0.0.1\"]").await;
    let server = proxy.installation.serve().await;
    let port = format!(":{}", proxy.installation.address.port());
    let discovery = proxy.get("/.well-known/openid-configuration", &FORGED).await;
    let document: Value = serde_json::from_str(&discovery.body).unwrap();
    assert_eq!(document["issuer"], PUBLIC);
    let is_address = |name: &str| name.ends_with("_endpoint") || name.ends_with("_uri");
    let endpoints: Vec<_> = document.as_object().unwrap().iter().filter(|(name, _)| is_address(name)).collect();
    assert!(endpoints.len() >= 5, "{document}");
    for (name, url) in endpoints {
        assert!(url.as_str().unwrap().starts_with(&format!("{PUBLIC}/")), "{name} {url}");
    }
    for path in ["/", "/sign-in?to=%2Fme", "/me", "/api", "/openapi.json", "/nowhere", "/authorize?client_id=x"] {
        let answer = proxy.get(path, &FORGED).await;
        let all = answer.everything();
        assert!(!all.contains("evil.example") && !all.contains(&port), "{path}\n{all}");
        assert!(answer.headers.contains_key(STRICT_TRANSPORT_SECURITY), "{path}");
        for cookie in answer.cookies() {
            assert!(cookie.starts_with("__Host-") && cookie.ends_with("; Secure"), "{path} {cookie}");
        }
    }
    let inside = proxy.choose(&password, &FORGED).await;
    assert_eq!((inside.status, &inside.headers[LOCATION]), (StatusCode::SEE_OTHER, &"/me".parse().unwrap()));
    let cookies = inside.cookies();
    let session = cookies.iter().find(|line| line.starts_with("__Host-guosuo=")).expect("a session");
    assert!(session.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{session}");
    let pair = session.split(';').next().unwrap();
    assert_eq!(proxy.get("/me", &[("cookie", pair)]).await.status, StatusCode::OK);
    // A neighbouring host could set the name without the prefix: it counts for nothing.
    let plain = pair.replacen("__Host-", "", 1);
    assert_eq!(proxy.get("/me", &[("cookie", &plain)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(server.stop(), Some(0));
}

#[tokio::test]
async fn tokens_name_the_public_address_and_another_host_is_refused() {
    let (proxy, _) = behind("").await;
    let words = client_add("machine");
    let words: Vec<&str> = words.into_iter().take(13).chain(["--machine", "--scopes", "licence:verify"]).collect();
    let added = proxy.installation.must(&words);
    let secret = added.trim().rsplit(' ').next().unwrap();
    let server = proxy.installation.serve().await;
    let request = proxy.http.post(proxy.installation.url("/token")).header(HOST, PUBLIC_HOST);
    let request = request.basic_auth("machine", Some(secret)).form(&[("grant_type", "client_credentials")]);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(claims(answer["access_token"].as_str().unwrap())["iss"], PUBLIC);
    // The port itself has another name than the public one: a request for it was meant for something else.
    let direct = async |path: &str| proxy.http.get(proxy.installation.url(path)).send().await.unwrap().status();
    assert_eq!(direct("/").await, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(direct("/healthz").await, StatusCode::OK, "a load balancer asks by address");
    assert_eq!(server.stop(), Some(0));
}

#[tokio::test]
async fn a_forwarded_address_counts_from_a_trusted_proxy_only() {
    const FORWARDED: (&str, &str) = ("x-forwarded-for", "198.51.100.1, 203.0.113.9");
    for (trusted, expected) in [
        ("[\"127.0.0.1\"]", "203.0.113.9"),
        ("[\"127.0.0.0/8\", \"203.0.113.0/24\"]", "198.51.100.1"),
        ("[\"10.0.0.1\"]", "127.0.0.1"),
        ("[]", "127.0.0.1"),
    ] {
        let (proxy, password) = behind(trusted).await;
        let server = proxy.installation.serve().await;
        let refused = proxy.sign_in("a wrong password", &[FORWARDED, ("x-real-ip", "192.0.2.1")]).await;
        assert!(html::tags(&refused.body).iter().any(|tag| tag.get("id") == Some("password")), "{}", refused.status);
        assert_eq!(proxy.choose(&password, &[FORWARDED]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(server.stop(), Some(0));
        let events = proxy.installation.events().await;
        for kind in ["sign_in.failed", "sign_in.succeeded"] {
            let event = events.iter().find(|event| event.kind == kind).expect(kind);
            let data: Value = serde_json::from_str(&event.data).unwrap();
            assert_eq!(data["address"], expected, "{trusted} {kind}");
        }
    }
}
