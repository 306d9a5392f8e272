//! What happened in a request, by its number.

use records::{events::LogRead, testing::told};

use super::{clients::Two, *};

/// The number that an answer has.
fn number(answer: &Answer) -> String {
    answer.headers["x-request-id"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_operator_types_a_request_number_and_sees_what_was_written_down_in_it_without_names() {
    let two = Two::new().await;
    assert!(two.get(&two.one, "/console").await.text.contains("href=\"/operator/requests\""));
    let person = format!("/operator/people/{}", two.office.person_id);
    let opened = two.get(&two.one, &person).await;
    let mut tx = two.office.app.database.read().await.unwrap();
    let name = identity::person::find(&mut tx, &two.office.person_id).await.unwrap().unwrap().name;
    drop(tx);
    assert!(opened.text.contains(&name));
    let id = number(&opened);
    for typed in [id.clone(), id.to_lowercase(), format!("%20{}", &id[4..])] {
        let page = two.get(&two.one, &format!("/operator/requests?request={typed}")).await;
        assert_eq!(page.status, StatusCode::OK, "{typed}");
        assert!(
            page.text.contains("查看自然人信息") && page.text.contains(&format!("href=\"{person}\"")),
            "{}",
            page.text
        );
        assert!(page.text.contains("2026-11-23 15:00"), "when it was made: {}", page.text);
        let (_, entries) = page.text.split_once("id=\"entries\"").unwrap();
        assert!(!entries.contains(&name) && !entries.contains("运维己"), "{entries}");
    }
    // Whoever looks stands in the log.
    let looks = told::<LogRead>(&two.office.app.database).await.unwrap();
    let of_request = |look: &&LogRead| look.about == id && look.by == "request" && look.count == 1;
    assert_eq!(looks.iter().filter(of_request).count(), 3);
    // Most requests that went wrong changed nothing.
    let missing = two.get(&two.one, "/no-such-page").await;
    assert!(missing.text.contains(&number(&missing)), "the page shows its number");
    let page = two.get(&two.one, &format!("/operator/requests?request={}", number(&missing))).await;
    assert!(page.text.contains("没有这个请求的记录"), "{}", page.text);
    // A number with another time in it is none of ours: from before the first department, or from a day to come.
    for (days, known) in [(-4000, false), (0, true), (1, false), (36_500, false)] {
        let ids = base::id::Ids::default();
        let at = NOW.plus_seconds(days * 86_400);
        let id: base::id::RequestId = ids.next(at, &base::SeededEntropy::new(7));
        let page = two.get(&two.one, &format!("/operator/requests?request={id}")).await;
        let said = (page.text.contains("没有这个编号的请求"), page.text.contains("没有这个请求的记录"));
        assert_eq!((page.status == StatusCode::OK, said), (known, (!known, known)), "{days}: {}", page.text);
    }
    for wrong in ["x", "req_1", "lic_01K9Q3ZV5T8M2C4N6R7S9W0XYZ", "%E8%AF%B7"] {
        let page = two.get(&two.one, &format!("/operator/requests?request={wrong}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(page.text.contains("这不是请求编号"), "{wrong}");
    }
    let page = two.get(&two.office.clerk.cookie, "/operator/requests").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}
