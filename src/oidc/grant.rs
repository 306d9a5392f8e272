//! What a person lets a client have: given on the consent page, withdrawn on the page of connected applications.

use base::{
    Fault, Instant,
    id::{GrantId, PersonId},
};
use records::{FromRow, Tx, Work, args};

use crate::{
    client::ClientId,
    events::{GrantGiven, GrantRefused, GrantWithdrawn},
    family, limits,
    scope::ScopeSet,
};

/// What a person said to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// Nothing yet.
    Nothing,
    /// Yes to these.
    Scopes(ScopeSet),
    /// No more. The next time the person is asked, also by a client that otherwise need not ask.
    Withdrawn,
}

/// What a person said to a client.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub(crate) async fn given(tx: &mut Tx, person: &PersonId, client: &ClientId) -> Result<Given, Fault> {
    let row: Option<Row> = tx
        .first(
            "select scopes, granted_at, withdrawn_at, marked, mark
               from client_grant
              where person_id = $1 and client_id = $2",
            args![person, client.as_str()],
        )
        .await?;
    let Some(row) = row else { return Ok(Given::Nothing) };
    let fields = args![person, client.as_str(), &row.scopes, row.granted_at, row.withdrawn_at];
    let mark = (row.marked, row.mark.as_deref());
    // What somebody else wrote says nothing but that the person is to be asked.
    if row.withdrawn_at.is_some() || !tx.is_as_left_before("client_grant", fields, mark).await? {
        return Ok(Given::Withdrawn);
    }
    Ok(Given::Scopes(ScopeSet::stored(&row.scopes)))
}

#[derive(FromRow)]
struct Row {
    scopes: String,
    granted_at: i64,
    withdrawn_at: Option<i64>,
    marked: i64,
    mark: Option<String>,
}

/// Lets a client have scopes, besides those it has already.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn give(work: &mut Work, person: &PersonId, client: &ClientId, wanted: &ScopeSet) -> Result<(), Fault> {
    let all = match given(&mut work.tx, person, client).await? {
        Given::Scopes(before) => before.with(wanted),
        Given::Nothing | Given::Withdrawn => wanted.clone(),
    };
    let grant: GrantId = work.new_id();
    let at = work.at();
    work.tx
        .run(
            "insert into client_grant (grant_id, person_id, client_id, scopes, granted_at)
             values ($1, $2, $3, $4, $5)
                 on conflict (person_id, client_id)
                 do update set scopes = excluded.scopes, granted_at = excluded.granted_at, withdrawn_at = null",
            args![&grant, person, client.as_str(), all.text(), at],
        )
        .await?;
    work.record(GrantGiven { person: person.clone(), client: client.clone(), scopes: wanted.text() });
    Ok(())
}

/// Remembers that a person refused. Nothing changes.
pub fn refuse(work: &mut Work, person: &PersonId, client: &ClientId, wanted: &ScopeSet) {
    work.record(GrantRefused { person: person.clone(), client: client.clone(), scopes: wanted.text() });
}

/// Takes back what a client has of a person: the consent and every token. False when it had nothing.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn withdraw(work: &mut Work, person: &PersonId, client: &ClientId) -> Result<bool, Fault> {
    let at = work.at();
    let withdrawn = work
        .tx
        .run(
            "update client_grant
                set withdrawn_at = $3
              where person_id = $1 and client_id = $2 and withdrawn_at is null",
            args![person, client.as_str(), at],
        )
        .await?;
    let families = family::revoke_pair(&mut work.tx, person, client, "withdrawn", at).await?;
    if withdrawn == 0 && families > 0 {
        // The person was never asked: the rules of the department were enough, and from now on they are not.
        let grant: GrantId = work.new_id();
        work.tx
            .run(
                "insert into client_grant (grant_id, person_id, client_id, scopes, granted_at, withdrawn_at)
                 values ($1, $2, $3, '', $4, $4)
                     on conflict (person_id, client_id) do nothing",
                args![&grant, person, client.as_str(), at],
            )
            .await?;
    }
    let had_something = withdrawn + families > 0;
    if had_something {
        work.record(GrantWithdrawn { person: person.clone(), client: client.clone(), families });
    }
    Ok(had_something)
}

/// One application on the page of connected applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedApp {
    pub client_id: ClientId,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
    /// What it may have.
    pub scopes: ScopeSet,
    /// Since when.
    pub since: Instant,
    /// Whether the person was asked (and not only the department's rules allowed it).
    pub consented: bool,
}

/// The applications that have something of a person, by consent or by live tokens.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn connected_apps(tx: &mut Tx, person: &PersonId, at: Instant) -> Result<Vec<ConnectedApp>, Fault> {
    let rows: Vec<(String, String, String, String, i64, i64)> = tx
        .all(
            "select c.client_id, c.name_zh, c.name_en, g.scopes, g.granted_at as since, cast(1 as bigint) as consented
               from client_grant g
               join client c on c.client_id = g.client_id
              where g.person_id = $1 and g.withdrawn_at is null
              union all
             select c.client_id, c.name_zh, c.name_en, f.scopes, f.created_at, cast(0 as bigint)
               from token_family f
               join client c on c.client_id = f.client_id
              where f.person_id = $1
                and f.revoked_at is null
                and f.expires_at > $2
                and not exists (select 1
                                  from client_grant g
                                 where g.person_id = f.person_id
                                   and g.client_id = f.client_id
                                   and g.withdrawn_at is null)
              order by since desc
              limit $3",
            args![person, at, limits::APPS_SHOWN_MAX],
        )
        .await?;
    let mut apps: Vec<ConnectedApp> = Vec::new();
    for (client, name_zh, name_en, scopes, since, consented) in rows {
        let scopes = ScopeSet::stored(&scopes);
        let since = Instant::from_micros(since);
        // Several families of one client are one line: what it has altogether, since the first.
        if let Some(known) = apps.iter_mut().find(|app| app.client_id.as_str() == client) {
            known.scopes = known.scopes.with(&scopes);
            known.since = known.since.min(since);
            continue;
        }
        let client_id = ClientId::stored(client);
        apps.push(ConnectedApp { client_id, name_zh, name_en, scopes, since, consented: consented != 0 });
    }
    Ok(apps)
}
