//! Schemas of what comes in, as strict as what reads it.

use serde_json::json;
use utoipa::openapi::{
    KnownFormat, Object, Schema, SchemaFormat, Type,
    schema::{AnyOf, Array, SchemaType},
};

/// Anything but control characters, and something other than white space.
const NAME: &str =
    r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";
/// Something before and after one `@`, without white space and control characters.
const EMAIL: &str = r"^[^@\s\u0000-\u001f\u007f-\u009f]+@[^@\s\u0000-\u001f\u007f-\u009f]+$";

fn text(description: &str, example: &str) -> utoipa::openapi::schema::ObjectBuilder {
    Object::builder().schema_type(Type::String).description(Some(description)).examples([json!(example)])
}

pub(crate) fn user_name() -> Object {
    text("What the user is called.", "Ada Lovelace")
        .min_length(Some(1))
        .max_length(Some(100))
        .pattern(Some(NAME))
        .build()
}

pub(crate) fn concert_name() -> Object {
    text("What the concert is called.", "Winter Concert")
        .min_length(Some(1))
        .max_length(Some(100))
        .pattern(Some(NAME))
        .build()
}

pub(crate) fn grade() -> Object {
    text("The grade of the seats.", "VIP")
        .min_length(Some(1))
        .max_length(Some(100))
        .pattern(Some(NAME))
        .build()
}

pub(crate) fn reason() -> Object {
    text("Why, for the operator's own records.", "The concert was moved to another day")
        .min_length(Some(1))
        .max_length(Some(500))
        .pattern(Some(NAME))
        .build()
}

pub(crate) fn email() -> Object {
    text("An email address, compared without case.", "ada@example.org")
        .min_length(Some(3))
        .max_length(Some(254))
        .pattern(Some(EMAIL))
        .build()
}

pub(crate) fn new_password() -> Object {
    text("The password to log in with.", "correct horse battery")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .min_length(Some(8))
        .max_length(Some(128))
        .build()
}

pub(crate) fn attempted_password() -> Object {
    text("The password.", "correct horse battery")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .min_length(Some(1))
        .build()
}

pub(crate) fn optional_time_zone() -> Object {
    let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| json!(zone.name())).chain([json!(null)]);
    let mut schema =
        or_null(text("The time zone's IANA name; `Asia/Seoul` if it is left out.", "Asia/Seoul").build());
    schema.enum_values = Some(names.collect());
    schema
}

/// The same schema for a member that may be left out or be null.
fn or_null(mut schema: Object) -> Object {
    schema.schema_type = SchemaType::from_iter([Type::String, Type::Null]);
    schema
}

pub(crate) fn optional_email() -> Object {
    or_null(email())
}

pub(crate) fn optional_password() -> Object {
    or_null(attempted_password())
}

fn uuid(description: &str, example: &str) -> Object {
    text(description, example).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))).build()
}

pub(crate) fn optional_user_id() -> Object {
    or_null(uuid(
        "Who joins, where the operator trusts the caller to say so.",
        "0192f0c1-7e7b-7000-8000-000000000001",
    ))
}

pub(crate) fn schedule_id() -> Object {
    uuid("The schedule.", "0192f0c1-7e7b-7000-8000-000000000020")
}

pub(crate) fn reservation_id() -> Object {
    uuid("The reservation to pay for.", "0192f0c1-7e7b-7000-8000-000000000040")
}

fn seat_number(description: &str, example: i32) -> Object {
    Object::builder()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(50))
        .description(Some(description))
        .examples([json!(example)])
        .build()
}

pub(crate) fn first_seat() -> Object {
    seat_number("The first number.", 1)
}

pub(crate) fn last_seat() -> Object {
    seat_number("The last number, not below the first.", 10)
}

pub(crate) fn seat_numbers() -> Array {
    let mut numbers = Array::new(seat_number("A seat's number.", 12));
    numbers.min_items = Some(1);
    numbers.max_items = Some(50);
    numbers.unique_items = true;
    numbers.description = Some("The seats wanted, each once: all of them are held, or none.".to_owned());
    numbers.examples = vec![json!([12, 13])];
    numbers
}

/// An amount of money: a number, or a number in a string.
fn amount(description: &str, least: f64, most: f64, pattern: &str) -> AnyOf {
    let number = Object::builder()
        .schema_type(Type::Number)
        .multiple_of(Some(0.01_f64))
        .minimum(Some(least))
        .maximum(Some(most));
    let text = Object::builder().schema_type(Type::String).pattern(Some(pattern));
    AnyOf::builder().description(Some(description)).item(number).item(text).examples([json!(150_000)]).build()
}

pub(crate) fn charge() -> Schema {
    amount(
        "How much, with at most 2 decimals: a number, or a number in a string.",
        0.01,
        10_000_000.0,
        r"^(0\.(0[1-9]|[1-9][0-9]?)|[1-9][0-9]{0,6}(\.[0-9]{1,2})?|10000000(\.00?)?)$",
    )
    .into()
}

const PRICE: &str = r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?$";

pub(crate) fn price() -> Schema {
    amount("The price of each seat, with at most 2 decimals.", 0.0, 999_999_999_999.99, PRICE).into()
}

pub(crate) fn optional_price() -> Schema {
    let mut price = amount(
        "What the caller believes the reservation costs; anything else than its price is refused.",
        0.0,
        999_999_999_999.99,
        PRICE,
    );
    price.items.push(Object::with_type(Type::Null).into());
    price.into()
}
