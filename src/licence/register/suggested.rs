//! What the register knows of what a clerk enters: it stands in the form, and beside it when somebody decides.

use base::Fault;
use identity::{organisation, person};
use records::Tx;

use super::{
    content::Fields,
    holder::{Holder, HolderFacts},
};

/// Fields that say where the holder lives or has its seat.
const ADDRESSES: [&str; 2] = ["address", "residence"];

/// The field that says who represents an organisation.
const REPRESENTATIVE: &str = "legal_representative";

/// What the register would have in fields that are entered, by their keys. It may be out of date, so that a clerk can enter
/// something else.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn suggested(tx: &mut Tx, holder: &HolderFacts) -> Result<Fields, Fault> {
    let mut fields = Fields::new();
    if let Some(address) = &holder.address {
        fields.extend(ADDRESSES.map(|key| (key.to_owned(), address.clone())));
    }
    if let Holder::Organisation(id) = &holder.holder
        && let Some(found) = organisation::find(tx, id).await?
        && let Some(representative) = found.legal_representative
        && let Some(representative) = person::find(tx, &representative).await?
    {
        fields.insert(REPRESENTATIVE.to_owned(), representative.name);
    }
    Ok(fields)
}
