//! The pages are embedded: the binary is stale when they were built anew.

fn main() {
    println!("cargo:rerun-if-changed=../web/dist");
}
