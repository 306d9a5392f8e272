//! What holds for every route and every answer.

use axum::{body::Body, response::Response};
use http::{Request, StatusCode, header};
use tower::ServiceExt;

use crate::{
    kit::{
        access::{Guard, Who},
        admission::Anyone,
        table::Table,
    },
    testing,
};

const URL: &str = "http://127.0.0.1:8080";

struct Site {
    router: axum::Router,
    app: crate::App,
    _fresh: records::testing::Fresh,
}

async fn site() -> Site {
    let fresh = records::testing::fresh_following(consequences::TABLE).await.unwrap();
    let app = testing::app(&fresh, URL).await.unwrap();
    Site { router: testing::router(app.clone()), app, _fresh: fresh }
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
pub(crate) fn example(pattern: &str) -> String {
    let fill = |part: &str| if part.starts_with('{') { "x".to_owned() } else { part.to_owned() };
    pattern.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_route_refuses_strangers_as_the_table_says() {
    let site = site().await;
    for row in crate::rows() {
        let request = Request::builder().method(&row.method).uri(example(row.path));
        let response = site.send(request, "").await;
        let status = response.status();
        match (row.guard, row.who) {
            (Guard::Form | Guard::Asking { .. } | Guard::Told { .. }, _) | (Guard::Upload, Who::Anyone) => {
                assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{row:?} without a form");
            }
            (_, Who::SignedIn(_) | Who::Staff(..)) => {
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
    for row in crate::rows() {
        let is_safe = matches!(row.guard, Guard::Safe | Guard::Asked { .. });
        assert_eq!(is_safe, row.method == http::Method::GET, "{row:?}");
        if let Guard::Open(reason) = row.guard {
            assert!(reason.len() > 20, "{row:?} needs a sentence");
        }
        if matches!(row.guard, Guard::Form | Guard::Asking { .. } | Guard::Told { .. }) {
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
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'self'"), "{path} {policy}");
        assert_eq!([&headers[header::X_FRAME_OPTIONS], &headers[header::REFERRER_POLICY]], ["DENY", "no-referrer"]);
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
async fn a_wrong_method_is_told_before_a_form_is_read_or_a_caller_is_asked() {
    let site = site().await;
    for path in ["/sign-in", "/me/licences", "/console", "/desk/file", "/token"] {
        let response = site.send(Request::put(path), "").await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert!(response.headers().contains_key(header::ALLOW), "{path}");
    }
    for (method, path, zh) in
        [("PUT", "/api/v1/licences", "Allow"), ("GET", "/api/v1/nothing", "没有这个对象"), ("PUT", "/token", "Allow")]
    {
        let response = site.send(Request::builder().method(method).uri(path), "").await;
        let answer = text(response).await;
        assert!(answer.contains(zh) && !answer.contains("首页"), "{method} {path}: {answer}");
    }
}

#[tokio::test]
async fn what_browsers_and_robots_ask_for_by_themselves_is_there() {
    let site = site().await;
    let icon = site.get("/favicon.ico").await;
    assert_eq!(icon.status(), StatusCode::FOUND);
    let to = icon.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(site.get(&to).await.headers()[header::CONTENT_TYPE], "image/svg+xml");
    let robots = site.get("/robots.txt").await;
    assert_eq!(robots.headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    assert!(text(robots).await.ends_with("Disallow: /\n"));
}

/// Turns fail until that is more than a mishap, which is news once.
async fn keep_failing(pulse: &crate::kit::health::Pulse) {
    let begun = tokio::time::Instant::now();
    while !pulse.fail() {
        assert!(!pulse.is_failing());
        tokio::task::yield_now().await;
    }
    assert!(begun.elapsed() >= crate::kit::limits::FAILING_AFTER);
    assert!(!pulse.fail() && pulse.is_failing());
}

#[tokio::test]
async fn a_node_is_ready_while_its_database_answers_its_tasks_turn_and_it_is_not_leaving() {
    let site = site().await;
    let minute = std::time::Duration::from_mins(1);
    let pulse = site.app.health.pulse("sequencer", minute);
    let check = async |ready: bool, failed: &str| {
        let answer = site.get("/healthz").await;
        let expected = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        assert_eq!(answer.status(), expected, "{failed}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
        let report: serde_json::Value = serde_json::from_str(&text(answer).await).unwrap();
        assert_eq!(report["status"], if ready { "pass" } else { "fail" }, "{report}");
        let checks = report["checks"].as_object().unwrap();
        assert_eq!(checks.keys().collect::<Vec<_>>(), ["database", "sequencer", "serving"]);
        for (name, word) in checks {
            assert_eq!(word, if failed.contains(name.as_str()) { "fail" } else { "pass" }, "{report}");
        }
    };
    check(true, "").await;
    pulse.lose();
    check(false, "sequencer").await;
    pulse.turn();
    check(true, "").await;
    // A task whose turns keep failing, and one that requests rest on.
    let (needed, other) =
        (site.app.health.needed_pulse("sequencer", minute), site.app.health.pulse("sequencer", minute));
    let standing = async || {
        let answer = site.get("/healthz").await;
        let ready = answer.status() == StatusCode::OK;
        let report: serde_json::Value = serde_json::from_str(&text(answer).await).unwrap();
        assert_eq!(report["status"], report["checks"]["sequencer"]);
        (ready, report["status"].as_str().unwrap().to_owned())
    };
    keep_failing(&other).await;
    assert_eq!(standing().await, (true, "warn".to_owned()));
    keep_failing(&needed).await;
    assert_eq!(standing().await, (false, "fail".to_owned()));
    assert!(needed.succeed() && other.succeed() && !other.succeed(), "it is news once");
    check(true, "").await;
    site.app.health.leave();
    check(false, "serving").await;
    site.app.database.close().await;
    // What was heard of the database counts for a second.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !text(site.get("/healthz").await).await.contains(r#""database":"fail""#) {
        assert!(std::time::Instant::now() < until);
    }
    check(false, "database, serving").await;
    assert_eq!(site.get("/livez").await.status(), StatusCode::OK, "no reason to restart it");
}

#[tokio::test]
async fn one_client_has_so_many_requests_answered_at_once_and_whoever_asks_for_health_is_not_counted() {
    use crate::kit::limits::REQUESTS_EACH_MAX;
    let site = site().await;
    // Requests of the test come from nowhere.
    let client = Some(std::net::IpAddr::from([0, 0, 0, 0]));
    let mut held = site.app.shared.requests.take(client, REQUESTS_EACH_MAX - 1).unwrap();
    assert_eq!(site.get("/").await.status(), StatusCode::OK);
    held.grow(1).unwrap();
    let refused = site.get("/").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(site.get("/healthz").await.status(), StatusCode::OK);
    drop(held);
    assert_eq!(site.get("/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn whoever_asks_for_health_does_not_make_the_database_work() {
    let site = site().await;
    site.get("/healthz").await;
    let (asked, begun) = (site.app.database.asked(), std::time::Instant::now());
    for _ in 0..50 {
        site.get("/healthz").await;
    }
    let allowed = begun.elapsed().as_secs() + 1;
    assert!(site.app.database.asked() - asked <= allowed, "{} in {allowed} s", site.app.database.asked() - asked);
}

#[tokio::test]
async fn another_host_is_refused_except_for_health() {
    let site = site().await;
    let refused = site.send(Request::get("/").header(header::HOST, "evil.example"), "").await;
    assert_eq!(refused.status(), StatusCode::MISDIRECTED_REQUEST);
    assert!(!text(refused).await.contains("evil.example"));
    let health = site.send(Request::get("/healthz").header(header::HOST, "10.0.0.7:8080"), "").await;
    assert_eq!(health.status(), StatusCode::OK);
    let lives = site.send(Request::get("/livez").header(header::HOST, "10.0.0.7:8080"), "").await;
    assert_eq!(lives.status(), StatusCode::OK);
    let own = site.send(Request::get("/").header(header::HOST, "127.0.0.1:8080"), "").await;
    assert_eq!(own.status(), StatusCode::OK);
}

#[tokio::test]
async fn lengths_are_limited_before_anything_is_read() {
    use crate::kit::limits::{HEADER_BYTES_MAX, URI_BYTES_MAX};
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
    let url = crate::kit::assets::url("kit/guosuo.css");
    let response = site.send(Request::get(&url).header(header::ACCEPT_ENCODING, "gzip"), "").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    let tag = response.headers()[header::ETAG].clone();
    let again = site.send(Request::get(&url).header(header::IF_NONE_MATCH, tag), "").await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let old = site.get("/static/0000000000000000/kit/guosuo.css").await;
    assert_eq!(old.headers()[header::CACHE_CONTROL], "no-cache");
    assert_eq!(site.get("/static/x/kit/none.css").await.status(), StatusCode::NOT_FOUND);
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
        let response = site.get(&format!("/find?code={}", crate::kit::links::percent_encode(typed))).await;
        let location = response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(location.as_deref(), expected, "{typed}");
    };
    let code = licence::Code::draw(&base::SeededEntropy::new(3));
    let opened = format!("/V/{}", code.as_str());
    check(&code.grouped(), Some(&opened)).await;
    check(&format!("{}{opened}", site.app.settings.public_url), Some(&opened)).await;
    check(&format!("https://v.example{opened}"), None).await;
    check(&code.as_str()[1..], None).await;
    let identifier = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F";
    let found = format!("/V/{identifier}");
    check(identifier, Some(&found)).await;
    check(&format!("证照标识：{}", identifier.replace('.', "。").replace("1.2", "1 .2")), Some(&found)).await;
    check(&format!("  {}…", &identifier[..30]), None).await;
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
    let table = Table::everywhere().get("/sample/{which}/{name}", Anyone, samples);
    let router = crate::kit::edge::wrap(table.into_router(), site.app.clone());
    for (place, name) in testing::NAMES.iter().enumerate() {
        for which in ["parts", "licences", "show"] {
            let request = Request::get(format!("/sample/{which}/{place}")).body(Body::empty()).unwrap();
            let page = text(router.clone().oneshot(request).await.unwrap()).await;
            assert!(!page.contains("<script"), "{which} {name}");
            assert!(!page.contains("⟨?⟩"), "{which} misses a text");
            assert_eq!(page.contains("龘㐂𠮷"), place == 1, "{which} {name}");
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

/// A site with a few rows of its own, for what no real page does.
async fn site_with(add: impl FnOnce(Table) -> Table) -> Site {
    let fresh = records::testing::fresh_following(consequences::TABLE).await.unwrap();
    let app = testing::app(&fresh, URL).await.unwrap();
    let table = add(Table::everywhere());
    Site { router: crate::kit::edge::wrap(table.into_router(), app.clone()), app, _fresh: fresh }
}

#[tokio::test]
async fn a_panic_is_answered_with_a_page_and_the_number_of_the_request() {
    let panics = async || -> &'static str { panic!("a mistake of ours") };
    let site = site_with(|table| table.get("/panics", Anyone, panics)).await;
    let response = site.get("/panics").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let page = text(response).await;
    assert!(page.contains(&id) && page.contains("id=\"error\"") && !page.contains("a mistake of ours"), "{page}");
}

async fn form_site() -> Site {
    let form = async |page: crate::Page| page.csrf();
    let send = async |fields: crate::kit::form::Fields| fields.text("name").to_owned();
    site_with(|table| table.get("/form", Anyone, form).post("/form", Anyone, Guard::Form, send)).await
}

const URLENCODED: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_form_needs_the_token_and_the_cookie_of_one_browser() {
    let site = form_site().await;
    let browser = async || {
        let response = site.get("/form").await;
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        (cookie, text(response).await)
    };
    let (cookie, token) = browser().await;
    let (other_cookie, other_token) = browser().await;
    assert_ne!(token, other_token);
    let check = async |cookie: &str, token: &str, origin: Option<&str>, expected: StatusCode| {
        let mut request =
            Request::post("/form").header(header::CONTENT_TYPE, URLENCODED).header(header::COOKIE, cookie);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let response = site.send(request, format!("csrf={token}&name=%E9%BE%98")).await;
        assert_eq!(response.status(), expected, "{cookie} {token} {origin:?}");
        if expected == StatusCode::OK {
            assert_eq!(text(response).await, "龘");
        }
    };
    check(&cookie, &token, None, StatusCode::OK).await;
    check(&cookie, &token, Some(URL), StatusCode::OK).await;
    check(&cookie, &token, Some("null"), StatusCode::OK).await;
    check(&cookie, &token, Some("http://127.0.0.1:8081"), StatusCode::FORBIDDEN).await;
    check(&cookie, &other_token, None, StatusCode::FORBIDDEN).await;
    check(&other_cookie, &token, None, StatusCode::FORBIDDEN).await;
    check("x=1", &token, None, StatusCode::FORBIDDEN).await;
    check(&cookie, "", None, StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn a_form_in_gbk_is_refused_before_anything_happens() {
    let site = form_site().await;
    let check = async |kind: &'static str, body: &'static [u8], expected: StatusCode| {
        let response = site.send(Request::post("/form").header(header::CONTENT_TYPE, kind), body).await;
        assert_eq!(response.status(), expected, "{kind}");
        let page = text(response).await;
        assert!(page.contains("id=\"error\""), "{page}");
    };
    check("application/x-www-form-urlencoded; charset=GBK", b"name=a", StatusCode::BAD_REQUEST).await;
    check(URLENCODED, b"name=%D5%C5%C8%FD", StatusCode::BAD_REQUEST).await;
    check(URLENCODED, b"name=\xd5\xc5\xc8\xfd", StatusCode::BAD_REQUEST).await;
    check(URLENCODED, b"name=a%00b", StatusCode::BAD_REQUEST).await;
    check("text/plain", b"csrf=a", StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    check(URLENCODED, b"name=a&name=b", StatusCode::BAD_REQUEST).await;
}

#[tokio::test]
async fn a_form_is_read_up_to_its_limit() {
    use crate::kit::limits::FORM_BYTES_MAX;
    let site = form_site().await;
    let send = async |length: usize| {
        let body = format!("name={}", "a".repeat(length - 5));
        site.send(Request::post("/form").header(header::CONTENT_TYPE, URLENCODED), body).await.status()
    };
    // At the limit it is read, and then the token is missing.
    assert_eq!(send(FORM_BYTES_MAX).await, StatusCode::FORBIDDEN);
    assert_eq!(send(FORM_BYTES_MAX + 1).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_file_is_read_up_to_its_limit_and_announced_giants_not_at_all() {
    use crate::kit::limits::UPLOAD_BYTES_MAX;
    let site = file_site().await;
    let of_size =
        |size: usize| [part("name=\"file\"; filename=\"a.pdf\"", &vec![b'a'; size]), b"--x--\r\n".to_vec()].concat();
    assert_eq!(text(upload(&site, of_size(UPLOAD_BYTES_MAX)).await).await, UPLOAD_BYTES_MAX.to_string());
    assert_eq!(upload(&site, of_size(UPLOAD_BYTES_MAX + 1)).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let giant = Request::post("/file")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .header(header::CONTENT_LENGTH, "500000000");
    assert_eq!(site.send(giant, "").await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(upload(&site, part("name=\"file\"", b"abc")).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn one_client_has_so_much_room_for_uploads_and_leaves_the_rest() {
    use crate::kit::limits::{UPLOADS_BYTES_EACH_MAX, UPLOADS_BYTES_MAX};
    let site = file_site().await;
    let client = Some(std::net::IpAddr::from([0, 0, 0, 0]));
    let file = |kilobytes: usize| {
        let content = vec![b'a'; kilobytes * 1024];
        [part("name=\"file\"; filename=\"a.pdf\"", &content), b"--x--\r\n".to_vec()].concat()
    };
    let held = site.app.shared.uploads.take(client, UPLOADS_BYTES_EACH_MAX / 1024 - 3).unwrap();
    assert_eq!(text(upload(&site, file(3)).await).await, "3072");
    assert_eq!(upload(&site, file(4)).await.status(), StatusCode::TOO_MANY_REQUESTS);
    drop(held);
    assert_eq!(text(upload(&site, file(4)).await).await, "4096", "what it had is given back");
    let others = site.app.shared.uploads.take(None, UPLOADS_BYTES_MAX / 1024 - 3).unwrap();
    assert_eq!(upload(&site, file(4)).await.status(), StatusCode::SERVICE_UNAVAILABLE, "{}", others.amount());
}

#[tokio::test]
async fn room_for_an_upload_is_taken_while_it_comes_and_not_when_it_is_there() {
    use crate::kit::limits::{PIECE_BYTES_MAX, UPLOADS_BYTES_EACH_MAX};
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    };
    const PIECES: usize = 32;
    let site = file_site().await;
    let client = Some(std::net::IpAddr::from([0, 0, 0, 0]));
    let piece = vec![b'a'; PIECE_BYTES_MAX];
    // Room for half of the file.
    let room = PIECES / 2 * PIECE_BYTES_MAX / 1024;
    let _held = site.app.shared.uploads.take(client, UPLOADS_BYTES_EACH_MAX / 1024 - room).unwrap();
    let head = b"--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n".to_vec();
    let read = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&read);
    let pieces = std::iter::once(head).chain(std::iter::repeat_n(piece, PIECES)).chain([b"\r\n--x--\r\n".to_vec()]);
    let counted = pieces.map(move |piece| {
        count.fetch_add(1, Relaxed);
        Ok::<_, std::convert::Infallible>(piece)
    });
    let answer = upload(&site, Body::from_stream(futures_util::stream::iter(counted))).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let read = read.load(Relaxed);
    assert!((PIECES / 2..=PIECES / 2 + 4).contains(&read), "{read} of {} pieces were read", PIECES + 2);
}

/// A site that says how long an uploaded file is.
async fn file_site() -> Site {
    let length = async |upload: crate::kit::upload::Upload| upload.file.len().to_string();
    site_with(|table| table.post("/file", Anyone, Guard::Bearer, length)).await
}

async fn upload(site: &Site, body: impl Into<Body>) -> Response {
    site.send(Request::post("/file").header(header::CONTENT_TYPE, "multipart/form-data; boundary=x"), body).await
}

fn part(head: &str, content: &[u8]) -> Vec<u8> {
    [format!("--x\r\ncontent-disposition: form-data; {head}\r\n\r\n").as_bytes(), content, b"\r\n"].concat()
}

#[tokio::test]
async fn a_file_that_comes_byte_by_byte_is_read() {
    let site = file_site().await;
    let body = [part("name=\"a\"", b"1"), part("name=\"file\"", b"a\r\n--b"), b"--x--\r\n".to_vec()].concat();
    let bytes = body.into_iter().map(|byte| Ok::<_, std::convert::Infallible>(vec![byte]));
    let answer = upload(&site, Body::from_stream(futures_util::stream::iter(bytes))).await;
    assert_eq!(text(answer).await, "6");
}

#[tokio::test]
async fn what_has_no_field_in_it_and_what_is_no_file_has_an_end() {
    use crate::kit::limits::{FIELDS_MAX, FORM_BYTES_MAX, PART_HEAD_BYTES_MAX, PIECE_BYTES_MAX};
    let site = file_site().await;
    let long = 2 * (PART_HEAD_BYTES_MAX + PIECE_BYTES_MAX);
    let file = part("name=\"file\"", b"abc");
    let preamble = [vec![b'a'; long], b"\r\n".to_vec(), file.clone()].concat();
    let head = part(&format!("name=\"file\"; x=\"{}\"", "a".repeat(long)), b"abc");
    let half = "a".repeat(FORM_BYTES_MAX / 2);
    let texts = |length: usize| {
        let second = part("name=\"b\"", &vec![b'b'; length]);
        [part("name=\"a\"", half.as_bytes()), second, file.clone()].concat()
    };
    let many = (0..=FIELDS_MAX).flat_map(|place| part(&format!("name=\"{place}\""), b"")).collect::<Vec<_>>();
    let check = async |body: Vec<u8>, expected: StatusCode, what: &str| {
        let body = [body, b"--x--\r\n".to_vec()].concat();
        assert_eq!(upload(&site, body).await.status(), expected, "{what}");
    };
    check(preamble, StatusCode::BAD_REQUEST, "a preamble that does not end").await;
    check(head, StatusCode::BAD_REQUEST, "a head that does not end").await;
    check(texts(FORM_BYTES_MAX / 2), StatusCode::OK, "texts up to their limit").await;
    check(texts(FORM_BYTES_MAX / 2 + 1), StatusCode::PAYLOAD_TOO_LARGE, "texts over their limit together").await;
    check(many, StatusCode::PAYLOAD_TOO_LARGE, "too many fields").await;
    let two = |first: &[u8]| [part("name=\"file\"", first), part("name=\"file\"", b"abc")].concat();
    check(two(b"abc"), StatusCode::BAD_REQUEST, "two files").await;
    check(two(b""), StatusCode::BAD_REQUEST, "two files, the first one empty").await;
}

#[tokio::test]
async fn a_fast_sender_has_not_earned_the_right_to_be_silent() {
    use crate::kit::limits::{SILENCE_MAX, UPLOAD_TIME_MAX};
    let site = file_site().await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let much = part("name=\"file\"", &vec![b'a'; 1 << 20]);
    let silent = futures_util::stream::pending::<Result<Vec<u8>, std::convert::Infallible>>();
    let one = futures_util::stream::iter([Ok(much)]);
    let answer = upload(&site, Body::from_stream(futures_util::StreamExt::chain(one, silent))).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let taken = begun.elapsed();
    assert!(taken >= SILENCE_MAX && taken < UPLOAD_TIME_MAX, "{taken:?}");
    // Who sends a little now and then has an end as well.
    let begun = tokio::time::Instant::now();
    let drops = (tokio::time::interval(SILENCE_MAX / 2), part("name=\"file\"", b"a"));
    let drops = futures_util::stream::unfold(drops, |(mut pace, next)| async {
        pace.tick().await;
        Some((Ok::<_, std::convert::Infallible>(next), (pace, vec![b'a'; 4096])))
    });
    assert_eq!(upload(&site, Body::from_stream(drops)).await.status(), StatusCode::BAD_REQUEST);
    let taken = begun.elapsed();
    assert!(taken >= UPLOAD_TIME_MAX && taken < UPLOAD_TIME_MAX + SILENCE_MAX, "{taken:?}");
}

#[tokio::test]
async fn a_forged_upload_is_refused_before_its_file_is_read() {
    let length = async |upload: crate::kit::upload::Upload| upload.file.len().to_string();
    let site = site_with(|table| table.post("/file", Anyone, Guard::Upload, length)).await;
    let body = "--x\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nabc\r\n--x--\r\n";
    let request = Request::post("/file").header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    assert_eq!(site.send(request, body).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn over_https_cookies_are_bound_to_the_host_and_the_answer_says_so() {
    let fresh = records::testing::fresh_following(consequences::TABLE).await.unwrap();
    let app = testing::app(&fresh, "https://sso.example.gov.cn").await.unwrap();
    let form = async |page: crate::Page| page.csrf();
    let table = Table::everywhere().get("/form", Anyone, form);
    let site = Site { router: crate::kit::edge::wrap(table.into_router(), app.clone()), app, _fresh: fresh };
    let response = site.get("/form").await;
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-guosuo-b=") && cookie.ends_with("; Secure"), "{cookie}");
    assert!(response.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
}

#[tokio::test]
async fn a_visitor_without_a_session_is_served_without_the_database() {
    let site = site().await;
    site.app.database.close().await;
    assert_eq!(site.get("/").await.status(), StatusCode::OK);
    assert_eq!(site.get("/livez").await.status(), StatusCode::OK);
    assert_eq!(site.get("/me").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(site.get("/nowhere").await.status(), StatusCode::NOT_FOUND);
}

#[test]
fn a_page_that_a_sentence_names_is_called_so() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../words/text");
    let texts = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let text = texts.collect::<Vec<_>>().join("\n");
    let mut named = 0;
    for (before, after) in [("“", "”页面"), ("在“", "”中")] {
        let sentences = text.split(after).collect::<Vec<_>>();
        for sentence in &sentences[..sentences.len() - 1] {
            let Some((_, name)) = sentence.rsplit_once(before).filter(|(_, name)| !name.contains(['”', '\n'])) else {
                continue;
            };
            named += 1;
            let is_title =
                ["title", "seals", "apps"].iter().any(|key| text.contains(&format!("\n{key} = {{ zh = \"{name}\"")));
            assert!(is_title, "no page is called {name}");
        }
    }
    assert!(named > 3, "{named}");
}
