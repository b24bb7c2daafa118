//! Shows at a terminal that something goes on, and how far it is, if it takes longer than two seconds.

use std::{
    fs,
    io::{IsTerminal, Write},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

const FIRST: u64 = 2;

/// Does the work; beside it, a line on standard error counts the seconds, and the bytes that were read and written. Call
/// it behind the gateway, or before it only with what ends before it: there is a second thread.
pub fn shown<T>(what: &str, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    let (end, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || tell(what, &ended));
        let result = work();
        drop(end);
        result
    })
}

fn tell(what: &str, ended: &Receiver<()>) {
    let mut terminal = std::io::stderr();
    let mut wait = FIRST;
    for seconds in FIRST.. {
        if ended.recv_timeout(Duration::from_secs(wait)) != Err(RecvTimeoutError::Timeout) {
            // Without a trace.
            let _ = if seconds > FIRST { write!(terminal, "\r\x1b[K") } else { Ok(()) };
            return;
        }
        let bytes = moved().map(|bytes| format!("，读写了 {} MB", bytes >> 20)).unwrap_or_default();
        let _ = write!(terminal, "\r\x1b[K{what}……{seconds} 秒{bytes}");
        wait = 1;
    }
}

/// What this process has read and written so far, as far as the kernel says it.
fn moved() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/io").ok()?;
    let of = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse::<u64>().ok());
    Some(of("rchar:")? + of("wchar:")?)
}
