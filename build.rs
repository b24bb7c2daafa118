//! How the program is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Where addresses stand is written down in a bit each rather than 24 bytes: 1.2 MB that every start would read.
    println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
}
