#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| duban_fuzz::document(bytes));
