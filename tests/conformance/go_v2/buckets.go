package main

import (
	"sort"
	"strings"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

func buckets() {
	made := name + "-made"
	must(client.PutBucket(ctx, &oss.PutBucketRequest{
		Bucket: &made, Acl: oss.BucketACLPublicRead,
		CreateBucketConfiguration: &oss.CreateBucketConfiguration{
			StorageClass: oss.StorageClassIA, DataRedundancyType: oss.DataRedundancyZRS,
		},
	}))
	info := must(client.GetBucketInfo(ctx, &oss.GetBucketInfoRequest{Bucket: &made})).BucketInfo
	equal("ACL", text(info.ACL), "public-read")
	equal("class", text(info.StorageClass)+text(info.DataRedundancyType), "IAZRS")
	equal("endpoint", text(info.ExtranetEndpoint), "oss-"+region+".aliyuncs.com")
	location := must(client.GetBucketLocation(ctx, &oss.GetBucketLocationRequest{Bucket: &made}))
	equal("location", text(location.LocationConstraint), "oss-"+region)
	found := []string{}
	pages := client.NewListBucketsPaginator(&oss.ListBucketsRequest{Prefix: &name, MaxKeys: 1})
	for pages.HasNext() {
		for _, item := range must(pages.NextPage(ctx)).Buckets {
			found = append(found, text(item.Name))
		}
	}
	equal("buckets", found[:2], []string{name, made})
	must(client.PutObject(ctx, &oss.PutObjectRequest{
		Bucket: &made, Key: oss.Ptr("key"), Body: strings.NewReader(hello),
	}))
	stat := must(client.GetBucketStat(ctx, &oss.GetBucketStatRequest{Bucket: &made}))
	equal("count and bytes", []int64{stat.ObjectCount, stat.Storage}, []int64{1, int64(len(hello))})
	_, err := client.DeleteBucket(ctx, &oss.DeleteBucketRequest{Bucket: &made})
	refused(409, "BucketNotEmpty", err)
	must(client.DeleteObject(ctx, &oss.DeleteObjectRequest{Bucket: &made, Key: oss.Ptr("key")}))
	must(client.DeleteBucket(ctx, &oss.DeleteBucketRequest{Bucket: &made}))
	equal("there", must(client.IsBucketExist(ctx, made)), false)
}

func bucketACL() {
	for _, acl := range []oss.BucketACLType{
		oss.BucketACLPublicReadWrite, oss.BucketACLPublicRead, oss.BucketACLPrivate,
	} {
		must(client.PutBucketAcl(ctx, &oss.PutBucketAclRequest{Bucket: &name, Acl: acl}))
		found := must(client.GetBucketAcl(ctx, &oss.GetBucketAclRequest{Bucket: &name}))
		equal("ACL", text(found.ACL), string(acl))
	}
	_, err := client.PutBucketAcl(ctx, &oss.PutBucketAclRequest{Bucket: &name, Acl: "open"})
	refused(400, "InvalidArgument", err)
}

func twoTags() *oss.Tagging {
	return &oss.Tagging{TagSet: &oss.TagSet{Tags: []oss.Tag{
		{Key: oss.Ptr("team"), Value: oss.Ptr("moss + stone")}, {Key: oss.Ptr("b"), Value: oss.Ptr("")},
	}}}
}

func words(tags []oss.Tag) []string {
	found := []string{}
	for _, tag := range tags {
		found = append(found, text(tag.Key)+"="+text(tag.Value))
	}
	sort.Strings(found)
	return found
}

func bucketTags() {
	must(client.PutBucketTags(ctx, &oss.PutBucketTagsRequest{Bucket: &name, Tagging: twoTags()}))
	found := must(client.GetBucketTags(ctx, &oss.GetBucketTagsRequest{Bucket: &name}))
	equal("tags", words(found.Tagging.TagSet.Tags), []string{"b=", "team=moss + stone"})
	must(client.DeleteBucketTags(ctx, &oss.DeleteBucketTagsRequest{Bucket: &name, Tagging: oss.Ptr("team")}))
	found = must(client.GetBucketTags(ctx, &oss.GetBucketTagsRequest{Bucket: &name}))
	equal("one left", words(found.Tagging.TagSet.Tags), []string{"b="})
	must(client.DeleteBucketTags(ctx, &oss.DeleteBucketTagsRequest{Bucket: &name}))
}

func bucketEncryption() {
	made := name + "-encrypted"
	must(client.PutBucket(ctx, &oss.PutBucketRequest{Bucket: &made}))
	_, err := client.GetBucketEncryption(ctx, &oss.GetBucketEncryptionRequest{Bucket: &made})
	refused(404, "NoSuchServerSideEncryptionRule", err)
	must(client.PutBucketEncryption(ctx, &oss.PutBucketEncryptionRequest{
		Bucket: &made,
		ServerSideEncryptionRule: &oss.ServerSideEncryptionRule{
			ApplyServerSideEncryptionByDefault: &oss.ApplyServerSideEncryptionByDefault{
				SSEAlgorithm: oss.Ptr("KMS"), KMSDataEncryption: oss.Ptr("SM4"),
			},
		},
	}))
	found := must(client.GetBucketEncryption(ctx, &oss.GetBucketEncryptionRequest{Bucket: &made}))
	rule := found.ServerSideEncryptionRule.ApplyServerSideEncryptionByDefault
	equal("rule", text(rule.SSEAlgorithm)+text(rule.KMSDataEncryption), "KMSSM4")
	putAs(&oss.PutObjectRequest{Bucket: &made, Key: oss.Ptr("key"), Body: strings.NewReader(hello)})
	answer := must(client.HeadObject(ctx, &oss.HeadObjectRequest{Bucket: &made, Key: oss.Ptr("key")}))
	equal("encryption", text(answer.ServerSideEncryption)+text(answer.ServerSideDataEncryption), "KMSSM4")
	equal("body", readAs(&oss.GetObjectRequest{Bucket: &made, Key: oss.Ptr("key")}), hello)
	must(client.DeleteBucketEncryption(ctx, &oss.DeleteBucketEncryptionRequest{Bucket: &made}))
	_, err = client.GetBucketEncryption(ctx, &oss.GetBucketEncryptionRequest{Bucket: &made})
	refused(404, "NoSuchServerSideEncryptionRule", err)
}

func bucketCors() {
	asked := &oss.GetBucketCorsRequest{Bucket: &name}
	_, err := client.GetBucketCors(ctx, asked)
	refused(404, "NoSuchCORSConfiguration", err)
	rule := oss.CORSRule{
		AllowedOrigins: []string{"http://a.test", "http://*.b.test"}, AllowedMethods: []string{"PUT", "GET"},
		AllowedHeaders: []string{"x-oss-*"}, ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: oss.Ptr(int64(60)),
	}
	must(client.PutBucketCors(ctx, &oss.PutBucketCorsRequest{
		Bucket:            &name,
		CORSConfiguration: &oss.CORSConfiguration{CORSRules: []oss.CORSRule{rule}, ResponseVary: oss.Ptr(true)},
	}))
	found := must(client.GetBucketCors(ctx, asked)).CORSConfiguration
	equal("vary", *found.ResponseVary, true)
	equal("rule", found.CORSRules[0], rule)
	page := &oss.OptionObjectRequest{
		Bucket: &name, Key: oss.Ptr("key"), Origin: oss.Ptr("http://www.b.test"),
		AccessControlRequestMethod: oss.Ptr("PUT"), AccessControlRequestHeaders: oss.Ptr("x-oss-date"),
	}
	allowed := must(client.OptionObject(ctx, page))
	equal("origin", text(allowed.AccessControlAllowOrigin), "http://www.b.test")
	equal("headers", text(allowed.AccessControlAllowHeaders), "x-oss-date")
	equal("age", *allowed.AccessControlMaxAge, int64(60))
	page.AccessControlRequestHeaders = oss.Ptr("content-type")
	_, err = client.OptionObject(ctx, page)
	refused(403, "AccessForbidden", err)
	must(client.DeleteBucketCors(ctx, &oss.DeleteBucketCorsRequest{Bucket: &name}))
	_, err = client.GetBucketCors(ctx, asked)
	refused(404, "NoSuchCORSConfiguration", err)
}

func versioning() {
	made, key := name+"-versions", "key"
	must(client.PutBucket(ctx, &oss.PutBucketRequest{Bucket: &made}))
	state := must(client.GetBucketVersioning(ctx, &oss.GetBucketVersioningRequest{Bucket: &made}))
	equal("never", text(state.VersionStatus), "")
	for _, status := range []oss.VersioningStatusType{oss.VersionSuspended, oss.VersionEnabled} {
		must(client.PutBucketVersioning(ctx, &oss.PutBucketVersioningRequest{
			Bucket: &made, VersioningConfiguration: &oss.VersioningConfiguration{Status: status},
		}))
		state = must(client.GetBucketVersioning(ctx, &oss.GetBucketVersioningRequest{Bucket: &made}))
		equal("status", text(state.VersionStatus), string(status))
	}
	ids := []*string{}
	for _, body := range []string{"first", "second"} {
		done := putAs(&oss.PutObjectRequest{Bucket: &made, Key: &key, Body: strings.NewReader(body)})
		ids = append(ids, done.VersionId)
	}
	get := func(id *string) (string, error) {
		return tryRead(&oss.GetObjectRequest{Bucket: &made, Key: &key, VersionId: id})
	}
	equal("current", must(get(nil)), "second")
	equal("first", must(get(ids[0])), "first")
	gone := must(client.DeleteObject(ctx, &oss.DeleteObjectRequest{Bucket: &made, Key: &key}))
	equal("delete marker", gone.DeleteMarker, true)
	_, err := get(nil)
	refused(404, "NoSuchKey", err)
	_, err = get(gone.VersionId)
	refused(405, "MethodNotAllowed", err)
	listed := must(client.ListObjectVersions(ctx, &oss.ListObjectVersionsRequest{Bucket: &made}))
	equal("marker", text(listed.ObjectDeleteMarkers[0].VersionId), text(gone.VersionId))
	equal("newest first", text(listed.ObjectVersions[0].VersionId), text(ids[1]))
	must(client.DeleteObject(ctx, &oss.DeleteObjectRequest{Bucket: &made, Key: &key, VersionId: gone.VersionId}))
	equal("back", must(get(nil)), "second")
	must(client.CopyObject(ctx, &oss.CopyObjectRequest{
		Bucket: &made, Key: &key, SourceKey: &key, SourceVersionId: ids[0],
	}))
	equal("restored", must(get(nil)), "first")
	all := []oss.DeleteObject{}
	pages := client.NewListObjectVersionsPaginator(&oss.ListObjectVersionsRequest{Bucket: &made, MaxKeys: 1})
	for pages.HasNext() {
		for _, version := range must(pages.NextPage(ctx)).ObjectVersions {
			all = append(all, oss.DeleteObject{Key: version.Key, VersionId: version.VersionId})
		}
	}
	equal("versions", len(all), 3)
	equal("oldest last", text(all[2].VersionId), text(ids[0]))
	must(client.DeleteMultipleObjects(ctx, &oss.DeleteMultipleObjectsRequest{Bucket: &made, Objects: all}))
	must(client.DeleteBucket(ctx, &oss.DeleteBucketRequest{Bucket: &made}))
}

func refusals() {
	no, key := name+"-no", "no such key"
	_, err := tryRead(&oss.GetObjectRequest{Key: &key})
	refused(404, "NoSuchKey", err)
	_, err = client.HeadObject(ctx, &oss.HeadObjectRequest{Bucket: &name, Key: &key})
	refused(404, "NoSuchKey", err)
	_, err = tryRead(&oss.GetObjectRequest{Bucket: &no, Key: &key})
	refused(404, "NoSuchBucket", err)
	_, err = client.GetBucketInfo(ctx, &oss.GetBucketInfoRequest{Bucket: &no})
	refused(404, "NoSuchBucket", err)
	_, err = clientWith("mossbox", "wrong").GetObjectMeta(ctx, &oss.GetObjectMetaRequest{Bucket: &name, Key: &key})
	refused(403, "SignatureDoesNotMatch", err)
	_, err = clientWith("unknown", "wrong").GetBucketAcl(ctx, &oss.GetBucketAclRequest{Bucket: &name})
	refused(403, "InvalidAccessKeyId", err)
	put("errors", hello)
	_, err = client.PutObject(ctx, &oss.PutObjectRequest{
		Bucket: &name, Key: oss.Ptr("errors"), ForbidOverwrite: oss.Ptr("true"), Body: strings.NewReader("x"),
	})
	refused(409, "FileAlreadyExists", err)
	_, err = tryRead(&oss.GetObjectRequest{Key: oss.Ptr("errors"), IfMatch: oss.Ptr("0")})
	refused(412, "PreconditionFailed", err)
}
