//! What an audit and a start say, when somebody with all rights in the database changes what guards its rows.

use super::{audits::script, *};
use crate::guards;

/// What is named after a change, of which nothing was before.
async fn check(change: &str, expected: &[&str]) -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    let database = &fresh.database;
    assert_eq!(guards::look(database).await?, Vec::<String>::new());
    script(database, change).await?;
    assert_eq!(guards::look(database).await?, expected, "{change}");
    Ok(())
}

#[tokio::test]
async fn a_guard_that_was_taken_away_changed_switched_off_or_put_there_is_named() -> Result<(), Fault> {
    let fresh = testing::fresh().await?;
    // Whoever keeps tables, columns and indexes of his own beside disturbs nobody.
    check("create table mine (a bigint); create index mine_a on mine (a)", &[]).await?;
    check("drop index event_sequence", &["the index event_sequence is missing"]).await?;
    match fresh.database.dialect() {
        Dialect::Sqlite => {
            check("drop trigger event_kept", &["the trigger event_kept is missing"]).await?;
            let other = "drop trigger event_kept;
                         create trigger event_kept before delete on event when 1 = 0
                         begin select raise(abort, 'events are never removed'); end";
            check(other, &["the trigger event_kept on event is not as the product made it"]).await?;
            let own = "create trigger mine after insert on event begin delete from session; end";
            check(own, &["the trigger mine on event is none of the product's"]).await?;
            let view = "drop view account_liveness;
                        create view account_liveness as select account_id, person_id, 'open' as state from account";
            check(view, &["the view account_liveness is not as the product made it"]).await?;
            let stands_in = "alter table revision rename to kept; create view revision as select * from kept";
            let expected = ["the view revision is none of the product's", "the table revision is missing"];
            check(stands_in, &expected).await?;
            let index = "drop index event_sequence; create index event_sequence on event (sequence)";
            check(index, &["the index event_sequence on event is not as the product made it"]).await?;
        }
        Dialect::Postgres => {
            check("drop trigger event_guard on event", &["the trigger event_guard is missing"]).await?;
            let off =
                ["the trigger event_guard_truncate on event is not in force: it was switched off, or counts for \
                        copies only"];
            for how in ["disable", "enable replica"] {
                check(&format!("alter table event {how} trigger event_guard_truncate"), &off).await?;
            }
            let other = "create or replace trigger event_guard before update on event
                         for each row execute function event_guard()";
            check(other, &["the trigger event_guard on event is not as the product made it"]).await?;
            let when = "create or replace trigger event_guard before update or delete on event
                        for each row when (old.sequence > 9) execute function event_guard()";
            check(when, &["the trigger event_guard on event is not as the product made it"]).await?;
            let body = "create or replace function event_guard() returns trigger language plpgsql as
                        $$ begin return new; end $$";
            check(body, &["the function event_guard is not as the product made it"]).await?;
            let own = "create function mine() returns trigger language plpgsql as $$ begin return null; end $$;
                       create trigger mine before insert on event for each row execute function mine()";
            check(own, &["the trigger mine on event is none of the product's"]).await?;
            let rule = "create rule mine as on delete to session do instead nothing";
            check(rule, &["the rule mine on session is none of the product's"]).await?;
            let view = "create or replace view account_liveness as
                        select account_id, person_id, cast('open' as text) as state from account";
            check(view, &["the view account_liveness is not as the product made it"]).await?;
            let hidden = "alter table event enable row level security; alter table event force row level security;
                          create policy mine on event using (sequence > 9)";
            let expected = [
                "the table event is not in force: policies hide rows of it",
                "the policy mine on event is none of the product's",
            ];
            check(hidden, &expected).await?;
            let stands_in = "alter table revision rename to kept; create view revision as select * from kept";
            let expected = ["the view revision is none of the product's", "the table revision is missing"];
            check(stands_in, &expected).await?;
            let heir = "create table more () inherits (session)";
            check(heir, &["the table session is not in force: others stand for it"]).await?;
            let index = "drop index event_sequence; create index event_sequence on event (sequence)";
            let expected = "the index event_sequence on event is not in force: it lets things be there twice";
            check(index, &[expected]).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_table_that_takes_other_values_than_the_migrations_let_it_is_named() -> Result<(), Fault> {
    check("alter table account add column mine bigint", &[]).await?;
    match testing::fresh().await?.database.dialect() {
        Dialect::Sqlite => {
            // A table that is made anew, without what has to hold, or with columns that hold other things.
            let anew = |from: &str, to: &str| {
                format!(
                    "pragma writable_schema = 1;
                     update sqlite_schema set sql = replace(sql, '{from}', '{to}') where name = 'account';
                     pragma writable_schema = 0"
                )
            };
            let check_state = "check account: state open locked closed";
            let none = anew(" check (state in (''open'', ''locked'', ''closed''))", "");
            check(&none, &[&format!("the {check_state} is missing")]).await?;
            let wider = anew("''locked'', ", "''locked'', ''lent'', ");
            let lent = "the check account: state open locked lent closed on account is none of the product's";
            check(&wider, &[lent, &format!("the {check_state} is missing")]).await?;
            let more = anew("username text not null", "username text not null check (username <> ''x'')");
            check(&more, &["the check account: username differs x on account is none of the product's"]).await?;
            let hidden =
                anew("state text not null check (state", "\"x check (y)\" text, state text not null check (state");
            check(&hidden, &["the column account.x check (y) on account is none of the product's"]).await?;
            let number = anew("username text not null", "username bigint");
            check(&number, &["the column account.username on account is not as the product made it"]).await?;
        }
        Dialect::Postgres => {
            let state = "the check account: state open locked closed is missing";
            check("alter table account drop constraint account_state_check", &[state]).await?;
            let wider = "alter table account drop constraint account_state_check;
                         alter table account add constraint account_state_check
                         check (state in ('open', 'locked', 'lent', 'closed'))";
            let lent = "the check account: state open locked lent closed on account is none of the product's";
            check(wider, &[lent, state]).await?;
            let more = "alter table account add constraint mine check (state <> 'locked')";
            check(more, &["the check account: state differs locked on account is none of the product's"]).await?;
            let number = "alter table account alter column username drop not null";
            check(number, &["the column account.username on account is not as the product made it"]).await?;
            let short = "alter table account alter column username type varchar(9)";
            check(short, &["the column account.username on account is not as the product made it"]).await?;
            let nobody = "alter table session drop constraint session_account_id_fkey";
            check(nobody, &["the reference session: account_id account account_id is missing"]).await?;
        }
    }
    Ok(())
}
