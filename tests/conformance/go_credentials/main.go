// The credential providers of credentials-go, and alibabacloud-oss-go-sdk-v2 as their user. Reads
// orders from standard input, one JSON object a line, and answers each with a line: the keys that
// it was given or used, oldest first.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	keys "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/aliyun/credentials-go/credentials"
)

type key struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
	Token  string `json:"token"`
}

type order struct {
	Step        string `json:"step"`
	Name        string `json:"name"`
	Type        string `json:"type"`
	Key         key    `json:"key"`
	RoleARN     string `json:"roleArn"`
	Seconds     int    `json:"seconds"`
	STSEndpoint string `json:"stsEndpoint"`
	URI         string `json:"uri"`
	Endpoint    string `json:"endpoint"`
	Region      string `json:"region"`
	Bucket      string `json:"bucket"`
}

var providers = map[string]credentials.Credential{}

func main() {
	orders, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var given order
		err := orders.Decode(&given)
		if errors.Is(err, io.EOF) {
			return
		}
		check(err)
		check(answers.Encode(answer(given)))
	}
}

func answer(given order) []key {
	if providers[given.Name] == nil {
		providers[given.Name] = must(credentials.NewCredential(config(given)))
	}
	if given.Step == "obtain" {
		return []key{obtain(given.Name)}
	}
	return use(given)
}

func config(given order) *credentials.Config {
	config := new(credentials.Config).SetType(given.Type)
	switch given.Type {
	case "ram_role_arn":
		config.SetAccessKeyId(given.Key.ID).SetAccessKeySecret(given.Key.Secret).
			SetRoleArn(given.RoleARN).SetRoleSessionName("provider").
			SetRoleSessionExpiration(given.Seconds).SetSTSEndpoint(given.STSEndpoint)
	case "sts":
		config.SetAccessKeyId(given.Key.ID).SetAccessKeySecret(given.Key.Secret).
			SetSecurityToken(given.Key.Token)
	case "credentials_uri":
		config.SetURLCredential(given.URI)
	}
	return config
}

func obtain(name string) key {
	found := must(providers[name].GetCredential())
	return key{*found.AccessKeyId, *found.AccessKeySecret, *found.SecurityToken}
}

// use puts an object and reads it again; the client asks the provider before each request.
func use(given order) (used []key) {
	provider := func(context.Context) (keys.Credentials, error) {
		now := obtain(given.Name)
		used = append(used, now)
		return keys.Credentials{AccessKeyID: now.ID, AccessKeySecret: now.Secret, SecurityToken: now.Token}, nil
	}
	client := oss.NewClient(oss.LoadDefaultConfig().
		WithCredentialsProvider(keys.CredentialsProviderFunc(provider)).
		WithEndpoint(given.Endpoint).WithRegion(given.Region))
	ctx, body := context.Background(), []byte("from "+given.Name)
	must(client.PutObject(ctx, &oss.PutObjectRequest{
		Bucket: &given.Bucket, Key: &given.Name, Body: bytes.NewReader(body),
	}))
	got := must(client.GetObject(ctx, &oss.GetObjectRequest{Bucket: &given.Bucket, Key: &given.Name}))
	defer got.Body.Close()
	if !bytes.Equal(must(io.ReadAll(got.Body)), body) {
		panic("another body came back")
	}
	return used
}

func must[T any](result T, err error) T {
	check(err)
	return result
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
