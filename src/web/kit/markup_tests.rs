//! What is wrong with a page whatever it says: asked of every page that a test renders.

use std::collections::HashSet;

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use http::{
    Method, StatusCode,
    header::{CONTENT_TYPE, LOCATION},
};

use crate::kit::{access::Row, named};

/// The pages that say how the API is called, and what was wrong with what an application asked: whoever writes programs
/// reads codes.
const FOR_PROGRAMMERS: [&str; 2] = ["A-01", "E-01"];

/// What answers a form with a page that is not had again by opening an address, and why. All else leads to a page.
const ANSWERS: [(&str, &str); 11] = [
    ("/console/shown", "a password or a secret that is shown once, in another language or size"),
    ("/desk", "each verification leaves a receipt, which has an address"),
    ("/desk/file", "the same, of a file"),
    ("/desk/resets/{id}/approve", "a password that is shown once"),
    ("/logout/confirm", "applications are told in the page that nobody is signed in any more"),
    ("/me/password", "passwords are typed again: the form alone, in another language or size"),
    ("/operator/accounts/{id}/reset", "a password that is shown once"),
    ("/operator/proposals/{id}/approve", "a password or a secret that is shown once"),
    ("/sign-in", "what was typed is in the page and in no address: it waits, or another password is chosen"),
    ("/sign-in/choose", "the same"),
    ("/sign-out", "applications are told in the page that nobody is signed in any more"),
];

/// Forms into which nothing is typed: the page on which they stand says as much of what is wrong as their answer does.
const NOTHING_TYPED: [&str; 6] = [
    "/authorize",
    "/consent",
    "/console/applications/{id}/approve",
    "/console/seals/proposals/{id}/withdraw",
    "/operator/proposals/{id}/approve",
    "/operator/proposals/{id}/withdraw",
];

/// Ends the test in which a form is answered with a page that has no address and no reason for that; or a page that answers
/// a form offers no other language and size where it could, or offers them where what it shows is lost.
pub async fn keep_what_answers_a_form(request: Request, next: Next) -> Response {
    let sent_to = (!request.method().is_safe()).then(|| request.uri().to_string());
    let response = next.run(request).await;
    let leads_to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
    let flags = leads_to.split_once('?').map_or("", |(_, query)| query).split('&').filter(|flag| !flag.is_empty());
    let bare: Vec<_> = flags.filter(|flag| !flag.contains('=')).collect();
    assert!(sent_to.is_none() || bare.is_empty(), "{leads_to} says that something was done for ever");
    let is_page = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let Some(sent_to) = sent_to.filter(|_| is_page) else { return response };
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let lost = lost((&sent_to, parts.status), &String::from_utf8_lossy(&body));
    assert!(lost.is_empty(), "what answers a form at {sent_to} is lost at {lost:?}");
    let pattern = crate::rows().into_iter().find(|row| row.method == Method::POST && is_at(row, &sent_to));
    let pattern = pattern.map_or("", |row| row.path);
    assert!(!forgets((pattern, parts.status), &String::from_utf8_lossy(&body)), "{sent_to} forgets what was typed");
    let is_allowed = pattern.is_empty() || ANSWERS.iter().any(|(path, _)| *path == pattern);
    assert!(is_allowed || parts.status != StatusCode::OK, "{sent_to} answers with a page that has no address");
    Response::from_parts(parts, Body::from(body))
}

/// Whether whoever switches on a form that is shown again with what is wrong loses what was typed, or what is wrong.
fn forgets((pattern, status): (&str, StatusCode), page: &str) -> bool {
    let is_form_again = status.is_client_error() && !page.contains(" E-4");
    let is_kept = ["%3Fform%3D", " name=\"switch\"", " id=\"was-shown\""].iter().any(|mark| page.contains(mark));
    is_form_again && !is_kept && !NOTHING_TYPED.contains(&pattern)
}

/// Whether a row has this address.
fn is_at(row: &Row, address: &str) -> bool {
    let path: Vec<_> = address.split(['?', '#']).next().unwrap_or_default().split('/').collect();
    let pattern: Vec<_> = row.path.split('/').collect();
    let mut places = pattern.iter().zip(&path);
    pattern.len() == path.len() && places.all(|(place, part)| place.starts_with('{') || place == part)
}

/// Where a page that answers a form sends whoever switches, and where it is not had again: at an address that is only sent
/// to; and at its own, unless it is the form again with what is wrong with it.
fn lost((sent_to, status): (&str, StatusCode), page: &str) -> Vec<String> {
    let rows = crate::rows();
    let opens = |address: &str| rows.iter().any(|row| row.method == Method::GET && is_at(row, address));
    let switches =
        page.split("href=\"/").filter(|link| ["appearance?", "language?"].iter().any(|to| link.starts_with(to)));
    let back = switches.filter_map(|link| link.split('"').next()?.split_once("back=").map(|(_, back)| back));
    let back = back.map(|back| percent_encoding::percent_decode_str(back).decode_utf8_lossy().into_owned());
    back.filter(|back| (back == sent_to && status == StatusCode::OK) || !opens(back)).collect()
}

/// Ends the test that renders a page with something wrong in it.
pub fn check(page: &str) {
    let faults = faults(page);
    assert!(faults.is_empty(), "{faults:?} in {page}");
}

/// Identifiers that stand twice, to which neither a label nor a link of an error leads; codes where people read words:
/// `role_missing`; and words of the other language. What is a code to people too is marked as one, and what is in the other
/// language says so.
fn faults(page: &str) -> Vec<String> {
    let (mut faults, mut seen) = (Vec::new(), HashSet::new());
    let is_for_programmers = FOR_PROGRAMMERS.iter().any(|number| page.contains(&format!(" {number}</p>")));
    if !is_for_programmers {
        faults.extend(of_the_other_language(page).into_iter().map(|words| format!("not in its language: {words}")));
    }
    let mut rest = page;
    while let Some((text, after)) = rest.split_once('<') {
        if !is_for_programmers {
            faults.extend(codes(text).map(|code| format!("code {code}")));
        }
        let Some((tag, behind)) = after.split_once('>') else { break };
        if let Some(id) = attribute(tag, "id")
            && !seen.insert(id)
        {
            faults.push(format!("id {id}"));
        }
        rest = if is_for_programs(tag) { after_end(tag, behind) } else { behind };
    }
    faults
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    Some(tag.split_once(&format!(" {name}=\""))?.1.split('"').next().unwrap_or_default())
}

/// What people do not read as words, or read as codes.
fn is_for_programs(tag: &str) -> bool {
    let name = tag.split([' ', '\n']).next().unwrap_or_default();
    let is_marked = attribute(tag, "class").is_some_and(|classes| classes.split(' ').any(|class| class == "code"));
    is_marked || ["code", "pre", "script", "style", "textarea"].contains(&name)
}

/// What stands on a page in the other language and does not say so.
fn of_the_other_language(page: &str) -> Vec<String> {
    let is_english = page.contains("<html lang=\"en\"");
    let (mut found, mut rest) = (Vec::new(), page);
    while let Some((text, after)) = rest.split_once('<') {
        found.extend(if is_english { chinese(text) } else { english_sentence(text) });
        let Some((tag, behind)) = after.split_once('>') else { break };
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        let says_so = name != "html" && attribute(tag, "lang").is_some();
        // Where there is no place for a mark.
        let is_plain = ["option", "svg", "title"].contains(&name);
        rest = if says_so || is_plain || is_for_programs(tag) { after_end(tag, behind) } else { behind };
    }
    found
}

fn chinese(text: &str) -> Option<String> {
    text.chars().any(named::is_han).then(|| text.trim().to_owned())
}

/// Four words in a row, of which most are in small letters. Names, numbers and commands are none.
fn english_sentence(text: &str) -> Option<String> {
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphabetic() || ",.:;'".contains(c));
    let is_small = |word: &str| word.starts_with(|c: char| c.is_ascii_lowercase());
    let is_sentence =
        |run: &&[&str]| run.iter().all(|word| is_word(word)) && run.iter().filter(|word| is_small(word)).count() >= 3;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    words.windows(4).find(is_sentence).map(|run| run.join(" "))
}

/// Behind the end of an element that holds none of its own kind.
fn after_end<'a>(tag: &str, behind: &'a str) -> &'a str {
    let name = tag.split([' ', '\n']).next().unwrap_or_default();
    behind.split_once(&format!("</{name}>")).map_or("", |(_, rest)| rest)
}

fn codes(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| {
        let is_lower = word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        is_lower && word.trim_matches('_').contains('_')
    })
}

#[test]
fn a_switch_on_what_answers_a_form_leads_to_another_page_that_can_be_opened() {
    let check = |sent_to: &str, status: u16, back: &str, wrong: &[&str]| {
        let page = format!("<a href=\"/\">x</a><a href=\"/language?to=en&amp;back={back}\" lang=\"en\">English</a>");
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(lost((sent_to, status), &page), wrong, "{sent_to}, {back}");
    };
    check("/sign-in", 200, "%2Fsign-in%3Fto%3D%252Fme", &[]);
    check("/sign-in/choose", 422, "%2Fsign-in%2Fchoose", &["/sign-in/choose"]);
    check("/operator/people", 200, "%2Foperator%2Fpeople", &["/operator/people"]);
    check("/me/password", 422, "%2Fme%2Fpassword", &[]);
    check("/desk/resets/rst_1/approve", 200, "%2Fdesk%2Fresets%2Frst_1", &[]);
    assert!(lost(("/desk/resets/find", StatusCode::OK), "<a href=\"/desk\">x</a>").is_empty());
}

#[test]
fn a_page_with_an_id_twice_or_a_code_for_words_ends_the_test_that_renders_it() {
    let check = |page: &str, wrong: &[&str]| assert_eq!(faults(page), wrong, "{page}");
    check("<h1 id=\"a\">A</h1><p id=\"b\" class=\"x\">role names</p>", &[]);
    check("<h1 id=\"a\">A</h1><p id=\"a\">B</p><a data-id=\"a\"></a>", &["id a"]);
    check("<p>Page E-role_missing</p>", &["code role_missing"]);
    check("<p>client_id</p><p class=\"page-id\">Page A-01</p>", &[]);
    check("<dd class=\"small code\">role_missing</dd><p>ver_01K9Q3 and ver_ begin so</p>", &[]);
    check("<html lang=\"zh-CN\"><p>the licence was revoked</p>", &["not in its language: the licence was revoked"]);
    check("<html lang=\"zh-CN\"><p lang=\"en\">the licence was revoked</p><p>guosuo audit</p>", &[]);
    let office = "\u{516c}\u{5b89}\u{5c40}";
    let wrong = format!("not in its language: Issued by {office}");
    check(&format!("<html lang=\"en\"><p>Issued by {office}</p>"), &[&wrong]);
    check(&format!("<html lang=\"en\"><p>Issued by <bdi lang=\"zh-CN\">{office}</bdi></p>"), &[]);
    check("<textarea>a_b</textarea><p title=\"a_b\">c</p><p>phone_number</p>", &["code phone_number"]);
}
