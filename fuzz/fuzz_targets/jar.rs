#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    layergate_fuzz::analyze("jar", "opt/lib/a-1.0.jar", bytes);
});
