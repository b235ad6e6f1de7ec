//! What differs in a container: the program runs under a number that has no name, on a directory that may be another
//! user's, and listens on every network.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

/// As OpenShift runs containers: any user, of the group of root.
const USER: u32 = 1_234_567;

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// A data directory for the group of root, and a program that any user may run.
struct Anyone {
    place: Place,
    program: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

impl Anyone {
    /// `None`, with a line that says so, where this test does not run as root and cannot become somebody else.
    fn new() -> Option<Self> {
        if !is_root() {
            #[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
            {
                println!("skipped: only root can run a program as another user");
            }
            return None;
        }
        let place = Place::new();
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("yaksok");
        let built = place.yaksok(&[]).get_program().to_owned();
        if fs::hard_link(&built, &program).is_err() {
            fs::copy(&built, &program).unwrap();
        }
        let open = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        open(folder.path(), 0o755);
        open(&program, 0o755);
        open(place.site.path(), 0o755);
        open(place.data.path(), 0o770);
        Some(Self { place, program, _folder: folder })
    }

    fn command(&self, arguments: &[&str], user: u32) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args([&format!("--reuid={user}"), "--regid=0", "--clear-groups", "--"])
            .arg(&self.program)
            .args(arguments)
            .env_clear()
            .envs(self.place.yaksok(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))))
            .current_dir("/");
        command
    }

    fn run(&self, arguments: &[&str], user: u32) -> Output {
        self.command(arguments, user).output().unwrap()
    }
}

#[test]
fn it_runs_under_a_number_without_a_name() {
    let Some(anyone) = Anyone::new() else { return };
    let create =
        ["mentor", "create", "--handle", "lee", "--name", "Lee", "--email", "lee@example.com", "--timezone", "UTC"];
    let migrated = anyone.run(&["migrate"], USER);
    assert!(migrated.status.success(), "{}", said(&migrated));
    let made = anyone.run(&create, USER);
    assert!(made.status.success(), "{}", said(&made));

    let port = free_port();
    let mut command = anyone.command(&["serve"], USER);
    let log = fs::File::create(anyone.place.data.path().join("server.log")).unwrap();
    command.env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}")).stderr(log).process_group(0);
    let mut server = Server { child: command.spawn().unwrap(), port };
    anyone.place.wait_for(&mut server);
    assert_eq!(server.get("/api/v1/mentors/lee", "").status, 200);
    server.signal("-TERM");
    assert!(server.child.wait().unwrap().success());

    // Under another number, the database is somebody else's.
    let other = anyone.run(&["migrate"], USER + 1);
    assert_eq!(other.status.code(), Some(1));
    let chown = format!("chown -R {}:0 {}", USER + 1, anyone.place.data.path().display());
    assert!(said(&other).contains(&chown), "{}", said(&other));
}

#[test]
fn a_directory_of_roots_is_named_with_the_command_that_mends_it() {
    let Some(anyone) = Anyone::new() else { return };
    let data = anyone.place.data.path();
    fs::set_permissions(data, fs::Permissions::from_mode(0o755)).unwrap();
    for command in [&["serve"][..], &["migrate"], &["rotate-keys"], &["restore", "/nowhere"]] {
        let refused = anyone.run(command, USER);
        assert_eq!(refused.status.code(), Some(1), "{command:?}");
        let line = said(&refused);
        assert!(line.contains(&format!("chown -R {USER}:0 {}", data.display())), "{command:?}: {line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
    assert_eq!(fs::read_dir(data).unwrap().count(), 0, "nothing is half started");
    // As the line says.
    chown(data, Some(USER), Some(0)).unwrap();
    let migrated = anyone.run(&["migrate"], USER);
    assert!(migrated.status.success(), "{}", said(&migrated));
}

#[test]
fn it_asks_for_its_public_address() {
    let place = Place::new();
    let refused = place.yaksok(&["serve"]).env("BASE_URL_REQUIRED", "true").env("BASE_URL", "").output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).starts_with("BASE_URL is missing"), "{}", said(&refused));
}

#[test]
fn the_image_is_made_for_any_user_and_names_no_address() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../Dockerfile");
    let text = fs::read_to_string(path).unwrap();
    let lines = |word: &str| text.lines().filter(|line| line.starts_with(word)).collect::<Vec<_>>();
    assert_eq!(lines("USER"), ["USER 10001:0"], "a number, as runAsNonRoot asks for");
    let variables = lines("ENV").concat();
    assert!(
        variables.contains("BASE_URL_REQUIRED=true") && !variables.contains("BASE_URL="),
        "a default would switch the https checks off"
    );
    assert!(text.contains("libnss-wrapper"), "initdb under a number without a name");
}
