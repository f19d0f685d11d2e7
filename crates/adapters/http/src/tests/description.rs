//! The description of the API is whole, and true as far as it can be seen from here.

use actix_web::test::TestRequest;
use serde_json::{Map, Value};

use super::support::{Mocks, get, send};

fn description() -> Value {
    serde_json::from_str(&crate::openapi_json()).unwrap()
}

/// Every operation with its method and path.
fn operations(description: &Value) -> Vec<(String, String, &Value)> {
    let mut all = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((method.to_uppercase(), path.clone(), operation));
        }
    }
    all
}

/// Every body in an operation, with its content type.
fn bodies(operation: &Value) -> Vec<(&str, &Value)> {
    let responses = operation["responses"].as_object().unwrap().values();
    let parts = responses.chain([&operation["requestBody"]]);
    parts
        .filter_map(|part| part["content"].as_object())
        .flat_map(Map::iter)
        .map(|(content_type, content)| (content_type.as_str(), content))
        .collect()
}

#[test]
fn every_operation_is_whole() {
    let description = description();
    let operations = operations(&description);
    assert_eq!(operations.len(), 29);
    for (method, path, operation) in operations {
        let name = format!("{method} {path}");
        for member in ["operationId", "summary", "tags", "security"] {
            assert!(!operation[member].is_null(), "{name} has no {member}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(response["headers"]["X-Request-Id"].is_object(), "{name} {status}");
            assert!(!response["description"].as_str().unwrap().is_empty(), "{name} {status}");
        }
        if path.starts_with("/api/v1") {
            // What the operator sees of the room is known also while the store is away.
            let statuses = if path.ends_with("/admin/queue") { &["500"][..] } else { &["500", "503"] };
            for status in statuses {
                assert!(operation["responses"][status].is_object(), "{name} says nothing of {status}");
            }
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(!parameter["example"].is_null(), "{name}: {parameter}");
        }
    }
}

#[test]
fn every_body_has_an_example() {
    let description = description();
    for (method, path, operation) in operations(&description) {
        for (content_type, content) in bodies(operation) {
            let has = !content["example"].is_null() || content["examples"].is_object();
            assert!(has, "{method} {path} {content_type}");
        }
    }
}

#[test]
fn every_example_has_the_members_that_its_schema_requires() {
    let description = description();
    for (method, path, operation) in operations(&description) {
        for (_, content) in bodies(operation) {
            if content["example"].is_null() {
                continue;
            }
            assert_has_required(
                &content["example"],
                &content["schema"],
                &description,
                &format!("{method} {path}"),
            );
        }
    }
}

fn assert_has_required(example: &Value, schema: &Value, description: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = description.pointer(reference.trim_start_matches('#')).unwrap();
        return assert_has_required(example, schema, description, place);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        assert_has_required(example, part, description, place);
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(example.get(name.as_str().unwrap()).is_some(), "{place}: {name} is missing in {example}");
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(member) = example.get(name) {
            assert_has_required(member, property, description, place);
        }
    }
    for item in example.as_array().into_iter().flatten() {
        assert_has_required(item, &schema["items"], description, place);
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn follow(value: &Value, description: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let found = description.pointer(reference.trim_start_matches('#'));
                    assert!(found.is_some(), "{reference} leads nowhere");
                }
                members.values().for_each(|member| follow(member, description));
            }
            Value::Array(items) => items.iter().for_each(|item| follow(item, description)),
            _ => {}
        }
    }
    let description = description();
    follow(&description, &description);
}

#[actix_web::test]
async fn every_described_operation_is_there() {
    for (method, path, _) in operations(&description()) {
        let uri = path.replace(['{', '}'], "");
        let request = TestRequest::with_uri(&uri).method(method.parse().unwrap());
        let (status, code) = send(Mocks::new(), request).await.refusal();
        assert!(!["NOT_FOUND", "METHOD_NOT_ALLOWED"].contains(&code.as_str()), "{method} {path}: {status}");
    }
}

#[actix_web::test]
async fn the_description_is_served_as_it_is_printed() {
    let answered = send(Mocks::new(), get("/api-docs/openapi.json")).await;
    assert_eq!(answered.body, crate::openapi_json().into_bytes());
    assert_eq!(crate::openapi_json(), crate::openapi_json());
}
