//! Reads changed inputs until the time ends, and goes on from those that showed something new.

use std::{
    collections::HashSet,
    env, fs,
    fs::File,
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::fs::FileExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use crypto::digest::{hex, sha256};

use crate::{chance::Chance, change::change, coverage::Coverage};

/// Bytes of an input that is made here.
const BYTES_MAX: usize = 256 * 1024;
/// What any input may take of a core, and what each of its bytes may add: in a build without optimisation.
const TIME_MAX: (Duration, Duration) = (Duration::from_millis(150), Duration::from_micros(4));
/// After this time an input is said to have no end.
const HANG: Duration = Duration::from_mins(1);
/// Inputs that showed something new and are gone on from.
const POOL_MAX: usize = 4_096;
/// Attempts at making an input smaller that fails.
const SHRINKING_MAX: usize = 300;
/// How often somebody who waits is told how far it is.
const PROGRESS: Duration = Duration::from_secs(30);

/// A reader, and what holds of every input.
pub trait Target {
    /// What it is called on the command line, and the folder of its kept inputs.
    const NAME: &'static str;
    /// What means something to the reader.
    const WORDS: &'static [&'static str];

    /// Inputs to begin with, made anew so that they follow what we write.
    fn seeds(&self) -> Vec<Vec<u8>>;

    /// A change that keeps to the form; none when an input has no such form.
    fn change(&self, input: &[u8], chance: &Chance) -> Option<Vec<u8>>;

    /// Reads an input and panics when something does not hold. Tells which way the reader took, in any words.
    fn read(&self, input: &[u8]) -> String;
}

/// What was asked for.
struct Plan {
    time: Duration,
    seed: u64,
    /// Where everything is left that is not in the repository.
    folder: PathBuf,
    /// Whether somebody waits for it, who wants to hear of it and to keep what was found.
    by_hand: bool,
}

impl Plan {
    fn read(name: &str) -> Self {
        let number = |name: &str| env::var_os(name).and_then(|text| text.to_str()?.parse::<u64>().ok());
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().with_file_name("target"), PathBuf::from);
        Self {
            time: Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(1)),
            seed: number("FUZZ_SEED").unwrap_or(1),
            folder: target.join("fuzz").join(name),
            by_hand: env::var_os("FUZZ_COUNTERS").is_some(),
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Reads what is kept, then what is made of it.
pub fn run<T: Target>(target: &T) {
    let plan = Plan::read(T::NAME);
    fs::create_dir_all(&plan.folder).unwrap();
    if let Some(input) = env::var_os("FUZZ_INPUT") {
        eprintln!("{}", target.read(&fs::read(input).unwrap()));
        return;
    }
    let mut session = Session::new(target, &plan);
    let mut kept = files(&root().join("fuzz/corpus").join(T::NAME));
    if plan.by_hand {
        kept.extend(files(&plan.folder.join("found")));
    }
    for input in target.seeds().into_iter().chain(kept) {
        session.read(&input);
        session.pool.push(input);
    }
    let begun = session.pool.len();
    let (begun_at, mut told) = (worked(), Instant::now());
    while worked().saturating_sub(begun_at) < plan.time {
        let input = session.another();
        if session.read(&input) {
            session.keep(input);
        }
        if plan.by_hand && told.elapsed() >= PROGRESS {
            told = Instant::now();
            eprintln!("{}", session.told(begun));
        }
    }
    eprintln!("{}", session.told(begun));
    let _ = fs::remove_file(plan.folder.join("current"));
}

/// The contents of every file in a folder, in the order of their names.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

struct Session<'a, T> {
    target: &'a T,
    plan: &'a Plan,
    chance: Chance,
    pool: Vec<Vec<u8>>,
    ways: HashSet<u64>,
    coverage: Option<Coverage>,
    branches: usize,
    executions: u64,
    begun: Instant,
    /// The input that is read just now, for when the process does not survive it.
    current: File,
    /// When reading it began, for whoever watches; 0 when nothing is read.
    since: Arc<AtomicU64>,
    _watcher: mpsc::Sender<()>,
}

impl<'a, T: Target> Session<'a, T> {
    fn new(target: &'a T, plan: &'a Plan) -> Self {
        let begun = Instant::now();
        let since = Arc::new(AtomicU64::new(0));
        Self {
            target,
            plan,
            chance: Chance::new(plan.seed),
            pool: Vec::new(),
            ways: HashSet::new(),
            coverage: Coverage::open(),
            branches: 0,
            executions: 0,
            begun,
            current: File::create(plan.folder.join("current")).unwrap(),
            _watcher: watch(begun, Arc::clone(&since), plan.folder.join("current")),
            since,
        }
    }

    /// Another input, made of those that are there.
    fn another(&self) -> Vec<u8> {
        let chance = &self.chance;
        // Half of the time one of the newest: what was new once may lead on.
        let newest = self.pool.len().min(32);
        let place =
            if chance.one_in(2) { self.pool.len() - 1 - chance.below(newest) } else { chance.below(self.pool.len()) };
        let mut input = self.pool[place].clone();
        for _ in 0..=chance.below(4) {
            let changed = if chance.one_in(2) { self.target.change(&input, chance) } else { None };
            input = changed.unwrap_or_else(|| {
                let other = &self.pool[chance.below(self.pool.len())];
                change(&input, other, T::WORDS, chance)
            });
        }
        input.truncate(BYTES_MAX);
        input
    }

    /// Reads one input; whether it showed something new.
    fn read(&mut self, input: &[u8]) -> bool {
        let _ = self.current.set_len(input.len() as u64);
        let _ = self.current.write_all_at(input, 0);
        self.since.store(self.begun.elapsed().as_millis() as u64 + 1, Ordering::Relaxed);
        let begun = Instant::now();
        let way = catch_unwind(AssertUnwindSafe(|| self.target.read(input)));
        let took = begun.elapsed();
        self.since.store(0, Ordering::Relaxed);
        self.executions += 1;
        let Ok(way) = way else {
            self.fails(input, "it panics", |input| catch_unwind(AssertUnwindSafe(|| self.target.read(input))).is_err())
        };
        if took > most(input) && self.costs_too_much(input) {
            self.fails(input, "it takes more than in proportion to its size", |input| self.costs_too_much(input));
        }
        let mut hasher = DefaultHasher::new();
        way.hash(&mut hasher);
        let branches = self.coverage.as_mut().map_or(0, Coverage::news);
        self.branches += branches;
        self.ways.insert(hasher.finish()) || branches > 0
    }

    /// Whether reading takes more of a core than it may, at the best of three times: on a busy machine the clock goes on
    /// while others work.
    fn costs_too_much(&self, input: &[u8]) -> bool {
        let least = (0..3).map(|_| {
            let before = worked();
            self.target.read(input);
            worked().saturating_sub(before)
        });
        least.min().is_some_and(|least| least > most(input))
    }

    /// Goes on from an input that showed something new.
    fn keep(&mut self, input: Vec<u8>) {
        if self.plan.by_hand {
            let folder = self.plan.folder.join("found");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(name_of(&input)), &input).unwrap();
        }
        if self.pool.len() < POOL_MAX {
            self.pool.push(input);
        } else {
            let place = self.chance.below(self.pool.len());
            self.pool[place] = input;
        }
    }

    /// Leaves an input that fails as a file, then a smaller one that fails as well, and ends.
    fn fails(&self, input: &[u8], why: &str, still: impl Fn(&[u8]) -> bool) -> ! {
        let folder = self.plan.folder.join("crashers");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name_of(input));
        fs::write(&path, input).unwrap();
        eprintln!("{why}: {}", path.display());
        let small = Self::shrunk(input, still);
        let path = folder.join(format!("{}-small", name_of(input)));
        fs::write(&path, &small).unwrap();
        panic!(
            "{}: {why}: {} bytes in {}\nread it again with: FUZZ_INPUT={} cargo test -p tests --test fuzz {}::\n\
             once mended, keep it in tests/fuzz/corpus/{}",
            T::NAME,
            small.len(),
            path.display(),
            path.display(),
            T::NAME,
            T::NAME,
        )
    }

    fn shrunk(input: &[u8], still: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut small = input.to_vec();
        let mut part = small.len() / 2;
        let mut at = 0;
        for _ in 0..SHRINKING_MAX {
            if part == 0 {
                break;
            }
            if at >= small.len() {
                part /= 2;
                at = 0;
                continue;
            }
            let mut less = small.clone();
            less.drain(at..small.len().min(at + part));
            if still(&less) {
                small = less;
            } else {
                at += part;
            }
        }
        small
    }

    fn told(&self, begun_with: usize) -> String {
        let seconds = self.begun.elapsed().as_secs_f64();
        let branches = if self.coverage.is_some() { format!(", {} branches", self.branches) } else { String::new() };
        format!(
            "{}: {} inputs in {seconds:.0} s ({:.0} a second), begun with {begun_with}, now {}; {} ways{branches}",
            T::NAME,
            self.executions,
            self.executions as f64 / seconds,
            self.pool.len(),
            self.ways.len(),
        )
    }
}

/// What reading an input may take.
fn most(input: &[u8]) -> Duration {
    TIME_MAX.0 + TIME_MAX.1 * input.len() as u32
}

fn name_of(input: &[u8]) -> String {
    hex(&sha256(input))[..16].to_owned()
}

/// How long a core has worked for this thread.
fn worked() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0))
}

/// Ends the process when an input has no end. What it was stands in the file that is named.
fn watch(begun: Instant, since: Arc<AtomicU64>, current: PathBuf) -> mpsc::Sender<()> {
    let (alive, gone) = mpsc::channel();
    thread::spawn(move || {
        while gone.recv_timeout(Duration::from_secs(1)) == Err(mpsc::RecvTimeoutError::Timeout) {
            let since = since.load(Ordering::Relaxed);
            if since > 0 && begun.elapsed().as_millis() as u64 > since + HANG.as_millis() as u64 {
                eprintln!("no end after {} s: {}", HANG.as_secs(), current.display());
                process::exit(101);
            }
        }
    });
    alive
}
