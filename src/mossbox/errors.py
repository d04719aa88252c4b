# ruff: noqa: E501
# fmt: off
"""The catalogue of errors: one line a code, and the exception that carries one to the front.

Codes, statuses and messages are those that OSS clients know. An `EC` (the finer number in the
`x-oss-ec` header) is the vendor's where a client's test asserts it; the others are ours and lie
in the range 0900-*, made from the code's name so that they never move.
"""

from typing import Any
from zlib import crc32

CATALOGUE: dict[str, "Code"] = {}


class ServiceError(Exception):
    """A refusal that a client is meant to read: a catalogue code with details.

    `details` become elements of the error document in their order; `headers` are added to the
    answer. Raised anywhere below the pipeline, caught only there.
    """

    def __init__(self, code: "Code", message: str, ec: str, details: dict[str, str]) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message
        self.ec = ec
        self.details = details
        self.headers: list[tuple[str, str]] = []
        self.nested: dict[str, dict[str, str]] = {}  # elements of elements

    def with_header(self, name: str, value: str) -> "ServiceError":
        """The same error, answered with one more header."""
        self.headers.append((name, value))
        return self


class Code:
    """One line of the catalogue; calling it makes the exception to raise."""

    __slots__ = ("ec", "message", "name", "status")

    def __init__(self, name: str, status: int, message: str, ec: str = "") -> None:
        self.name = name
        self.status = status
        self.message = message
        self.ec = ec or f"0900-{crc32(name.encode()) % 10**8:08d}"
        CATALOGUE[name] = self

    def __call__(self, message: str = "", *, ec: str = "", **details: Any) -> ServiceError:
        """The error with its usual message, or one that says more about this case."""
        shown = {name: str(value) for name, value in details.items()}
        return ServiceError(self, message or self.message, ec or self.ec, shown)


def invalid_argument(message: str, name: str, value: object) -> ServiceError:
    """InvalidArgument that names the argument and what came."""
    return InvalidArgument(message, ArgumentName=name, ArgumentValue=value)


def not_implemented(name: str) -> ServiceError:
    """NotImplemented (400: clients retry 5xx) that names the header, query or operation."""
    message = f"{name} asks for something that this server does not offer (yet)."
    return NotImplemented_(message, Header=name)


def missing_parameter(name: str) -> ServiceError:
    """MissingParameter (RPC) that names what is missing."""
    return MissingParameter(f"The input parameter {name} that is mandatory for this action is not supplied.")


AccessDenied = Code("AccessDenied", 403, "You have no right to access this object because of bucket acl.", "0003-00000001")
AccessForbidden = Code("AccessForbidden", 403, "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.")
InvalidAccessKeyId = Code("InvalidAccessKeyId", 403, "The OSS Access Key Id you provided does not exist in our records.", "0002-00000902")
SignatureDoesNotMatch = Code("SignatureDoesNotMatch", 403, "The request signature we calculated does not match the signature you provided. Check your key and signing method.", "0002-00000040")
InvalidSecurityToken = Code("InvalidSecurityToken", 403, "The security token you provided is invalid.")
SecurityTokenExpired = Code("SecurityTokenExpired", 403, "The security token you provided has expired.")
AccessKeyIdAndSecurityTokenNotMatch = Code("AccessKeyIdAndSecurityTokenNotMatch", 403, "The security token and the access key id you provided do not match.")
SecurityTokenNotSupported = Code("SecurityTokenNotSupported", 403, "This interface does not support security token.")
RequestTimeTooSkewed = Code("RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large.", "0002-00000504")
UserDisable = Code("UserDisable", 403, "UserDisable", "0003-00000801")
BucketDisable = Code("BucketDisable", 403, "The bucket is disabled.")
AbnormalBucketOwnerStatus = Code("AbnormalBucketOwnerStatus", 403, "The status of the bucket owner is abnormal.")
BucketNotBelongTo = Code("BucketNotBelongTo", 403, "The bucket does not belong to you.")
PermanentRedirect = Code("PermanentRedirect", 403, "The bucket you are attempting to access must be addressed using the specified endpoint.")
SecondLevelDomainForbidden = Code("SecondLevelDomainForbidden", 403, "The bucket you are attempting to access must be addressed using OSS third level domain.")
NonStandardHostForbidden = Code("NonStandardHostForbidden", 403, "The host you used is not a standard one.")
InvalidObjectState = Code("InvalidObjectState", 403, "The operation is not valid for the object's state.")
ImageDamage = Code("ImageDamage", 403, "The image file may be damaged.")
WORMConfigurationLocked = Code("WORMConfigurationLocked", 403, "The WORM configuration is locked.")
TransferAccelerationDisabled = Code("TransferAccelerationDisabled", 403, "Transfer acceleration is disabled.")
CnameDenied = Code("CnameDenied", 403, "The domain name is not allowed.")
NeedVerifyDomainOwnership = Code("NeedVerifyDomainOwnership", 403, "Please verify the ownership of the domain.", "0018-00000115")
KmsServiceNotEnabled = Code("KmsServiceNotEnabled", 403, "The key service is not enabled.")
KmsInDebt = Code("KmsInDebt", 403, "The key service is in debt.")
KmsInDebtOverdue = Code("KmsInDebtOverdue", 403, "The key service is overdue.")
KmsUbsmsInvalidBid = Code("KmsUbsmsInvalidBid", 403, "The key service rejects this account.")
InvalidTargetBucketForLogging = Code("InvalidTargetBucketForLogging", 400, "The target bucket for logging is not owned by you or lies in another region.")
InvalidBucketName = Code("InvalidBucketName", 400, "The specified bucket is not valid.")
InvalidObjectName = Code("InvalidObjectName", 400, "The specified object is not valid.")
TooManyBuckets = Code("TooManyBuckets", 400, "You have attempted to create more buckets than allowed.")
InvalidArgument = Code("InvalidArgument", 400, "The argument is invalid.")
MissingArgument = Code("MissingArgument", 400, "Missing Some Required Arguments.", "0016-00000502")
NotImplemented_ = Code("NotImplemented", 400, "A header or query you provided implies functionality that is not implemented.")
InvalidRequest = Code("InvalidRequest", 400, "The request is invalid.")
BadRequest = Code("BadRequest", 400, "The request is not well-formed.")
RequestTimeout = Code("RequestTimeout", 400, "Your socket connection to the server was not read from or written to within the timeout period.")
IncompleteBody = Code("IncompleteBody", 400, "You did not provide the number of bytes specified by the Content-Length HTTP header.")
InvalidDigest = Code("InvalidDigest", 400, "The Content-MD5 you specified was invalid.")
InvalidCRC64 = Code("InvalidCRC64", 400, "The CRC-64 checksum you specified did not match what we received.")
EntityTooSmall = Code("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size.")
EntityTooLarge = Code("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size.")
InlineDataTooLarge = Code("InlineDataTooLarge", 400, "Inline data exceeds the maximum allowed size.")
MalformedXML = Code("MalformedXML", 400, "The XML you provided was not well-formed or did not validate against our published schema.", "0016-00000608")
InvalidXMLFormat = Code("InvalidXMLFormat", 400, "The XML you provided is not valid.")
MalformedPOSTRequest = Code("MalformedPOSTRequest", 400, "The body of your POST request is not well-formed multipart/form-data.")
MalformedPolicy = Code("MalformedPolicy", 400, "The policy you provided is not valid.")
RequestIsNotMultiPartContent = Code("RequestIsNotMultiPartContent", 400, "Bucket POST must be of the enclosure-type multipart/form-data.")
IncorrectNumberOfFilesInPOSTRequest = Code("IncorrectNumberOfFilesInPOSTRequest", 400, "POST requires exactly one file upload per request.")
MaxPOSTPreDataLengthExceededError = Code("MaxPOSTPreDataLengthExceededError", 400, "Your POST request fields preceding the upload file were too large.")
FieldItemTooLong = Code("FieldItemTooLong", 400, "Your POST request's field key or value is too long.")
InvalidPolicyDocument = Code("InvalidPolicyDocument", 400, "Invalid Policy: the policy document is not valid.")
InvalidPart = Code("InvalidPart", 400, "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.")
InvalidPartOrder = Code("InvalidPartOrder", 400, "The list of parts was not in ascending order. Parts list must be specified in order by part number.")
PartNotSequential = Code("PartNotSequential", 400, "The part is not sequential.")
FilePartNotExist = Code("FilePartNotExist", 400, "A part of the file does not exist.")
FilePartInterity = Code("FilePartInterity", 400, "A part of the file was changed.")
FilePartStale = Code("FilePartStale", 400, "A part of the file is stale.")
FileGroupTooLarge = Code("FileGroupTooLarge", 400, "The file group is too large.")
NotSymlink = Code("NotSymlink", 400, "The object is not a symbolic link.")
InvalidTargetType = Code("InvalidTargetType", 400, "The symbolic link's target is itself a symbolic link.", "0026-00000011")
OperationNotSupported = Code("OperationNotSupported", 400, "The operation is not supported for this resource", "0037-00000001")
InvalidEncryptionAlgorithmError = Code("InvalidEncryptionAlgorithmError", 400, "The encryption request you specified is not valid. Supported value: AES256/SM4/KMS.")
InvalidDataEncryptionAlgorithmError = Code("InvalidDataEncryptionAlgorithmError", 400, "The data encryption request you specified is not valid. Supported value: SM4.")
InvalidEncryptionRequest = Code("InvalidEncryptionRequest", 400, "The client-side encryption metadata is not valid.")
InvalidParameter = Code("InvalidParameter", 400, "The parameter is not valid.")
InvalidTaggingKey = Code("InvalidTaggingKey", 400, "The object tag is not valid.")
InvalidTag = Code("InvalidTag", 400, "The tag is not valid.")
RepeatedTags = Code("RepeatedTags", 400, "The tags repeat a key.")
TooManyTags = Code("TooManyTags", 400, "There are more tags than allowed.")
CORSRuleBeyondLimit = Code("CORSRuleBeyondLimit", 400, "There are more CORS rules than allowed.")
InvalidWORMConfiguration = Code("InvalidWORMConfiguration", 400, "The WORM configuration is not valid.")
InventoryExceedLimit = Code("InventoryExceedLimit", 400, "There are more inventory rules than allowed.")
DailyInventoryExceedLimit = Code("DailyInventoryExceedLimit", 400, "There are more daily inventory rules than allowed.")
WeeklyInventoryExceedLimit = Code("WeeklyInventoryExceedLimit", 400, "There are more weekly inventory rules than allowed.")
NoReplicationRule = Code("NoReplicationRule", 400, "The replication configuration has no rule.")
TooManyReplicationRules = Code("TooManyReplicationRules", 400, "There are more replication rules than allowed.")
InvalidBucketStatus = Code("InvalidBucketStatus", 400, "The bucket's status does not allow this.")
InvalidTargetBucket = Code("InvalidTargetBucket", 400, "The target bucket is not valid.")
InvalidTargetLocation = Code("InvalidTargetLocation", 400, "The target location is not valid.")
InvalidLocationConstraint = Code("InvalidLocationConstraint", 400, "The specified location constraint is not valid.")
BadReplicationLocation = Code("BadReplicationLocation", 400, "The replication location is not valid.")
NoReplicationLocation = Code("NoReplicationLocation", 400, "There is no replication location.")
BucketReplicationAlreadyExist = Code("BucketReplicationAlreadyExist", 400, "The bucket is replicated already.")
TooManyIncomingReplication = Code("TooManyIncomingReplication", 400, "Too many buckets replicate into this one.")
TooManyOutgoingReplication = Code("TooManyOutgoingReplication", 400, "This bucket replicates into too many others.")
TooManyPrefixes = Code("TooManyPrefixes", 400, "There are more prefixes than allowed.")
TooManyFilterObjectTags = Code("TooManyFilterObjectTags", 400, "There are more tag filters than allowed.")
TooManyCname = Code("TooManyCname", 400, "There are more domain names than allowed.")
InvalidHostPutBucket = Code("InvalidHostPutBucket", 400, "A bucket cannot be created through this host.")
InvalidChannelName = Code("InvalidChannelName", 400, "The live channel's name is not valid.")
ImageTooLarge = Code("ImageTooLarge", 400, "The image is too large.")
TooManyPipes = Code("TooManyPipes", 400, "There are too many image operations.")
WatermarkError = Code("WatermarkError", 400, "The watermark is not valid.")
UserKeyMustBeSpecified = Code("UserKeyMustBeSpecified", 400, "The Key must be specified for each object to delete.")
ObjectAlreadyExists = Code("ObjectAlreadyExists", 400, "The object exists already.")
MultiRangeFailed = Code("MultiRangeFailed", 400, "The ranges cannot be served.", "0016-00000110")
InvalidInputRecordDelimiter = Code("InvalidInputRecordDelimiter", 400, "The record delimiter is not valid.")
InvalidOutputFieldDelimiter = Code("InvalidOutputFieldDelimiter", 400, "The field delimiter is not valid.")
InvalidJsonData = Code("InvalidJsonData", 400, "The JSON data is not valid.")
ResourceGroupIdPreCheckError = Code("ResourceGroupIdPreCheckError", 400, "The resource group id precheck error", "0039-00000003")
NoSuchBucket = Code("NoSuchBucket", 404, "The specified bucket does not exist.", "0015-00000101")
NoSuchKey = Code("NoSuchKey", 404, "The specified key does not exist.", "0026-00000001")
NoSuchVersion = Code("NoSuchVersion", 404, "The specified version does not exist.")
NoSuchUpload = Code("NoSuchUpload", 404, "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.", "0042-00000002")
NoSuchLifecycle = Code("NoSuchLifecycle", 404, "No Row found in Lifecycle Table.")
NoSuchCORSConfiguration = Code("NoSuchCORSConfiguration", 404, "The CORS Configuration does not exist.")
NoSuchWebsiteConfiguration = Code("NoSuchWebsiteConfiguration", 404, "The specified bucket does not have a website configuration.")
NoSuchBucketPolicy = Code("NoSuchBucketPolicy", 404, "The bucket policy does not exist.")
NoSuchServerSideEncryptionRule = Code("NoSuchServerSideEncryptionRule", 404, "The server side encryption rule does not exist.")
NoSuchWORMConfiguration = Code("NoSuchWORMConfiguration", 404, "The WORM configuration does not exist.")
NoSuchInventory = Code("NoSuchInventory", 404, "The inventory does not exist.")
NoSuchReplicationConfiguration = Code("NoSuchReplicationConfiguration", 404, "The replication configuration does not exist.")
NoSuchReplicationRule = Code("NoSuchReplicationRule", 404, "The replication rule does not exist.")
NoSuchTransferAccelerationConfiguration = Code("NoSuchTransferAccelerationConfiguration", 404, "The transfer acceleration configuration does not exist.")
NoSuchArchiveDirectReadConfiguration = Code("NoSuchArchiveDirectReadConfiguration", 404, "The archive direct read configuration does not exist.")
NoSuchAccessPoint = Code("NoSuchAccessPoint", 404, "The access point does not exist.")
NoSuchAccessPointForObjectProcess = Code("NoSuchAccessPointForObjectProcess", 404, "The object process access point does not exist.")
NoSuchDataPipeline = Code("NoSuchDataPipeline", 404, "The data pipeline does not exist.")
MetaQueryNotExist = Code("MetaQueryNotExist", 404, "The data index does not exist.")
CnameTokenNotFound = Code("CnameTokenNotFound", 404, "The domain token does not exist.")
BucketCallbackPolicyNotExist = Code("BucketCallbackPolicyNotExist", 404, "The callback policy does not exist.")
NoSuchBucketObjectTagging = Code("NoSuchBucketObjectTagging", 404, "The object tagging does not exist.")
NoSuchStyle = Code("NoSuchStyle", 404, "The style does not exist.")
NoSuchChannel = Code("NoSuchChannel", 404, "The channel does not exist.")
NoSuchLiveChannel = Code("NoSuchLiveChannel", 404, "The live channel does not exist.")
NoSuchUser = Code("NoSuchUser", 404, "The user does not exist.")
NoSuchRegion = Code("NoSuchRegion", 404, "The region does not exist.")
NoSuchCacheControlConfiguration = Code("NoSuchCacheControlConfiguration", 404, "The cache control configuration does not exist.")
KeyNotFound = Code("KeyNotFound", 404, "The key does not exist.")
AliasNotFound = Code("AliasNotFound", 404, "The alias does not exist.")
SymlinkTargetNotExist = Code("SymlinkTargetNotExist", 404, "The symbolic link's target does not exist.")
NoSuchPage = Code("NoSuchPage", 404, "There is nothing at this address of the server's own pages.")
MethodNotAllowed = Code("MethodNotAllowed", 405, "The specified method is not allowed against this resource.", "0003-00000016")
BucketAlreadyExists = Code("BucketAlreadyExists", 409, "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.", "0015-00000104")
BucketNotEmpty = Code("BucketNotEmpty", 409, "The bucket has objects. Please delete them first.", "0015-00000301")
FileAlreadyExists = Code("FileAlreadyExists", 409, "The object you specified already exists and can not be overwritten.")
FileImmutable = Code("FileImmutable", 409, "The object is immutable.")
ObjectNotAppendable = Code("ObjectNotAppendable", 409, "The object is not appendable")
AppendSealedObjectNotAllowed = Code("AppendSealedObjectNotAllowed", 409, "The object is sealed.")
PositionNotEqualToLength = Code("PositionNotEqualToLength", 409, "Position is not equal to file length", "0026-00000016")
RestoreAlreadyInProgress = Code("RestoreAlreadyInProgress", 409, "The restore operation is in progress.")
ArchiveRestoreNotFinished = Code("ArchiveRestoreNotFinished", 409, "The archive restore is not finished.", "0016-00000719")
ArchiveRestoreFileStale = Code("ArchiveRestoreFileStale", 409, "The restored file is stale.")
WORMConfigurationAlreadyExists = Code("WORMConfigurationAlreadyExists", 409, "A WORM configuration exists already.")
InventoryConfigurationAlreadyExists = Code("InventoryConfigurationAlreadyExists", 409, "The inventory exists already.")
InventoryAlreadyExist = Code("InventoryAlreadyExist", 409, "The inventory exists already.")
MetaQueryAlreadyExist = Code("MetaQueryAlreadyExist", 409, "The data index exists already.")
LiveChannelDisabled = Code("LiveChannelDisabled", 409, "The live channel is disabled.")
ChannelStillLive = Code("ChannelStillLive", 409, "The channel is live.")
KeyDisabled = Code("KeyDisabled", 409, "The key is disabled.")
KeyPendingDeletion = Code("KeyPendingDeletion", 409, "The key waits to be deleted.")
KeyPendingImport = Code("KeyPendingImport", 409, "The key waits to be imported.")
CasRenewCertificateConflict = Code("CasRenewCertificateConflict", 409, "The certificate is being renewed.")
MissingContentLength = Code("MissingContentLength", 411, "You must provide the Content-Length HTTP header.")
PreconditionFailed = Code("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold.")
InvalidRange = Code("InvalidRange", 416, "The requested range cannot be satisfied.")
MisdirectedRequest = Code("MisdirectedRequest", 421, "This server does not answer for the host you named.")
MirrorFailed = Code("MirrorFailed", 424, "The mirror source did not answer.")
RequestHeaderTooLarge = Code("RequestHeaderTooLarge", 400, "The request's headers are larger than allowed.")
CallbackFailed = Code("CallbackFailed", 203, "Error status : 301.", "0007-00000203")
InternalError = Code("InternalError", 500, "We encountered an internal error. Please try again.")
ServiceUnavailable = Code("ServiceUnavailable", 503, "The store cannot take this request now. Please try again later.")
DownloadTrafficRateLimitExceeded = Code("DownloadTrafficRateLimitExceeded", 503, "The download rate is limited.")
UploadTrafficRateLimitExceeded = Code("UploadTrafficRateLimitExceeded", 503, "The upload rate is limited.")
MetaOperationQpsLimitExceeded = Code("MetaOperationQpsLimitExceeded", 503, "The rate of metadata operations is limited.")
TotalQpsLimitExceeded = Code("TotalQpsLimitExceeded", 503, "The rate of requests is limited.")
ActiveRequestLimitExceeded = Code("ActiveRequestLimitExceeded", 503, "The number of requests under way is limited.")
CpuLimitExceeded = Code("CpuLimitExceeded", 503, "The processing time is limited.")

# The RPC dialect's own (RAM and STS documentation, "Error codes").
MissingParameter = Code("MissingParameter", 400, "A parameter that is mandatory for this action is not supplied.")
MissingAccessKeyId = Code("MissingAccessKeyId", 400, "AccessKeyId is mandatory for this action.")
MissingSecurityToken = Code("MissingSecurityToken", 400, "SecurityToken is mandatory for this action.")
IncompleteSignature = Code("IncompleteSignature", 400, "The request signature does not conform to Alibaba Cloud standards.")
InvalidAccessKeyIdNotFound = Code("InvalidAccessKeyId.NotFound", 404, "Specified access key is not found.")
InvalidAccessKeyIdInactive = Code("InvalidAccessKeyId.Inactive", 400, "Specified access key is disabled.")
InvalidSecurityTokenMalformed = Code("InvalidSecurityToken.Malformed", 400, "Specified SecurityToken is malformed.")
InvalidSecurityTokenExpired = Code("InvalidSecurityToken.Expired", 400, "Specified SecurityToken is expired.")
InvalidSecurityTokenMismatch = Code("InvalidSecurityToken.MismatchWithAccessKey", 400, "Specified SecurityToken mismatch with the AccessKey.")
InvalidTimeStampFormat = Code("InvalidTimeStamp.Format", 400, "Specified time stamp or date value is not well formatted.")
InvalidTimeStampExpired = Code("InvalidTimeStamp.Expired", 400, "Specified time stamp or date value is expired.")
SignatureNonceUsed = Code("SignatureNonceUsed", 400, "Specified signature nonce was used already.")
InvalidActionNotFound = Code("InvalidAction.NotFound", 404, "Specified api is not found, please check your url and method.")
InvalidVersion = Code("InvalidVersion", 400, "Specified parameter Version is not valid.")
UnsupportedHTTPMethod = Code("UnsupportedHTTPMethod", 405, "This http method is not supported.")
NoPermission = Code("NoPermission", 403, "You are not authorized to do this action.")
ThrottlingUser = Code("Throttling.User", 429, "Request was denied due to user flow control.")
InvalidUserName = Code("InvalidParameter.UserName", 400, "The parameter UserName has letters, digits, '.', '-', '_', at most 64.")
InvalidGroupName = Code("InvalidParameter.GroupName", 400, "The parameter GroupName has letters, digits, '.', '-', '_', at most 64.")
InvalidRoleName = Code("InvalidParameter.RoleName", 400, "The parameter RoleName has letters, digits, '.', '-', '_', at most 64.")
InvalidPolicyName = Code("InvalidParameter.PolicyName", 400, "The parameter PolicyName has letters, digits and '-', at most 128.")
InvalidPolicyType = Code("InvalidParameter.PolicyType", 400, "The parameter PolicyType is System or Custom.")
InvalidPolicyText = Code("InvalidParameter.PolicyDocument", 400, "The parameter PolicyDocument is not a valid policy.")
InvalidPolicyTextSize = Code("InvalidParameter.PolicyDocument.Length", 400, "The parameter PolicyDocument is too long.")
InvalidTrust = Code("InvalidParameter.AssumeRolePolicyDocument", 400, "The parameter AssumeRolePolicyDocument is not a valid trust policy.")
InvalidVersionId = Code("InvalidParameter.VersionId", 400, "The parameter VersionId is v and a number.")
InvalidMaxItems = Code("InvalidParameter.MaxItems", 400, "The parameter MaxItems is a number from 1 to 1000.")
InvalidMaxSession = Code("InvalidParameter.MaxSessionDuration", 400, "The parameter MaxSessionDuration is a number of seconds from 3600 to 43200.")
InvalidStatus = Code("InvalidParameter.Status", 400, "The parameter Status is Active or Inactive.")
InvalidPassword = Code("InvalidParameter.Password", 400, "The parameter Password has 8 to 128 characters.")
InvalidFlag = Code("InvalidParameter.Boolean", 400, "The parameter is true or false.")
InvalidComments = Code("InvalidParameter.Length", 400, "The parameter is too long.")
InvalidRoleArn = Code("InvalidParameter.RoleArn", 400, "The parameter RoleArn is not the ARN of a role.")
InvalidRoleSessionName = Code("InvalidParameter.RoleSessionName", 400, "The parameter RoleSessionName has 2 to 64 of letters, digits, '.', '@', '-', '_'.")
InvalidDurationSeconds = Code("InvalidParameter.DurationSeconds", 400, "The parameter DurationSeconds lies between 900 and the role's MaxSessionDuration.")
InvalidPolicyGrammar = Code("InvalidParameter.PolicyGrammar", 400, "The parameter Policy is not a valid policy.")
InvalidPolicySize = Code("InvalidParameter.PolicySize", 400, "The parameter Policy has at most 2048 characters.")
InvalidExternalId = Code("InvalidParameter.ExternalId", 400, "The parameter ExternalId has 2 to 1224 of letters, digits and +=,.@:/-_.")
NoSuchUserEntity = Code("EntityNotExist.User", 404, "The user does not exist.")
NoSuchGroupEntity = Code("EntityNotExist.Group", 404, "The group does not exist.")
NoSuchRoleEntity = Code("EntityNotExist.Role", 404, "The role does not exist.")
NoSuchPolicyEntity = Code("EntityNotExist.Policy", 404, "The policy does not exist.")
NoSuchPolicyVersion = Code("EntityNotExist.Policy.Version", 404, "The policy version does not exist.")
NoSuchUserKey = Code("EntityNotExist.User.AccessKey", 404, "The access key does not exist.")
NoSuchLoginProfile = Code("EntityNotExist.User.LoginProfile", 404, "The login profile does not exist.")
NotAMember = Code("EntityNotExist.User.Group", 404, "The user is not in the group.")
NotAttachedToUser = Code("EntityNotExist.User.Policy", 404, "The policy is not attached to the user.")
NotAttachedToGroup = Code("EntityNotExist.Group.Policy", 404, "The policy is not attached to the group.")
NotAttachedToRole = Code("EntityNotExist.Role.Policy", 404, "The policy is not attached to the role.")
UserExists = Code("EntityAlreadyExists.User", 409, "The user does already exist.")
GroupExists = Code("EntityAlreadyExists.Group", 409, "The group does already exist.")
RoleExists = Code("EntityAlreadyExists.Role", 409, "The role does already exist.")
PolicyExists = Code("EntityAlreadyExists.Policy", 409, "The policy does already exist.")
LoginProfileExists = Code("EntityAlreadyExists.User.LoginProfile", 409, "The login profile does already exist.")
AlreadyAMember = Code("EntityAlreadyExists.User.Group", 409, "The user is in the group already.")
AttachedToUser = Code("EntityAlreadyExists.User.Policy", 409, "The policy is attached to the user already.")
AttachedToGroup = Code("EntityAlreadyExists.Group.Policy", 409, "The policy is attached to the group already.")
AttachedToRole = Code("EntityAlreadyExists.Role.Policy", 409, "The policy is attached to the role already.")
DeleteConflictGroupUser = Code("DeleteConflict.Group.User", 409, "The group still has users.")
DeleteConflictGroupPolicy = Code("DeleteConflict.Group.Policy", 409, "The group still has policies.")
DeleteConflictPolicy = Code("DeleteConflict.Policy.Attachment", 409, "The policy is still attached.")
DeleteConflictPolicyVersions = Code("DeleteConflict.Policy.Version", 409, "The policy still has versions beside its default one.")
DeleteConflictDefaultVersion = Code("DeleteConflict.Policy.Version.Default", 409, "The default version of a policy can not be deleted.")
TooManyUserKeys = Code("LimitExceeded.User.AccessKey", 409, "The user has as many access keys as it may have.")
TooManyPolicyVersions = Code("LimitExceeded.Policy.Version", 409, "The policy has as many versions as it may have.")
TooManyEntities = Code("LimitExceeded.Account", 409, "The account has as many of these as it may have.")
TooManyAttachments = Code("LimitExceeded.Policy.Attachment", 409, "As many policies are attached as may be.")
