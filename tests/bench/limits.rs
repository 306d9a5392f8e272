//! What one core could do if our own code cost nothing.

use std::{hint::black_box, time::Duration};

use anyhow::Context;
use axum::{Json, Router, routing::post};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::{Value, json};

use crate::{flows, meter};

/// The bare operation that a flow is compared with.
pub struct Limit {
    /// Its name, which flows refer to.
    pub name: &'static str,
    /// Operations per CPU-second.
    pub rate: f64,
}

/// One Argon2id hash with the parameters the product uses.
pub const ARGON2: &str = "argon2id m=19456 t=2 p=1";
/// An HTTP request answered with a freshly signed ES256 token.
pub const HTTP_ES256: &str = "axum, POST that signs one ES256 token";
/// A bare HTTP request.
pub const HTTP: &str = "axum, GET hello";
/// A constant PDF of 100 kB hashed, its digest signed with P-256, the signature patched in.
pub const PATCH_AND_SIGN: &str = "patch and sign 100 kB, P-256";

/// Measures every limit.
pub async fn measure(window: Duration) -> anyhow::Result<Vec<Limit>> {
    let password = crypto::password::dummy();
    let argon2 = spin(window, || {
        black_box(crypto::password::verify("not the password", password));
    });
    let patch = patch_and_sign(window)?;
    let (http, http_es256) = http(window).await?;
    Ok(vec![
        Limit { name: ARGON2, rate: argon2 },
        Limit { name: PATCH_AND_SIGN, rate: patch },
        Limit { name: HTTP, rate: http },
        Limit { name: HTTP_ES256, rate: http_es256 },
    ])
}

/// Repeats an operation on this thread and counts what one CPU-second holds.
pub fn spin(window: Duration, mut operation: impl FnMut()) -> f64 {
    operation();
    let start = meter::own_thread();
    let mut count = 0_u32;
    while meter::own_thread() - start < window.as_secs_f64() {
        operation();
        count += 1;
    }
    f64::from(count) / (meter::own_thread() - start)
}

fn patch_and_sign(window: Duration) -> anyhow::Result<f64> {
    let random = SystemRandom::new();
    let broken = |_| anyhow::anyhow!("ring refused its own key");
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).map_err(broken)?;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random)
        .map_err(|_| anyhow::anyhow!("ring refused its own key"))?;
    let document = vec![b'x'; 100_000];
    Ok(spin(window, || {
        let mut file = document.clone();
        let hash = digest(&SHA256, &file);
        if let Ok(signature) = key.sign(&random, hash.as_ref()) {
            file.extend_from_slice(crypto::digest::hex(signature.as_ref()).as_bytes());
        }
        black_box(file);
    }))
}

/// The bare server, until this value is dropped.
pub struct Server {
    process: tokio::process::Child,
    pid: u32,
    /// Where it listens.
    pub address: String,
}

impl Server {
    /// Starts it and waits until it listens.
    pub async fn start() -> anyhow::Result<Self> {
        let mut process = tokio::process::Command::new(std::env::current_exe()?)
            .arg("limit-server")
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pid = process.id().context("the bare server ended")?;
        let mut line = String::new();
        let mut output = tokio::io::BufReader::new(process.stdout.take().context("no output")?);
        tokio::io::AsyncBufReadExt::read_line(&mut output, &mut line).await?;
        Ok(Self { process, pid, address: line.trim().to_owned() })
    }
}

async fn http(window: Duration) -> anyhow::Result<(f64, f64)> {
    let Server { mut process, pid, address } = Server::start().await?;
    let client = flows::client()?;
    let hello = flows::drive(window, || {
        let (client, url) = (client.clone(), format!("http://{address}/hello"));
        async move { Ok(client.get(url).send().await?.error_for_status()?.bytes().await.map(|_| ())?) }
    });
    let before = meter::cpu(pid, false);
    let hello = hello.await;
    let hello = f64::from(hello.done) / meter::cpu(pid, false).saturating_sub(before).as_secs_f64();
    let before = meter::cpu(pid, false);
    let token = flows::drive(window, || {
        let (client, url) = (client.clone(), format!("http://{address}/token"));
        async move {
            let body = json!({ "sub": "client", "scope": "licence:verify" });
            Ok(client.post(url).json(&body).send().await?.error_for_status()?.bytes().await.map(|_| ())?)
        }
    })
    .await;
    let token = f64::from(token.done) / meter::cpu(pid, false).saturating_sub(before).as_secs_f64();
    process.kill().await?;
    Ok((hello, token))
}

/// The bare server, in a process of its own so that its processor time is its own.
pub fn serve() -> anyhow::Result<()> {
    let random = SystemRandom::new();
    let broken = "ring refused its own key";
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(|_| anyhow::anyhow!(broken))?;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random)
        .map_err(|_| anyhow::anyhow!(broken))?;
    let key = std::sync::Arc::new(key);
    let token = move |Json(body): Json<Value>| {
        let key = key.clone();
        async move { Json(json!({ "access_token": sign(&key, &body), "token_type": "Bearer", "expires_in": 600 })) }
    };
    // Reads what comes, keeps nothing, and answers after so many milliseconds.
    let away = async |axum::extract::Path(millis): axum::extract::Path<u64>, body: axum::body::Body| {
        let mut chunks = body.into_data_stream();
        while let Some(Ok(_)) = futures_util::StreamExt::next(&mut chunks).await {}
        tokio::time::sleep(Duration::from_millis(millis)).await;
    };
    let router = Router::new()
        .route("/hello", axum::routing::get(async || "hello"))
        .route("/token", post(token))
        .route("/away/{millis}", post(away));
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        axum::serve(listener, router).await?;
        Ok(())
    })
}

fn sign(key: &EcdsaKeyPair, body: &Value) -> String {
    let claims = json!({ "iss": "http://127.0.0.1", "sub": body["sub"], "scope": body["scope"], "iat": 1, "exp": 601 });
    let mut token = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","kid":"bare","typ":"at+jwt"}"#);
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = key.sign(&SystemRandom::new(), token.as_bytes());
    token.push('.');
    token.push_str(&signature.map(|signature| URL_SAFE_NO_PAD.encode(signature)).unwrap_or_default());
    token
}
