//! Scripts. `deploy/install.sh`: a release is put in place, switched to and back, also under a server that runs.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::*;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn install(place: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(Path::new(ROOT).join("deploy/install.sh"));
    command.args(arguments).env("INSTALL_TO", place).output().unwrap()
}

/// A release with a page's file that says `text`. The program is the real one, without what debuggers read.
fn release(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("site/pkg")).unwrap();
    fs::write(folder.path().join("site/robots.txt"), text).unwrap();
    fs::write(folder.path().join("hash.txt"), format!("css: {text}\n")).unwrap();
    let built = Place::new().yaksok(&[]).get_program().to_owned();
    let stripped = Command::new("strip").arg("-o").arg(folder.path().join("yaksok")).arg(built).status().unwrap();
    assert!(stripped.success());
    folder
}

#[track_caller]
fn done(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

fn text(place: &Path) -> String {
    fs::read_to_string(place.join("current/site/robots.txt")).unwrap()
}

fn releases(place: &Path) -> usize {
    fs::read_dir(place.join("releases")).unwrap().count()
}

#[test]
fn releases_are_switched_under_a_server_that_runs_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("opt");
    let [first, second, third] = ["first", "second", "third"].map(release);
    let dist = |release: &TempDir| release.path().to_str().unwrap().to_owned();
    done(&install(&place, &[&dist(&first)]));
    assert_eq!(text(&place), "first");
    assert!(!install(&place, &["--rollback"]).status.success(), "there is none before");

    // The server that runs keeps its own files, and the next one starts with the new ones.
    let home = Place::new();
    let serve = || {
        let port = free_port();
        let mut command = Command::new(place.join("current/yaksok"));
        let kept = home.yaksok(&[]);
        let settings = kept.get_envs().filter(|(name, _)| *name != "LEPTOS_SITE_ROOT");
        command.arg("serve").env_clear().envs(settings.filter_map(|(name, value)| Some((name, value?))));
        let log = fs::File::options().create(true).append(true).open(home.data.path().join("server.log")).unwrap();
        command.env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}")).stderr(log);
        let mut server = Server { child: command.spawn().unwrap(), port };
        home.wait_for(&mut server);
        server
    };
    let mut server = serve();
    done(&install(&place, &[&dist(&second)]));
    assert_eq!(text(&place), "second");
    assert_eq!(server.get("/robots.txt", "").body, "first");
    server.signal("-TERM");
    assert!(server.child.wait().unwrap().success());
    assert_eq!(serve().get("/robots.txt", "").body, "second");

    // Back, and forth again.
    done(&install(&place, &["--rollback"]));
    assert_eq!(text(&place), "first");
    done(&install(&place, &["--rollback"]));
    assert_eq!(text(&place), "second");

    // Installed again, nothing is nested or lost; of three, two stay.
    done(&install(&place, &[&dist(&second)]));
    assert!(!place.join("current/dist").exists() && !place.join("dist").exists());
    assert_eq!((text(&place), releases(&place)), ("second".into(), 2));
    done(&install(&place, &[&dist(&third)]));
    assert_eq!((text(&place), releases(&place)), ("third".into(), 2));
    done(&install(&place, &["--rollback"]));
    assert_eq!(text(&place), "second");
}

#[test]
fn what_is_no_release_changes_nothing_and_an_older_way_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let (place, release) = (folder.path(), release("new"));
    assert!(!install(place, &["/nowhere"]).status.success());
    let half = tempfile::tempdir().unwrap();
    fs::create_dir(half.path().join("site")).unwrap();
    let refused = install(place, &[half.path().to_str().unwrap()]);
    assert!(!refused.status.success() && said(&refused).contains("is no release"), "{}", said(&refused));
    assert!(!place.join("current").exists());

    // `cp -r dist /opt/yaksok`, as it was before there was a script.
    let old = self::release("old");
    let copied = Command::new("cp").arg("-r").arg(old.path().join(".")).arg(place).status().unwrap();
    assert!(copied.success());
    done(&install(place, &[release.path().to_str().unwrap()]));
    assert_eq!(text(place), "new");
    done(&install(place, &["--rollback"]));
    assert_eq!(text(place), "old");
}

#[test]
fn a_program_to_test_is_named_from_where_the_caller_stands() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().canonicalize().unwrap();
    for (given, found) in [
        ("dist/yaksok", here.join("dist/yaksok").display().to_string()),
        ("../yaksok", here.join("../yaksok").display().to_string()),
        ("/opt/yaksok", "/opt/yaksok".into()),
        ("", String::new()),
    ] {
        for name in ["YAKSOK", "CHROMIUM", "FAKE_CALENDARS"] {
            let script = format!(r#". "$0"; cd /; bash -c 'printf %s "${name}"'"#);
            let output = Command::new("bash")
                .args(["-euc", &script])
                .arg(Path::new(ROOT).join("scripts/lib.sh"))
                .env(name, given)
                .current_dir(&here)
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), found, "{name}={given}: {}", said(&output));
        }
    }
}
