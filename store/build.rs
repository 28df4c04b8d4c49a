//! Compiles the store again when a migration is added: `migrate!` watches only
//! the files that it found the last time.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
