//! What whoever sits at a desk sees of the holder, what they say of the person who stands there, and their receipts.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use identity::Role;
use licence::events::{HolderCompared, LicenceOpened, ReceiptOpened};
use serde_json::json;

use crate::{
    kit::links::percent_encode,
    public::api::tests::{Answer, Office, member, office},
};

/// One at a browser.
struct Seat<'o> {
    office: &'o Office,
    cookie: String,
}

impl<'o> Seat<'o> {
    async fn of(office: &'o Office, cookie: &str) -> Self {
        let mut seat = Self { office, cookie: cookie.to_owned() };
        for set in seat.get("/desk").await.headers.get_all(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            seat.cookie = format!("{}; {pair}", seat.cookie);
        }
        seat
    }

    /// Somebody in these roles at the department of food, whose number begins so.
    async fn new(office: &'o Office, roles: &[Role], seventeen: &str) -> Self {
        let mut work = office.work(seventeen.bytes().last().map_or(0, |digit| i64::from(digit) - 100)).await;
        let who = member(&mut work, &office.app, &office.department, ("卢晓峰", seventeen), roles).await;
        work.commit().await.unwrap();
        Self::of(office, &who.cookie).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.office.send(Request::get(path).header(header::COOKIE, &self.cookie).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get("/desk").await.text;
        let csrf = page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let mut pairs = vec![format!("csrf={}", percent_encode(&csrf))];
        pairs.extend(fields.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))));
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.office.send(request.body(pairs.join("&").into()).unwrap()).await
    }

    async fn verify(&self, text: &str) -> Answer {
        self.post("/desk", &[("text", text)]).await
    }
}

/// What stands in an element of a page.
fn inside(page: &str, id: &str) -> Option<String> {
    Some(page.split_once(&format!("id=\"{id}\">"))?.1.split('<').next()?.trim().to_owned())
}

fn receipt_in(page: &str) -> String {
    format!("ver_{}", page.split_once("/desk/receipts/ver_").unwrap().1.split('"').next().unwrap())
}

/// A driving licence of the person: its identifier.
async fn driving(office: &Office) -> String {
    let body = json!({
        "type": licence::built_in::DRIVING,
        "holder": { "identity_number": office.person.as_str() },
        "fields": {
            "nationality": "中国", "address": "滨江市江南区解放路 1 号", "first_issue_date": "2026-11-01",
            "vehicle_class": "C1", "file_number": "330100123456",
        },
        "clerk": office.example()["clerk"], "reviewer": office.example()["reviewer"],
    });
    let issued = office.call(Method::POST, "/api/v1/licences", Some("driving"), &body.to_string()).await;
    assert_eq!(issued.status, StatusCode::CREATED, "{}", issued.text);
    issued.json()["identifier"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_counter_sees_the_holder_in_full_and_the_public_page_and_auditors_do_not() {
    let office = office().await;
    let identifier = driving(&office).await;
    let counter = Seat::new(&office, &[Role::Counter], "11010519900101001").await;
    let page = counter.verify(&identifier).await.text;
    let number = office.person.as_str();
    assert_eq!(inside(&page, "holder-name").as_deref(), Some("欧阳龘"), "{page}");
    assert_eq!(inside(&page, "holder-number").as_deref(), number.get(14..));
    assert_eq!(inside(&page, "holder-birth-date"), office.person.birth_date().map(|day| day.to_string()));
    assert!(page.contains("准驾车型") && page.contains("id=\"holder-yes\""), "{page}");
    assert!(!page.contains("解放路") && !page.contains(number), "{page}");
    let looks: Vec<LicenceOpened> = records::testing::told(&office.fresh.database).await.unwrap();
    assert_eq!(looks.iter().filter(|look| look.what == "counter").count(), 1);

    let auditor = Seat::new(&office, &[Role::Auditor], "11010519900202002").await;
    let page = auditor.verify(&identifier).await.text;
    assert!(page.contains("欧*龘") && !page.contains("欧阳龘") && !page.contains("holder-form"), "{page}");
    let public = counter.get(&format!("/find?code={}", percent_encode(&identifier))).await;
    let public = counter.get(public.location()).await.text;
    assert!(public.contains("欧*龘") && !public.contains("欧阳龘"), "{public}");
    assert!(public.contains("id=\"period\"") && public.contains("2032-"), "{public}");
    let looks: Vec<LicenceOpened> = records::testing::told(&office.fresh.database).await.unwrap();
    assert_eq!(looks.iter().filter(|look| look.what == "counter").count(), 1, "nobody else was shown it");
}

#[tokio::test]
async fn a_company_is_called_by_its_name_at_the_desk_in_public_and_in_the_lists_of_its_issuer() {
    let office = office().await;
    let issued = office.issue("k1").await.json();
    let identifier = issued["identifier"].as_str().unwrap().to_owned();
    let clerk = Seat::of(&office, &office.clerk.cookie).await;
    let page = clerk.verify(&identifier).await.text;
    assert_eq!(inside(&page, "holder-name").as_deref(), Some("滨江市龙福餐饮有限公司"), "the issuer's own: {page}");
    assert!(page.contains("来人是该单位的代表吗"), "{page}");
    let public = clerk.get(&format!("/find?code={}", percent_encode(&identifier))).await;
    let public = clerk.get(public.location()).await.text;
    assert_eq!(inside(&public, "holder").as_deref(), Some("滨江市龙福餐饮有限公司"), "{public}");
    assert!(clerk.get("/console/licences").await.text.contains("滨江市龙福餐饮有限公司"));
}

#[tokio::test]
async fn whether_the_person_is_the_holder_is_said_by_a_key_or_a_form_and_stands_on_the_receipt() {
    let office = office().await;
    let identifier = driving(&office).await;
    let counter = Seat::new(&office, &[Role::Counter], "11010519900101001").await;
    let receipt = receipt_in(&counter.verify(&identifier).await.text);
    let path = format!("/desk/receipts/{receipt}");
    let before = counter.get(&path).await.text;
    assert_eq!(inside(&before, "receipt-holder").as_deref(), Some("未核对"), "{before}");
    assert!(before.contains("id=\"holder-form\"") && before.matches("class=\"facet-name\"").count() == 4, "{before}");
    assert!(!before.contains("欧阳龘"), "a receipt holds no name");

    let colleague = Seat::new(&office, &[Role::Counter], "11010519900202002").await;
    assert!(!colleague.get(&path).await.text.contains("id=\"holder-form\""), "who verified says it");
    let said = [("receipt", receipt.as_str()), ("is", "no")];
    assert_eq!(colleague.post("/desk/holder", &said).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        counter.post("/desk/holder", &[("receipt", &receipt), ("is", "maybe")]).await.status,
        StatusCode::NOT_FOUND
    );
    let done = counter.post("/desk/holder", &said).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, path.as_str()), "{}", done.text);
    let after = counter.get(&path).await.text;
    assert!(inside(&after, "receipt-holder").unwrap().starts_with("不是本人，2026-"), "{after}");
    assert!(after.contains("请勿办理") && !after.contains("id=\"holder-form\""), "a no has a next step: {after}");
    let told: Vec<HolderCompared> = records::testing::told(&office.fresh.database).await.unwrap();
    assert_eq!(told.iter().map(|one| (one.receipt.as_str(), one.is_holder)).collect::<Vec<_>>(), [(&*receipt, false)]);
}

#[tokio::test]
async fn the_receipts_of_today_are_ones_own_and_looking_at_their_list_opens_none() {
    let office = office().await;
    let identifier = driving(&office).await;
    let counter = Seat::new(&office, &[Role::Counter], "11010519900101001").await;
    let colleague = Seat::new(&office, &[Role::Counter], "11010519900202002").await;
    assert!(counter.get("/desk/receipts").await.text.contains("今天还没有核验"));
    let mine = [receipt_in(&counter.verify(&identifier).await.text), receipt_in(&counter.verify("123").await.text)];
    let theirs = receipt_in(&colleague.verify("456").await.text);
    let list = counter.get("/desk/receipts").await.text;
    assert!(mine.iter().all(|receipt| list.contains(receipt.as_str())) && !list.contains(&theirs), "{list}");
    assert!(list.find(&mine[1]) < list.find(&mine[0]), "the newest first");
    assert!(list.contains("机动车驾驶证") && list.contains("未核对"), "{list}");
    let opened: Vec<ReceiptOpened> = records::testing::told(&office.fresh.database).await.unwrap();
    assert_eq!(opened, []);
}
