//! A browser without a screen: cookies, redirects, forms.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use reqwest::{
    Client, Method, RequestBuilder, StatusCode,
    header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE},
    redirect::Policy,
};

use serde_json::Value;

use crate::html::{self, Form};

/// The most redirects followed.
const REDIRECTS_MAX: usize = 20;

/// A page that was loaded.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: StatusCode,
    pub url: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    /// The form with this id, or that has a button or a field with this id.
    pub fn form(&self, id: &str) -> Form {
        let forms = html::forms(&self.body);
        let by_id = forms.iter().find(|form| form.id.as_deref() == Some(id));
        let by_button = || {
            let has = |form: &&Form| form.buttons.iter().any(|(button, _)| button.as_deref() == Some(id));
            forms.iter().find(has).or_else(|| forms.iter().find(|form| form.has(id)))
        };
        by_id.or_else(by_button).cloned().unwrap_or_else(|| panic!("no form {id} on {}\n{}", self.url, self.text()))
    }

    pub fn has_id(&self, id: &str) -> bool {
        html::tags(&self.body).iter().any(|tag| tag.get("id") == Some(id))
    }

    pub fn text_of(&self, id: &str) -> String {
        html::text_by_id(&self.body, id)
            .unwrap_or_else(|| panic!("nothing has the id {id} on {}\n{}", self.url, self.text()))
    }

    pub fn text(&self) -> String {
        html::plain(&self.body)
    }

    /// The parameter of the address that we ended at.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = reqwest::Url::parse(&self.url).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

/// A browser. All hosts are one machine here, so cookies have one jar, as they do for ports of one host.
pub struct Browser {
    pub client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
    /// Addresses that are not loaded: a redirect there is the end of the journey.
    stops: Vec<String>,
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Browser {
    pub fn new() -> Self {
        Self { client: client(), cookies: Mutex::default(), stops: vec!["http://127.0.0.1:9/".to_owned()] }
    }

    /// Loads a page and follows redirects.
    pub async fn get(&self, url: &str) -> Page {
        self.go(Method::GET, url, None).await
    }

    /// Sends a form as the button `button` does and follows redirects.
    pub async fn submit(&self, page: &Page, form: Form, button: &str) -> Page {
        let mut fields = form.fields;
        if let Some((_, Some(sends))) = form.buttons.iter().find(|(id, _)| id.as_deref() == Some(button)) {
            fields.push(sends.clone());
        }
        let mut url = reqwest::Url::parse(&page.url).unwrap().join(&form.action).unwrap();
        if form.method == "post" {
            return self.go(Method::POST, url.as_str(), Some(fields)).await;
        }
        url.query_pairs_mut().clear().extend_pairs(&fields);
        self.go(Method::GET, url.as_str(), None).await
    }

    /// Sends fields and follows redirects.
    pub async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Page {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.go(Method::POST, url, Some(fields)).await
    }

    async fn go(&self, mut method: Method, url: &str, mut fields: Option<Vec<(String, String)>>) -> Page {
        let mut url = reqwest::Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let origin = |url: &reqwest::Url| url.origin().ascii_serialization();
        let mut from = origin(&url);
        for _ in 0..REDIRECTS_MAX {
            let mut request = self.client.request(method.clone(), url.clone()).header("sec-fetch-mode", "navigate");
            let same = if from == origin(&url) { "same-origin" } else { "same-site" };
            request = request.header("sec-fetch-site", same).header("accept", "text/html");
            if let Some(line) = self.cookie_line() {
                request = request.header(COOKIE, line);
            }
            if let Some(fields) = &fields {
                request = request.header("origin", from.clone()).form(fields);
            }
            let answer = request.send().await.unwrap_or_else(|error| panic!("{url}: {error}"));
            self.remember(answer.headers());
            let (status, headers) = (answer.status(), answer.headers().clone());
            let to =
                headers.get(LOCATION).filter(|_| status.is_redirection()).map(|to| to.to_str().unwrap().to_owned());
            let Some(to) = to else {
                let body = answer.text().await.unwrap();
                return Page { status, url: url.into(), headers, body };
            };
            from = origin(&url);
            url = url.join(&to).unwrap();
            if self.stops.iter().any(|stop| url.as_str().starts_with(stop)) {
                return Page { status, url: url.into(), headers, body: String::new() };
            }
            if ![StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT].contains(&status) {
                (method, fields) = (Method::GET, None);
            }
        }
        panic!("more than {REDIRECTS_MAX} redirects, the last to {url}");
    }

    pub fn cookie_line(&self) -> Option<String> {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn remember(&self, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (pair, rest) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap();
            let ends = rest.to_lowercase().contains("max-age=0");
            if ends || value.is_empty() {
                cookies.remove(name.trim());
            } else {
                cookies.insert(name.trim().to_owned(), value.to_owned());
            }
        }
    }
}

/// The JSON body of an answer, whatever its status.
pub async fn json(request: RequestBuilder) -> Value {
    request.send().await.unwrap().json().await.unwrap()
}

/// A client that follows nothing and keeps nothing.
pub fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(Policy::none()).timeout(std::time::Duration::from_mins(1)).build().unwrap()
}
