//! Compiles the store again when a migration is added: `migrate!` watches only
//! the files that it found the last time.
#![expect(clippy::print_stdout, reason = "a build script speaks to cargo on its standard output")]

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
