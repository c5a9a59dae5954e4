#![no_main]

/// Those with the longest patterns, and one that is searched without any.
const PATHS: [&str; 4] = ["bin/envoy", "bin/redis-server", "lib/libpython3.11.so", "bin/helm"];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let path = PATHS[usize::from(*which) % PATHS.len()];
    layergate_fuzz::analyze("classifier", path, bytes);
});
