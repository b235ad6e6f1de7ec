//! Whether this process may write to `DATA_DIR`, asked before anything is started.

use crate::config::Config;
use crate::edge::StartError;
use rustix::process::{getegid, geteuid};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

/// Makes `DATA_DIR` where it is missing, and checks that this user may write there and owns the database in it.
///
/// # Errors
/// Where that is not so: with the command that mends it. A directory that is mounted into a container often belongs to root.
pub(crate) fn check(config: &Config) -> Result<(), StartError> {
    let needs_none = config.database_url.is_some() && config.seal_key.is_some() && !config.mail_in_files();
    if needs_none {
        return Ok(());
    }
    match try_to_write(&config.data_dir) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied) => Err(not_ours(&config.data_dir)),
        Err(error) => Err(StartError::File(format!("writing to {}", config.data_dir.display()), error)),
    }
}

fn try_to_write(data_dir: &Path) -> io::Result<()> {
    if !data_dir.is_dir() {
        fs::DirBuilder::new().recursive(true).mode(0o711).create(data_dir)?;
    }
    // The file that says that a server uses the directory, see `store::embedded`.
    File::options().append(true).create(true).open(data_dir.join("lock"))?;
    let database = data_dir.join("postgres");
    let me = geteuid();
    // Root gives the database to another user by itself.
    if !me.is_root() && fs::metadata(database).is_ok_and(|found| found.uid() != me.as_raw()) {
        return Err(ErrorKind::PermissionDenied.into());
    }
    Ok(())
}

fn not_ours(data_dir: &Path) -> StartError {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    let path = data_dir.display();
    let owner =
        fs::metadata(data_dir).map(|found| format!(" (it belongs to user id {})", found.uid())).unwrap_or_default();
    StartError::Other(format!(
        "DATA_DIR={path} does not belong to user id {user}, who runs this{owner}. Run, as root:  chown -R {user}:{group} {path}  \
         (for a container: on the host, with the path of the directory that is mounted there)"
    ))
}
