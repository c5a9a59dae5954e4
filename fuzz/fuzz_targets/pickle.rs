#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    layergate_fuzz::analyze("pickle", "models/m.pt", bytes);
});
