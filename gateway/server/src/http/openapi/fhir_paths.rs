//! The paths of one FHIR base: per type what is offered of it.

use fhir::ResourceType;
use fhir::definitions::search_parameter;
use serde_json::{Map, Value, json};

use super::components::{content, refer};
use crate::http::offers::{Offers, TypeOffer, is_shaping};

/// Adds the paths of a base.
pub fn add(offers: &Offers, paths: &mut Map<String, Value>) {
    let base = format!("/fhir/{}", offers.version);
    let writer = Writer { offers, base: base.clone() };
    let mut metadata = writer.operation("system", "capabilities", "What may be asked here.", "Resource", vec![]);
    // It also answers whoever is not identified.
    metadata["security"] = json!([{}, { "bearer": [] }, { "certificate": [] }]);
    put(paths, format!("{base}/metadata"), "get", metadata);
    if offers.system.contains("batch") {
        let kinds = if offers.system.contains("transaction") { "batch or transaction" } else { "batch" };
        let summary = format!("A {kinds}; each entry of a batch is an exchange of its own.");
        put(
            paths,
            base.clone(),
            "post",
            writer.taking(writer.operation("system", "batch", &summary, "Bundle", vec![])),
        );
    }
    if offers.system.contains("search-system") {
        let search = writer.operation("system", "search", "Search all types.", "Bundle", vec![]);
        put(paths, base.clone(), "get", search);
    }
    if offers.system.contains("history-system") {
        let history = writer.operation("system", "history", "The history of all types.", "Bundle", vec![]);
        put(paths, format!("{base}/_history"), "get", history);
    }
    for name in &offers.operations {
        let about = format!("The operation ${name} of all types that have it.");
        for (method, what) in [("get", format!("{name}-system")), ("post", format!("{name}-system-by-form"))] {
            let mut operation = writer.operation("system", &what, &about, "Bundle", vec![]);
            if method == "post" {
                operation = writer.taking(operation);
            }
            put(paths, format!("{base}/${name}"), method, operation);
        }
    }
    for (kind, offer) in &offers.types {
        writer.add(*kind, offer, paths);
    }
}

struct Writer<'a> {
    offers: &'a Offers,
    base: String,
}

impl Writer<'_> {
    fn add(&self, kind: ResourceType, offer: &TypeOffer, paths: &mut Map<String, Value>) {
        let name = kind.name();
        let on_type = format!("{}/{name}", self.base);
        let instance = format!("{on_type}/{{id}}");
        let id = || refer("parameters", "Id");
        let header = |name: &str| refer("parameters", name);
        if offer.offers("search-type") {
            let about = format!("Search {name}. A BSN belongs in the form of _search, not in a URL.");
            let search = self.operation(name, "search", &about, "Bundle", self.search_parameters(kind, offer));
            put(paths, on_type.clone(), "get", search);
            let about = format!("Search {name} by form.");
            let mut posted = self.operation(name, "search-by-form", &about, "Bundle", vec![]);
            posted["requestBody"] = self.form(kind, offer);
            put(paths, format!("{on_type}/_search"), "post", posted);
        }
        let create = || self.writing(name, "create", "Create", vec![header("IfNoneExist")]);
        let update = || self.writing(name, "update", "Update", vec![id(), header("IfMatch")]);
        let about_read = format!("Read one {name}.");
        let conditions = || vec![id(), header("IfNoneMatch"), header("IfModifiedSince")];
        let read = || self.conditional(self.operation(name, "read", &about_read, "Resource", conditions()));
        let delete = || {
            let mut delete =
                self.operation(name, "delete", "Delete it.", "OperationOutcome", vec![id(), header("IfMatch")]);
            delete["responses"]["204"] = json!({ "description": "It was deleted." });
            delete
        };
        let version = || {
            let about = format!("Read one version of a {name}.");
            self.operation(name, "vread", &about, "Resource", vec![id(), refer("parameters", "VersionId")])
        };
        let history = || self.operation(name, "history", "The versions of it.", "Bundle", vec![id()]);
        let of_type = || self.operation(name, "history-of-type", "The versions of all of them.", "Bundle", vec![]);
        let patch = || self.writing(name, "patch", "Patch", vec![id(), header("IfMatch")]);
        type Make<'m> = &'m dyn Fn() -> Value;
        let table: [(&str, String, &str, Make<'_>); 8] = [
            ("create", on_type.clone(), "post", &create),
            ("read", instance.clone(), "get", &read),
            ("update", instance.clone(), "put", &update),
            ("patch", instance.clone(), "patch", &patch),
            ("delete", instance.clone(), "delete", &delete),
            ("vread", format!("{instance}/_history/{{version}}"), "get", &version),
            ("history-instance", format!("{instance}/_history"), "get", &history),
            ("history-type", format!("{on_type}/_history"), "get", &of_type),
        ];
        for (code, path, method, make) in table {
            if offer.offers(code) {
                put(paths, path, method, make());
            }
        }
        for (code, method, verb) in [("update", "put", "Update"), ("delete", "delete", "Delete")] {
            if offer.offers(code) && offer.has_criteria() {
                let about = format!("{verb} the one {name} that the parameters find.");
                let parameters = self.criteria(kind, offer).chain([header("IfMatch")]).collect();
                let what = format!("{code}-where");
                let mut operation = self.operation(name, &what, &about, "Resource", parameters);
                if code == "update" {
                    operation = self.taking(operation);
                } else {
                    operation["responses"]["204"] = json!({ "description": "It was deleted." });
                }
                put(paths, on_type.clone(), method, operation);
            }
        }
        for operation in &offer.operations {
            let levels = [(operation.on_type, &on_type, vec![]), (operation.on_instance, &instance, vec![id()])];
            for (_, place, parameters) in levels.into_iter().filter(|(offered, ..)| *offered) {
                let level = if parameters.is_empty() { "type" } else { "instance" };
                let what = format!("{}-{level}", operation.name);
                let about = format!("The operation ${} of {name}.", operation.name);
                let path = format!("{place}/${}", operation.name);
                put(paths, path.clone(), "get", self.operation(name, &what, &about, "Bundle", parameters.clone()));
                let what = format!("{what}-by-form");
                let mut posted = self.operation(name, &what, &about, "Bundle", parameters);
                posted["requestBody"] = self.form(kind, offer);
                put(paths, path, "post", posted);
            }
        }
    }

    /// An operation that answers with this.
    fn operation(&self, of: &str, what: &str, about: &str, schema: &str, mut parameters: Vec<Value>) -> Value {
        parameters.extend([refer("parameters", "Format"), refer("parameters", "CorrelationId")]);
        json!({
            "operationId": format!("{}-{of}-{what}", self.offers.version),
            "summary": about,
            "tags": [if of == "system" { "node" } else { of }],
            "parameters": parameters,
            "responses": {
                "200": {
                    "description": "As asked.",
                    "headers": { "X-Request-Id": refer("headers", "RequestId") },
                    "content": content(schema),
                },
                "default": refer("responses", "Refused"),
            },
        })
    }

    fn conditional(&self, mut operation: Value) -> Value {
        operation["responses"]["200"]["headers"] = json!({
            "X-Request-Id": refer("headers", "RequestId"),
            "ETag": refer("headers", "ETag"),
            "Last-Modified": refer("headers", "LastModified"),
        });
        operation["responses"]["304"] = refer("responses", "NotModified");
        operation
    }

    fn writing(&self, of: &str, what: &str, verb: &str, mut parameters: Vec<Value>) -> Value {
        parameters.push(refer("parameters", "Prefer"));
        let mut operation = self.taking(self.operation(of, what, &format!("{verb} a {of}."), "Resource", parameters));
        if matches!(what, "create" | "update") {
            let mut created = operation["responses"]["200"].clone();
            created["description"] = json!("It was created.");
            created["headers"]["Location"] = refer("headers", "Location");
            created["headers"]["ETag"] = refer("headers", "ETag");
            operation["responses"]["201"] = created;
        }
        operation
    }

    fn taking(&self, mut operation: Value) -> Value {
        operation["requestBody"] = json!({ "required": true, "content": content("Resource") });
        operation
    }

    /// The parameters of a search: each may come more than once, and then all must hold.
    fn search_parameters(&self, kind: ResourceType, offer: &TypeOffer) -> Vec<Value> {
        let page = refer("parameters", "Page");
        self.named(kind, offer).map(|(name, about)| in_query(&name, &about)).chain([page]).collect()
    }

    /// The parameters that tell resources apart.
    fn criteria<'o>(&'o self, kind: ResourceType, offer: &'o TypeOffer) -> impl Iterator<Item = Value> + use<'o> {
        let telling = |(name, _): &(String, String)| !is_shaping(name) && !name.ends_with("include");
        self.named(kind, offer).filter(telling).map(|(name, about)| in_query(&name, &about))
    }

    fn form(&self, kind: ResourceType, offer: &TypeOffer) -> Value {
        let mut properties: Map<String, Value> = self
            .named(kind, offer)
            .map(|(name, about)| {
                (name, json!({ "description": about, "type": "array", "items": { "type": "string" } }))
            })
            .collect();
        // Unlike in a URL, the patient's number is in its place here.
        for name in offer.patient.iter().filter(|_| kind.name() != "Patient") {
            let about = "The patient, by BSN: system and number.";
            properties.insert(
                format!("{name}.identifier"),
                json!({ "description": about, "type": "array", "items": { "type": "string" } }),
            );
        }
        json!({ "content": {
            "application/x-www-form-urlencoded": { "schema": { "type": "object", "properties": properties } },
        }})
    }

    /// Every parameter by name, with a word about it.
    fn named<'o>(
        &'o self,
        kind: ResourceType,
        offer: &'o TypeOffer,
    ) -> impl Iterator<Item = (String, String)> + use<'o> {
        let listed = offer.search.iter().map(String::as_str);
        let unlisted = offer.patient.iter().copied().filter(|name| !offer.search.contains(*name));
        listed.chain(unlisted).map(move |name| {
            let definition = search_parameter(self.offers.version, kind, name);
            let paths = definition.map(|found| found.paths.replace('|', ", ")).unwrap_or_default();
            let about = match (offer.patient.contains(name), paths.is_empty()) {
                (true, _) => "The patient.".to_owned(),
                (false, true) => "See the CapabilityStatement.".to_owned(),
                (false, false) => format!("Elements: {paths}."),
            };
            (name.to_owned(), about)
        })
    }
}

fn in_query(name: &str, about: &str) -> Value {
    json!({
        "name": name,
        "in": "query",
        "description": about,
        "schema": { "type": "array", "items": { "type": "string" } },
        "style": "form",
        "explode": true,
    })
}

fn put(paths: &mut Map<String, Value>, path: String, method: &str, operation: Value) {
    let item = paths.entry(path).or_insert_with(|| json!({}));
    item[method] = operation;
}
