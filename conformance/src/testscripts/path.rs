//! As much of FHIRPath as the published scripts of eOverdracht use, over JSON. What is not understood is said, not guessed.
//!
//! JSON tells no types. A Coding is what stands in `coding`, a CodeableConcept what has a `coding`, a Reference what has a
//! `reference`, an Identifier what stands in an `identifier`.

use serde_json::Value;

/// One item of a collection: a value, and the name of the element that it is.
#[derive(Clone, Debug)]
pub struct Item {
    value: Value,
    name: String,
}

enum Expression {
    Text(String),
    This,
    /// A step from what is before it; from what is in focus, when nothing is.
    Step(Option<Box<Expression>>, String, Option<Vec<Expression>>),
    Equal(Box<Expression>, Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Name(String),
    Text(String),
    Sign(char),
}

/// What an expression finds in a resource.
///
/// # Errors
/// What of it is not understood.
pub fn evaluate(text: &str, resource: &Value) -> Result<Vec<Item>, String> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: &tokens, at: 0 };
    let expression = reader.any()?;
    if reader.at != tokens.len() {
        return Err(format!("the expression is not understood behind {:?}", tokens.get(reader.at)));
    }
    let root = Item { value: resource.clone(), name: String::new() };
    expression.of(&[root])
}

/// Whether a collection says yes.
pub fn holds(found: &[Item]) -> bool {
    matches!(found, [one] if one.value != Value::Bool(false))
}

/// Whether it is this one text.
pub fn is_text(found: &[Item], text: &str) -> bool {
    matches!(found, [one] if one.value == text)
}

/// The one text of a collection.
pub fn text(found: &[Item]) -> Option<&str> {
    match found {
        [one] => one.value.as_str(),
        _ => None,
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, sign)) = rest.next() {
        match sign {
            _ if sign.is_whitespace() => {}
            '.' | '(' | ')' | '=' | ',' => found.push(Token::Sign(sign)),
            '\'' => {
                let mut told = String::new();
                loop {
                    match rest.next() {
                        Some((_, '\'')) => break,
                        Some((_, '\\')) => told.extend(rest.next().map(|(_, escaped)| escaped)),
                        Some((_, other)) => told.push(other),
                        None => return Err("a text does not end".to_owned()),
                    }
                }
                found.push(Token::Text(told));
            }
            _ if sign.is_alphanumeric() || sign == '$' || sign == '_' => {
                let mut end = at + sign.len_utf8();
                while let Some((next, more)) = rest.next_if(|(_, more)| more.is_alphanumeric() || *more == '_') {
                    end = next + more.len_utf8();
                }
                found.push(Token::Name(text[at..end].to_owned()));
            }
            _ => return Err(format!("{sign:?} is not understood")),
        }
    }
    Ok(found)
}

struct Reader<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl Reader<'_> {
    fn is(&mut self, token: &Token) -> bool {
        let is = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(is);
        is
    }

    fn any(&mut self) -> Result<Expression, String> {
        let mut left = self.all()?;
        while self.is(&Token::Name("or".to_owned())) {
            left = Expression::Or(Box::new(left), Box::new(self.all()?));
        }
        Ok(left)
    }

    fn all(&mut self) -> Result<Expression, String> {
        let mut left = self.equal()?;
        while self.is(&Token::Name("and".to_owned())) {
            left = Expression::And(Box::new(left), Box::new(self.equal()?));
        }
        Ok(left)
    }

    fn equal(&mut self) -> Result<Expression, String> {
        let left = self.path()?;
        if self.is(&Token::Sign('=')) {
            return Ok(Expression::Equal(Box::new(left), Box::new(self.path()?)));
        }
        Ok(left)
    }

    fn path(&mut self) -> Result<Expression, String> {
        let mut found = match self.tokens.get(self.at) {
            Some(Token::Text(text)) => {
                self.at += 1;
                Expression::Text(text.clone())
            }
            Some(Token::Sign('(')) => {
                self.at += 1;
                let inner = self.any()?;
                self.closed()?;
                inner
            }
            Some(Token::Name(name)) if name == "$this" => {
                self.at += 1;
                Expression::This
            }
            _ => self.step(None)?,
        };
        while self.is(&Token::Sign('.')) {
            found = self.step(Some(Box::new(found)))?;
        }
        Ok(found)
    }

    fn step(&mut self, before: Option<Box<Expression>>) -> Result<Expression, String> {
        let Some(Token::Name(name)) = self.tokens.get(self.at).cloned() else {
            return Err(format!("{:?} is no step", self.tokens.get(self.at)));
        };
        self.at += 1;
        if !self.is(&Token::Sign('(')) {
            return Ok(Expression::Step(before, name, None));
        }
        let mut given = Vec::new();
        while !self.is(&Token::Sign(')')) {
            given.push(self.any()?);
            if !self.is(&Token::Sign(',')) {
                self.closed()?;
                break;
            }
        }
        Ok(Expression::Step(before, name, Some(given)))
    }

    fn closed(&mut self) -> Result<(), String> {
        if self.is(&Token::Sign(')')) { Ok(()) } else { Err("a bracket is not closed".to_owned()) }
    }
}

fn truth(is: bool) -> Vec<Item> {
    vec![Item { value: Value::Bool(is), name: String::new() }]
}

impl Expression {
    fn of(&self, focus: &[Item]) -> Result<Vec<Item>, String> {
        Ok(match self {
            Expression::Text(text) => vec![Item { value: Value::from(text.as_str()), name: String::new() }],
            Expression::This => focus.to_vec(),
            Expression::And(left, right) => truth(holds(&left.of(focus)?) && holds(&right.of(focus)?)),
            Expression::Or(left, right) => truth(holds(&left.of(focus)?) || holds(&right.of(focus)?)),
            Expression::Equal(left, right) => {
                let (left, right) = (left.of(focus)?, right.of(focus)?);
                if left.is_empty() || right.is_empty() {
                    return Ok(Vec::new());
                }
                let same =
                    left.len() == right.len() && left.iter().zip(&right).all(|(one, other)| one.value == other.value);
                truth(same)
            }
            Expression::Step(before, name, given) => {
                let stepped = match before {
                    Some(before) => before.of(focus)?,
                    None => focus.to_vec(),
                };
                match given {
                    None => stepped.iter().flat_map(|item| item.member(name)).collect(),
                    Some(given) => called(name, given, &stepped, focus)?,
                }
            }
        })
    }

    fn name(&self) -> &str {
        match self {
            Expression::Step(None, name, None) => name,
            _ => "",
        }
    }
}

/// `around` is what is in focus where the call stands: a text that is given is looked for there.
fn called(name: &str, given: &[Expression], focus: &[Item], around: &[Item]) -> Result<Vec<Item>, String> {
    let text = |expression: &Expression| -> Result<String, String> {
        match expression.of(around)?.as_slice() {
            [one] => Ok(one.value.as_str().unwrap_or_default().to_owned()),
            _ => Err(format!("{name} is given no text")),
        }
    };
    let of_text = |is: &dyn Fn(&str) -> bool| match focus {
        [] => Vec::new(),
        [one] => truth(one.value.as_str().is_some_and(is)),
        _ => truth(false),
    };
    let such = |expression: &Expression| -> Result<Vec<Item>, String> {
        let mut found = Vec::new();
        for item in focus {
            if holds(&expression.of(std::slice::from_ref(item))?) {
                found.push(item.clone());
            }
        }
        Ok(found)
    };
    Ok(match (name, given) {
        ("exists", []) => truth(!focus.is_empty()),
        ("empty", []) => truth(focus.is_empty()),
        ("not", []) => {
            if focus.is_empty() {
                Vec::new()
            } else {
                truth(!holds(focus))
            }
        }
        ("where", [one]) => such(one)?,
        ("all", [one]) => truth(such(one)?.len() == focus.len()),
        ("descendants", []) => {
            let mut found = Vec::new();
            focus.iter().for_each(|item| item.below(&mut found));
            found
        }
        ("is", [kind]) => match focus {
            [one] => truth(one.is(kind.name())),
            _ => truth(false),
        },
        ("startsWith", [with]) => of_text(&{
            let with = text(with)?;
            move |text| text.starts_with(&with)
        }),
        ("endsWith", [with]) => of_text(&{
            let with = text(with)?;
            move |text| text.ends_with(&with)
        }),
        ("replace", [from, to]) => {
            let (from, to) = (text(from)?, text(to)?);
            let replaced = |item: &Item| Item {
                value: Value::from(item.value.as_str().unwrap_or_default().replace(&from, &to)),
                name: String::new(),
            };
            focus.iter().map(replaced).collect()
        }
        ("matches", [pattern]) => {
            let pattern = text(pattern)?;
            let is_oid = |text: &str| {
                text.strip_prefix("urn:oid:")
                    .is_some_and(|oid| oid.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()))
            };
            let is_uuid =
                |text: &str| text.strip_prefix("urn:uuid:").is_some_and(|uuid| uuid::Uuid::try_parse(uuid).is_ok());
            match pattern.as_str() {
                oid if oid.starts_with("^urn:oid:") => of_text(&is_oid),
                uuid if uuid.starts_with("^urn:uuid:") => of_text(&is_uuid),
                _ => return Err("a pattern is not understood".to_owned()),
            }
        }
        _ => return Err(format!("{name} is not understood")),
    })
}

impl Item {
    /// The element of this name; a choice goes by its stem.
    fn member(&self, name: &str) -> Vec<Item> {
        // At the root, the name of the type is the resource itself, and nothing of another.
        if self.name.is_empty() && name.starts_with(|first: char| first.is_ascii_uppercase()) {
            return if self.value["resourceType"] == name { vec![self.clone()] } else { Vec::new() };
        }
        let Some(members) = self.value.as_object() else { return Vec::new() };
        let chosen = |known: &str| {
            let rest = known.strip_prefix(name)?;
            (name == "value" && rest.starts_with(|first: char| first.is_ascii_uppercase())).then_some(())
        };
        let found = members.iter().filter(|(known, _)| *known == name || chosen(known).is_some());
        found.flat_map(|(known, value)| items(known, value)).collect()
    }

    fn below(&self, found: &mut Vec<Item>) {
        for (name, value) in self.value.as_object().into_iter().flatten() {
            if name == "resourceType" {
                continue;
            }
            for item in items(name, value) {
                found.push(item.clone());
                item.below(found);
            }
        }
    }

    fn is(&self, kind: &str) -> bool {
        let has = |member: &str| self.value.get(member).is_some();
        match kind {
            "Coding" => {
                self.value.is_object() && matches!(self.name.as_str(), "coding" | "valueCoding" | "tag" | "security")
            }
            "CodeableConcept" => has("coding"),
            "Reference" => self.value.get("reference").is_some_and(Value::is_string),
            "Identifier" => {
                self.value.is_object()
                    && matches!(self.name.as_str(), "identifier" | "valueIdentifier" | "sourceIdentifier")
            }
            // Types are capitalised, and others have no instances.
            _ => self.value["resourceType"] == kind,
        }
    }
}

fn items(name: &str, value: &Value) -> Vec<Item> {
    let item = |value: &Value| Item { value: value.clone(), name: name.to_owned() };
    match value {
        Value::Array(all) => all.iter().map(item).collect(),
        other => vec![item(other)],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_of_the_scripts_find_what_they_should() {
        let task = json!({"resourceType": "Task", "status": "completed", "for": {"reference": "Patient/p"}, "input": [
            {"type": {"coding": [{"system": "urn:s", "code": "1"}]}, "valueReference": {"reference": "Composition/c1"}},
            {"type": {"coding": [{"system": "urn:s", "code": "2"}]}, "valueReference": {"reference": "Composition/c2"}}]});
        let yes = |text: &str| holds(&evaluate(text, &task).unwrap());
        assert!(yes("Task.status = 'completed'") && !yes("Task.status = 'in-progress'") && !yes("Bundle.type"));
        let found = evaluate(
            "Task.input.where(type.coding.system = 'urn:s' and type.coding.code = '2').value.reference.replace('Composition/', '')",
            &task,
        );
        assert!(is_text(&found.unwrap(), "c2"));
        let nested = "Task.input.where(type.where(coding.where(system = 'urn:s' and code = '1'))).value.reference";
        assert!(is_text(&evaluate(nested, &task).unwrap(), "Composition/c1"));
        assert!(yes("Task.descendants().where($this.is(Coding)).all(system.exists() and code.exists())"));
        assert!(!yes("Task.descendants().where($this.is(Reference)).all(display.exists() or extension.exists())"));
        assert!(
            yes("Composition.descendants().where($this.is(Coding)).all(system.exists())"),
            "nothing of another type"
        );
        assert!(evaluate("Task.status.trace('x')", &task).is_err() && evaluate("Task.status = ", &task).is_err());
    }

    #[test]
    fn addresses_of_entries_are_held_against_their_patterns() {
        let bundle = |url: &str, id: Value| json!({"resourceType": "Bundle", "entry": [{"fullUrl": url, "resource": {"resourceType": "Flag", "id": id}}]});
        let rule =
            "Bundle.entry.fullUrl.all( startsWith('https://') or matches('^urn:uuid:[A-F]') or matches('^urn:oid:x') )";
        for (url, good) in [
            ("https://x.example/Flag/f", true),
            ("urn:uuid:0c3ae2b1-7a43-4fdb-8a6d-0b6f5a8c1d22", true),
            ("urn:oid:1.2.3", true),
            ("urn:uuid:f", false),
            ("Flag/f", false),
        ] {
            assert_eq!(holds(&evaluate(rule, &bundle(url, json!("f"))).unwrap()), good, "{url}");
        }
        let ends = "Bundle.entry.where(fullUrl.exists() and resource.id.exists()).all($this.fullUrl.endsWith($this.resource.id))";
        assert!(holds(&evaluate(ends, &bundle("https://x.example/Flag/f", json!("f"))).unwrap()));
        assert!(!holds(&evaluate(ends, &bundle("https://x.example/Flag/g", json!("f"))).unwrap()));
        let tagged = "Bundle.entry.resource.where(is(OperationOutcome).not()).where(is(Binary).not()).where(meta.profile.empty()).empty()";
        assert!(!holds(&evaluate(tagged, &bundle("urn:oid:1", json!("f"))).unwrap()));
    }
}
