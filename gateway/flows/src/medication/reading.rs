//! Reads building blocks out of resources: the profiles of MP9 3.0 (`mp-…`) and of 9.2 (`nl-core-…`) in R4, and those of
//! MP 9.0.7 (`zib-…`) in STU3. Which of them a resource follows shows in its extensions and categories, which differ; a
//! profile that it claims is not asked.

use std::borrow::Cow;
use std::sync::Arc;

use fhir::Resource;
use fhir::json::Value;

use super::block::{Author, Beside, Block, Coding, Id, Kind, Period, Stop, Target};
use super::computing::Received;
use super::moment::{Moment, Span};
use super::naming::Names;
use super::products::{Products, Reference};
use super::sharing::{by_part, to_each};
use super::unique::{digest, digest_of};

/// What most extensions of the standard begin with.
const BASE: &str = "http://nictiz.nl/fhir/StructureDefinition/";
const SNOMED: &str = "http://snomed.info/sct";
/// MP 9.0.7: category of medication use, and the stop types.
const USE_9_0_7: (&str, &str) = ("urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.3", "6");
const STOP_9_0_7: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.2.1";

/// What was received, read once: a resource is looked at when its turn comes and, unless it is shown, never again.
pub(super) struct Read<'r> {
    parts: Vec<Part<'r>>,
}

impl<'r> Read<'r> {
    /// The blocks, in the order in which they were received.
    pub fn blocks(&self) -> impl Iterator<Item = &Block<'r>> {
        self.parts.iter().flat_map(|part| &part.blocks)
    }

    /// What came along: anything that is no building block by its type.
    pub fn along(&self) -> impl Iterator<Item = &Received<'r>> {
        self.parts.iter().flat_map(|part| &part.along)
    }
}

/// What was read of some of what was received.
struct Part<'r> {
    blocks: Vec<Block<'r>>,
    along: Vec<Received<'r>>,
    /// By the block's place in this part: products may stand anywhere.
    references: Vec<(usize, Reference<'r>)>,
}

/// Reads everything that was received.
pub(super) fn read<'r>(received: &[Received<'r>]) -> Read<'r> {
    let mut read = Read { parts: by_part(received, TOGETHER, part) };
    let mut products = Products::default();
    for one in read.along() {
        products.take(one.source, one.resource);
    }
    to_each(&mut read.parts, |part| {
        for (at, reference) in part.references.drain(..) {
            let Some(block) = part.blocks.get_mut(at) else { continue };
            if let Some(product) = products.find(block.source, &reference) {
                codings(product.get("code"), block);
            }
        }
    });
    read
}

/// How many resources are read together by one processor.
const TOGETHER: usize = 512;

fn part<'r>(received: &[Received<'r>]) -> Part<'r> {
    let mut read = Part { blocks: Vec::with_capacity(received.len()), along: Vec::new(), references: Vec::new() };
    let names = Names::default();
    for (at, one) in received.iter().enumerate() {
        if let Some(next) = received.get(at + AHEAD) {
            // Thousands of resources fit into no cache: reading one waits for memory at nearly every step.
            next.resource.root().look_over();
        }
        let Some(of_type) = OfType::of(&one.resource.resource_type()) else {
            read.along.push(*one);
            continue;
        };
        if let Some((block, product)) = block(of_type, one.resource, one.source, &names) {
            read.references.extend(product.map(|reference| (read.blocks.len(), reference)));
            read.blocks.push(block);
        }
    }
    read
}

/// How many resources ahead of the one that is read.
const AHEAD: usize = 3;
/// The types that building blocks have.
#[derive(Clone, Copy)]
enum OfType {
    Request,
    Dispense,
    Statement,
    Administration,
}

impl OfType {
    fn of(name: &str) -> Option<OfType> {
        match name {
            "MedicationRequest" => Some(OfType::Request),
            "MedicationDispense" => Some(OfType::Dispense),
            "MedicationStatement" => Some(OfType::Statement),
            "MedicationAdministration" => Some(OfType::Administration),
            _ => None,
        }
    }
}

/// Reads a resource as a block, with the reference to its product; nothing when it is none.
fn block<'r>(
    of_type: OfType,
    resource: &'r Resource,
    source: usize,
    names: &Names,
) -> Option<(Block<'r>, Option<Reference<'r>>)> {
    let mut block = Block {
        resource,
        name: None,
        named: names.nothing(),
        digest: 0,
        of_treatment: 0,
        source,
        // Until all of it was seen.
        kind: Kind::MedicationAdministration,
        id: None,
        treatment: None,
        copy: false,
        nullified: false,
        stop: None,
        period: Period::default(),
        registered: None,
        prior: Vec::new(),
        basis: Vec::new(),
        author: Author::Unknown,
        product: Vec::new(),
        product_name: None,
        instruction: None,
        not_used: false,
        updated: None,
        beside: Beside::default(),
    };
    let mut found = Found::default();
    for (name, value) in resource.root().members() {
        member(&mut block, &mut found, &name, value);
    }
    block.kind = kind(of_type, &found)?;
    let product = found.settle(&mut block);
    block.named = Arc::new(names.named(&block));
    block.digest = digest_of(&block);
    block.of_treatment = block.treatment.as_ref().map_or(0, digest);
    Some((block, product.and_then(|reference| Reference::read(resource, reference))))
}

/// What of a resource is only clear when all of it was seen.
#[derive(Default)]
struct Found<'r> {
    category: Option<Value<'r>>,
    proposal: bool,
    /// `not-taken`, of a use; `n` in STU3.
    not_taken: bool,
    not_used: bool,
    period: Option<Value<'r>>,
    duration: Option<Value<'r>>,
    registered: Option<Moment>,
    authored: Option<Moment>,
    dosage: Option<Cow<'r, str>>,
    product: Option<Cow<'r, str>>,
}

impl<'r> Found<'r> {
    fn settle(self, block: &mut Block<'r>) -> Option<Cow<'r, str>> {
        if let Some(period) = self.period {
            block.period = read_period(period);
        }
        if let (Some(duration), Some(start), None) = (self.duration, block.period.start, block.period.end) {
            block.period.end = later(start, duration);
        }
        block.registered = self.registered.or(self.authored);
        block.not_used = self.not_used || (self.not_taken && block.kind == Kind::MedicationUse);
        if block.instruction.is_none() {
            block.instruction = self.dosage;
        }
        self.product
    }
}

fn member<'r>(block: &mut Block<'r>, found: &mut Found<'r>, name: &str, value: Value<'r>) {
    match name {
        "id" => block.name = value.as_text(),
        "extension" | "modifierExtension" => value.items().for_each(|one| extension(block, found, one)),
        "identifier" => block.id = value.each().find_map(id),
        "category" => found.category = Some(value),
        // A proposal (voorstel) is no agreement.
        "intent" => found.proposal = value.as_text().as_deref() == Some("plan"),
        "status" => {
            let code = value.as_text();
            block.nullified = code.as_deref().is_some_and(|code| matches!(code, "entered-in-error" | "nullified"));
            found.not_taken = code.as_deref() == Some("not-taken");
        }
        // STU3.
        "taken" => found.not_used |= value.as_text().as_deref() == Some("n"),
        "reportedBoolean" => block.copy |= value.as_bool() == Some(true),
        "meta" => block.updated = value.get("lastUpdated").and_then(|moment| moment.as_text()),
        "authoredOn" | "dateAsserted" => found.authored = moment(value),
        "effectivePeriod" => found.period = Some(value),
        "effectiveDateTime" | "whenHandedOver" => {
            if let Some(span) = value.as_text().and_then(|text| Span::read(&text)) {
                block.period = Period { start: Some(span.first), end: Some(span.last), condition: None };
            }
        }
        "priorPrescription" => block.prior.extend(target(value)),
        "basedOn" | "authorizingPrescription" | "derivedFrom" | "request" | "supportingInformation" => {
            for reference in value.each() {
                block.basis.extend(target(reference));
                // The relation of an agreement to a use or an administration agreement (MP9 3.0).
                let related = reference.get("extension").into_iter().flat_map(|all| all.items());
                block.basis.extend(related.filter_map(|one| target(one.get("valueReference")?)));
            }
        }
        "medicationReference" => {
            block.beside.product = true;
            block.product_name = value.get("display").and_then(|display| display.as_text());
            found.product = value.get("reference").and_then(|to| to.as_text());
        }
        "medicationCodeableConcept" => {
            block.beside.product = true;
            codings(Some(value), block);
        }
        "dosageInstruction" | "dosage" => {
            block.beside.dosage = true;
            found.dosage = value.each().find_map(|one| one.get("text").and_then(|text| text.as_text()));
        }
        "requester" | "performer" | "informationSource" => block.beside.by = true,
        "reasonCode" | "reasonReference" | "statusReason" => block.beside.reason = true,
        "note" => block.beside.note = true,
        _ => {}
    }
}

fn codings<'r>(concept: Option<Value<'r>>, block: &mut Block<'r>) {
    let Some(concept) = concept else { return };
    let coded = concept
        .get("coding")
        .into_iter()
        .flat_map(|all| all.items())
        .filter_map(|coding| Some((coding.get("system")?.as_text()?, coding.get("code")?.as_text()?)));
    block.product = coded.collect::<Vec<Coding<'r>>>();
    block.product.sort_unstable();
    if block.product_name.is_none() {
        let displayed = |coding: Value<'r>| coding.get("display")?.as_text();
        let first = || concept.get("coding")?.items().find_map(displayed);
        block.product_name = concept.get("text").and_then(|text| text.as_text()).or_else(first);
    }
}

fn extension<'r>(block: &mut Block<'r>, found: &mut Found<'r>, one: Value<'r>) {
    let Some(url) = one.get("url").and_then(|url| url.as_text()) else { return };
    let Some(name) = url.strip_prefix(BASE) else { return };
    match name {
        "ext-PharmaceuticalTreatment.Identifier" | "zib-Medication-MedicationTreatment" => {
            block.treatment = one.get("valueIdentifier").and_then(id);
        }
        "ext-TimeInterval.Period" | "zib-Medication-PeriodOfUse" => found.period = one.get("valuePeriod"),
        "zib-MedicationUse-Duration" => found.duration = one.get("valueDuration"),
        "ext-RegistrationDateTime" => found.registered = one.get("valueDateTime").and_then(moment),
        "ext-AdministrationAgreement.AdministrationAgreementDateTime" | "zib-AdministrationAgreement-AuthoredOn" => {
            found.authored = one.get("valueDateTime").and_then(moment);
        }
        "ext-CopyIndicator" => block.copy |= one.get("valueBoolean").and_then(|copy| copy.as_bool()) == Some(true),
        "ext-StopType" | "zib-Medication-StopType" => block.stop = one.get("valueCodeableConcept").map(stop),
        "ext-RenderedDosageInstruction" => block.instruction = one.get("valueString").and_then(|text| text.as_text()),
        // An agreement of 9.0.7 names here whatever it rests on; what is of another kind is looked up as that.
        "zib-MedicationAgreement-BasedOnAgreementOrUse" => {
            let targets: Vec<_> = one.get("valueReference").and_then(target).into_iter().collect();
            block.prior.extend(targets.iter().cloned());
            block.basis.extend(targets);
        }
        "ext-RelationAdministrationAgreement" => block.prior.extend(one.get("valueReference").and_then(target)),
        "ext-MedicationAgreement.RelationMedicationUse" => {
            block.basis.extend(one.get("valueReference").and_then(target));
        }
        "ext-MedicationUse2.Author" | "zib-MedicationUse-Author" => {
            block.beside.by = true;
            block.author = one.get("valueReference").map_or(Author::Unknown, author);
        }
        _ => {}
    }
}

/// Which block a resource is, by its type and category. A MedicationRequest or MedicationDispense of another category is
/// none; a medication use and an administration are what their type says.
fn kind(of_type: OfType, found: &Found<'_>) -> Option<Kind> {
    let codings = || found.category.into_iter().flat_map(|all| all.each()).filter_map(|one| one.get("coding"));
    let is = |system: &str, codes: &[&str]| {
        codings().flat_map(|codings| codings.items()).any(|coding| {
            coding.get("code").and_then(|code| code.as_text()).is_some_and(|code| codes.contains(&code.as_ref()))
                && coding.get("system").and_then(|found| found.as_text()).as_deref() == Some(system)
        })
    };
    match of_type {
        OfType::Request if found.proposal => None,
        OfType::Request if is(SNOMED, &["33633005", "16076005"]) => Some(Kind::MedicationAgreement),
        OfType::Request if is(SNOMED, &["395067002"]) => Some(Kind::VariableDosingRegimen),
        OfType::Request if is(SNOMED, &["52711000146108"]) => Some(Kind::DispenseRequest),
        OfType::Dispense if is(SNOMED, &["422037009"]) => Some(Kind::AdministrationAgreement),
        OfType::Dispense if is(SNOMED, &["373784005"]) => Some(Kind::MedicationDispense),
        OfType::Statement if is(SNOMED, &["422979000"]) || is(USE_9_0_7.0, &[USE_9_0_7.1]) => Some(Kind::MedicationUse),
        OfType::Administration => Some(Kind::MedicationAdministration),
        OfType::Request | OfType::Dispense | OfType::Statement => None,
    }
}

/// An identifier with both its halves. Some systems write white space around a value.
fn id(value: Value<'_>) -> Option<Id<'_>> {
    let half = |name: &str| {
        let text = value.get(name)?.as_text()?;
        // Hardly any does, and to look what is white space of every script costs more than the rest of it.
        let bare = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
        let trimmed = match text {
            text if bare(text.as_bytes().first()) && bare(text.as_bytes().last()) => text,
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        Some(trimmed).filter(|text| !text.is_empty())
    };
    Some(Id { system: half("system")?, value: half("value")? })
}

fn target(reference: Value<'_>) -> Option<Target<'_>> {
    if let Some(found) = reference.get("identifier").and_then(id) {
        return Some(Target::Id(found));
    }
    Some(Target::Literal(reference.get("reference")?.as_text()?))
}

fn author(reference: Value<'_>) -> Author {
    let literal = reference.get("reference").and_then(|to| to.as_text());
    let declared = reference.get("type").and_then(|kind| kind.as_text());
    let of = |kind: &str| declared.as_deref() == Some(kind) || literal.as_deref().is_some_and(|to| names(to, kind));
    if of("Patient") || of("RelatedPerson") {
        Author::Patient
    } else if of("PractitionerRole") || of("Practitioner") || of("Organization") {
        Author::Professional
    } else {
        Author::Unknown
    }
}

/// Whether a literal reference is to a resource of this type.
fn names(literal: &str, kind: &str) -> bool {
    literal.rsplit_once('/').is_some_and(|(before, _)| before.rsplit('/').next() == Some(kind))
}

/// Codes of the stop types: of now, of 9.2, and of 9.0.7.
fn stop(concept: Value<'_>) -> Stop {
    let known = concept.get("coding").into_iter().flat_map(|all| all.items()).find_map(|coding| {
        let code = coding.get("code")?.as_text()?;
        match (coding.get("system")?.as_text()?.as_ref(), code.as_ref()) {
            (SNOMED, "410546004" | "113371000146109") | (STOP_9_0_7, "2") => Some(Stop::Definitive),
            (SNOMED, "385655000" | "113381000146106") | (STOP_9_0_7, "1") => Some(Stop::Interrupted),
            (SNOMED, "89925002") => Some(Stop::Cancelled),
            _ => None,
        }
    });
    known.unwrap_or(Stop::Unknown)
}

fn moment(value: Value<'_>) -> Option<Moment> {
    Span::read(&value.as_text()?).map(|span| span.first)
}

fn read_period(period: Value<'_>) -> Period<'_> {
    let mut read = Period {
        start: period.get("start").and_then(moment),
        end: period.get("end").and_then(|end| Span::read(&end.as_text()?)).map(|span| span.last),
        condition: None,
    };
    let Some(extensions) = period.get("extension") else { return read };
    for one in extensions.items() {
        let Some(url) = one.get("url").and_then(|url| url.as_text()) else { continue };
        match url.strip_prefix(BASE) {
            Some("ext-TimeInterval.Duration") => {
                let Some(duration) = one.get("valueDuration") else { continue };
                match (read.start, read.end) {
                    (Some(start), None) => read.end = later(start, duration),
                    (None, Some(end)) => read.start = earlier(end, duration),
                    _ => {}
                }
            }
            Some("ext-PeriodOfUse.Condition") => {
                read.condition = one.get("valueString").and_then(|text| text.as_text());
            }
            _ => {}
        }
    }
    read
}

/// The last second of what lasts so long from then on; nothing when that cannot be counted.
fn later(start: Moment, duration: Value<'_>) -> Option<Moment> {
    Some(moved(start, duration, 1)?.plus(-1))
}

/// The first second of what lasted so long until then.
fn earlier(end: Moment, duration: Value<'_>) -> Option<Moment> {
    moved(end.plus(1), duration, -1)
}

/// Days, weeks, months and years by the calendar when they are whole.
fn moved(from: Moment, duration: Value<'_>, direction: i64) -> Option<Moment> {
    let amount: f64 = duration.get("value")?.as_number()?.parse().ok()?;
    if !(0.0..=40_000.0).contains(&amount) {
        return None;
    }
    let unit = duration.get("code").or_else(|| duration.get("unit"))?.as_text()?;
    // Within bounds that a whole number of seconds holds.
    let scaled = |seconds: f64| direction * (amount * seconds).round() as i64;
    let whole = (amount.fract() == 0.0).then_some(direction * amount as i64);
    Some(match (unit.as_ref(), whole) {
        ("a", Some(years)) => from.plus_months(years * 12),
        ("mo", Some(months)) => from.plus_months(months),
        ("wk", Some(weeks)) => from.plus_days(weeks * 7),
        ("d", Some(days)) => from.plus_days(days),
        // UCUM's mean lengths.
        ("a", None) => from.plus(scaled(31_557_600.0)),
        ("mo", None) => from.plus(scaled(2_629_800.0)),
        ("wk", None) => from.plus(scaled(604_800.0)),
        ("d", None) => from.plus(scaled(86_400.0)),
        ("h", _) => from.plus(scaled(3_600.0)),
        ("min", _) => from.plus(scaled(60.0)),
        ("s", _) => from.plus(scaled(1.0)),
        _ => return None,
    })
}
