//! The question to the letter of the handbook's table, and answers that lie.

use std::collections::BTreeSet;

use exchange::ports::ConsentQuestion;
use fhir::{Bsn, Ura};
use policy::{DataHolder, Ground, Organisation, Person, Purpose};
use proptest::prelude::*;

use super::question::Missing;
use super::*;

const HERE: Receiver<'static> = Receiver { ourselves: None, now: time::OffsetDateTime::UNIX_EPOCH };
use crate::mitz::categories::tests::categories;
use crate::mitz::envelope::EnvelopeFault;
use crate::mitz::names::{self, *};
use crate::mitz::testing::{OTHER, PATIENT, answered, result};
use crate::mitz::xml::Element;

const MESSAGE: &str = "urn:uuid:7a0c2f0e-6d0e-4c37-9a39-0d0c2a1f6d11";

struct Asking {
    patient: Bsn,
    holder: DataHolder,
    holder_kind: Option<&'static str>,
    user: Organisation,
    professional: Option<Person>,
    mandated: Option<Person>,
    purpose: Purpose,
    types: &'static [&'static str],
}

fn person(id: &str, role: &str) -> Person {
    Person { id: id.to_owned(), name: None, role: role.to_owned() }
}

impl Asking {
    fn about(patient: &str) -> Self {
        Asking {
            patient: Bsn::parse(patient).unwrap(),
            holder: DataHolder(Ura::parse("90000901").unwrap()),
            holder_kind: Some("V6"),
            user: Organisation { ura: Ura::parse("90000902").unwrap(), name: None, kind: Some("Z3".to_owned()) },
            professional: Some(person("900100301", "01.015")),
            mandated: None,
            purpose: Purpose::Treat,
            types: &["Condition"],
        }
    }

    fn ask(&self, other_root: Option<&str>) -> Result<ClosedQuestion, Missing> {
        let question = ConsentQuestion {
            patient: &self.patient,
            holder: &self.holder,
            holder_kind: self.holder_kind,
            user: &self.user,
            professional: self.professional.as_ref(),
            mandated: self.mandated.as_ref(),
            purpose: self.purpose,
            ground: Ground::ExplicitConsent,
            resource_types: self.types.iter().map(|name| (*name).to_owned()).collect(),
        };
        ClosedQuestion::of(&question, &categories(), other_root)
    }
}

fn question(patient: &str) -> ClosedQuestion {
    Asking::about(patient).ask(None).unwrap()
}

fn two_categories() -> ClosedQuestion {
    Asking { types: &["Observation"], ..Asking::about(PATIENT) }.ask(None).unwrap()
}

#[test]
fn what_is_missing_is_found_out_before_anybody_is_asked() {
    type Change = fn(&mut Asking);
    let table: [(Change, Missing); 9] = [
        (|asking| asking.holder_kind = None, Missing::HolderKind),
        (|asking| asking.user.kind = None, Missing::UserKind),
        (|asking| asking.user.kind = Some("Z 3".to_owned()), Missing::UserKind),
        (|asking| asking.professional = None, Missing::Professional),
        (|asking| asking.professional = Some(person("900100301", "")), Missing::Role),
        (|asking| asking.professional = Some(person("deboer", "01.015")), Missing::ProfessionalNumber),
        (|asking| asking.mandated = Some(person("a b", "30.000")), Missing::ProfessionalNumber),
        (|asking| asking.types = &["ImagingStudy"], Missing::Category),
        (|asking| asking.purpose = Purpose::PatientRequest, Missing::Purpose),
    ];
    for (change, missing) in table {
        let mut asking = Asking::about(PATIENT);
        change(&mut asking);
        assert_eq!(asking.ask(None).unwrap_err(), missing);
    }
    // Without a UZI number only under the root that was agreed, and never more than letters and digits.
    let local = Asking { professional: Some(person("deboer", "01.015")), ..Asking::about(PATIENT) };
    assert!(local.ask(Some("2.999.1")).is_ok());
    let odd = Asking { professional: Some(person("de boer", "01.015")), ..Asking::about(PATIENT) };
    assert_eq!(odd.ask(Some("2.999.1")).unwrap_err(), Missing::ProfessionalNumber);
}

/// Every attribute of the request: category, id, whether it comes back, data type, and the value's two parts.
fn attributes(request: &Element) -> Vec<[String; 6]> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let mut all = Vec::new();
    for block in request.all(XACML, "Attributes") {
        for attribute in block.all(XACML, "Attribute") {
            let value = attribute.only(XACML, "AttributeValue").unwrap();
            let [written] = value.children() else { panic!("one value") };
            let parts = if written.is(HL7, "InstanceIdentifier") {
                ["root", "extension"]
            } else {
                assert!(written.is(HL7, "CodedValue"));
                ["codeSystem", "code"]
            };
            all.push([
                text(block.attribute("Category")),
                text(attribute.attribute("AttributeId")),
                text(attribute.attribute("IncludeInResult")),
                text(value.attribute("DataType")),
                text(written.attribute(parts[0])),
                text(written.attribute(parts[1])),
            ]);
        }
    }
    all
}

#[test]
fn a_question_says_everything_once_in_the_words_of_the_standard() {
    let asking = Asking {
        mandated: Some(person("assistant7", "30.000")),
        types: &["Observation"],
        purpose: Purpose::CoordinationOfCare,
        ..Asking::about(PATIENT)
    };
    let question = asking.ask(Some("2.999.1")).unwrap();
    let to = "https://mitz.example/mitz/geslotenautorisatievraag/xacml3";
    let root = Element::read(&write(&question, MESSAGE, to).unwrap()).unwrap();
    let header = root.only(SOAP, "Header").unwrap();
    let says = |name| header.only(ADDRESSING, name).unwrap();
    assert_eq!(says("Action").plain_text(), Some(CLOSED_ACTION));
    assert_eq!(says("Action").attribute_in(SOAP, "mustUnderstand"), Some("1"));
    assert_eq!(says("MessageID").plain_text(), Some(MESSAGE));
    assert_eq!(says("To").plain_text(), Some(to));
    assert_eq!(says("ReplyTo").only(ADDRESSING, "Address").unwrap().plain_text(), Some(ANONYMOUS));
    let query = root.only(SOAP, "Body").unwrap().only(XACML_QUERY, "XACMLAuthzDecisionQuery").unwrap();
    let request = query.only(XACML, "Request").unwrap();
    assert_eq!(request.attribute("ReturnPolicyIdList"), Some("false"));
    assert_eq!(request.attribute("CombinedDecision"), Some("false"));
    let expected = [
        [RESOURCE, names::PATIENT, "true", II, BSN_OID, PATIENT],
        [RESOURCE, HOLDER_KIND, "false", CV, KIND_OID, "V6"],
        [RESOURCE, HOLDER, "true", II, URA_OID, "90000901"],
        [ACTION, CATEGORY, "true", CV, CATEGORY_OID, "GGC002"],
        [ACTION, CATEGORY, "true", CV, CATEGORY_OID, "GGC012"],
        [SUBJECT, ROLE, "false", CV, ROLE_OID, "01.015"],
        [SUBJECT, PROFESSIONAL, "false", II, UZI_OID, "900100301"],
        [SUBJECT, MANDATED, "false", II, "2.999.1", "assistant7"],
        [SUBJECT, USER, "false", II, URA_OID, "90000902"],
        [SUBJECT, USER_KIND, "false", CV, KIND_OID, "Z3"],
        [ENVIRONMENT, PURPOSE, "false", CV, PURPOSE_OID, "COC"],
    ];
    assert_eq!(attributes(request), expected.map(|row| row.map(str::to_owned)));
    // An action block per category.
    let actions = request.all(XACML, "Attributes").filter(|block| block.attribute("Category") == Some(ACTION));
    assert_eq!(actions.count(), 2);
}

fn decided(answer: &str) -> Result<Vec<Decision>, AnswerFault> {
    read(answer.as_bytes(), &two_categories(), MESSAGE, &HERE).map(|found| found.into_values().collect())
}

#[test]
fn each_decision_is_read_for_each_category() {
    for (word, decision) in [
        ("Permit", Decision::Permit),
        ("Deny", Decision::Deny),
        ("Indeterminate", Decision::Indeterminate),
        ("NotApplicable", Decision::NotApplicable),
    ] {
        let answer = answered(
            MESSAGE,
            &[result(word, PATIENT, "90000901", "GGC012"), result("Permit", PATIENT, "90000901", "GGC002")],
        );
        assert_eq!(decided(&answer), Ok(vec![Decision::Permit, decision]), "{word}");
    }
}

#[test]
fn an_answer_that_is_not_to_this_very_question_is_none() {
    let good = || [result("Permit", PATIENT, "90000901", "GGC002"), result("Permit", PATIENT, "90000901", "GGC012")];
    let whole = answered(MESSAGE, &good());
    assert!(decided(&whole).is_ok());
    let with = |second: String| answered(MESSAGE, &[good()[0].clone(), second]);
    let edited = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        whole.replacen(from, to, 1)
    };
    let fault = |code: &str| {
        format!(
            "<s:Envelope xmlns:s=\"{SOAP}\"><s:Body><s:Fault><s:Code><s:Value>s:{code}</s:Value></s:Code></s:Fault></s:Body></s:Envelope>"
        )
    };
    let envelope = AnswerFault::Envelope;
    let table = [
        (with(result("Permit", OTHER, "90000901", "GGC012")), AnswerFault::OtherPatient),
        (with(result("Permit", PATIENT, "90000903", "GGC012")), AnswerFault::OtherHolder),
        (with(result("Permit", PATIENT, "90000901", "GGC013")), AnswerFault::OtherCategory),
        (with(result("Permit", PATIENT, "90000901", "GGC002")), AnswerFault::Twice),
        (answered(MESSAGE, &good()[..1]), AnswerFault::Missing),
        (answered(MESSAGE, &[]), AnswerFault::Missing),
        (with(result("Permit ", PATIENT, "90000901", "GGC012")), AnswerFault::UnknownDecision),
        (with(result("permit", PATIENT, "90000901", "GGC012")), AnswerFault::UnknownDecision),
        (with(result("", PATIENT, "90000901", "GGC012")), AnswerFault::UnknownDecision),
        (edited("<Decision>Permit</Decision>", "<Decision>Permit<b/></Decision>"), AnswerFault::UnknownDecision),
        (edited("<Decision>", "<Decision>Deny</Decision><Decision>"), AnswerFault::UnknownDecision),
        (edited("<Decision>", "<Decision xmlns=\"urn:x\">"), AnswerFault::UnknownDecision),
        (edited(names::PATIENT, "urn:x"), AnswerFault::Echo),
        (edited(BSN_OID, URA_OID), AnswerFault::OtherPatient),
        (edited(RESOURCE, ACTION), AnswerFault::Echo),
        (edited("urn:hl7-org:v3\"", "urn:hl7-org:v2\""), AnswerFault::Echo),
        (edited("<Response ", "<Answer "), AnswerFault::Xml),
        (edited("<Result>", "<Other/><Result>"), AnswerFault::NotAResponse),
        (edited(XACML, XACML_QUERY), AnswerFault::NotAResponse),
        (edited(MESSAGE, "urn:uuid:7a0c2f0e-6d0e-4c37-9a39-0d0c2a1f6d12"), envelope(EnvelopeFault::RelatesTo)),
        (edited("a:RelatesTo>", "a:Relates>"), AnswerFault::Xml),
        (edited(CLOSED_ANSWER_ACTION, "urn:other"), envelope(EnvelopeFault::Action)),
        (edited(SOAP, "http://schemas.xmlsoap.org/soap/envelope/"), envelope(EnvelopeFault::NotSoap)),
        (
            edited("</s:Header>", "<x:new xmlns:x=\"urn:x\" s:mustUnderstand=\"1\"/></s:Header>"),
            envelope(EnvelopeFault::NotUnderstood),
        ),
        (edited("<s:Body>", "<s:Body><x/>"), envelope(EnvelopeFault::NotSoap)),
        (edited("<s:Body>", "<s:Body/><s:Body>"), envelope(EnvelopeFault::NotSoap)),
        (fault("Sender"), envelope(EnvelopeFault::Sender)),
        (fault("Receiver"), envelope(EnvelopeFault::Receiver)),
        (format!("<!DOCTYPE x [<!ENTITY p 'Permit'>]>{whole}"), AnswerFault::Xml),
        (whole[..whole.len() / 2].to_owned(), AnswerFault::Xml),
        (String::new(), AnswerFault::Xml),
        ("{\"decision\": \"Permit\"}".to_owned(), AnswerFault::Xml),
    ];
    for (answer, fault) in table {
        assert_eq!(decided(&answer), Err(fault), "{answer}");
    }
}

#[test]
fn two_echoes_of_one_attribute_are_none() {
    // The asked patient beside another one: a reader that takes the first would be deceived.
    let one = result("Permit", PATIENT, "90000901", "GGC002");
    let (from, to) = (one.find("<Attributes").unwrap(), one.find("</Attributes>").unwrap() + "</Attributes>".len());
    let twice = format!("{}{}{}", &one[..to], one[from..to].replace(PATIENT, OTHER), &one[to..]);
    let answer = answered(MESSAGE, &[twice]);
    assert_eq!(read(answer.as_bytes(), &question(PATIENT), MESSAGE, &HERE), Err(AnswerFault::Echo));
}

#[test]
fn nothing_of_a_question_shows_in_what_is_logged_of_it() {
    assert!(!format!("{:?}", question(PATIENT)).contains(PATIENT));
}

/// Small changes that a broken or hostile party might make to an answer.
#[derive(Clone, Debug)]
enum Edit {
    Cut(usize, usize),
    Double(usize, usize),
    Move(usize, usize, usize),
    Insert(usize, &'static str),
    Byte(usize, u8),
}

fn edit() -> impl Strategy<Value = Edit> {
    let words = prop::sample::select(vec![
        "<Decision>Permit</Decision>",
        "Permit",
        "</Result>",
        "<Result>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&amp;",
        "&#57;",
        " ",
        "\"",
        "GGC002",
        "GGC012",
        "true",
        "<?x?>",
        "<!DOCTYPE a>",
        "</Attributes>",
        "xmlns=\"urn:x\"",
    ]);
    prop_oneof![
        (any::<usize>(), 0_usize..200).prop_map(|(at, length)| Edit::Cut(at, length)),
        (any::<usize>(), 0_usize..400).prop_map(|(at, length)| Edit::Double(at, length)),
        (any::<usize>(), 0_usize..400, any::<usize>()).prop_map(|(at, length, to)| Edit::Move(at, length, to)),
        (any::<usize>(), words).prop_map(|(at, word)| Edit::Insert(at, word)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Edit::Byte(at, byte)),
    ]
}

fn apply(text: &mut Vec<u8>, edit: &Edit) {
    let place = |at: usize, text: &[u8]| at % (text.len() + 1);
    let span = |at: usize, length: usize, text: &[u8]| {
        let from = place(at, text);
        from..(from + length).min(text.len())
    };
    match *edit {
        Edit::Cut(at, length) => drop(text.drain(span(at, length, text))),
        Edit::Double(at, length) => {
            let part = text[span(at, length, text)].to_vec();
            let at = place(at, text);
            text.splice(at..at, part);
        }
        Edit::Move(at, length, to) => {
            let part: Vec<u8> = text.drain(span(at, length, text)).collect();
            let to = place(to, text);
            text.splice(to..to, part);
        }
        Edit::Insert(at, word) => {
            let at = place(at, text);
            text.splice(at..at, word.bytes());
        }
        Edit::Byte(at, byte) if !text.is_empty() => {
            let at = at % text.len();
            text[at] = byte;
        }
        Edit::Byte(..) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// However an answer about one patient is bent, it is never a yes about another.
    #[test]
    fn no_bent_answer_is_a_permit_for_another_patient(edits in prop::collection::vec(edit(), 0..6)) {
        let results = [result("Permit", OTHER, "90000901", "GGC002"), result("Permit", OTHER, "90000901", "GGC012")];
        let mut text = answered(MESSAGE, &results).into_bytes();
        for edit in &edits {
            apply(&mut text, edit);
        }
        prop_assert!(read(&text, &two_categories(), MESSAGE, &HERE).is_err());
    }

    /// However an answer is bent, a no does not become a yes, and a category that was not decided is not permitted.
    #[test]
    fn no_bent_refusal_gives_every_category(edits in prop::collection::vec(edit(), 0..6)) {
        let results = [result("Permit", PATIENT, "90000901", "GGC002"), result("Deny", PATIENT, "90000901", "GGC012")];
        let mut text = answered(MESSAGE, &results).into_bytes();
        // An editor that writes a decision of its own is no accident and no other's: it is Mitz itself.
        for edit in edits.iter().filter(|edit| !matches!(edit, Edit::Insert(_, word) if word.contains("Permit"))) {
            apply(&mut text, edit);
        }
        if let Ok(found) = read(&text, &two_categories(), MESSAGE, &HERE) {
            let all: BTreeSet<&str> = found.keys().map(|category| category.code()).collect();
            prop_assert_eq!(all, BTreeSet::from(["GGC002", "GGC012"]));
        }
    }

    #[test]
    fn no_text_makes_the_reader_fall_over(text in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&text, &two_categories(), MESSAGE, &HERE).is_err());
    }
}
