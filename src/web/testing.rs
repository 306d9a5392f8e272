//! An [`App`] for tests: a fresh database, a clock that stands still, randomness that repeats.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    response::Response,
};
use base::{Fault, Instant, ManualClock, Secret, SeededEntropy, Text};
use futures_util::stream;
use http::{HeaderValue, StatusCode, header};
use records::testing::Fresh;

use crate::{
    Page,
    kit::{
        access::Surface,
        admission::Anyone,
        app::{App, Parts, Settings, Site},
        edge,
        form::{FieldError, Fields},
        health::Health,
        page::html,
        shares::Shared,
        upload::Upload,
        visit::{SharedVisit, Visit},
    },
    me::{
        licences::{Card, Licences},
        show::{Field, Show, Shown},
    },
};

/// The instant that test clocks show: 2026-11-23 15:00:00 in the legal time zone.
pub const NOW: Instant = Instant::from_seconds(1_795_417_200);

/// With which a monitoring system asks in tests.
pub const METRICS_TOKEN: &str = "metrics-token-of-the-tests";

/// Settings of a demonstration city at a public URL.
pub fn settings(public_url: &str) -> Settings {
    Settings {
        public_url: public_url.to_owned(),
        trusted_proxies: Vec::new(),
        metrics_token: Some(Secret::new(METRICS_TOKEN.to_owned())),
        backup_late_days: 2,
        site: Site {
            city: Text::fixed("滨江市", "Binjiang"),
            organisation: Text::fixed("滨江市行政审批服务局", "Binjiang Administrative Approval Service Bureau"),
            phone: "12345".to_owned(),
            icp: String::new(),
            police_filing: String::new(),
            demonstration: true,
        },
    }
}

/// An app on a fresh database, reached at a public URL. Its custody is open and has no keys yet; the provider has none
/// either. Keys lie beside the database and are removed with it.
///
/// # Errors
///
/// [`Fault`] when the key folder cannot be made.
pub async fn app(fresh: &Fresh, public_url: &str) -> Result<App, Fault> {
    app_of(fresh, public_url, true).await
}

/// The same of a demonstration or of a city.
///
/// # Errors
///
/// [`Fault`] when the key folder cannot be made.
pub async fn app_of(fresh: &Fresh, public_url: &str, demonstration: bool) -> Result<App, Fault> {
    let database = fresh.database.clone();
    let custody = pki::CustodySettings {
        folder: fresh.folder().join("keys"),
        root_folder: None,
        envelope: Secret::new([9; 32]),
        organisation: "滨江市政务服务".to_owned(),
        crl_url: format!("{public_url}/crl/"),
        backdate_seconds: 0,
    };
    let custody = pki::Custody::open(&database, custody).await.map_err(Fault::broken)?;
    let provider = oidc::Provider::new(&oidc::ProviderSettings {
        issuer_url: public_url.to_owned(),
        server_key: Secret::new([6; 32]),
        uri_policy: oidc::client::uri::UriPolicy { loopback_allowed: true, ..Default::default() },
    })?;
    let fonts = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../documents/fonts"));
    let fonts = documents::Fonts::load(fonts).map_err(Fault::broken)?;
    let library = licence::Library::new(licence::library::Parts {
        key: Secret::new([5; 32]),
        vault: identity::Vault::new(&[8; 32]),
        cabinet: seal::Cabinet::new(custody.clone(), fonts.clone()),
        fonts,
        public_url: public_url.to_owned(),
    });
    provider.keep(&database);
    library.keep(&database);
    database.refresh_kept().await?;
    let mut settings = settings(public_url);
    settings.site.demonstration = demonstration;
    Ok(App::new(Parts {
        database,
        clock: Arc::new(ManualClock::new(NOW)),
        entropy: Arc::new(SeededEntropy::new(1)),
        settings,
        key: Secret::new([7; 32]),
        vault: identity::Vault::new(&[8; 32]),
        gate: identity::PasswordGate::new(2, std::time::Duration::from_secs(1)),
        session_limits: identity::session::Limits::default(),
        custody,
        provider,
        examiner: examiner::Examiner::here(),
        library,
        health: Health::default(),
        shared: Shared::default(),
    }))
}

/// Names and values of fields.
pub type Pairs = Vec<(String, String)>;

/// What the product reads out of a form: every field as often as it came.
///
/// # Errors
///
/// The status with which it refuses the form.
pub fn read_form(encoded: &[u8]) -> Result<Pairs, u16> {
    Fields::parse(encoded).map(Fields::all).map_err(|problem| problem.status_and_code().0.as_u16())
}

/// What the product reads out of an upload that comes in these pieces: the file, and the other fields.
///
/// # Errors
///
/// The status with which it refuses the upload.
pub async fn read_upload(app: &App, content_type: &str, pieces: Vec<Vec<u8>>) -> Result<(Vec<u8>, Pairs), u16> {
    let body = Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)));
    let mut request = Request::new(body);
    let content_type = HeaderValue::from_bytes(content_type.as_bytes()).map_err(|_| 400_u16)?;
    request.headers_mut().insert(header::CONTENT_TYPE, content_type);
    let visit: SharedVisit = Arc::new(Visit::of(app, &request));
    request.extensions_mut().insert(visit);
    let upload = Upload::from_request(request, app).await;
    upload
        .map(|upload| (upload.file.to_vec(), upload.fields.all()))
        .map_err(|problem| problem.status_and_code().0.as_u16())
}

/// Names as long and as rare as they come, and one that tries to be markup.
pub const NAMES: &[&str] = &[
    "买买提·阿不都热依木·吐尔逊江·艾合买提",
    "龘㐂𠮷",
    "<script>alert(\"1\")</script>&amp;",
    "滨江市龙腾虎跃凤舞九天国际餐饮文化发展与食品供应链管理有限责任公司第一百二十八分公司",
];

#[derive(askama::Template)]
#[template(path = "kit/sample.html")]
struct Sample {
    page: Page,
    name: &'static str,
    error: &'static str,
    errors: Vec<FieldError>,
}

/// The product on one listener.
pub fn router(app: App) -> axum::Router {
    let router = crate::router(app, &Surface::ALL);
    #[cfg(test)]
    let router = router.layer(axum::middleware::from_fn(crate::kit::markup_tests::keep_what_answers_a_form));
    router
}

/// The product with pages of invented content at `/sample/{which}`, for looking at them.
pub fn router_with_samples(app: App) -> axum::Router {
    use axum::extract::Path;
    let row =
        async |page: Page, Path(which): Path<String>| sample(page, &which, NAMES.first().copied().unwrap_or_default());
    let table = crate::table(&Surface::ALL).get("/sample/{which}", Anyone, row);
    edge::wrap(table.into_router(), app)
}

/// One page with invented content.
pub fn sample(page: Page, which: &str, name: &'static str) -> Response {
    let card = |kind, word, reason: Option<&str>| Card {
        id: "lic_x".to_owned(),
        name: "食品经营许可证".to_owned(),
        holder: name.to_owned(),
        now: None,
        issuer: "滨江市市场监督管理局".to_owned(),
        until: "2031-11-22".to_owned(),
        kind,
        word,
        reason: reason.map(str::to_owned),
        is_over: reason.is_some(),
    };
    match which {
        "licences" => {
            let suspended = card("warning", page.say(words::status::SUSPENDED), Some("因现场检查不合格暂停。"));
            let cards = vec![
                suspended,
                card("neutral", page.say(words::status::VALID), None),
                card("neutral", page.say(words::status::VALID), None),
            ];
            html(StatusCode::OK, &Licences { page, cards, next: Some("lic_x".to_owned()) })
        }
        "show" => {
            let field = |label: &str, value: &str| Field { label: label.to_owned(), value: value.to_owned() };
            let digits = "314159265358979323846";
            let licence = Shown {
                id: "lic_x".to_owned(),
                name: "食品经营许可证".to_owned(),
                identifier: "1.2.156.3005.2.11100000MB0143028R001.11210600MB1234567A.2026000001.001.X".to_owned(),
                issuer: "滨江市市场监督管理局".to_owned(),
                decision: None,
                now: None,
                kind: "neutral",
                word: page.say(words::status::VALID),
                reason: None,
                period: "2026-11-23 – 2031-11-22".to_owned(),
                fields: vec![field("经营者名称", name), field("统一社会信用代码", "9121060***********X")],
                qr: documents::qr::svg(&format!("HTTPS://V.EXAMPLE.GOV.CN/V/{digits}")).ok(),
                digits: "3141 5926 5358 9793 23846".to_owned(),
            };
            html(StatusCode::OK, &Show { page, licence, shown: false, notice: None })
        }
        _ => {
            let error = "请填写姓名，最多 50 个字";
            let errors = vec![FieldError { field: "name".to_owned(), text: error.to_owned() }];
            html(StatusCode::OK, &Sample { page, name, error, errors })
        }
    }
}
