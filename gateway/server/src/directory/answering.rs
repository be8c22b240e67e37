//! Answers the command line while the node runs: the copy of the directories is open here, and nobody else can open it.
//!
//! A socket in the node's own folder, which only the node's user can enter; that is all the permission there is to ask for.
//! What is told is public: directories name organisations and endpoints.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream as Blocking;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::{AddressBook, Asked, Explained};

/// The longest question, and how long putting and answering it may take.
const QUESTION: u64 = 4 << 10;
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers for as long as it lives.
pub struct Answering {
    task: JoinHandle<()>,
    place: PathBuf,
}

pub fn socket(store: &Path) -> PathBuf {
    super::folder(store).join("ask.sock")
}

impl Answering {
    /// Without a socket the node runs as well; then the command line has to wait until it is stopped.
    pub fn start(place: &Path, book: Arc<AddressBook>) -> Option<Self> {
        // One that was left by a node that was killed: this node holds the folder now.
        let _ = std::fs::remove_file(place);
        let listener = match UnixListener::bind(place) {
            Ok(listener) => listener,
            Err(fault) => {
                tracing::warn!(directory.fault = %fault, "the command line cannot ask this node about directories");
                return None;
            }
        };
        let task = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    // One after another: an operator asks.
                    Ok((stream, _)) => drop(tokio::time::timeout(PATIENCE, answer(stream, &book)).await),
                    Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
                }
            }
        });
        Some(Answering { task, place: place.to_owned() })
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.place);
    }
}

async fn answer(stream: UnixStream, book: &Arc<AddressBook>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    tokio::io::BufReader::new(read.take(QUESTION)).read_line(&mut line).await?;
    let book = book.clone();
    let told = tokio::task::spawn_blocking(move || tell(&book, line.trim())).await;
    let told = told.unwrap_or_else(|_| Err("the look-up broke off".to_owned()));
    let text = serde_json::to_string(&told).unwrap_or_default();
    write.write_all(text.as_bytes()).await?;
    write.write_all(b"\n").await
}

/// What a line asks: about an organisation, or about the directories when it is empty.
fn tell(book: &AddressBook, line: &str) -> Result<Explained, String> {
    if line.is_empty() {
        return Ok(overview(book));
    }
    let asked: Asked = serde_json::from_str(line).map_err(|_| "that is no question".to_owned())?;
    book.explain(&asked)
}

/// Every directory, with how old what is known of it is.
pub fn overview(book: &AddressBook) -> Explained {
    let states = book.states().unwrap_or_default();
    let steps = states.iter().map(|state| {
        let well = state.complete && state.fault.is_none() && state.refused == 0;
        (well, super::source(state, audit::Language::English))
    });
    Explained { steps: steps.collect(), address: None, conclusion: format!("{} directories.", states.len()) }
}

/// Asks a node that runs. Nothing when none does.
pub fn ask(place: &Path, asked: Option<&Asked>) -> Option<Result<Explained, String>> {
    let mut stream = Blocking::connect(place).ok()?;
    let put = |stream: &mut Blocking| -> std::io::Result<String> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let question = asked.map(|asked| serde_json::to_string(asked).unwrap_or_default()).unwrap_or_default();
        writeln!(stream, "{question}")?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer)?;
        Ok(answer)
    };
    let answer = put(&mut stream).map_err(|fault| format!("the node does not answer: {fault}"));
    Some(answer.and_then(|answer| {
        serde_json::from_str(&answer).unwrap_or_else(|_| Err("the node answers something else".to_owned()))
    }))
}
