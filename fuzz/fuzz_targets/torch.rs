#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    layergate_fuzz::analyze("torch", "models/m.pt", bytes);
});
