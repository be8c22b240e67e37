//! Rego as a decider: compiled once when a use case loads, evaluated from many threads without a lock.
//!
//! The only folder that names the engine. It knows nothing of use cases or FHIR: an input goes in, a verdict
//! comes out, and whatever is not a plain verdict is a fault.

pub(crate) mod input;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::program::Program;
use regorus::rvm::vm::RegoVM;
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

use crate::decision::{Obligation, Reason};

/// Longest policy text that loads, in bytes.
const LONGEST_TEXT: usize = 256 * 1024;
/// Steps of the virtual machine that one rule may take.
const STEPS: usize = 200_000;
/// A single step can be slow (a large pattern): this bounds their sum. Far above any sane policy.
const PATIENCE: ExecutionTimerConfig =
    ExecutionTimerConfig { limit: Duration::from_millis(250), check_interval: NonZeroU32::MIN.saturating_add(255) };
/// Reasons and obligations that one verdict may carry.
const MOST: usize = 32;
/// Longest description of a reason, in bytes.
const LONGEST_DESCRIPTION: usize = 400;

/// A compiled policy text.
pub(crate) struct Rego {
    program: Arc<Program>,
    allow: String,
    /// The rules that the text declares besides `allow`.
    reasons: Option<String>,
    obligations: Option<String>,
}

/// What a policy said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub allow: bool,
    pub reasons: Vec<Reason>,
    pub obligations: Vec<Obligation>,
}

/// Why a policy said nothing usable. It carries no text of the engine: that could repeat the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RegoFault {
    #[error("the policy could not be evaluated within its bounds")]
    Evaluation,
    #[error("the policy left allow undefined or gave something that is no boolean")]
    Allow,
    #[error("the policy gave reasons that are not a bounded list of code and description")]
    Reasons,
    #[error("the policy gave obligations that this node does not know")]
    Obligations,
}

impl Rego {
    /// Compiles the text, which must declare this package and `allow` in it.
    ///
    /// # Errors
    /// A sentence for the operator; it can quote the policy text.
    pub(crate) fn compile(package: &str, text: &str) -> Result<Rego, String> {
        if text.len() > LONGEST_TEXT {
            return Err(format!("policy.rego is longer than {LONGEST_TEXT} bytes"));
        }
        let mut engine = Engine::new();
        let declared = engine
            .add_policy("policy.rego".to_owned(), text.to_owned())
            .map_err(|fault| format!("policy.rego does not parse: {fault}"))?;
        let expected = format!("data.{package}");
        if declared != expected {
            return Err(format!("policy.rego must say `package {package}`"));
        }
        let allow = format!("{expected}.allow");
        let compiled = engine
            .compile_with_entrypoint(&allow.as_str().into())
            .map_err(|fault| format!("policy.rego does not compile, or does not define allow: {fault}"))?;
        let declares = |rule: &str| {
            let path = format!("{expected}.{rule}");
            compiled.get_rules().contains_key(&path).then_some(path)
        };
        let (reasons, obligations) = (declares("reasons"), declares("obligations"));
        if declares("allow").is_none() {
            return Err("policy.rego does not define allow".to_owned());
        }
        let entries: Vec<&str> =
            std::iter::once(allow.as_str()).chain(reasons.as_deref()).chain(obligations.as_deref()).collect();
        let program = Compiler::compile_from_policy(&compiled, &entries)
            .map_err(|fault| format!("policy.rego does not compile: {fault}"))?;
        Ok(Rego { program, allow, reasons, obligations })
    }

    /// Evaluates the policy. Every call has a machine of its own, so nothing of one request outlives it.
    pub(crate) fn evaluate(&self, input: Value) -> Result<Verdict, RegoFault> {
        let mut machine = RegoVM::new();
        machine.load_program(Arc::clone(&self.program));
        // A built-in function that fails is a fault, not `undefined`: below a `not`, undefined would read as yes.
        machine.set_strict_builtin_errors(true);
        machine.set_max_instructions(STEPS);
        machine.set_execution_timer_config(Some(PATIENCE));
        machine.set_data(Value::new_object()).map_err(|_| RegoFault::Evaluation)?;
        machine.set_input(input);

        let mut rule = |path: &str| machine.execute_entry_point_by_name(path).map_err(|_| RegoFault::Evaluation);
        let Value::Bool(allow) = rule(&self.allow)? else {
            return Err(RegoFault::Allow);
        };
        let reasons = match &self.reasons {
            Some(path) => reasons(&rule(path)?).ok_or(RegoFault::Reasons)?,
            None => Vec::new(),
        };
        let obligations = match &self.obligations {
            Some(path) => obligations(&rule(path)?).ok_or(RegoFault::Obligations)?,
            None => Vec::new(),
        };
        Ok(Verdict { allow, reasons, obligations })
    }
}

/// The members of an array or a set, when they are not too many.
fn members(value: &Value) -> Option<Vec<&Value>> {
    let members: Vec<&Value> = match value {
        Value::Array(array) => array.iter().take(MOST + 1).collect(),
        Value::Set(set) => set.iter().take(MOST + 1).collect(),
        _ => return None,
    };
    (members.len() <= MOST).then_some(members)
}

fn reasons(value: &Value) -> Option<Vec<Reason>> {
    members(value)?.into_iter().map(reason).collect()
}

fn reason(value: &Value) -> Option<Reason> {
    let reason: Reason = serde_json::from_value(serde_json::to_value(value).ok()?).ok()?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    let code = (1..=64).contains(&reason.code.len()) && reason.code.bytes().all(plain);
    let description = (1..=LONGEST_DESCRIPTION).contains(&reason.description.len());
    (code && description).then_some(reason)
}

fn obligations(value: &Value) -> Option<Vec<Obligation>> {
    members(value)?.into_iter().map(|member| serde_json::from_value(serde_json::to_value(member).ok()?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<Verdict, RegoFault> {
        let policy = Rego::compile("p", &format!("package p\nimport rego.v1\n{text}")).unwrap();
        policy.evaluate(Value::from_json_str(r#"{"a": {"b": 1}, "text": "x"}"#).unwrap())
    }

    #[test]
    fn only_the_boolean_true_is_yes() {
        let table = [
            ("default allow := false\nallow if input.a.b == 1", Ok(true)),
            ("default allow := false\nallow if input.a.b == 2", Ok(false)),
            ("default allow := false\nallow if input.nowhere.b == 1", Ok(false)),
            ("default allow := false\nallow if not input.nowhere", Ok(true)),
            ("allow if input.a.b == 2", Err(RegoFault::Allow)),
            ("allow := 1", Err(RegoFault::Allow)),
            ("allow := \"true\"", Err(RegoFault::Allow)),
            ("allow := {true}", Err(RegoFault::Allow)),
            ("allow := null", Err(RegoFault::Allow)),
            ("default allow := false\nallow if to_number(input.text) == 1", Err(RegoFault::Evaluation)),
            ("default allow := false\nallow if not to_number(input.text)", Err(RegoFault::Evaluation)),
            ("allow := true if input.a.b == 1\nallow := false if input.text == \"x\"", Err(RegoFault::Evaluation)),
        ];
        for (text, expected) in table {
            assert_eq!(said(text).map(|verdict| verdict.allow), expected, "{text}");
        }
    }

    #[test]
    fn a_policy_that_never_ends_is_a_fault() {
        let endless = "default allow := true\nreasons contains {\"code\": \"x\", \"description\": \"x\"} if {\n\
                       some a in numbers.range(1, 1000)\nsome b in numbers.range(1, 1000)\na * b == 7919 * 7919 * 2\n}";
        assert_eq!(said(endless), Err(RegoFault::Evaluation));
    }

    #[test]
    fn reasons_and_obligations_are_bounded_lists_of_known_things() {
        let reason =
            |text: &str| said(&format!("allow := false\nreasons := {text}")).map(|verdict| verdict.reasons.len());
        assert_eq!(reason(r#"[{"code": "no-consent", "description": "None."}]"#), Ok(1));
        assert_eq!(reason("[]"), Ok(0));
        assert_eq!(reason("set()"), Ok(0));
        for bad in [
            r#"{"code": "no-consent", "description": "None."}"#,
            r#"["no-consent"]"#,
            r#"[{"code": "no-consent"}]"#,
            r#"[{"code": "No Consent", "description": "None."}]"#,
            r#"[{"code": "", "description": "None."}]"#,
            r#"[{"code": "x", "description": ""}]"#,
            r#"[{"code": sprintf("x%d", [n]), "description": "x"} | some n in numbers.range(1, 40)]"#,
        ] {
            assert_eq!(reason(bad), Err(RegoFault::Reasons), "{bad}");
        }

        let obligation = |text: &str| {
            said(&format!("allow := true\nobligations := {text}")).map(|verdict| verdict.obligations.len())
        };
        assert_eq!(obligation(r#"[{"kind": "withhold-label", "system": "s", "codes": ["R"]}]"#), Ok(1));
        assert_eq!(obligation(r#"[{"kind": "withhold-type", "resource_type": "Media"}]"#), Ok(1));
        for bad in [
            r#"[{"kind": "notify-patient"}]"#,
            r#"[{"kind": "withhold-label", "system": "s"}]"#,
            r#"[{"kind": "withhold-label", "system": "s", "codes": ["R"], "unless": "urgent"}]"#,
            r#"{"kind": "withhold-type", "resource_type": "Media"}"#,
        ] {
            assert_eq!(obligation(bad), Err(RegoFault::Obligations), "{bad}");
        }
    }

    #[test]
    fn a_text_that_is_no_policy_of_this_package_does_not_compile() {
        for (text, part) in [
            ("package q\nallow := true", "package p"),
            ("package p.q\nallow := true", "package p"),
            ("package p\npermit := true", "allow"),
            ("package p\nallow if {", "parse"),
            ("package p\nallow if http.send({}).ok", "compile"),
            ("package p\nallow if surely(input)", "compile"),
        ] {
            let fault = Rego::compile("p", text).err().unwrap_or_default();
            assert!(fault.contains(part), "{text} gave: {fault}");
        }
    }

    #[test]
    fn one_policy_answers_many_threads_at_once() {
        let policy = Rego::compile("p", "package p\ndefault allow := false\nallow if input.n % 2 == 0").unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4_u32 {
                let policy = &policy;
                scope.spawn(move || {
                    for n in 0..200_u32 {
                        let n = n * 4 + thread;
                        let input = Value::from_json_str(&format!(r#"{{"n": {n}}}"#)).unwrap();
                        assert_eq!(policy.evaluate(input).map(|verdict| verdict.allow), Ok(n % 2 == 0));
                    }
                });
            }
        });
    }
}
