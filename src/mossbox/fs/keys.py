"""The keys ``fs.oss.*`` of Hadoop's documentation of hadoop-aliyun, and what becomes of each."""

USED = (
    "fs.oss.endpoint", "fs.oss.region", "fs.oss.signatureversion",
    "fs.oss.accessKeyId", "fs.oss.accessKeySecret", "fs.oss.securityToken",
    "fs.oss.credentials.provider", "fs.oss.connection.secure.enabled",
    "fs.oss.connection.establish.timeout", "fs.oss.connection.timeout",
    "fs.oss.connection.maximum", "fs.oss.attempts.maximum", "fs.oss.paging.maximum",
    "fs.oss.proxy.host", "fs.oss.proxy.port", "fs.oss.proxy.username", "fs.oss.proxy.password",
    "fs.oss.acl.default", "fs.oss.server-side-encryption-algorithm", "fs.oss.user.agent.prefix",
    "fs.oss.multipart.upload.size", "fs.oss.multipart.upload.threshold",
    "fs.oss.multipart.download.size",
)  # fmt: skip

IGNORED = {
    "fs.oss.impl": "a class of Java's",
    "fs.oss.block.size": "a size that Hadoop shows and nobody sends",
    "fs.oss.buffer.dir": "nothing is buffered in files",
    "fs.oss.fast.upload.buffer": "nothing is buffered in files",
    "fs.oss.fast.upload.memory.limit": "nothing is buffered in files",
    "fs.oss.list.version": "lists are always of version 2",
    "fs.oss.multipart.download.ahead.part.max.number": "fsspec reads ahead in its own way",
    "fs.oss.multipart.download.threads": "there are no threads",
    "fs.oss.max.total.tasks": "there are no threads",
    "fs.oss.max.copy.tasks.per.dir": "there are no threads",
    "fs.oss.max.copy.threads": "there are no threads",
    "fs.oss.upload.active.blocks": "there are no threads",
    "fs.oss.max.copy.tasks": "there are no threads",
    "fs.oss.threads.keepalivetime": "there are no threads",
}
"""Tuning of Hadoop's that has no meaning here, and why."""

REFUSED = {
    "fs.oss.proxy.domain": "NTLM proxies are not supported",
    "fs.oss.proxy.workstation": "NTLM proxies are not supported",
    "fs.oss.assumed.role.arn": "assume the role yourself and give fs.oss.securityToken",
}
"""What can't be ignored, for the requests would be other ones, and what to do."""
