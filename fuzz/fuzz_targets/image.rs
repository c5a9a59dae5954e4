#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    layergate_fuzz::scan_image(&layergate_fuzz::with_checksums(bytes));
});
