//! Conda's packages under the names of those who publish flaws in them.
//!
//! Nobody publishes advisories on conda's own packages. Of a package of Python, the files that it
//! brings tell the name and version themselves, and are matched as what they are: those are left out
//! where they do. What stands here is the rest, which is packed without them now and then.

use crate::model::Component;

/// A package as its publisher calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Upstream {
    pub(super) ecosystem: &'static str,
    pub(super) name: &'static str,
}

/// Names of conda, and the names of `PyPI` for the same source in the same versions.
const OF_PYTHON: &[(&str, &str)] = &[
    ("dask-core", "dask"),
    ("jax", "jax"),
    ("keras", "keras"),
    ("libtensorflow", "tensorflow"),
    ("libtensorflow_cc", "tensorflow"),
    ("libtorch", "torch"),
    ("libxgboost", "xgboost"),
    ("mlflow", "mlflow"),
    ("mlflow-skinny", "mlflow"),
    ("onnx", "onnx"),
    ("onnxruntime-cpp", "onnxruntime"),
    ("py-opencv", "opencv-python"),
    ("py-xgboost", "xgboost"),
    ("py-xgboost-cpu", "xgboost"),
    ("py-xgboost-gpu", "xgboost"),
    ("pytorch", "torch"),
    ("pytorch-cpu", "torch"),
    ("pytorch-gpu", "torch"),
    ("pytorch-lightning", "pytorch-lightning"),
    ("ray-core", "ray"),
    ("tensorflow", "tensorflow"),
    ("tensorflow-base", "tensorflow"),
    ("tensorflow-cpu", "tensorflow"),
    ("tensorflow-gpu", "tensorflow"),
    ("transformers", "transformers"),
];

/// What a conda package is called by those who publish flaws in it; nothing where nobody does.
pub(super) fn upstream(component: &Component) -> Option<Upstream> {
    let row = OF_PYTHON.iter().find(|it| it.0 == component.name)?;
    Some(Upstream { ecosystem: "PyPI", name: row.1 })
}
