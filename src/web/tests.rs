//! What holds for every route and every answer.

use axum::{body::Body, response::Response};
use http::{Request, StatusCode, header};
use tower::ServiceExt;

use crate::{
    access::{Guard, Who},
    testing,
};

const URL: &str = "http://127.0.0.1:8080";

struct Site {
    router: axum::Router,
    app: crate::App,
    _fresh: records::testing::Fresh,
}

async fn site() -> Site {
    let fresh = records::testing::fresh().await.unwrap();
    let app = testing::app(fresh.database.clone(), URL).await.unwrap();
    Site { router: crate::router(app.clone()), app, _fresh: fresh }
}

impl Site {
    async fn send(&self, request: http::request::Builder, body: impl Into<Body>) -> Response {
        self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.send(Request::get(path), "").await
    }
}

async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A path that matches a pattern.
fn example(pattern: &str) -> String {
    let fill = |part: &str| if part.starts_with('{') { "x".to_owned() } else { part.to_owned() };
    pattern.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_route_refuses_strangers_as_the_table_says() {
    let site = site().await;
    for row in crate::table(&site.app).rows() {
        let request = Request::builder().method(&row.method).uri(example(row.path));
        let response = site.send(request, "").await;
        let status = response.status();
        match (row.guard, row.who) {
            (Guard::Form | Guard::Upload, _) => assert!(
                status == StatusCode::FORBIDDEN || status == StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "{row:?} answered {status} without a token"
            ),
            (_, Who::SignedIn | Who::Staff) => {
                assert_eq!(status, StatusCode::SEE_OTHER, "{row:?}");
                let location = response.headers()[header::LOCATION].to_str().unwrap();
                assert!(location.starts_with("/sign-in?to="), "{row:?} led to {location}");
            }
            (_, Who::Client(_)) => assert_eq!(status, StatusCode::UNAUTHORIZED, "{row:?}"),
            (_, Who::Anyone) => assert!(!status.is_server_error(), "{row:?} answered {status}"),
        }
    }
}

#[tokio::test]
async fn every_act_is_guarded_or_says_why_not() {
    let site = site().await;
    for row in crate::table(&site.app).rows() {
        if row.method == http::Method::GET {
            assert_eq!(row.guard, Guard::Safe, "{row:?}");
        } else {
            assert_ne!(row.guard, Guard::Safe, "{row:?}");
        }
        if let Guard::Open(reason) = row.guard {
            assert!(reason.len() > 20, "{row:?} needs a sentence");
        }
        if row.guard == Guard::Form {
            let forged = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
            for (name, value) in forged {
                let request = Request::post(example(row.path))
                    .header(name, value)
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                assert_eq!(site.send(request, "").await.status(), StatusCode::FORBIDDEN, "{row:?} {name}");
            }
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let site = site().await;
    for path in ["/", "/nowhere", "/healthz", "/me"] {
        let response = site.get(path).await;
        let headers = response.headers();
        for name in ["x-request-id", "content-security-policy", "x-content-type-options", "referrer-policy"] {
            assert!(headers.contains_key(name), "{path} {name}");
        }
        assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "{path}");
    }
}

#[tokio::test]
async fn unknown_pages_say_so_in_the_visitors_language() {
    let site = site().await;
    let response = site.get("/nowhere").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let page = text(response).await;
    assert!(page.contains("没有这个页面") && page.contains(&id) && page.contains("id=\"error\""), "{page}");
    let english = site.send(Request::get("/nowhere").header(header::ACCEPT_LANGUAGE, "en-GB"), "").await;
    assert!(text(english).await.contains("There is no such page"));
    let asked = site.get("/nowhere?ui_locales=en").await;
    assert!(text(asked).await.contains("There is no such page"));
    let program = site.send(Request::get("/nowhere").header(header::ACCEPT, "application/json"), "").await;
    assert_eq!(program.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert!(text(program).await.contains("\"code\":\"not_found\""));
}

#[tokio::test]
async fn a_wrong_method_is_told_which_ones_there_are() {
    let site = site().await;
    let response = site.send(Request::put("/"), "").await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(response.headers()[header::ALLOW].to_str().unwrap().contains("GET"));
    assert!(text(response).await.contains("id=\"error\""));
}

#[tokio::test]
async fn another_host_is_refused_except_for_health() {
    let site = site().await;
    let refused = site.send(Request::get("/").header(header::HOST, "evil.example"), "").await;
    assert_eq!(refused.status(), StatusCode::MISDIRECTED_REQUEST);
    assert!(!text(refused).await.contains("evil.example"));
    let health = site.send(Request::get("/healthz").header(header::HOST, "10.0.0.7:8080"), "").await;
    assert_eq!(health.status(), StatusCode::OK);
    let own = site.send(Request::get("/").header(header::HOST, "127.0.0.1:8080"), "").await;
    assert_eq!(own.status(), StatusCode::OK);
}

#[tokio::test]
async fn lengths_are_limited_before_anything_is_read() {
    use crate::limits::{HEADER_BYTES_MAX, URI_BYTES_MAX};
    let site = site().await;
    let target = |length: usize| format!("/{}", "a".repeat(length - 1));
    assert_eq!(site.get(&target(URI_BYTES_MAX)).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(site.get(&target(URI_BYTES_MAX + 1)).await.status(), StatusCode::URI_TOO_LONG);
    let header = |length: usize| Request::get("/healthz").header("x", "a".repeat(length - 1));
    assert_eq!(site.send(header(HEADER_BYTES_MAX), "").await.status(), StatusCode::OK);
    let refused = site.send(header(HEADER_BYTES_MAX + 1), "").await;
    assert_eq!(refused.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn styles_may_be_kept_for_ever_and_change_their_address() {
    let site = site().await;
    let url = crate::assets::url("css/guosuo.css");
    let response = site.send(Request::get(&url).header(header::ACCEPT_ENCODING, "gzip"), "").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    let tag = response.headers()[header::ETAG].clone();
    let again = site.send(Request::get(&url).header(header::IF_NONE_MATCH, tag), "").await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let old = site.get("/static/0000000000000000/css/guosuo.css").await;
    assert_eq!(old.headers()[header::CACHE_CONTROL], "no-cache");
    assert_eq!(site.get("/static/x/css/none.css").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(site.get("/static/x/../lib.rs").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_switch_of_language_comes_back_to_this_site_only() {
    let site = site().await;
    let response = site.get("/language?to=en&back=%2Fme").await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[header::LOCATION], "/me");
    assert!(response.headers()[header::SET_COOKIE].to_str().unwrap().starts_with("guosuo-lang=en;"));
    let elsewhere = site.get("/language?to=en&back=%2F%2Fevil.example").await;
    assert_eq!(elsewhere.headers()[header::LOCATION], "/");
}

#[tokio::test]
async fn a_visitor_without_a_cookie_gets_none_until_a_form_needs_it() {
    let site = site().await;
    assert!(!site.get("/").await.headers().contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn what_is_typed_on_the_home_page_leads_to_the_public_answer() {
    let site = site().await;
    let check = async |typed: &str, expected: Option<&str>| {
        let response = site.get(&format!("/find?code={}", crate::links::percent_encode(typed))).await;
        let location = response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(location.as_deref(), expected, "{typed}");
    };
    check("1234 5678 9012", Some("/V/123456789012")).await;
    check("https://v.example/V/123456789012", Some("/V/123456789012")).await;
    check("hello", None).await;
    check("<script>alert(1)</script>", None).await;
}

#[tokio::test]
async fn every_part_renders_with_long_and_rare_names() {
    let site = site().await;
    let samples = async |page: crate::Page,
                         axum::extract::Path((which, name)): axum::extract::Path<(String, usize)>| {
        testing::sample(page, &which, testing::NAMES[name])
    };
    let table = crate::access::Table::new(&site.app).get("/sample/{which}/{name}", Who::Anyone, samples);
    let router = crate::edge::wrap(table.into_router(), site.app.clone());
    for (place, name) in testing::NAMES.iter().enumerate() {
        for which in ["parts", "licences", "show"] {
            let request = Request::get(format!("/sample/{which}/{place}")).body(Body::empty()).unwrap();
            let page = text(router.clone().oneshot(request).await.unwrap()).await;
            assert!(!page.contains("<script"), "{which} {name}");
            assert!(!page.contains("⟨?⟩"), "{which} misses a text");
            assert!(page.contains("龘㐂𠮷") || place != 1, "{which}");
        }
    }
}

#[tokio::test]
async fn no_page_holds_inline_script_or_style() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for forbidden in [" style=\"", "<style", "javascript:", " onclick=", " onsubmit=", " onload=", "http-equiv"]
            {
                assert!(!text.contains(forbidden), "{forbidden} in {}", path.display());
            }
            for tag in text.split("<script").skip(1) {
                let inside =
                    tag.split_once('>').map_or("", |(tag, rest)| if tag.contains("src=") { rest } else { tag });
                assert!(inside.starts_with("</script>"), "inline script in {}", path.display());
            }
        }
    }
}
