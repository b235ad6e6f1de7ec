//! The program carries the migrations: a new file is a new program.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
