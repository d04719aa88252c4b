// Uses a Mossbox server through aliyun-oss-go-sdk: runs the checks named on the command line and
// prints one line for each, "ok NAME" or "not ok NAME: WHY". Where the server is comes from the
// environment.
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

const (
	size     = 2<<20 + 17
	partSize = 256 << 10
	hello    = "hello, mossbox"
)

var (
	endpoint   = os.Getenv("OSS_ENDPOINT")
	region     = os.Getenv("OSS_REGION")
	name       = os.Getenv("BUCKET")
	folder     = os.Getenv("FOLDER")
	resumable  = filepath.Join(folder, "resumable.bin")
	checkpoint = filepath.Join(folder, "checkpoint")
	noise      = make([]byte, size)

	client *oss.Client
	bucket *oss.Bucket
)

var checks = map[string]func(){
	"buckets": buckets, "bucket_acl": bucketACL, "bucket_tags": bucketTags,
	"bucket_encryption": bucketEncryption, "bucket_cors": bucketCors, "objects": objects, "ranges": ranges,
	"conditions": conditions, "keys": keys, "lists": lists, "delete_many": deleteMany,
	"object_acl": objectACL, "object_tagging": objectTagging, "symlink": symlink,
	"restore": restore, "encryption": encryption, "append": appending, "copy": copying,
	"multipart": multipart, "multipart_lists": multipartLists, "part_copy": partCopy,
	"upload_breaks": uploadBreaks, "upload_resumes": uploadResumes,
	"download_breaks": downloadBreaks, "download_resumes": downloadResumes,
	"versioning": versioning, "presigned": presigned, "errors": refusals, "directory": directory,
}

func main() {
	rand.New(rand.NewSource(7)).Read(noise)
	client = clientWith(os.Getenv("OSS_ACCESS_KEY_ID"), os.Getenv("OSS_ACCESS_KEY_SECRET"))
	bucket = bucketOf(client, name)
	for _, check := range os.Args[1:] {
		run(check)
	}
}

func clientWith(id, secret string) *oss.Client {
	version := oss.AuthV1
	if os.Getenv("OSS_SIGNATURE") == "v4" {
		version = oss.AuthV4
	}
	made, err := oss.New(endpoint, id, secret, oss.AuthVersion(version), oss.Region(region))
	must(err)
	return made
}

func bucketOf(c *oss.Client, name string) *oss.Bucket {
	found, err := c.Bucket(name)
	must(err)
	return found
}

func run(check string) {
	defer func() {
		if why := recover(); why != nil {
			fmt.Printf("not ok %s: %s\n", check, strings.ReplaceAll(fmt.Sprint(why), "\n", " "))
		}
	}()
	checks[check]()
	fmt.Println("ok " + check)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func equal(what string, got, want interface{}) {
	if !reflect.DeepEqual(got, want) {
		panic(fmt.Sprintf("%s: got %.200v, want %.200v", what, got, want))
	}
}

// refused is whether the call failed with this status and code, and a request id.
func refused(status int, code string, err error) {
	answer, ok := err.(oss.ServiceError)
	if !ok {
		panic(fmt.Sprintf("want %d %s, got %T %v", status, code, err, err))
	}
	equal("status and code", fmt.Sprint(answer.StatusCode, " ", answer.Code), fmt.Sprint(status, " ", code))
	equal("length of the request id", len(answer.RequestID), 24)
}

func read(from *oss.Bucket, key string, options ...oss.Option) string {
	body, err := from.GetObject(key, options...)
	must(err)
	defer body.Close()
	data, err := io.ReadAll(body)
	must(err)
	return string(data)
}

func put(key, body string, options ...oss.Option) {
	must(bucket.PutObject(key, strings.NewReader(body), options...))
}

func sum(data []byte) string {
	return fmt.Sprintf("%x", sha256.Sum256(data))
}

func awkwardKeys() []string {
	found := []string{}
	for _, word := range strings.Split(os.Getenv("KEYS"), ",") {
		key, err := base64.StdEncoding.DecodeString(word)
		must(err)
		found = append(found, string(key))
	}
	return found
}
