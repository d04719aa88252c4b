// Uses a Mossbox server through alibabacloud-oss-go-sdk-v2: runs the checks named on the command
// line and prints one line for each, "ok NAME" or "not ok NAME: WHY". Where the server is comes
// from the environment.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
)

const (
	size     = 2<<20 + 17
	partSize = 256 << 10
	hello    = "hello, mossbox"
)

var (
	region     = os.Getenv("OSS_REGION")
	name       = os.Getenv("BUCKET")
	folder     = os.Getenv("FOLDER")
	resumable  = filepath.Join(folder, "resumable.bin")
	checkpoint = filepath.Join(folder, "checkpoint")
	noise      = make([]byte, size)
	ctx        = context.Background()
	client     = clientWith(os.Getenv("OSS_ACCESS_KEY_ID"), os.Getenv("OSS_ACCESS_KEY_SECRET"))
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
	for _, check := range os.Args[1:] {
		run(check)
	}
}

func clientWith(id, secret string) *oss.Client {
	version := oss.SignatureVersionV1
	if os.Getenv("OSS_SIGNATURE") == "v4" {
		version = oss.SignatureVersionV4
	}
	return oss.NewClient(oss.LoadDefaultConfig().
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(id, secret)).
		WithEndpoint(os.Getenv("OSS_ENDPOINT")).
		WithRegion(region).
		WithSignatureVersion(version))
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

// must gives the result of a call that may not fail.
func must[T any](result T, err error) T {
	if err != nil {
		panic(err)
	}
	return result
}

func equal(what string, got, want any) {
	if !reflect.DeepEqual(got, want) {
		panic(fmt.Sprintf("%s: got %.200v, want %.200v", what, got, want))
	}
}

// text is the string that an optional field holds.
func text(value *string) string {
	return oss.ToString(value)
}

// refused is whether the call failed with this status and code, and a request id.
func refused(status int, code string, err error) {
	var answer *oss.ServiceError
	if !errors.As(err, &answer) {
		panic(fmt.Sprintf("want %d %s, got %T %v", status, code, err, err))
	}
	equal("status and code", fmt.Sprint(answer.StatusCode, " ", answer.Code), fmt.Sprint(status, " ", code))
	equal("length of the request id", len(answer.RequestID), 24)
}

func put(key, body string) *oss.PutObjectResult {
	return putAs(&oss.PutObjectRequest{Key: &key, Body: strings.NewReader(body)})
}

func putAs(request *oss.PutObjectRequest) *oss.PutObjectResult {
	if request.Bucket == nil {
		request.Bucket = &name
	}
	return must(client.PutObject(ctx, request))
}

func read(key string) string {
	return readAs(&oss.GetObjectRequest{Key: &key})
}

func readAs(request *oss.GetObjectRequest) string {
	body, err := tryRead(request)
	return must(body, err)
}

func tryRead(request *oss.GetObjectRequest) (string, error) {
	if request.Bucket == nil {
		request.Bucket = &name
	}
	answer, err := client.GetObject(ctx, request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	return string(data), err
}

func head(key string) *oss.HeadObjectResult {
	return must(client.HeadObject(ctx, &oss.HeadObjectRequest{Bucket: &name, Key: &key}))
}

func sum(data string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(data)))
}

func awkwardKeys() []string {
	found := []string{}
	for _, word := range strings.Split(os.Getenv("KEYS"), ",") {
		found = append(found, string(must(base64.StdEncoding.DecodeString(word))))
	}
	return found
}
