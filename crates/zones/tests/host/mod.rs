//! A host whose data changes.

use std::fs;
use std::path::PathBuf;
use zones::fakes::{write_file, write_host};

pub(crate) struct HostData {
    directory: tempfile::TempDir,
}

impl HostData {
    /// A directory of this release, in which Seoul has the rules of `seoul`.
    pub(crate) fn new(version: &str, seoul: &str) -> Self {
        let host = Self { directory: tempfile::tempdir().unwrap() };
        host.write(version, seoul);
        host
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// Replaces every file.
    pub(crate) fn write(&self, version: &str, seoul: &str) {
        write_host(&self.path(), version, &[("Asia/Seoul", seoul), ("ROK", seoul)]).unwrap();
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) {
        write_file(&self.path(), name, bytes).unwrap();
    }

    pub(crate) fn copy(&self, from: &str, to: &str) {
        self.file(to, &fs::read(self.path().join(from)).unwrap());
    }

    /// Leaves the first bytes of a file.
    pub(crate) fn cut(&self, name: &str, bytes: usize) {
        let whole = fs::read(self.path().join(name)).unwrap();
        fs::write(self.path().join(name), &whole[..bytes]).unwrap();
    }

    pub(crate) fn touch(&self, name: &str) {
        self.copy(name, name);
    }

    pub(crate) fn delete(&self, name: &str) {
        fs::remove_file(self.path().join(name)).unwrap();
    }

    pub(crate) fn remove(&self) {
        fs::remove_dir_all(self.path()).unwrap();
    }
}
