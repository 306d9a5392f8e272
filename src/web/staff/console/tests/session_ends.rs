//! A session that ends while somebody types takes nothing with it.

use axum::body::Body;
use base::id::AccountId;
use http::{Request, StatusCode, header};
use identity::session;
use records::args;

use super::{Desk, FIELDS, form, hidden};
use crate::{
    kit::links::percent_encode,
    public::api::tests::{Answer, Member, Office, office},
    testing,
};

/// Ends the session of a member of staff and opens another one, as a sign-in at the same or another browser does.
async fn ends_and_signs_in(office: &Office, member: &Member) -> String {
    let context = records::testing::context(testing::NOW, 21);
    let mut work = office.app.database.begin(context).await.unwrap();
    let of = "select a.account_id from account a join staff f on f.person_id = a.person_id where f.staff_id = $1";
    let (account,): (String,) = work.tx.one(of, args![&member.staff]).await.unwrap();
    work.tx.run("update session set idle_until = 0 where account_id = $1", args![&account]).await.unwrap();
    let opening = session::Opening {
        account: &AccountId::stored(account),
        method: session::Method::Password,
        address: "127.0.0.1",
        device: "test",
        limits: session::Limits::default(),
    };
    let (token, _) = session::open(&mut work, opening).await.unwrap();
    work.commit().await.unwrap();
    format!("guosuo={}", token.expose())
}

/// The same browser with another session.
fn at_the_browser_of<'o>(desk: &Desk<'o>, session: &str) -> Desk<'o> {
    let browser: Vec<&str> = desk.cookie.split("; ").filter(|pair| !pair.starts_with("guosuo=")).collect();
    Desk { office: desk.office, cookie: format!("{session}; {}", browser.join("; ")) }
}

/// Sends a form as it is, and does not follow where it leads.
async fn send(desk: &Desk<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
    let request = Request::post(path)
        .header(header::COOKIE, &desk.cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    desk.office.send(request.body(Body::from(pairs.join("&"))).unwrap()).await
}

/// Where somebody is led who is asked to sign in, once that is done.
fn then(location: &str) -> String {
    let to = location.split_once("to=").unwrap_or_else(|| panic!("{location}")).1;
    percent_encoding::percent_decode_str(to).decode_utf8().unwrap().into_owned()
}

#[tokio::test]
async fn what_was_typed_when_the_session_had_ended_is_there_after_the_next_sign_in_of_the_same_person_alone() {
    let office = office().await;
    // The same browser, with the session of one and then of another.
    let clerk = Desk::new(&office, &office.clerk).await;
    let found = clerk.post(&form(), &[("number", office.company.as_str())]).await;
    let holder = hidden(&found.text, "holder");
    let mut fields = vec![("holder", holder.as_str())];
    fields.extend(FIELDS);
    let csrf = clerk.csrf().await;
    let session = ends_and_signs_in(&office, &office.clerk).await;
    fields.push(("csrf", &csrf));
    let answer = send(&clerk, &form(), &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let to = then(answer.location());
    assert!(to.starts_with(&format!("{}/holder?form=", form())), "{to}");
    assert!(!to.contains("%E7") && !to.contains("f_"), "what was typed cannot be read in {to}");
    let colleague = at_the_browser_of(&clerk, &office.third.cookie);
    assert_eq!(colleague.get(&to).await.status, StatusCode::SEE_OTHER, "a colleague at the same browser sees nothing");
    let same = at_the_browser_of(&clerk, &session);
    let shown = same.get(&to).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    assert!(shown.text.contains("热食类食品制售"), "{}", shown.text);
    assert_eq!(office.count("select count(*) from application").await, 0, "it is handed in when it is sent");
    let elsewhere = Desk { office: &office, cookie: session.clone() };
    assert_eq!(elsewhere.get(&to).await.status, StatusCode::SEE_OTHER, "another browser sees nothing");
}

#[tokio::test]
async fn a_page_with_what_was_typed_is_opened_again_after_its_session_has_ended() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let csrf = clerk.csrf().await;
    let fields = [("csrf", csrf.as_str()), ("number", office.company.as_str())];
    let page = send(&clerk, &form(), &fields).await.location().to_owned();
    assert!(clerk.get(&page).await.text.contains("滨江市龙福餐饮有限公司"));
    let session = ends_and_signs_in(&office, &office.clerk).await;
    let answer = clerk.get(&page).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let same = at_the_browser_of(&clerk, &session);
    let shown = same.get(&then(answer.location())).await;
    assert!(shown.status == StatusCode::OK && shown.text.contains("滨江市龙福餐饮有限公司"), "{}", shown.text);
    // Of a form without a page of its own, the page it stands on.
    let licence = office.issue("k").await.json()["id"].as_str().unwrap().to_owned();
    let act = format!("/console/licences/{licence}/suspend");
    let answer = send(&clerk, &act, &[("csrf", &csrf), ("reason", "violation")]).await;
    assert_eq!(then(answer.location()), format!("/console/licences/{licence}"));
}
