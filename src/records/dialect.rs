//! Everything that SQLite and PostgreSQL do differently. Nothing outside this file may ask which one it is on.

use std::time::Duration;

use base::{Fault, fault::FaultKind};
use sqlx::{AnyConnection, Executor, Row};

use crate::strange::IN_HEX;

/// The server follows another one, and changes nothing (SQLSTATE `read_only_sql_transaction`).
pub(crate) const READ_ONLY: &str = "25006";

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL, for production.
    Postgres,
    /// SQLite, embedded.
    Sqlite,
}

/// What a new session is, as far as its server tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Session {
    /// Somebody else has it too: it bears a mark of ours already.
    pub is_shared: bool,
    /// Its server only follows another one.
    pub is_standby: bool,
    /// Its server takes no changes.
    pub is_read_only: bool,
}

/// What a failure says about the connection that it came on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// It is in order: the server refused a statement, and said so.
    InOrder,
    /// The server ended it, and says that first of all: what it was asked it has not begun.
    Ended,
    /// It is gone, or leads to a server that we do not want.
    Lost,
    /// Nothing came in time: nobody can tell.
    Silent,
}

/// Older versions can lose committed rows in WAL mode with two connections (the WAL-reset fault).
const SQLITE_VERSION_MIN: (u32, u32, u32) = (3, 51, 3);

/// What SQLite calls the place of a row, and the table that says what there is.
const SQLITE_PLACE: &str = "rowid";
const SQLITE_SCHEMA: &str = "sqlite_schema";

/// Where PostgreSQL says which tables there are.
const POSTGRES_RELATIONS: &str = "pg_class";

/// The oldest PostgreSQL that is still maintained.
const POSTGRES_VERSION_MIN: u32 = 140_000;

impl Dialect {
    /// The dialect of a database URL.
    ///
    /// # Errors
    ///
    /// [`Fault`] for a URL of another database.
    pub fn of(url: &str) -> Result<Self, Fault> {
        if url.starts_with("sqlite:") {
            Ok(Self::Sqlite)
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Ok(Self::Postgres)
        } else {
            Err(Fault::broken("the database URL must begin with sqlite: or postgres:"))
        }
    }

    /// The name that dialect files of migrations carry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }

    /// Whether another process keeps the database: one that may end, fall silent or have another clock.
    pub(crate) fn is_elsewhere(self) -> bool {
        self == Self::Postgres
    }

    pub(crate) fn connect_url(self, url: &str) -> String {
        match self {
            Self::Sqlite if !url.contains('?') => format!("{url}?mode=rwc"),
            _ => url.to_owned(),
        }
    }

    /// Sets a new session as we want it and tells what it is, in one round trip.
    pub(crate) async fn prepare_connection(
        self,
        connection: &mut AnyConnection,
        statement_timeout: Duration,
    ) -> Result<Session, sqlx::Error> {
        match self {
            // FULL: with NORMAL a power cut loses acknowledged commits.
            Self::Sqlite => {
                connection
                    .execute(
                        "pragma busy_timeout = 10000;
                         pragma journal_mode = wal;
                         pragma synchronous = full;
                         pragma foreign_keys = on;
                         pragma trusted_schema = off;",
                    )
                    .await?;
                Ok(Session::default())
            }
            // Every statement finds its rows by a key, so one plan serves all values; planning each time again was a
            // fifth of a refresh. And none is better off with what the figures of a table may seem to recommend, reading
            // it whole, sorting it, walking it in order: switched off, the plan of few rows is that of a million
            // (decision 0014).
            Self::Postgres => {
                let settings = format!(
                    "select coalesce(current_setting('guosuo.session', true), ''), cast(pg_is_in_recovery() as text),
                            current_setting('transaction_read_only');
                     set guosuo.session = 'ours';
                     set statement_timeout = {0};
                     set lock_timeout = {0};
                     set idle_in_transaction_session_timeout = {1};
                     set plan_cache_mode = force_generic_plan;
                     set enable_seqscan = off;
                     set enable_sort = off;
                     set enable_incremental_sort = off;
                     set enable_hashjoin = off;
                     set enable_mergejoin = off;
                     set max_parallel_workers_per_gather = 0;
                     set jit = off;
                     set client_min_messages = warning;",
                    statement_timeout.as_millis(),
                    statement_timeout.as_millis() * 2,
                );
                let rows = connection.fetch_all(sqlx::raw_sql(sqlx::AssertSqlSafe(settings))).await?;
                let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
                let is = |place: usize, text: &str| Ok::<_, sqlx::Error>(row.try_get::<String, _>(place)? == text);
                Ok(Session { is_shared: !is(0, "")?, is_standby: is(1, "true")?, is_read_only: is(2, "on")? })
            }
        }
    }

    /// What lets each statement of a transaction run for so long.
    pub(crate) fn take_time(self, limit: Duration) -> Option<String> {
        match self {
            Self::Postgres => Some(format!("set local statement_timeout = {}", limit.as_millis())),
            Self::Sqlite => None,
        }
    }

    /// Whether the session still is as we set it, one statement later.
    pub(crate) fn session_query(self) -> &'static str {
        match self {
            Self::Postgres => "select coalesce(current_setting('guosuo.session', true), '')",
            Self::Sqlite => "select 'ours'",
        }
    }

    /// The time by the database's own clock, in microseconds.
    pub(crate) fn clock_query(self) -> &'static str {
        match self {
            Self::Postgres => "select cast(date_part('epoch', clock_timestamp()) * 1000000 as bigint)",
            Self::Sqlite => "select cast(unixepoch('subsec') * 1000000 as bigint)",
        }
    }

    /// A transaction that may write takes SQLite's write lock at once: taking it later fails when another
    /// writer came between.
    pub(crate) fn begin(self) -> &'static str {
        match self {
            Self::Postgres => "begin",
            Self::Sqlite => "begin immediate",
        }
    }

    /// A transaction that sees the database as it is at its first statement, whatever is written meanwhile, and holds no
    /// writer up.
    pub(crate) fn begin_snapshot(self) -> &'static str {
        match self {
            Self::Postgres => "begin isolation level repeatable read read only",
            Self::Sqlite => "begin deferred",
        }
    }

    /// Every column of every table but this one: table, column, type, in the order of the columns.
    pub(crate) fn columns_query(self, but: &str) -> String {
        match self {
            Self::Postgres => format!(
                "select cast(c.table_name as text), cast(c.column_name as text), cast(c.data_type as text)
                   from information_schema.columns c
                   join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
                  where c.table_schema = current_schema() and t.table_type = 'BASE TABLE' and c.table_name <> '{but}'
                  order by c.table_name, c.ordinal_position"
            ),
            Self::Sqlite => format!(
                "select t.name, c.name, lower(c.type)
                   from sqlite_schema t
                   join pragma_table_info(t.name) c
                  where t.type = 'table' and t.name <> '{but}'
                  order by t.name, c.cid"
            ),
        }
    }

    /// A statement that lists its columns, with every text in hexadecimal and each column named so; none where every text
    /// is one. SQLite keeps any bytes as a text.
    pub(crate) fn texts_in_hex(self, sql: &str) -> Option<String> {
        if self == Self::Postgres {
            return None;
        }
        let (columns, rest) = sql.strip_prefix("select ")?.split_once("from ")?;
        let columns = columns.split(',').map(str::trim).map(|column| {
            format!("case typeof({column}) when 'text' then hex({column}) else {column} end as {IN_HEX}{column}")
        });
        Some(format!("select {} from {rest}", columns.collect::<Vec<_>>().join(", ")))
    }

    /// Where the entries stand that wait for a number, in their order: one whose identifier is no text is found by nothing
    /// else. None where every identifier is one.
    pub(crate) fn places_of_waiting(self, count: usize) -> Option<String> {
        match self {
            Self::Postgres => None,
            Self::Sqlite => Some(format!(
                "select rowid from event where sequence is null order by sequence, event_id limit {count}"
            )),
        }
    }

    /// Numbers the entry that stands at a place.
    pub(crate) fn number_at_place(self) -> Option<String> {
        match self {
            Self::Postgres => None,
            Self::Sqlite => Some(format!("update event set sequence = $1, hash = $2 where {SQLITE_PLACE} = $3")),
        }
    }

    /// Finds an entry whose number is none; none where every number is one.
    pub(crate) fn without_a_number(self) -> Option<String> {
        match self {
            Self::Postgres => None,
            Self::Sqlite => Some(format!(
                "select {SQLITE_PLACE} from event where typeof(sequence) not in ('integer', 'null') limit 1"
            )),
        }
    }

    /// Every table, trigger, view and unique index there is, and whatever else is carried out with a statement: what it is,
    /// its name, its table, its text, and why it is not in force.
    pub(crate) fn guards_query(self) -> String {
        match self {
            Self::Postgres => postgres_guards(),
            Self::Sqlite => format!(
                "select type as kind, name, case when type in ('trigger', 'index') then tbl_name else '' end as place,
                        coalesce(sql, '') as text, '' as off
                   from {SQLITE_SCHEMA}
                  where type <> 'index' or sql is not null"
            ),
        }
    }

    /// What has to run before the rows of a table are read in portions; none where nothing has to.
    pub(crate) fn open_rows(self, table: &str, columns: &str) -> Option<String> {
        match self {
            Self::Postgres => Some(format!(
                "declare copy_of_{table} no scroll cursor for select cast(0 as bigint), {columns} from {table}"
            )),
            Self::Sqlite => None,
        }
    }

    /// The next rows of a table, each behind its place. SQLite goes on after the place of the last one, which is `$1`;
    /// PostgreSQL remembers where it was.
    pub(crate) fn next_rows(self, table: &str, columns: &str, count: usize) -> String {
        match self {
            Self::Postgres => format!("fetch forward {count} from copy_of_{table}"),
            Self::Sqlite => {
                format!("select rowid, {columns} from {table} where rowid > $1 order by rowid limit {count}")
            }
        }
    }

    /// What lets go of what [`Self::open_rows`] opened.
    pub(crate) fn close_rows(self, table: &str) -> Option<String> {
        match self {
            Self::Postgres => Some(format!("close copy_of_{table}")),
            Self::Sqlite => None,
        }
    }

    /// Whether the next rows are asked for by the place of the last one.
    pub(crate) fn goes_on_after_a_place(self) -> bool {
        self == Self::Sqlite
    }

    /// Reads a whole table, every value of it, and answers with one text.
    pub(crate) fn read_through(self, table: &str) -> String {
        match self {
            // Only a value that is needed is read, and for its hash all of it is.
            Self::Postgres => format!("select cast(count(hashtext(cast(r as text))) as text) from {table} as r"),
            Self::Sqlite => format!("pragma integrity_check({table})"),
        }
    }

    /// Whether that answer says that nothing is wrong.
    pub(crate) fn is_sound(self, answer: &str) -> bool {
        match self {
            Self::Postgres => answer.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Sqlite => answer == "ok",
        }
    }

    /// What keeps everybody else from writing while a database is filled. Whoever writes to SQLite is alone anyhow.
    pub(crate) fn take_alone(self) -> Option<&'static str> {
        match self {
            Self::Postgres => Some("lock table event in exclusive mode"),
            Self::Sqlite => None,
        }
    }

    pub(crate) fn version_query(self) -> &'static str {
        match self {
            Self::Postgres => {
                "select current_setting('server_version_num') || ' ' || current_setting('server_encoding')"
            }
            Self::Sqlite => "select sqlite_version()",
        }
    }

    pub(crate) fn check_version(self, version: &str) -> Result<(), Fault> {
        match self {
            Self::Postgres => {
                let (number, encoding) = version.split_once(' ').unwrap_or((version, "unknown"));
                if !number.parse::<u32>().is_ok_and(|number| number >= POSTGRES_VERSION_MIN) {
                    return Err(Fault::broken(format!("PostgreSQL {number} is too old: 14 is needed")));
                }
                // SQL_ASCII takes any bytes and counts them for characters; others have no room for every name.
                if encoding != "UTF8" {
                    let wrong = format!("the database's encoding is {encoding}: make it anew with encoding 'UTF8'");
                    return Err(Fault::broken(wrong));
                }
                Ok(())
            }
            Self::Sqlite => {
                let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
                let mut next = || numbers.next().unwrap_or(0);
                if (next(), next(), next()) >= SQLITE_VERSION_MIN {
                    Ok(())
                } else {
                    Err(Fault::broken(format!("SQLite {version} can lose committed rows: 3.51.3 is needed")))
                }
            }
        }
    }

    /// The text that runs a statement which returns rows, and writes an event if it returned any; none where that takes
    /// a transaction of two statements. The event's eleven values come after the `count` values of the statement. Should the
    /// database let the event fall, it divides by nought, and nothing of the statement is kept.
    pub(crate) fn act(self, (sql, returning): (&str, &str), count: usize) -> Option<String> {
        if self == Self::Sqlite {
            return None;
        }
        let n = |place: usize| count + place;
        Some(format!(
            "with act as ({sql}{returning}),
                  told as (
                  insert into event (event_id, at, actor_kind, actor, on_behalf, request_id, kind, object, data,
                                     marks, mac)
                  select ${}, cast(${} as bigint), ${}, ${}, ${}, ${}, ${}, ${}, ${}, ${}, ${}
                   where exists (select 1 from act)
                  returning event_id)
             select act.*
               from act
              where case when exists (select 1 from act) then 1 / (select count(*) from told) else 1 end = 1",
            n(1),
            n(2),
            n(3),
            n(4),
            n(5),
            n(6),
            n(7),
            n(8),
            n(9),
            n(10),
            n(11),
        ))
    }

    /// What has to be run to learn how this database would carry out a statement of so many values; the last one tells it.
    #[cfg(feature = "testing")]
    pub(crate) fn explain(self, name: &str, sql: &str, values: usize) -> Vec<String> {
        match self {
            Self::Postgres if values == 0 => vec![format!("explain (costs off) {sql}")],
            Self::Postgres => vec![
                format!("prepare {name} as {sql}"),
                format!("explain (costs off) execute {name} ({})", vec!["null"; values].join(", ")),
            ],
            Self::Sqlite => vec![format!("explain query plan {sql}")],
        }
    }

    /// Added to a `select` of rows about to be changed, so that two nodes do not take the same ones.
    pub(crate) fn skip_locked(self) -> &'static str {
        match self {
            Self::Postgres => " for update skip locked",
            Self::Sqlite => "",
        }
    }

    /// Added to a `select` of one row that is about to be changed, so that no other act changes it first.
    pub(crate) fn lock_row(self) -> &'static str {
        match self {
            Self::Postgres => " for update",
            Self::Sqlite => "",
        }
    }

    /// The text of a migration in this dialect: the only type whose name differs is that of bytes.
    pub(crate) fn migration_text(self, text: &str) -> String {
        match self {
            Self::Postgres => text.to_owned(),
            Self::Sqlite => text.replace(" bytea", " blob"),
        }
    }
}

/// Triggers are put together from what the catalogue keeps of them: how it would word them depends on its version.
fn postgres_guards() -> String {
    format!(
        "
    with ours as (
         select oid, relname, relkind, relrowsecurity or relforcerowsecurity as is_partly_hidden
           from {POSTGRES_RELATIONS}
          where relnamespace = cast(quote_ident(current_schema()) as regnamespace))
  select 'table' as kind, cast(relname as text) as name, '' as place, '' as text,
         case when is_partly_hidden then 'policies hide rows of it'
              when relkind <> 'r' then 'it is no plain table'
              when exists (select 1 from pg_inherits where inhparent = ours.oid) then 'others stand for it'
              else '' end as off
    from ours
   where relkind in ('r', 'p', 'f', 'm')
   union all
  select 'column', ours.relname || '.' || a.attname, cast(ours.relname as text),
         format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
         || case when d.adbin is null then '' else ' default ' || pg_get_expr(d.adbin, d.adrelid) end,
         case when a.attgenerated <> '' or a.attidentity <> '' then 'the database fills it' else '' end
    from pg_attribute a
    join ours on ours.oid = a.attrelid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where ours.relkind = 'r' and a.attnum > 0 and not a.attisdropped
   union all
  select 'constraint', cast(c.conname as text), cast(ours.relname as text), pg_get_constraintdef(c.oid), ''
    from pg_constraint c
    join ours on ours.oid = c.conrelid
   where c.contype in ('c', 'f', 'p')
   union all
  select 'trigger', cast(t.tgname as text), cast(ours.relname as text),
         case when cast(t.tgtype as integer) & 2 = 2 then 'before'
              when cast(t.tgtype as integer) & 64 = 64 then 'instead of'
              else 'after' end
         || ' ' || concat_ws(' or ', case when cast(t.tgtype as integer) & 4 = 4 then 'insert' end,
                             case when cast(t.tgtype as integer) & 16 = 16 then 'update' end,
                             case when cast(t.tgtype as integer) & 8 = 8 then 'delete' end,
                             case when cast(t.tgtype as integer) & 32 = 32 then 'truncate' end)
         || ' on ' || ours.relname
         || case when cast(t.tgtype as integer) & 1 = 1 then ' for each row' else ' for each statement' end
         || case when t.tgqual is not null or t.tgnargs > 0 or t.tgnewtable is not null or t.tgoldtable is not null
                      or cast(t.tgattr as text) <> '' then ' on a condition' else '' end
         || ' execute function ' || cast(cast(t.tgfoid as regproc) as text) || '()',
         case when t.tgenabled <> 'O' then 'it was switched off, or counts for copies only' else '' end
    from pg_trigger t
    join ours on ours.oid = t.tgrelid
   where not t.tgisinternal or t.tgenabled <> 'O'
   union all
  select 'rule', cast(r.rulename as text), cast(ours.relname as text), '', ''
    from pg_rewrite r
    join ours on ours.oid = r.ev_class
   where r.rulename <> '_RETURN'
   union all
  select 'policy', cast(p.polname as text), cast(ours.relname as text), '', ''
    from pg_policy p
    join ours on ours.oid = p.polrelid
   union all
  select 'view', cast(relname as text), '', pg_get_viewdef(oid), ''
    from ours
   where relkind = 'v'
   union all
  select 'function', cast(p.proname as text), '', p.prosrc,
         case when p.prosecdef then 'it runs with the rights of its owner'
              when p.proconfig is not null then 'it has settings of its own'
              when l.lanname <> 'plpgsql' then 'it is written in another language'
              else '' end
    from pg_proc p
    join pg_language l on l.oid = p.prolang
   where p.pronamespace = cast(quote_ident(current_schema()) as regnamespace) and p.pronargs = 0
   union all
  select 'index', cast(c.relname as text), cast(ours.relname as text),
         ours.relname || ' (' || (select string_agg(pg_get_indexdef(i.indexrelid, cast(place as integer), true), ', '
                                                    order by place)
                                    from generate_series(1, i.indnkeyatts) place)
         || ')' || case when i.indpred is null then '' else ' where' end,
         case when not i.indisunique then 'it lets things be there twice'
              when not (i.indisvalid and i.indisready and i.indislive) then 'it is not whole'
              else '' end
    from pg_index i
    join ours on ours.oid = i.indrelid
    join pg_class c on c.oid = i.indexrelid"
    )
}

/// What an error code means: SQLSTATE of PostgreSQL, result code of SQLite.
pub(crate) fn error_kind(code: &str) -> FaultKind {
    match code {
        // serialization_failure, deadlock_detected; SQLITE_BUSY, SQLITE_LOCKED, SQLITE_BUSY_SNAPSHOT
        "40001" | "40P01" | "5" | "6" | "517" => FaultKind::Conflict,
        // Insufficient resources, operator intervention, a database that takes no connections now, lock_not_available,
        // connection trouble, read only, disk full;
        // SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN
        code if code.starts_with("53") || code.starts_with("57") || code.starts_with("08") => FaultKind::Unavailable,
        "55000" | "55P03" | READ_ONLY | "25P03" | "10" | "13" | "14" => FaultKind::Unavailable,
        _ => FaultKind::Broken,
    }
}

/// What an error code says about the connection.
pub(crate) fn left(code: &str) -> Left {
    match code {
        // admin_shutdown, idle_session_timeout. (A crash may say 57P02 in the middle of anything.)
        "57P01" | "57P05" => Left::Ended,
        // crash_shutdown, database_dropped, idle_in_transaction_session_timeout; a primary that is one no longer
        "57P02" | "57P03" | "57P04" | "25P03" | READ_ONLY => Left::Lost,
        code if code.starts_with("08") => Left::Lost,
        // SQLITE_IOERR: what the connection keeps of the file may be wrong.
        "10" => Left::Lost,
        _ => Left::InOrder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_that_can_lose_rows_is_refused() {
        let check = |version, safe| assert_eq!(Dialect::Sqlite.check_version(version).is_ok(), safe, "{version}");
        check("3.51.2", false);
        check("3.46.0", false);
        check("3.51.3", true);
        check("3.52.0", true);
        check("4.0.0", true);
        check("nonsense", false);
    }

    #[test]
    fn an_old_postgres_is_refused() {
        assert!(Dialect::Postgres.check_version("130012 UTF8").is_err());
        assert!(Dialect::Postgres.check_version("150018 UTF8").is_ok());
        assert!(Dialect::Postgres.check_version("150018 SQL_ASCII").is_err());
        assert!(Dialect::Postgres.check_version("of today UTF8").is_err());
    }
}
