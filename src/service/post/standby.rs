//! What is known of the standby: when it last had a copy, and whether it has taken over. Then this machine sends
//! nothing more.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    clock::Moment,
    config::{Settings, Standby},
    disk,
    service::named,
};

pub const ALIVE: &str = "alive.json";
pub const MARK: &str = "taken-over.json";
pub const STATE: &str = "state.json";
pub const LARGEST_BYTES: u64 = 32 << 20;
/// A round comes every five minutes.
const LAG: SignedDuration = SignedDuration::from_mins(15);
/// How long a start waits for the folder: what lies on a network may never answer.
const PATIENCE: Duration = Duration::from_secs(20);
const SSH: &str = "ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15";

/// The last round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alive {
    pub at: Timestamp,
    /// How long the copy is.
    #[serde(default)]
    pub bytes: u64,
    /// Whose copy it is, and how far it goes.
    pub uid: String,
    pub reach: (i64, i64),
}

/// Left by a machine that took over. It knows its own by the moment, whatever the clocks of others say.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Mark {
    pub at: Timestamp,
}

impl Mark {
    /// In a folder. One that is there and cannot be read is somebody's.
    pub fn read(folder: &Path) -> Option<Self> {
        let path = folder.join(MARK);
        let is_there = || path.symlink_metadata().is_ok();
        read_json(&path).unwrap_or_else(|_| is_there().then_some(Self { at: Timestamp::UNIX_EPOCH }))
    }

    /// When another machine took over.
    pub fn of_another(self, took_over: Option<Timestamp>) -> Option<Timestamp> {
        Some(self.at).filter(|at| Some(*at) != took_over)
    }
}

/// What is noted beside the database: a note in it would be a change, and a reason for one more copy.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    to: String,
    /// When the standby last had all that there was.
    pub taken_at: Option<Timestamp>,
    /// The files as they were then.
    pub stamp: Option<String>,
    /// Why the last round came to nothing.
    pub trouble: Option<String>,
    pub taken_over: Option<Timestamp>,
}

pub fn beside(database: &Path, name: &str) -> PathBuf {
    named(database, ".standby").join(name)
}

pub fn local(at: Timestamp, settings: &Settings) -> String {
    settings.timezone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `None` if it is not there.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match disk::read_plain(path, LARGEST_BYTES) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        text => Ok(Some(serde_json::from_str(&text?)?)),
    }
}

pub fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let temporary = named(path, &format!(".{}.partial", std::process::id()));
    disk::replace(path, &temporary, 0o600, serde_json::to_string(value)?.as_bytes())
}

impl State {
    pub fn read(settings: &Settings) -> Self {
        let to = settings.standby.as_ref().map(Standby::to_string).unwrap_or_default();
        let known = read_json::<Self>(&beside(&settings.database, STATE)).ok().flatten();
        known.filter(|known| known.to == to).unwrap_or(Self { to, ..Self::default() })
    }

    pub fn write(&self, settings: &Settings) -> io::Result<()> {
        disk::make_private(&named(&settings.database, ".standby"))?;
        write_json(&beside(&settings.database, STATE), self)
    }
}

/// What is seen of a standby.
pub struct Seen {
    /// The last round, where it can be read.
    pub alive: io::Result<Option<Alive>>,
    pub mark: Option<Mark>,
}

impl Seen {
    /// An empty folder, as under a mount that is not there, tells nothing, nor does one that is closed.
    pub fn tells(&self) -> bool {
        self.mark.is_some() || matches!(self.alive, Ok(Some(_)))
    }
}

pub fn look(to: &Standby, database: &Path) -> io::Result<Seen> {
    let (folder, is_seen) = match to {
        Standby::Folder(folder) => (folder.clone(), false),
        Standby::Remote(place) => {
            // The service and the timer may look at the same time.
            let seen = beside(database, &format!("seen.{}", std::process::id()));
            let _ = fs::remove_dir_all(&seen);
            disk::make_private(&seen)?;
            let from = [ALIVE, MARK].map(|name| format!("{place}/{name}"));
            let came = rsync(&["--ignore-missing-args", "--", &from[0], &from[1], &format!("{}/", seen.display())]);
            if came.is_err() {
                let _ = fs::remove_dir_all(&seen);
            }
            came?;
            (seen, true)
        }
    };
    // A folder that is not there has no mark to be missed.
    if !folder.is_dir() {
        return Err(io::Error::other("没有这个目录，是不是没有挂载"));
    }
    let seen = Seen { alive: read_json(&folder.join(ALIVE)), mark: Mark::read(&folder) };
    if is_seen {
        let _ = fs::remove_dir_all(&folder);
    }
    Ok(seen)
}

pub fn rsync(args: &[&str]) -> io::Result<()> {
    let mut command = Command::new("rsync");
    command.args(["-t", "--timeout=60", "-e", SSH]).args(args).stdin(Stdio::null());
    let done = command.output().map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => io::Error::other("这台机器没有 rsync，请安装"),
        _ => e,
    })?;
    let said = String::from_utf8_lossy(&done.stderr);
    let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("rsync 没有说原因");
    if done.status.success() { Ok(()) } else { Err(io::Error::other(first.trim().to_owned())) }
}

pub fn words(at: Timestamp, to: &Standby, settings: &Settings) -> String {
    format!(
        "备用机已在 {} 接替（{to} 里的 {MARK}），这台机器不再发信、不再收信。停用它：systemctl disable --now duban；\
         那次接替不作数、仍由这台做的，先停用备用机（systemctl disable --now duban），再删去那个文件，重新启动。",
        local(at, settings)
    )
}

/// Why this machine must not send any more, as was last seen.
pub fn taken_over(settings: &Settings) -> Option<String> {
    let to = settings.standby.as_ref()?;
    State::read(settings).taken_over.map(|at| words(at, to, settings))
}

/// As [`taken_over`], after a look at the folder: before the first letter. Where nothing is to be seen, as in the folder
/// under a mount that is not there, what was last seen counts.
pub fn ask(settings: &Settings, took_over: Option<Timestamp>) -> Option<String> {
    let to = settings.standby.clone()?;
    let (sender, answer) = mpsc::channel();
    let database = settings.database.clone();
    thread::spawn(move || sender.send(look(&to, &database)));
    let answer = answer.recv_timeout(PATIENCE).ok().and_then(io::Result::ok);
    let Some(answer) = answer.filter(Seen::tells) else { return taken_over(settings) };
    let mut state = State::read(settings);
    let seen = answer.mark.and_then(|mark| mark.of_another(took_over));
    if seen != state.taken_over {
        state.taken_over = seen;
        // What was seen counts now, noted or not.
        let _ = state.write(settings);
    }
    Some(words(seen?, settings.standby.as_ref()?, settings))
}

/// That another machine had taken over is no more: this one has.
pub fn forget(settings: &Settings) {
    let _ = fs::remove_file(beside(&settings.database, STATE));
}

/// When the standby last had all that there was.
pub fn taken_at(settings: &Settings) -> Option<Timestamp> {
    State::read(settings).taken_at
}

/// What is wrong with the standby.
pub fn trouble(settings: &Settings, now: &Moment) -> Option<String> {
    let to = settings.standby.as_ref()?;
    let state = State::read(settings);
    if let Some(at) = state.taken_over {
        return Some(words(at, to, settings));
    }
    let Some(at) = state.taken_at else {
        let why = state.trouble.unwrap_or_else(|| "systemctl enable --now duban-standby.timer".to_owned());
        return Some(format!("备用机 {to} 还没有拷过：{why}"));
    };
    let lags = now.at.duration_since(at) > LAG;
    let why = match state.trouble {
        Some(why) => return Some(format!("{}（最近一次拷贝是 {}）", why.trim_end_matches('。'), local(at, settings))),
        None if lags => "看 systemctl status duban-standby.timer".to_owned(),
        None => return None,
    };
    Some(format!("备用机 {to} 最近一次拷贝是 {}：{why}", local(at, settings)))
}
