//! A system of the provider's own hands over a patient: the handoff is read whole, kept, and only then there is a transfer.

use connectors::identity::Secret;
use fhir::{FhirVersion, Resource, Ura, structure};
use flows::eoverdracht::assembling::{self, AssemblyFault};
use flows::eoverdracht::from_r4::{self, NotConverted};
use flows::eoverdracht::rules::{self, Shortcoming};
use flows::eoverdracht::{Handoff, HandoffFault, RoutedTo, VERSION};
use store::once::Digest;
use store::transfers::{DocumentFault, Id, Made};

use super::book::Trouble;
use super::config::Content;
use super::sent::{New, Sent};
use super::{Handoffs, Known, names};

/// So many shortcomings stand in a refusal.
const TOLD: usize = 10;

/// A handoff that was read and can be kept. Debug shows no patient.
#[derive(Debug)]
pub struct Prepared {
    handoff: Handoff,
    /// What is kept.
    document: Resource,
    /// What came, and in which version: by its bytes a push that comes again is known.
    came: (FhirVersion, Resource),
    /// Or by the name that the record system gave it.
    named: Option<Digest>,
    /// It goes with itself in print.
    printed: bool,
    /// Where it goes within the receiving organisation.
    routed: Option<RoutedTo>,
}

impl Prepared {
    /// One that goes to this place of its receiver, if to any.
    #[must_use]
    pub fn routed_to(self, routed: Option<RoutedTo>) -> Self {
        Prepared { routed, ..self }
    }

    /// One that comes again under this name is known, whatever its bytes.
    #[must_use]
    pub fn known_by(self, name: Digest) -> Self {
        Prepared { named: Some(name), ..self }
    }

    pub fn handoff(&self) -> &Handoff {
        &self.handoff
    }
    pub(super) fn document(&self) -> &Resource {
        &self.document
    }

    /// What makes a push of it that comes again the one that is there.
    pub fn name(&self, receiver: &Ura) -> Digest {
        self.named.unwrap_or_else(|| {
            let (version, came) = &self.came;
            names::of_push(receiver, self.routed.as_ref(), (*version, came.text().as_bytes()), self.printed)
        })
    }

    /// The same, to go with itself in print.
    pub fn to_be_printed(self) -> Self {
        Prepared { printed: true, ..self }
    }

    /// The same, kept as this document, in which its print stands. `offered` says which types the use case lets leave.
    ///
    /// # Errors
    /// Why it cannot be sent so.
    pub fn kept_as(self, document: Resource, offered: impl Fn(&str) -> bool) -> Result<Self, PushFault> {
        let handoff = Handoff::of_bundle(&document, offered).map_err(PushFault::Handoff)?;
        Ok(Prepared { handoff, document, ..self })
    }
}

/// What became of a push.
#[derive(Debug)]
pub struct Pushed {
    pub id: Id,
    pub sent: Sent,
    /// It was not there before.
    pub new: bool,
    /// What the handoff refers to and does not hold, as `Type/id`.
    pub dangling: Vec<String>,
    /// Where it falls short of the standard.
    pub shortcomings: Vec<Shortcoming>,
}

/// Why there is no transfer. Says nothing of the patient.
#[derive(Debug)]
pub enum PushFault {
    /// No partner of this URA is told of handoffs.
    Receiver,
    /// It is in R4, and cannot be put into STU3 without loss.
    R4(NotConverted),
    /// It is in R4 and does not say so.
    Unsaid,
    /// No document can be made of it.
    Assembly(AssemblyFault),
    Handoff(HandoffFault),
    /// It falls short of the standard, and this node sends nothing that does.
    Content(Vec<Shortcoming>),
    TooLarge,
    /// It has more resources than a receiver takes of one answer.
    TooMany,
    /// The id of its Patient was sent for another patient before, or is another's in our own sources.
    PatientId,
    Full,
    Unavailable,
}

impl std::fmt::Display for PushFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PushFault::Receiver => f.write_str("no partner of this URA takes handoffs"),
            PushFault::R4(fault) => write!(f, "a handoff goes in FHIR STU3, and this one in R4 stays behind: {fault}"),
            PushFault::Unsaid => f.write_str(
                "this is FHIR R4 and not STU3: it is taken when its media type says so, with fhirVersion=4.0",
            ),
            PushFault::Assembly(fault) => write!(f, "no handoff can be made of this: {fault}"),
            PushFault::Handoff(fault) => write!(f, "this is no handoff that can be sent: {fault}"),
            PushFault::Content(all) => {
                let first: Vec<String> = all.iter().take(TOLD).map(ToString::to_string).collect();
                let more = if all.len() > TOLD { "; and more" } else { "" };
                write!(f, "this handoff falls short of the standard: {}{more}", first.join("; "))
            }
            PushFault::TooLarge => f.write_str("the handoff is larger than this node takes"),
            PushFault::TooMany => {
                write!(f, "a handoff has at most {} resources, and this one has more", most_resources())
            }
            PushFault::PatientId => f.write_str("the id of its Patient is that of another patient here"),
            PushFault::Full => f.write_str("as many transfers are kept as may be"),
            PushFault::Unavailable => f.write_str("transfers cannot be kept now"),
        }
    }
}

impl From<Trouble> for PushFault {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Document(DocumentFault::TooLarge { .. }) => PushFault::TooLarge,
            Trouble::Full => PushFault::Full,
            Trouble::State(_) | Trouble::Document(DocumentFault::Io(_)) | Trouble::Contended => {
                tracing::error!(handoff.fault = %trouble, "a handoff cannot be kept");
                PushFault::Unavailable
            }
        }
    }
}

/// As many as a node takes of one answer, unless it is told otherwise: what is accepted for a receiver must arrive there.
fn most_resources() -> usize {
    connectors::sources::Bounds::default().max_resources
}

impl Handoffs {
    /// Reads what is pushed, and makes the document of it where it is none yet. `offered` says which types the use case lets
    /// leave.
    ///
    /// # Errors
    /// Why it cannot be sent.
    pub fn read(&self, bundle: &Resource, offered: impl Fn(&str) -> bool) -> Result<Prepared, PushFault> {
        let document = assembling::document(bundle).map_err(PushFault::Assembly)?;
        let entries = document.root().get("entry").map_or(0, |entries| entries.items().count());
        if entries > most_resources() {
            return Err(PushFault::TooMany);
        }
        let handoff = Handoff::of_bundle(&document, offered).map_err(PushFault::Handoff)?;
        Ok(Prepared { handoff, document, came: (VERSION, bundle.clone()), named: None, printed: false, routed: None })
    }

    /// The same of what is pushed in this version: R4 is put into STU3 first. What is well-formed in R4 alone and does not say
    /// that it is R4 would be sent on as what no receiver can read.
    ///
    /// # Errors
    /// Why it cannot be sent.
    pub fn read_in(
        &self,
        version: FhirVersion,
        bundle: &Resource,
        offered: impl Fn(&str) -> bool,
    ) -> Result<Prepared, PushFault> {
        let is = |version| structure::check(version, bundle).is_ok();
        match version {
            FhirVersion::Stu3 if !is(FhirVersion::Stu3) && is(FhirVersion::R4) => Err(PushFault::Unsaid),
            FhirVersion::Stu3 => self.read(bundle, offered),
            FhirVersion::R4 => {
                let in_stu3 = from_r4::to_stu3(bundle).map_err(PushFault::R4)?;
                let prepared = self.read(&in_stu3, offered)?;
                Ok(Prepared { came: (version, bundle.clone()), ..prepared })
            }
        }
    }

    /// What the partner of this URA is called, where it is told of handoffs.
    pub fn receiver_name(&self, receiver: &Ura) -> Option<String> {
        let partner = self.partners.get(receiver).filter(|partner| partner.notification.is_some());
        partner.map(|partner| partner.peer.name.clone())
    }

    /// Whether the id of its Patient is nobody else's in what we send.
    pub(super) fn means_one(&self, handoff: &Handoff) -> Result<(), PushFault> {
        match self.known().get(handoff.patient_id()) {
            None => Ok(()),
            Some(Known::One(bsn)) if bsn == handoff.patient() => Ok(()),
            Some(Known::One(_) | Known::Several) => Err(PushFault::PatientId),
        }
    }

    /// Keeps a handoff for this receiver, who is told of it soon. The same bytes for the same receiver are the transfer that
    /// is there. Durable when it is told.
    ///
    /// # Errors
    /// Why there is no transfer.
    pub async fn push(&self, receiver: &Ura, prepared: &Prepared, correlation: &str) -> Result<Pushed, PushFault> {
        let Prepared { handoff, document, routed, .. } = prepared;
        let partner = self.partners.get(receiver).filter(|partner| partner.notification.is_some());
        let partner = partner.ok_or(PushFault::Receiver)?;
        self.means_one(handoff)?;
        let shortcomings = rules::shortcomings(handoff);
        if self.config.content == Content::Refuse && !shortcomings.is_empty() {
            return Err(PushFault::Content(shortcomings));
        }
        let id = names::fresh();
        let base = Secret::fresh().ok_or(PushFault::Unavailable)?;
        let until = self.clock.now() + time::Duration::days(self.config.data_days.into());
        let sent = Sent::new(New {
            receiver: (receiver, &partner.peer.name),
            handoff,
            routed: routed.as_ref(),
            task: uuid::Uuid::new_v4().to_string(),
            base: base.reveal().to_owned(),
            now: self.stamp(),
            until: until.unix_timestamp(),
            correlation,
        });
        let name = prepared.name(receiver);
        let text = document.text().as_bytes();
        // Before anybody can come back for it, its patient is known by id.
        self.learn(handoff.patient_id(), handoff.patient().clone());
        let made = self.books.sent.make(id, vec![name], &sent, Some(text.to_vec()), self.now()).await?;
        let dangling = handoff.dangling().to_vec();
        match made {
            Made::New => Ok(Pushed { id, sent, new: true, dangling, shortcomings }),
            Made::Known(id) => {
                let sent = self.books.sent.get(id)?.ok_or(PushFault::Unavailable)?;
                Ok(Pushed { id, sent, new: false, dangling, shortcomings })
            }
        }
    }
}
