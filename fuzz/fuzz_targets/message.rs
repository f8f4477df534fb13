#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tallykey_fuzz::message(data));
