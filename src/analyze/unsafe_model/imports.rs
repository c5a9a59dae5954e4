//! How bad it is that a pickle imports a name.
//!
//! A pickle may call whatever it imports. Names that run commands or code are critical; those that
//! reach out or open files are high; those that build functions from code they carry, or fetch
//! attributes by name, are medium, because honest checkpoints use them too. Any other name is the
//! business of whoever wrote the model.

use crate::model::Severity::{self, Critical, High, Medium};

/// Every name of a module.
const ALL: &[&str] = &[];

/// Modules with the names in them. A module stands for those below it as well.
const RULES: &[(&str, &[&str], Severity)] = &[
    ("os", ALL, Critical),
    ("posix", ALL, Critical),
    ("nt", ALL, Critical),
    ("subprocess", ALL, Critical),
    ("_posixsubprocess", ALL, Critical),
    ("pty", ALL, Critical),
    ("commands", ALL, Critical),
    ("popen2", ALL, Critical),
    ("runpy", ALL, Critical),
    ("code", ALL, Critical),
    ("codeop", ALL, Critical),
    ("pdb", ALL, Critical),
    ("bdb", ALL, Critical),
    ("timeit", ALL, Critical),
    ("trace", ALL, Critical),
    ("profile", ALL, Critical),
    ("cProfile", ALL, Critical),
    ("doctest", ALL, Critical),
    ("idlelib", ALL, Critical),
    ("lib2to3", ALL, Critical),
    ("pip", ALL, Critical),
    ("ensurepip", ALL, Critical),
    ("venv", ALL, Critical),
    ("distutils", ALL, Critical),
    ("pydoc", &["pipepager", "tempfilepager"], Critical),
    ("sys", ALL, Critical),
    ("_thread", &["start_new_thread"], Critical),
    ("threading", &["Thread", "Timer"], High),
    ("multiprocessing.process", ALL, Critical),
    ("multiprocessing.util", ALL, Critical),
    ("asyncio.unix_events", ALL, Critical),
    ("asyncio.subprocess", ALL, Critical),
    ("importlib", ALL, Critical),
    ("imp", ALL, Critical),
    ("zipimport", ALL, Critical),
    ("pkgutil", ALL, Critical),
    ("ctypes", ALL, Critical),
    ("_ctypes", ALL, Critical),
    ("cffi", ALL, Critical),
    ("marshal", ALL, Critical),
    ("pickle", ALL, Critical),
    ("_pickle", ALL, Critical),
    ("cPickle", ALL, Critical),
    ("builtins", BUILTINS, Critical),
    ("__builtin__", BUILTINS, Critical),
    ("builtins", BY_NAME, Medium),
    ("__builtin__", BY_NAME, Medium),
    ("operator", &["attrgetter", "methodcaller"], Medium),
    ("types", &["CodeType", "FunctionType", "LambdaType"], High),
    ("new", &["code", "function"], High),
    ("io", &["open", "open_code", "FileIO"], High),
    ("_io", &["open", "open_code", "FileIO"], High),
    ("codecs", &["open"], High),
    ("shutil", ALL, High),
    ("tempfile", ALL, High),
    ("fileinput", ALL, High),
    ("logging.config", ALL, High),
    ("mmap", ALL, High),
    ("sqlite3", &["connect"], High),
    ("socket", ALL, High),
    ("_socket", ALL, High),
    ("ssl", ALL, High),
    ("webbrowser", ALL, High),
    ("urllib", ALL, High),
    ("urllib2", ALL, High),
    ("http", ALL, High),
    ("httplib", ALL, High),
    ("ftplib", ALL, High),
    ("smtplib", ALL, High),
    ("telnetlib", ALL, High),
    ("xmlrpc", ALL, High),
    ("requests", ALL, High),
    ("aiohttp", ALL, High),
    ("httpx", ALL, High),
    ("paramiko", ALL, Critical),
    ("numpy.testing", ALL, Critical),
    ("numpy.f2py", ALL, Critical),
    ("numpy", &["load", "loadtxt", "save", "savetxt", "fromfile", "memmap"], High),
    ("torch", &["load", "save", "compile"], High),
    ("torch.hub", ALL, Critical),
    ("torch.serialization", &["load", "save"], High),
    ("torch.utils.cpp_extension", ALL, Critical),
    ("torch.utils.bottleneck", ALL, Critical),
    ("torch.utils.collect_env", ALL, Critical),
    ("torch.utils._config_module", ALL, Critical),
    ("torch.fx._graph_module", &["reduce_graph_module", "reduce_package_graph_module"], High),
    ("torch.distributed", ALL, High),
    ("torch._inductor", ALL, Critical),
    ("torch._dynamo", ALL, Critical),
    ("torch.jit.unsupported_tensor_ops", ALL, Critical),
    ("joblib", &["load"], High),
    ("joblib.numpy_pickle", &["load", "load_compatibility"], High),
    ("pandas", &["read_pickle", "eval"], High),
    ("pandas.io.pickle", &["read_pickle"], High),
    ("keras.utils.python_utils", &["func_load"], High),
    ("tensorflow.python.keras.utils.generic_utils", &["func_load"], High),
    ("cloudpickle", ALL, Medium),
    ("dill", ALL, Medium),
];

const BUILTINS: &[&str] = &[
    "eval",
    "exec",
    "execfile",
    "compile",
    "open",
    "file",
    "input",
    "raw_input",
    "__import__",
    "breakpoint",
    "reload",
];

const BY_NAME: &[&str] = &["getattr", "setattr", "delattr", "globals", "locals", "vars", "apply"];

/// The severity of importing `name` from `module`, if it is worth telling.
///
/// Since protocol 4 a name may be a path of attributes: `torch.serialization` has an attribute `os`,
/// and so `os.system` can be had from there; `torch` has an attribute `hub`. A hostile path has
/// hundreds of parts, so that each is looked at only once.
pub(super) fn severity(module: &str, name: &str) -> Option<Severity> {
    // These only compute names.
    let is_harmless = matches!(module, "os.path" | "posixpath" | "ntpath");
    let direct = if is_harmless { None } else { of_path(&format!("{module}.{name}")) };
    let starts = name.match_indices('.').map(|(at, _)| at + 1);
    let through = [0].into_iter().chain(starts).filter_map(|it| of_path(name.get(it..)?));
    direct.into_iter().chain(through).max()
}

/// The severity of what `path` leads to, if a module's whole name is its front.
fn of_path(path: &str) -> Option<Severity> {
    let applies = |(module, names, _): &&(&str, &[&str], Severity)| {
        let attribute = path.strip_prefix(module).and_then(|it| it.strip_prefix('.'));
        let first = attribute.and_then(|it| it.split('.').next());
        first.is_some_and(|it| names.is_empty() || names.contains(&it))
    };
    RULES.iter().filter(applies).map(|it| it.2).max()
}

#[cfg(test)]
mod tests {
    use super::severity;
    use crate::model::Severity;

    #[test]
    fn what_runs_code_is_critical_and_what_models_need_is_nothing() {
        for (module, name) in [
            ("os", "system"),
            ("posix", "popen"),
            ("builtins", "eval"),
            ("__builtin__", "exec"),
            ("subprocess", "Popen"),
            ("importlib.util", "find_spec"),
            ("torch.serialization", "os.system"),
            ("collections", "abc.sys.modules"),
            ("builtins", "eval.__call__"),
            ("torch", "hub.load"),
            ("a", "b.torch.hub.load"),
            ("a", "b.multiprocessing.process.Process"),
        ] {
            assert_eq!(severity(module, name), Some(Severity::Critical), "{module} {name}");
        }
        for (module, name) in [
            ("torch._utils", "_rebuild_tensor_v2"),
            ("torch", "FloatStorage"),
            ("collections", "OrderedDict"),
            ("numpy.core.multiarray", "_reconstruct"),
            ("builtins", "set"),
            ("builtins", "bytearray"),
            ("sklearn.linear_model._logistic", "LogisticRegression"),
            ("os.path", "join"),
            ("pathlib", "PosixPath"),
            ("osgeo", "gdal"),
            ("a", "chaos.system"),
            ("a", "builtins.set.eval"),
            ("a", "b.os"),
        ] {
            assert_eq!(severity(module, name), None, "{module} {name}");
        }
        assert_eq!(severity("builtins", "getattr"), Some(Severity::Medium));
        assert_eq!(severity("urllib.request", "urlopen"), Some(Severity::High));
        assert_eq!(severity("dill._dill", "_create_function"), Some(Severity::Medium));
    }
}
