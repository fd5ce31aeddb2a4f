// A person signs in with a device code, and a program in Go, by version 2 of the AWS SDK, uses and refreshes what it got:
// the test says what it has to print.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	oidctypes "github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

var ctx = context.Background()

func must[T any](value T, err error) T {
	if err != nil {
		log.Output(2, err.Error())
		os.Exit(1)
	}
	return value
}

// refused prints the type and the code of an error, and its message.
func refused(err error) {
	var told smithy.APIError
	if !errors.As(err, &told) {
		log.Output(2, fmt.Sprint("no error of a service: ", err))
		os.Exit(1)
	}
	fmt.Printf("%T %s: %s\n", told, told.ErrorCode(), told.ErrorMessage())
}

func main() {
	log.SetFlags(log.Lshortfile)
	at := aws.EndpointResolverWithOptionsFunc(func(_, region string, _ ...interface{}) (aws.Endpoint, error) {
		return aws.Endpoint{URL: os.Getenv("AWS_ENDPOINT_URL"), HostnameImmutable: true, SigningRegion: region}, nil
	})
	here := aws.Config{Region: "us-east-1", EndpointResolverWithOptions: at}
	portal := sso.NewFromConfig(here)
	account, role := roles(portal, signIn(here))
	must(ssocreds.NewSSOTokenProvider(ssooidc.NewFromConfig(here), os.Getenv("CACHE")).RetrieveBearerToken(ctx))
	provider := ssocreds.New(portal, account, role, os.Getenv("START_URL"), func(options *ssocreds.Options) {
		options.CachedTokenFilepath = os.Getenv("CACHE")
	})
	here.Credentials = aws.NewCredentialsCache(provider)
	fmt.Println(*must(sts.NewFromConfig(here).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})).Arn)
	signOut(portal)
}

// signIn asks for a code until a browser allows it, and keeps the token as the AWS CLI does, as if it were of yesterday.
func signIn(here aws.Config) string {
	client := ssooidc.NewFromConfig(here)
	registered := must(client.RegisterClient(ctx, &ssooidc.RegisterClientInput{
		ClientName: aws.String("in-go"), ClientType: aws.String("public"), Scopes: []string{"sso:account:access"},
	}))
	device := must(client.StartDeviceAuthorization(ctx, &ssooidc.StartDeviceAuthorizationInput{
		ClientId: registered.ClientId, ClientSecret: registered.ClientSecret, StartUrl: aws.String(os.Getenv("START_URL")),
	}))
	asked := ssooidc.CreateTokenInput{
		ClientId: registered.ClientId, ClientSecret: registered.ClientSecret, DeviceCode: device.DeviceCode,
		GrantType: aws.String("urn:ietf:params:oauth:grant-type:device_code"),
	}
	var pending *oidctypes.AuthorizationPendingException
	if _, err := client.CreateToken(ctx, &asked); !errors.As(err, &pending) {
		log.Fatal("not pending: ", err)
	}
	fmt.Println(*pending.Error_)
	fmt.Println(*device.UserCode)
	must(bufio.NewReader(os.Stdin).ReadString('\n'))
	time.Sleep(time.Duration(device.Interval) * time.Second)
	token := must(client.CreateToken(ctx, &asked))
	kept := map[string]string{
		"accessToken": "long gone", "expiresAt": time.Now().Add(-24 * time.Hour).UTC().Format(time.RFC3339),
		"refreshToken": *token.RefreshToken, "clientId": *registered.ClientId, "clientSecret": *registered.ClientSecret,
	}
	if err := os.WriteFile(os.Getenv("CACHE"), must(json.Marshal(kept)), 0o600); err != nil {
		log.Fatal(err)
	}
	asked.DeviceCode = aws.String("none")
	_, err := client.CreateToken(ctx, &asked)
	refused(err)
	return *token.AccessToken
}

// roles returns the only account of a person, and the only role in it.
func roles(portal *sso.Client, token string) (string, string) {
	accounts := must(sso.NewListAccountsPaginator(portal, &sso.ListAccountsInput{AccessToken: &token}).NextPage(ctx)).AccountList
	given := sso.ListAccountRolesInput{AccessToken: &token, AccountId: accounts[0].AccountId}
	found := must(sso.NewListAccountRolesPaginator(portal, &given).NextPage(ctx)).RoleList
	fmt.Println(len(accounts), len(found))
	_, err := portal.GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{
		AccessToken: &token, AccountId: accounts[0].AccountId, RoleName: aws.String("none"),
	})
	refused(err)
	return *accounts[0].AccountId, *found[0].RoleName
}

// signOut ends the session of the token that was refreshed, which is then good for nothing.
func signOut(portal *sso.Client) {
	var kept struct{ AccessToken string }
	if err := json.Unmarshal(must(os.ReadFile(os.Getenv("CACHE"))), &kept); err != nil {
		log.Fatal(err)
	}
	must(portal.Logout(ctx, &sso.LogoutInput{AccessToken: &kept.AccessToken}))
	_, err := portal.ListAccounts(ctx, &sso.ListAccountsInput{AccessToken: &kept.AccessToken})
	refused(err)
}
