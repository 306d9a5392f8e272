//! Who holds a licence beside its holder: the other parent of a newborn. Both see it, and it is the own affair of both.

use base::{
    Fault, ListPage,
    id::{LicenceId, PersonId},
};
use records::{FromRow, Tx, Work, args};

use crate::events::JointHolderAdded;

#[derive(FromRow)]
struct Row {
    licence_id: String,
    person_id: String,
    marked: i64,
    mark: Option<String>,
}

impl Row {
    /// What somebody put there past the product lends nothing.
    fn is_as_left(&self, tx: &Tx) -> bool {
        let fields = args![&self.licence_id, &self.person_id];
        tx.is_as_left("licence_joint_holder", fields, (self.marked, self.mark.as_deref()))
    }
}

/// Writes down who holds a licence beside its holder.
pub(crate) async fn add(work: &mut Work, licence: &LicenceId, person: &PersonId) -> Result<(), Fault> {
    work.tx
        .run("insert into licence_joint_holder (licence_id, person_id) values ($1, $2)", args![licence, person])
        .await?;
    work.record(JointHolderAdded { licence: licence.clone(), person: person.clone() });
    Ok(())
}

/// A statement that reads rows as [`Row`] takes them.
macro_rules! rows {
    ($rest:literal) => {
        concat!("select licence_id, person_id, marked, mark from licence_joint_holder ", $rest)
    };
}

/// Whether a person holds a licence beside its holder.
pub(crate) async fn is_joint(tx: &mut Tx, licence: &LicenceId, person: &PersonId) -> Result<bool, Fault> {
    let found: Option<Row> = tx.first(rows!("where licence_id = $1"), args![licence]).await?;
    Ok(found.is_some_and(|row| row.person_id == person.as_str() && row.is_as_left(tx)))
}

/// The licences that a person holds beside their holders, newest first.
pub(crate) async fn held(tx: &mut Tx, person: &PersonId, page: &ListPage<LicenceId>) -> Result<Vec<LicenceId>, Fault> {
    let found: Vec<Row> = tx
        .all(
            rows!(
                "where person_id >= $1
            and (person_id, licence_id) < ($1, $2)
          order by person_id desc, licence_id desc
          limit $3"
            ),
            args![person, page.below(), page.limit + 1],
        )
        .await?;
    let as_left = found.into_iter().filter(|row| row.is_as_left(tx));
    Ok(as_left.map(|row| LicenceId::stored(row.licence_id)).collect())
}
