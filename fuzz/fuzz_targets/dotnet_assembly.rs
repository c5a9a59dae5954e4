#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    layergate_fuzz::analyze("dotnet-assembly", "app/A.dll", bytes);
});
