//! Looks at what neighbours give out, whether or not they ask for anything: a log that shows everybody else another past
//! than the one we cosigned is found by what it publishes.

use std::sync::Arc;
use std::time::Duration;

use store::proof::{Hash, PublicKey, Refused, Tiles, Witnessing as Found};

use super::{Partner, Witnessing, blocking};

/// Most tiles of one question: a tree of 2^48 records has six levels of them, and a proof has two edges.
const MOST_TILES: usize = 32;

pub(super) async fn run(all: Arc<Witnessing>, number: usize) {
    loop {
        tokio::time::sleep(all.every.max(Duration::from_secs(1))).await;
        all.look(number).await;
    }
}

impl Witnessing {
    /// Looks at one neighbour's checkpoint.
    pub(super) async fn look(self: &Arc<Self>, number: usize) {
        let Some(partner) = self.partners.get(number) else { return };
        let Some(log) = &partner.log else { return };
        let trouble = self.seen(partner, log).await.err();
        self.states().looked(log.name(), trouble);
    }

    async fn seen(self: &Arc<Self>, partner: &Partner, log: &PublicKey) -> Result<(), String> {
        let origin = log.name().to_owned();
        // Known before the question is put: whatever it answers after that must reach so far.
        let (before, _) = self.witness.known(&origin).unwrap_or((0, Hash([0; 32])));
        let note = partner.client.checkpoint().await.map_err(|fault| format!("its checkpoint: {fault}"))?;
        let (witness, text, name) = (self.witness.clone(), note.clone(), origin.clone());
        let found = blocking(move || witness.look(&name, &text, before)).await;
        let found = found.ok_or("looking broke off")?.map_err(|refused| unusable(&refused))?;
        let found = match found {
            Found::Ahead { known, shown } => {
                let continues = tiles(partner, known, shown).await?;
                let (witness, name) = (self.witness.clone(), origin.clone());
                let judged = blocking(move || witness.judge(&name, &note, continues)).await;
                judged.ok_or("looking broke off")?.map_err(|refused| unusable(&refused))?
            }
            found => found,
        };
        if let Found::Misdeed(Some(news)) = &found {
            self.alarm(&origin, news);
        }
        Ok(())
    }
}

/// Whether its newer tree continues the older, by the hashes that it gives out.
async fn tiles(partner: &Partner, known: (u64, Hash), shown: (u64, Hash)) -> Result<bool, String> {
    let mut tiles = Tiles::new(known, shown);
    let needed = match tiles.judge().map_err(|fault| fault.to_string())? {
        Ok(continues) => return Ok(continues),
        Err(needed) if needed.len() > MOST_TILES => return Err("its tree needs more hashes than a tree has".into()),
        Err(needed) => needed,
    };
    for path in needed {
        let hashes = partner.client.tile(&path).await.map_err(|fault| format!("its hashes: {fault}"))?;
        tiles.give(path, hashes.to_vec());
    }
    match tiles.judge().map_err(|fault| fault.to_string())? {
        Ok(continues) => Ok(continues),
        Err(_) => Err("its hashes are not all there".into()),
    }
}

fn unusable(refused: &Refused) -> String {
    match refused {
        Refused::Untrusted => "its checkpoint does not bear the signature of its log".into(),
        _ => "what it gives out is no checkpoint".into(),
    }
}
