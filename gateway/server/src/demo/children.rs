//! Nodes as processes: started from their configuration files, waited for, stopped together.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::io;

/// How long a node may take to become ready, and to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// A node that runs as a process of its own.
pub struct RunningNode {
    name: String,
    child: Child,
    inner: SocketAddr,
    log: PathBuf,
}

impl RunningNode {
    /// Starts `zorgsluis serve` with this configuration. Its technical log goes to a file.
    pub fn start(name: &str, config: &Path, inner: SocketAddr, log: &Path) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|fault| format!("the own program cannot be found: {fault}"))?;
        let errors = File::create(log).map_err(io(log))?;
        let child = Command::new(program)
            .args(["serve", "--stop-with-input", "--config"])
            .arg(config)
            // The node stops when this pipe ends, also when we are killed.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .map_err(|fault| format!("the node of {name} cannot be started: {fault}"))?;
        Ok(RunningNode { name: name.to_owned(), child, inner, log: log.to_owned() })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the node says that it is ready.
    pub fn wait_ready(&mut self) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Ok(Some(status)) = self.child.try_wait() {
                let said = std::fs::read_to_string(&self.log).unwrap_or_default();
                let last = said.lines().last().unwrap_or("nothing was said");
                return Err(format!("the node of {} ended at its start ({status}): {last}", self.name));
            }
            if is_ready(self.inner) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(format!(
            "the node of {} is not ready after {} s; see {}",
            self.name,
            PATIENCE.as_secs(),
            self.log.display()
        ))
    }
}

impl Drop for RunningNode {
    /// Asks the node to stop, and ends it when it does not.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        // Already gone, or beyond help: both end here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stops several nodes side by side.
pub fn stop_all(nodes: Vec<RunningNode>) {
    std::thread::scope(|scope| {
        for node in nodes {
            scope.spawn(move || drop(node));
        }
    });
}

/// Whether `GET /health/ready` says 200.
fn is_ready(inner: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&inner, Duration::from_millis(200))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut status = [0_u8; 12];
        stream.read_exact(&mut status)?;
        Ok(&status == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

/// Waits for SIGINT or SIGTERM, or for the end of standard input.
pub fn wait_for_the_end(with_input: bool) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|fault| fault.to_string())?;
    runtime.block_on(crate::serve::stop_signal(with_input));
    // A thread that still waits for input does not hold up the end.
    runtime.shutdown_background();
    Ok(())
}
