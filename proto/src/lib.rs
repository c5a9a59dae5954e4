//! Names for BuildKit's wire types, and the error details that the published crate lacks.

pub mod errdefs;

/// The gateway: what a frontend may ask of BuildKit (`frontend/gateway/pb`).
pub use bollard_buildkit_proto::moby::buildkit::v1::frontend as gateway;

/// Capabilities of the gateway and of LLB (`util/apicaps/pb`).
pub use bollard_buildkit_proto::moby::buildkit::v1::apicaps;

/// Workers as the gateway lists them (`api/types`).
pub use bollard_buildkit_proto::moby::buildkit::v1::types;

/// The build graph (`solver/pb`).
pub use bollard_buildkit_proto::pb as llb;

/// `google.rpc.Status`, the error that BuildKit passes around.
pub use bollard_buildkit_proto::google::rpc;

/// `google.protobuf.Any`, the envelope of an error detail.
pub use bollard_buildkit_proto::google::protobuf;
