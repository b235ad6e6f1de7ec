//! The command line.

use crate::config::Config;
use crate::data_dir;
use crate::edge::{self, Database, Missing, StartError};
use crate::http_server;
use booking::accounts::{self, NewAccount};
use booking::seed::Amounts;
use booking::{Context, Error};
use scheduling::Language;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env::VarError;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

const HELP: &str = "\
Yaksok (약속): booking that you host yourself

  yaksok serve [--demo]    migrate the database, then serve; --demo adds a mentor to an empty database
  yaksok migrate           migrate the database; makes one where there is none
  yaksok mentor create --handle H --name N --email E --timezone Z [--json]
                           add a mentor; prints an API key and a link that logs in once
  yaksok backup FILE [--force]
                           copy everything into FILE, while servers run
  yaksok restore FILE [--force]
                           put a backup back into an empty database; --force replaces what is there
  yaksok seed [--mentors N] [--bookings N] [--force]
                           for measurements: fill an empty database with made-up mentors and bookings
  yaksok rotate-keys       re-encrypt every stored token under CALENDAR_TOKEN_ENCRYPTION_KEY
  yaksok --version
  yaksok --help

Settings come from the environment; README.md lists them. All but serve, migrate and restore fail where DATA_DIR or
DATABASE_URL leads to no database.
";

/// A command line that was understood.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    Serve { demo: bool },
    Migrate,
    CreateMentor { handle: String, name: String, email: String, timezone: String, json: bool },
    RotateKeys,
    Seed { amounts: Amounts, force: bool },
    Backup { file: PathBuf, force: bool },
    Restore { file: PathBuf, force: bool },
    Version,
    Help,
}

fn parse(arguments: &[&str]) -> Result<Command, String> {
    match arguments {
        ["serve"] => Ok(Command::Serve { demo: false }),
        ["serve", "--demo"] => Ok(Command::Serve { demo: true }),
        ["migrate"] => Ok(Command::Migrate),
        ["backup", file] => Ok(Command::Backup { file: file.into(), force: false }),
        ["backup", file, "--force"] => Ok(Command::Backup { file: file.into(), force: true }),
        ["restore", file] => Ok(Command::Restore { file: file.into(), force: false }),
        ["restore", file, "--force"] => Ok(Command::Restore { file: file.into(), force: true }),
        ["rotate-keys"] => Ok(Command::RotateKeys),
        ["--version" | "-V"] => Ok(Command::Version),
        ["--help" | "-h" | "help"] => Ok(Command::Help),
        ["mentor", "create", rest @ ..] => create_mentor(rest),
        ["seed", rest @ ..] => seed(rest),
        [] => Err("a command is missing".into()),
        [first, ..] => Err(format!("`{first}` with these arguments is not a command")),
    }
}

fn create_mentor(arguments: &[&str]) -> Result<Command, String> {
    let names = ["--handle", "--name", "--email", "--timezone"];
    let mut values: [Option<String>; 4] = Default::default();
    let mut json = false;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if *argument == "--json" {
            json = true;
            continue;
        }
        let (name, inline) = argument.split_once('=').map_or((*argument, None), |(name, value)| (name, Some(value)));
        let at = names.iter().position(|known| *known == name).ok_or_else(|| format!("`{name}` is not an option"))?;
        let value = inline.or_else(|| rest.next().copied()).ok_or_else(|| format!("{name} needs a value"))?;
        values[at] = Some(value.to_owned());
    }
    match values {
        [Some(handle), Some(name), Some(email), Some(timezone)] => {
            Ok(Command::CreateMentor { handle, name, email, timezone, json })
        }
        _ => Err("mentor create needs --handle, --name, --email and --timezone".into()),
    }
}

fn seed(arguments: &[&str]) -> Result<Command, String> {
    let (mut amounts, mut force) = (Amounts::default(), false);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let amount = match *argument {
            "--force" => {
                force = true;
                continue;
            }
            "--mentors" => &mut amounts.mentors,
            "--bookings" => &mut amounts.bookings,
            other => return Err(format!("`{other}` is not an option")),
        };
        let value = rest.next().and_then(|value| value.parse().ok()).filter(|n| *n <= 1_000_000);
        *amount = value.ok_or_else(|| format!("{argument} needs a number, a million at most"))?;
    }
    Ok(Command::Seed { amounts, force })
}

/// Runs what the command line says.
pub(crate) fn run() -> ExitCode {
    let command =
        match arguments().and_then(|arguments| parse(&arguments.iter().map(String::as_str).collect::<Vec<_>>())) {
            Ok(Command::Help) => return say(HELP),
            Ok(Command::Version) => return say(concat!("yaksok ", env!("CARGO_PKG_VERSION"), "\n")),
            Ok(command) => command,
            Err(what) => {
                eprintln!("yaksok: {what}\n\n{HELP}");
                return ExitCode::from(2);
            }
        };
    let unreadable = RefCell::new(BTreeSet::new());
    let config = Config::read(|name| match std::env::var(name) {
        Err(VarError::NotUnicode(_)) => {
            unreadable.borrow_mut().insert(format!("{name} is not UTF-8"));
            None
        }
        value => value.ok(),
    });
    let mut unreadable = unreadable.into_inner();
    let config = match config {
        Ok(config) if unreadable.is_empty() => config,
        refused => {
            unreadable.extend(refused.err().map(|errors| errors.to_string()));
            unreadable.iter().for_each(|line| eprintln!("{line}"));
            return ExitCode::from(2);
        }
    };
    log_to_stderr(&config);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("yaksok: the runtime does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(perform(command, config));
    // A name that is being looked up, or a password that is being hashed, is not waited for.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("yaksok: {error}");
            // As for every variable that cannot be used.
            if matches!(error, StartError::OtherKey) { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// What stands behind the program's name.
fn arguments() -> Result<Vec<String>, String> {
    let not_utf8 = |argument: OsString| format!("the argument `{}` is not UTF-8", argument.display());
    std::env::args_os().skip(1).map(|argument| argument.into_string().map_err(not_utf8)).collect()
}

fn log_to_stderr(config: &Config) {
    let filter = config.log_filter.parse::<EnvFilter>().unwrap_or_else(|_| EnvFilter::new("info"));
    let to = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A line that cannot be written, because the disk is full, is lost. To say so on standard error, too, would panic.
    let to = to.log_internal_errors(false);
    // People read text, machines read JSON.
    if std::io::stderr().is_terminal() { to.init() } else { to.json().init() }
}

/// Standard output is for what was asked for, nothing else.
fn say(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn perform(command: Command, config: Config) -> Result<(), StartError> {
    if matches!(command, Command::Seed { .. }) {
        edge::may_seed(&config)?;
    }
    data_dir::check(&config)?;
    // A backup is put back where no server runs.
    let beside = !matches!(command, Command::Serve { .. } | Command::Restore { .. });
    let missing = match command {
        Command::Serve { .. } | Command::Restore { .. } | Command::Migrate => Missing::Create,
        _ => Missing::Fail,
    };
    let new = config.database_url.is_none() && !store::embedded::exists(&config.data_dir);
    let database = Database::open(&config, beside, missing).await?;
    let done = match command {
        Command::Serve { demo } => match database.listen() {
            Ok(()) => http_server::serve(&config, database.store.clone(), demo).await,
            Err(error) => Err(error),
        },
        Command::CreateMentor { handle, name, email, timezone, json } => {
            let new = NewAccount {
                handle,
                name,
                email,
                timezone,
                headline: None,
                bio: None,
                photo_url: None,
                language: Language::default(),
                format: None,
            };
            let context = edge::context(&config, database.store.clone())?;
            print_new_mentor(&context, &new, json).await
        }
        Command::RotateKeys => {
            let context = edge::context(&config, database.store.clone())?;
            match booking::rotation::rotate(&context).await {
                Ok(count) => {
                    say(&format!("re-encrypted {count} tokens under the current key\n"));
                    Ok(())
                }
                Err(error) => Err(StartError::Other(error.to_string())),
            }
        }
        Command::Seed { amounts, force } => edge::seed(&config, &database, amounts, force).await.map(|()| {
            say("the database is full of made-up mentors and bookings\n");
        }),
        Command::Backup { file, force } => edge::backup(&config, &database, &file, force).await.map(|()| {
            say(&format!("everything is in {}; keep it as you keep a password\n", file.display()));
        }),
        Command::Restore { file, force } => edge::restore(&config, &database, &file, force).await.map(|()| {
            say(&format!("{} is restored\n", file.display()));
        }),
        Command::Migrate => {
            if new {
                say(&format!("a new database was made in {}\n", edge::absolute(&config.data_dir).display()));
            }
            say("the database is up to date\n");
            Ok(())
        }
        Command::Version | Command::Help => Ok(()),
    };
    database.close().await;
    done
}

async fn print_new_mentor(context: &Context, new: &NewAccount, json: bool) -> Result<(), StartError> {
    let (account, key) = accounts::create(context, new).await.map_err(in_words)?;
    let (login_url, _) = accounts::login_link(context, &account.handle).await.map_err(in_words)?;
    if json {
        let value = serde_json::json!({
            "id": account.id, "handle": account.handle, "name": account.name, "email": account.email,
            "timezone": account.timezone, "api_key": key.reveal(), "login_url": login_url,
        });
        say(&format!("{value}\n"));
    } else {
        say(&format!(
            "mentor   {}\nAPI key  {}   (shown this once)\nlog in   {login_url}   (works once, 15 minutes)\n",
            account.handle,
            key.reveal(),
        ));
    }
    Ok(())
}

fn in_words(error: Error) -> StartError {
    let text = match error {
        Error::Invalid(errors) => {
            errors.iter().map(|error| format!("--{}: {}", error.field, error.message)).collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    };
    StartError::Other(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_help_says() {
        assert_eq!(parse(&["serve", "--demo"]), Ok(Command::Serve { demo: true }));
        let create = parse(&[
            "mentor",
            "create",
            "--json",
            "--handle",
            "kim",
            "--name=김 멘토",
            "--email",
            "k@x.kr",
            "--timezone",
            "Asia/Seoul",
        ]);
        assert!(matches!(create, Ok(Command::CreateMentor { json: true, name, .. }) if name == "김 멘토"));
        let amounts = Amounts { mentors: 7, ..Amounts::default() };
        assert_eq!(parse(&["seed", "--force", "--mentors", "7"]), Ok(Command::Seed { amounts, force: true }));
    }

    #[test]
    fn says_what_is_missing() {
        for wrong in [
            &["mentor", "create", "--handle"][..],
            &["mentor", "create"],
            &["serve", "now"],
            &[],
            &["mentor", "create", "--what", "x"],
            &["seed", "--mentors"],
            &["seed", "--mentors", "-1"],
            &["seed", "--bookings", "1000001"],
            &["seed", "now"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
