//! Names of the capabilities of LLB and of the gateway.
//!
//! Upstream: `solver/pb/caps.go` and `frontend/gateway/pb/caps.go`; the version is the first
//! release whose file has the id. An id is used by its constant, never as a literal, so that a
//! misspelt one does not compile; one of them is misspelt upstream and must stay so.

/// A capability: its id on the wire and what to tell a user who lacks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// Name on the wire.
    pub id: &'static str,
    /// First BuildKit release that knows it, such as `0.11`.
    pub since: &'static str,
    /// What it lets a build do, to be read after "needs".
    pub feature: &'static str,
}

macro_rules! capabilities {
    ($all:ident, $what:literal: $($name:ident = $id:literal, $since:literal, $feature:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $feature, " (BuildKit ", $since, ").")]
            pub const $name: &str = $id;
        )*
        #[doc = $what]
        pub const $all: &[Capability] =
            &[$(Capability { id: $id, since: $since, feature: $feature }),*];
    };
}

capabilities! { LLB, "Every capability of graphs, in upstream's order.":
    SOURCE_IMAGE = "source.image", "0.3", "images from a registry";
    SOURCE_IMAGE_RESOLVEMODE = "source.image.resolvemode", "0.3", "forcing an image to be pulled";
    SOURCE_IMAGE_LAYERLIMIT = "source.image.layerlimit", "0.11", "using only the lowest layers of an image";
    SOURCE_IMAGE_CHECKSUM = "source.image.checksum", "0.25", "checking the digest of an image";
    SOURCE_LOCAL = "source.local", "0.3", "directories of the client";
    SOURCE_LOCAL_UNIQUE = "source.local.unique", "0.3", "local directories without a named session";
    SOURCE_LOCAL_SESSIONID = "source.local.sessionid", "0.3", "choosing the session of a local directory";
    SOURCE_LOCAL_INCLUDEPATTERNS = "source.local.includepatterns", "0.3", "include patterns of a local directory";
    SOURCE_LOCAL_FOLLOWPATHS = "source.local.followpaths", "0.3", "following paths in a local directory";
    SOURCE_LOCAL_EXCLUDEPATTERNS = "source.local.excludepatterns", "0.3", "exclude patterns of a local directory";
    SOURCE_LOCAL_SHAREDKEYHINT = "source.local.sharedkeyhint", "0.3", "sharing uploads between local directories";
    SOURCE_LOCAL_DIFFER = "source.local.differ", "0.9", "choosing how a local directory is compared";
    SOURCE_LOCAL_METADATATRANSFER = "source.local.metadatatransfer", "0.21", "file metadata without content";
    SOURCE_GIT = "source.git", "0.3", "git repositories";
    SOURCE_GIT_KEEPGITDIR = "source.git.keepgitdir", "0.3", "keeping `.git`";
    SOURCE_GIT_FULLURL = "source.git.fullurl", "0.3", "the full address of a git repository";
    SOURCE_GIT_HTTPAUTH = "source.git.httpauth", "0.8", "git credentials from secrets";
    SOURCE_GIT_KNOWNSSHHOSTS = "source.git.knownsshhosts", "0.8", "known ssh hosts of a git repository";
    SOURCE_GIT_MOUNTSSHSOCK = "source.git.mountsshsock", "0.8", "an ssh agent for a git repository";
    SOURCE_GIT_SUBDIR = "source.git.subdir", "0.9", "a directory of a git repository";
    SOURCE_GIT_CHECKSUM = "source.git.checksum", "0.22", "checking the commit of a git repository";
    SOURCE_GIT_SKIPSUBMODULES = "source.git.skipsubmodules", "0.24", "leaving out git submodules";
    SOURCE_GIT_SIGNATUREVERIFY = "source.git.signatureverify", "0.26", "checking git signatures";
    SOURCE_GIT_MTIME = "source.git.mtime", "0.29", "file times from git commits";
    SOURCE_GIT_FETCHBYCOMMIT = "source.git.fetchbycommit", "0.30", "fetching a git commit that no ref names";
    SOURCE_GIT_BUNDLE = "source.git.bundle", "0.30", "git bundles";
    SOURCE_GIT_CHECKOUTBUNDLE = "source.git.checkoutbundle", "0.30", "a checkout as a git bundle";
    SOURCE_HTTP = "source.http", "0.3", "files over HTTP";
    SOURCE_HTTP_AUTH = "source.http.auth", "0.21", "HTTP credentials from secrets";
    SOURCE_HTTP_CHECKSUM = "source.http.checksum", "0.3", "checking the digest of an HTTP file";
    SOURCE_HTTP_PERM = "source.http.perm", "0.3", "mode of an HTTP file";
    SOURCE_HTTP_UIDGID = "soruce.http.uidgid", "0.3", "owner of an HTTP file. The id is misspelt upstream";
    SOURCE_HTTP_HEADER = "source.http.header", "0.21", "HTTP request headers";
    SOURCE_HTTP_SIGNATUREVERIFY = "source.http.signatureverify", "0.28", "checking HTTP signatures";
    SOURCE_IMAGEBLOB = "source.imageblob", "0.28", "single blobs of images";
    SOURCE_OCI_LAYOUT = "source.ocilayout", "0.11", "OCI layout directories of the client";
    SOURCE_BUILDOP_LLBFILENAME = "source.buildop.llbfilename", "0.3", "nested builds";
    EXEC_META_BASE = "exec.meta.base", "0.3", "running commands";
    EXEC_META_CGROUP_PARENT = "exec.meta.cgroup.parent", "0.10", "the parent cgroup of commands";
    EXEC_META_NETWORK = "exec.meta.network", "0.3", "the network mode of commands";
    EXEC_META_NETWORK_PROXY = "exec.meta.network.proxy", "0.31", "a recording proxy around commands";
    EXEC_META_PROXYENV = "exec.meta.proxyenv", "0.3", "proxy variables outside the cache key";
    EXEC_META_SECURITY = "exec.meta.security", "0.5", "commands without a sandbox";
    EXEC_META_SECURITY_DEVICES_V1 = "exec.meta.security.devices.v1", "0.7", "devices of commands without a sandbox";
    EXEC_META_SETSDEFAULTPATH = "exec.meta.setsdefaultpath", "0.3", "a default PATH set by the engine";
    EXEC_META_ULIMIT = "exec.meta.ulimit", "0.10", "ulimits of commands";
    EXEC_META_CDI = "exec.meta.cdi", "0.20", "CDI devices";
    EXEC_META_REMOVEMOUNTSTUBS_RECURSIVE = "exec.meta.removemountstubs.recursive", "0.11", "removing mount points after a command";
    EXEC_META_LINUX_RESOURCES = "exec.meta.linux.resources", "0.31", "memory and CPU limits of commands";
    EXEC_MOUNT_BIND = "exec.mount.bind", "0.3", "bind mounts";
    EXEC_MOUNT_BIND_READWRITE_NOOUTPUT = "exec.mount.bind.readwrite-nooutput", "0.6.1", "writable mounts that are thrown away";
    EXEC_MOUNT_CACHE = "exec.mount.cache", "0.3", "cache mounts";
    EXEC_MOUNT_CACHE_SHARING = "exec.mount.cache.sharing", "0.3", "sharing modes of cache mounts";
    EXEC_MOUNT_SELECTOR = "exec.mount.selector", "0.3", "mounting a part of a source";
    EXEC_MOUNT_TMPFS = "exec.mount.tmpfs", "0.3", "tmpfs mounts";
    EXEC_MOUNT_TMPFS_SIZE = "exec.mount.tmpfs.size", "0.10", "the size of tmpfs mounts";
    EXEC_MOUNT_SECRET = "exec.mount.secret", "0.3", "secrets as files";
    EXEC_MOUNT_SSH = "exec.mount.ssh", "0.3", "ssh agents";
    EXEC_MOUNT_CACHE_CONTENT = "exec.mount.cache.content", "0.13", "choosing content based caching of mounts";
    EXEC_CGROUP = "exec.cgroup", "0.3", "a mounted cgroup filesystem";
    EXEC_SECRETENV = "exec.secretenv", "0.10", "secrets as environment variables";
    EXEC_VALIDEXITCODE = "exec.validexitcode", "0.17", "exit codes other than zero that count as success";
    FILE_BASE = "file.base", "0.5", "file operations";
    FILE_RM_WILDCARD = "file.rm.wildcard", "0.7", "removing by wildcard";
    FILE_COPY_INCLUDEEXCLUDEPATTERNS = "file.copy.includeexcludepatterns", "0.9", "include and exclude patterns of a copy";
    FILE_COPY_REQUIREDPATHS = "file.copy.requiredpaths", "0.26", "paths that a copy must find";
    FILE_RM_NOFOLLOWSYMLINK = "file.rm.nofollowsymlink", "0.10", "removing a symlink and not its target";
    FILE_COPY_ALWAYSREPLACEEXISTINGDESTPATHS = "file.copy.alwaysreplaceexistingdestpaths", "0.14", "a copy that replaces what is there";
    FILE_COPY_MODESTRING = "file.copy.modestring", "0.17", "symbolic modes of a copy";
    FILE_SYMLINK_CREATE = "file.symlink.create", "0.19", "creating symlinks";
    CONSTRAINTS = "constraints", "0.3", "worker constraints";
    PLATFORM = "platform", "0.3", "platforms";
    META_IGNORECACHE = "meta.ignorecache", "0.3", "ignoring the cache";
    META_DESCRIPTION = "meta.description", "0.3", "names of steps";
    META_EXPORTCACHE = "meta.exportcache", "0.3", "choosing what is exported to caches";
    MERGE_OP = "mergeop", "0.10", "merging filesystems";
    DIFF_OP = "diffop", "0.10", "difference of filesystems";
    PASSTHROUGH_OP = "passthroughop", "0.31", "ordering without data";
    EXPORTER_IMAGE_ANNOTATIONS = "exporter.image.annotations", "0.11", "annotations of images";
    EXPORTER_IMAGE_ATTESTATIONS = "exporter.image.attestations", "0.11", "attestations of images";
    EXPORTER_SOURCEDATEEPOCH = "exporter.sourcedateepoch", "0.11", "SOURCE_DATE_EPOCH in exporters";
    EXPORTER_MULTIPLE = "exporter.multiple", "0.13", "several exporters";
    EXPORTER_SESSION = "exporter.session", "0.21", "exporters of the client";
    SOURCE_POLICY = "source.policy", "0.11", "source policies";
    SOURCE_POLICY_SESSION = "source.policy.session", "0.26", "source policies of the client";
}

/// Capabilities of the gateway itself, which `Ping` answers in a list of their own.
pub mod gateway {
    use super::Capability;

    capabilities! { ALL, "Every capability of the gateway, in upstream's order.":
        SOLVE_BASE = "solve.base", "0.3", "solving a graph";
        SOLVE_INLINE_RETURN = "solve.inlinereturn", "0.3", "results in the answer of a solve";
        RESOLVE_IMAGE = "resolveimage", "0.3", "reading image configs";
        RESOLVE_IMAGE_RESOLVE_MODE = "resolveimage.resolvemode", "0.3", "the resolve mode of image configs";
        READ_FILE = "readfile", "0.3", "reading files of results";
        RETURN = "return", "0.3", "returning a result";
        RETURN_MAP = "returnmap", "0.3", "returning several results";
        READ_DIR = "readdir", "0.3", "listing directories of results";
        STAT_FILE = "statfile", "0.3", "metadata of files of results";
        IMPORT_CACHES = "importcaches", "0.4", "importing caches";
        PROTO_REFARRAY = "proto.refarray", "0.7", "results as references";
        REFERENCE_OUTPUT = "reference.output", "0.7", "references as graphs";
        FRONTEND_INPUTS = "frontend.inputs", "0.7", "inputs of the frontend";
        GATEWAY_SOLVE_METADATA = "gateway.solve.metadata", "0.7.2", "metadata in solve requests";
        GATEWAY_EXEC = "gateway.exec", "0.8", "running containers from the frontend";
        GATEWAY_EXEC_EXTRAHOSTS = "gateway.exec.extrahosts", "0.10", "host entries of those containers";
        GATEWAY_EXEC_SECRETENV = "gateway.exec.secretenv", "0.12", "secrets as variables of those containers";
        GATEWAY_EXEC_SIGNALS = "gateway.exec.signals", "0.10", "signals to those containers";
        GATEWAY_EXEC_FILESYSTEM = "gateway.exec.filesystem", "0.27", "files of those containers";
        FRONTEND_CAPS = "frontend.caps", "0.8", "asking what a frontend can do";
        GATEWAY_SOLVE_EVALUATE = "gateway.solve.evaluate", "0.8", "building during a solve";
        GATEWAY_EVALUATE = "gateway.evaluate", "0.11", "building a reference";
        GATEWAY_WARNINGS = "gateway.warnings", "0.10", "warnings";
        REFERENCE_ATTESTATIONS = "reference.attestations", "0.11", "attestations of results";
        SOURCE_METARESOLVER = "source.metaresolver", "0.13", "metadata of any source";
        SOURCE_METARESOLVER_IMAGE_ATTESTATIONS = "source.metaresolver.image.attestations", "0.28", "attestations in image metadata";
        SOURCE_METARESOLVER_HTTP_CHECKSUMREQUEST = "source.metaresolver.http.checksumrequest", "0.28", "choosing the checksum in HTTP metadata";
    }

    /// What a gateway without a capability list can do (frozen in `grpcclient/client.go`).
    pub const FROZEN: &[&str] = &[SOLVE_BASE, SOLVE_INLINE_RETURN, RESOLVE_IMAGE, READ_FILE];
}

/// What an engine without a capability list can build (frozen in `grpcclient/client.go`).
pub const FROZEN: &[&str] = &[
    SOURCE_IMAGE,
    SOURCE_LOCAL,
    SOURCE_LOCAL_UNIQUE,
    SOURCE_LOCAL_SESSIONID,
    SOURCE_LOCAL_INCLUDEPATTERNS,
    SOURCE_LOCAL_FOLLOWPATHS,
    SOURCE_LOCAL_EXCLUDEPATTERNS,
    SOURCE_LOCAL_SHAREDKEYHINT,
    SOURCE_GIT,
    SOURCE_GIT_KEEPGITDIR,
    SOURCE_GIT_FULLURL,
    SOURCE_HTTP,
    SOURCE_HTTP_CHECKSUM,
    SOURCE_HTTP_PERM,
    SOURCE_HTTP_UIDGID,
    SOURCE_BUILDOP_LLBFILENAME,
    EXEC_META_BASE,
    EXEC_META_PROXYENV,
    EXEC_MOUNT_BIND,
    EXEC_MOUNT_CACHE,
    EXEC_MOUNT_CACHE_SHARING,
    EXEC_MOUNT_SELECTOR,
    EXEC_MOUNT_TMPFS,
    EXEC_MOUNT_SECRET,
    CONSTRAINTS,
    PLATFORM,
    META_IGNORECACHE,
    META_DESCRIPTION,
    META_EXPORTCACHE,
];

/// The capability of graphs or of the gateway that has this id.
pub fn find(id: &str) -> Option<&'static Capability> {
    LLB.iter()
        .chain(gateway::ALL)
        .find(|capability| capability.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_distinct_and_versions_are_versions() {
        for list in [LLB, gateway::ALL] {
            assert_eq!(
                list.iter().map(|c| c.id).collect::<BTreeSet<_>>().len(),
                list.len()
            );
            for capability in list {
                let (zero, minor) = capability.since.split_once('.').unwrap();
                assert!(zero == "0" && minor.split('.').all(|n| n.parse::<u32>().is_ok()));
            }
        }
    }

    #[test]
    fn a_frozen_id_is_known_and_dates_from_the_first_list() {
        for id in FROZEN.iter().chain(gateway::FROZEN) {
            assert_eq!(find(id).unwrap().since, "0.3", "{id}");
        }
    }
}
