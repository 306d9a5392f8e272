//! What goes in and what comes out.

use ::licence::{
    field::{FieldKind, Source},
    licence_type::{LicenceType, Validity},
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    App,
    kit::{rendering, wording::both},
    public::api::{
        applications,
        bodies::{IssueBody, NewVerification, Nothing, Revocation, Suspension},
        licence, revocations, verdict,
    },
};

/// Where OpenAPI has its schemas.
const FOLDER: &str = "/components/schemas";

/// A body that issues a licence.
pub fn example() -> Value {
    serde_json::from_str(include_str!("example.json")).unwrap_or_default()
}

/// Where the description has a schema.
pub fn reference<T: JsonSchema>() -> Value {
    json!({ "$ref": format!("#{FOLDER}/{}", T::schema_name()) })
}

/// The schema of one value, where it stands.
pub fn inline<T: JsonSchema>() -> Value {
    generator(SchemaSettings::for_deserialize).subschema_for::<T>().to_value()
}

/// All of them by their names.
pub fn all(app: &App) -> Map<String, Value> {
    let mut answers = generator(SchemaSettings::for_serialize);
    for add in [
        SchemaGenerator::subschema_for::<applications::Body>,
        SchemaGenerator::subschema_for::<licence::Body>,
        SchemaGenerator::subschema_for::<licence::List>,
        SchemaGenerator::subschema_for::<rendering::ProblemBody>,
        SchemaGenerator::subschema_for::<revocations::Body>,
        SchemaGenerator::subschema_for::<verdict::Body>,
    ] {
        add(&mut answers);
    }
    let mut bodies = generator(SchemaSettings::for_deserialize);
    for add in [
        SchemaGenerator::subschema_for::<IssueBody>,
        SchemaGenerator::subschema_for::<NewVerification>,
        SchemaGenerator::subschema_for::<Nothing>,
        SchemaGenerator::subschema_for::<Revocation>,
        SchemaGenerator::subschema_for::<Suspension>,
    ] {
        add(&mut bodies);
    }
    let mut all = answers.take_definitions(true);
    all.extend(bodies.take_definitions(true));
    // Which fields a licence has is in the catalogue, not in the program.
    if let Some(new) = all.get_mut(&*IssueBody::schema_name()).and_then(Value::as_object_mut) {
        let types = app.library.catalogue.now().all_published().iter().map(|found| of_type(found)).collect();
        new.insert("anyOf".to_owned(), types);
        new.insert("examples".to_owned(), json!([example()]));
    }
    all
}

/// Answers have every member; a body may leave out what is optional.
fn generator(contract: fn(SchemaSettings) -> SchemaSettings) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = FOLDER.into();
        settings.meta_schema = None;
    });
    contract(settings).into_generator()
}

fn of_type(found: &LicenceType) -> Value {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for rule in &found.definition.fields {
        let mut schema = json!({
            "type": "string", "maxLength": rule.length_max(), "title": both(&rule.label.text())
        });
        if let (FieldKind::Choice(words), Some(object)) = (&rule.kind, schema.as_object_mut()) {
            object.insert("enum".to_owned(), words.iter().map(|word| word.zh.clone()).collect());
        }
        properties.insert(rule.key.clone(), schema);
        if rule.required && rule.source == Source::Entered {
            required.push(rule.key.clone());
        }
    }
    let mut wanted = vec!["fields"];
    if found.definition.validity == Validity::UntilDate {
        wanted.push("valid_until");
    }
    json!({
        "title": both(&found.definition.name.text()),
        "required": wanted,
        "properties": {
            "type": { "const": found.code },
            "fields": { "type": "object", "properties": properties, "required": required }
        }
    })
}
