//! How the program is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Where addresses stand is written down in a bit each rather than 24 bytes: 1.2 MB that every start would read.
    println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    // What a service runs lies side by side, or most of the program would be resident: benches/layout.py.
    println!("cargo:rerun-if-changed=layout.ld");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{here}/layout.ld");
    }
}
