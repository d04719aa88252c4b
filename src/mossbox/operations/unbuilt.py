"""Operations that OSS has and this server does not offer yet, with the reason.

They are in the register so that their requests are refused by name before anything is written:
``PUT /key?retention`` must never become a PutObject. The reason is shown on the coverage page.
"""

from mossbox.operation import Operation, Scope, register

_PLANNED = "planned"
_CLOUD = "a service of the cloud that has no meaning on one's own machine"

_TABLE: tuple[tuple[str, str, Scope, str, str], ...] = (
    # name, method, scope, what selects it, why not yet
    ("PutBucketLifecycle", "PUT", "bucket", "lifecycle", _PLANNED),
    ("GetBucketLifecycle", "GET", "bucket", "lifecycle", _PLANNED),
    ("DeleteBucketLifecycle", "DELETE", "bucket", "lifecycle", _PLANNED),
    ("PutBucketWebsite", "PUT", "bucket", "website", _PLANNED),
    ("GetBucketWebsite", "GET", "bucket", "website", _PLANNED),
    ("DeleteBucketWebsite", "DELETE", "bucket", "website", _PLANNED),
    ("PutBucketLogging", "PUT", "bucket", "logging", _PLANNED),
    ("GetBucketLogging", "GET", "bucket", "logging", _PLANNED),
    ("DeleteBucketLogging", "DELETE", "bucket", "logging", _PLANNED),
    ("PutUserDefinedLogFieldsConfig", "PUT", "bucket", "userDefinedLogFieldsConfig", _PLANNED),
    ("GetUserDefinedLogFieldsConfig", "GET", "bucket", "userDefinedLogFieldsConfig", _PLANNED),
    ("DeleteUserDefinedLogFieldsConfig", "DELETE", "bucket",
     "userDefinedLogFieldsConfig", _PLANNED),
    ("InitiateBucketWorm", "POST", "bucket", "worm", _PLANNED),
    ("AbortBucketWorm", "DELETE", "bucket", "worm", _PLANNED),
    ("CompleteBucketWorm", "POST", "bucket", "wormId", _PLANNED),
    ("ExtendBucketWorm", "POST", "bucket", "wormExtend wormId", _PLANNED),
    ("GetBucketWorm", "GET", "bucket", "worm", _PLANNED),
    ("PutBucketObjectWormConfiguration", "PUT", "bucket", "objectWorm", _PLANNED),
    ("GetBucketObjectWormConfiguration", "GET", "bucket", "objectWorm", _PLANNED),
    ("PutObjectRetention", "PUT", "object", "retention", _PLANNED),
    ("GetObjectRetention", "GET", "object", "retention", _PLANNED),
    ("PutObjectLegalHold", "PUT", "object", "legalHold", _PLANNED),
    ("GetObjectLegalHold", "GET", "object", "legalHold", _PLANNED),
    ("PutBucketOverwriteConfig", "PUT", "bucket", "overwriteConfig", _PLANNED),
    ("GetBucketOverwriteConfig", "GET", "bucket", "overwriteConfig", _PLANNED),
    ("DeleteBucketOverwriteConfig", "DELETE", "bucket", "overwriteConfig", _PLANNED),
    ("PutBucketReplication", "POST", "bucket", "replication comp=add", _PLANNED),
    ("DeleteBucketReplication", "POST", "bucket", "replication comp=delete", _PLANNED),
    ("GetBucketReplication", "GET", "bucket", "replication", _PLANNED),
    ("GetBucketReplicationLocation", "GET", "bucket", "replicationLocation", _PLANNED),
    ("GetBucketReplicationProgress", "GET", "bucket", "replicationProgress", _PLANNED),
    ("PutBucketRtc", "PUT", "bucket", "rtc", _PLANNED),
    ("PutBucketInventory", "PUT", "bucket", "inventory", _PLANNED),
    ("GetBucketInventory", "GET", "bucket", "inventory inventoryId", _PLANNED),
    ("ListBucketInventory", "GET", "bucket", "inventory", _PLANNED),
    ("DeleteBucketInventory", "DELETE", "bucket", "inventory", _PLANNED),
    ("PutBucketCallbackPolicy", "PUT", "bucket", "policy comp=callback", _PLANNED),
    ("GetBucketCallbackPolicy", "GET", "bucket", "policy comp=callback", _PLANNED),
    ("DeleteBucketCallbackPolicy", "DELETE", "bucket", "policy comp=callback", _PLANNED),
    ("PutAsyncFetchTask", "POST", "bucket", "asyncFetch", _PLANNED),
    ("GetAsyncFetchTask", "GET", "bucket", "asyncFetch", _PLANNED),
    ("PutCname", "POST", "bucket", "cname comp=add", _PLANNED),
    ("DeleteCname", "POST", "bucket", "cname comp=delete", _PLANNED),
    ("CreateCnameToken", "POST", "bucket", "cname comp=token", _PLANNED),
    ("GetCnameToken", "GET", "bucket", "comp=token cname", _PLANNED),
    ("ListCname", "GET", "bucket", "cname", _PLANNED),
    ("PutBucketHttpsConfig", "PUT", "bucket", "httpsConfig", _PLANNED),
    ("GetBucketHttpsConfig", "GET", "bucket", "httpsConfig", _PLANNED),
    ("PutStyle", "PUT", "bucket", "style", _PLANNED),
    ("GetStyle", "GET", "bucket", "style styleName", _PLANNED),
    ("ListStyle", "GET", "bucket", "style", _PLANNED),
    ("DeleteStyle", "DELETE", "bucket", "style", _PLANNED),
    ("ProcessObject", "POST", "object", "x-oss-process", _PLANNED),
    ("SelectObject", "POST", "object", "x-oss-process=csv/select", _PLANNED),
    ("CreateSelectObjectMeta", "POST", "object", "x-oss-process=csv/meta", _PLANNED),
    ("AsyncProcessObject", "POST", "object", "x-oss-async-process", _PLANNED),
    ("PutBucketStorageQuota", "PUT", "bucket", "quota", _PLANNED),
    ("GetBucketStorageQuota", "GET", "bucket", "quota", _PLANNED),
    ("DeleteBucketStorageQuota", "DELETE", "bucket", "quota", _PLANNED),
    ("DescribeRegions", "GET", "service", "regions", _PLANNED),
    ("CreateAccessPoint", "PUT", "bucket", "accessPoint", _CLOUD),
    ("GetAccessPoint", "GET", "bucket", "accessPoint x-oss-access-point-name", _CLOUD),
    ("ListAccessPoints", "GET", "bucket", "accessPoint", _CLOUD),
    ("DeleteAccessPoint", "DELETE", "bucket", "accessPoint", _CLOUD),
    ("PutAccessPointPolicy", "PUT", "bucket", "accessPointPolicy", _CLOUD),
    ("GetAccessPointPolicy", "GET", "bucket", "accessPointPolicy", _CLOUD),
    ("DeleteAccessPointPolicy", "DELETE", "bucket", "accessPointPolicy", _CLOUD),
    ("PutAccessPointPublicAccessBlock", "PUT", "bucket",
     "publicAccessBlock x-oss-access-point-name", _CLOUD),
    ("GetAccessPointPublicAccessBlock", "GET", "bucket",
     "publicAccessBlock x-oss-access-point-name", _CLOUD),
    ("DeleteAccessPointPublicAccessBlock", "DELETE", "bucket",
     "publicAccessBlock x-oss-access-point-name", _CLOUD),
    ("PutBucketAccessMonitor", "PUT", "bucket", "accessmonitor", _CLOUD),
    ("GetBucketAccessMonitor", "GET", "bucket", "accessmonitor", _CLOUD),
    ("PutBucketArchiveDirectRead", "PUT", "bucket", "bucketArchiveDirectRead", _CLOUD),
    ("GetBucketArchiveDirectRead", "GET", "bucket", "bucketArchiveDirectRead", _CLOUD),
    ("PutBucketTransferAcceleration", "PUT", "bucket", "transferAcceleration", _CLOUD),
    ("GetBucketTransferAcceleration", "GET", "bucket", "transferAcceleration", _CLOUD),
    ("PutBucketResourceGroup", "PUT", "bucket", "resourceGroup", _CLOUD),
    ("GetBucketResourceGroup", "GET", "bucket", "resourceGroup", _CLOUD),
    ("CreateBucketDataRedundancyTransition", "POST", "bucket", "redundancyTransition", _CLOUD),
    ("GetBucketDataRedundancyTransition", "GET", "bucket",
     "redundancyTransition x-oss-redundancy-transition-taskid", _CLOUD),
    ("ListBucketDataRedundancyTransition", "GET", "bucket", "redundancyTransition", _CLOUD),
    ("DeleteBucketDataRedundancyTransition", "DELETE", "bucket", "redundancyTransition", _CLOUD),
    ("ListUserDataRedundancyTransition", "GET", "service", "redundancyTransition", _CLOUD),
    ("ListCloudBoxes", "GET", "service", "cloudboxes", _CLOUD),
    ("GetMetaQueryStatus", "GET", "bucket", "metaQuery", _CLOUD),
    ("OpenMetaQuery", "POST", "bucket", "metaQuery comp=add", _CLOUD),
    ("DoMetaQuery", "POST", "bucket", "metaQuery comp=query", _CLOUD),
    ("CloseMetaQuery", "POST", "bucket", "metaQuery comp=delete", _CLOUD),
    ("DoMetaQueryAction", "POST", "bucket", "metaQuery action", _CLOUD),
    ("DoDataPipelineAction", "POST", "service", "dataPipeline", _CLOUD),
    ("CreateBucketMetadataConfiguration", "POST", "bucket", "metadataConfiguration", _CLOUD),
    ("GetBucketMetadataConfiguration", "GET", "bucket", "metadataConfiguration", _CLOUD),
    ("DeleteBucketMetadataConfiguration", "DELETE", "bucket", "metadataConfiguration", _CLOUD),
    ("UpdateBucketMetadataInventoryTableConfiguration", "PUT", "bucket",
     "metadataInventoryTable", _CLOUD),
    ("UpdateBucketMetadataJournalTableConfiguration", "PUT", "bucket",
     "metadataJournalTable", _CLOUD),
    ("PutLiveChannel", "PUT", "object", "live", _CLOUD),
    ("GetLiveChannelInfo", "GET", "object", "live", _CLOUD),
    ("DeleteLiveChannel", "DELETE", "object", "live", _CLOUD),
    ("ListLiveChannel", "GET", "bucket", "live", _CLOUD),
    ("PutLiveChannelStatus", "PUT", "object", "live status", _CLOUD),
    ("GetLiveChannelStat", "GET", "object", "live comp=stat", _CLOUD),
    ("GetLiveChannelHistory", "GET", "object", "live comp=history", _CLOUD),
    ("PostVodPlaylist", "POST", "object", "vod", _CLOUD),
    ("GetVodPlaylist", "GET", "object", "vod", _CLOUD),
)  # fmt: skip

for _name, _method, _scope, _when, _why in _TABLE:
    _entry = Operation(_name, _method, _scope, when=_when.split())
    _entry.refused = _why
    register(_entry)

QUERIES = frozenset(
    """
    accessPointConfigForObjectProcess accessPointForObjectProcess accessPointPolicyForObjectProcess
    callback callback-var group img link objectInfo processConfiguration qos qosInfo
    qosRequester requesterQosInfo resourcePool resourcePoolBuckets resourcePoolInfo responseHeader
    sequential udf udfApplication udfApplicationLog udfId udfImage udfImageDesc
    udfName versionId vip vpcip withHashContext x-oss-ac-forward-allow x-oss-ac-source-ip
    x-oss-ac-subnet-mask x-oss-ac-vpc-id x-oss-delete x-oss-dir x-oss-rename
    x-oss-traffic-limit x-oss-write-get-object-response
    """.split()
)
"""Query names with a meaning of their own, refused by name by operations that do not read them."""

HEADERS = frozenset(
    """
    x-oss-access-point-name x-oss-agentic-bucket
    x-oss-bypass-governance-retention x-oss-callback x-oss-callback-var x-oss-copy-source
    x-oss-hns-status x-oss-object-worm-mode x-oss-object-worm-legal-hold
    x-oss-object-worm-retain-until-date x-oss-persistent-headers x-oss-process x-oss-rename-source
    x-oss-resource-group-id x-oss-retention-mode
    x-oss-retention-retain-until-date x-oss-legal-hold x-oss-server-side-data-encryption
    x-oss-server-side-encryption x-oss-server-side-encryption-key-id x-oss-symlink-target
    x-oss-tagging x-oss-traffic-limit
    """.split()
)
"""Headers that change or protect what is written, refused by name where they do not act."""

WRITE_CONDITIONS = frozenset(
    ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
)
"""Conditions that OSS does not know on writes: refused, or a client would trust them."""
