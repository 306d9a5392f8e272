//! The statements on clients.

use base::{Fault, Instant, ListPage, Text, id::OrganisationId};
use records::{FromRow, Tx, args};

use super::{Client, ClientId, ClientSettings};
use crate::scope::ScopeSet;

/// A statement that reads clients as [`Row`] takes them: the columns, and then what is asked for.
macro_rules! clients {
    ($rest:literal) => {
        concat!(
            "select client_id, organisation_id, name_zh, name_en, purpose_zh, purpose_en, \
                    secret_hash, backchannel_logout_uri, settings, enabled, created_at, marked, mark
               from client ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct Row {
    client_id: String,
    organisation_id: String,
    name_zh: String,
    name_en: String,
    purpose_zh: String,
    purpose_en: String,
    secret_hash: Option<String>,
    backchannel_logout_uri: Option<String>,
    settings: String,
    enabled: i64,
    created_at: i64,
    marked: i64,
    mark: Option<String>,
}

impl Row {
    /// Whether the row is as the last act left it.
    async fn is_unchanged(&self, tx: &mut Tx) -> Result<bool, Fault> {
        let fields = args![
            &self.client_id,
            &self.organisation_id,
            &self.name_zh,
            &self.name_en,
            &self.purpose_zh,
            &self.purpose_en,
            self.secret_hash.as_deref(),
            self.backchannel_logout_uri.as_deref(),
            &self.settings,
            self.enabled,
            self.created_at
        ];
        tx.is_as_left_before("client", fields, (self.marked, self.mark.as_deref())).await
    }

    fn client(self) -> Result<Client, Fault> {
        let settings: ClientSettings = serde_json::from_str(&self.settings).map_err(Fault::broken)?;
        Ok(Client {
            client_id: ClientId::stored(self.client_id),
            name: Text::new(self.name_zh, self.name_en),
            purpose: Text::new(self.purpose_zh, self.purpose_en),
            organisation_id: OrganisationId::stored(self.organisation_id),
            scopes: ScopeSet::stored(&settings.scopes),
            settings,
            backchannel_logout_uri: self.backchannel_logout_uri,
            enabled: self.enabled != 0,
            secret_hash: self.secret_hash,
        })
    }
}

pub(crate) async fn by_id(tx: &mut Tx, client: &str) -> Result<Option<Client>, Fault> {
    let row: Option<Row> = tx.first(clients!("where client_id = $1"), args![client]).await?;
    // One that was changed past the product is none.
    match row {
        Some(row) if row.is_unchanged(tx).await? => Ok(Some(row.client()?)),
        _ => Ok(None),
    }
}

pub(crate) async fn list(tx: &mut Tx, page: &ListPage<ClientId>) -> Result<Vec<Client>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            clients!(
                "where client_id > $1
              order by client_id
              limit $2"
            ),
            args![page.above(), page.limit + 1],
        )
        .await?;
    rows.into_iter().map(Row::client).collect()
}

/// False when the identifier is taken.
pub(crate) async fn insert(tx: &mut Tx, client: &Client, at: Instant) -> Result<bool, Fault> {
    let settings = serde_json::to_string(&client.settings).map_err(Fault::broken)?;
    let inserted = tx
        .run(
            "insert into client (client_id, organisation_id, name_zh, name_en, purpose_zh, purpose_en, secret_hash,
                                 backchannel_logout_uri, settings, enabled, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                 on conflict (client_id) do nothing",
            args![
                client.client_id.as_str(),
                &client.organisation_id,
                &*client.name.zh,
                &*client.name.en,
                &*client.purpose.zh,
                &*client.purpose.en,
                client.secret_hash.as_deref(),
                client.backchannel_logout_uri.as_deref(),
                settings,
                client.enabled,
                at,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Holds the row of a client until the commit: one change comes after the other.
pub(crate) async fn hold(tx: &mut Tx, client: &ClientId) -> Result<(), Fault> {
    tx.run("update client set enabled = enabled where client_id = $1", args![client.as_str()]).await?;
    Ok(())
}

/// Writes down what of a client can change.
pub(crate) async fn update(tx: &mut Tx, client: &Client) -> Result<(), Fault> {
    let settings = serde_json::to_string(&client.settings).map_err(Fault::broken)?;
    tx.run(
        "update client
            set name_zh = $2, name_en = $3, purpose_zh = $4, purpose_en = $5, backchannel_logout_uri = $6, settings = $7
          where client_id = $1",
        args![
            client.client_id.as_str(),
            &*client.name.zh,
            &*client.name.en,
            &*client.purpose.zh,
            &*client.purpose.en,
            client.backchannel_logout_uri.as_deref(),
            settings,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_enabled(tx: &mut Tx, client: &ClientId, enabled: bool) -> Result<bool, Fault> {
    let changed =
        tx.run("update client set enabled = $2 where client_id = $1", args![client.as_str(), enabled]).await?;
    Ok(changed == 1)
}

pub(crate) async fn set_secret_hash(tx: &mut Tx, client: &ClientId, hash: &str) -> Result<bool, Fault> {
    let changed = tx
        .run(
            "update client set secret_hash = $2 where client_id = $1 and secret_hash is not null",
            args![client.as_str(), hash],
        )
        .await?;
    Ok(changed == 1)
}
