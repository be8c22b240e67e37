//! The network between both sides, its weather, and the axe: what becomes of each message, who is killed when, all of it by
//! one row of dice.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use exchange::Inbound;
use exchange::ports::Clock;
use fhir::Ura;
use time::OffsetDateTime;

use super::super::testing::{OTHER, OWN, ura};
use super::side::Side;

/// Either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Sender,
    Receiver,
}

impl Who {
    pub fn ura(self) -> Ura {
        ura(match self {
            Who::Sender => OTHER,
            Who::Receiver => OWN,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Who::Sender => "Maasdal",
            Who::Receiver => "De Linde",
        }
    }

    pub fn other(self) -> Who {
        match self {
            Who::Sender => Who::Receiver,
            Who::Receiver => Who::Sender,
        }
    }
}

/// What becomes of a question and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Answered,
    QuestionLost,
    AnswerLost,
    /// It arrives twice; the second answer counts.
    Doubled,
    /// Whoever asked waits no longer when it arrives.
    Late,
    /// Whoever asked is killed before the question leaves, or before the answer comes.
    AskerKilled {
        arrives: bool,
    },
    /// Whoever is asked is killed before it arrives, or before it answers.
    AskedKilled {
        arrives: bool,
    },
}

/// A message that arrives later.
pub enum Late {
    Question(Box<Inbound>),
    Notification { task: String, base: Option<String> },
}

/// What became of something that may be killed.
pub enum Cut<T> {
    Done(T),
    Killed,
}

/// The whole of it.
pub struct Net {
    dice: Mutex<u64>,
    clock: Arc<SimulatedClock>,
    folders: [tempfile::TempDir; 2],
    sides: [Mutex<Option<Arc<Side>>>; 2],
    late: Mutex<Vec<(Who, Late)>>,
    parted: AtomicBool,
    well: AtomicBool,
    killed_asker: AtomicBool,
    kills: AtomicUsize,
    faults: AtomicUsize,
    this: std::sync::Weak<Net>,
}

/// Time passes when it is told to.
pub struct SimulatedClock(AtomicI64);

impl Clock for SimulatedClock {
    fn now(&self) -> OffsetDateTime {
        let nanos = i128::from(self.0.load(Ordering::SeqCst)) * 1_000_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap()
    }
}

impl Net {
    pub fn new(seed: u64) -> Arc<Self> {
        let folder = || tempfile::tempdir().unwrap();
        Arc::new_cyclic(|this| Net {
            dice: Mutex::new(seed),
            // Some day in 2026.
            clock: Arc::new(SimulatedClock(AtomicI64::new(1_780_000_000_000))),
            folders: [folder(), folder()],
            sides: [Mutex::new(None), Mutex::new(None)],
            late: Mutex::default(),
            parted: AtomicBool::new(false),
            well: AtomicBool::new(false),
            killed_asker: AtomicBool::new(false),
            kills: AtomicUsize::new(0),
            faults: AtomicUsize::new(0),
            this: this.clone(),
        })
    }

    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// A number below this one (SplitMix64).
    pub fn below(&self, bound: u64) -> u64 {
        let mut state = self.dice.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub fn pass(&self, milliseconds: u64) {
        self.clock.0.fetch_add(i64::try_from(milliseconds).unwrap(), Ordering::SeqCst);
    }

    /// The sides are parted, or meet again.
    pub fn weather(&self) {
        self.parted.fetch_xor(true, Ordering::SeqCst);
    }

    pub fn heal(&self) {
        self.parted.store(false, Ordering::SeqCst);
        self.well.store(true, Ordering::SeqCst);
    }

    pub fn counts(&self) -> (usize, usize) {
        (self.kills.load(Ordering::SeqCst), self.faults.load(Ordering::SeqCst))
    }

    pub fn is_quiet(&self) -> bool {
        self.late.lock().unwrap().is_empty()
    }

    /// What becomes of the next message.
    pub fn fate(&self) -> Fate {
        if self.well.load(Ordering::SeqCst) {
            return Fate::Answered;
        }
        let fate = match self.below(20) {
            _ if self.parted.load(Ordering::SeqCst) => Fate::QuestionLost,
            0 | 1 => Fate::QuestionLost,
            2 | 3 => Fate::AnswerLost,
            4 | 5 => Fate::Doubled,
            6 => Fate::Late,
            7 => Fate::AskerKilled { arrives: false },
            8 => Fate::AskerKilled { arrives: true },
            9 => Fate::AskedKilled { arrives: false },
            10 => Fate::AskedKilled { arrives: true },
            _ => Fate::Answered,
        };
        self.faults.fetch_add(usize::from(fate != Fate::Answered), Ordering::SeqCst);
        fate
    }

    /// A side, opened from its disk when it was killed before.
    pub async fn side(&self, who: Who) -> Arc<Side> {
        if let Some(side) = self.alive(who) {
            return side;
        }
        let net = self.this.upgrade().unwrap();
        let folder = self.folders[who as usize].path().to_owned();
        // It waits until what was under way when it was killed is over.
        let opened = tokio::task::spawn_blocking(move || Side::open(&folder, who, &net)).await.unwrap();
        *self.sides[who as usize].lock().unwrap() = Some(opened.clone());
        opened
    }

    pub fn alive(&self, who: Who) -> Option<Arc<Side>> {
        self.sides[who as usize].lock().unwrap().clone()
    }

    pub fn kill(&self, who: Who) {
        self.kills.fetch_add(1, Ordering::SeqCst);
        *self.sides[who as usize].lock().unwrap() = None;
    }

    /// Whoever asks is killed: nothing after this happens.
    pub async fn kill_asker(&self) {
        self.killed_asker.store(true, Ordering::SeqCst);
        std::future::pending().await
    }

    pub fn keep_late(&self, to: Who, late: Late) {
        self.late.lock().unwrap().push((to, late));
    }

    /// One message that was under way for long arrives. Nobody waits for its answer.
    pub async fn deliver_late(&self) {
        let next = {
            let mut late = self.late.lock().unwrap();
            if late.is_empty() || self.parted.load(Ordering::SeqCst) {
                return;
            }
            let at = usize::try_from(self.below(late.len() as u64)).unwrap();
            late.swap_remove(at)
        };
        let side = self.side(next.0).await;
        match next.1 {
            Late::Question(inbound) => drop((side.runs())(*inbound).await),
            Late::Notification { task, base } => drop(side.told(&task, base.as_deref()).await),
        }
    }

    /// Does something at a side that may be killed at it: at a message, or after so many waits for its disk.
    pub async fn under_the_axe<T>(&self, who: Who, work: impl Future<Output = T>) -> Cut<T> {
        let falls = !self.well.load(Ordering::SeqCst) && self.below(8) == 0;
        let waits = if falls { Some(1 + self.below(30)) } else { None };
        let axe = Axe { work: Box::pin(work), waits, killed: &self.killed_asker };
        let cut = axe.await;
        if let Cut::Killed = cut {
            self.kill(who);
        }
        cut
    }
}

/// Has something done that goes on whether or not anybody waits for it.
pub fn apart(work: impl FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send + 'static) {
    // The other side's stack is not one that may change threads; this whole simulation is one thread.
    tokio::task::spawn_local(async move { work().await });
}

/// Some work, until it is done or cut off.
struct Axe<'n, F> {
    work: Pin<Box<F>>,
    /// How often it may still be woken.
    waits: Option<u64>,
    killed: &'n AtomicBool,
}

impl<F: Future> Future for Axe<'_, F> {
    type Output = Cut<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(waits) = &mut self.waits {
            if *waits == 0 {
                return Poll::Ready(Cut::Killed);
            }
            *waits -= 1;
        }
        match self.work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Cut::Done(done)),
            Poll::Pending if self.killed.swap(false, Ordering::SeqCst) => Poll::Ready(Cut::Killed),
            Poll::Pending => Poll::Pending,
        }
    }
}
