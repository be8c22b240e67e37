//! Where a patient's data may be, by the provider's own register and by Mitz's open question together.
//!
//! What Mitz names is only added: to our own sources, and only partners that this node knows. That Mitz knows of nobody, that
//! it could not be asked and that it did not answer stay three different results, and an index that could not be asked makes
//! no answer look complete.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use exchange::ports::{BoxFuture, Localisation, Source, Whereabouts};
use fhir::Ura;
use policy::{DataHolder, Direction, Finding, NotFoundOut, PatientScope, Permit, Purpose};
use tracing::warn;

use super::{Located, LocationQuestion, Mitz};

/// The own register, and Mitz besides.
pub struct RegisterAndMitz {
    holder: DataHolder,
    register: Arc<dyn Localisation>,
    peers: HashMap<DataHolder, Arc<dyn Source>>,
    mitz: Mitz,
    /// What this provider calls itself towards Mitz.
    issuer: String,
}

impl RegisterAndMitz {
    /// `holder` is this node.
    pub fn new(
        holder: DataHolder,
        register: Arc<dyn Localisation>,
        peers: HashMap<DataHolder, Arc<dyn Source>>,
        mitz: Mitz,
        issuer: String,
    ) -> Self {
        RegisterAndMitz { holder, register, peers, mitz, issuer }
    }

    async fn places(&self, permit: &Permit) -> Whereabouts {
        let mut found = self.register.locate(permit).await;
        // Only our own people's questions about a patient leave the house, and Mitz knows no emergency.
        let (Direction::User, PatientScope::One(patient)) = (permit.direction(), permit.patient()) else {
            return found;
        };
        if !matches!(permit.purpose(), Purpose::Treat | Purpose::CoordinationOfCare) {
            return found;
        }
        let caller = &permit.request().caller;
        let question = LocationQuestion {
            patient,
            user: &caller.organisation,
            professional: caller.professional(),
            mandated: caller.responsible.as_ref().and(caller.person.as_ref()),
            purpose: permit.purpose(),
            issuer: &self.issuer,
        };
        let told = self.mitz.locate(&question).await;
        let known: BTreeSet<Ura> = found.places.iter().map(|place| place.holder().0.clone()).collect();
        let added = others(&told, &self.holder, &known);
        for ura in &added {
            match self.peers.get(&DataHolder(ura.clone())) {
                Some(peer) => found.places.push(peer.clone()),
                // It is counted in the index, so that the answer can not look complete.
                None => warn!(holder.ura = %ura, "Mitz names a provider that is not configured"),
            }
        }
        found.index = both(found.index, told.map_to(added.len()));
        found
    }
}

impl Localisation for RegisterAndMitz {
    fn locate<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, Whereabouts> {
        Box::pin(self.places(permit))
    }
}

/// The holders that Mitz names and that are not asked already, each once and in order.
fn others(told: &Finding<Vec<Located>>, own: &DataHolder, known: &BTreeSet<Ura>) -> BTreeSet<Ura> {
    let named = told.found().into_iter().flatten().map(|located| located.holder.clone());
    named.filter(|ura| *ura != own.0 && !known.contains(ura)).collect()
}

/// A finding with another content.
trait MapTo {
    fn map_to(self, found: usize) -> Finding<usize>;
}

impl MapTo for Finding<Vec<Located>> {
    fn map_to(self, found: usize) -> Finding<usize> {
        match self {
            Finding::Found(_) => Finding::Found(found),
            Finding::Absent => Finding::Absent,
            Finding::NotFoundOut(why) => Finding::NotFoundOut(why),
        }
    }
}

/// What both say together: `added` are those that only Mitz names. Whichever could not be asked leaves it open.
fn both(register: Finding<usize>, mitz: Finding<usize>) -> Finding<usize> {
    match (register, mitz) {
        (_, Finding::NotFoundOut(why)) => Finding::NotFoundOut(why),
        // There is no register: what Mitz says is all there is.
        (Finding::NotFoundOut(NotFoundOut::NobodyToAsk) | Finding::Absent, told) => told,
        (Finding::NotFoundOut(why), _) => Finding::NotFoundOut(why),
        (Finding::Found(named), Finding::Found(added)) => Finding::Found(named + added),
        (Finding::Found(named), Finding::Absent) => Finding::Found(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_known_and_nobody_asked_stay_different() {
        let (found, unknown) = (Finding::Found, Finding::NotFoundOut);
        let ill = NotFoundOut::TimedOut;
        for (register, mitz, together) in [
            (found(2), found(1), found(3)),
            (found(2), found(0), found(2)),
            (found(2), Finding::Absent, found(2)),
            (found(2), unknown(ill), unknown(ill)),
            (Finding::Absent, found(1), found(1)),
            (Finding::Absent, Finding::Absent, Finding::Absent),
            (Finding::Absent, unknown(ill), unknown(ill)),
            (unknown(NotFoundOut::NobodyToAsk), found(1), found(1)),
            (unknown(NotFoundOut::NobodyToAsk), Finding::Absent, Finding::Absent),
            (unknown(NotFoundOut::Unusable), found(1), unknown(NotFoundOut::Unusable)),
            (unknown(NotFoundOut::Unusable), unknown(ill), unknown(ill)),
        ] {
            assert_eq!(both(register.clone(), mitz.clone()), together, "{register:?} {mitz:?}");
        }
    }

    #[test]
    fn each_other_holder_is_added_once_and_we_ourselves_never() {
        let located = |ura: &str, category: &str| Located {
            holder: Ura::parse(ura).unwrap(),
            category: category.to_owned(),
            exchange_system: "urn:oid:2.999.2".to_owned(),
            source_system: "urn:oid:2.999.3".to_owned(),
        };
        let told = Finding::Found(vec![
            located("90000903", "GGC002"),
            located("90000903", "GGC013"),
            located("90000901", "GGC002"),
            located("90000902", "GGC002"),
        ]);
        let own = DataHolder(Ura::parse("90000901").unwrap());
        let known = BTreeSet::from([Ura::parse("90000902").unwrap()]);
        let added: Vec<String> = others(&told, &own, &known).iter().map(ToString::to_string).collect();
        assert_eq!(added, ["90000903"]);
        assert!(others(&Finding::Absent, &own, &known).is_empty());
    }
}
