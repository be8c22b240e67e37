//! Which policies the engine's virtual machine decides exactly as its interpreter does.
//!
//! The machine is several times as fast, but it makes a rule undefined when something inside it fails, and below a `not`
//! undefined reads as yes; it also reads membership in nothing, loops over nothing and rules that contradict themselves in
//! ways of its own. So it is given only what cannot fail and has none of these: references into the input, constants,
//! `==`, `!=`, `in` as a condition, `not`, and rules that rest on such rules. Whatever is not named here makes a policy one
//! for the interpreter.

use std::collections::BTreeSet;

use regorus::rvm::Program;
use regorus::rvm::instructions::{GuardMode, Instruction};
use regorus::rvm::program::{RuleInfo, RuleType};

/// Whether the machine says of this program what the interpreter says of its text, for every input. `gathered` is the number
/// of members of its verdict: each is gathered by one comprehension, and there may be no other.
pub(super) fn is_plain(program: &Program, gathered: usize) -> bool {
    let instructions = &program.instructions;
    let follows = instructions.iter().skip(1).map(Some).chain([None]);
    let comprehensions = instructions.iter().filter(|one| matches!(one, Instruction::ComprehensionBegin { .. }));
    comprehensions.count() == gathered
        && !program.needs_runtime_recursion_check
        && program.rule_infos.iter().all(is_plain_rule)
        && instructions.iter().zip(follows).all(|(one, next)| is_plain_instruction(one, next))
        && rests_on_no_rule_that_rests_on_it(program)
}

/// A rule that gathers a set, or has one value; never two that could contradict each other.
fn is_plain_rule(rule: &RuleInfo) -> bool {
    let one_value = match rule.rule_type {
        RuleType::Complete => rule.definitions.len() <= 1 || rule.early_exit_on_first_success,
        RuleType::PartialSet => true,
        RuleType::PartialObject => false,
    };
    one_value
        && rule.function_info.is_none()
        && rule.destructuring_blocks.iter().all(Option::is_none)
        && rule.definitions.iter().all(|bodies| bodies.len() <= 1)
}

fn is_plain_instruction(one: &Instruction, next: Option<&Instruction>) -> bool {
    use Instruction as I;
    match one {
        I::Load { .. } | I::LoadTrue { .. } | I::LoadFalse { .. } | I::LoadNull { .. } | I::LoadBool { .. } => true,
        I::LoadInput { .. } | I::Move { .. } | I::Eq { .. } | I::Ne { .. } | I::Not { .. } | I::AssertEq { .. } => true,
        I::Guard { .. } | I::Index { .. } | I::IndexLiteral { .. } | I::ChainedIndex { .. } => true,
        I::CallRule { .. } | I::RuleInit { .. } | I::RuleReturn {} | I::Return { .. } | I::Halt {} => true,
        I::ArrayCreate { .. } | I::SetCreate { .. } | I::ObjectCreate { .. } | I::SetAdd { .. } => true,
        I::ComprehensionBegin { .. } | I::ComprehensionYield { .. } | I::ComprehensionEnd {} => true,
        // Membership in nothing is no here and undefined there: the same as a condition, and as nothing else.
        I::Contains { dest, .. } => match next {
            Some(I::Not { operand, .. }) => operand == dest,
            Some(I::Guard { register, mode }) => register == dest && !matches!(mode, GuardMode::NotUndefined),
            _ => false,
        },
        _ => false,
    }
}

/// Rules in an order in which each rests on earlier ones only: found by taking away, again and again, those that rest on
/// nothing that is left.
fn rests_on_no_rule_that_rests_on_it(program: &Program) -> bool {
    let mut rests = BTreeSet::new();
    let mut within = None;
    for instruction in &program.instructions {
        match instruction {
            Instruction::RuleInit { rule_index, .. } => within = Some(*rule_index),
            Instruction::CallRule { rule_index, .. } => drop(within.map(|rule| rests.insert((rule, *rule_index)))),
            _ => {}
        }
    }
    loop {
        let resting: BTreeSet<u16> = rests.iter().map(|(rule, _)| *rule).collect();
        let left = rests.len();
        rests.retain(|(_, on)| resting.contains(on));
        if rests.len() == left {
            return rests.is_empty();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use regorus::Value;

    use crate::rego::{Rego, RegoFault, VERDICT, run};

    /// A policy of this text, when it compiles.
    fn compile(rules: &str) -> Option<Rego> {
        Rego::compile("p", &format!("package p\nimport rego.v1\n{rules}")).ok()
    }

    #[test]
    fn a_policy_is_plain_as_long_as_nothing_in_it_can_fail_or_contradict_itself() {
        let table = [
            ("default allow := false\nallow if input.a == 1", true),
            (
                "default allow := false\nallow if { input.a.b != \"x\"\nnot input.c\nyes }\nyes if input.d in {1, 2}",
                true,
            ),
            ("default allow := false\nallow if input.a\nallow if input.b", true),
            ("default allow := false\nallow if not input.a in [1]", true),
            ("default allow := false\nallow if x.b == 1\nx := input.a", true),
            ("allow := true\nreasons contains {\"code\": input.a, \"description\": \"x\"} if input.b", true),
            ("allow := true\nobligations := [{\"kind\": input.a}]", true),
            // Something may fail.
            ("default allow := false\nallow if to_number(input.a) == 1", false),
            ("default allow := false\nallow if input.a + 1 == 2", false),
            ("default allow := false\nallow if input.a < 2", false),
            ("default allow := false\nyes(n) if n == 1\nallow if yes(input.a)", false),
            // Two values may come out.
            ("allow := true if input.a\nallow := false if input.b", false),
            ("default allow := false\nallow if x == 1\nx := input.a if input.b\nx := input.c if input.d", false),
            ("default allow := false\nallow if x\nx := true if { input.a } else := false", false),
            // Membership that is not a condition, and anything that goes over a collection.
            ("default allow := false\nallow if (input.a in {1}) == false", false),
            ("default allow := false\nallow if { x := input.a in {1}\nx == false }", false),
            ("default allow := false\nallow if some x in input.a", false),
            ("default allow := false\nallow if every x in input.a { x == 1 }", false),
            ("default allow := false\nallow if input.a[_] == 1", false),
            ("default allow := false\nallow if [x | x := input.a] == [1]", false),
            ("allow := true\nreasons contains x if some x in input.a", false),
            // A rule that rests on itself.
            ("default allow := false\nallow if yes\nyes if not allow", false),
        ];
        for (rules, plain) in table {
            assert_eq!(compile(rules).unwrap().program.is_some(), plain, "{rules}");
        }
    }

    /// A condition; `#` stands for a rule that comes later, `%` for a part of the input.
    fn condition() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "%",
            "not %",
            "% == \"x\"",
            "% != \"x\"",
            "not % == \"x\"",
            "% == %",
            "% != %",
            "% == null",
            "% == 1",
            "%[%] == 1",
            "% in {\"x\", 1}",
            "not % in {\"x\", 1}",
            "% in [true, \"x\"]",
            "% in %",
            "not % in %",
            "(% in {\"x\"}) == false",
            "{\"x\", 1}[%]",
            "not {\"x\", 1}[%]",
            "#",
            "not #",
            "# == true",
            "# != true",
            "# == %",
            "#.b",
            "not #.b == 1",
            "# in {true, \"x\"}",
            "[%, 1] == [%, 1]",
            "{%, 1} == {1}",
            "{\"k\": %} == {\"k\": #}",
            "not [%] == [#]",
            "some v in %\nv == \"x\"",
            "every v in % { v == \"x\" }",
            "%[_] == \"x\"",
            "count(%) == 1",
            "v := %\nv == \"x\"",
            "v := % in {\"x\"}\nv == false",
            "% < 2",
            "not to_number(%) == 1",
            "true",
            "not false",
            "# == # ",
        ])
    }

    fn head() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "@",
            "@",
            "@",
            "@ := true",
            "@ := 1",
            "@ := \"x\"",
            "@ := %",
            "@ := #",
            "@ contains %",
        ])
    }

    const PARTS: [&str; 6] = ["input.a", "input.a.b", "input.a.c", "input.b", "input.c", "input.nothing.at.all"];
    const RULES: usize = 6;

    prop_compose! {
        fn definition()(
            rule in 0..RULES - 1,
            head in head(),
            conditions in prop::collection::vec(condition(), 1..3),
            chosen in prop::collection::vec((0..PARTS.len(), 1..RULES), 16),
        ) -> (usize, String) {
            let mut chosen = chosen.into_iter().cycle();
            let mut text = String::new();
            for part in format!("{head} if {{\n{}\n}}", conditions.join("\n")).chars() {
                let (input, further) = chosen.next().unwrap_or((0, 1));
                match part {
                    '@' => text.push_str(&format!("r{rule}")),
                    '%' => text.push_str(PARTS[input]),
                    '#' => text.push_str(&format!("r{}", (rule + further).min(RULES - 1))),
                    other => text.push(other),
                }
            }
            (rule, text)
        }
    }

    /// A policy that says of each of its rules what comes out of it, also when that is nothing.
    fn policy() -> impl Strategy<Value = String> {
        prop::collection::vec(definition(), 1..8).prop_map(|definitions| {
            let all = |one: &dyn Fn(usize) -> String| (0..RULES).map(one).collect::<Vec<_>>();
            let mut text = format!("allow := [{}]\n", all(&|rule| format!("said{rule}")).join(", "));
            for line in all(&|rule| format!("default said{rule} := \"undefined\"\nsaid{rule} := r{rule}\n")) {
                text.push_str(&line);
            }
            for rule in 0..RULES {
                let mut defined = definitions.iter().filter(|(defined, _)| *defined == rule).peekable();
                if defined.peek().is_none() {
                    text.push_str(&format!("r{rule} if input.c\n"));
                }
                defined.for_each(|(_, definition)| text.push_str(&format!("{definition}\n")));
            }
            text
        })
    }

    fn input() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop::sample::select(vec![
            serde_json::json!("x"),
            serde_json::json!(""),
            serde_json::json!(1),
            serde_json::json!(true),
            serde_json::json!(false),
            serde_json::json!(null),
            serde_json::json!(["x", 1]),
            serde_json::json!([]),
            serde_json::json!({"b": 1}),
            serde_json::json!({"b": {"b": "x"}, "c": "x"}),
        ]);
        prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c"]), leaf, 0..4)
            .prop_map(|members| serde_json::to_value(members).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn whatever_is_plain_is_decided_alike(text in policy(), inputs in prop::collection::vec(input(), 6)) {
            let Some(rego) = compile(&text) else { return Ok(()) };
            let Some(program) = &rego.program else { return Ok(()) };
            for input in inputs {
                let read = || Value::from_json_str(&input.to_string()).unwrap();
                let mut engine = rego.engine.clone();
                engine.set_input(read());
                let meant = engine.eval_rule(VERDICT.to_owned()).map_err(|_| RegoFault::Evaluation);
                prop_assert_eq!(run(Arc::clone(program), read()), meant, "{}\n{}", text, input);
            }
        }
    }
}
