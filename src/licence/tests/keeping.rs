//! How documents are kept: each as what is its own, and back as it was.

use base::Secret;
use documents::Fonts;
use records::{Value, args, log};
use sqlx::Connection;

use super::city::{Asked, City, city};
use crate::{
    Library, Licence,
    catalogue::{built_in, licence_type},
    issue::{self, Begun},
    library::Parts,
    register::queries,
};

/// A library as another program would open it, years later: nothing in memory, and this folder of fonts.
fn library(city: &City, fonts: &std::path::Path) -> Library {
    let library = Library::new(Parts {
        key: Secret::new([5; 32]),
        vault: city.library.vault.clone(),
        cabinet: city.library.cabinet.clone(),
        fonts: Fonts::load(fonts).unwrap(),
        public_url: "https://elsewhere.example".to_owned(),
    });
    library.keep(&city.fresh.database);
    library
}

fn fonts() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../documents/fonts")
}

/// The faces for rare characters in each other's places.
fn other_fonts(city: &City) -> std::path::PathBuf {
    let folder = city.fresh.folder().join("fonts");
    std::fs::create_dir_all(&folder).unwrap();
    let swapped = [
        ("noto-serif-sc-regular.ttf", "noto-serif-sc-regular.ttf"),
        ("song-supplement-regular.ttf", "lxgw-wenkai-regular.ttf"),
        ("lxgw-wenkai-regular.ttf", "song-supplement-regular.ttf"),
    ];
    for (as_what, which) in swapped {
        std::fs::copy(fonts().join(which), folder.join(as_what)).unwrap();
    }
    folder
}

async fn document(city: &City, library: &Library, licence: &Licence) -> Result<(String, Vec<u8>), crate::Error> {
    library.safe.document(&mut city.fresh.database.read().await.unwrap(), &licence.id).await
}

async fn issue(city: &City, library: &Library, asked: Asked) -> Licence {
    let context = city.context(5);
    let mut work = city.fresh.database.begin(context.clone()).await.unwrap();
    let by = (&city.food.clerk, &city.food.reviewer);
    let begun = issue::begin(&mut work, library, &asked.origin, asked.request, by).await.unwrap();
    work.commit().await.unwrap();
    let Begun::Intent(intent) = begun else { panic!("it was issued before") };
    issue::finish(&city.fresh.database, library, &context, &intent, None).await.unwrap()
}

#[tokio::test]
async fn a_document_comes_back_as_it_was_when_its_template_and_its_fonts_are_others() {
    let city = city().await;
    let licence = city.issue(city.food_request("k1"), &city.food, 0).await.unwrap();
    let rare = city.issue(city.driving_request("k2"), &city.police, 0).await.unwrap();
    let before =
        [document(&city, &city.library, &licence).await.unwrap(), document(&city, &city.library, &rare).await.unwrap()];
    // Another version of the type, with another page, and other faces.
    let mut work = city.work(1).await;
    let mut definition = city.library.catalogue.now().published(built_in::FOOD).unwrap().definition.clone();
    definition.layout.title.zh = "食品许可证".to_owned();
    let version = licence_type::draft(&mut work, built_in::FOOD, &definition).await.unwrap();
    licence_type::publish(&mut work, &version).await.unwrap();
    work.commit().await.unwrap();
    city.fresh.database.refresh_kept().await.unwrap();
    let later = library(&city, &other_fonts(&city));
    city.fresh.database.refresh_kept().await.unwrap();
    let new = issue(&city, &later, city.food_request("k3")).await;
    for (licence, before) in [&licence, &rare].into_iter().zip(&before) {
        assert_eq!(document(&city, &later, licence).await.unwrap(), *before);
    }
    let (_, new) = document(&city, &later, &new).await.unwrap();
    let common = new.iter().zip(&before[0].1).take_while(|(one, other)| one == other).count();
    assert!(common < 20_000, "{common} bytes: the page is another one from its font on");
}

#[tokio::test]
async fn a_document_whose_pieces_are_gone_or_changed_is_not_handed_out() {
    let city = city().await;
    let licence = city.issue(city.food_request("k1"), &city.food, 0).await.unwrap();
    let mut tx = city.fresh.database.read().await.unwrap();
    let checked = city.library.safe.check_documents(&mut tx).await.unwrap();
    assert_eq!((checked.documents, &checked.wrong), (1, &vec![]));
    let (name,): (String,) =
        tx.one("select name from licence_piece order by length(bytes) limit 1", vec![]).await.unwrap();
    let bytes = queries::piece(&mut tx, &name).await.unwrap().unwrap();
    drop(tx);
    let change = async |sql: &'static str, values: Vec<Value>| {
        let mut tx = city.fresh.database.housekeeping().await.unwrap();
        assert_eq!(tx.run(sql, values).await.unwrap(), 1);
        tx.commit().await.unwrap();
    };
    let changed = [&bytes[..], b"x"].concat();
    change("update licence_piece set bytes = $2 where name = $1", args![&name, changed]).await;
    let said = document(&city, &library(&city, &fonts()), &licence).await.unwrap_err().to_string();
    assert!(said.contains(&name) && said.contains("not as it was written"), "{said}");
    change("delete from licence_piece where name = $1", args![&name]).await;
    let said = document(&city, &library(&city, &fonts()), &licence).await.unwrap_err().to_string();
    assert!(said.contains(&name) && said.contains("is gone"), "{said}");
    let mut tx = city.fresh.database.read().await.unwrap();
    let found = city.library.safe.check_documents(&mut tx).await.unwrap();
    assert!(matches!(found.wrong.as_slice(), [one] if one.contains(&name) && one.contains("is gone")), "{found:?}");
    drop(tx);
    // The next document that has it brings it back.
    city.issue(city.food_request("k2"), &city.food, 0).await.unwrap();
    document(&city, &library(&city, &fonts()), &licence).await.unwrap();
    let mut tx = city.fresh.database.read().await.unwrap();
    let checked = city.library.safe.check_documents(&mut tx).await.unwrap();
    assert!(checked.pieces > 5 && checked.documents == 2 && checked.wrong.is_empty(), "{checked:?}");
    drop(tx);
    change("update licence_piece set bytes = $2 where name = $1", args![&name, b"y".to_vec()]).await;
    let mut tx = city.fresh.database.read().await.unwrap();
    let found = city.library.safe.check_documents(&mut tx).await.unwrap();
    assert!(matches!(found.wrong.as_slice(), [one] if one.contains(&name)), "{found:?}");
    drop(tx);
    // A program that has not seen it yet mends it before it issues anything that is made of it.
    let restarted = library(&city, &fonts());
    city.fresh.database.refresh_kept().await.unwrap();
    issue(&city, &restarted, city.food_request("k3")).await;
    let mut tx = city.fresh.database.read().await.unwrap();
    assert_eq!(city.library.safe.check_documents(&mut tx).await.unwrap().wrong, Vec::<String>::new());
    drop(tx);
    let sql = "update licence_file set packed = bytes where licence_id = $1";
    change(sql, args![&licence.id]).await;
    let mut tx = city.fresh.database.read().await.unwrap();
    let found = city.library.safe.check_documents(&mut tx).await.unwrap();
    assert!(matches!(found.wrong.as_slice(), [one] if one.contains(licence.id.as_str())), "{found:?}");
}

#[tokio::test]
async fn a_document_that_was_kept_whole_is_still_handed_out() {
    let city = city().await;
    let licence = city.issue(city.food_request("k1"), &city.food, 0).await.unwrap();
    let (sha256, bytes) = document(&city, &city.library, &licence).await.unwrap();
    let whole = city.library.safe.seal_whole(&*city.entropy, &licence.id, &bytes);
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    let sql = "update licence_file set bytes = $2, packed = null where licence_id = $1";
    assert_eq!(tx.run(sql, args![&licence.id, whole]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(document(&city, &city.library, &licence).await.unwrap(), (sha256, bytes));
    // What is sealed as the one is not opened as the other.
    let mut tx = city.fresh.database.housekeeping().await.unwrap();
    let sql = "update licence_file set packed = bytes where licence_id = $1";
    assert_eq!(tx.run(sql, args![&licence.id]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    document(&city, &city.library, &licence).await.unwrap_err();
}

/// What the database takes on the disk, in bytes. Room that PostgreSQL has to give again is given first, as it does by
/// itself now and then.
async fn size(city: &City) -> i64 {
    while log::sequence_events(&city.fresh.database).await.unwrap() > 0 {}
    let url = city.fresh.settings.url.expose();
    if !url.starts_with("sqlite:") {
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        sqlx::query("vacuum").execute(&mut connection).await.unwrap();
    }
    let mut tx = city.fresh.database.read().await.unwrap();
    let sql = if url.starts_with("sqlite:") {
        "select page_count * page_size from pragma_page_count(), pragma_page_size()"
    } else {
        "select sum(pg_total_relation_size(oid))::bigint from pg_class
          where relkind = 'r' and relnamespace = current_schema()::regnamespace"
    };
    let (bytes,): (i64,) = tx.one(sql, vec![]).await.unwrap();
    bytes
}

#[tokio::test]
async fn a_licence_costs_ten_kilobytes_with_everything_that_is_kept_of_it() {
    let city = city().await;
    let mut sizes = Vec::new();
    for number in 0..140 {
        if number % 70 == 0 {
            sizes.push(size(&city).await);
        }
        city.issue(city.food_request(&format!("k{number}")), &city.food, number).await.unwrap();
    }
    sizes.push(size(&city).await);
    let each = (sizes[2] - sizes[1]) / 70;
    assert!((2_000..10_000).contains(&each), "{each} bytes each: {sizes:?}");
}
