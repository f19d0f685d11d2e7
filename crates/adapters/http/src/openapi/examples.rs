//! Examples of whole bodies, put together from those of their members.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema, schema::ArrayItems};

/// The named schemas of a description.
pub(crate) type Schemas = BTreeMap<String, RefOr<Schema>>;

/// An example of what a schema describes: its own, or one made from its parts.
pub(crate) fn example_of(schema: &RefOr<Schema>, schemas: &Schemas) -> Option<Value> {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next()?;
            example_of(schemas.get(name)?, schemas)
        }
        RefOr::T(Schema::Object(object)) => {
            let first_of = object.enum_values.as_ref().and_then(|values| values.first());
            let own = object.examples.first().or(first_of).cloned();
            own.or_else(|| members(object.properties.iter(), schemas))
        }
        RefOr::T(Schema::Array(array)) => array.examples.first().cloned().or_else(|| match &array.items {
            ArrayItems::RefOrSchema(item) => Some(Value::Array(vec![example_of(item, schemas)?])),
            ArrayItems::False => None,
        }),
        RefOr::T(Schema::AllOf(all)) => {
            let parts = all.items.iter().filter_map(|part| example_of(part, schemas));
            Some(Value::Object(parts.filter_map(into_members).flatten().collect()))
        }
        RefOr::T(Schema::OneOf(one)) => one.examples.first().cloned().or_else(|| first(&one.items, schemas)),
        RefOr::T(Schema::AnyOf(any)) => any.examples.first().cloned().or_else(|| first(&any.items, schemas)),
        RefOr::T(_) => None,
    }
}

fn members<'a>(
    properties: impl Iterator<Item = (&'a String, &'a RefOr<Schema>)>,
    schemas: &Schemas,
) -> Option<Value> {
    let members: Map<_, _> =
        properties.filter_map(|(name, schema)| Some((name.clone(), example_of(schema, schemas)?))).collect();
    if members.is_empty() { None } else { Some(Value::Object(members)) }
}

/// An example of the first of several schemas that has one: the null of what may be null has none.
fn first(items: &[RefOr<Schema>], schemas: &Schemas) -> Option<Value> {
    items.iter().find_map(|item| example_of(item, schemas))
}

fn into_members(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}
