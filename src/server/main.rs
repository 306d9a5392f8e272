//! `guosuo`: serve, look after, and, unless built without the feature, demonstrate.

use std::{ffi::OsString, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use server::{commands, safety, settings::Settings, telemetry};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long what nobody waits for any more may hold up the end of the program.
const REST_ENDS_WITHIN: Duration = Duration::from_secs(1);

/// One login for a whole city, electronic licences with legal effect, and a check that anyone can make.
#[derive(Parser)]
#[command(name = "guosuo", version, about)]
struct Arguments {
    /// A TOML file with settings; `guosuo settings` prints them all.
    #[arg(long, value_name = "FILE", global = true, help_heading = "Settings")]
    config: Option<PathBuf>,
    /// One setting, such as `listen=127.0.0.1:9000`; wins over all others; repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE", global = true, help_heading = "Settings")]
    set: Vec<String>,
    /// Whom the command acts for: an operator, whose password is asked for.
    #[arg(long = "as", value_name = "USERNAME", global = true, help_heading = "Settings")]
    acting_as: Option<String>,
    /// What is listed, shown or added, as an object of JSON on a line.
    #[arg(long, global = true, help_heading = "Settings")]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything on this machine with a seeded city; print what to open.
    #[cfg(feature = "demo")]
    Demo(commands::demo::Arguments),
    /// Serve until asked to stop.
    Serve,
    /// Read strangers' files from standard input (started by `serve`).
    #[command(hide = true)]
    Examine,
    /// Make the database, or bring its schema up to date.
    Migrate,
    /// Check settings, database, keys and event log, and say what is wrong, damaged or unsafe.
    Doctor(commands::doctor::Arguments),
    /// Register the first operator of an empty database and print a password.
    Bootstrap(commands::bootstrap::Arguments),
    /// Applications of departments.
    #[command(subcommand)]
    Client(commands::client::Command),
    /// Persons and their accounts.
    #[command(subcommand)]
    Person(commands::person::Command),
    /// Departments and companies.
    #[command(subcommand)]
    Organisation(commands::organisation::Command),
    /// Who works for a department.
    #[command(subcommand)]
    Staff(commands::staff::Command),
    /// Electronic seals of departments.
    #[command(subcommand)]
    Seal(commands::seal::Command),
    /// What licences there are, and who issues them.
    #[command(subcommand)]
    LicenceType(commands::licence_type::Command),
    /// Keys and certificates.
    #[command(subcommand)]
    Keys(commands::keys::Command),
    /// Whom commands act for.
    #[command(subcommand)]
    Operator(commands::operator::Command),
    /// Put what is older than the settings say into the archive's files, now.
    Archive,
    /// Check that nothing in the event log was removed or changed, and that everything else is as it says.
    Audit(commands::audit::Arguments),
    /// Write everything as it is now into a folder, beside a running server; or list the backups.
    ///
    /// Needed: the settings of the server (`--config`, `--set`), its keys (the folder `keys` and the envelope key), and a
    /// folder to which this account may write, best on another disk. The keys are not in the backup unless `--with-keys`
    /// says so: without a copy of them nobody opens what is in it. Fonts and the archive's files are in none.
    #[command(verbatim_doc_comment)]
    Backup(commands::backup::Arguments),
    /// Put a backup back where there is nothing, or check one and rehearse it.
    ///
    /// Needed: settings that name an empty or missing database and a data folder without keys, with the server stopped; the
    /// keys in the backup (`--with-keys`), or copied to where the settings say. Then `guosuo doctor`, and `guosuo serve`.
    /// `--verify` and `--rows` go on beside a running server and its own database.
    #[command(verbatim_doc_comment)]
    Restore(commands::restore::Arguments),
    /// Print who may call which route, as a page of the documentation.
    Access,
    /// Print every kind of events that the log can hold, as a page for auditors; or what a request left in it.
    Events(commands::events::Arguments),
    /// Print every setting with its default, as a TOML file.
    Settings,
    /// One of the demonstration's relying parties (started by `demo`).
    #[cfg(feature = "demo")]
    #[command(hide = true)]
    Department {
        /// Its configuration, JSON.
        file: PathBuf,
        /// Ends when its standard input does: with whoever started it.
        #[arg(long)]
        until_input_ends: bool,
    },
}

impl Command {
    /// Whether what it says are objects, which a program may read.
    fn has_objects(&self) -> bool {
        use commands::{keys, licence_type, organisation, person, seal, staff};
        match self {
            Self::Client(_) => true,
            Self::Keys(command) => matches!(command, keys::Command::List),
            Self::LicenceType(command) => matches!(command, licence_type::Command::List),
            Self::Organisation(command) => matches!(
                command,
                organisation::Command::Add(_)
                    | organisation::Command::Edit(_)
                    | organisation::Command::List { .. }
                    | organisation::Command::Show(_)
            ),
            Self::Person(command) => matches!(command, person::Command::Add(_) | person::Command::Show { .. }),
            Self::Seal(command) => matches!(command, seal::Command::List { .. }),
            Self::Staff(command) => matches!(command, staff::Command::Appoint(_) | staff::Command::List { .. }),
            _ => false,
        }
    }
}

/// The arguments with every `--set` in front: one before the command and one behind it both count, while the parser would
/// keep the last place only.
fn with_settings_first(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    let mut arguments = arguments;
    first.extend(arguments.next());
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            rest.push(argument);
            rest.extend(arguments.by_ref());
        } else if argument == "--set" {
            first.push(argument);
            first.extend(arguments.next());
        } else if argument.to_str().is_some_and(|text| text.starts_with("--set=")) {
            first.push(argument);
        } else {
            rest.push(argument);
        }
    }
    first.extend(rest);
    first
}

fn main() -> ExitCode {
    // What somebody left open for this program is not meant for those that it starts.
    close_fds::set_fds_cloexec(3, &[]);
    safety::leave_no_core();
    let arguments = Arguments::parse_from(with_settings_first(std::env::args_os()));
    // A process that reads files is told nothing of settings, starts no threads, and has nobody to tell.
    if matches!(arguments.command, Command::Examine) {
        return if examiner::worker::run().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let ran = run(arguments);
    // There may be nobody to tell.
    telemetry::end(ran.as_ref().err().map(|error| format!("guosuo: {error:#}")).as_deref());
    if ran.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    if arguments.json {
        anyhow::ensure!(arguments.command.has_objects(), "--json: this command lists, shows and adds nothing");
        commands::speak_json();
    }
    let acting_as = arguments.acting_as.iter().map(|username| format!("operator.as={username}"));
    let set: Vec<String> = arguments.set.iter().cloned().chain(acting_as).collect();
    let settings = Settings::load(arguments.config.as_deref(), std::env::vars(), &set)?;
    telemetry::start(settings.text(&server::settings::LOG_FORMAT), settings.text(&server::settings::LOG_FILTER))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ran = runtime.block_on(async {
        match arguments.command {
            #[cfg(feature = "demo")]
            Command::Demo(arguments) => commands::demo::run(settings, arguments).await,
            Command::Serve => commands::serve::run(&settings).await,
            Command::Examine => Ok(()),
            Command::Migrate => commands::migrate::run(&settings).await,
            Command::Doctor(arguments) => commands::doctor::run(&settings, arguments).await,
            Command::Bootstrap(arguments) => commands::bootstrap::run(&settings, arguments).await,
            Command::Client(command) => commands::client::run(&settings, command).await,
            Command::Operator(command) => commands::operator::run(&settings, command).await,
            Command::Person(command) => commands::person::run(&settings, command).await,
            Command::Organisation(command) => commands::organisation::run(&settings, command).await,
            Command::Staff(command) => commands::staff::run(&settings, command).await,
            Command::Seal(command) => commands::seal::run(&settings, command).await,
            Command::LicenceType(command) => commands::licence_type::run(&settings, command).await,
            Command::Keys(command) => commands::keys::run(&settings, command).await,
            Command::Archive => commands::archive::run(&settings).await,
            Command::Audit(arguments) => commands::audit::run(&settings, arguments).await,
            Command::Backup(arguments) => commands::backup::run(&settings, arguments).await,
            Command::Restore(arguments) => commands::restore::run(&settings, arguments).await,
            Command::Access => commands::print(&web::kit::access::reference(&web::rows())),
            Command::Events(arguments) => commands::events::run(&settings, arguments).await,
            Command::Settings => commands::print(&server::settings::reference()),
            #[cfg(feature = "demo")]
            Command::Department { file, until_input_ends } => commands::demo::department(&file, until_input_ends).await,
        }
    });
    // Whoever still asks a silent server for the address of a name is not waited for.
    runtime.shutdown_timeout(REST_ENDS_WITHIN);
    ran
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_before_and_behind_the_command_all_count_in_their_order() {
        let check = |given: &str, expected: &[&str]| {
            let given = given.split(' ').map(OsString::from);
            let arguments = Arguments::parse_from(with_settings_first(given));
            assert_eq!(arguments.set, expected);
        };
        check("guosuo --set listen=a serve --set public_url=b", &["listen=a", "public_url=b"]);
        check("guosuo --set=listen=a serve --set listen=b", &["listen=a", "listen=b"]);
        check("guosuo serve", &[]);
        check("guosuo --set=listen=a keys list", &["listen=a"]);
    }
}
