#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    layergate_fuzz::analyze("numpy", "models/x.npy", bytes);
});
