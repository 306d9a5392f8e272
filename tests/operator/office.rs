//! A department that issues licences of food businesses, set up by commands.

use serde_json::{Value, json};
use tests::{
    browser::client,
    installation::{Installation, credit_code},
    wait::soon,
};

use super::{
    commands::client_add,
    founding::{FOOD, appoint, person},
};

const NAME: &str = "滨江市市场监督管理局";

/// The department, with what its system has to know.
pub struct Office {
    /// Its seal.
    pub seal: String,
    secret: String,
    company: String,
    clerk: String,
    reviewer: String,
}

impl Office {
    pub fn new(installation: &Installation) -> Self {
        let (market, company) = (credit_code(2), credit_code(3));
        installation.must(&["organisation", "add", "--name", NAME, "--organisation-code", &market]);
        let words = ["organisation", "add", "--enterprise", "--name", "滨江市望江茶楼有限公司", "--organisation-code"];
        installation.must(&[&words[..], &[&company]].concat());
        let member = |username: &str, number: u32, role: &str| {
            person(installation, username, number);
            appoint(installation, username, &market, role)
        };
        let (clerk, reviewer) = (member("clerk", 10, "clerk"), member("reviewer", 11, "reviewer"));
        member("keeper", 12, "seal_keeper");
        installation.must(&["licence-type", "authorise", FOOD, "--organisation-code", &market]);
        let seal = installation.must(&["seal", "make", "--organisation-code", &market, "--keeper", "keeper"]);
        let mut words = client_add("market-system");
        words[12] = &market;
        words.truncate(13);
        words.extend(["--machine", "--scopes", "licence:verify licence:issue"]);
        let secret = installation.must(&words).trim().rsplit(' ').next().unwrap().to_owned();
        installation.let_attest("market-system");
        Self { seal: seal.trim().to_owned(), secret, company, clerk, reviewer }
    }

    /// An access token of its system.
    pub async fn token(&self, installation: &Installation) -> String {
        soon("a token", async || {
            let (_, answer) = installation.machine_token(&client(), "market-system", &self.secret).await;
            answer["access_token"].as_str().map(str::to_owned)
        })
        .await
    }

    /// What it asks for when it issues.
    pub fn request(&self) -> Value {
        json!({
            "type": FOOD,
            "holder": { "credit_code": self.company },
            "fields": {
                "legal_representative": "李四",
                "residence": "滨江市临江路1号",
                "premises": "滨江市临江路1号",
                "business_category": "餐饮服务经营者",
                "business_items": "热食类食品制售",
                "supervisor": NAME,
            },
            "clerk": self.clerk,
            "reviewer": self.reviewer,
        })
    }
}
