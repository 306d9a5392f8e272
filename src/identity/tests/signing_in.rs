use super::*;

#[tokio::test]
async fn the_right_password_opens_a_session() -> Result<(), Error> {
    let city = City::found().await?;
    let opened = city.sign_in(0, &right()).await?;
    assert_eq!(opened.person_id, city.person);
    let session = city.session(&opened.token, 1).await?.unwrap();
    assert_eq!((session.session_id.clone(), session.name.as_str()), (opened.session_id, "张伟"));
    assert_eq!((session.username.as_str(), session.staff.is_none()), ("ZhangWei", true));
    let entries = city.events::<events::SignInSucceeded>().await?;
    assert_eq!((entries.len(), &entries[0].account, &entries[0].session), (1, &city.account, &session.session_id));
    assert_eq!(testing::last_numbered(city.database(), 1).await?[0].actor_kind, "person");
    Ok(())
}

#[tokio::test]
async fn case_and_spaces_around_a_name_do_not_matter_and_those_of_a_password_do() -> Result<(), Error> {
    let city = City::found().await?;
    city.sign_in(0, &Attempt { username: " ZHANGWEI ", ..right() }).await?;
    let padded = format!("{PASSWORD} ");
    assert!(matches!(city.sign_in(1, &Attempt { password: &padded, ..right() }).await, Err(Error::Refused)));
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer_and_leave_the_same_traces() -> Result<(), Error> {
    let city = City::found().await?;
    let known = city.sign_in(0, &wrong()).await.unwrap_err();
    let before = city.throttles().await?.len();
    let unknown = city.sign_in(1, &Attempt { username: "nobody-here", ..wrong() }).await.unwrap_err();
    assert_eq!(format!("{known:?}"), format!("{unknown:?}"));
    // One counter for the name each; the address is the same.
    assert_eq!((before, city.throttles().await?.len()), (2, 3));
    let entries = city.events::<events::SignInFailed>().await?;
    assert_eq!(entries.len(), 2);
    let kept = testing::last_numbered(city.database(), 2).await?;
    assert!(kept.iter().all(|entry| entry.actor_kind == "anonymous"));
    assert!(entries.iter().any(|failed| failed.account == city.account.as_str()));
    let nameless = kept.iter().find(|entry| entry.object.starts_with("unknown:")).unwrap();
    assert!(!nameless.object.contains("nobody") && !nameless.data.contains("nobody"));
    let mut tx = city.database().read().await?;
    let sessions: Vec<(String,)> = tx.all("select session_id from session", vec![]).await?;
    assert!(sessions.is_empty());
    Ok(())
}

/// Without a hash for an unknown name, a stopwatch would tell which names exist. Work is counted, not time: other
/// tests share the cores.
#[tokio::test]
async fn an_unknown_name_costs_what_a_known_one_costs() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(-10), 2)).await?;
    let new = new_person("李娜", 3);
    let person = person::register(&mut work, &city.vault, new).await?;
    account::open(&mut work, &person, "without-password", None).await?;
    work.commit().await?;
    let rows = async || -> Result<(usize, usize), Error> {
        Ok((city.throttles().await?.len(), city.events::<events::SignInFailed>().await?.len()))
    };
    // The first failure also begins the counter of the address, whatever the name.
    let _ = city.sign_in(0, &Attempt { username: "somebody", ..wrong() }).await;
    for (n, username) in (1..).zip(["zhangwei", "nobody-here", "without-password", "", "z\0", "密码"]) {
        let (hashed, before) = (city.gate.hashed(), rows().await?);
        let refused = city.sign_in(n, &Attempt { username, ..wrong() }).await;
        assert!(matches!(refused, Err(Error::Refused)), "{username}: {refused:?}");
        let after = rows().await?;
        assert_eq!(city.gate.hashed() - hashed, 1, "{username}");
        assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1), "{username}");
    }
    // Who waits is not looked at, and costs no hash.
    for n in 10..20 {
        let _ = city.sign_in(n, &wrong()).await;
    }
    let hashed = city.gate.hashed();
    assert!(matches!(city.sign_in(19, &right()).await, Err(Error::Throttled { .. })));
    assert_eq!(city.gate.hashed(), hashed);
    Ok(())
}

#[tokio::test]
async fn the_sixth_try_after_five_failures_is_not_looked_at_until_the_wait_is_over() -> Result<(), Error> {
    let city = City::found().await?;
    for n in 0..limits::ACCOUNT_FAILURES_FREE {
        assert!(matches!(city.sign_in(n, &wrong()).await, Err(Error::Refused)), "{n}");
    }
    let before = city.throttles().await?;
    // Even the right password.
    match city.sign_in(5, &right()).await {
        Err(Error::Throttled { retry_at, retry_after_seconds }) => {
            assert_eq!((retry_at, retry_after_seconds), (at(6), 1));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(city.throttles().await?, before);
    assert_eq!(city.events::<events::SignInFailed>().await?.len(), 5);
    assert!(city.events::<events::SignInFailed>().await?.iter().any(|failed| failed.wait_seconds == 2));
    city.sign_in(6, &right()).await?;
    Ok(())
}

#[tokio::test]
async fn waits_double_up_to_a_quarter_of_an_hour_and_no_longer() -> Result<(), Error> {
    let city = City::found().await?;
    let mut now = 0;
    let mut waits = Vec::new();
    while waits.len() < 12 {
        match city.sign_in(now, &wrong()).await {
            Err(Error::Refused) => {}
            Err(Error::Throttled { retry_after_seconds, .. }) => {
                waits.push(retry_after_seconds);
                now += i64::from(retry_after_seconds);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(waits[..4], [2, 4, 8, 16]);
    assert_eq!(waits.iter().max(), Some(&900));
    assert_eq!(waits.last(), Some(&900));
    city.sign_in(now, &right()).await?;
    Ok(())
}

#[tokio::test]
async fn failures_of_yesterday_are_forgotten() -> Result<(), Error> {
    let city = City::found().await?;
    for n in 0..4 {
        let _ = city.sign_in(n, &wrong()).await;
    }
    let tomorrow = limits::THROTTLE_MEMORY_SECONDS + 4;
    for n in 0..4 {
        assert!(matches!(city.sign_in(tomorrow + n, &wrong()).await, Err(Error::Refused)));
    }
    city.sign_in(tomorrow + 4, &right()).await?;
    Ok(())
}

#[tokio::test]
async fn strangers_do_not_lock_out_an_address_that_signed_in_before() -> Result<(), Error> {
    let city = City::found().await?;
    let from_home = Attempt { address: home(), ..right() };
    city.sign_in(0, &from_home).await?;
    for n in 1..=9 {
        let _ = city.sign_in(n, &wrong()).await;
    }
    assert!(matches!(city.sign_in(9, &right()).await, Err(Error::Throttled { .. })));
    city.sign_in(9, &from_home).await?;
    // Somebody at the same address has their own count, and their failures do not help strangers either.
    for n in 10..15 {
        let refused = city.sign_in(n, &Attempt { password: "wrong again", ..from_home }).await;
        assert!(matches!(refused, Err(Error::Refused)));
    }
    assert!(matches!(city.sign_in(15, &from_home).await, Err(Error::Throttled { .. })));
    city.sign_in(20, &from_home).await?;
    // An address that was not seen for long is a stranger's again.
    let later = limits::KNOWN_ADDRESS_SECONDS + 30;
    for n in 0..9 {
        let _ = city.sign_in(later + n, &wrong()).await;
    }
    assert!(matches!(city.sign_in(later + 9, &from_home).await, Err(Error::Throttled { .. })));
    Ok(())
}

#[tokio::test]
async fn strangers_do_not_lock_out_a_browser_that_still_has_a_session() -> Result<(), Error> {
    let city = City::found().await?;
    let opened = city.sign_in(0, &Attempt { address: home(), ..right() }).await?;
    let browser = city.session(&opened.token, 1).await?.unwrap();
    for n in 1..=9 {
        let _ = city.sign_in(n, &wrong()).await;
    }
    // The browser has moved to the strangers' own network.
    assert!(matches!(city.sign_in(9, &right()).await, Err(Error::Throttled { .. })));
    city.sign_in(9, &Attempt { browser: Some(&browser), ..right() }).await?;
    Ok(())
}

#[tokio::test]
async fn an_address_that_tries_many_names_waits_and_its_neighbours_do_not() -> Result<(), Error> {
    let city = City::found().await?;
    city.sign_in(0, &Attempt { address: home(), ..right() }).await?;
    let names: Vec<String> = (0..limits::ADDRESS_FAILURES_FREE).map(|n| format!("name{n}")).collect();
    for name in &names {
        let refused = city.sign_in(1, &Attempt { username: name, address: home(), ..wrong() }).await;
        assert!(matches!(refused, Err(Error::Refused)), "{name}");
    }
    let next = Attempt { username: "one-more", address: home(), ..wrong() };
    assert!(matches!(city.sign_in(1, &next).await, Err(Error::Throttled { .. })));
    assert!(matches!(city.sign_in(1, &Attempt { address: stranger(), ..next }).await, Err(Error::Refused)));
    // Who was here before is not kept out by a neighbour's failures.
    city.sign_in(1, &Attempt { address: home(), ..right() }).await?;
    Ok(())
}

#[tokio::test]
async fn a_burst_of_64_learns_no_more_than_5_tries() -> Result<(), Error> {
    let city = Arc::new(City::found().await?);
    let mut tries = tokio::task::JoinSet::new();
    for n in 0..64_u32 {
        let city = Arc::clone(&city);
        tries.spawn(async move {
            let guess = format!("guess number {n}");
            city.sign_in(0, &Attempt { password: &guess, ..wrong() }).await.map(|_| ())
        });
    }
    let (mut refused, mut throttled) = (0, 0);
    while let Some(done) = tries.join_next().await {
        match done.unwrap() {
            Err(Error::Refused) => refused += 1,
            Err(Error::Throttled { .. }) => throttled += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((refused, throttled), (limits::ACCOUNT_FAILURES_FREE, 64 - limits::ACCOUNT_FAILURES_FREE));
    assert_eq!(city.events::<events::SignInFailed>().await?.len() as i64, limits::ACCOUNT_FAILURES_FREE);
    Ok(())
}

/// The right guess, settled after the limit was reached by others that were on their way at the same time.
#[tokio::test]
async fn a_right_guess_that_is_settled_too_late_is_not_told() -> Result<(), Error> {
    let city = City::found().await?;
    let late = right();
    let guess = city.sign_in(0, &late);
    let failures = async {
        // While the hash of the right guess is computed, five wrong ones from another node are settled.
        let mut tx = city.database().housekeeping().await?;
        let key = city.vault.blind(&[b"name\0", b"zhangwei"]);
        tx.run(
            "insert into sign_in_throttle (throttle_key, failures, delay, retry_at, counted_at)
             values ($1, 5, 2000000, $2, $3)",
            records::args![key.as_str(), at(2), at(0)],
        )
        .await?;
        tx.commit().await
    };
    // Whoever is first: the answer is the same.
    let (guess, failures) = tokio::join!(guess, failures);
    failures?;
    assert!(matches!(guess, Err(Error::Throttled { .. })), "{guess:?}");
    assert_eq!(city.events::<events::SignInSucceeded>().await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn sign_ins_beside_each_other_do_not_hinder_each_other() -> Result<(), Error> {
    let city = Arc::new(City::found().await?);
    let mut tries = tokio::task::JoinSet::new();
    for n in 0..16 {
        let city = Arc::clone(&city);
        // The later ones arrive a little earlier by the clock of their node.
        tries.spawn(async move { city.sign_in(-n, &right()).await.map(|_| ()) });
    }
    while let Some(done) = tries.join_next().await {
        done.unwrap()?;
    }
    assert_eq!(city.events::<events::SignInSucceeded>().await?.len(), 16);
    Ok(())
}

#[tokio::test]
async fn a_password_of_1024_bytes_is_looked_at_and_one_of_1025_is_not() -> Result<(), Error> {
    let city = City::found().await?;
    let longest = "p".repeat(limits::PASSWORD_BYTES_MAX);
    let refused = city.sign_in(0, &Attempt { password: &longest, ..right() }).await;
    assert!(matches!(refused, Err(Error::Refused)));
    let before = (city.throttles().await?, city.events::<events::SignInFailed>().await?.len());
    let longer = format!("{longest}p");
    let refused = city.sign_in(1, &Attempt { password: &longer, ..right() }).await;
    assert!(matches!(refused, Err(Error::PasswordTooLong { max: 1024 })));
    assert_eq!((city.throttles().await?, city.events::<events::SignInFailed>().await?.len()), before);
    Ok(())
}

#[tokio::test]
async fn all_of_a_long_password_counts() -> Result<(), Error> {
    let city = City::found().await?;
    let long = format!("{}!", "the quick brown fox ".repeat(25));
    let setting = context(at(0), 2);
    let hashed = password::hash(&city.gate, &setting.entropy, "zhangwei", &long).await?;
    let mut work = city.database().begin(setting).await?;
    password::set(&mut work, &city.account, &hashed).await?;
    work.commit().await?;
    let other_end = long.replace('!', "?");
    assert!(matches!(city.sign_in(1, &Attempt { password: &other_end, ..right() }).await, Err(Error::Refused)));
    city.sign_in(2, &Attempt { password: &long, ..right() }).await?;
    assert_eq!(city.events::<events::PasswordSet>().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_full_gate_answers_busy_and_counts_nothing() -> Result<(), Error> {
    let mut city = City::found().await?;
    city.gate = PasswordGate::new(1, Duration::from_millis(20));
    let held = city.gate.enter().await?;
    match city.sign_in(0, &right()).await {
        Err(Error::Busy { retry_after_seconds }) => assert!(retry_after_seconds >= 1),
        other => panic!("{other:?}"),
    }
    assert!(city.throttles().await?.is_empty());
    assert!(city.events::<events::SignInFailed>().await?.is_empty());
    drop(held);
    city.sign_in(1, &right()).await?;
    Ok(())
}

#[tokio::test]
async fn old_counters_are_removed() -> Result<(), Error> {
    let city = City::found().await?;
    let _ = city.sign_in(0, &wrong()).await;
    let mut tx = city.database().housekeeping().await?;
    assert_eq!(sign_in::expire(&mut tx, at(limits::KNOWN_ADDRESS_SECONDS)).await?, 0);
    assert_eq!(sign_in::expire(&mut tx, at(limits::KNOWN_ADDRESS_SECONDS + 1)).await?, 2);
    Ok(())
}

/// G13 173: at most a hundred guesses, then a day of silence, and never for who was here before.
#[tokio::test]
async fn a_hundred_failures_in_a_row_stop_strangers_for_a_day_and_no_longer() -> Result<(), Error> {
    let city = City::found().await?;
    let from_home = Attempt { address: home(), ..right() };
    city.sign_in(0, &from_home).await?;
    let key = city.vault.blind(&[b"name\0", b"zhangwei"]);
    let mut tx = city.database().housekeeping().await?;
    tx.run(
        "update sign_in_throttle
            set failures = $2, delay = 900000000, retry_at = $3
          where throttle_key = $1",
        records::args![key.as_str(), limits::ACCOUNT_FAILURES_STOP - 2, at(0)],
    )
    .await?;
    tx.commit().await?;
    assert!(matches!(city.sign_in(1, &wrong()).await, Err(Error::Refused)));
    match city.sign_in(2, &wrong()).await {
        Err(Error::Throttled { retry_after_seconds, .. }) => assert_eq!(retry_after_seconds, 899, "the 99th"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(city.sign_in(901, &wrong()).await, Err(Error::Refused)), "the 100th");
    let stopped = city.throttles().await?;
    let failures = city.events::<events::SignInFailed>().await?;
    assert!(failures.iter().any(|failed| (failed.failures, failed.wait_seconds) == (100, 86_400)));
    match city.sign_in(902, &right()).await {
        Err(Error::Throttled { retry_after_seconds, .. }) => {
            assert_eq!(i64::from(retry_after_seconds), limits::THROTTLE_STOP_SECONDS - 1);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(city.throttles().await?, stopped);
    assert_eq!(city.events::<events::SignInFailed>().await?.len(), failures.len());
    city.sign_in(903, &from_home).await?;
    city.sign_in(902 + limits::THROTTLE_STOP_SECONDS, &right()).await?;
    Ok(())
}

#[tokio::test]
async fn an_account_that_is_locked_while_the_password_is_hashed_opens_nothing() -> Result<(), Error> {
    let city = City::found().await?;
    let setting = Context { actor: Actor::Anonymous, ..context(at(1), 5) };
    let attempt = right();
    let proof = sign_in::with_password(city.database(), &city.vault, &city.gate, &setting, &attempt).await?;
    let mut work = city.database().begin(context(at(1), 6)).await?;
    account::lock(&mut work, &city.account).await?;
    work.commit().await?;
    assert!(matches!(proof.open(city.database(), &setting, &attempt).await, Err(Error::Refused)));
    let mut tx = city.database().read().await?;
    let sessions: Vec<(String,)> = tx.all("select session_id from session", vec![]).await?;
    assert!(sessions.is_empty());
    drop(tx);
    assert!(city.events::<events::SignInSucceeded>().await?.is_empty());
    let failed = city.events::<events::SignInFailed>().await?;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].reason, "account_not_open");
    Ok(())
}

/// Conflicts to come, for the test that a sign-in meets them.
static CONFLICTS: AtomicU64 = AtomicU64::new(0);

fn meet_conflict<'a>(_: &'a mut Work, _: &'a EventRow) -> Reacting<'a> {
    let met = CONFLICTS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
    Box::pin(async move { if met { Err(Fault::conflict("another came between")) } else { Ok(()) } })
}

/// A conflict with another writer costs neither a second hash nor the sign-in: the proof opens again.
#[tokio::test]
async fn a_sign_in_that_met_a_conflict_is_tried_again_with_the_same_proof() -> Result<(), Error> {
    static TABLE: &[Consequence] = &[
        Consequence::after::<events::SignInSucceeded>(&[meet_conflict]),
        Consequence::after::<events::SignInFailed>(&[meet_conflict]),
    ];
    let city = City::found_on(testing::fresh_following(TABLE).await?).await?;
    CONFLICTS.store(2, Ordering::Relaxed);
    let opened = city.sign_in(1, &right()).await?;
    assert!(city.session(&opened.token, 2).await?.is_some());
    assert_eq!(CONFLICTS.load(Ordering::Relaxed), 0);
    assert_eq!(city.events::<events::SignInSucceeded>().await?.len(), 1);
    CONFLICTS.store(2, Ordering::Relaxed);
    assert!(matches!(city.sign_in(3, &wrong()).await, Err(Error::Refused)));
    assert_eq!(CONFLICTS.load(Ordering::Relaxed), 0);
    assert_eq!(city.events::<events::SignInFailed>().await?.len(), 1);
    Ok(())
}

/// A password that somebody else has seen.
async fn hand_out(city: &City, seconds: i64) -> Result<(), Error> {
    let setting = context(at(seconds), 2);
    let hashed = password::hash(&city.gate, &setting.entropy, "zhangwei", HANDED_OUT).await?;
    let mut work = city.database().begin(setting).await?;
    password::hand_out(&mut work, &city.account, &hashed).await?;
    work.commit().await.map_err(Error::from)
}

const HANDED_OUT: &str = "handed out at the counter";
const CHOSEN: &str = "lanterns along the river";

#[tokio::test]
async fn with_a_password_that_was_handed_out_another_one_is_chosen_and_nothing_else_done() -> Result<(), Error> {
    let city = City::found().await?;
    let before = city.sign_in(0, &right()).await?;
    hand_out(&city, 1).await?;
    let attempt = Attempt { password: HANDED_OUT, ..right() };
    for _ in 0..2 {
        assert!(matches!(city.sign_in(2, &attempt).await, Err(Error::PasswordToChoose)));
    }
    assert!(matches!(city.sign_in(3, &right()).await, Err(Error::Refused)), "the one before counts no more");
    let setting = context(at(4), 2);
    let mut proof = sign_in::with_password(city.database(), &city.vault, &city.gate, &setting, &attempt).await?;
    proof.choose(password::hash(&city.gate, &setting.entropy, "zhangwei", CHOSEN).await?);
    let opened = proof.open(city.database(), &setting, &attempt).await?;
    assert!(city.session(&opened.token, 5).await?.is_some());
    assert!(city.session(&before.token, 5).await?.is_none(), "what was open before is over");
    assert!(matches!(city.sign_in(6, &attempt).await, Err(Error::Refused)));
    city.sign_in(7, &Attempt { password: CHOSEN, ..right() }).await?;
    assert_eq!(city.events::<events::PasswordHandedOut>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_password_that_was_handed_out_counts_for_a_week_and_its_end_is_told_to_whoever_knows_it() -> Result<(), Error>
{
    let city = City::found().await?;
    hand_out(&city, 0).await?;
    let attempt = Attempt { password: HANDED_OUT, ..right() };
    let week = limits::HANDED_OUT_SECONDS;
    assert!(matches!(city.sign_in(week - 1, &attempt).await, Err(Error::PasswordToChoose)));
    assert!(matches!(city.sign_in(week, &attempt).await, Err(Error::PasswordEnded)));
    assert!(matches!(city.sign_in(week + 1, &wrong()).await, Err(Error::Refused)));
    let failed = city.events::<events::SignInFailed>().await?;
    assert_eq!(
        failed.iter().map(|one| one.reason.as_str()).collect::<Vec<_>>(),
        ["password", "password_ended"],
        "the newest first"
    );
    Ok(())
}

#[tokio::test]
async fn an_account_that_is_renamed_is_signed_in_to_by_its_new_name_alone() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let other = person::register(&mut work, &city.vault, new_person("李娜", 3)).await?;
    account::open(&mut work, &other, "lina", None).await?;
    let view = account::find_by_username(&mut work.tx, "zhangwei").await?.unwrap();
    assert!(matches!(account::rename(&mut work, &view, "LiNa").await, Err(Error::UsernameTaken)));
    assert!(matches!(account::rename(&mut work, &view, "张伟").await, Err(Error::UsernameForm)));
    account::rename(&mut work, &view, " Zhang.Wei ").await?;
    work.commit().await?;
    assert!(matches!(city.sign_in(1, &right()).await, Err(Error::Refused)));
    city.sign_in(2, &Attempt { username: "zhang.wei", ..right() }).await?;
    let renamed = city.events::<events::AccountRenamed>().await?;
    assert_eq!((renamed[0].before.as_str(), renamed[0].after.as_str()), ("ZhangWei", "Zhang.Wei"));
    Ok(())
}

#[tokio::test]
async fn a_password_that_was_right_before_it_was_replaced_opens_nothing_afterwards() -> Result<(), Error> {
    let city = City::found().await?;
    let (setting, attempt) = (context(at(0), 2), right());
    let mut proof = sign_in::with_password(city.database(), &city.vault, &city.gate, &setting, &attempt).await?;
    hand_out(&city, 1).await?;
    assert!(matches!(proof.open(city.database(), &setting, &attempt).await, Err(Error::Refused)));
    // Nor does it choose another one over that.
    proof.choose(password::hash(&city.gate, &setting.entropy, "zhangwei", CHOSEN).await?);
    assert!(matches!(proof.open(city.database(), &setting, &attempt).await, Err(Error::Refused)));
    let chosen = city.sign_in(2, &Attempt { password: CHOSEN, ..right() }).await;
    assert!(matches!(chosen, Err(Error::Refused)));
    assert!(matches!(
        city.sign_in(3, &Attempt { password: HANDED_OUT, ..right() }).await,
        Err(Error::PasswordToChoose)
    ));
    assert!(city.events::<events::SignInSucceeded>().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_name_is_found_however_its_spaces_and_letters_are_typed() -> Result<(), Error> {
    let city = City::found().await?;
    let names =
        ["zhang wei", "ｚｈａｎｇｗｅｉ", "\u{3000}ZhangWei\u{a0}", "\u{feff}zhang\u{200b}wei\t", "ＺＨＡＮＧ ＷＥＩ"];
    for (seconds, username) in (0..).zip(names) {
        city.sign_in(seconds, &Attempt { username, ..right() }).await?;
    }
    // A letter of another alphabet is another letter.
    let foreign = Attempt { username: "zhаngwei", ..right() };
    assert!(matches!(city.sign_in(10, &foreign).await, Err(Error::Refused)));
    Ok(())
}

#[tokio::test]
async fn an_identity_number_signs_its_person_in_when_there_is_exactly_one_account() -> Result<(), Error> {
    let city = City::found().await?;
    let number = number(1);
    let wide: String = number.as_str().chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
    let spaced = format!("{} {} {}", &number.as_str()[..6], &number.as_str()[6..14], &number.as_str()[14..]);
    for (seconds, username) in (0..).zip([number.as_str(), &number.as_str().to_lowercase(), &wide, &spaced]) {
        let opened = city.sign_in(seconds, &Attempt { username, ..right() }).await?;
        assert_eq!(opened.person_id, city.person);
    }
    let by_number = Attempt { username: number.as_str(), ..right() };
    let mut work = city.database().begin(context(at(10), 2)).await?;
    let second = account::open(&mut work, &city.person, "zhangwei2", None).await?;
    work.commit().await?;
    assert!(matches!(city.sign_in(11, &by_number).await, Err(Error::Refused)), "it could mean either");
    assert_eq!(city.events::<events::SignInFailed>().await?[0].reason, "unknown_account");
    let mut work = city.database().begin(context(at(12), 2)).await?;
    account::close(&mut work, &second).await?;
    work.commit().await?;
    city.sign_in(13, &by_number).await?;
    // No name is a number of anybody.
    let mut work = city.database().begin(context(at(14), 2)).await?;
    for owner in [1, 2] {
        let name = super::number(owner);
        let opened = account::open(&mut work, &city.person, name.as_str(), None).await;
        assert!(matches!(opened, Err(Error::UsernameNumber)));
    }
    Ok(())
}

#[tokio::test]
async fn failures_are_counted_for_the_account_whether_its_name_or_its_number_was_typed() -> Result<(), Error> {
    let city = City::found().await?;
    let number = number(1);
    let by_number = Attempt { username: number.as_str(), ..wrong() };
    for seconds in 0..limits::ACCOUNT_FAILURES_FREE {
        let attempt = if seconds % 2 == 0 { by_number } else { wrong() };
        assert!(matches!(city.sign_in(seconds, &attempt).await, Err(Error::Refused)));
    }
    assert!(matches!(city.sign_in(5, &by_number).await, Err(Error::Throttled { .. })));
    assert!(matches!(city.sign_in(5, &right()).await, Err(Error::Throttled { .. })));
    assert_eq!(city.throttles().await?.len(), 2, "one for the account, one for the address");
    // A number that nobody has is answered, counted and written down like a name that nobody has.
    let (unknown, before) = (super::number(2), city.throttles().await?.len());
    let hashed = city.gate.hashed();
    let refused = city.sign_in(6, &Attempt { username: unknown.as_str(), ..wrong() }).await;
    assert!(matches!(refused, Err(Error::Refused)));
    assert_eq!((city.throttles().await?.len() - before, city.gate.hashed() - hashed), (1, 1));
    let kept = testing::last_numbered(city.database(), 1).await?;
    assert!(kept[0].object.starts_with("unknown:") && !kept[0].object.contains(unknown.as_str()));
    Ok(())
}

#[tokio::test]
async fn nobody_chooses_a_password_made_of_the_own_name_and_numbers() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let profile = Profile {
        phone_number: Some("+86 138-0013-8000".to_owned()),
        email: Some("lanlan@example.org".to_owned()),
        ..Profile::default()
    };
    let person = person::register(&mut work, &city.vault, NewPerson { profile, ..new_person("李兰兰", 7) }).await?;
    let account = account::open(&mut work, &person, "lilan.lan", None).await?;
    let hashed = password::hash(&city.gate, &context(at(0), 3).entropy, "lilan.lan", PASSWORD).await?;
    password::set(&mut work, &account, &hashed).await?;
    work.commit().await?;
    let (setting, attempt) = (context(at(1), 3), Attempt { username: "lilan.lan", ..right() });
    let proof = sign_in::with_password(city.database(), &city.vault, &city.gate, &setting, &attempt).await?;
    let owner = proof.owner(city.database(), &city.vault).await?;
    let number = number(7);
    for guess in [
        number.as_str(),
        &format!("{}李兰兰", number.as_str()),
        "李兰兰-13800138000-",
        "lilan.lan-13800138000",
        "lanlan8613800138000",
        &format!("lilan{}", &number.as_str()[6..]),
    ] {
        let chosen = password::hash(&city.gate, &setting.entropy, owner.clone(), guess).await;
        assert!(matches!(chosen, Err(Error::PasswordGuessable)), "{guess}: {chosen:?}");
    }
    password::hash(&city.gate, &setting.entropy, owner, CHOSEN).await?;
    Ok(())
}
