//! The process is killed while it issues, again and again. What was acknowledged is there, once, and genuine.

use std::time::Duration;

use serde_json::Value;
use tests::{
    browser::{client, json},
    city::City,
    load::{Acknowledged, Load, Node},
    wait::any_moment,
};

const KILLS: u32 = 100;
const CALLERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_no_acknowledged_licence_and_double_none() {
    let mut city = City::start().await;
    city.close();
    let mut expected = City::licences(&city.database()).await;
    let mut process = city.serve().await;
    let load = Load::start(&city, &Node::all(&city, &[city.address]), CALLERS, Duration::ZERO);
    for round in 0..KILLS {
        // Between 20 and 200 ms, spread evenly: each point of an issue is hit.
        any_moment(Duration::from_millis(20 + u64::from(round * 37 % 180))).await;
        process.kill();
        process = city.serve().await;
    }
    let told = load.finish().await;
    assert!(told.acknowledged.len() > KILLS as usize / 2, "too little load: {}", told.acknowledged.len());
    each_is_there_and_genuine(&city, &told.acknowledged).await;
    process.stop();
    // Each key was repeated until it was acknowledged, so there is one licence for each and none beside.
    expected.extend(told.licences());
    assert_eq!(City::licences(&city.database()).await, expected);
}

async fn each_is_there_and_genuine(city: &City, acknowledged: &[Acknowledged]) {
    let token = city.api_token().await;
    let http = client();
    for (place, Acknowledged { key, licence: id, .. }) in acknowledged.iter().enumerate() {
        let found = json(http.get(city.url(&format!("/api/v1/licences/{id}"))).bearer_auth(&token)).await;
        assert_eq!(found["id"], id.as_str(), "{key}: {found}");
        assert_eq!(found["status"], "valid", "{key}: {found}");
        // Each file is verified once by pki when it is made; a sample is verified from outside as well.
        if place % 10 == 0 {
            let file = http.get(city.url(&format!("/api/v1/licences/{id}/file.pdf"))).bearer_auth(&token).send();
            let file = file.await.unwrap().bytes().await.unwrap();
            let part = reqwest::multipart::Part::bytes(file.to_vec()).file_name("licence.pdf");
            let verdict: Value = http
                .post(city.url("/api/v1/verifications"))
                .bearer_auth(&token)
                .multipart(reqwest::multipart::Form::new().part("file", part))
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            assert_eq!(verdict["outcome"], "valid", "{key}: {verdict}");
        }
    }
}
