//! The SQL of this crate.

use base::{
    Fault, Instant, ListPage,
    id::{KeyId, OrganisationId, SealId, StaffId},
    name,
};
use records::{FromRow, Seen, Tx, Value, args};

use crate::{SealKind, SealState, SealView, limits};

/// A statement that reads seals as [`Row`] takes them: the columns, and then what is asked for.
macro_rules! seals {
    ($rest:literal) => {
        concat!(
            "select seal_id, organisation_id, kind, name, number, ring, below, keeper, state, \
                    reason, key_id, applied_at, changed_at
               from seal ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct Row {
    seal_id: String,
    organisation_id: String,
    kind: String,
    name: String,
    number: String,
    ring: String,
    below: String,
    keeper: String,
    state: String,
    reason: Option<String>,
    key_id: Option<String>,
    applied_at: i64,
    changed_at: i64,
}

impl TryFrom<Row> for SealView {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        let unknown = || Fault::broken("a seal has an unknown kind or state");
        Ok(Self {
            kind: SealKind::parse(&row.kind).ok_or_else(unknown)?,
            state: SealState::parse(&row.state).ok_or_else(unknown)?,
            seal_id: SealId::stored(row.seal_id),
            organisation_id: OrganisationId::stored(row.organisation_id),
            name: row.name,
            number: row.number,
            keeper: StaffId::stored(row.keeper),
            reason: row.reason,
            key_id: row.key_id.map(KeyId::stored),
            applied_at: Instant::from_micros(row.applied_at),
            changed_at: Instant::from_micros(row.changed_at),
            ring: row.ring,
            below: row.below,
        })
    }
}

pub(crate) async fn by_id(tx: &mut Tx, seal: &SealId) -> Result<Option<SealView>, Fault> {
    let row: Option<Row> = tx.first(seals!("where seal_id = $1"), args![seal]).await?;
    row.map(SealView::try_from).transpose()
}

pub(crate) async fn by_number(tx: &mut Tx, number: &str) -> Result<Option<SealView>, Fault> {
    let row: Option<Row> = tx.first(seals!("where number = $1"), args![number]).await?;
    row.map(SealView::try_from).transpose()
}

pub(crate) async fn names(tx: &mut Tx) -> Result<Vec<(String, String)>, Fault> {
    tx.all("select name, organisation_id from seal", args![]).await
}

/// Seals whose name has this key.
pub(crate) async fn by_name(tx: &mut Tx, key: &str, limit: i64) -> Result<Vec<SealView>, Fault> {
    let rows: Vec<Row> = tx
        .all(seals!("where name_key between $1 and $1 order by name_key, seal_id limit $2"), args![key, limit])
        .await?;
    rows.into_iter().map(SealView::try_from).collect()
}

/// Holds a seal until the commit: what is read of it afterwards stays so.
pub(crate) async fn hold(tx: &mut Tx, seal: &SealId) -> Result<(), Fault> {
    tx.run("update seal set state = state where seal_id = $1", args![seal]).await?;
    Ok(())
}

pub(crate) async fn by_key(tx: &mut Tx, key: &KeyId) -> Result<Option<SealView>, Fault> {
    let row: Option<Row> = tx.first(seals!("where key_id = $1"), args![key]).await?;
    row.map(SealView::try_from).transpose()
}

pub(crate) async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    page: &ListPage<SealId>,
) -> Result<Vec<SealView>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            seals!(
                "where organisation_id <= $1
                and (organisation_id, seal_id) > ($1, $2)
              order by organisation_id, seal_id
              limit $3"
            ),
            args![organisation, page.above(), page.limit + 1],
        )
        .await?;
    rows.into_iter().map(SealView::try_from).collect()
}

/// The seal of a kind that is enabled or frozen.
pub(crate) async fn in_use(
    tx: &mut Tx,
    organisation: &OrganisationId,
    kind: SealKind,
) -> Result<Option<SealView>, Fault> {
    let row: Option<Row> = tx
        .first(
            seals!("where organisation_id = $1 and kind = $2 and state in ('enabled', 'frozen')"),
            args![organisation, kind.code()],
        )
        .await?;
    row.map(SealView::try_from).transpose()
}

/// Refuses to rest on a seal that was changed past the product.
pub(crate) async fn rely_on(tx: &mut Tx, seal: &SealView) -> Result<(), Fault> {
    let columns = vec![
        ("organisation_id", Value::from(&seal.organisation_id)),
        ("kind", Value::from(seal.kind.code())),
        ("name", Value::from(&seal.name)),
        ("number", Value::from(&seal.number)),
        ("ring", Value::from(&seal.ring)),
        ("below", Value::from(&seal.below)),
        ("keeper", Value::from(&seal.keeper)),
        ("state", Value::from(seal.state.code())),
        ("key_id", Value::from(seal.key_id.as_ref())),
    ];
    tx.rely_on("seal", Seen { key: &[seal.seal_id.as_str()], columns }).await
}

/// The next serial of an administrative division.
pub(crate) async fn next_serial(tx: &mut Tx, division: &str) -> Result<i64, Fault> {
    let rows: Vec<(i64,)> = tx
        .change(
            "insert into seal_serial (division, last) values ($1, 1)
                 on conflict (division) do update set last = seal_serial.last + 1
             returning last",
            args![division],
        )
        .await?;
    rows.first().map(|(last,)| *last).ok_or_else(|| Fault::broken("a serial was not counted"))
}

pub(crate) async fn insert(tx: &mut Tx, seal: &SealView) -> Result<(), Fault> {
    tx.run(
        "insert into seal (seal_id, organisation_id, kind, name, name_key, number, ring, below, keeper, state, applied_at,
                           changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        args![
            &seal.seal_id,
            &seal.organisation_id,
            seal.kind.code(),
            &seal.name,
            name::key(&seal.name),
            &seal.number,
            &seal.ring,
            &seal.below,
            &seal.keeper,
            seal.state.code(),
            seal.applied_at
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_key(tx: &mut Tx, seal: &SealId, key: &KeyId) -> Result<(), Fault> {
    tx.run("update seal set key_id = $2 where seal_id = $1 and key_id is null", args![seal, key]).await?;
    Ok(())
}

/// Gives a seal another key; zero rows when it has not the first, or was cancelled meanwhile.
pub(crate) async fn replace_key(tx: &mut Tx, seal: &SealId, old: &KeyId, new: &KeyId) -> Result<u64, Fault> {
    // By its key: the index of those in use is of departments.
    tx.run(
        "update seal
            set key_id = $3
          where seal_id = $1
            and key_id = $2
            and state || '' in ('enabled', 'frozen')",
        args![seal, old, new],
    )
    .await
}

/// Moves a seal from one state to another; zero rows when it is not in the first.
pub(crate) async fn change_state(
    tx: &mut Tx,
    seal: &SealId,
    (from, to): (SealState, SealState),
    reason: Option<&str>,
    at: Instant,
) -> Result<u64, Fault> {
    tx.run(
        "update seal
            set state = $3, reason = $4, changed_at = $5
          where seal_id = $1 and state = $2",
        args![seal, from.code(), to.code(), reason, at],
    )
    .await
}

/// Gives some seals of an older version the keys of their names; how many.
pub(crate) async fn key_some(tx: &mut Tx) -> Result<usize, Fault> {
    let rows: Vec<(String, String)> = tx
        .all(
            "select seal_id, name from seal where name_key is null order by name_key, seal_id limit $1",
            args![limits::KEYED_AT_ONCE],
        )
        .await?;
    for (seal, name) in &rows {
        tx.run("update seal set name_key = $2 where seal_id = $1", args![seal.as_str(), name::key(name)]).await?;
    }
    Ok(rows.len())
}
