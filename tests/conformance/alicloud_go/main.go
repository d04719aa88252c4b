// Credential providers of Go on a store: orders as JSON on standard input, what they got on standard output.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/aliyun/credentials-go/credentials"
)

type key struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
	Token  string `json:"token"`
}

type orders struct {
	TLSPort int    `json:"tlsPort"`
	RoleArn string `json:"roleArn"`
	URI     string `json:"uri"`
	User    key    `json:"user"`
	Session key    `json:"session"`
}

func fetch(config *credentials.Config) key {
	client, err := credentials.NewCredential(config)
	fail(err)
	found, err := client.GetCredential()
	fail(err)
	return key{*found.AccessKeyId, *found.AccessKeySecret, *found.SecurityToken}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	var given orders
	fail(json.NewDecoder(os.Stdin).Decode(&given))
	role := new(credentials.Config).SetType("ram_role_arn").
		SetAccessKeyId(given.User.ID).SetAccessKeySecret(given.User.Secret).
		SetRoleArn(given.RoleArn).SetRoleSessionName("go").SetRoleSessionExpiration(3600).
		SetSTSEndpoint(fmt.Sprintf("localhost:%d", given.TLSPort))
	static := new(credentials.Config).SetType("sts").SetAccessKeyId(given.Session.ID).
		SetAccessKeySecret(given.Session.Secret).SetSecurityToken(given.Session.Token)
	uri := new(credentials.Config).SetType("credentials_uri").SetURLCredential(given.URI)
	fail(json.NewEncoder(os.Stdout).Encode(map[string]key{
		"role": fetch(role), "static": fetch(static), "uri": fetch(uri),
	}))
}
