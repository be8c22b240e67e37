//! Why something stands where it stands: the rule of the computation (A1 to A12), what it found, and the blocks that it
//! rests on. A reader can follow every line back to what was received.

/// A step of the computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Collect from every source.
    A1,
    /// Leave out what was taken back.
    A2,
    /// Tell which resources are the same block.
    A3,
    /// Group by treatment.
    A4,
    /// Fold agreements and stops.
    A5,
    /// Choose by time.
    A6,
    /// The pharmacist's agreements follow the prescriber's.
    A7,
    /// Dosing regimens refine a running agreement.
    A8,
    /// What is really used.
    A9,
    /// Which block leads.
    A10,
    /// What cannot be dated is unclear.
    A11,
    /// What is shown of it.
    A12,
}

impl Rule {
    pub fn name(self) -> &'static str {
        match self {
            Rule::A1 => "A1",
            Rule::A2 => "A2",
            Rule::A3 => "A3",
            Rule::A4 => "A4",
            Rule::A5 => "A5",
            Rule::A6 => "A6",
            Rule::A7 => "A7",
            Rule::A8 => "A8",
            Rule::A9 => "A9",
            Rule::A10 => "A10",
            Rule::A11 => "A11",
            Rule::A12 => "A12",
        }
    }
}

/// What a rule found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Because {
    /// A source that may hold what is missing here did not answer in full.
    SourceMissing,
    EnteredInError,
    /// Only copies were received; the original may say something else by now.
    CopyOnly,
    /// Originals with one identifier say different things.
    VersionsDiffer,
    /// A copy says something else about when it holds than the original.
    CopyDiffers,
    NoTreatmentIdentifier,
    /// Blocks of one treatment are of different products.
    ProductsDiffer,
    /// It is of another substance than what leads the treatment.
    SubstancesDiffer,
    /// It is of the same substance as what leads the treatment and is called otherwise: the strength or the form may differ.
    SameSubstanceOtherName,
    /// It is called otherwise than what leads the treatment, and they share no code by which to compare them.
    NamesDiffer,
    /// Another treatment that is current or planned is of the same product or substance.
    SameProductElsewhere,
    ReplacedBy,
    StoppedBy,
    CancelledBy,
    StopWithoutTarget,
    UnknownStopType,
    UnresolvedReference,
    HoldsNow,
    Planned,
    PlannedLater,
    EndedRecently,
    EndedLongAgo,
    Interrupted,
    /// Another agreement of the treatment began later and counts.
    LaterStartCounts,
    /// An ended agreement is not shown beside what followed it.
    Followed,
    /// A change is planned.
    ChangePlanned,
    OfShownAgreement,
    /// It names no agreement, and was in force with this one.
    InForceWith,
    AgreementNotShown,
    AnotherRuns,
    /// The prescriber's agreement was not received.
    NoAgreement,
    /// The pharmacist's agreement does not follow the prescriber's yet.
    NotAligned,
    UnderCurrentAgreement,
    NotUnderCurrentAgreement,
    NotTheRegimenOfNow,
    NewestOfItsAuthor,
    NewerOfSameAuthor,
    OlderThanAgreement,
    OfWhatIsNotShown,
    OnlyUse,
    /// It is used, and the agreement about it cannot be dated.
    AgreementUnclear,
    SaysNotUsed,
    NoTime,
    /// Its period is a text only.
    OnlyCondition,
    EndsBeforeItBegins,
    /// Depending on which version is right it stands somewhere else.
    DependsOnVersion,
    OnlySupplied,
    Leads,
}

impl Because {
    /// The rule that found it.
    pub fn rule(self) -> Rule {
        use Because as B;
        match self {
            B::SourceMissing => Rule::A1,
            B::EnteredInError => Rule::A2,
            B::CopyOnly | B::VersionsDiffer | B::CopyDiffers => Rule::A3,
            B::NoTreatmentIdentifier
            | B::ProductsDiffer
            | B::SubstancesDiffer
            | B::SameSubstanceOtherName
            | B::NamesDiffer
            | B::SameProductElsewhere => Rule::A4,
            B::ReplacedBy
            | B::StoppedBy
            | B::CancelledBy
            | B::StopWithoutTarget
            | B::UnknownStopType
            | B::UnresolvedReference => Rule::A5,
            B::HoldsNow
            | B::Planned
            | B::PlannedLater
            | B::EndedRecently
            | B::EndedLongAgo
            | B::Interrupted
            | B::LaterStartCounts
            | B::Followed
            | B::ChangePlanned => Rule::A6,
            B::OfShownAgreement
            | B::InForceWith
            | B::AgreementNotShown
            | B::AnotherRuns
            | B::NoAgreement
            | B::NotAligned => Rule::A7,
            B::UnderCurrentAgreement | B::NotUnderCurrentAgreement | B::NotTheRegimenOfNow => Rule::A8,
            B::NewestOfItsAuthor
            | B::NewerOfSameAuthor
            | B::OlderThanAgreement
            | B::OfWhatIsNotShown
            | B::OnlyUse
            | B::AgreementUnclear
            | B::SaysNotUsed => Rule::A9,
            B::Leads => Rule::A10,
            B::NoTime | B::OnlyCondition | B::EndsBeforeItBegins | B::DependsOnVersion => Rule::A11,
            B::OnlySupplied => Rule::A12,
        }
    }

    /// A word that a program can rely on.
    pub fn code(self) -> &'static str {
        use Because as B;
        match self {
            B::SourceMissing => "source-missing",
            B::EnteredInError => "entered-in-error",
            B::CopyOnly => "copy-only",
            B::VersionsDiffer => "versions-differ",
            B::CopyDiffers => "copy-differs",
            B::NoTreatmentIdentifier => "no-treatment-identifier",
            B::ProductsDiffer => "products-differ",
            B::SubstancesDiffer => "substances-differ",
            B::SameSubstanceOtherName => "same-substance-other-name",
            B::NamesDiffer => "names-differ",
            B::SameProductElsewhere => "same-product-elsewhere",
            B::ReplacedBy => "replaced-by",
            B::StoppedBy => "stopped-by",
            B::CancelledBy => "cancelled-by",
            B::StopWithoutTarget => "stop-without-target",
            B::UnknownStopType => "unknown-stop-type",
            B::UnresolvedReference => "unresolved-reference",
            B::HoldsNow => "holds-now",
            B::Planned => "planned",
            B::PlannedLater => "planned-later",
            B::EndedRecently => "ended-recently",
            B::EndedLongAgo => "ended-long-ago",
            B::Interrupted => "interrupted",
            B::LaterStartCounts => "later-start-counts",
            B::Followed => "followed",
            B::ChangePlanned => "change-planned",
            B::OfShownAgreement => "of-shown-agreement",
            B::InForceWith => "in-force-with",
            B::AgreementNotShown => "agreement-not-shown",
            B::AnotherRuns => "another-runs",
            B::NoAgreement => "no-agreement",
            B::NotAligned => "not-aligned",
            B::UnderCurrentAgreement => "under-current-agreement",
            B::NotUnderCurrentAgreement => "not-under-current-agreement",
            B::NotTheRegimenOfNow => "not-the-regimen-of-now",
            B::NewestOfItsAuthor => "newest-of-its-author",
            B::NewerOfSameAuthor => "newer-of-same-author",
            B::OlderThanAgreement => "older-than-agreement",
            B::OfWhatIsNotShown => "of-what-is-not-shown",
            B::OnlyUse => "only-use",
            B::AgreementUnclear => "agreement-unclear",
            B::SaysNotUsed => "says-not-used",
            B::NoTime => "no-time",
            B::OnlyCondition => "only-condition",
            B::EndsBeforeItBegins => "ends-before-it-begins",
            B::DependsOnVersion => "depends-on-version",
            B::OnlySupplied => "only-supplied",
            B::Leads => "leads",
        }
    }

    /// Whether a reader must know it to prescribe, dispense or administer safely.
    pub fn is_warning(self) -> bool {
        use Because as B;
        matches!(
            self,
            B::SourceMissing
                | B::CopyOnly
                | B::VersionsDiffer
                | B::CopyDiffers
                | B::ProductsDiffer
                | B::SubstancesDiffer
                | B::SameSubstanceOtherName
                | B::NamesDiffer
                | B::SameProductElsewhere
                | B::StopWithoutTarget
                | B::UnknownStopType
                | B::UnresolvedReference
                | B::LaterStartCounts
                | B::NoAgreement
                | B::NotAligned
                | B::AgreementUnclear
                | B::SaysNotUsed
                | B::NoTime
                | B::OnlyCondition
                | B::EndsBeforeItBegins
                | B::DependsOnVersion
                | B::OnlySupplied
        )
    }
}

/// A finding about a line or a treatment, with the blocks that it rests on as places among the blocks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Found {
    pub because: Because,
    pub blocks: Vec<usize>,
}

impl Found {
    pub fn new(because: Because) -> Found {
        Found { because, blocks: Vec::new() }
    }

    pub fn by(because: Because, blocks: impl IntoIterator<Item = usize>) -> Found {
        Found { because, blocks: blocks.into_iter().collect() }
    }
}
