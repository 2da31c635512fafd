//! Just enough of JSON Schema to hold answers against `openapi.json`.

use crate::http::Reply;
use serde_json::Value;

/// A description of an API.
pub(crate) struct Api {
    paths: Value,
    components: Value,
}

impl Api {
    pub(crate) fn of(description: &Value) -> Self {
        let part = |name: &str| description[name].clone();
        Self { paths: part("paths"), components: part("components") }
    }

    /// Methods and paths.
    pub(crate) fn routes(&self) -> Vec<(String, String)> {
        let paths = self.paths.as_object().unwrap();
        paths
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().unwrap().keys();
                methods.map(|method| (method.clone(), path.clone())).collect::<Vec<_>>()
            })
            .collect()
    }

    /// Whether an answer is one of those described.
    pub(crate) fn check(&self, method: &str, path: &str, reply: &Reply) -> Result<(), String> {
        let mut described = &self.paths[path][method]["responses"][reply.status.to_string()];
        if let Some(name) = described["$ref"].as_str() {
            described = &self.components["responses"][name.rsplit('/').next().unwrap()];
        }
        let content = described["content"].as_object().ok_or("a status that is not described")?;
        let (kind, form) = content.iter().next().ok_or("no content is described")?;
        if !reply.head.contains(&format!("content-type: {kind}")) {
            return Err(format!("not of the type {kind}: {}", reply.head));
        }
        match form.get("schema") {
            Some(schema) => check(&self.components["schemas"], schema, &reply.json()),
            None => Ok(()),
        }
    }
}

/// Whether a value has a form.
pub(crate) fn check(schemas: &Value, form: &Value, value: &Value) -> Result<(), String> {
    if let Some(name) = form["$ref"].as_str() {
        let form = &schemas[name.rsplit('/').next().unwrap()];
        assert!(form.is_object(), "{name} is not described");
        return check(schemas, form, value);
    }
    if let Some(forms) = form["anyOf"].as_array() {
        let found: Vec<_> = forms.iter().map(|form| check(schemas, form, value)).collect();
        let fits = found.iter().any(Result::is_ok);
        return if fits { Ok(()) } else { Err(format!("none of: {found:?}")) };
    }
    check_type(form, value)?;
    if let Some(allowed) = form["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
        return Err(format!("{value} is none of {allowed:?}"));
    }
    if let Some(items) = value.as_array() {
        return items.iter().try_for_each(|item| check(schemas, &form["items"], item));
    }
    match value.as_object() {
        Some(fields) => check_fields(schemas, form, fields),
        None => Ok(()),
    }
}

fn check_type(form: &Value, value: &Value) -> Result<(), String> {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_u64() || number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = match &form["type"] {
        Value::String(wanted) => wanted == found,
        Value::Array(wanted) => wanted.iter().any(|wanted| wanted == found),
        other => return Err(format!("the form has no type: {other}")),
    };
    if fits { Ok(()) } else { Err(format!("{value} is not of the type {}", form["type"])) }
}

fn check_fields(
    schemas: &Value,
    form: &Value,
    fields: &serde_json::Map<String, Value>,
) -> Result<(), String> {
    for name in form["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(name.as_str().unwrap()) {
            return Err(format!("{name} is missing"));
        }
    }
    for (name, value) in fields {
        match form["properties"].get(name) {
            Some(form) => {
                check(schemas, form, value).map_err(|error| format!("{name}: {error}"))?
            }
            None if form["additionalProperties"] == false => {
                return Err(format!("{name} is not described"));
            }
            None => {}
        }
    }
    Ok(())
}
