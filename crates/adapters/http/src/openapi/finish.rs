//! What all operations have in common, added to the description at its end.

use utoipa::{
    Modify,
    openapi::{
        Components, Content, OpenApi, Ref, RefOr, Response, Schema,
        header::HeaderBuilder,
        path::{Operation, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::examples::{Schemas, example_of};

const X_REQUEST_ID: &str = "X-Request-Id";

/// Adds the kinds of token, the header that every response has, and an example to every body.
pub(crate) struct Finish;

impl Modify for Finish {
    fn modify(&self, description: &mut OpenApi) {
        let components = description.components.get_or_insert_with(Components::default);
        add_tokens(components);
        add_request_id(components);
        let schemas = components.schemas.clone();
        for item in description.paths.paths.values_mut() {
            for operation in operations(item) {
                finish(operation, &schemas);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete].into_iter().flatten()
}

fn finish(operation: &mut Operation, schemas: &Schemas) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.values_mut().for_each(|content| {
            leave_out_null(content);
            add_example(content, schemas);
        });
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            finish_response(response, schemas);
        }
    }
}

fn finish_response(response: &mut Response, schemas: &Schemas) {
    let request_id = Ref::new(format!("#/components/headers/{X_REQUEST_ID}"));
    response.headers.insert(X_REQUEST_ID.to_owned(), RefOr::Ref(request_id));
    response.content.values_mut().for_each(|content| add_example(content, schemas));
}

/// A body that may be left out is described as one that may be null, which no body may be.
fn leave_out_null(content: &mut RefOr<Content>) {
    let RefOr::T(content) = content else { return };
    if let Some(RefOr::T(Schema::OneOf(either))) = &content.schema {
        content.schema = either.items.iter().find(|item| matches!(item, RefOr::Ref(_))).cloned();
    }
}

fn add_example(content: &mut RefOr<Content>, schemas: &Schemas) {
    let RefOr::T(content) = content else { return };
    if content.example.is_none() && content.examples.is_empty() {
        content.example = content.schema.as_ref().and_then(|schema| example_of(schema, schemas));
    }
}

fn add_request_id(components: &mut Components) {
    let header = HeaderBuilder::new()
        .description(Some("What finds the request in the log: the caller's, if it sent a sane one."))
        .example(Some("0192f0c1-7e7b-7000-8000-0000000000ff".into()))
        .build();
    components.headers.insert(X_REQUEST_ID.to_owned(), RefOr::T(header));
}

fn add_tokens(components: &mut Components) {
    let tokens = [
        ("accessToken", "Says who is calling; from `POST /sessions`. Never good as a queue token."),
        (
            "queueToken",
            "Says who is calling and with which place in the waiting room; from `POST /queue/tokens`. \
             Never good as an access token.",
        ),
        ("adminKey", "The operator's key, as it was configured."),
    ];
    for (name, description) in tokens {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
        components.add_security_scheme(name, SecurityScheme::Http(bearer));
    }
}
