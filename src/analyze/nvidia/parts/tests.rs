//! Which packages bring which part, in which version.

use std::collections::BTreeSet;

use super::{all, of_package};
use crate::model::{Component, Ecosystem};

fn check(ecosystem: Ecosystem, name: &str, version: &str) -> String {
    let Some(part) = of_package(&Component::new(ecosystem, name, version)) else {
        return "-".to_owned();
    };
    let cuda = part.properties.get("cuda").map_or(String::new(), |it| format!(" for {it}"));
    format!("{} {}{cuda}", part.name, part.version)
}

#[test]
fn wheels_are_told_with_and_without_the_cuda_that_they_are_built_for() {
    use Ecosystem::Pypi;
    for (name, version, part) in [
        ("nvidia-cudnn-cu12", "9.1.0.70", "cudnn 9.1.0.70 for 12"),
        ("nvidia-cuda-runtime-cu11", "11.8.89", "cuda-cudart 11.8.89 for 11"),
        ("nvidia-cuda-runtime", "13.0.96", "cuda-cudart 13.0.96"),
        ("nvidia-cublas-cu117", "11.10.1.25", "cublas 11.10.1.25 for 11"),
        ("nvidia-libcal-cu12", "0.4.4.50.post1", "cal 0.4.4.50 for 12"),
        ("tensorrt-cu12-libs", "10.0.1", "tensorrt 10.0.1 for 12"),
        ("tensorrt", "8.6.1.post1", "tensorrt 8.6.1"),
        ("nvidia-dali-cuda120", "1.37.1", "dali 1.37.1 for 12"),
        ("tensorrt-llm", "0.12.0", "tensorrt-llm 0.12.0"),
        ("cutensor-cu12", "2.2.0", "cutensor 2.2.0 for 12"),
    ] {
        assert_eq!(check(Pypi, name, version), part, "{name}");
    }
}

#[test]
fn what_only_looks_like_a_part_is_none() {
    use Ecosystem::{Conda, Deb, Npm, Pypi};
    for (ecosystem, name, version) in [
        (Pypi, "nvidia-ml-py", "13.615.71"),
        (Pypi, "triton", "3.0.0"),
        (Pypi, "cupy-cuda12x", "13.0.0"),
        (Pypi, "nvidia-cublas-cu110", "0.0.1.dev5"),
        (Pypi, "nvidia-cublas-cu13", "0.0.1"),
        (Pypi, "nvidia-tensorrt", "99.0.0"),
        (Pypi, "nvidia-cudnn-cu12", "x"),
        (Deb, "cuda-keyring", "1.1-1"),
        (Deb, "libcudf12", "1"),
        (Deb, "libnvidia-ml-dev", "11.8.86~11.8.0-5"),
        (Deb, "cudnn-local-repo-debian12-9.1.0", "1.0-1"),
        (Conda, "cuda-version", "12.4"),
        (Npm, "tensorrt", "1.0.0"),
    ] {
        assert_eq!(check(ecosystem, name, version), "-", "{name}");
    }
}

#[test]
fn versions_in_the_names_of_debs_and_rpms_are_not_part_of_them() {
    use Ecosystem::{Deb, Rpm};
    for (ecosystem, name, version, part) in [
        (Deb, "libcudnn9-cuda-12", "9.1.0.70-1", "cudnn 9.1.0.70 for 12"),
        (Deb, "libcudnn9-dev-cuda-12", "9.1.0.70-1", "cudnn 9.1.0.70 for 12"),
        (Deb, "libcudnn8", "8.9.7.29-1+cuda12.2", "cudnn 8.9.7.29 for 12.2"),
        (Deb, "cuda-cudart-12-4", "12.4.127-1", "cuda-cudart 12.4.127"),
        (Deb, "cuda-cudart-dev-12-4", "12.4.127-1", "cuda-cudart 12.4.127"),
        (Deb, "libnccl2", "2.21.5-1+cuda12.4", "nccl 2.21.5 for 12.4"),
        (Deb, "libnvinfer10", "10.0.1.6-1+cuda12.4", "tensorrt 10.0.1.6 for 12.4"),
        (Deb, "libnvinfer-bin", "10.0.1.6-1+cuda12.4", "tensorrt 10.0.1.6 for 12.4"),
        (Deb, "libcublas-12-4", "12.4.5.8-1", "cublas 12.4.5.8"),
        (Deb, "cuda-libraries-12-4", "12.4.1-1", "cuda-libraries 12.4.1"),
        (Deb, "cuda-toolkit-12-4", "12.4.1-1", "cuda-toolkit 12.4.1"),
        (Deb, "cuda-12-4", "12.4.1-1", "cuda-toolkit 12.4.1"),
        (Deb, "cuda-compat-12-4", "550.54.15-1", "cuda-compat 550.54.15"),
        (Deb, "nvidia-driver-550-server", "550.54.15-0ubuntu1", "driver 550.54.15"),
        (Deb, "libnvidia-compute-550", "550.54.15-0ubuntu1", "driver 550.54.15"),
        (Deb, "libcudart11.0", "11.8.89~11.8.0-5~deb12u1", "cuda-cudart 11.8.89"),
        (Deb, "libcublaslt11", "11.11.3.6~11.8.0-5~deb12u1", "cublas 11.11.3.6"),
        (Deb, "nvidia-cuda-toolkit", "12.0.140~12.0.1-4build4", "cuda-toolkit 12.0.1"),
        (Deb, "libnvrtc-builtins12.4", "12.4.127~12.4.1-2", "cuda-nvrtc 12.4.127"),
        (Deb, "libnvidia-container1", "1.17.4-1", "libnvidia-container 1.17.4"),
        (Deb, "datacenter-gpu-manager", "1:3.3.5", "dcgm 3.3.5"),
        (Deb, "datacenter-gpu-manager-4-core", "1:4.2.3-2", "dcgm 4.2.3"),
        (
            Deb,
            "nsight-systems-2024.2.3",
            "2024.2.3.38-242334140272v0",
            "nsight-systems 2024.2.3.38",
        ),
        (Deb, "deepstream-6.4", "6.4.0-1", "deepstream 6.4.0"),
        (Rpm, "libnccl", "2.21.5-1+cuda12.4", "nccl 2.21.5 for 12.4"),
        (Rpm, "libnccl-devel", "2.21.5-1+cuda12.4", "nccl 2.21.5 for 12.4"),
        (Rpm, "cuda-nvcc-12-4", "12.4.131-1", "cuda-nvcc 12.4.131"),
        (Rpm, "libcutensor2", "2.0.1.2-1", "cutensor 2.0.1.2"),
        (Rpm, "nvidia-driver-cuda-libs", "3:550.54.15-1.el9", "driver 550.54.15"),
    ] {
        assert_eq!(check(ecosystem, name, version), part, "{name}");
    }
}

#[test]
fn conda_packages_have_names_of_their_own() {
    use Ecosystem::Conda;
    for (name, version, part) in [
        ("cudnn", "9.1.0.70", "cudnn 9.1.0.70"),
        ("cuda-cudart_linux-64", "12.4.127", "cuda-cudart 12.4.127"),
        ("cuda-cudart-static_linux-64", "12.4.127", "cuda-cudart 12.4.127"),
        ("libcublas-dev", "12.4.5.8", "cublas 12.4.5.8"),
        ("nccl", "2.21.5.1", "nccl 2.21.5.1"),
        ("cudatoolkit", "11.8.0", "cuda-libraries 11.8.0"),
        ("cuda-nvvm-tools", "12.4.131", "nvvm 12.4.131"),
    ] {
        assert_eq!(check(Conda, name, version), part, "{name}");
    }
}

#[test]
fn a_name_belongs_to_one_part() {
    let (mut names, mut pypi, mut packages, mut conda) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for part in all() {
        assert!(names.insert(part.name), "{}", part.name);
        assert!(!part.title.is_empty(), "{}", part.name);
        for (names, seen) in
            [(part.pypi, &mut pypi), (part.packages, &mut packages), (part.conda, &mut conda)]
        {
            assert!(names.iter().all(|it| seen.insert(*it)), "{}", part.name);
        }
    }
    assert!(all().filter_map(|it| it.of).all(|it| names.contains(it)));
}
