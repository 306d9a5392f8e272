//! Backups on the page of operators, and for whoever watches.

use std::sync::atomic::{AtomicU64, Ordering};

use base::{Instant, number::IdentityNumber};
use identity::{account, command_key};
use records::{
    Event,
    events::{BackupBegun, BackupDrilled, BackupEnded, BackupFailed, BackupRemoved, BackupRestored},
    testing::context,
};

use super::*;

const FIRST: &str = "guosuo-20261120T020000Z";
const SECOND: &str = "guosuo-20261123T020000Z";
const DAY: i64 = 86_400;

/// How much was told, so that nothing gets the identifier of something else.
static TOLD: AtomicU64 = AtomicU64::new(0);

fn begun(backup: &str) -> BackupBegun {
    BackupBegun { backup: backup.to_owned(), folder: "/backup/guosuo".to_owned(), with_keys: backup == SECOND }
}

fn ended(backup: &str) -> BackupEnded {
    BackupEnded { backup: backup.to_owned(), bytes: 2_560_000, events: 812, rows: 3_000, seconds: 4 }
}

impl Operator {
    async fn tell(&self, at: Instant, event: impl Event) {
        let seed = 1_000 + TOLD.fetch_add(1, Ordering::Relaxed);
        self.office.app.database.tell(&context(at, seed), event).await.unwrap();
    }

    /// The page, and what its part with this id says.
    async fn part(&self, id: &str) -> String {
        let page = self.get("/operator/backups").await;
        assert_eq!(page.status, StatusCode::OK);
        let rest = page.text.split_once(&format!("id=\"{id}\"")).map(|(_, rest)| rest.to_owned());
        rest.and_then(|rest| Some(rest.split_once("</p>")?.0.to_owned())).unwrap_or_default()
    }
}

#[tokio::test]
async fn an_operator_sees_when_the_last_backup_was_made_what_a_drill_found_and_what_to_do_next() {
    let operator = Operator::new().await;
    assert!(operator.get("/console").await.text.contains("href=\"/operator/backups\""));
    assert!(operator.part("next").await.contains("再设为每晚自动备份"));
    assert!(operator.get("/operator/backups").await.text.contains("还没有完整的备份"));
    let at = |days: i64| NOW.plus_seconds(days * DAY);
    operator.tell(at(-3), begun(FIRST)).await;
    operator.tell(at(-3).plus_seconds(4), ended(FIRST)).await;
    let page = operator.get("/operator/backups").await.text;
    assert!(page.contains("id=\"late\"") && page.contains("超过 2 天没有完整的备份"), "{page}");
    assert!(page.contains(FIRST) && page.contains("2.5 MB，用时 4 秒") && page.contains("未演练"), "{page}");
    assert!(operator.part("next").await.contains("现在备份一次"));
    assert!(operator.get("/console").await.text.contains("id=\"backup-late\""));
    operator.tell(NOW.plus_seconds(-600), begun(SECOND)).await;
    assert!(operator.get("/operator/backups").await.text.contains("正在进行，或已中断"));
    operator.tell(NOW.plus_seconds(-590), ended(SECOND)).await;
    operator.tell(NOW.plus_seconds(-590), BackupRemoved { backup: FIRST.to_owned() }).await;
    let page = operator.get("/operator/backups").await.text;
    assert!(!page.contains("id=\"late\"") && page.contains("含密钥") && page.contains("已按保留份数清除"), "{page}");
    assert!(!operator.get("/console").await.text.contains("backup-late"));
    assert!(operator.part("next").await.contains("演练一次"));
    let drilled = |findings, why: Option<&str>| BackupDrilled {
        backup: SECOND.to_owned(),
        findings,
        why: why.map(str::to_owned),
    };
    operator.tell(NOW.plus_seconds(-500), drilled(0, None)).await;
    assert!(operator.part("next").await.contains("不用做什么"));
    operator.tell(NOW.plus_seconds(-400), drilled(2, Some("tag: <none>"))).await;
    let page = operator.get("/operator/backups").await.text;
    assert!(page.contains("2 处问题") && page.contains("tag: &#60;none&#62;"), "{page}");
    assert!(operator.part("next").await.contains("不可依赖"));
    operator.tell(NOW.plus_seconds(-300), BackupRestored { backup: SECOND.to_owned(), events: 812 }).await;
    assert!(operator.get("/operator/backups").await.text.contains("本系统由它恢复"));
    operator.tell(NOW.plus_seconds(-200), begun("guosuo-20261123T030000Z")).await;
    let failed = BackupFailed { backup: "guosuo-20261123T030000Z".to_owned(), error: "no space left".to_owned() };
    operator.tell(NOW.plus_seconds(-190), failed).await;
    assert!(operator.part("next").await.contains("没有成功"));
    let page = operator.get("/operator/backups").await.text;
    assert!(page.contains("no space left"), "{page}");
    let clerk = Request::get("/operator/backups").header(header::COOKIE, &operator.office.clerk.cookie);
    assert_eq!(operator.office.send(clerk.body(Body::empty()).unwrap()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(operator.get("/operator/backups?after=x").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_misses_a_backup_of_a_demonstration() {
    let operator = Operator::new().await;
    operator.tell(NOW.plus_seconds(-3 * DAY), begun(FIRST)).await;
    operator.tell(NOW.plus_seconds(-3 * DAY), ended(FIRST)).await;
    assert!(operator.get("/operator/backups").await.text.contains("id=\"late\""));
    let mut work = operator.office.app.database.begin(context(NOW, 900)).await.unwrap();
    records::installation::found_demonstration(&mut work, "滨江市").await.unwrap();
    work.commit().await.unwrap();
    assert!(!operator.get("/operator/backups").await.text.contains("id=\"late\""));
    assert!(!operator.get("/console").await.text.contains("backup-late"));
}

#[tokio::test]
async fn the_list_of_backups_goes_on_on_the_next_page() {
    let operator = Operator::new().await;
    for number in 0..21 {
        operator.tell(NOW.plus_seconds(number - 100), begun(&format!("guosuo-{number:02}"))).await;
    }
    let page = operator.get("/operator/backups").await.text;
    assert!(page.contains("guosuo-20") && page.contains("guosuo-01") && !page.contains("guosuo-00"));
    let next = page.split_once("rel=\"next\" href=\"").unwrap().1.split('"').next().unwrap();
    let page = operator.get(&next.replace("&#38;", "&")).await.text;
    assert!(page.contains("guosuo-00") && !page.contains("guosuo-01") && !page.contains("rel=\"next\""));
}

#[tokio::test]
async fn metrics_tell_how_old_the_last_backup_is_and_which_command_keys_end() {
    let operator = Operator::new().await;
    let metrics = async || {
        let request = Request::get("/metrics").header(header::AUTHORIZATION, format!("Bearer {METRICS_TOKEN}"));
        operator.office.send(request.body(Body::empty()).unwrap()).await.text
    };
    let has = |text: &str, line: &str| text.lines().any(|one| one == line);
    assert!(has(&metrics().await, "guosuo_backup_late 0"));
    operator.tell(NOW.plus_seconds(-3 * DAY), begun(FIRST)).await;
    operator.tell(NOW.plus_seconds(-3 * DAY), ended(FIRST)).await;
    let text = metrics().await;
    assert!(has(&text, "guosuo_backup_late 1") && has(&text, "guosuo_backup_age_seconds 259200"), "{text}");
    operator.tell(NOW.plus_seconds(-60), begun(SECOND)).await;
    operator.tell(NOW.plus_seconds(-60), ended(SECOND)).await;
    let text = metrics().await;
    assert!(has(&text, "guosuo_backup_late 0") && has(&text, "guosuo_backup_age_seconds 60"), "{text}");
    assert!(!text.contains("command_key"), "{text}");
    // The key of an operator's machine account, made half a year ago less five days.
    let app = &operator.office.app;
    let username = format!("u{}", IdentityNumber::complete("33010119800101011").unwrap().as_str());
    let mut work = app.database.begin(context(NOW.plus_seconds(-178 * DAY), 77)).await.unwrap();
    let account = account::find_by_username(&mut work.tx, &username).await.unwrap().unwrap();
    command_key::make(&mut work, &account.account_id).await.unwrap();
    work.commit().await.unwrap();
    let text = metrics().await;
    let line = text.lines().find(|line| line.contains("what=\"command_key\",purpose=\"\",key=\"")).unwrap();
    assert!(line.ends_with(&format!(" {}", 5 * DAY)) && has(&text, "guosuo_ends_urgent 1"), "{text}");
    let calendar = operator.get("/operator/calendar").await.text;
    assert!(calendar.contains("运维人员的命令行密钥") && calendar.contains("guosuo operator bind"), "{calendar}");
    assert!(calendar.contains(&username) && calendar.contains("id=\"urgent\""), "{calendar}");
}
