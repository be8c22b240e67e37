//! The binary as a process: started on free ports with its state in a folder of its own, waited for, ended.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use conformance::ready::Ready;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

/// The binary under test.
pub const ZORGSLUIS: &str = env!("CARGO_BIN_EXE_zorgsluis");

const READY_WITHIN: Duration = Duration::from_secs(60);
const STOPS_WITHIN: Duration = Duration::from_secs(30);
/// Ports above the first that `demo` and `try` may use.
const PORTS: u16 = 160;

/// `demo` or `try`, running.
pub struct Program {
    child: Child,
    state: TempDir,
}

impl Program {
    pub fn demo() -> Self {
        Self::start(&["demo"])
    }

    pub fn try_out(upstreams: &[&str], version: &str) -> Self {
        let mut arguments = vec!["try", "--fhir-version", version];
        for upstream in upstreams {
            arguments.extend(["--upstream", upstream]);
        }
        Self::start(&arguments)
    }

    /// Starts it and waits until it is ready. Ports can be taken between looking and listening: then it is tried again.
    fn start(arguments: &[&str]) -> Self {
        for _ in 0..5 {
            let state = tempfile::tempdir().unwrap();
            let mut child = Command::new(ZORGSLUIS)
                .args(arguments)
                .args(["--stop-with-input", "--base-port", &free_ports().to_string()])
                .arg("--state")
                .arg(state.path().join("state"))
                .arg("--ready-file")
                .arg(state.path().join("ready.json"))
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(File::create(state.path().join("errors")).unwrap())
                .spawn()
                .unwrap();
            let begun = Instant::now();
            while begun.elapsed() < READY_WITHIN {
                if state.path().join("ready.json").exists() {
                    return Program { child, state };
                }
                if child.try_wait().unwrap().is_some() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            end(&mut child);
            let said = std::fs::read_to_string(state.path().join("errors")).unwrap();
            assert!(said.contains("ended at its start") || said.contains("in use"), "not ready: {said}");
        }
        panic!("no free ports");
    }

    pub fn ready(&self) -> Ready {
        Ready::read(&self.state.path().join("ready.json")).unwrap()
    }

    /// Ends it as a parent that goes away would, and holds that it ends well.
    pub fn stop(mut self) {
        self.finish();
    }

    /// Stops it and keeps its state.
    pub fn into_state(mut self) -> TempDir {
        self.finish();
        std::mem::replace(&mut self.state, tempfile::tempdir().unwrap())
    }

    fn finish(&mut self) {
        let status = end(&mut self.child);
        assert!(status.success(), "it ended with {status}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Closes its input and waits; kills it when that does not help.
fn end(child: &mut Child) -> ExitStatus {
    drop(child.stdin.take());
    let begun = Instant::now();
    while begun.elapsed() < STOPS_WITHIN {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap()
}

/// One node, from its configuration file.
pub struct Served {
    child: Child,
    pub errors: PathBuf,
}

impl Served {
    /// Starts it and waits until it is ready.
    pub fn start(config: &Path, inner: &str) -> Self {
        let errors = config.with_extension("errors");
        let mut child = Command::new(ZORGSLUIS)
            .args(["serve", "--stop-with-input", "--config"])
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let inner: SocketAddr = inner.trim_start_matches("http://").parse().unwrap();
        let begun = Instant::now();
        while !is_ready(inner) {
            let ended = child.try_wait().unwrap();
            let said = || std::fs::read_to_string(&errors).unwrap();
            assert!(ended.is_none() && begun.elapsed() < READY_WITHIN, "the node is not ready: {}", said());
            std::thread::sleep(Duration::from_millis(10));
        }
        Served { child, errors }
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn is_ready(inner: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&inner, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut status = [0_u8; 12];
        stream.read_exact(&mut status)?;
        Ok(&status == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

/// Runs the binary to its end, without input.
pub fn run(arguments: &[&str], config: &Path) -> Output {
    Command::new(ZORGSLUIS).args(arguments).arg("--config").arg(config).stdin(Stdio::null()).output().unwrap()
}

/// `kill -9` of a process that a program of ours started.
pub fn kill(pid: u32) {
    kill_process(process(pid), Signal::KILL).unwrap();
}

/// Whether a process runs.
pub fn runs(pid: u32) -> bool {
    test_kill_process(process(pid)).is_ok()
}

fn process(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
}

/// The first of some ports that are free, below those that the system gives to outgoing connections.
fn free_ports() -> u16 {
    loop {
        let base = 10_000 + u16::try_from(random() % 20_000).unwrap();
        let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (base..base + PORTS).all(free) {
            return base;
        }
    }
}

/// A random number, from the seed that every hash map gets.
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
