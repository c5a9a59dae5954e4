//! .NET: what an application depends on, the runtime it has, and single assemblies.

pub(super) mod assembly;
pub(super) mod bundle;
pub(super) mod dotnet_deps;
pub(super) mod runtimeconfig;
