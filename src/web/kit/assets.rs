//! Styles, scripts and pictures, made ready once: hashed addresses that may be kept for ever, compressed copies.

use std::{collections::HashMap, io::Write, sync::LazyLock};

use axum::{
    body::{Body, Bytes},
    extract::Path,
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;

use crate::Problem;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// The style sheet of every page is one file made of these, in this order.
const STYLE: &str = "kit/guosuo.css";
const STYLE_PARTS: &[&str] = &["kit/tokens.css", "kit/base.css", "kit/parts.css", "kit/print.css"];

struct Asset {
    plain: Bytes,
    /// Only when it is smaller.
    gzip: Option<Bytes>,
    hash: String,
    kind: &'static str,
}

static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let mut assets = HashMap::new();
    for name in Files::iter() {
        if let Some(file) = Files::get(&name) {
            assets.insert(name.to_string(), prepare(&name, file.data.into_owned()));
        }
    }
    let style = STYLE_PARTS.iter().filter_map(|name| Files::get(name)).fold(Vec::new(), |mut style, part| {
        style.extend_from_slice(&part.data);
        style
    });
    assets.insert(STYLE.to_owned(), prepare(STYLE, style));
    assets
});

fn prepare(name: &str, plain: Vec<u8>) -> Asset {
    let hash = crypto::digest::hex(&crypto::digest::sha256(&plain)).chars().take(16).collect();
    let kind = match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(&plain).and_then(|()| encoder.finish());
    let gzip = written.ok().filter(|gzip| gzip.len() + 64 < plain.len()).map(Bytes::from);
    Asset { plain: Bytes::from(plain), gzip, hash, kind }
}

/// The address of a file under `static/`; it changes when the file does.
pub fn url(name: &str) -> String {
    let hash = ASSETS.get(name).map_or("missing", |asset| asset.hash.as_str());
    format!("/static/{hash}/{name}")
}

/// `GET /favicon.ico`, which browsers ask for beside files that name no icon: the icon of our pages.
pub async fn icon() -> Response {
    let mut response = StatusCode::FOUND.into_response();
    if let Ok(address) = HeaderValue::try_from(url("kit/icon.svg")) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
}

/// `GET /static/{hash}/{name}`.
pub async fn file(Path((hash, name)): Path<(String, String)>, headers: HeaderMap) -> Result<Response, Problem> {
    let asset = ASSETS.get(&name).ok_or(Problem::NotFound)?;
    // An address with an old hash is answered with today's file, but nobody may keep that.
    let cache = if asset.hash == hash { "public, max-age=31536000, immutable" } else { "no-cache" };
    let tag = HeaderValue::try_from(format!("\"{}\"", asset.hash)).map_err(|_| Problem::NotFound)?;
    let mut response = if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match &asset.gzip {
            Some(gzip) if accepted.contains("gzip") => {
                let mut response = Response::new(Body::from(gzip.clone()));
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                response
            }
            _ => Response::new(Body::from(asset.plain.clone())),
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::ETAG, tag);
    Ok(response)
}
