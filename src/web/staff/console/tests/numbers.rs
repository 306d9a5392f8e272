//! Identity numbers on staff's screens and in answers: with their middle hidden, wherever they come from.

use base::{mask, number::IdentityNumber};
use http::{Method, StatusCode, header};
use licence::{built_in, licence_type};
use serde_json::json;

use super::{Desk, hidden, page_of};
use crate::{
    public::api::tests::{Answer, Office, office, register},
    testing,
};

/// Everything that was shown, by its address.
#[derive(Default)]
struct Shown(Vec<(String, String)>);

impl Shown {
    fn keep(&mut self, what: &str, answer: Answer) -> Answer {
        // Head and body: an address is written down by many a program.
        self.0.push((what.to_owned(), format!("{:?}\n{}", answer.headers, answer.text)));
        answer
    }

    async fn get(&mut self, desk: &Desk<'_>, path: &str) -> Answer {
        self.keep(path, desk.get(path).await)
    }

    async fn post(&mut self, desk: &Desk<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.keep(path, desk.post(path, fields).await)
    }

    fn holds(&self, text: &str) -> Vec<&str> {
        self.0.iter().filter(|(_, page)| seen(page).contains(text)).map(|(what, _)| what.as_str()).collect()
    }
}

/// A page without what its form sends again: whoever typed that sends it, and nobody sees it.
fn seen(page: &str) -> String {
    let (first, rest) = page.split_once("<input type=\"hidden\" name=\"f_").unwrap_or((page, ""));
    let rest = rest.split("<input type=\"hidden\" name=\"f_");
    let rest = rest.filter_map(|input| Some(input.split_once('>')?.1));
    [first].into_iter().chain(rest).collect()
}

/// Applies, has it approved; the path of the licence.
async fn issue(
    shown: &mut Shown,
    (clerk, reviewer): (&Desk<'_>, &Desk<'_>),
    (code, number): (&str, &str),
    fields: &[(&str, &str)],
) -> String {
    let form = format!("/console/apply/{code}");
    let found = shown.post(clerk, &form, &[("number", number)]).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text);
    let holder = hidden(&found.text, "holder");
    let mut all = vec![("holder", holder.as_str())];
    all.extend(fields);
    shown.post(clerk, &form, &all).await;
    all.push(("confirmed", "yes"));
    let done = shown.post(clerk, &form, &all).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let application = page_of(&done);
    shown.get(clerk, &application).await;
    let digest = hidden(&shown.get(reviewer, &application).await.text, "digest");
    let approved = shown.post(reviewer, &format!("{application}/approve"), &[("digest", &digest)]).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text);
    shown.get(reviewer, &application).await;
    let licence = approved.location().to_owned();
    shown.get(clerk, &licence).await;
    licence
}

/// Lets the department certify births, and registers a mother.
async fn let_issue_birth_certificates(office: &Office) -> IdentityNumber {
    let context = records::testing::context(testing::NOW, 9);
    let mut work = office.app.database.begin(context).await.unwrap();
    licence_type::authorise(&mut work, built_in::BIRTH, &office.department).await.unwrap();
    let (_, mother) = register(&mut work, &office.app, "王芳", "33010119920101124").await;
    work.commit().await.unwrap();
    mother
}

const DRIVING: [(&str, &str); 5] = [
    ("f_nationality", "中国"),
    ("f_address", "滨江市江南区解放路 1 号"),
    ("f_first_issue_date", "2026-11-18"),
    ("f_vehicle_class", "C1"),
    ("f_file_number", "330100123456"),
];

/// Nobody's number, one of somebody else, and one with a mistake in it: they stay where they were typed, and what is wrong
/// says none of them in full.
async fn mistakes_say_no_number(
    clerk: &Desk<'_>,
    holder: &str,
    birth: &[(&str, &str)],
    (mother, nobody): (&str, &str),
) {
    let other_check = if mother.ends_with('0') { '1' } else { '0' };
    let mistyped = format!("{}{other_check}", &mother[..17]);
    for (name, number) in [("王芳", nobody), ("王芬", mother), ("王芳", mistyped.as_str())] {
        let form = format!("/console/apply/{}", built_in::BIRTH);
        let found = clerk.post(&form, &[("number", holder)]).await;
        let holder = hidden(&found.text, "holder");
        let mut all = vec![("holder", holder.as_str())];
        all.extend(birth.iter().copied().filter(|(field, _)| !field.starts_with("f_mother")));
        all.extend([("f_mother_name", name), ("f_mother_code", number)]);
        let refused = clerk.post(&form, &all).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        let (_, summary) = refused.text.split_once("class=\"error-summary\"").unwrap();
        let (summary, _) = summary.split_once("</div>").unwrap();
        assert!(summary.contains("母亲") && !summary.contains(number), "{summary}");
    }
}

#[tokio::test]
async fn no_page_of_staff_and_no_answer_shows_a_whole_identity_number() {
    let office = office().await;
    let mother = let_issue_birth_certificates(&office).await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = Desk::new(&office, &office.reviewer).await;
    let people = (&clerk, &reviewer);
    let mut shown = Shown::default();
    let holder = office.person.as_str();
    let nobody = IdentityNumber::complete("33010119650101124").unwrap();
    let driving = issue(&mut shown, people, (built_in::DRIVING, holder), &DRIVING).await;
    let birth = [
        ("f_newborn_name", "欧阳小芳"),
        ("f_sex", "女"),
        ("f_birth_time", "2026-11-20 08:15"),
        ("f_birth_place", "滨江市"),
        ("f_facility", "滨江市妇幼保健院"),
        ("f_mother_name", "王芳"),
        ("f_mother_code", mother.as_str()),
        ("f_father_name", "欧阳龘"),
        ("f_father_code", holder),
    ];
    mistakes_say_no_number(&clerk, holder, &birth, (mother.as_str(), nobody.as_str())).await;
    let birth = issue(&mut shown, people, (built_in::BIRTH, holder), &birth).await;

    // Looking for it, renewing it, handing it in twice, sending it back.
    for path in ["/console", "/console/applications", "/console/licences", "/console/apply"] {
        shown.get(&clerk, path).await;
    }
    let found = shown.post(&clerk, "/console/licences/find", &[("q", holder)]).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text);
    let unknown = shown.post(&clerk, "/console/licences/find", &[("q", nobody.as_str())]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    for (code, licence) in [(built_in::DRIVING, &driving), (built_in::BIRTH, &birth)] {
        let id = licence.rsplit('/').next().unwrap();
        let renewal = shown.get(&clerk, &format!("/console/apply/{code}?renews={id}")).await;
        assert_eq!(renewal.status, StatusCode::OK);
        let holder = hidden(&renewal.text, "holder");
        let refused = shown.post(&clerk, &format!("/console/apply/{code}"), &[("holder", &holder)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "fields are missing");
        shown.post(&clerk, &format!("{licence}/suspend"), &[("reason", "violation")]).await;
        shown.get(&clerk, licence).await;
    }

    // The counter, by code and by number, and what its receipt says.
    let id = driving.rsplit('/').next().unwrap();
    let api = office.call(Method::GET, &format!("/api/v1/licences/{id}"), None, "").await;
    let code = api.json()["code"].as_str().unwrap().to_owned();
    let identifier = api.json()["identifier"].as_str().unwrap().to_owned();
    shown.keep("GET licence", api);
    shown.get(&reviewer, "/desk").await;
    for asked in [code.as_str(), identifier.as_str(), holder] {
        let answer = shown.post(&reviewer, "/desk", &[("text", asked)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let body = json!({ "code": asked }).to_string();
        shown.keep("verifications", office.call(Method::POST, "/api/v1/verifications", None, &body).await);
    }

    // The interface, when it is content and when it is not.
    shown.keep("GET licences", office.call(Method::GET, "/api/v1/licences", None, "").await);
    let again = office.driving(&office.person);
    let held = office.call(Method::POST, "/api/v1/licences", Some("again"), &again.to_string()).await;
    assert_eq!(held.code(), "already_held");
    shown.keep("already held", held);
    let mut wrong = again.clone();
    wrong["fields"]["holder_code"] = mother.as_str().into();
    let locked = office.call(Method::POST, "/api/v1/licences", Some("locked"), &wrong.to_string()).await;
    assert_eq!(locked.json()["errors"][0]["pointer"], "/fields/holder_code");
    shown.keep("locked field", locked);
    wrong["holder"] = json!({ "identity_number": nobody.as_str() });
    let unknown = office.call(Method::POST, "/api/v1/licences", Some("nobody"), &wrong.to_string()).await;
    assert_eq!(unknown.code(), "holder_unknown");
    shown.keep("nobody", unknown);

    for number in [holder, mother.as_str(), nobody.as_str()] {
        assert_eq!(shown.holds(number), Vec::<&str>::new(), "{number}");
    }
    // The twin: where it belongs, it is there with its middle hidden.
    let masked = [mask::identity_number(holder), mask::identity_number(mother.as_str())];
    assert!(shown.holds(&masked[0]).contains(&driving.as_str()), "{:?}", shown.holds(&masked[0]));
    assert!(shown.holds(&masked[1]).contains(&birth.as_str()), "{:?}", shown.holds(&masked[1]));
    // The document itself says it: it is the holder's.
    let file = clerk.get(&format!("{driving}/file.pdf")).await;
    assert_eq!(
        (file.status, &file.headers[header::CONTENT_TYPE]),
        (StatusCode::OK, &"application/pdf".parse().unwrap())
    );
    // And what is written down of all this does not.
    let events = office.count("select count(*) from event where data like '%3301011%'").await;
    assert_eq!(events, 0);
}
