//! Rego as a decider: compiled once when a use case loads, evaluated from many threads without a lock.
//!
//! The only folder that names the engine. It knows nothing of use cases or FHIR: an input goes in, a verdict
//! comes out, and whatever is not a plain verdict is a fault.

pub(crate) mod input;
mod plain;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::{Program, RegoVM};
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

use crate::decision::{Obligation, Reason};

/// Longest policy text that loads, in bytes.
const LONGEST_TEXT: usize = 256 * 1024;
/// How long one evaluation may take. Far above any sane policy, far below a caller's patience.
const PATIENCE: ExecutionTimerConfig =
    ExecutionTimerConfig { limit: Duration::from_secs(1), check_interval: NonZeroU32::MIN.saturating_add(255) };
/// Reasons and obligations that one verdict may carry.
const MOST: usize = 32;
/// Longest description of a reason, in bytes.
const LONGEST_DESCRIPTION: usize = 400;
/// The rule that gathers a verdict. No use case can be named so: their packages have no capitals.
const VERDICT: &str = "data.Verdict.verdict";

/// A compiled policy text.
///
/// The engine's virtual machine decides what `plain` finds it decides as the interpreter does, its interpreter the rest.
pub(crate) struct Rego {
    /// Prepared; cloned for every evaluation.
    engine: Engine,
    /// For the machine; none, where only the interpreter is to be trusted.
    program: Option<Arc<Program>>,
    declared: Declared,
}

/// The rules that a policy declares besides `allow`.
#[derive(Clone, Copy)]
struct Declared {
    reasons: bool,
    obligations: bool,
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
        engine.set_strict_builtin_errors(true);
        engine.set_execution_timer_config(PATIENCE);
        let declared = engine
            .add_policy("policy.rego".to_owned(), text.to_owned())
            .map_err(|fault| format!("policy.rego does not parse: {fault}"))?;
        let expected = format!("data.{package}");
        if declared != expected {
            return Err(format!("policy.rego must say `package {package}`"));
        }
        let declares = |rule: &str| {
            let found = engine.has_declared_rule_rooted_at("policy.rego", rule);
            found.map_err(|_| "policy.rego declares a rule that cannot be named".to_owned())
        };
        if !declares("allow")? {
            return Err("policy.rego does not define allow".to_owned());
        }
        let declared = Declared { reasons: declares("reasons")?, obligations: declares("obligations")? };
        engine
            .add_policy("verdict".to_owned(), gathering(&expected, declared))
            .map_err(|fault| format!("policy.rego does not fit a verdict: {fault}"))?;
        let uncompiled = |fault: &dyn std::fmt::Display| format!("policy.rego does not compile: {fault}");
        let compiled = engine.compile_with_entrypoint(&VERDICT.into()).map_err(|fault| uncompiled(&fault))?;
        // The interpreter meets an unknown function only when it calls it; this compiler reads every rule now.
        let program = Compiler::compile_from_policy(&compiled, &[VERDICT]).map_err(|fault| uncompiled(&fault))?;
        let program = plain::is_plain(&program, declared.members().count()).then_some(program);
        Ok(Rego { engine, program, declared })
    }

    /// Evaluates the policy. Every call has a machine or an engine of its own, so threads share nothing that changes and
    /// nothing of one request outlives it.
    pub(crate) fn evaluate(&self, input: Value) -> Result<Verdict, RegoFault> {
        match &self.program {
            Some(program) => self.verdict(run(Arc::clone(program), input)?),
            None => self.interpret(input),
        }
    }

    /// Evaluates the policy by the interpreter, which is slower and the measure of what a policy means.
    pub(crate) fn interpret(&self, input: Value) -> Result<Verdict, RegoFault> {
        let mut engine = self.engine.clone();
        engine.set_input(input);
        self.verdict(engine.eval_rule(VERDICT.to_owned()).map_err(|_| RegoFault::Evaluation)?)
    }

    fn verdict(&self, verdict: Value) -> Result<Verdict, RegoFault> {
        let [Value::Bool(allow)] = said(&verdict, "allow") else {
            return Err(RegoFault::Allow);
        };
        let gather = |rule: &str, declared: bool| match (declared, said(&verdict, rule)) {
            (false, _) => Some(Vec::new()),
            (true, [list]) => members(list),
            (true, _) => None,
        };
        let reasons = gather("reasons", self.declared.reasons).and_then(reasons).ok_or(RegoFault::Reasons)?;
        let obligations =
            gather("obligations", self.declared.obligations).and_then(obligations).ok_or(RegoFault::Obligations)?;
        Ok(Verdict { allow: *allow, reasons, obligations })
    }
}

impl Declared {
    /// What the verdict is gathered of.
    fn members(self) -> impl Iterator<Item = &'static str> {
        let rules = [("allow", true), ("reasons", self.reasons), ("obligations", self.obligations)];
        rules.into_iter().filter_map(|(rule, known)| known.then_some(rule))
    }
}

/// Has the machine run a program.
fn run(program: Arc<Program>, input: Value) -> Result<Value, RegoFault> {
    let mut machine = RegoVM::new();
    machine.load_program(program);
    machine.set_execution_timer_config(Some(PATIENCE));
    machine.set_data(Value::new_object()).map_err(|_| RegoFault::Evaluation)?;
    machine.set_input(input);
    machine.execute().map_err(|_| RegoFault::Evaluation)
}

/// A module that gathers what is said into one document. Each member is a list of one; of none, when undefined.
fn gathering(package: &str, declared: Declared) -> String {
    let member = |rule: &str| format!("\"{rule}\": [said | said := {package}.{rule}]");
    let members: Vec<String> = declared.members().map(member).collect();
    format!("package Verdict\n\nverdict := {{{}}}\n", members.join(", "))
}

/// What the verdict holds of a rule: one value, or nothing.
fn said<'v>(verdict: &'v Value, rule: &str) -> &'v [Value] {
    match &verdict[rule] {
        Value::Array(array) => array.as_slice(),
        _ => &[],
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

fn reasons(said: Vec<&Value>) -> Option<Vec<Reason>> {
    said.into_iter().map(reason).collect()
}

fn reason(value: &Value) -> Option<Reason> {
    let reason: Reason = serde_json::from_value(serde_json::to_value(value).ok()?).ok()?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    let code = (1..=64).contains(&reason.code.len()) && reason.code.bytes().all(plain);
    let description = (1..=LONGEST_DESCRIPTION).contains(&reason.description.len());
    (code && description).then_some(reason)
}

fn obligations(said: Vec<&Value>) -> Option<Vec<Obligation>> {
    said.into_iter().map(|member| serde_json::from_value(serde_json::to_value(member).ok()?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(text: &str) -> Result<Verdict, RegoFault> {
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
            ("default allow := false\nallow if every n in [1, 2] { n < 3 }", Ok(true)),
            ("default allow := false\nyes(n) if n == 1\nallow if yes(input.a.b)", Ok(true)),
            ("default allow := false\nallow if yes\nyes if not allow", Err(RegoFault::Evaluation)),
            ("allow := true if input.a.b == 1\nallow := false if input.text == \"x\"", Err(RegoFault::Evaluation)),
        ];
        for (text, expected) in table {
            assert_eq!(say(text).map(|verdict| verdict.allow), expected, "{text}");
        }
    }

    #[test]
    fn a_policy_that_never_ends_is_a_fault() {
        let endless = "allow := true\nreasons contains {\"code\": \"x\", \"description\": \"x\"} if {\n\
                       some a in numbers.range(1, 1000)\nsome b in numbers.range(1, 1000)\na * b == 7919 * 7919 * 2\n}";
        assert_eq!(say(endless), Err(RegoFault::Evaluation));
    }

    #[test]
    fn reasons_and_obligations_are_bounded_lists_of_known_things() {
        let reason =
            |text: &str| say(&format!("allow := false\nreasons := {text}")).map(|verdict| verdict.reasons.len());
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

        let obligation =
            |text: &str| say(&format!("allow := true\nobligations := {text}")).map(|verdict| verdict.obligations.len());
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
            ("package p\ndefault allow := false\nelsewhere if surely(input)\nallow if elsewhere", "compile"),
            // A decision reads the input as it is; `with` is for tests of policies elsewhere.
            ("package p\nyes if input.y\nallow if yes with input as {\"y\": true}", "with"),
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
